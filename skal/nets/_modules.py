"""The networks themselves, as torch modules that return logits.

Each is built for the shape of one sample, so that no user counts channels. All have dropout, and
where they can they are plain sequences of layers: a pass with dropout is then a thinner network.
"""

import math

from torch import nn


class MLP(nn.Sequential):
    """Two fully connected layers, with dropout between."""

    def __init__(self, in_shape, n_classes, *, n_hidden=128, dropout=0.5):
        super().__init__(
            nn.Flatten(),
            nn.Linear(math.prod(in_shape), n_hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(n_hidden, n_classes),
        )


class CNN(nn.Sequential):
    """Three 3x3 convolutions with max-pooling, and two fully connected layers."""

    def __init__(self, in_shape, n_classes, *, dropout=0.5):
        check_size("CNNClassifier", in_shape, 8)
        layers, channels = [], in_shape[0]
        for width in (32, 64, 128):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
            channels = width
        n_flat = channels * (in_shape[1] // 8) * (in_shape[2] // 8)
        super().__init__(*layers, nn.Flatten(), *_head(n_flat, n_classes, dropout))


class LeNet(nn.Sequential):
    """Two 5x5 convolutions with max-pooling, and two fully connected layers.

    Dropout stands before each fully connected layer and, of whole channels, after each convolution.
    """

    def __init__(self, in_shape, n_classes, *, dropout=0.5, conv_dropout=0.0):
        check_size("LeNetClassifier", in_shape, 16)
        channels, height, width = in_shape
        n_flat = 64 * (((height - 4) // 2 - 4) // 2) * (((width - 4) // 2 - 4) // 2)
        super().__init__(
            *[nn.Conv2d(channels, 32, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Dropout2d(conv_dropout)],
            *[nn.Conv2d(32, 64, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Dropout2d(conv_dropout)],
            nn.Flatten(),
            *_head(n_flat, n_classes, dropout),
        )


def _head(n_features, n_classes, dropout):
    """Return two fully connected layers, with dropout before each."""
    return [
        nn.Dropout(dropout),
        nn.Linear(n_features, 128),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(128, n_classes),
    ]


def check_size(name, in_shape, smallest):
    """Raise for samples that are no images, or too small for all pooling steps."""
    if len(in_shape) != 3:
        raise ValueError(
            f"{name} needs images, of shape (n, H, W) or (n, C, H, W); got rows of "
            f"{in_shape[0]} features. Say how they are laid out with image_shape=(H, W) or "
            f"(C, H, W), or use MLPClassifier."
        )
    if min(in_shape[1:]) < smallest:
        raise ValueError(
            f"{name} needs images of at least {smallest} x {smallest} pixels; got "
            f"{in_shape[1]} x {in_shape[2]}. Use a smaller network such as MLPClassifier, or "
            f"enlarge the images."
        )


def last_linear(module):
    """Return the last fully connected layer of a module, in the order of definition, or None."""
    layers = [layer for layer in module.modules() if isinstance(layer, nn.Linear)]
    return layers[-1] if layers else None


DROPOUTS = (
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
    nn.Dropout3d,
    nn.AlphaDropout,
    nn.FeatureAlphaDropout,
)


def active_dropouts(module):
    """Return the dropout layers of a module that would drop anything."""
    return [layer for layer in module.modules() if isinstance(layer, DROPOUTS) and layer.p > 0]


def as_logits(output):
    """Return what a module says first; some say more."""
    return output[0] if isinstance(output, tuple | list) else output
