"""Micrographs of which some have labels, for self-training: what ``skal pick self-train`` reads."""

from dataclasses import dataclass

import numpy as np

from .._random import round_rng
from ..micrographs import make_mask, read_micrograph
from ..micrographs._picked import by_micrograph, on_images, validate_picks, warn_of

__all__ = ["PartlyLabeled", "load_partly_labeled"]

RADIUS_PX = 10.0  # of particles whose picks tell none, as README of seed 2 has it


@dataclass(frozen=True, eq=False)
class PartlyLabeled:
    """Images with and without labels, and images to test on.

    Parameters
    ----------
    X, X_unlabeled, X_test : ndarray of uint8 or float32 of shape (n, H, W)
        Images; there may be none without labels, and none to test on.
    y, y_test : ndarray of int8 of shape (n, H, W)
        1 in particles, 0 in the background.
    """

    X: np.ndarray
    y: np.ndarray
    X_unlabeled: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray

    def __repr__(self):
        height, width = self.X.shape[1:]
        return (
            f"PartlyLabeled({len(self.X)} images of {height} x {width} pixels with labels, "
            f"{self.y.mean():.1%} of them particles; {len(self.X_unlabeled)} without, "
            f"{len(self.X_test)} to test on)"
        )


def load_partly_labeled(
    paths, picks, *, unlabeled=(), radius_px=None, n_labeled=1.0, test_size=0.0, random_state=42
):
    """Read images and draw their particles, and leave out the labels of some.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Images of one shape, in any format.
    picks : pandas.DataFrame
        Columns micrograph, x and y. An image that no pick names holds no particles.
    unlabeled : sequence of pathlib.Path, default=()
        Further images of that shape, without labels.
    radius_px : float, default=None
        The radius of particles in pixels. None is half the column `diameter` of each, and 10 where
        there is no such column.
    n_labeled : int or float, default=1.0
        How many of the images that are not to test on keep their labels, or the share of them; at
        least one. Which they are is drawn; with more, the same ones and others keep them.
    test_size : float, default=0.0
        The share of images to test on, at least one unless it is 0. They are drawn first.
    random_state : int, RandomState instance or None, default=42

    Returns
    -------
    PartlyLabeled

    Raises
    ------
    ValueError
        If images have different shapes, there are too few of them, or no pick is on any.

    Warns
    -----
    UserWarning
        Of picks outside their image, and of images that neither a pick nor
        ``picks.attrs["micrographs"]`` names.
    """
    picks = validate_picks(picks)
    test, labeled, others = _split(list(paths), n_labeled, test_size, random_state)
    X = _read(labeled)
    X_test, X_unlabeled = _read(test, like=X), _read([*others, *unlabeled], like=X)
    shapes = {path.name: X.shape[1:] for path in paths}
    there, report = on_images(picks, shapes)
    warn_of(report, picks.attrs["micrographs"], stacklevel=2)
    tables = by_micrograph(there, shapes)

    def masks(paths):
        drawn = [_mask(tables[path.name], X.shape[1:], radius_px) for path in paths]
        return np.array(drawn, np.int8).reshape(len(paths), *X.shape[1:])

    return PartlyLabeled(X, masks(labeled), X_unlabeled, X_test, masks(test))


def _split(paths, n_labeled, test_size, random_state):
    """Return which images are to test on, which have labels and which have none."""
    n_test = max(1, round(test_size * len(paths))) if test_size else 0
    n_left = len(paths) - n_test
    count = n_labeled if isinstance(n_labeled, int) else max(1, round(n_labeled * n_left))
    if not 0 < count <= n_left:
        raise ValueError(
            f"the images with labels must be at least 1 and at most the {n_left} there are, those "
            f"to test on not counted; got {count}."
        )
    order = round_rng(random_state, 0, "labels").permutation(len(paths))
    parts = np.split(order, [n_test, n_test + count])
    return [[paths[i] for i in sorted(part)] for part in parts]


def _read(paths, like=None):
    """Return images as one array, uint8 if all are."""
    images = None if like is None else np.empty((len(paths), *like.shape[1:]), like.dtype)
    for i, path in enumerate(paths):
        image = read_micrograph(path).image
        if images is None:
            images = np.empty((len(paths), *image.shape), np.uint8)
        if image.shape != images.shape[1:]:
            raise ValueError(
                f"all images must have one shape; {path.name} has {image.shape[0]} x "
                f"{image.shape[1]} pixels, others {images.shape[1]} x {images.shape[2]}. Cut or "
                f"scale them first."
            )
        if image.dtype != np.uint8:
            images = images.astype(np.float32, copy=False)
        images[i] = image
    return images


def _mask(picks, shape, radius_px):
    if radius_px is None and "diameter" not in picks:
        radius_px = RADIUS_PX
    diameter = None if radius_px is None else 2 * radius_px
    return make_mask(picks, shape, diameter_px=diameter)
