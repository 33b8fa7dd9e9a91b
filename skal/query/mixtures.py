"""Strategies made of other strategies."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np

from .._compat import Interval, StrOptions
from ._distances import centered, information_density, mean_distances
from ._lazy_picks import RankedPicks
from .base import QueryStrategy, ScoreStrategy, Selection, select_largest
from .diversity import CoreSet, labeled_like
from .pool import EMBEDDING
from .uncertainty import LeastConfidence, Margin

# one instance each: the pool knows a reduction again by the instance that asks for it
LEAST_CONFIDENCE, MARGIN = LeastConfidence(), Margin()


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


class RankedBatch(QueryStrategy):
    """Choose a batch that is uncertain and unlike the labeled samples and unlike itself [1]_.

    Each pick has the largest ``alpha * (1 - similarity) + (1 - alpha) * uncertainty``. Similarity
    is ``1 / (1 + distance)`` to the nearest labeled or chosen sample, in the embedding, and
    ``alpha`` is the unlabeled samples' share of all samples: early on, novelty counts, and late,
    uncertainty. A large pool beside few labels makes ``alpha`` nearly 1: the picks are then almost
    those of :class:`CoreSet`, whatever the model says.

    Parameters
    ----------
    strategy : ScoreStrategy or None, default=None
        What uncertainty is: a strategy that scores samples, best on a scale from 0 to 1. None means
        :class:`LeastConfidence`, as in modAL.

    Notes
    -----
    Scores are those at the time of the pick. The picks are those of modAL's
    ``uncertainty_batch_sampling`` on the same features; where nothing is labeled, the first is the
    sample with the smallest mean distance to the pool, scored 1, and modAL may choose it twice.
    Time is at most O(n d (m + b)) for m labeled samples and b picks, and usually little more than
    O(n d m), since old distances bound the new, as for :class:`CoreSet`; that first sample takes
    O(n² d), in tiles. Memory is 64 n bytes and 32 MB beyond the float32 embedding.

    References
    ----------
    .. [1] Cardoso, Silva, Canuto, Moro and Gonçalves (2017), "Ranked batch-mode active learning",
       Information Sciences 379, eq. 1.

    See Also
    --------
    Hybrid : A fixed share of novelty, whatever the size of the pool.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skal import ActiveLearner
    >>> from skal.query import RankedBatch
    >>> learner = ActiveLearner(
    ...     LogisticRegression(), RankedBatch(), X_training=[[0.0], [1.0]], y_training=[0, 1])
    >>> learner.query([[0.5], [0.51], [9.0]], n_instances=2)[0]
    array([2, 0])
    """

    _parameter_constraints: ClassVar = {"strategy": [QueryStrategy, None]}

    def __init__(self, strategy=None):
        self.strategy = strategy

    @property
    def _uncertainty(self):
        return LEAST_CONFIDENCE if self.strategy is None else self.strategy

    def reductions(self):
        return (*self._uncertainty.reductions(), EMBEDDING)

    def _select(self, pool, n_instances, chosen):
        uncertainty = _scores_of(self._uncertainty, pool, "RankedBatch")
        X, labeled = centered(pool.embedding, labeled_like(pool))
        centers = np.concatenate([labeled, X[chosen]])
        first = []
        if not len(centers):
            first = [(int(mean_distances(X).argmin()), 1.0)]
            chosen = np.array([row for row, _ in first])
            centers = X[chosen]
        n_picks = n_instances - len(first)
        ranked = RankedPicks(X, uncertainty, centers, chosen, n_picks)
        rows, scores = zip(*first, *(ranked.pick() for _ in range(n_picks)), strict=True)
        return Selection(np.array(rows, np.intp), np.array(scores, np.float64))


class DensityWeighted(ScoreStrategy):
    """Choose samples that a strategy scores high and that are like many others [1]_.

    Scores are multiplied by ``density ** beta``, where the density of a sample is its mean
    similarity, ``1 / (1 + distance)`` in the embedding, to all samples of the pool. It keeps
    uncertainty sampling away from outliers; where distances are all alike, as in many dimensions,
    it changes little.

    Parameters
    ----------
    strategy : ScoreStrategy
        Scores samples, the largest being best.
    beta : float, default=1.0
        How much density counts, from 0, which leaves the scores as they are.

    Notes
    -----
    A product wants scores that are not negative: where some are, as those of :class:`Margin`, all
    are first moved up until the least is 0. The density is that of modAL's
    ``information_density``. Time is O(n² d), in tiles of 512 by 512; memory 64 n bytes and 4 MB
    a thread, of four at most, beyond the float32 embedding. For large pools, narrow them with
    :class:`Prefilter` first.

    References
    ----------
    .. [1] Settles and Craven (2008), "An analysis of active learning strategies for sequence
       labeling tasks", EMNLP, section 3.4.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skal.query import DensityWeighted, LeastConfidence
    >>> X = [[0.0, 0.0], [0.0, 1.0], [0.0, 0.1], [1.0, 0.0]]
    >>> model = LogisticRegression().fit([[-1.0, 0.0], [1.0, 0.0]], [0, 1])
    >>> DensityWeighted(LeastConfidence())(model, X, n_instances=2)
    array([2, 0])
    """

    _parameter_constraints: ClassVar = {
        "strategy": [QueryStrategy],
        "beta": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, strategy, beta=1.0):
        self.strategy = strategy
        self.beta = beta

    @classmethod
    def _example(cls):
        return cls(LeastConfidence())

    def reductions(self):
        return (*self.strategy.reductions(), EMBEDDING)

    def score(self, pool):
        """Return each sample's score times the power of its density."""
        scores = _scores_of(self.strategy, pool, "DensityWeighted")
        return (scores - min(scores.min(), 0)) * information_density(pool.embedding) ** self.beta


def _scores_of(strategy, pool, asker):
    """Return a strategy's scores as float64, or raise if it has none."""
    if not hasattr(strategy, "score"):
        raise TypeError(
            f"{asker} needs a strategy that scores samples; got {type(strategy).__name__}, which "
            f"chooses sets. Use one such as LeastConfidence or Entropy."
        )
    strategy._validate_params()
    return np.asarray(strategy.score(pool), np.float64)


class Prefilter(QueryStrategy):
    """Narrow the pool by a cheap strategy before an expensive one chooses.

    For strategies whose time grows with the square of the pool, or that ask the model many times a
    sample. The expensive strategy sees only what is kept.

    Parameters
    ----------
    strategy : QueryStrategy
        Chooses from what is kept.
    keep : int or float, default=0.1
        How many samples to keep, or which share of the pool, in (0, 1]; never fewer than are asked
        for.
    by : QueryStrategy or None, default=None
        The cheap strategy, whose best samples are kept. None means :class:`Margin`; without a
        model, use :class:`RandomSampling`.

    Notes
    -----
    Scores are those of the expensive strategy. Views of the pool that the cheap strategy reads are
    computed for the whole pool, in one pass with those of their kind that the expensive one reads;
    its other views are computed for the kept samples alone. Time and memory are those of the two
    strategies, each at its size of pool, and O(n).

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skal.query import CoreSet, Prefilter
    >>> model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> Prefilter(CoreSet(), keep=3)(model, [[9.0], [0.4], [0.5], [-9.0], [1.0]], 2)
    array([2, 4])
    """

    _parameter_constraints: ClassVar = {
        "strategy": [QueryStrategy],
        "keep": [
            Interval(Integral, 1, None, closed="left"),
            Interval(Real, 0, 1, closed="right"),
        ],
        "by": [QueryStrategy, None],
    }

    def __init__(self, strategy, keep=0.1, by=None):
        self.strategy = strategy
        self.keep = keep
        self.by = by

    @classmethod
    def _example(cls):
        return cls(CoreSet(), keep=0.5)

    @property
    def _cheap(self):
        return MARGIN if self.by is None else self.by

    def reductions(self):
        cheap = self._cheap.reductions()
        views = {reduction.view for reduction in cheap}
        return (*cheap, *(r for r in self.strategy.reductions() if r.view in views))

    def _select(self, pool, n_instances, chosen):
        n_free = pool.n_samples - len(chosen)
        n_keep = min(max(self._n_kept(pool.n_samples), n_instances), n_free)
        kept = self._cheap.select(pool, n_keep, chosen=chosen).indices
        rows = np.union1d(kept, chosen)
        subset = pool.subset(rows, self.strategy, self.reductions())
        chosen = np.searchsorted(rows, chosen)
        selection = self.strategy.select(subset, n_instances, chosen=chosen)
        return selection._replace(indices=rows[selection.indices])

    def _n_kept(self, n_samples):
        if isinstance(self.keep, Integral):
            return int(self.keep)
        return int(np.ceil(self.keep * n_samples))
