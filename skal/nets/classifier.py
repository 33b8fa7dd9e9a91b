"""Networks as scikit-learn classifiers."""

import copy
import functools
import inspect
import math
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from skorch.callbacks import LRScheduler

from .._compat import Interval, StrOptions
from .._random import derive_seed
from . import _dropout, _embed
from ._files import load_net, save_net
from ._inputs import as_samples, is_paths, make_reader, n_dims
from ._options import (
    OPTIMIZERS,
    augmentation_of,
    check_known,
    make_callbacks,
    optimizer_options,
    split_validation,
    validate_weight,
    weight_among,
)
from ._seeds import choose_device, seeded
from ._training import Net, Samples, retry_smaller


class NetClassifier(ClassifierMixin, BaseEstimator):
    """A torch network as a scikit-learn classifier, trained by skorch.

    Parameters
    ----------
    module : callable or torch.nn.Module
        The network, which returns logits of shape (n, n_classes): a class or a function that makes
        one, called with those of ``in_shape`` (the shape of one sample, such as (C, H, W)),
        ``n_classes`` and ``dropout`` that it has arguments for; or an instance, copied for every
        fit, which begins with its weights.
    module_params : dict, default=None
        Further keyword arguments of `module`.
    dropout : float, default=0.5
        What `module` gets as ``dropout``, if it has such an argument.
    max_epochs : int, default=100
        How many passes over the training data. With few labels, an epoch is a step or two.
    batch_size : int, default=64
        Samples of a training step. Halved, with a warning, where a GPU has too little memory.
    lr : float, default=1e-3
        The learning rate.
    optimizer : {"adam", "adamw", "sgd"} or class, default="adam"
        A torch optimizer.
    momentum : float, default=0.9
        Of ``"sgd"``.
    weight_decay : float, default=0.0
        Of the optimizer.
    image_shape : tuple of int, default=None
        (H, W) or (C, H, W): rows of `X` are flat images.
    standardize : bool, default=True
        Whether mean and standard deviation of each channel are learned from the training data and
        taken out; of rows without ``image_shape``, of each feature. uint8 is divided by 255 first
        in any case, so that bytes and numbers in [0, 1] mean the same.
    augment : {"affine"} or callable, default=None
        Changes batches of training images, never those predicted: ``"affine"`` shifts, rotates and
        scales each a little. A callable takes and returns a standardized tensor (n, C, H, W).
    validation_fraction : float, default=0.0
        The share of each class to judge epochs by; the weights of the epoch with the least
        validation loss are kept.
    early_stopping : int, default=None
        Stop after so many epochs without a smaller loss: of validation, else of training.
    lr_schedule : {"cosine"} or skorch.callbacks.LRScheduler, default=None
        How the learning rate changes.
    clip_norm : float, default=None
        The largest norm of a gradient.
    callbacks : list of skorch callbacks, default=None
        Further ones, such as checkpoints, scores and trackers.
    device : str, default="auto"
        ``"auto"`` is the first of CUDA, MPS and CPU there is.
    mixed_precision : bool, default=False
        Whether to compute in bfloat16 where torch deems it safe.
    warm_start : bool, default=False
        Whether `fit` goes on from the last one, if the classes are the same.
    random_state : int, RandomState instance or None, default=None
        Seeds weights, batches, dropout and augmentation. torch's own generator is left as it was.
    verbose : int, default=0
        Whether to print a line an epoch.

    Attributes
    ----------
    net_ : skorch.NeuralNetClassifier
        What trained; ``net_.module_`` is the torch module.
    classes_ : ndarray of shape (n_classes,)
        The labels seen.
    n_features_in_ : int
        How many numbers one sample holds; 1 for paths.
    history_ : skorch.history.History
        Losses of each epoch.
    draw_seed_ : int
        Seeds the draws of :meth:`sample_proba`.

    Examples
    --------
    >>> import numpy as np
    >>> class Tiny(torch.nn.Sequential):
    ...     def __init__(self, in_shape, n_classes, dropout):
    ...         super().__init__(
    ...             torch.nn.Flatten(),
    ...             torch.nn.Dropout(dropout),
    ...             torch.nn.Linear(np.prod(in_shape), n_classes),
    ...         )
    >>> X, y = np.random.RandomState(0).rand(20, 3, 8, 8), np.arange(20) % 2
    >>> net = NetClassifier(Tiny, dropout=0.2, max_epochs=2).fit(X, y)
    >>> net.embed(X).shape
    (20, 192)
    """

    _parameter_constraints: ClassVar = {
        "module": [callable],
        "module_params": [dict, None],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "optimizer": [StrOptions(set(OPTIMIZERS)), callable],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "image_shape": [tuple, list, None],
        "standardize": ["boolean"],
        "augment": [StrOptions({"affine"}), callable, None],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "early_stopping": [Interval(Integral, 1, None, closed="left"), None],
        "lr_schedule": [StrOptions({"cosine"}), LRScheduler, None],
        "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "callbacks": [list, None],
        "device": [str, torch.device],
        "mixed_precision": ["boolean"],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    _is_channels_last = False  # a user's module may call view, which wants channels first

    def __init__(
        self,
        module,
        *,
        module_params=None,
        dropout=0.5,
        max_epochs=100,
        batch_size=64,
        lr=1e-3,
        optimizer="adam",
        momentum=0.9,
        weight_decay=0.0,
        image_shape=None,
        standardize=True,
        augment=None,
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
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.lr = lr
        self.optimizer = optimizer
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.image_shape = image_shape
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

    def fit(self, X, y, X_val=None, y_val=None, **params):
        """Train the network.

        Parameters
        ----------
        X : array-like, torch tensor, memory map or list of image paths
            Images of shape (n, H, W), (n, C, H, W) or (n, H, W, C), or rows of features.
        y : array-like of shape (n,)
            Labels: numbers or words.
        X_val, y_val : optional
            Samples that judge each epoch, in place of ``validation_fraction``.
        **params
            ``sample_weight``: what each sample counts in the loss, of shape (n,). Only ratios
            matter. Batches are drawn at random, so that a weight of 2 is near, but not exactly,
            the same sample twice.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the samples do not fit the network, hold NaN, or validation labels are unknown.
        DivergenceError
            If the loss is no longer finite. The net keeps its last good weights.
        """
        self._validate_params()
        X, y = self._validate_fit(X, y)
        rng = check_random_state(self.random_state)
        seed = int(rng.randint(np.iinfo(np.int32).max))
        classes, targets = np.unique(y, return_inverse=True)
        weight = weight_among(params)
        data, valid_data = self._split(X, targets, classes, X_val, y_val, weight, seed)
        warm = self._can_go_on(classes)
        self.classes_ = classes
        self.draw_seed_ = derive_seed(seed, len(y), "draws")
        if not warm:
            self.reader_ = make_reader(data.X, self.image_shape)
            if self.standardize:
                self.reader_.learn_statistics(data.X)
        self.reader_.validate(data.X)
        if valid_data is not None:
            self.reader_.validate(valid_data.X)
        net = self.net_ if warm else None
        retry_smaller(lambda size: self._train(net, data, valid_data, size, seed), self.batch_size)
        return self

    def _train(self, net, data, valid_data, batch_size, seed):
        device = choose_device(self.device)
        with seeded(seed, device):
            if net is None:
                monitor = "train_loss" if valid_data is None else "valid_loss"
                self.net_ = self._make_net(device, monitor).initialize()
            elif net.lr != self.lr:
                net.set_params(lr=self.lr)
            self.net_.set_params(max_epochs=self.max_epochs, batch_size=batch_size)
            self.net_.valid_data = valid_data
            try:
                self.net_.partial_fit(data)
            finally:
                self.net_.valid_data = None  # not kept, nor pickled

    def _make_net(self, device, monitor="train_loss"):
        params = {f"optimizer__{k}": v for k, v in optimizer_options(self).items()}
        params |= {f"module__{k}": v for k, v in self._module_arguments().items()}
        return Net(
            self._module_factory(),
            criterion=torch.nn.CrossEntropyLoss,
            optimizer=OPTIMIZERS.get(self.optimizer, self.optimizer),
            lr=self.lr,
            max_epochs=self.max_epochs,
            train_split=None,
            callbacks=make_callbacks(self, monitor),
            device=device,
            classes=list(range(len(self.classes_))),
            verbose=int(self.verbose),
            reader=self.reader_,
            augment=augmentation_of(self),
            clip_norm=self.clip_norm,
            mixed_precision=self.mixed_precision,
            channels_last=self._is_channels_last and torch.device(device).type != "mps",
            **params,
        )

    def _module_factory(self):
        if isinstance(self.module, torch.nn.Module):
            return functools.partial(copy.deepcopy, self.module)
        return self.module

    def _module_arguments(self):
        """Return keyword arguments of the module: what it has arguments for."""
        if isinstance(self.module, torch.nn.Module):
            return {}
        known = {
            "in_shape": self.reader_.shape,
            "n_classes": len(self.classes_),
            "dropout": self.dropout,
        }
        names = inspect.signature(self.module).parameters
        asked = {name: value for name, value in known.items() if name in names}
        return asked | self._own_module_params()

    def _own_module_params(self):
        return self.module_params or {}

    def _can_go_on(self, classes):
        return bool(
            self.warm_start
            and hasattr(self, "net_")
            and np.array_equal(classes, getattr(self, "classes_", None))
        )

    # Input ---------------------------------------------------------------------------------

    def _validate_fit(self, X, y):
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        X = self._validate_samples(X, reset=True)
        check_classification_targets(y)
        y = column_or_1d(y, warn=True)
        if len(X) != len(y):
            raise ValueError(
                f"X and y must have the same length; got inconsistent numbers: {len(X)} samples "
                f"and {len(y)} labels."
            )
        return X, y

    def _validate_samples(self, X, reset=False):
        """Return samples whose rows can be read; of tables, scikit-learn checks the columns."""
        if is_paths(X):
            X = as_samples(X)
            if reset:
                self.n_features_in_ = 1
            return X
        X = as_samples(X) if hasattr(X, "detach") else X
        is_table = n_dims(X) < 3
        X = validate_data(
            self,
            X,
            reset=reset,
            dtype=None,
            ensure_2d=is_table,
            allow_nd=True,
            ensure_all_finite=False,  # the reader looks, a batch at a time
        )
        if reset and not is_table:
            self.n_features_in_ = math.prod(X.shape[1:])
        return X if X.dtype.kind in "biuf" else X.astype(np.float32)

    def _split(self, X, targets, classes, X_val, y_val, weight, seed):
        """Return training and validation samples."""
        data = Samples(X, targets, validate_weight(weight, len(X)))
        if X_val is None:
            return split_validation(data, self.validation_fraction, seed)
        X_val, y_val = self._validate_samples(X_val), np.asarray(y_val)
        check_known(y_val, classes)
        return data, Samples(X_val, np.searchsorted(classes, y_val))

    def _samples(self, X):
        check_is_fitted(self)
        return Samples(self.reader_.validate(self._validate_samples(X)))

    def _run(self, function, X):
        """Call a function of the net and samples, with smaller batches if a GPU is too small."""
        data = self._samples(X)
        most = min(self.net_.inference_rows, max(1, len(data)))

        def run(rows):
            if rows < most:
                self.net_.inference_rows = rows  # from now on
            return function(self.net_, data)

        return retry_smaller(run, most)

    # Predicting ----------------------------------------------------------------------------

    def predict_proba(self, X):
        """Return class probabilities.

        Parameters
        ----------
        X : as in fit

        Returns
        -------
        ndarray of float32 of shape (n, n_classes)
        """
        return self._run(lambda net, data: net.predict_proba(data), X)

    def predict(self, X):
        """Return the most probable class of each sample.

        Parameters
        ----------
        X : as in fit

        Returns
        -------
        ndarray of shape (n,)
        """
        positions = self.predict_proba(X).argmax(axis=1)
        return self.classes_[positions]

    def embed(self, X, layer=None):
        """Return what the last fully connected layer sees, or the layer of a name.

        Parameters
        ----------
        X : as in fit
        layer : str, optional
            One of ``net_.module_.named_modules()``.

        Returns
        -------
        ndarray of float32 of shape (n, n_features)
        """
        return self._run(lambda net, data: _embed.embed(net, data, layer), X)

    def predict_proba_and_embed(self, X, layer=None):
        """Return class probabilities and embeddings, in one pass.

        Parameters
        ----------
        X, layer
            As for :meth:`embed`.

        Returns
        -------
        proba : ndarray of float32 of shape (n, n_classes)
        embedding : ndarray of float32 of shape (n, n_features)
        """
        return self._run(lambda net, data: _embed.predict_proba_and_embed(net, data, layer), X)

    def sample_proba(self, X, n_samples=20, *, per_sample=False):
        """Return class probabilities of passes with dropout; see :func:`skal.nets.sample_proba`.

        Asking twice gives the same draws; fitting again moves them on.

        Parameters
        ----------
        X : as in fit
        n_samples : int, default=20
        per_sample : bool, default=False

        Returns
        -------
        ndarray of float32 of shape (n_samples, n, n_classes)
        """
        return self._run(
            lambda net, data: _dropout.sample_proba(
                net, data, n_samples, per_sample=per_sample, seed=self.draw_seed_
            ),
            X,
        )

    # Files ---------------------------------------------------------------------------------

    def save(self, folder):
        """Write the fitted net into a folder: weights as safetensors, parameters as JSON.

        Parameters
        ----------
        folder : str or path
            Made if need be. A net that is there is overwritten.
        """
        check_is_fitted(self)
        save_net(self, folder)

    @classmethod
    def load(cls, folder, *, module=None, device=None):
        """Return a net that was saved. Nothing is unpickled.

        Parameters
        ----------
        folder : str or path
        module : callable or torch.nn.Module, optional
            Of a saved :class:`NetClassifier`: its module, of which only the weights are kept.
        device : str, optional
            Where to; by default the saved parameter.

        Returns
        -------
        NetClassifier
            Of the class that was saved. It predicts, embeds and draws as before.

        Raises
        ------
        SavedNetError
            If the folder holds no net, or one of another class or format.
        """
        return load_net(cls, folder, module, device)

    @property
    def history_(self):
        """What training recorded, one dict an epoch."""
        check_is_fitted(self)
        return self.net_.history

    def __sklearn_is_fitted__(self):
        return hasattr(self, "net_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
