"""Scores of pixel maps; public as `skal.metrics.pixel_scores`."""

import warnings

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from ._rates import rates

IGNORED = -1
BLOCK_VALUES = 2**20  # scores that are looked up at once


def pixel_scores(y_true, proba, *, threshold=0.5):
    """Score probability maps pixel by pixel, over all images together.

    Parameters
    ----------
    y_true : array-like of shape (n_images, H, W)
        1 in particles, 0 in the background, -1 where a pixel does not count.
    proba : array-like of shape (n_images, H, W)
        The probability that a pixel is in a particle, in [0, 1]. What is at ignored pixels has no
        influence.
    threshold : float, default=0.5
        Pixels with at least this probability are predicted to be in a particle.

    Returns
    -------
    dict of str to float
        precision, recall, f1_score and iou (intersection over union) at the threshold, 1 where no
        pixel is positive and none is predicted to be, 0 where only one of the two is the case; and
        auc, the area under the ROC curve of the probabilities themselves, NaN with a warning where
        all pixels are of one class.

    Raises
    ------
    ValueError
        If the shapes differ, `y_true` holds other values, or probabilities that count are not in
        [0, 1].

    Notes
    -----
    The AUC is exact, ties included: probabilities of both classes are sorted in their own dtype and
    counted against each other. Apart from the input this needs about 5 bytes a pixel with float32.

    Examples
    --------
    >>> scores = pixel_scores([[[1, 1, 0, -1]]], [[[0.9, 0.4, 0.1, 0.8]]])
    >>> scores["precision"], scores["recall"], scores["iou"], scores["auc"]
    (1.0, 0.5, 0.5, 1.0)
    """
    positive, negative = _split(np.asarray(y_true), np.asarray(proba))
    n_hits = np.count_nonzero(positive >= threshold)
    n_found = n_hits + np.count_nonzero(negative >= threshold)
    n_either = n_found + len(positive) - n_hits
    precision, recall, f1_score = (float(rate) for rate in rates(n_hits, n_found, len(positive)))
    return {
        "precision": precision,
        "recall": recall,
        "f1_score": f1_score,
        "iou": float(n_hits / n_either) if n_either else 1.0,
        "auc": _area_under_roc(positive, negative),
    }


def _split(y_true, proba):
    """Return the probabilities of positive and of negative pixels."""
    if y_true.shape != proba.shape:
        raise ValueError(
            f"y_true and proba must have the same shape; got {y_true.shape} and {proba.shape}. "
            "Pass the probability of the positive class alone."
        )
    if proba.dtype.kind != "f":
        proba = proba.astype(np.float32)
    positive, negative = proba[y_true == 1], proba[y_true == 0]
    n_ignored = np.count_nonzero(y_true == IGNORED)
    if len(positive) + len(negative) + n_ignored != y_true.size:
        raise ValueError("y_true must hold 1, 0 and, where a pixel does not count, -1; got others.")
    for values in (positive, negative):
        if len(values) and not (values.min() >= 0 and values.max() <= 1):  # NaN fails, too
            raise ValueError(
                f"proba must be in [0, 1]; got values from {values.min():.4g} to "
                f"{values.max():.4g}. Pass probabilities, not logits."
            )
    return positive, negative


def _area_under_roc(positive, negative):
    """Return how often a positive pixel ranks above a negative one; ties count a half."""
    if not len(positive) or not len(negative):
        name = "in a particle" if len(negative) else "in the background"
        warnings.warn(
            f"the AUC is not defined: no pixel that counts is {name}. Score more images together.",
            UndefinedMetricWarning,
            stacklevel=3,
        )
        return float("nan")
    positive.sort()
    negative.sort()
    n_below = sum(
        int(np.searchsorted(negative, positive[start : start + BLOCK_VALUES], side).sum())
        for side in ("left", "right")
        for start in range(0, len(positive), BLOCK_VALUES)
    )
    return n_below / (2 * len(positive) * len(negative))
