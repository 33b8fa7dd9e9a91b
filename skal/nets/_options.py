"""What the parameters of a net mean to skorch and torch."""

import copy
import functools
import inspect
import math

import numpy as np
import torch
from skorch.callbacks import EarlyStopping, EpochTimer, LRScheduler, PrintLog

from ._augment import random_affine
from ._training import KeepGood, Samples

SCHEDULES = ("cosine", "plateau", "step", "warmup")
OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}


def module_factory(module):
    """Return what makes a module: itself, or a function that copies it if it is an instance."""
    if isinstance(module, torch.nn.Module):
        return functools.partial(copy.deepcopy, module)
    return module


def module_arguments(module, known, own):
    """Return keyword arguments of a module: its own, and of the known ones what it takes."""
    if isinstance(module, torch.nn.Module):
        return {}
    names = inspect.signature(module).parameters
    return {name: value for name, value in known.items() if name in names} | own


def optimizer_options(net):
    """Return keyword arguments of the optimizer."""
    options = {"weight_decay": net.weight_decay}
    if net.optimizer == "sgd":
        options["momentum"] = net.momentum
    return options


def make_callbacks(net, monitor):
    """Return the callbacks that the parameters ask for, and those of the user.

    `monitor` is the loss that early stopping watches.
    """
    callbacks = [("keep_good", KeepGood()), ("timer", EpochTimer())]
    if net.lr_schedule is not None:
        callbacks.append(("lr_schedule", _schedule_of(net, monitor)))
    callbacks += net.callbacks or []
    if net.early_stopping is not None:
        callbacks.append(("early_stopping", EarlyStopping(monitor, patience=net.early_stopping)))
    if net.verbose:
        callbacks.append(("print_log", PrintLog()))
    return callbacks


def _schedule_of(net, monitor):
    """Return what changes the learning rate; a warm start begins it anew."""
    if isinstance(net.lr_schedule, str):
        return _schedule_by_name(net.lr_schedule, net.max_epochs, monitor)
    schedule = copy.deepcopy(net.lr_schedule)
    if schedule.policy not in ("ReduceLROnPlateau", torch.optim.lr_scheduler.ReduceLROnPlateau):
        schedule.last_epoch = -1
    return schedule


def _schedule_by_name(name, n_epochs, monitor):
    policies = torch.optim.lr_scheduler
    if name == "plateau":
        return LRScheduler(policies.ReduceLROnPlateau, monitor=monitor)
    kinds = {"cosine": "CosineAnnealingLR", "step": "StepLR", "warmup": "LambdaLR"}
    options = _length_of(name, n_epochs)
    return LRScheduler(getattr(policies, kinds[name]), last_epoch=-1, **options)


def _length_of(name, n_epochs):
    """Return the argument of a schedule that says over how many epochs it goes."""
    if name == "cosine":
        return {"T_max": n_epochs}
    if name == "step":
        return {"step_size": max(1, math.ceil(n_epochs / 3))}
    return {"lr_lambda": WarmUp(n_epochs)} if name == "warmup" else {}


def schedule_options(schedule, n_epochs):
    """Return parameters of the skorch net that fit a schedule to a number of epochs."""
    if not isinstance(schedule, str):
        return {}
    options = _length_of(schedule, n_epochs)
    return {f"callbacks__lr_schedule__{name}": value for name, value in options.items()}


class WarmUp:
    """The share of the learning rate by epoch: up in the first tenth, then down along a cosine."""

    def __init__(self, n_epochs):
        self.n_warm = max(1, round(n_epochs / 10))
        self.n_cool = max(1, n_epochs - self.n_warm)

    def __call__(self, epoch):
        if epoch < self.n_warm:
            return (epoch + 1) / (self.n_warm + 1)
        return (1 + math.cos(math.pi * min(1, (epoch - self.n_warm) / self.n_cool))) / 2


def augmentation_of(net):
    """Return what changes training batches, or None."""
    if net.augment != "affine":
        return net.augment
    if len(net.reader_.shape) != 3:
        raise ValueError(
            f"augment='affine' needs images; got rows of {net.reader_.shape[0]} features. Say how "
            f"they are laid out with image_shape=(H, W) or (C, H, W)."
        )
    return random_affine


def check_known(y_val, classes):
    """Raise if validation labels are not among the classes."""
    unseen = np.setdiff1d(y_val, classes)
    if len(unseen):
        raise ValueError(
            f"y_val holds labels that y does not: {unseen.tolist()}. Label some of them for "
            f"training, or leave them out of the validation data."
        )


def weight_among(params):
    """Return the weights among the arguments of fit, which has no others."""
    unknown = sorted(set(params) - {"sample_weight"})
    if unknown:
        raise TypeError(
            f"fit takes X, y, X_val, y_val and sample_weight; got {unknown}. Parameters of the "
            f"net are set in its constructor."
        )
    return params.get("sample_weight")


def validate_weight(weight, n_samples):
    """Return weights of samples as float32 with mean 1, or None."""
    if weight is None:
        return None
    weight = np.asarray(weight, np.float64)
    if weight.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must hold one weight for each sample; got shape {weight.shape} for "
            f"{n_samples} samples."
        )
    if not np.isfinite(weight).all() or weight.min() < 0 or not weight.any():
        raise ValueError("sample_weight must be finite, not negative, and not all zero.")
    return (weight / weight.mean()).astype(np.float32)


def split_validation(data, fraction, seed):
    """Return training and validation samples, the same share of each class.

    Each class keeps a sample for training.
    """
    if not fraction:
        return data, None
    rng = np.random.RandomState(seed)
    held = [
        rng.permutation(rows)[: min(len(rows) - 1, round(fraction * len(rows)))]
        for rows in (np.flatnonzero(data.y == c) for c in np.unique(data.y))
    ]
    held = np.sort(np.concatenate(held))
    if not len(held):
        raise ValueError(
            f"validation_fraction={fraction} of {len(data)} samples leaves none for validation. "
            f"Label more samples, or set validation_fraction=0."
        )
    rest = np.setdiff1d(np.arange(len(data)), held)
    return _take(data, rest), _take(Samples(data.X, data.y), held)


def split_randomly(data, fraction, seed):
    """Return training and validation samples, at least one of each."""
    if not fraction:
        return data, None
    n_held = max(1, round(fraction * len(data)))
    if n_held >= len(data):
        raise ValueError(
            f"validation_fraction={fraction} of {len(data)} images leaves none for training. Label "
            f"more images, or set validation_fraction=0."
        )
    order = np.random.RandomState(seed).permutation(len(data))
    return _take(data, np.sort(order[n_held:])), _take(data, np.sort(order[:n_held]))


def _take(data, rows):
    X = [data.X[i] for i in rows] if isinstance(data.X, list) else data.X[rows]
    weight = None if data.weight is None else data.weight[rows]
    return Samples(X, data.y[rows], weight)
