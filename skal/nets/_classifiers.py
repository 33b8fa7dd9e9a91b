"""The networks that skal brings: each is a :class:`NetClassifier` with its own module."""

from numbers import Integral, Real
from typing import ClassVar

from .._compat import Interval
from ._base import arguments_in
from ._modules import CNN, MLP, LeNet
from .classifier import NetClassifier


class MLPClassifier(NetClassifier):
    """A network with one hidden layer, for rows of features; images are flattened.

    Parameters
    ----------
    n_hidden : int, default=128
        The width of the hidden layer.
    dropout : float, default=0.5
        The share of hidden units that training and :meth:`sample_proba` drop.
    max_epochs, batch_size, lr, optimizer, momentum, weight_decay, image_shape, standardize, \
            augment, validation_fraction, early_stopping, lr_schedule, clip_norm, callbacks, \
            device, mixed_precision, warm_start, weights, trainable, random_state, verbose
        As for :class:`NetClassifier`. Rows are standardized by feature, images by channel.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPClassifier(random_state=0).fit(X, y)
    >>> bool(net.score(X, y) > 0.9)
    True
    """

    _parameter_constraints: ClassVar = {
        **NetClassifier._parameter_constraints,
        "n_hidden": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        n_hidden=128,
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
        given = arguments_in(locals())
        self.n_hidden = given.pop("n_hidden")
        super().__init__(MLP, **given)

    def _own_module_params(self):
        return {"n_hidden": self.n_hidden}


class CNNClassifier(NetClassifier):
    """A network of three 3x3 convolutions and two fully connected layers, for images.

    The convolutions have 32, 64 and 128 channels, with max-pooling after each.

    Parameters
    ----------
    dropout : float, default=0.5
        The share of units that training and :meth:`sample_proba` drop.
    max_epochs, batch_size, lr, optimizer, momentum, weight_decay, image_shape, standardize, \
            augment, validation_fraction, early_stopping, lr_schedule, clip_norm, callbacks, \
            device, mixed_precision, warm_start, weights, trainable, random_state, verbose
        As for :class:`NetClassifier`.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> net = CNNClassifier(image_shape=(8, 8), max_epochs=2).fit(X[:99], y[:99])
    >>> net.predict_proba(X[:2]).shape
    (2, 10)
    """

    _is_channels_last = True

    def __init__(
        self,
        *,
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
        super().__init__(CNN, **arguments_in(locals()))


class LeNetClassifier(NetClassifier):
    """A network of two 5x5 convolutions and two fully connected layers, for images [1]_.

    With 32 and 64 channels, 128 hidden units, max-pooling and ReLU.

    Parameters
    ----------
    dropout : float, default=0.5
        The share of units before each fully connected layer that training and :meth:`sample_proba`
        drop.
    conv_dropout : float, default=0.0
        The share of channels that they drop after each convolution, as in [2]_. Above 0, passes
        with dropout repeat the second convolution, and take several times as long.
    max_epochs, batch_size, lr, optimizer, momentum, weight_decay, image_shape, standardize, \
            augment, validation_fraction, early_stopping, lr_schedule, clip_norm, callbacks, \
            device, mixed_precision, warm_start, weights, trainable, random_state, verbose
        As for :class:`NetClassifier`.

    References
    ----------
    .. [1] LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document
       recognition", Proceedings of the IEEE.
    .. [2] Kirsch, van Amersfoort and Gal (2019), "BatchBALD: efficient and diverse batch
       acquisition for deep Bayesian active learning", NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.random.RandomState(0).rand(20, 28, 28), np.arange(20) % 2
    >>> net = LeNetClassifier(max_epochs=2, random_state=0).fit(X, y)
    >>> net.sample_proba(X[:4], n_samples=3).shape
    (3, 4, 2)
    """

    _parameter_constraints: ClassVar = {
        **NetClassifier._parameter_constraints,
        "conv_dropout": [Interval(Real, 0, 1, closed="left")],
    }

    _is_channels_last = True

    def __init__(
        self,
        *,
        dropout=0.5,
        conv_dropout=0.0,
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
        given = arguments_in(locals())
        self.conv_dropout = given.pop("conv_dropout")
        super().__init__(LeNet, **given)

    def _own_module_params(self):
        return {"conv_dropout": self.conv_dropout}
