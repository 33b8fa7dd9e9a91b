"""Networks of torchvision as estimators for photographs; weights come from files of the user."""

from typing import ClassVar

from .._compat import StrOptions
from ._base import arguments_in
from ._photo_modules import (
    efficientnet_b0,
    resnet18,
    resnet50,
    vit_b_16,
    with_inner_head,
    with_positions,
)
from .classifier import NetClassifier


class _ResNet(NetClassifier):
    """What the ResNets share; a subclass says which it is."""

    _parameter_constraints: ClassVar = {
        **NetClassifier._parameter_constraints,
        "stem": [StrOptions({"small", "imagenet"})],
    }

    _is_channels_last = True

    def __init__(
        self,
        *,
        stem="small",
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
        self.stem = given.pop("stem")
        super().__init__(self._build, **given)

    def _own_module_params(self):
        return {"stem": self.stem}

    def _adapt_weights(self, state):
        return with_inner_head(state)

    def _last_block(self, module):
        return [module.layer4, module.fc]


class ResNet18Classifier(_ResNet):
    """ResNet-18 as in torchvision, with dropout before its last layer, for images [1]_.

    Parameters
    ----------
    stem : {"small", "imagenet"}, default="small"
        The first layers: a 3x3 convolution without pooling, for images up to about 64 pixels, or
        the original 7x7 with stride and pooling.
    dropout : float, default=0.5
        The share of the last layer's inputs that training and :meth:`sample_proba` drop.
    max_epochs, batch_size, lr, optimizer, momentum, weight_decay, image_shape, standardize, \
            augment, validation_fraction, early_stopping, lr_schedule, clip_norm, callbacks, \
            device, mixed_precision, warm_start, weights, trainable, random_state, verbose
        As for :class:`NetClassifier`.

    References
    ----------
    .. [1] He, Zhang, Ren and Sun (2016), "Deep residual learning for image recognition", CVPR.
    """

    _build = staticmethod(resnet18)


class ResNet50Classifier(_ResNet):
    """ResNet-50 as in torchvision, with dropout before its last layer, for images [1]_.

    Parameters
    ----------
    stem : {"small", "imagenet"}, default="small"
        The first layers: a 3x3 convolution without pooling, for images up to about 64 pixels, or
        the original 7x7 with stride and pooling.
    dropout : float, default=0.5
        The share of the last layer's inputs that training and :meth:`sample_proba` drop.
    max_epochs, batch_size, lr, optimizer, momentum, weight_decay, image_shape, standardize, \
            augment, validation_fraction, early_stopping, lr_schedule, clip_norm, callbacks, \
            device, mixed_precision, warm_start, weights, trainable, random_state, verbose
        As for :class:`NetClassifier`.

    References
    ----------
    .. [1] He, Zhang, Ren and Sun (2016), "Deep residual learning for image recognition", CVPR.
    """

    _build = staticmethod(resnet50)


class EfficientNetB0Classifier(NetClassifier):
    """EfficientNet-B0 as in torchvision, for images from 16 x 16 pixels [1]_.

    Parameters
    ----------
    dropout : float, default=0.2
        The share of the last layer's inputs that training and :meth:`sample_proba` drop.
    max_epochs, batch_size, lr, optimizer, momentum, weight_decay, image_shape, standardize, \
            augment, validation_fraction, early_stopping, lr_schedule, clip_norm, callbacks, \
            device, mixed_precision, warm_start, weights, trainable, random_state, verbose
        As for :class:`NetClassifier`.

    References
    ----------
    .. [1] Tan and Le (2019), "EfficientNet: rethinking model scaling for convolutional neural
       networks", ICML.
    """

    _is_channels_last = True

    def __init__(
        self,
        *,
        dropout=0.2,
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
        super().__init__(efficientnet_b0, **arguments_in(locals()))

    def _last_block(self, module):
        return [*module.features[-2:], module.classifier]


class ViTB16Classifier(NetClassifier):
    """ViT-B/16 as in torchvision, for squares of a multiple of 16 pixels [1]_.

    Positions in `weights` of another size are interpolated. It has 86 million weights: choose
    ``trainable="last_layer"`` or ``"last_block"`` where there is no GPU.

    Parameters
    ----------
    dropout : float, default=0.1
        The share of the last layer's inputs that training and :meth:`sample_proba` drop.
    max_epochs, batch_size, lr, optimizer, momentum, weight_decay, image_shape, standardize, \
            augment, validation_fraction, early_stopping, lr_schedule, clip_norm, callbacks, \
            device, mixed_precision, warm_start, weights, trainable, random_state, verbose
        As for :class:`NetClassifier`.

    References
    ----------
    .. [1] Dosovitskiy et al. (2021), "An image is worth 16x16 words: transformers for image
       recognition at scale", ICLR.
    """

    def __init__(
        self,
        *,
        dropout=0.1,
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
        super().__init__(vit_b_16, **arguments_in(locals()))

    def _adapt_weights(self, state):
        return with_positions(state, self.reader_.shape[1])

    def _last_block(self, module):
        return [module.encoder.layers[-1], module.encoder.ln, module.heads]
