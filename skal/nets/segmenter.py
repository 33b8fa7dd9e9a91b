"""Networks as scikit-learn estimators that give every pixel a class."""

import copy
import functools
import math
from numbers import Integral
from typing import ClassVar

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from .._compat import Interval, StrOptions
from . import _dropout, _embed
from ._augment import random_moves
from ._base import BaseNet
from ._images import (
    ImageReader,
    SegmenterNet,
    is_large,
    patches_of_image,
    rows_at_once,
    run_in_tiles,
)
from ._inputs import as_samples, make_reader
from ._options import check_known, split_randomly
from ._training import Samples
from .losses import IGNORE, FocalDiceLoss

LOSSES = {
    "focal_dice": FocalDiceLoss,
    "bce": functools.partial(torch.nn.CrossEntropyLoss, ignore_index=IGNORE),
}


class NetSegmenter(BaseNet):
    """A torch network that segments images, as a scikit-learn estimator, trained by skorch.

    Parameters
    ----------
    module : callable or torch.nn.Module
        The network, which takes images (n, C, H, W) and returns logits (n, n_classes, H, W): a
        class or a function that makes one, called with those of ``in_shape`` (C, H, W),
        ``n_classes`` and ``dropout`` that it has arguments for; or an instance, copied for every
        fit, which begins with its weights.
    module_params : dict, default=None
        Further keyword arguments of `module`.
    dropout : float, default=0.2
        What `module` gets as ``dropout``, if it has such an argument.
    loss : {"focal_dice", "bce"} or torch.nn.Module, default="focal_dice"
        :class:`FocalDiceLoss`, cross-entropy over labeled pixels, or any loss that takes logits and
        targets in which -1 is no label. ``alpha="auto"`` learns the share of each class from the
        training data.
    patch_size : int, default=128
        The side of the random patches that a training step takes from larger images; None takes
        whole images. An epoch takes as many as cover all images once.
    max_epochs : int, default=50
        How many times training goes over the area of all images.
    warm_epochs : int, default=None
        How many times it does where it goes on from the last `fit`; None is `max_epochs`.
    min_steps : int, default=0
        Train for more epochs than these, if they are fewer steps: with a single image, an epoch is
        a step or two.
    batch_size : int, default=16
        Patches of a training step. Halved, with a warning, where a GPU has too little memory.
    lr : float, default=1e-3
        The learning rate.
    optimizer : {"adam", "adamw", "sgd"} or class, default="adamw"
        A torch optimizer.
    momentum : float, default=0.9
        Of ``"sgd"``.
    weight_decay : float, default=1e-4
        Of the optimizer.
    standardize : {"image", "data"} or None, default="image"
        Whether mean and standard deviation of each channel are taken out of each image by itself,
        or those of all training images out of all; uint8 is divided by 255 first in any case.
    augment : {"affine"} or callable, default="affine"
        Changes training patches and their masks, never what is predicted: ``"affine"`` flips,
        turns, shifts, rotates and scales both alike, and what comes in at the border has no label.
        A callable takes and returns a tensor (n, C, H, W) and a tensor (n, H, W). None leaves them
        as they are.
    validation_fraction : float, default=0.0
        The share of images, never of patches of them, to judge epochs by; the weights of the epoch
        with the least validation loss are kept.
    early_stopping : int, default=None
        Stop after so many epochs without a smaller loss: of validation, else of training.
    lr_schedule : {"cosine"} or skorch.callbacks.LRScheduler, default=None
        How the learning rate changes.
    clip_norm : float, default=None
        The largest norm of a gradient.
    callbacks : list of skorch callbacks, default=None
        Further ones, such as checkpoints, scores and trackers.
    device : str, default="auto"
        ``"auto"`` is the first of CUDA, MPS and CPU there is; ``"all"`` splits each batch over all
        CUDA devices.
    mixed_precision : bool, default=False
        Whether to compute in bfloat16, on processors that can.
    warm_start : bool, default=False
        Whether `fit` goes on from the last one, if the classes are the same.
    random_state : int, RandomState instance or None, default=None
        Seeds weights, patches, dropout and augmentation. torch's own generator is left as it was.
    verbose : int, default=0
        Whether to print a line an epoch.

    Attributes
    ----------
    net_ : skorch.NeuralNet
        What trained; ``net_.module_`` is the torch module.
    classes_ : ndarray of shape (n_classes,)
        The labels seen, without -1.
    draw_seed_ : int
        Seeds the draws of :meth:`sample_proba`.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> X = np.random.RandomState(0).rand(4, 16, 16)
    >>> net = NetSegmenter(nn.Conv2d(1, 2, 3, padding=1), random_state=0).fit(X, X > 0.5)
    >>> net.predict(X).shape
    (4, 16, 16)
    """

    _parameter_constraints: ClassVar = {
        **BaseNet._parameter_constraints,
        "module": [callable],
        "loss": [StrOptions(set(LOSSES)), torch.nn.Module],
        "warm_epochs": [Interval(Integral, 1, None, closed="left"), None],
        "min_steps": [Interval(Integral, 0, None, closed="left")],
        "patch_size": [Interval(Integral, 8, None, closed="left"), None],
        "standardize": [StrOptions({"image", "data"}), None],
    }

    _net_type = SegmenterNet
    _reader_type = ImageReader

    def __init__(
        self,
        module,
        *,
        module_params=None,
        dropout=0.2,
        loss="focal_dice",
        patch_size=128,
        max_epochs=50,
        warm_epochs=None,
        min_steps=0,
        batch_size=16,
        lr=1e-3,
        optimizer="adamw",
        momentum=0.9,
        weight_decay=1e-4,
        standardize="image",
        augment="affine",
        validation_fraction=0.0,
        early_stopping=None,
        lr_schedule=None,
        clip_norm=None,
        callbacks=None,
        device="auto",
        mixed_precision=False,
        warm_start=False,
        random_state=None,
        verbose=0,
    ):
        self.module = module
        self.module_params = module_params
        self.dropout = dropout
        self.loss = loss
        self.patch_size = patch_size
        self.max_epochs = max_epochs
        self.warm_epochs = warm_epochs
        self.min_steps = min_steps
        self.batch_size = batch_size
        self.lr = lr
        self.optimizer = optimizer
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.standardize = standardize
        self.augment = augment
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.lr_schedule = lr_schedule
        self.clip_norm = clip_norm
        self.callbacks = callbacks
        self.device = device
        self.mixed_precision = mixed_precision
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    # Training ------------------------------------------------------------------------------

    def fit(self, X, y, X_val=None, y_val=None):
        """Train the network.

        Parameters
        ----------
        X : array-like, torch tensor, memory map or list of image paths
            Images of shape (n, H, W), (n, C, H, W) or (n, H, W, C).
        y : array-like of int of shape (n, H, W)
            The class of each pixel, -1 where it is not known.
        X_val, y_val : optional
            Images that judge each epoch, in place of ``validation_fraction``.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If masks do not fit the images, no pixel has a label, images hold NaN, or validation
            labels are unknown.
        DivergenceError
            If the loss is no longer finite. The net keeps its last good weights.
        """
        self._validate_params()
        X = self._check_y_and_samples(X, y)
        y = _validate_masks(y)
        seed = self._seed()
        labels = _labels_in(y)
        classes = labels[labels != IGNORE]
        if not len(classes):
            raise ValueError("y has no labeled pixel: all are -1. Label some pixels first.")
        data = self._labeled(X, y, classes)
        if X_val is None:
            data, valid_data = split_randomly(data, self.validation_fraction, seed)
        else:
            X_val = self._validate_samples(X_val)
            valid_data = self._labeled(X_val, _validate_masks(y_val), classes)
        return self._fit(data, valid_data, classes, seed)

    def _labeled(self, X, y, classes):
        """Return images with positions of classes."""
        check_known(_labels_in(y), [IGNORE, *classes])
        size = _make_reader(X).size_of(X)
        if len(X) != len(y) or y.shape[1:] != tuple(size):
            raise ValueError(
                f"y must hold a mask for each image, of shape {(len(X), *size)}; got {y.shape}."
            )
        positions = np.full(y.shape, IGNORE, np.int16)
        for k, label in enumerate(classes):
            positions[y == label] = k
        return Samples(X, positions)

    def _fit(self, data, valid_data, classes, seed):
        self.shares_ = _shares(data.y, len(classes))
        if self._can_go_on(classes):
            _learn_shares(self.net_.criterion_, self.shares_)
        return super()._fit(data, valid_data, classes, seed)

    def _make_reader(self, X):
        reader = _make_reader(X)
        if self.standardize == "data":
            reader.learn_statistics(X)
        reader.by_image = self.standardize == "image"
        return reader

    def _n_epochs(self, data, is_warm):
        n_epochs = self.warm_epochs if is_warm and self.warm_epochs else self.max_epochs
        n_patches = len(data) * patches_of_image(self.reader_.size_of(data.X), self.patch_size)
        n_steps = math.ceil(n_patches / self.batch_size)
        return max(n_epochs, math.ceil(self.min_steps / n_steps))

    def _net_params(self):
        loss = self.loss if isinstance(self.loss, torch.nn.Module) else LOSSES[self.loss]()
        return {
            "criterion": functools.partial(_copy_of_loss, loss, getattr(self, "shares_", None)),
            "augment": random_moves if self.augment == "affine" else self.augment,
            "patch_size": self.patch_size,
            "predict_nonlinearity": functools.partial(torch.softmax, dim=1),
        }

    # Predicting ----------------------------------------------------------------------------

    def predict_proba(self, X):
        """Return class probabilities of each pixel.

        Parameters
        ----------
        X : as in fit, of any height and width

        Returns
        -------
        ndarray of float32 of shape (n, n_classes, H, W)
        """
        return self._run_maps(lambda net, data: [net.predict_proba(data)], X)[0]

    def predict(self, X):
        """Return the most probable class of each pixel.

        Parameters
        ----------
        X : as in fit, of any height and width

        Returns
        -------
        ndarray of shape (n, H, W)
        """
        data = self._samples(X)
        parts = [self._predict(data.X[rows]) for rows in self._spans(data.X)]
        return np.concatenate(parts)

    def _predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def score(self, X, y):
        """Return the F1 score of all labeled pixels together.

        That of the second class where there are two, else the mean over all classes but the first:
        the first is the background.

        Parameters
        ----------
        X : as in fit, of any height and width
        y : array-like of int of shape (n, H, W)
            -1 is left out.

        Returns
        -------
        float
            In [0, 1]; 1 where a class is neither there nor predicted.
        """
        data, y = self._samples(X), _validate_masks(y)
        counts = np.zeros((3, len(self.classes_)))
        for rows in self._spans(data.X):
            predicted, truth = self._predict(data.X[rows]), y[rows]
            for k, label in enumerate(self.classes_):
                is_true, is_said = truth == label, (predicted == label) & (truth != IGNORE)
                counts[:, k] += (is_true & is_said).sum(), is_true.sum(), is_said.sum()
        both, sums = 2 * counts[0], counts[1] + counts[2]
        f1 = np.divide(both, sums, out=np.ones_like(both), where=sums > 0)
        return float(f1[1:].mean() if len(f1) > 1 else f1[0])

    def embed(self, X, layer=None):
        """Return the bottom of the network, or the layer of a name, averaged over each image.

        Parameters
        ----------
        X : as in fit, of any height and width
        layer : str, optional
            One of ``net_.module_.named_modules()``, whose input is meant; needed where the module
            has none called ``bottom``.

        Returns
        -------
        ndarray of float32 of shape (n, n_features)
        """
        layer = self._layer(layer)
        maps = self._run_maps(lambda net, data: _embed.inputs_of_layer(net, data, layer)[1:], X)
        return maps[0].mean(axis=(2, 3))

    def predict_proba_and_embed(self, X, layer=None):
        """Return class probabilities of each pixel and embeddings of each image, in one pass.

        Parameters
        ----------
        X, layer
            As for :meth:`embed`.

        Returns
        -------
        proba : ndarray of float32 of shape (n, n_classes, H, W)
        embedding : ndarray of float32 of shape (n, n_features)
        """
        layer = self._layer(layer)
        proba, maps = self._run_maps(lambda net, data: _embed.inputs_of_layer(net, data, layer), X)
        return proba, maps.mean(axis=(2, 3))

    def _layer(self, name):
        check_is_fitted(self)
        if name is None and not hasattr(self.net_.module_, "bottom"):
            raise ValueError(
                f"{type(self.net_.module_).__name__} has no layer called bottom whose input could "
                f"be the embedding. Name the layer whose input you want: layer='...'."
            )
        return name or "bottom"

    def sample_proba(self, X, n_samples=20):
        """Return class probabilities of passes with dropout; see :func:`skal.nets.sample_proba`.

        Asking twice gives the same draws; fitting again moves them on.

        Parameters
        ----------
        X : as in fit, of any height and width
        n_samples : int, default=20

        Returns
        -------
        ndarray of float32 of shape (n_samples, n, n_classes, H, W)
        """

        def draw(net, data):
            return [_dropout.sample_proba(net, data, n_samples, seed=self.draw_seed_)]

        return self._run_maps(draw, X, axis=1)[0]

    def _run_maps(self, function, X, axis=0):
        """Call a function of the net and images that returns maps; of large images, in parts."""
        data = self._samples(X)
        reach = getattr(self.net_.module_, "reach", None)
        if reach is None or not is_large(self.reader_.size_of(data.X)):
            return self._run_on(function, data)
        parts = []
        for i in range(len(data)):
            image = self.reader_.read(data.X, slice(i, i + 1), self.net_.device)
            parts.append(run_in_tiles(function, self.net_, image, reach))
        return [np.concatenate(maps, axis=axis) for maps in zip(*parts, strict=True)]

    def _spans(self, X):
        """Return slices of images that are predicted at once."""
        size = rows_at_once((self.reader_.shape[0], *self.reader_.size_of(X)))
        return [slice(i, i + size) for i in range(0, len(X), size)]


def _make_reader(X):
    if not isinstance(X, list) and X.ndim < 3:
        raise ValueError(
            f"images must have shape (n, H, W), (n, C, H, W) or (n, H, W, C); got {X.shape}. For a "
            f"single image, pass image[None]."
        )
    return ImageReader(**vars(make_reader(X)))


def _validate_masks(y):
    """Return masks as an array of integers of shape (n, H, W)."""
    y = as_samples(y)
    if y.ndim != 3:
        raise ValueError(
            f"masks must have shape (n, H, W), a class for each pixel and -1 where it is not "
            f"known; got {y.shape}."
        )
    if y.dtype.kind == "f" and np.array_equal(y, np.round(y)):
        return y.astype(np.int64)
    if y.dtype.kind not in "biu":
        raise ValueError(f"masks must hold integers, with -1 for no label; got {y.dtype}.")
    return y


def _labels_in(y):
    """Return the labels in masks, in order; one mask is looked at at a time."""
    return np.unique(np.concatenate([np.unique(mask) for mask in y])) if len(y) else y[:0]


def _shares(y, n_classes):
    """Return the share of each class among labeled pixels."""
    counts = np.array([np.count_nonzero(y == k) for k in range(n_classes)])
    return counts / counts.sum()


def _copy_of_loss(loss, shares):
    loss = copy.deepcopy(loss)
    _learn_shares(loss, shares)
    return loss


def _learn_shares(loss, shares):
    if shares is not None and hasattr(loss, "learn_shares"):
        loss.learn_shares(shares)
