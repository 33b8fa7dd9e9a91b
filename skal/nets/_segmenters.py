"""The segmenters that skal brings: each is a :class:`NetSegmenter` with its own module."""

from numbers import Integral
from typing import ClassVar

from .._compat import Interval
from ._base import arguments_in
from ._unet import UNet
from .segmenter import NetSegmenter


class UNetSegmenter(NetSegmenter):
    """A U-Net that segments images [1]_.

    Parameters
    ----------
    width : int, default=16
        Channels of the first level; each level below has twice as many. The original has 64.
    depth : int, default=3
        How many times the image is halved. The original has 4.
    dropout : float, default=0.2
        The share of channels that training and :meth:`sample_proba` drop at the bottom, and after
        each level of the decoder but the last.
    loss, patch_size, max_epochs, warm_epochs, min_steps, batch_size, lr, optimizer, momentum, \
            weight_decay, standardize, augment, validation_fraction, early_stopping, lr_schedule, \
            clip_norm, callbacks, device, mixed_precision, warm_start, random_state, verbose
        As for :class:`NetSegmenter`.

    References
    ----------
    .. [1] Ronneberger, Fischer and Brox (2015), "U-Net: convolutional networks for biomedical
       image segmentation", MICCAI; here with batch norm and padding, so that the mask is as large
       as the image.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.RandomState(0).rand(4, 32, 32)
    >>> net = UNetSegmenter(width=4, depth=2, max_epochs=2, random_state=0).fit(X, X > 0.5)
    >>> net.predict_proba(X[:1]).shape
    (1, 2, 32, 32)
    >>> net.predict(np.zeros((1, 50, 70))).shape
    (1, 50, 70)
    """

    _parameter_constraints: ClassVar = {
        **NetSegmenter._parameter_constraints,
        "width": [Interval(Integral, 1, None, closed="left")],
        "depth": [Interval(Integral, 1, 8, closed="both")],
    }

    _is_channels_last = True
    _has_attention = False

    def __init__(
        self,
        *,
        width=16,
        depth=3,
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
        given = arguments_in(locals())
        self.width = given.pop("width")
        self.depth = given.pop("depth")
        super().__init__(UNet, **given)

    def _own_module_params(self):
        return {"width": self.width, "depth": self.depth, "attention": self._has_attention}


class AttentionUNetSegmenter(UNetSegmenter):
    """A U-Net with additive attention gates on its skips, that segments images [1]_.

    A gate weighs each pixel of a skip by what the decoder has seen below, so that what is far from
    any object is kept out.

    Parameters
    ----------
    width : int, default=16
        Channels of the first level; each level below has twice as many. The original has 64.
    depth : int, default=3
        How many times the image is halved. The original has 4.
    dropout : float, default=0.2
        The share of channels that training and :meth:`sample_proba` drop at the bottom, and after
        each level of the decoder but the last.
    loss, patch_size, max_epochs, warm_epochs, min_steps, batch_size, lr, optimizer, momentum, \
            weight_decay, standardize, augment, validation_fraction, early_stopping, lr_schedule, \
            clip_norm, callbacks, device, mixed_precision, warm_start, random_state, verbose
        As for :class:`NetSegmenter`.

    References
    ----------
    .. [1] Oktay et al. (2018), "Attention U-Net: learning where to look for the pancreas", MIDL.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.RandomState(0).rand(4, 32, 32)
    >>> net = AttentionUNetSegmenter(width=4, depth=2, max_epochs=2, random_state=0)
    >>> net.fit(X, X > 0.5).embed(X).shape
    (4, 16)
    """

    _has_attention = True
