"""The baseline that every other strategy has to beat."""

from typing import ClassVar

from .base import ScoreStrategy


class RandomSampling(ScoreStrategy):
    """Choose samples uniformly at random, without replacement.

    The baseline to compare with, and the safe choice for a first labeled set: it needs no model,
    and a test set drawn by it is unbiased.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=None
        None inherits the learner's. With an integer, asking twice gives the same answer and
        teaching moves the draw on.

    Notes
    -----
    Scores are the uniform draws in [0, 1) that order the samples. Time and memory are O(n).

    Examples
    --------
    >>> RandomSampling(random_state=0)(None, [[0.0], [1.0], [2.0]], n_instances=3)
    array([2, 1, 0])
    """

    _parameter_constraints: ClassVar = {"random_state": ["random_state"]}

    def __init__(self, *, random_state=None):
        self.random_state = random_state

    def reductions(self):
        return ()

    def score(self, pool):
        return pool.rng(self.random_state, "RandomSampling").random_sample(pool.n_samples)
