"""Strategies made of other strategies."""

from numbers import Real
from typing import ClassVar

import numpy as np

from .._compat import Interval, StrOptions
from .base import QueryStrategy, Selection, select_largest
from .diversity import CoreSet
from .uncertainty import Margin


class Hybrid(QueryStrategy):
    """Choose a share of the samples by one strategy and the rest by another.

    The usual mixture is 70 % by uncertainty and 30 % by diversity. Both parts look at one pool
    view, so the model runs once, and the second part knows what the first has chosen: a diversity
    strategy keeps away from it.

    Parameters
    ----------
    first, second : QueryStrategy
        The parts.
    share : float, default=0.7
        The share of the first part, in (0, 1]. Of `n_instances` samples, ``share * n_instances``,
        rounded, and at least one, are its choice; 1 leaves the second out.
    combine : {"share", "score"}, default="share"
        ``"share"`` splits the samples. ``"score"`` ranks all by ``share * first + (1 - share) *
        second``, each scaled to [0, 1] over the pool; both parts must score samples.

    Notes
    -----
    Scores are those of the part that chose the sample, in its own unit, or the weighted sum.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skal import ActiveLearner
    >>> from skal.query import CoreSet, Hybrid, Margin
    >>> learner = ActiveLearner(
    ...     LogisticRegression(), Hybrid(Margin(), CoreSet()), X_training=[[0.0], [1.0]],
    ...     y_training=[0, 1])
    >>> learner.query([[0.5], [0.51], [9.0]], n_instances=2)[0]
    array([0, 2])
    """

    _parameter_constraints: ClassVar = {
        "first": [QueryStrategy],
        "second": [QueryStrategy],
        "share": [Interval(Real, 0, 1, closed="right")],
        "combine": [StrOptions({"share", "score"})],
    }

    def __init__(self, first, second, share=0.7, combine="share"):
        self.first = first
        self.second = second
        self.share = share
        self.combine = combine

    @classmethod
    def _example(cls):
        return cls(Margin(), CoreSet())

    def reductions(self):
        if self.share == 1:
            return self.first.reductions()
        return (*self.first.reductions(), *self.second.reductions())

    def _select(self, pool, n_instances, chosen):
        if self.share == 1:
            return self.first.select(pool, n_instances, chosen=chosen)
        if self.combine == "score":
            return select_largest(self.score(pool), n_instances, chosen)
        n_first = max(1, int(self.share * n_instances + 0.5))
        first = self.first.select(pool, n_first, chosen=chosen)
        if n_first == n_instances:
            return first
        chosen = np.concatenate([chosen, first.indices])
        second = self.second.select(pool, n_instances - n_first, chosen=chosen)
        return Selection(
            np.concatenate([first.indices, second.indices]),
            np.concatenate([first.scores, second.scores]),
        )

    def score(self, pool):
        """Return the weighted sum of both parts' scores, each scaled to [0, 1] over the pool."""
        first, second = (_unit_scores(part, pool) for part in (self.first, self.second))
        return self.share * first + (1 - self.share) * second


def _unit_scores(strategy, pool):
    if not hasattr(strategy, "score"):
        raise TypeError(
            f'combine="score" needs strategies that score samples; got {type(strategy).__name__}, '
            f'which chooses sets. Use combine="share".'
        )
    strategy._validate_params()
    scores = strategy.score(pool)
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low) if high > low else np.zeros(len(scores))
