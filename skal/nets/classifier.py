"""Networks as scikit-learn classifiers."""

from os import PathLike
from typing import ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from .._compat import StrOptions
from . import _freezing
from ._base import BaseNet
from ._freezing import TRAINABLE
from ._options import check_known, split_validation, validate_weight, weight_among
from ._training import Samples
from ._weights import load_weights


class NetClassifier(ClassifierMixin, BaseNet):
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
    standardize : bool or pair of list of float, default=True
        Whether mean and standard deviation of each channel are learned from the training data and
        taken out; of rows without ``image_shape``, of each feature. uint8 is divided by 255 first
        in any case, so that bytes and numbers in [0, 1] mean the same. A pair is the means and the
        standard deviations of the channels, such as those that `weights` were trained with.
    augment : {"affine"} or callable, default=None
        Changes batches of training images, never those predicted: ``"affine"`` shifts, rotates and
        scales each a little. A callable takes and returns a standardized tensor (n, C, H, W).
    validation_fraction : float, default=0.0
        The share of each class to judge epochs by; the weights of the epoch with the least
        validation loss are kept.
    early_stopping : int, default=None
        Stop after so many epochs without a smaller loss: of validation, else of training.
    lr_schedule : {"cosine", "plateau", "step", "warmup"} or skorch.callbacks.LRScheduler, \
            default=None
        How the learning rate changes: down to nothing along a cosine; to a tenth after ten epochs
        without a smaller loss, of validation if there is one; to a tenth after each third of the
        epochs; or up to `lr` during the first tenth of the epochs, and down along a cosine.
    clip_norm : float, default=None
        The largest norm of a gradient.
    callbacks : list of skorch callbacks, default=None
        Further ones, such as checkpoints, scores and trackers.
    device : str, default="auto"
        ``"auto"`` is the first of CUDA, MPS and CPU there is; ``"all"`` splits each batch over all
        CUDA devices.
    mixed_precision : bool, default=False
        Whether to compute in bfloat16 where torch deems it safe. Processors without instructions
        for it compute in float32 all the same, which is several times faster there.
    warm_start : bool, default=False
        Whether `fit` goes on from the last one, if the classes are the same.
    weights : str or path, default=None
        A local file with a state dict to begin with: .safetensors, or what ``torch.save`` wrote,
        from which nothing but tensors is read. The first and the last layer are left out where
        their shapes differ.
    trainable : {"all", "last_block", "last_layer"}, default="all"
        What learns; the rest stays as `weights` say: the last fully connected layer, or also what
        stands before it, from the last convolution on (of torchvision's nets, their last block).
        What was left out of `weights` learns in any case.
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
    >>> import torch
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
        **BaseNet._parameter_constraints,
        "module": [callable],
        "image_shape": [tuple, list, None],
        "standardize": ["boolean", tuple, list],
        "weights": [str, PathLike, None],
        "trainable": [StrOptions(set(TRAINABLE))],
    }

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
        weights=None,
        trainable="all",
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
        self.weights = weights
        self.trainable = trainable
        self.random_state = random_state
        self.verbose = verbose

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
        seed = self._seed()
        classes, targets = np.unique(y, return_inverse=True)
        weight = weight_among(params)
        data, valid_data = self._split(X, targets, classes, X_val, y_val, weight, seed)
        return self._fit(data, valid_data, classes, seed)

    def _validate_fit(self, X, y):
        X = self._check_y_and_samples(X, y)
        check_classification_targets(y)
        y = column_or_1d(y, warn=True)
        if len(X) != len(y):
            raise ValueError(
                f"X and y must have the same length; got inconsistent numbers: {len(X)} samples "
                f"and {len(y)} labels."
            )
        return X, y

    def _on_module_made(self, module):
        """Begin with the weights of a file, if there is one."""
        self._left_out = ()
        if self.weights is None:
            return
        ends = _freezing.first_layer(module), _freezing.last_layer_name(module)
        may_differ = [f"{name}.{part}" for name in ends for part in ("weight", "bias")]
        self._left_out = load_weights(module, self.weights, may_differ, self._adapt_weights)

    def _adapt_weights(self, state):
        """Return a state dict of a file with the names and shapes of the module."""
        return state

    def _on_train_begin(self, module):
        """Let learn what is to learn."""
        if self.trainable == "all":
            module.requires_grad_(True)
            return
        is_block = self.trainable == "last_block"
        layers = self._last_block(module) if is_block else _freezing.last_layers(module)
        _freezing.set_trainable(module, layers, getattr(self, "_left_out", ()))

    def _last_block(self, module):
        """Return the layers that ``trainable="last_block"`` lets learn."""
        return _freezing.last_block(module)

    def _split(self, X, targets, classes, X_val, y_val, weight, seed):
        """Return training and validation samples."""
        data = Samples(X, targets, validate_weight(weight, len(X)))
        if X_val is None:
            return split_validation(data, self.validation_fraction, seed)
        X_val, y_val = self._validate_samples(X_val), np.asarray(y_val)
        check_known(y_val, classes)
        return data, Samples(X_val, np.searchsorted(classes, y_val))

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
