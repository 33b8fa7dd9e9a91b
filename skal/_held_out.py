"""Labeled pixels kept apart from training, and how well a model labels them."""

import numpy as np

from ._pseudo_labels import IGNORE

MAX_DRAWS = 100


def held_out_pixels(y, fraction, rng):
    """Return which pixels are for validation, of shape (n, H, W).

    These are whole images, drawn at random until every class is on both sides. Where that cannot
    be, as with a single labeled image, they are a strip of rows, or else of columns, the same in
    all labeled images: the one whose share of each class is nearest to `fraction`.

    Parameters
    ----------
    y : ndarray of int of shape (n, H, W)
        Labels; -1 is none.
    fraction : float
        The share of labeled images, or of rows.
    rng : numpy.random.RandomState
        Draws the images.

    Raises
    ------
    ValueError
        If there is no such strip.
    """
    counts = _class_counts(y)  # (n, n_classes)
    images = np.flatnonzero(counts.any(axis=1))
    n_held = max(1, round(fraction * len(images)))
    held = np.zeros(y.shape, dtype=bool)
    for _ in range(MAX_DRAWS if n_held < len(images) else 0):
        order = rng.permutation(images)
        if all(counts[part].any(axis=0).all() for part in (order[:n_held], order[n_held:])):
            held[order[:n_held]] = True
            return held
    held[_strip(y, fraction)] = True
    held[~counts.any(axis=1)] = False  # nothing to judge there
    return held


def _class_counts(y):
    """Return how many pixels of each class each image has."""
    classes = np.unique(y[y != IGNORE])
    return np.stack([(y == label).sum(axis=(1, 2)) for label in classes], axis=1)


def _strip(y, fraction):
    """Return the index of the strip whose share of each class is nearest to `fraction`."""
    labels = np.unique(y[y != IGNORE])
    for axis in (1, 2):
        others = (0, 3 - axis)
        lines = np.stack([(y == label).sum(axis=others) for label in labels])  # (n_classes, H)
        n_lines = max(1, round(fraction * y.shape[axis]))
        until = np.pad(np.cumsum(lines, axis=1), ((0, 0), (1, 0)))
        share = (until[:, n_lines:] - until[:, :-n_lines]) / until[:, -1:]
        distance = np.abs(share - fraction).max(axis=0)
        distance[((share == 0) | (share == 1)).any(axis=0)] = np.inf
        start = int(distance.argmin())
        if np.isfinite(distance[start]):
            lines = slice(start, start + n_lines)
            return (slice(None), lines) if axis == 1 else (slice(None), slice(None), lines)
    raise ValueError(
        f"the labeled images cannot be split so that both parts have a pixel of each class "
        f"({', '.join(map(str, labels))}). Label more images, or pass X_val and y_val."
    )


def pixel_f1(y, predicted, classes):
    """Return the F1 score of labeled pixels: of the second class, or the mean of all but the first.

    Parameters
    ----------
    y, predicted : ndarray of int of shape (n, H, W)
        Labels, -1 where there is none, and predictions.
    classes : sequence of int
        All labels; the first is the background. The others are in `y`.

    Examples
    --------
    >>> y, predicted = np.array([[[1, 1, 0, -1]]]), np.array([[[1, 0, 0, 1]]])
    >>> round(pixel_f1(y, predicted, [0, 1]), 3)
    0.667
    """
    is_labeled = y != IGNORE
    y, predicted = y[is_labeled], predicted[is_labeled]
    scores = []
    for label in classes[1:]:
        truth, found = y == label, predicted == label
        scores.append(2 * (truth & found).sum() / (truth.sum() + found.sum()))
    return float(np.mean(scores))
