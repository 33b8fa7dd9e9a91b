"""Images and masks in ``batch_*.npz`` files, as prepared for nets."""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..exceptions import FormatError
from ._content import reading
from ._numpy import CHANNELS, averaged_channels, loading

__all__ = ["Batches", "read_batches"]

LABELS = (-1, 0, 1)  # ignore, background, particle


class Batches(Sequence):
    """Files of images and masks, each of which is read when it is asked for.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        The files. ``batches[i]`` is ``(images, masks)`` of the file `i`, as :func:`read_batches`
        describes them; nothing is kept.
    """

    def __init__(self, paths):
        self.paths = list(paths)

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Batches(self.paths[index])
        return _read(self.paths[index])

    def __repr__(self):
        return f"Batches({len(self)} files)"


def read_batches(folder):
    """Find the ``batch_*.npz`` files of a folder, in the order of their numbers.

    Parameters
    ----------
    folder : path-like
        Each file has the arrays ``images``, (N, H, W) or (N, H, W, C), uint8 or float, and
        ``masks``, (N, H, W) of 1 particle, 0 background, -1 ignore.

    Returns
    -------
    Batches
        A sequence of pairs: images (N, H, W) in their own data type, channels averaged (and
        rounded, if integers), and masks (N, H, W) int8. A file is read when it is asked for.

    Raises
    ------
    FormatError
        At once if there are no files; when a file is read, if it is damaged, an array is missing,
        or a shape or a value is wrong. Files that would run code when loaded are refused.
    """
    folder = Path(folder)
    with reading(folder):
        paths = [path for path in folder.iterdir() if re.fullmatch(r"batch_.*\.npz", path.name)]
    if not paths:
        raise FormatError(f"{folder} has no files batch_*.npz. Pass the folder that has them.")
    return Batches(sorted(paths, key=_by_number))


def _by_number(path):
    """Return a key that sorts batch_2 before batch_10."""
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _read(path):
    images, masks = _load(path)
    if images.ndim == 4 and images.shape[-1] in CHANNELS:
        images = averaged_channels(images)
    if images.ndim != 3 or masks.shape != images.shape:
        raise FormatError(
            f"{path}: images must have shape (N, H, W) or (N, H, W, C) and masks (N, H, W) of the "
            f"same; got {images.shape} and {masks.shape}."
        )
    if images.dtype.kind not in "uf":
        raise FormatError(f"{path}: images must be uint8 or float; got {images.dtype}.")
    found = np.unique(masks)
    if not np.isin(found, LABELS).all():
        raise FormatError(
            f"{path}: masks must be 1 particle, 0 background, -1 ignore; got {found[:5].tolist()}."
        )
    return images, masks.astype(np.int8)


def _load(path):
    with reading(path):
        if not zipfile.is_zipfile(path):
            raise FormatError(f"{path} is truncated or no npz file. Get it again.")
    with loading(path), reading(path), np.load(path, allow_pickle=False) as arrays:
        missing = [name for name in ("images", "masks") if name not in arrays]
        if missing:
            raise FormatError(f"{path} needs the arrays images and masks; {missing} are missing.")
        return arrays["images"], arrays["masks"]
