"""The skorch net inside: batches without a data loader, and training that watches itself."""

import copy
import math
import warnings

import numpy as np
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from torch import nn

from ..exceptions import DivergenceError
from ._freezing import frozen_norms
from ._inputs import blocks, release_pages
from ._modules import as_logits
from ._parts import Parts

MAX_HELD_BYTES = 2**31  # training samples up to 2 GiB as float32 are held as one tensor
INFERENCE_ROWS = 512  # samples of a forward pass, if they are small


class Samples(torch.utils.data.Dataset):
    """Samples, their labels as positions in the classes, and weights; any of the last two None."""

    def __init__(self, X, y=None, weight=None):
        self.X, self.y, self.weight = X, y, weight

    def __len__(self):
        return len(self.X)

    def __getitem__(self, i):
        return self.X[i], 0 if self.y is None else self.y[i]


class TrainingBatches:
    """Batches in a new random order each epoch, from torch's generator.

    A last batch of a single sample joins the one before, since batch norm cannot train on it.
    """

    def __init__(self, data, net):
        self.data, self.net = data, net
        shape = net.reader.shape
        self.is_held = 4 * len(data) * math.prod(shape) <= MAX_HELD_BYTES
        if self.is_held:
            parts = [net.reader.read(data.X, rows) for rows in blocks(len(data), shape)]
            self.X = torch.cat(parts).to(net.device)
        self.y = torch.as_tensor(data.y, device=net.device)
        weight = data.weight
        self.weight = None if weight is None else torch.as_tensor(weight, device=net.device)

    def __len__(self):
        n, size = len(self.data), self.net.batch_size
        return max(1, n // size + (n % size > 1))

    def __iter__(self):
        order = torch.randperm(len(self.data))
        size = self.net.batch_size
        for i in range(len(self)):
            is_last = i == len(self) - 1
            rows = order[i * size :] if is_last else order[i * size : (i + 1) * size]
            yield self._batch(rows)

    def _batch(self, rows):
        X = self.X[rows.to(self.y.device)] if self.is_held else self._read(rows)
        rows = rows.to(self.y.device)
        return X, self.y[rows] if self.weight is None else (self.y[rows], self.weight[rows])

    def _read(self, rows):
        """Return samples from disk, read in the order in which they lie there."""
        order = rows.argsort()
        X = self.net.reader.read(self.data.X, rows[order].numpy(), self.net.device)
        release_pages(self.data.X)
        return X[order.argsort().to(X.device)]


class InferenceBatches:
    """Batches in order, read as they come."""

    def __init__(self, data, net):
        self.data, self.net = data, net
        self.slices = blocks(len(data), net.reader.shape, net.inference_rows)

    def __len__(self):
        return len(self.slices)

    def __iter__(self):
        y = self.data.y
        for rows in self.slices:
            X = self.net.reader.read(self.data.X, rows, self.net.device)
            yield X, torch.zeros(len(X)) if y is None else torch.as_tensor(y[rows]).to(X.device)
            release_pages(self.data.X)


class Net(NeuralNetClassifier):
    """What trains: a skorch net without callbacks that nobody reads.

    Parameters
    ----------
    reader : Reader
        Turns rows of samples into batches.
    valid_data : Samples, optional
        Judge each epoch.
    augment : callable, optional
        Changes training batches only.
    clip_norm : float, optional
        The largest norm of a gradient.
    mixed_precision : bool
    channels_last : bool
        Whether images and weights of convolutions have their channels last in memory, which saves
        a third of the time to train on a CPU. For modules that never call ``view``.
    all_devices : bool
        Whether batches are split over all CUDA devices.
    inference_rows : int
        How many samples a forward pass takes at most.
    **params
        As for skorch.
    """

    def __init__(
        self,
        *args,
        reader=None,
        valid_data=None,
        augment=None,
        clip_norm=None,
        mixed_precision=False,
        channels_last=False,
        all_devices=False,
        inference_rows=INFERENCE_ROWS,
        **params,
    ):
        super().__init__(*args, **params)
        self.reader = reader
        self.valid_data = valid_data
        self.augment = augment
        self.clip_norm = clip_norm
        self.mixed_precision = mixed_precision
        self.channels_last = channels_last
        self.all_devices = all_devices
        self.inference_rows = inference_rows

    @property
    def _default_callbacks(self):
        return []

    def check_data(self, X, y=None):
        """Accept: the classifier around this net has looked at the data."""

    def get_dataset(self, X, y=None):
        """Return samples as a dataset."""
        return X if isinstance(X, Samples) else Samples(self.reader.validate(X), y)

    def get_split_datasets(self, X, y=None, **params):
        """Return the training and the validation samples."""
        return self.get_dataset(X, y), self.valid_data

    def get_iterator(self, dataset, training=False):
        """Return batches."""
        return (TrainingBatches if training else InferenceBatches)(dataset, self)

    def initialize_module(self):
        """Make the module."""
        super().initialize_module()
        if self.channels_last:
            self.module_.to(memory_format=torch.channels_last)
        return self

    def _set_training(self, training=True):
        super()._set_training(training)
        if training:
            for layer in frozen_norms(self.module_):
                layer.eval()

    def infer(self, x, **params):
        """Return logits of a batch."""
        if self.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        if not self.mixed_precision:
            return self._logits(x, **params)
        with torch.autocast(torch.device(self.device).type, dtype=torch.bfloat16):
            return self._logits(x, **params).float()

    def _logits(self, x, **params):
        if self.all_devices:
            return as_logits(nn.parallel.data_parallel(self.module_, x, module_kwargs=params))
        return as_logits(self.module_(x, **params))

    def predict_proba(self, X):
        """Return class probabilities of shape (n, n_classes)."""
        dataset = self.get_dataset(X)
        out = Parts(len(dataset))
        for logits in self.forward_iter(dataset):
            out.add(logits.detach().softmax(dim=1).numpy())
        return out.array

    def train_step_single(self, batch, **params):
        """Take one step, on an augmented batch."""
        X, y = batch
        return self._step(X if self.augment is None else self.augment(X), y, **params)

    def _step(self, X, y, **params):
        self._set_training(True)
        logits = self.infer(X, **params)
        loss = self.get_loss(logits, y, X=X, training=True)
        loss.backward()
        if self.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.module_.parameters(), self.clip_norm)
        return {"loss": loss, "y_pred": logits}

    def get_loss(self, y_pred, y_true, *args, **kwargs):
        """Return the mean loss of a batch, weighted if there are weights."""
        if not isinstance(y_true, tuple):
            return super().get_loss(y_pred, y_true, *args, **kwargs)
        y_true, weight = y_true
        losses = nn.functional.cross_entropy(y_pred, y_true, reduction="none")
        return (losses * weight).mean()

    def run_single_epoch(self, iterator, training, prefix, step_fn, **params):
        """Run an epoch, and record its mean loss."""
        if iterator is None:
            return
        if self._are_batches_heard():
            super().run_single_epoch(iterator, training, prefix, step_fn, **params)
            losses = self.history[-1, "batches", :, f"{prefix}_loss"]
        else:
            losses = torch.stack([step_fn(b, **params)["loss"].detach() for b in iterator])
            losses = losses.tolist()  # asked once: each question makes a GPU wait
        if training:
            self.first_loss_ = losses[0]
        self.history.record(f"{prefix}_loss", float(np.mean(losses)))

    def _are_batches_heard(self):
        """Return whether a callback of the user's wants to know of every batch."""
        names = ("on_batch_begin", "on_batch_end", "on_grad_computed")
        return any(
            getattr(type(cb), name) is not getattr(Callback, name)
            for _, cb in self.callbacks_
            for name in names
        )


class KeepGood(Callback):
    """Keep the weights of the last epoch that was finite, and of the best one.

    Raises
    ------
    DivergenceError
        At the end of an epoch whose loss or whose weights are not finite; the net then has the
        weights of the last good epoch.
    """

    def initialize(self):
        """Forget all weights."""
        self.good_, self.before_, self.best_, self.best_loss_ = None, None, None, math.inf
        return self

    def on_train_begin(self, net, **kwargs):
        """Remember the weights to begin with."""
        self.initialize()
        self.good_, self.before_ = _copy_of(net.module_), _copy_of(net.module_)

    def on_epoch_end(self, net, **kwargs):
        """Judge the epoch."""
        record = net.history[-1]
        if not math.isfinite(record["train_loss"]) or not _is_finite(net.module_):
            # the first loss of an epoch tells what the weights of the epoch before are worth
            is_good = math.isfinite(net.first_loss_)
            net.module_.load_state_dict(self.good_ if is_good else self.before_)
            raise DivergenceError(
                f"training diverged in epoch {record['epoch']}, at learning rate "
                f"{net.optimizer_.param_groups[0]['lr']:g}: the loss or a weight is not finite. "
                f"Choose a smaller lr, or clip gradients with clip_norm=1.0. The net keeps its "
                f"last good weights."
            )
        self.good_, self.before_ = self.before_, self.good_
        _copy_into(self.good_, net.module_)
        if record.get("valid_loss", math.inf) < self.best_loss_:
            self.best_loss_ = record["valid_loss"]
            self.best_ = _copy_of(net.module_)

    def on_train_end(self, net, **kwargs):
        """Go back to the best epoch, if epochs were judged, and let the copies go."""
        if self.best_ is not None:
            net.module_.load_state_dict(self.best_)
        self.good_ = self.before_ = self.best_ = None


def _copy_of(module):
    return copy.deepcopy({k: v.detach() for k, v in module.state_dict().items()})


def _copy_into(state, module):
    for name, value in module.state_dict().items():
        state[name].copy_(value)


def _is_finite(module):
    sums = [p.detach().sum() for p in module.parameters()]
    return not sums or bool(torch.isfinite(torch.stack(sums)).all())


def retry_smaller(run, batch_size, smallest=1):
    """Call `run` with a batch size, and with half of it where a GPU has too little memory."""
    while True:
        try:
            return run(batch_size)
        except torch.OutOfMemoryError:
            if batch_size <= smallest:
                raise
            batch_size = max(smallest, batch_size // 2)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        warnings.warn(
            f"the GPU ran out of memory; trying again with batches of {batch_size} samples. To "
            f"train with these from the start, set batch_size={batch_size}.",
            RuntimeWarning,
            stacklevel=2,
        )
