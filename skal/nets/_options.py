"""What the parameters of a net mean to skorch and torch."""

import numpy as np
import torch
from skorch.callbacks import EarlyStopping, EpochTimer, LRScheduler, PrintLog

from ._training import KeepGood, Samples

OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}


def optimizer_options(net):
    """Return keyword arguments of the optimizer."""
    options = {"weight_decay": net.weight_decay}
    if net.optimizer == "sgd":
        options["momentum"] = net.momentum
    return options


def make_callbacks(net):
    """Return the callbacks that the parameters ask for, and those of the user."""
    callbacks = [("keep_good", KeepGood()), ("timer", EpochTimer())]
    if net.lr_schedule == "cosine":
        policy = torch.optim.lr_scheduler.CosineAnnealingLR
        callbacks.append(("lr_schedule", LRScheduler(policy, T_max=net.max_epochs)))
    elif net.lr_schedule is not None:
        callbacks.append(("lr_schedule", net.lr_schedule))
    callbacks += net.callbacks or []
    if net.verbose:
        callbacks.append(("print_log", PrintLog()))
    if net.early_stopping is not None:
        has_valid = net.validation_fraction > 0
        monitor = "valid_loss" if has_valid else "train_loss"
        stopping = EarlyStopping(monitor, patience=net.early_stopping)
        callbacks.append(("early_stopping", stopping))
    return callbacks


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


def _take(data, rows):
    X = [data.X[i] for i in rows] if isinstance(data.X, list) else data.X[rows]
    weight = None if data.weight is None else data.weight[rows]
    return Samples(X, data.y[rows], weight)
