"""What networks as scikit-learn estimators share: training by skorch, samples, draws, files."""

import math
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data
from skorch.callbacks import LRScheduler

from .._compat import Interval, StrOptions
from .._random import derive_seed
from . import _dropout, _embed
from ._files import files_of_net, load_net, save_net
from ._inputs import Reader, as_samples, is_paths, make_reader, n_dims
from ._options import (
    OPTIMIZERS,
    SCHEDULES,
    augmentation_of,
    make_callbacks,
    module_arguments,
    module_factory,
    optimizer_options,
    schedule_options,
)
from ._seeds import choose_device, computes_bfloat16, seeded
from ._training import Net, Samples, retry_smaller


class BaseNet(BaseEstimator):
    """Base class of networks as estimators; a subclass says what its targets are."""

    _parameter_constraints: ClassVar = {
        "module_params": [dict, None],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "optimizer": [StrOptions(set(OPTIMIZERS)), callable],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "augment": [StrOptions({"affine"}), callable, None],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "early_stopping": [Interval(Integral, 1, None, closed="left"), None],
        "lr_schedule": [StrOptions(set(SCHEDULES)), LRScheduler, None],
        "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "callbacks": [list, None],
        "device": [str, torch.device],
        "mixed_precision": ["boolean"],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    _is_channels_last = False  # a user's module may call view, which wants channels first
    _net_type = Net
    _reader_type = Reader

    # Training ------------------------------------------------------------------------------

    def _seed(self):
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _fit(self, data, valid_data, classes, seed):
        """Train on samples whose targets are positions in the classes, -1 where there is none."""
        warm = self._can_go_on(classes)
        self.classes_ = classes
        self.draw_seed_ = derive_seed(seed, len(data), "draws")
        if not warm:
            self.reader_ = self._make_reader(data.X)
        self.reader_.validate(data.X)
        if valid_data is not None:
            self.reader_.validate(valid_data.X)
        net = self.net_ if warm else None
        retry_smaller(lambda size: self._train(net, data, valid_data, size, seed), self.batch_size)
        return self

    def _make_reader(self, X):
        """Return what reads samples laid out as these, and has learned from them."""
        reader = make_reader(X, self.image_shape)
        if isinstance(self.standardize, tuple | list):
            reader.set_statistics(*self.standardize)
        elif self.standardize:
            reader.learn_statistics(X)
        return reader

    def _on_module_made(self, module):
        """Change a module that was just made; nothing by default."""

    def _on_train_begin(self, module):
        """Change a module before each training; nothing by default."""

    def _train(self, net, data, valid_data, batch_size, seed):
        device = choose_device(self.device)
        with seeded(seed, device):
            if net is None:
                monitor = "train_loss" if valid_data is None else "valid_loss"
                self.net_ = self._make_net(device, monitor).initialize()
                self._on_module_made(self.net_.module_)
            else:
                net.set_params(lr=self.lr)
                net.initialize_optimizer()  # as after loading: what the last one knew is not kept
            n_epochs = self._n_epochs(data, is_warm=net is not None)
            self.net_.set_params(max_epochs=n_epochs, batch_size=batch_size)
            self.net_.set_params(**schedule_options(self.lr_schedule, n_epochs))
            self.net_.valid_data = valid_data
            self._on_train_begin(self.net_.module_)
            try:
                self.net_.partial_fit(data)
            finally:
                self.net_.valid_data = None  # not kept, nor pickled

    def _make_net(self, device, monitor="train_loss"):
        params = {f"optimizer__{k}": v for k, v in optimizer_options(self).items()}
        own = self._own_module_params()
        arguments = module_arguments(self.module, self._known_to_module(), own)
        params |= {f"module__{k}": v for k, v in arguments.items()}
        return self._net_type(
            module_factory(self.module),
            optimizer=OPTIMIZERS.get(self.optimizer, self.optimizer),
            lr=self.lr,
            max_epochs=self.max_epochs,
            train_split=None,
            callbacks=make_callbacks(self, monitor),
            device=device,
            classes=list(range(len(self.classes_))),
            verbose=int(self.verbose),
            reader=self.reader_,
            clip_norm=self.clip_norm,
            mixed_precision=self.mixed_precision and computes_bfloat16(device),
            all_devices=self.device == "all",
            channels_last=self._is_channels_last and torch.device(device).type != "mps",
            **self._net_params(),
            **params,
        )

    def _net_params(self):
        """Return arguments of the skorch net that depend on the kind of target."""
        return {"criterion": torch.nn.CrossEntropyLoss, "augment": augmentation_of(self)}

    def _known_to_module(self):
        """Return what the module gets if it has arguments for it."""
        return {
            "in_shape": self.reader_.shape,
            "n_classes": len(self.classes_),
            "dropout": self.dropout,
        }

    def _own_module_params(self):
        return self.module_params or {}

    def _n_epochs(self, data, is_warm):
        """Return how many epochs to train."""
        return self.max_epochs

    def _can_go_on(self, classes):
        return bool(
            self.warm_start
            and hasattr(self, "net_")
            and np.array_equal(classes, getattr(self, "classes_", None))
        )

    # Input ---------------------------------------------------------------------------------

    def _check_y_and_samples(self, X, y):
        """Return samples, or raise if there are no targets."""
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        return self._validate_samples(X, reset=True)

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

    def _samples(self, X):
        check_is_fitted(self)
        return Samples(self.reader_.validate(self._validate_samples(X)))

    def _run(self, function, X):
        """Call a function of the net and samples."""
        return self._run_on(function, self._samples(X))

    def _run_on(self, function, data):
        """Call a function of the net and data, with smaller batches if a GPU is too small."""
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

    def to_files(self):
        """Return what :meth:`save` writes, for folders that hold more than a net.

        Returns
        -------
        dict of str to (bytes or JSON value)
        """
        check_is_fitted(self)
        return files_of_net(self)

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


def arguments_in(scope):
    """Return the arguments of a constructor, from its local names."""
    return {name: value for name, value in scope.items() if name not in ("self", "__class__")}
