"""Networks of torchvision, made for the shape of one sample, with dropout before the last layer."""

from collections import OrderedDict

from torch import nn

from .._compat import import_torchvision
from ._modules import check_size

PATCH = 16  # pixels of the patches that ViT-B/16 sees


def resnet18(in_shape, n_classes, *, stem="small", dropout=0.5):
    """Return torchvision's ResNet-18.

    Parameters
    ----------
    in_shape : tuple of int
        Channels, height and width.
    n_classes : int
    stem : {"small", "imagenet"}
        The first layers: a 3x3 convolution without pooling, for images up to about 64 pixels, or
        the original 7x7 with stride and pooling.
    dropout : float

    Returns
    -------
    torch.nn.Module
    """
    return _resnet("resnet18", "ResNet18Classifier", in_shape, n_classes, stem, dropout)


def resnet50(in_shape, n_classes, *, stem="small", dropout=0.5):
    """Return torchvision's ResNet-50; the arguments are those of :func:`resnet18`."""
    return _resnet("resnet50", "ResNet50Classifier", in_shape, n_classes, stem, dropout)


def _resnet(name, estimator, in_shape, n_classes, stem, dropout):
    check_size(estimator, in_shape, 8 if stem == "small" else 32)
    net = getattr(import_torchvision().models, name)(num_classes=n_classes)
    if stem == "small":
        net.conv1 = nn.Conv2d(in_shape[0], 64, 3, padding=1, bias=False)
        net.maxpool = nn.Identity()
    elif in_shape[0] != 3:
        net.conv1 = nn.Conv2d(in_shape[0], 64, 7, stride=2, padding=3, bias=False)
    net.fc = nn.Sequential(nn.Dropout(dropout), net.fc)
    return net


def efficientnet_b0(in_shape, n_classes, *, dropout=0.2):
    """Return torchvision's EfficientNet-B0."""
    check_size("EfficientNetB0Classifier", in_shape, 16)
    net = import_torchvision().models.efficientnet_b0(num_classes=n_classes, dropout=dropout)
    if in_shape[0] != 3:
        net.features[0][0] = nn.Conv2d(in_shape[0], 32, 3, stride=2, padding=1, bias=False)
    return net


def vit_b_16(in_shape, n_classes, *, dropout=0.1):
    """Return torchvision's ViT-B/16, for squares of a multiple of 16 pixels."""
    check_size("ViTB16Classifier", in_shape, PATCH)
    channels, height, width = in_shape
    if height != width or height % PATCH:
        raise ValueError(
            f"ViTB16Classifier needs squares of a multiple of {PATCH} pixels, such as 224 x 224; "
            f"got {height} x {width}. Resize the images."
        )
    net = import_torchvision().models.vit_b_16(image_size=height, num_classes=n_classes)
    if channels != 3:
        net.conv_proj = nn.Conv2d(channels, net.conv_proj.out_channels, PATCH, stride=PATCH)
    net.heads = nn.Sequential(OrderedDict(dropout=nn.Dropout(dropout), head=net.heads.head))
    return net


def with_inner_head(state):
    """Return a state dict of a ResNet, of torchvision's names, with those of skal's."""
    return {k.replace("fc.", "fc.1.") if k in OUTER_HEAD else k: v for k, v in state.items()}


OUTER_HEAD = ("fc.weight", "fc.bias")


def with_positions(state, size):
    """Return a state dict of a ViT whose positions are interpolated for images of a size."""
    interpolate = import_torchvision().models.vision_transformer.interpolate_embeddings
    return dict(interpolate(size, PATCH, dict(state)))
