"""Image files as models take them, and skops files as they are safe to load."""

from pathlib import Path

import numpy as np

from .._features import SIDE, describe
from .._images import quiet, read_small
from . import _skops


def describe_images(paths):
    """Return the features of image files, as exported models of scikit-learn take them.

    Parameters
    ----------
    paths : sequence of path
        PNG, JPEG, WebP, TIFF or BMP files.

    Returns
    -------
    ndarray of float32 of shape (n, 756)
        Histograms of oriented gradients, then 12 x 12 pixels of the three colors in [0, 1].
    """
    images = read_images(paths, SIDE)
    return np.stack([describe(image) for image in images]).astype(np.float32)


def read_images(paths, size):
    """Return image files as exported nets take them.

    Parameters
    ----------
    paths : sequence of path
        PNG, JPEG, WebP, TIFF or BMP files.
    size : int
        The side in pixels of the squares that they are squeezed into.

    Returns
    -------
    ndarray of uint8 of shape (n, size, size, 3)
    """
    with quiet():
        return np.stack([read_small(Path(path), size) for path in paths])


def load_skops(path):
    """Return the estimator in a skops file, if all types in it are known to be safe.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    estimator

    Raises
    ------
    ModelFileError
        If it holds other types, which the message lists, or is broken.
    """
    path = Path(path)
    return _skops.load(path.read_bytes(), path.name)
