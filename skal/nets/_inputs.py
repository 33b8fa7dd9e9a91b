"""Samples of any kind as batches of float32 tensors, a batch at a time.

A :class:`Reader` learns from the training data how samples are laid out, and their mean and
standard deviation; later it reads any rows of anything laid out the same way. What is on disk is
read in batches, so that a memory map or a folder of images is never held whole.
"""

import math
import mmap
import os
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch

CHANNELS = (1, 3, 4)  # of an image, where they stand last
BLOCK_VALUES = 2**21  # numbers read at once where no batch size says how many


@dataclass
class Reader:
    """How to read samples.

    Parameters
    ----------
    layout : {"rows", "flat", "gray", "channels_first", "channels_last", "paths"}
        How one sample is given.
    given_shape : tuple of int
        The shape of one sample as it is given; empty for paths.
    shape : tuple of int
        The shape of one sample as the network sees it: (C, H, W), or (n_features,).
    mean, std : ndarray of float32, or None
        Of each channel or feature, in a shape that broadcasts to `shape`.
    """

    layout: str
    given_shape: tuple
    shape: tuple
    mean: np.ndarray | None = None
    std: np.ndarray | None = None

    def read(self, X, rows, device="cpu"):
        """Return the samples at `rows`, an array or a slice, as a float32 tensor on `device`."""
        if self.layout == "paths":
            paths = X[rows] if isinstance(rows, slice) else [X[i] for i in rows]
            values = np.stack([self._read_image(path) for path in paths])
        else:
            values = X[rows]
        batch = _as_tensor(values, device)
        batch = self._laid_out(batch)
        _check_finite(batch, values.dtype)
        return self._standardized(batch)

    def _laid_out(self, batch):
        if self.layout in ("channels_last", "paths"):
            return batch.permute(0, 3, 1, 2).contiguous()
        return batch.reshape(len(batch), *self.shape)

    def _standardized(self, batch):
        if self.mean is None:
            return batch
        mean = torch.as_tensor(self.mean, device=batch.device)
        std = torch.as_tensor(self.std, device=batch.device)
        return batch.sub_(mean).div_(std)  # the batch is ours: it was just made

    def _read_image(self, path):
        image = read_image(path)
        channels, height, width = self.shape
        if image.shape != (height, width, channels):
            raise ValueError(
                f"all images must have the same size; expected {width} x {height} pixels and "
                f"{channels} channels, but {str(path)!r} has {image.shape[1]} x {image.shape[0]} "
                f"and {image.shape[2]}. Resize the images first."
            )
        return image

    def learn_statistics(self, X):
        """Learn mean and standard deviation from samples, a block at a time."""
        axes = (0, 2, 3) if len(self.shape) == 3 else (0,)
        total = square = count = 0
        for rows in blocks(len(X), self.shape):
            batch = self.read(X, rows).numpy().astype(np.float64)
            total = total + batch.sum(axis=axes)
            square = square + np.square(batch).sum(axis=axes)
            count += batch.size // math.prod(total.shape)
        mean = total / count
        variance = np.maximum(square / count - mean**2, 0)
        # what is constant stays so; rounding must not blow it up
        std = np.where(variance > 1e-12 * (1 + mean**2), np.sqrt(variance), 1)
        broadcast = (-1, 1, 1) if len(self.shape) == 3 else (-1,)
        self.mean = mean.astype(np.float32).reshape(broadcast)
        self.std = std.astype(np.float32).reshape(broadcast)

    def set_statistics(self, mean, std):
        """Take mean and standard deviation of each channel as given."""
        channels = self.shape[0]
        values = [np.asarray(given, np.float32) for given in (mean, std)]
        if any(v.shape != (channels,) for v in values) or not (values[1] > 0).all():
            raise ValueError(
                f"standardize must be True, False, or a pair of lists: a mean and a positive "
                f"standard deviation for each of {channels} channels; got {(mean, std)}."
            )
        broadcast = (-1, 1, 1) if len(self.shape) == 3 else (-1,)
        self.mean, self.std = (value.reshape(broadcast) for value in values)

    def validate(self, X):
        """Return samples whose rows can be read, or raise where they are not like the first."""
        X = as_samples(X)
        if (self.layout == "paths") != isinstance(X, list):
            raise ValueError(
                f"X must be {'a list of image paths' if self.layout == 'paths' else 'an array'}, "
                f"as in fit; got {'paths' if isinstance(X, list) else 'an array'}."
            )
        if self.layout != "paths" and X.shape[1:] != self.given_shape:
            raise ValueError(
                f"the samples must have shape {self.given_shape} each, as in fit; got "
                f"{X.shape[1:]}. Check the number of channels and the size of the images."
            )
        return X


def make_reader(X, image_shape=None):
    """Return the reader of samples laid out as in `X`, without statistics.

    Parameters
    ----------
    X : ndarray or list of paths
        As :func:`as_samples` returns them.
    image_shape : tuple of int, optional
        (H, W) or (C, H, W), for flat rows.
    """
    if isinstance(X, list):
        height, width, channels = read_image(X[0]).shape
        return Reader("paths", (), (channels, height, width))
    given = X.shape[1:]
    if image_shape is not None:
        return _reader_of_flat(given, image_shape)
    if X.ndim == 3:
        return Reader("gray", given, (1, *given))
    if X.ndim == 4:
        if given[2] in CHANNELS and given[0] > max(CHANNELS):
            return Reader("channels_last", given, (given[2], given[0], given[1]))
        return Reader("channels_first", given, given)
    return Reader("rows", given, (math.prod(given),))


def _reader_of_flat(given, image_shape):
    shape = tuple(int(side) for side in image_shape)
    shape = (1, *shape) if len(shape) == 2 else shape
    if math.prod(shape) != math.prod(given):
        raise ValueError(
            f"image_shape must have as many pixels as a sample has features; got {image_shape}, "
            f"which are {math.prod(shape)}, for samples of shape {given}."
        )
    return Reader("flat", given, shape)


def as_samples(X):
    """Return samples as an ndarray, or as a list of paths.

    Memory maps stay on disk, torch tensors and data frames are viewed as arrays where they can be.
    """
    if is_paths(X):
        return list(X)
    if isinstance(X, torch.Tensor):
        X = X.detach().cpu()
        return (X.float() if X.dtype == torch.bfloat16 else X).numpy()
    if isinstance(X, pd.DataFrame):
        X = X.to_numpy()
    if sp.issparse(X):
        raise TypeError("sparse matrices cannot be passed to a net: call X.toarray() first.")
    return X if isinstance(X, np.ndarray) else np.asarray(X)


def n_dims(X):
    """Return of how many dimensions samples are."""
    return X.ndim if hasattr(X, "ndim") else np.asarray(X).ndim


def is_paths(X):
    """Return whether samples are paths of images."""
    if isinstance(X, np.ndarray):
        return X.ndim == 1 and X.dtype.kind in "UO" and len(X) > 0 and is_path(X[0])
    return isinstance(X, list | tuple) and len(X) > 0 and all(map(is_path, X))


def is_path(value):
    """Return whether a value can be the path of a file."""
    return isinstance(value, str | os.PathLike)


def read_image(path):
    """Return the image in a file as uint8 of shape (H, W, C), with 1 channel if it is gray."""
    from PIL import Image

    with Image.open(path) as image:
        image = image if image.mode in ("L", "RGB") else image.convert("RGB")
        pixels = np.asarray(image)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def blocks(n_samples, shape, most=None):
    """Return slices of rows that are read at once."""
    size = max(1, BLOCK_VALUES // max(1, math.prod(shape)))
    size = size if most is None else min(size, most)
    return [slice(i, min(i + size, n_samples)) for i in range(0, n_samples, size)]


def _as_tensor(values, device):
    """Return values as a float32 tensor of its own; uint8 becomes [0, 1]."""
    values = np.ascontiguousarray(values)
    if values.dtype == np.uint8:
        # moved as bytes: a quarter of what floats take on the way to a GPU
        return torch.tensor(values, device=device).float().div_(255)
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinity, and refused
        values = values.astype(np.float32, copy=False)
    return torch.tensor(values, device=device)


def _check_finite(batch, dtype):
    if dtype.kind != "f" or torch.isfinite(batch.sum()):
        return
    bad = ~torch.isfinite(batch.flatten(1)).all(dim=1)
    if bad.any():
        raise ValueError(
            f"X contains NaN or infinity, or numbers too large for float32, in {int(bad.sum())} "
            f"samples. Remove these samples or fill in their pixels."
        )


def release_pages(X):
    """Let the system take back the memory that reading a memory map took.

    Only of maps that are shared with their file: nothing is lost.
    """
    owner, mode = X, None
    while isinstance(owner, np.ndarray):  # views of a memory map may be plain arrays
        mode = getattr(owner, "mode", None) or mode
        owner = owner.base
    is_shared = mode in ("r", "r+", "w+")  # of "c", changes would be lost
    if is_shared and isinstance(owner, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        owner.madvise(mmap.MADV_DONTNEED)
