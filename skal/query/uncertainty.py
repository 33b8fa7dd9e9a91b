"""Strategies that choose what the model is least sure of.

For two classes all three rank alike: each is a monotone function of the larger probability.
"""

from . import scores
from .base import ScoreStrategy


class LeastConfidence(ScoreStrategy):
    """Choose the samples whose most probable class is least probable [1]_.

    Looks only at the best class: of two samples whose best class has probability 0.4 it does not
    care whether the second has 0.39 or 0.1. For two classes it ranks as :class:`Margin` and
    :class:`Entropy` do.

    Parameters
    ----------
    stochastic, temperature, random_state
        Stochastic batches, as for :class:`ScoreStrategy`.
    reduce
        Of pixels to images, as for :class:`ScoreStrategy`.

    Notes
    -----
    Scores are in [0, 1 - 1/n_classes]. Time O(n c) and memory O(n) beyond the probabilities.

    References
    ----------
    .. [1] Lewis and Gale (1994), "A sequential algorithm for training text classifiers", SIGIR.

    See Also
    --------
    Margin : The usual first choice for more than two classes.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> LeastConfidence()(model, [[0.0], [0.6], [2.0]])
    array([1])
    """

    view = "proba"

    def score_block(self, block):
        return scores.least_confidence(block)


class Margin(ScoreStrategy):
    """Choose the samples whose two most probable classes are closest [1]_.

    The usual first choice among uncertainty strategies when there are more than two classes. For
    two classes it ranks as :class:`LeastConfidence` and :class:`Entropy` do.

    Parameters
    ----------
    stochastic, temperature, random_state
        Stochastic batches, as for :class:`ScoreStrategy`.
    reduce
        Of pixels to images, as for :class:`ScoreStrategy`.

    Notes
    -----
    Scores are minus the margin, in [-1, 0]. Time O(n c) and memory O(n) beyond the probabilities.

    References
    ----------
    .. [1] Scheffer, Decomain and Wrobel (2001), "Active hidden Markov models for information
       extraction", IDA.

    See Also
    --------
    LeastConfidence, Entropy

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> Margin()(model, [[0.0], [0.6], [2.0]])
    array([1])
    """

    view = "proba"

    def score_block(self, block):
        return -scores.margin(block)

    def _as_weights(self, scores):
        return 1 + scores


class Entropy(ScoreStrategy):
    """Choose the samples whose class probabilities have the largest entropy [1]_.

    Looks at all classes, so that many small probabilities can outweigh a close race between two.
    For two classes it ranks as :class:`LeastConfidence` and :class:`Margin` do.

    Parameters
    ----------
    stochastic, temperature, random_state
        Stochastic batches, as for :class:`ScoreStrategy`.
    reduce
        Of pixels to images, as for :class:`ScoreStrategy`.

    Notes
    -----
    Scores are in nats, in [0, log(n_classes)]. Time O(n c) and memory O(n) beyond the
    probabilities.

    References
    ----------
    .. [1] Settles (2009), "Active learning literature survey", section 3.1.

    See Also
    --------
    Margin : The usual first choice for more than two classes.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> Entropy()(model, [[0.0], [0.6], [2.0]])
    array([1])
    """

    view = "proba"

    def score_block(self, block):
        return scores.entropy(block)
