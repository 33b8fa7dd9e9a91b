"""Strategies for models that can be drawn from: ensembles, and nets with dropout."""

from numbers import Integral
from typing import ClassVar

import numpy as np

from .._compat import Interval
from .._threads import one_thread
from . import scores
from ._joint import GreedyBatch, JointInformation
from .base import QueryStrategy, ScoreStrategy, Selection, select_largest
from .pool import Reduction

EXHAUSTED = 1e-7  # nats: float32 probabilities tell no less


class _OfDraws(ScoreStrategy):
    """A score of what the draws of a model say; a subclass names its view and reduces a block."""

    _parameter_constraints: ClassVar = {
        **ScoreStrategy._parameter_constraints,
        "n_samples": [Interval(Integral, 2, None, closed="left")],
    }

    def __init__(
        self, n_samples=20, *, stochastic=None, temperature=1.0, random_state=None, reduce="mean"
    ):
        super().__init__(
            stochastic=stochastic, temperature=temperature, random_state=random_state, reduce=reduce
        )
        self.n_samples = n_samples

    @property
    def _reduction(self):
        return Reduction(self.view, self._score_samples, self.n_samples, takes_pixels=True)


class BALD(_OfDraws):
    """Choose the samples whose label says most about the model's parameters [1]_.

    Bayesian active learning by disagreement: the entropy of the mean prediction minus the mean
    entropy of the predictions. Large where every draw is sure and the draws contradict each other;
    zero where the draws agree, also where they agree that the sample is a toss-up.

    Parameters
    ----------
    n_samples : int, default=20
        How many passes with dropout a net makes. The members of a committee, a forest, a bagging
        or a voting ensemble are its draws, all of them, whatever this says.
    stochastic, temperature, random_state
        Stochastic batches, as for :class:`ScoreStrategy`.
    reduce
        Of pixels to images, as for :class:`ScoreStrategy`.

    Notes
    -----
    Scores are in nats, in [0, log(n_classes)]. Time O(n c k) for k draws, in blocks.

    References
    ----------
    .. [1] Houlsby, Huszár, Ghahramani and Lengyel (2011), "Bayesian active learning for
       classification and preference learning".
    .. [2] Gal, Islam and Ghahramani (2017), "Deep Bayesian active learning with image data", ICML.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> X, y = [[0.0], [0.4], [0.6], [1.0]], [0, 0, 1, 1]
    >>> forest = RandomForestClassifier(random_state=0).fit(X, y)
    >>> BALD()(forest, [[0.0], [0.5], [1.0]])
    array([1])
    """

    view = "sample_proba"

    def score_block(self, block):
        return scores.bald(block)


class VariationRatio(_OfDraws):
    """Choose the samples for which the fewest draws vote with the majority [1]_ [2]_.

    The variation ratio is one minus the share of the modal class among the classes that the draws
    predict. It asks for no probabilities, and few draws give few distinct scores, with ties to the
    lowest index: :class:`BALD` tells more samples apart. A plain classifier casts a single vote,
    so that its ratio is 0 everywhere, and is refused; one minus the probability of its best class,
    which some papers call its variation ratio, is :class:`~skal.query.LeastConfidence`.

    Parameters
    ----------
    n_samples : int, default=20
        How many passes with dropout a net makes. The members of a committee, a forest, a bagging
        or a voting ensemble are its draws, all of them, whatever this says.
    stochastic, temperature, random_state
        Stochastic batches, as for :class:`ScoreStrategy`.
    reduce
        Of pixels to images, as for :class:`ScoreStrategy`.

    Notes
    -----
    Scores are in [0, 1 - 1/n_classes]. Time O(n c k) for k draws, in blocks; memory O(n) and a
    block of draws.

    References
    ----------
    .. [1] Freeman (1965), "Elementary applied statistics", Wiley, chapter 5.
    .. [2] Gal, Islam and Ghahramani (2017), "Deep Bayesian active learning with image data", ICML,
       section 4.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> X, y = [[0.0], [0.4], [0.6], [1.0]], [0, 0, 1, 1]
    >>> forest = RandomForestClassifier(random_state=0).fit(X, y)
    >>> VariationRatio()(forest, [[0.0], [0.5], [1.0]])
    array([1])
    """

    view = "votes"

    def score_block(self, block):
        return scores.variation_ratio(block, int(block.max(initial=0)) + 1)


class MeanStandardDeviation(_OfDraws):
    """Choose the samples whose class probabilities vary most from draw to draw [1]_ [2]_.

    The standard deviation of each class probability over the draws, averaged over the classes.
    Cheaper than :class:`BALD`, with no logarithm, and like it zero where the draws agree; in the
    comparison of [2]_ it needed more labels than :class:`BALD` and :class:`VariationRatio`.

    Parameters
    ----------
    n_samples : int, default=20
        How many passes with dropout a net makes. The members of a committee, a forest, a bagging
        or a voting ensemble are its draws, all of them, whatever this says.
    stochastic, temperature, random_state
        Stochastic batches, as for :class:`ScoreStrategy`.
    reduce
        Of pixels to images, as for :class:`ScoreStrategy`.

    Notes
    -----
    Scores are in [0, 0.5], in units of probability. Time O(n c k) for k draws, in blocks; memory
    O(n) and two blocks of draws.

    References
    ----------
    .. [1] Kampffmeyer, Salberg and Jenssen (2016), "Semantic segmentation of small objects and
       modeling of uncertainty in urban remote sensing images using deep convolutional neural
       networks", CVPR workshops.
    .. [2] Gal, Islam and Ghahramani (2017), "Deep Bayesian active learning with image data", ICML,
       section 4.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> X, y = [[0.0], [0.4], [0.6], [1.0]], [0, 0, 1, 1]
    >>> forest = RandomForestClassifier(random_state=0).fit(X, y)
    >>> MeanStandardDeviation()(forest, [[0.0], [0.5], [1.0]])
    array([1])
    """

    view = "sample_proba"

    def score_block(self, block):
        return scores.mean_standard_deviation(block)


class BatchBALD(QueryStrategy):
    """Choose a batch whose labels together say most about the model's parameters [1]_.

    The best samples by :class:`BALD` are often alike, and the label of one tells those of the
    others. This strategy adds, one after the other, the sample that adds most to the mutual
    information of all labels of the batch and the parameters, which a duplicate hardly does.

    Parameters
    ----------
    n_samples : int, default=20
        How many passes with dropout a net makes. The members of a committee, a forest, a bagging
        or a voting ensemble are its draws, all of them, whatever this says. k draws tell no more
        than log(k) nats apart: take more for large batches.
    n_configurations : int, default=1000
        In how many ways at most the labels of a batch are joined. While there are no more that
        are possible, the information is exact; beyond, about as many are sampled. For 10 classes
        the first four picks are exact, for 2 classes the first ten.
    random_state : int, RandomState instance or None, default=None
        Seeds the sampled configurations; None inherits the learner's.

    Notes
    -----
    Scores are what each sample adds to those before it and to ``chosen``, in nats; their sum is
    the information of the batch. Where no sample adds more than 1e-7 nats, the largest scores of
    :class:`BALD` follow, with score 0.

    Time is O(n c k m) a pick at most, for k draws and m configurations: a sample never adds more
    than it did to a smaller batch, and only those whose earlier gain can still win are looked at
    (of sampled configurations, up to the noise of the sample). Memory is O(n c k) for the draws in
    float32, which are held together, O(k m) and 25 MB.

    References
    ----------
    .. [1] Kirsch, van Amersfoort and Gal (2019), "BatchBALD: efficient and diverse batch
       acquisition for deep Bayesian active learning", NeurIPS, algorithm 1. Sampled configurations
       give the mean of conditional mutual informations in place of eq. 14: it is the same number
       in expectation, never negative, and varies less.

    See Also
    --------
    BALD : Cheaper; with ``stochastic="power"`` it avoids duplicates too, by chance.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> X, y = [[0.0], [0.4], [0.6], [1.0]], [0, 0, 1, 1]
    >>> forest = RandomForestClassifier(random_state=0).fit(X, y)
    >>> X_pool = [[0.5], [0.5], [0.25]]
    >>> BALD()(forest, X_pool, n_instances=2)
    array([0, 1])
    >>> BatchBALD()(forest, X_pool, n_instances=2)
    array([0, 2])
    """

    _parameter_constraints: ClassVar = {
        "n_samples": [Interval(Integral, 2, None, closed="left")],
        "n_configurations": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(self, n_samples=20, *, n_configurations=1000, random_state=None):
        self.n_samples = n_samples
        self.n_configurations = n_configurations
        self.random_state = random_state

    def reductions(self):
        return (Reduction("sample_proba", _samples_first, self.n_samples),)

    def _select(self, pool, n_instances, chosen):
        sample_proba = pool.reduce(*self.reductions())
        rng = pool.rng(self.random_state, "BatchBALD")
        with one_thread():  # threads would wait for each other between small products
            greedy = GreedyBatch(JointInformation(sample_proba, self.n_configurations, rng), chosen)
            return self._greedy(greedy, n_instances, chosen)

    def _greedy(self, greedy, n_instances, chosen):
        indices, gains = [], []
        while len(indices) < n_instances:
            row, gain = greedy.best()
            if gain <= EXHAUSTED:
                return _filled(indices, gains, greedy.scores, n_instances, chosen)
            indices.append(row)
            gains.append(gain)
            greedy.pick(row)
        return Selection(np.array(indices, np.intp), np.array(gains))


def _samples_first(block):
    """Return draws as float32, samples first."""
    return np.array(np.swapaxes(block, 0, 1), dtype=np.float32, order="C")


def _filled(indices, gains, scores, n_instances, chosen):
    """Return a Selection whose rest, which adds nothing, is ranked by score."""
    n_left = n_instances - len(indices)
    out = np.concatenate([chosen, indices]).astype(np.intp)
    rest = select_largest(np.round(scores, 6), n_left, out).indices
    return Selection(
        np.concatenate([indices, rest]).astype(np.intp), np.array([*gains, *[0.0] * n_left])
    )
