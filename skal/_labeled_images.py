"""Images with labels of some pixels, apart into what trains and what judges."""

from dataclasses import dataclass

import numpy as np

from ._data import slice_rows, stack_rows, take_rows
from ._held_out import held_out_pixels
from ._pseudo_labels import IGNORE, merge_labels
from ._random import round_rng


@dataclass(frozen=True)
class LabeledImages:
    """What self-training learns from.

    Parameters
    ----------
    X : ndarray of shape (n, H, W) or (n, C, H, W)
        Images with their labels.
    X_unlabeled : ndarray of shape (m, H, W) or (m, C, H, W)
        Images without labels.
    labels : ndarray of int of shape (n, H, W)
        Human labels to train on: -1 where there is none, and where pixels are held out.
    trusted : ndarray of int of shape (n + m, H, W)
        Those that no pseudo-label replaces, of all images.
    eligible : ndarray of bool of shape (n, H, W)
        Which pixels may get a pseudo-label.
    X_val, y_val : ndarray
        What judges.
    classes : ndarray of int of shape (n_classes,)
        All labels but -1.
    """

    X: np.ndarray
    X_unlabeled: np.ndarray
    labels: np.ndarray
    trusted: np.ndarray
    eligible: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray
    classes: np.ndarray

    @property
    def n_human(self):
        """How many human labels of each class train."""
        return np.array([np.count_nonzero(self.labels == label) for label in self.classes])

    @property
    def has_unlabeled(self):
        return len(self.X_unlabeled) > 0 or bool(self.eligible.any())

    @property
    def layout(self):
        """Shape and type of the labels of all images."""
        return self.trusted.shape, self.trusted.dtype

    def no_labels(self):
        """Return labels of all images that are -1 everywhere."""
        shape, dtype = self.layout
        return np.full(shape, IGNORE, dtype)

    def unlabeled_blocks(self, n_pixels):
        """Yield images, about so many pixels at once, of which some are eligible.

        Yields
        ------
        rows : slice
            Which they are among all images.
        images : ndarray
        eligible : ndarray of bool of shape (n, H, W)
        """
        size = max(1, n_pixels // self.eligible[0].size)
        for start in range(0, len(self.X), size):
            rows = slice(start, min(start + size, len(self.X)))
            if self.eligible[rows].any():
                yield rows, slice_rows(self.X, rows), self.eligible[rows]
        for start in range(0, len(self.X_unlabeled), size):
            images = slice_rows(self.X_unlabeled, slice(start, start + size))
            rows = slice(len(self.X) + start, len(self.X) + start + len(images))
            yield rows, images, np.ones((len(images), *self.eligible.shape[1:]), dtype=bool)

    def training_set(self, pseudo=None):
        """Return images and labels to train on: of the images that have any.

        Parameters
        ----------
        pseudo : ndarray of int of shape (n + m, H, W), optional
            Pseudo-labels; without, all human labels train.
        """
        if pseudo is None:
            return _labeled_rows(self.X, self.labels)
        merged = merge_labels(self.trusted, pseudo)
        X, y = _labeled_rows(self.X, merged[: len(self.X)])
        more, theirs = _labeled_rows(self.X_unlabeled, merged[len(self.X) :])
        return stack_rows(X, more), np.concatenate([y, theirs])


def _labeled_rows(X, labels):
    rows = np.flatnonzero((labels != IGNORE).any(axis=(1, 2)))
    return take_rows(X, rows), labels[rows]


def make_labeled_images(segmenter, X, y, X_unlabeled=None, X_val=None, y_val=None):
    """Return the data of self-training, or raise if they do not fit together.

    Parameters
    ----------
    segmenter : SelfTrainingSegmenter
        Says how to split.
    X, y, X_unlabeled, X_val, y_val
        As its `fit` takes them.
    """
    X, y = np.asanyarray(X), _validate_labels(y, "y")
    _check_images(X, y, "X", "y")
    X_unlabeled = X[:0] if X_unlabeled is None else np.asanyarray(X_unlabeled)
    if X_unlabeled.shape[1:] != X.shape[1:]:
        raise ValueError(
            f"X_unlabeled must hold images like those of X, of shape {X.shape[1:]}; got "
            f"{X_unlabeled.shape[1:]}."
        )
    classes = np.unique(y[y != IGNORE])
    if len(classes) < 2:
        raise ValueError(
            f"y must hold labels of at least two classes, such as 0 for background and 1 for "
            f"particles; got {classes.tolist()}. Label some pixels of another class."
        )
    held, X_val, y_val = _validation(segmenter, X, y, X_val, y_val)
    _check_validation(X, X_val, y_val, classes)
    labels = np.where(held, IGNORE, y)
    trusted = labels
    if not segmenter.trust_background:
        trusted = np.where(labels == classes[0], IGNORE, labels)
    eligible = (trusted == IGNORE) & ~held
    unlabeled = np.full((len(X_unlabeled), *y.shape[1:]), IGNORE, y.dtype)
    trusted = np.concatenate([trusted, unlabeled])
    return LabeledImages(X, X_unlabeled, labels, trusted, eligible, X_val, y_val, classes)


def _validation(segmenter, X, y, X_val, y_val):
    """Return which pixels of `X` are held out, and the images and labels that judge."""
    if (X_val is None) != (y_val is None):
        raise ValueError("X_val and y_val belong together; got only one of them.")
    if X_val is not None:
        return np.zeros(y.shape, bool), np.asanyarray(X_val), _validate_labels(y_val, "y_val")
    rng = round_rng(segmenter.random_state, 0, "validation")
    held = held_out_pixels(y, segmenter.validation_fraction, rng)
    rows = np.flatnonzero(held.any(axis=(1, 2)))
    return held, take_rows(X, rows), np.where(held, y, IGNORE)[rows]


def _validate_labels(y, name):
    """Return labels as the smallest signed integers that hold them."""
    y = np.asarray(y)
    if y.dtype.kind not in "biu":
        raise TypeError(f"{name} must hold integers, or -1 for no label; got {y.dtype}.")
    if y.ndim != 3 or not y.size:
        raise ValueError(f"{name} must have shape (n, H, W), not empty; got {y.shape}.")
    low, high = int(y.min()), int(y.max())
    if low < IGNORE:
        raise ValueError(f"{name} must hold labels from 0 on, or -1 for none; got {low}.")
    return y.astype(np.int8 if high <= np.iinfo(np.int8).max else np.int64, copy=False)


def _check_images(X, y, X_name, y_name):
    if X.ndim not in (3, 4) or (len(X), *X.shape[-2:]) != y.shape:
        raise ValueError(
            f"{X_name} must have shape (n, H, W) or (n, C, H, W), and {y_name} (n, H, W) with the "
            f"same n, H and W; got {X.shape} and {y.shape}."
        )


def _check_validation(X, X_val, y_val, classes):
    _check_images(X_val, y_val, "X_val", "y_val")
    if X_val.ndim != X.ndim:
        raise ValueError(
            f"X_val must hold images like those of X, of {X.ndim - 1} dimensions; got "
            f"{X_val.ndim - 1}."
        )
    found = np.unique(y_val[y_val != IGNORE])
    unknown, missing = np.setdiff1d(found, classes), np.setdiff1d(classes[1:], found)
    if len(unknown) or len(missing):
        raise ValueError(
            f"y_val must hold the classes of y, {classes.tolist()}, all but the first and no "
            f"others; got {found.tolist()}. Choose validation images that show each class."
        )
