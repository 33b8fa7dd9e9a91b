"""When to stop asking for labels.

A rule is given to :class:`skal.ActiveLearningLoop` and told of every round; the run ends when one
says so. A new one is a class with `update`.
"""

from abc import ABCMeta, abstractmethod

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import cohen_kappa_score

from ._data import n_rows, take_rows
from .query import Pool, Reduction
from .query.scores import entropy

__all__ = ["LabelBudget", "NoGain", "OverallUncertainty", "StableAgreement", "StoppingRule"]


class StoppingRule(BaseEstimator, metaclass=ABCMeta):
    """Base class of stopping rules."""

    @abstractmethod
    def update(self, loop, X, unlabeled):
        """Look at a round that has ended, and return whether to stop.

        Parameters
        ----------
        loop : ActiveLearningLoop
            The run so far, with its ``history_`` and ``learner_``.
        X : array-like
            All samples of the run.
        unlabeled : ndarray of bool of shape (n_samples,)
            Which of them have no label yet.

        Returns
        -------
        bool
        """


class LabelBudget(StoppingRule):
    """Stop before a query would go over a number of labels.

    Parameters
    ----------
    n_labels : int
        The budget, validation labels included where the loop counts them.

    Notes
    -----
    A query is expected to cost what the largest so far has cost. Where a strategy asks for true
    losses, the first query may thus go over.

    Examples
    --------
    >>> LabelBudget(200)
    LabelBudget(n_labels=200)
    """

    def __init__(self, n_labels):
        self.n_labels = n_labels

    def update(self, loop, X, unlabeled):
        costs = [len(record["indices"]) for record in loop.history_[1:]]
        return loop.history_[-1]["n_labels"] + max([loop.n_instances_, *costs]) > self.n_labels


class NoGain(StoppingRule):
    """Stop when the validation score has not risen for some rounds.

    Parameters
    ----------
    patience : int, default=3
        How many rounds in a row without a gain end the run.
    min_gain : float, default=0.0
        By how much a score must beat the best so far to count as a gain.

    Notes
    -----
    The loop must be fit with `X_val` and `y_val`; their labels count towards the budget unless
    ``count_validation=False``.
    """

    def __init__(self, patience=3, min_gain=0.0):
        self.patience = patience
        self.min_gain = min_gain

    def update(self, loop, X, unlabeled):
        if "score" not in loop.history_[-1]:
            raise ValueError("NoGain compares validation scores: fit the loop with X_val and y_val")
        scores = [record["score"] for record in loop.history_]
        best, last_gain = -np.inf, 0
        for i, score in enumerate(scores):
            if score > best + self.min_gain:
                best, last_gain = score, i
        return len(scores) - 1 - last_gain >= self.patience


class StableAgreement(StoppingRule):
    """Stop when the predictions of successive rounds agree: stabilizing predictions [1]_.

    Needs no labels: it compares predictions for up to `n_stop` samples.

    Parameters
    ----------
    threshold : float, default=0.99
        The mean of Cohen's kappa, over the last `n_rounds` pairs of rounds, that ends the run.
    n_rounds : int, default=3
        How many pairs of rounds count.
    n_stop : int, default=2000
        How many samples to compare predictions for, evenly spaced over `X`.

    References
    ----------
    .. [1] Bloodgood and Vijay-Shanker (2009), "A method for stopping active learning based on
       stabilizing predictions and the need for user-adjustable stopping", CoNLL.
    """

    def __init__(self, threshold=0.99, n_rounds=3, n_stop=2000):
        self.threshold = threshold
        self.n_rounds = n_rounds
        self.n_stop = n_stop

    def update(self, loop, X, unlabeled):
        step = max(1, n_rows(X) // self.n_stop)
        predicted = loop.predict(take_rows(X, np.arange(0, n_rows(X), step)))
        if not hasattr(self, "predicted_"):
            self.predicted_, self.agreements_ = predicted, []
            return False
        self.agreements_.append(_kappa(self.predicted_, predicted))
        self.predicted_ = predicted
        latest = self.agreements_[-self.n_rounds :]
        return len(latest) == self.n_rounds and np.mean(latest) >= self.threshold


def _kappa(first, second):
    """Return Cohen's kappa; two constant, equal predictions agree fully."""
    return 1.0 if np.array_equal(first, second) else cohen_kappa_score(first, second)


class OverallUncertainty(StoppingRule):
    """Stop when the model is sure of the whole pool [1]_.

    Parameters
    ----------
    threshold : float, default=0.05
        The mean entropy of the unlabeled samples' class probabilities, as a share of its maximum
        ``log(n_classes)``, at or below which the run ends.

    References
    ----------
    .. [1] Zhu, Wang and Hovy (2008), "Multi-criteria-based strategy to stop active learning for
       data annotation", COLING.
    """

    def __init__(self, threshold=0.05):
        self.threshold = threshold

    def update(self, loop, X, unlabeled):
        pool = Pool(loop.learner_, take_rows(X, np.flatnonzero(unlabeled)))
        mean = pool.reduce(Reduction("proba", entropy)).mean()
        return bool(mean <= self.threshold * np.log(max(2, len(loop.classes_))))
