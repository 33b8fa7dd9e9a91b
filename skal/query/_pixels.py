"""Scores of images whose pixels each have a class: pixel by pixel first, then one number.

The other way round, the mean of the probabilities and then its entropy, is a known mistake: an
image of sure pixels, half of them of one class, would look most uncertain.
"""

import numpy as np

AXES = {"proba": 2, "sample_proba": 3, "votes": 2}  # of a view, where a sample has one class
TOP_SHARE = 0.01  # of the pixels, at least one


def is_dense(view, block):
    """Return whether a block of a view holds a class for each pixel."""
    return view in AXES and np.ndim(block) > AXES[view]


def score_images(score, view, block, reduce):
    """Return one number for each sample: of images, reduced over their pixels.

    Parameters
    ----------
    score : callable
        Takes a block of the view with one class a sample, and returns one number a sample.
    view : {"proba", "sample_proba", "votes"}
    block : ndarray
        Of shape (n, n_classes), (n_draws, n, n_classes) or (n_draws, n), or with the axes of pixels
        behind these.
    reduce : {"mean", "max", "top_k"}

    Returns
    -------
    ndarray of shape (n,)
    """
    if not is_dense(view, block):
        return score(block)
    n = block.shape[0 if view == "proba" else 1]
    return REDUCE[reduce](score(_pixels_as_samples(view, block)).reshape(n, -1))


def _pixels_as_samples(view, block):
    if view == "votes":
        return block.reshape(len(block), -1)
    classes = AXES[view] - 1
    last = np.moveaxis(block, classes, -1)
    return last.reshape(*last.shape[: classes - 1], -1, last.shape[-1])


def _mean_of_largest(scores):
    k = max(1, round(TOP_SHARE * scores.shape[1]))
    return np.partition(scores, -k, axis=1)[:, -k:].mean(axis=1)


REDUCE = {
    "mean": lambda scores: scores.mean(axis=1),
    "max": lambda scores: scores.max(axis=1),
    "top_k": _mean_of_largest,
}
