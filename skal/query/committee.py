"""Strategies that choose what the members of a committee or ensemble disagree on."""

from . import scores
from .base import ScoreStrategy


class VoteEntropy(ScoreStrategy):
    """Choose the samples on which the members' votes are most evenly split [1]_.

    For committees, and for the forests, bagging and voting ensembles of scikit-learn. Members need
    no probabilities. Few members give few distinct scores, and ties go to the lowest index: prefer
    :class:`ConsensusEntropy` or :class:`~skal.query.BALD` where members have probabilities.

    Parameters
    ----------
    stochastic, temperature, random_state
        Stochastic batches, as for :class:`ScoreStrategy`.
    reduce
        Of pixels to images, as for :class:`ScoreStrategy`.

    Notes
    -----
    Scores are in nats, in [0, log(n_members)]. Time O(n c m) for m members.

    References
    ----------
    .. [1] Dagan and Engelson (1995), "Committee-based sampling for training probabilistic
       classifiers", ICML.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> X, y = [[0.0], [0.4], [0.6], [1.0]], [0, 0, 1, 1]
    >>> forest = RandomForestClassifier(random_state=0).fit(X, y)
    >>> VoteEntropy()(forest, [[0.0], [0.5], [1.0]])
    array([1])
    """

    view = "votes"

    def score_block(self, block):
        return scores.vote_entropy(block, int(block.max(initial=0)) + 1)


class ConsensusEntropy(ScoreStrategy):
    """Choose the samples where the members' mean probabilities have the largest entropy.

    For committees, and for the forests, bagging and voting ensembles of scikit-learn. A sample
    scores high where members disagree, and also where all agree that it is uncertain;
    :class:`~skal.query.BALD` subtracts the latter.

    Parameters
    ----------
    stochastic, temperature, random_state
        Stochastic batches, as for :class:`ScoreStrategy`.
    reduce
        Of pixels to images, as for :class:`ScoreStrategy`.

    Notes
    -----
    Scores are in nats, in [0, log(n_classes)]. Time O(n c m) for m members, in blocks.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> X, y = [[0.0], [0.4], [0.6], [1.0]], [0, 0, 1, 1]
    >>> forest = RandomForestClassifier(random_state=0).fit(X, y)
    >>> ConsensusEntropy()(forest, [[0.0], [0.5], [1.0]])
    array([1])
    """

    view = "sample_proba"

    def score_block(self, block):
        return scores.consensus_entropy(block)


class MaxDisagreement(ScoreStrategy):
    """Choose the samples where one member's probabilities differ most from the consensus [1]_.

    For committees, and for the forests, bagging and voting ensembles of scikit-learn. The measure
    is the largest Kullback-Leibler divergence of a member from the mean: a single dissenter counts.

    Parameters
    ----------
    stochastic, temperature, random_state
        Stochastic batches, as for :class:`ScoreStrategy`.
    reduce
        Of pixels to images, as for :class:`ScoreStrategy`.

    Notes
    -----
    Scores are in nats, in [0, log(n_members)]. Time O(n c m) for m members, in blocks.

    References
    ----------
    .. [1] McCallum and Nigam (1998), "Employing EM and pool-based active learning for text
       classification", ICML; the maximum in place of the mean is modAL's.

    Examples
    --------
    >>> from sklearn.ensemble import VotingClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.naive_bayes import GaussianNB
    >>> members = [("linear", LogisticRegression()), ("bayes", GaussianNB())]
    >>> voting = VotingClassifier(members).fit([[0.0], [0.4], [0.6], [1.0]], [0, 0, 1, 1])
    >>> MaxDisagreement()(voting, [[0.5], [0.9]])
    array([1])
    """

    view = "sample_proba"

    def score_block(self, block):
        return scores.max_disagreement(block)
