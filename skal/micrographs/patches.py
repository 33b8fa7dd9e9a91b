"""Square patches of micrographs and their masks."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_random_state

__all__ = ["Patches", "extract_patches", "sample_patches"]


class Patches(NamedTuple):
    """Patches of one image.

    Parameters
    ----------
    images : ndarray of shape (n_patches, size, size)
        Of the dtype of the image.
    masks : ndarray of shape (n_patches, size, size) or None
        The same places of the mask; None where no mask was given.
    corners : ndarray of int of shape (n_patches, 2)
        x and y of each patch's top left pixel: what is at (x, y) of a patch is at
        ``corners + (x, y)`` of the image.
    """

    images: np.ndarray
    masks: np.ndarray | None
    corners: np.ndarray


def extract_patches(image, mask, size, *, stride=None):
    """Cut an image into patches that cover it, row by row.

    Where the stride does not lead to an edge, a last patch is set against the edge: every pixel is
    in a patch, and no patch is padded or left out.

    Parameters
    ----------
    image : array-like of shape (H, W)
        The image, at least as large as a patch.
    mask : array-like of shape (H, W) or None
        What is cut in the same way, such as a mask of particles.
    size : int
        Height and width of a patch, in pixels.
    stride : int, default=None
        Pixels from one patch to the next, at most `size`; None is `size`.

    Returns
    -------
    Patches
        Copies, with their corners.

    Raises
    ------
    ValueError
        If the image is smaller than a patch, the mask has another shape, or pixels would be
        skipped.

    Examples
    --------
    >>> patches = extract_patches(np.arange(20).reshape(4, 5), None, 4)
    >>> patches.corners
    array([[0, 0],
           [1, 0]])
    """
    image, mask = _validate_pair(image, mask, size)
    stride = size if stride is None else stride
    if not 1 <= stride <= size:
        raise ValueError(
            f"stride must be from 1 to size={size}, or pixels would be skipped; got {stride}."
        )
    rows, columns = (_starts(n, size, stride) for n in image.shape)
    corners = [(x, y) for y in rows for x in columns]
    return _cut(image, mask, np.array(corners), size)


def _starts(length, size, stride):
    starts = list(range(0, length - size + 1, stride))
    if starts[-1] != length - size:
        starts.append(length - size)
    return starts


def sample_patches(image, mask, size, n_patches, *, positive_share=0.5, random_state=None):
    """Draw patches, a given share of which hold particles.

    Those with particles are drawn around a pixel of a particle, anywhere in the patch but for the
    edges of the image. The others hold no pixel of a particle, and at least one of background.
    Places are drawn with replacement, and the patches are in random order.

    Parameters
    ----------
    image : array-like of shape (H, W)
        The image, at least as large as a patch.
    mask : array-like of shape (H, W)
        1 in particles, 0 in the background, -1 where neither is known.
    size : int
        Height and width of a patch, in pixels.
    n_patches : int
        How many patches to draw.
    positive_share : float, default=0.5
        The share with particles, in [0, 1]; their number is rounded.
    random_state : int, RandomState instance or None, default=None
        The source of the draws.

    Returns
    -------
    Patches
        Exactly `n_patches` of them.

    Raises
    ------
    ValueError
        If no patch with, or none without, particles is to be had. Where particles are dense,
        larger patches all hold one: ask for ``positive_share=1`` or smaller patches.

    Examples
    --------
    >>> mask = np.zeros((20, 20), np.uint8)
    >>> mask[4:6, 4:6] = 1
    >>> patches = sample_patches(mask, mask, 8, 10, positive_share=0.3, random_state=0)
    >>> int(patches.masks.any(axis=(1, 2)).sum())
    3
    """
    image, mask = _validate_pair(image, mask, size)
    _check_draws(mask, n_patches, positive_share)
    rng = check_random_state(random_state)
    n_positive = round(n_patches * positive_share)
    with_particles = _corners_around(mask == 1, size, n_positive, rng)
    without = _corners_without(mask, size, n_patches - n_positive, rng)
    corners = rng.permutation(np.concatenate([with_particles, without]))
    return _cut(image, mask, corners, size)


def _corners_around(particles, size, n, rng):
    """Return corners of patches that each hold a pixel of a particle, drawn uniformly."""
    if not n:
        return np.empty((0, 2), np.intp)
    y, x = np.nonzero(particles)
    if not len(x):
        raise ValueError(
            f"{n} patches with particles are asked for, but no pixel of the mask is 1. Pass "
            "positive_share=0, or a micrograph with particles."
        )
    drawn = rng.randint(len(x), size=n)
    corners = np.stack([x[drawn], y[drawn]], axis=1) - rng.randint(size, size=(n, 2))
    return corners.clip(0, np.array(particles.shape[::-1]) - size)


def _corners_without(mask, size, n, rng):
    """Return corners of patches of background, drawn uniformly."""
    if not n:
        return np.empty((0, 2), np.intp)
    free = (_count_in_windows(mask == 1, size) == 0) & (_count_in_windows(mask == 0, size) > 0)
    places = np.flatnonzero(free)
    if not len(places):
        raise ValueError(
            f"{n} patches without particles are asked for, but all patches of {size} x {size} "
            "pixels hold one. Pass positive_share=1, or a smaller size."
        )
    y, x = np.unravel_index(places[rng.randint(len(places), size=n)], free.shape)
    return np.stack([x, y], axis=1)


def _count_in_windows(is_set, size):
    """Return how many pixels are set in the window at every corner, by cumulative sums."""
    sums = np.pad(is_set.cumsum(axis=0, dtype=np.int32).cumsum(axis=1), ((1, 0), (1, 0)))
    return sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]


def _cut(image, mask, corners, size):
    def cut(values):
        windows = np.lib.stride_tricks.sliding_window_view(values, (size, size))
        return windows[corners[:, 1], corners[:, 0]]

    return Patches(cut(image), None if mask is None else cut(mask), corners)


def _validate_pair(image, mask, size):
    image = np.asarray(image)
    mask = None if mask is None else np.asarray(mask)
    if image.ndim != 2 or min(image.shape) < size or size < 1:
        raise ValueError(
            f"an image must be at least as large as a patch, of at least one pixel; got {size=} "
            f"for an image of shape {image.shape}. Use smaller patches."
        )
    if mask is not None and mask.shape != image.shape:
        raise ValueError(
            f"the mask must have the shape of its image, {image.shape}; got {mask.shape}."
        )
    return image, mask


def _check_draws(mask, n_patches, positive_share):
    if mask is None:
        raise ValueError("a mask says where particles are; got None. Draw one with make_mask.")
    if n_patches < 1:
        raise ValueError(f"n_patches must be at least 1; got {n_patches}.")
    if not 0 <= positive_share <= 1:
        raise ValueError(f"positive_share must be in [0, 1]; got {positive_share}.")
