"""True losses during a query, at the price of the labels that they uncover."""

import numpy as np

from ._data import take_rows
from .query import Pool


class LossOracle:
    """Losses of the samples in a pool, from labels that are uncovered when they are asked for.

    Parameters
    ----------
    learner : learner or committee
        Whose losses: the cross-entropy of the probability that it gives to the label.
    X, y : array-like
        All samples of a run, and their labels.
    positions : ndarray of int
        Which of them are the pool.
    """

    def __init__(self, learner, X, y, positions):
        self._learner = learner
        self._X, self._y = X, y
        self._positions = positions
        self._asked = []

    def __call__(self, indices):
        """Return the losses, in nats, at positions in the pool; their labels are now uncovered."""
        positions = self._positions[indices]
        self._asked.extend(positions)
        pool = Pool(self._learner, take_rows(self._X, positions))
        return cross_entropy(pool.proba, pool.model.classes_, take_rows(self._y, positions))

    def uncovered(self, chosen):
        """Return what was asked for beside `chosen`, once each, as positions in `X`."""
        return np.setdiff1d(self._asked, chosen).astype(np.intp)


def cross_entropy(proba, classes, y):
    """Return the negative logarithm of the probability of each label, in nats.

    A label that is none of `classes` has probability 0; logarithms stop at the smallest number.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Class probabilities.
    classes : ndarray of shape (n_classes,)
        The classes, in the order of the columns.
    y : array-like of shape (n_samples,)
        The labels.

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    is_label = np.ravel(y)[:, None] == classes
    of_label = np.where(is_label, proba, 0).sum(axis=1, dtype=np.float64)
    return -np.log(np.clip(of_label, np.finfo(np.float64).eps, 1))
