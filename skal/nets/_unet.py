"""U-Nets, with and without attention gates, as torch modules that return logits a pixel."""

import torch
from torch import nn
from torch.nn import functional as F


class UNet(nn.Module):
    """A U-Net: an encoder, a decoder, and skips between them [1]_ [2]_.

    Each level has two 3x3 convolutions with batch norm and twice the channels of the one above.
    Images of any size go in: they are continued at the right and the bottom to a multiple of
    ``2 ** depth`` and cut again.

    Parameters
    ----------
    in_shape : tuple of int
        Channels, height and width; only the channels matter.
    n_classes : int
    width : int
        Channels of the first level.
    depth : int
        How many times the image is halved.
    attention : bool
        Whether gates weigh the skips by what the decoder has seen below.
    dropout : float
        The share of channels dropped at the bottom and after each level of the decoder but the
        last.

    References
    ----------
    .. [1] Ronneberger, Fischer and Brox (2015), "U-Net: convolutional networks for biomedical
       image segmentation", MICCAI.
    .. [2] Oktay et al. (2018), "Attention U-Net: learning where to look for the pancreas", MIDL.
    """

    def __init__(self, in_shape, n_classes, *, width=16, depth=3, attention=False, dropout=0.2):
        super().__init__()
        widths = [width * 2**level for level in range(depth + 1)]
        self.depth = depth
        self.encoder = nn.ModuleList(
            _double(*pair) for pair in zip([in_shape[0], *widths[:-1]], widths, strict=True)
        )
        self.bottom = nn.Dropout2d(dropout)
        self.decoder = nn.ModuleList(
            _Up(widths[level], attention, dropout if level else 0.0)
            for level in reversed(range(depth))
        )
        self.head = nn.Conv2d(width, n_classes, 1)

    def forward(self, x):
        """Return logits of shape (n, n_classes, H, W)."""
        height, width = x.shape[2:]
        skips = []
        for level, block in enumerate(self.encoder):
            x = block(_padded(x, self.scale) if level == 0 else F.max_pool2d(x, 2))
            skips.append(x)
        x = self.bottom(skips.pop())
        for up in self.decoder:
            x = up(x, skips.pop())
        return self.head(x)[:, :, :height, :width]

    @property
    def scale(self):
        """How many pixels one of the bottom stands for, on each side."""
        return 2**self.depth

    @property
    def reach(self):
        """How far the logits of a pixel depend on others, at most, in pixels."""
        return 8 * self.scale  # 6 by convolutions of 3x3, 2 by pooling and its inverse


class _Up(nn.Module):
    """One level of the decoder."""

    def __init__(self, width, attention, dropout):
        super().__init__()
        self.up = nn.ConvTranspose2d(2 * width, width, 2, stride=2)
        self.gate = AttentionGate(width) if attention else None
        self.convolve = _double(2 * width, width)
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, x, skip):
        x = self.up(x)
        if len(x) != len(skip):  # several draws of the bottom, draws first
            skip = skip.repeat(len(x) // len(skip), 1, 1, 1)
        if self.gate is not None:
            skip = self.gate(skip, x)
        return self.dropout(self.convolve(torch.cat([skip, x], dim=1)))


class AttentionGate(nn.Module):
    """An additive gate: a weight in [0, 1] for each pixel of a skip [1]_.

    References
    ----------
    .. [1] Oktay et al. (2018), "Attention U-Net: learning where to look for the pancreas", MIDL,
       eq. 1 and 2, with batch norm.
    """

    def __init__(self, width):
        super().__init__()
        between = max(1, width // 2)
        self.of_skip = nn.Sequential(nn.Conv2d(width, between, 1), nn.BatchNorm2d(between))
        self.of_signal = nn.Sequential(nn.Conv2d(width, between, 1), nn.BatchNorm2d(between))
        self.weight = nn.Sequential(nn.Conv2d(between, 1, 1), nn.BatchNorm2d(1), nn.Sigmoid())

    def forward(self, skip, signal):
        return skip * self.weight(F.relu(self.of_skip(skip) + self.of_signal(signal)))


def _double(n_in, n_out):
    """Return two convolutions with batch norm."""
    layers = []
    for channels in (n_in, n_out):
        layers += [nn.Conv2d(channels, n_out, 3, padding=1), nn.BatchNorm2d(n_out), nn.ReLU(True)]
    return nn.Sequential(*layers)


def _padded(x, multiple):
    """Return images whose sides are multiples, continued with their last row and column."""
    right, bottom = (-x.shape[3]) % multiple, (-x.shape[2]) % multiple
    return F.pad(x, (0, right, 0, bottom), mode="replicate") if right or bottom else x
