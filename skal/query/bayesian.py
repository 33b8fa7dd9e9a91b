"""Strategies for models that can be drawn from: ensembles, and nets with dropout."""

from numbers import Integral
from typing import ClassVar

from .._compat import Interval
from . import scores
from .base import ScoreStrategy
from .pool import Reduction


class BALD(ScoreStrategy):
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

    _parameter_constraints: ClassVar = {
        **ScoreStrategy._parameter_constraints,
        "n_samples": [Interval(Integral, 2, None, closed="left")],
    }

    view = "sample_proba"

    def __init__(self, n_samples=20, *, stochastic=None, temperature=1.0, random_state=None):
        super().__init__(stochastic=stochastic, temperature=temperature, random_state=random_state)
        self.n_samples = n_samples

    def score_block(self, block):
        return scores.bald(block)

    @property
    def _reduction(self):
        return Reduction(self.view, self.score_block, self.n_samples)


class _OfDraws(ScoreStrategy):
    """A score of what the draws of a model say; a subclass names its view and reduces a block."""

    _parameter_constraints: ClassVar = BALD._parameter_constraints

    def __init__(self, n_samples=20, *, stochastic=None, temperature=1.0, random_state=None):
        super().__init__(stochastic=stochastic, temperature=temperature, random_state=random_state)
        self.n_samples = n_samples

    @property
    def _reduction(self):
        return Reduction(self.view, self.score_block, self.n_samples)


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
