"""Whole images, patches and tiles: how segmenters read, train and predict."""

import math
from dataclasses import dataclass

import numpy as np
import torch

from ._inputs import BLOCK_VALUES, Reader, as_samples, blocks
from ._training import InferenceBatches, Net, TrainingBatches

TILE = 1024  # pixels of a side: larger images are predicted in parts
FLAT = 1e-6  # of the mean square: an image that varies less is constant


@dataclass
class ImageReader(Reader):
    """How to read images of any size, each with a mean of 0 and a variance of 1 if asked for.

    Parameters
    ----------
    layout, given_shape, shape, mean, std
        As for :class:`Reader`.
    by_image : bool
        Whether mean and standard deviation are each image's own.
    """

    by_image: bool = False

    def _laid_out(self, batch):
        if self.layout == "gray":
            return batch[:, None]
        if self.layout == "channels_first":
            return batch
        return super()._laid_out(batch)

    def _standardized(self, batch):
        if not self.by_image:
            return super()._standardized(batch)
        mean = batch.mean(dim=(2, 3), keepdim=True)
        batch = batch.sub_(mean)
        std = batch.square().mean(dim=(2, 3), keepdim=True).sqrt_()
        is_flat = std <= FLAT * mean.abs().clamp(min=FLAT)
        return batch.div_(std.masked_fill_(is_flat, 1.0))

    def validate(self, X):
        """Return images whose rows can be read, or raise if they have other channels."""
        X = as_samples(X)
        if (self.layout == "paths") != isinstance(X, list):
            return super().validate(X)  # which raises
        if self.layout != "paths" and _channels(X.shape[1:]) != _channels(self.given_shape):
            raise ValueError(
                f"the images must have shape {self._expected()}, of any height and width, as in "
                f"fit; got {X.shape}."
            )
        return X

    def _expected(self):
        channels = self.shape[0]
        layouts = {"gray": "(n, H, W)", "channels_last": f"(n, H, W, {channels})"}
        return layouts.get(self.layout, f"(n, {channels}, H, W)")

    def size_of(self, X):
        """Return height and width of images as :meth:`validate` returns them."""
        if self.layout == "paths":
            return self.shape[1:]
        return X.shape[1:3] if self.layout == "channels_last" else X.shape[-2:]


def _channels(shape):
    """Return how many axes an image has, and its channels where they stand first."""
    return len(shape), shape[0] if len(shape) == 3 else 1


class Patches(TrainingBatches):
    """Random patches of the training images, as many in an epoch as cover them once.

    Images that are not larger than a patch are taken whole.
    """

    def __init__(self, data, net):
        super().__init__(data, net)
        self.size = net.reader.size_of(data.X)
        self.sides = [min(net.patch_size or side, side) for side in self.size]
        n_of_image = patches_of_image(self.size, net.patch_size)
        self.rows = torch.arange(len(data)).repeat_interleave(n_of_image)

    def __len__(self):
        return math.ceil(len(self.rows) / self.net.batch_size)

    def __iter__(self):
        order = self.rows[torch.randperm(len(self.rows))]
        for rows in order.tensor_split(len(self)):  # all of nearly the same size
            corners = [
                torch.randint(0, side - patch + 1, (len(rows),))
                for side, patch in zip(self.size, self.sides, strict=True)
            ]
            yield self._patches(rows, torch.stack(corners, dim=1).tolist())

    def _patches(self, rows, corners):
        height, width = self.sides
        X, y = [], []
        for row, (top, left) in zip(rows.tolist(), corners, strict=True):
            image = self.X[row] if self.is_held else self._read(torch.tensor([row]))[0]
            X.append(image[:, top : top + height, left : left + width])
            y.append(self.y[row, top : top + height, left : left + width])
        return torch.stack(X), torch.stack(y)


def patches_of_image(size, patch_size):
    """Return how many patches of an image are an epoch of it."""
    return math.prod(math.ceil(side / min(patch_size or side, side)) for side in size)


class ImageBatches(InferenceBatches):
    """Images in order, as many at a time as their size allows."""

    def __init__(self, data, net):
        self.data, self.net = data, net
        shape = (net.reader.shape[0], *net.reader.size_of(data.X))
        self.slices = blocks(len(data), shape, net.inference_rows)


class SegmenterNet(Net):
    """What trains: a skorch net that takes patches, and moves images and masks alike.

    Parameters
    ----------
    patch_size : int or None
        The side of training patches; None is the whole image.
    **params
        As for :class:`Net`.
    """

    def __init__(self, *args, patch_size=None, **params):
        super().__init__(*args, **params)
        self.patch_size = patch_size

    def get_iterator(self, dataset, training=False):
        """Return batches; of a tile, the tile itself."""
        if isinstance(dataset, Tile):
            return [(dataset.image, torch.zeros(1))]
        return (Patches if training else ImageBatches)(dataset, self)

    def get_dataset(self, X, y=None):
        """Return samples as a dataset."""
        return X if isinstance(X, Tile) else super().get_dataset(X, y)

    def get_loss(self, y_pred, y_true, *args, **kwargs):
        """Return the loss of a batch."""
        return super().get_loss(y_pred, y_true.long(), *args, **kwargs)

    def train_step_single(self, batch, **params):
        """Take one step, on images and masks moved alike."""
        X, y = batch
        if self.augment is not None:
            X, y = self.augment(X, y)
        return self._step(X, y, **params)


class Tile:
    """A part of an image that is standardized already; looks like a dataset of one sample."""

    def __init__(self, image):
        self.image = image

    def __len__(self):
        return 1


def run_in_tiles(function, net, image, reach):
    """Return what a function says of an image, put together from overlapping parts.

    A pixel depends on none that is farther than `reach`, so that the parts, cut to what is that far
    from their inner borders, are those of the whole image.

    Parameters
    ----------
    function : callable
        Takes a net and a dataset of one image, and returns maps of shape (..., h, w): h and w are
        those of the image, divided by a power of 2 and rounded up.
    net : SegmenterNet
    image : tensor of shape (1, C, H, W)
        Standardized.
    reach : int
        A multiple of all these powers.

    Returns
    -------
    list of ndarray of shape (..., h, w)
    """
    out = None
    for rows in _spans(image.shape[2]):
        for columns in _spans(image.shape[3]):
            (top, left), inner = zip(
                *(_with_margin(s, reach) for s in (rows, columns)), strict=True
            )
            tile = image[:, :, top, left]
            maps = function(net, Tile(tile))
            if out is None:
                scales = [_scale_of(part, tile) for part in maps]
                out = [_empty_like(*pair, image) for pair in zip(maps, scales, strict=True)]
            for whole, part, scale in zip(out, maps, scales, strict=True):
                place, cut = _scaled((rows, columns), scale), _scaled(inner, scale)
                whole[(..., *place)] = part[(..., *cut)]
    return out


def _scale_of(part, tile):
    """Return how many pixels of a tile one of a map stands for, on each side: a power of 2."""
    return 2 ** round(math.log2(max(tile.shape[2:]) / max(part.shape[-2:])))


def _empty_like(part, scale, image):
    size = [-(-side // scale) for side in image.shape[2:]]
    return np.empty((*part.shape[:-2], *size), part.dtype)


def _spans(length):
    return [slice(i, min(i + TILE, length)) for i in range(0, length, TILE)]


def _with_margin(span, margin):
    """Return a span with a margin, and where the span lies in it."""
    begin = max(0, span.start - margin)
    return slice(begin, span.stop + margin), slice(span.start - begin, span.stop - begin)


def _scaled(spans, scale):
    return [slice(s.start // scale, -(-s.stop // scale)) for s in spans]


def is_large(size):
    """Return whether images of a size are predicted in parts."""
    return math.prod(size) > TILE**2


def rows_at_once(shape):
    """Return how many images of a shape are read at once."""
    return max(1, BLOCK_VALUES // math.prod(shape))
