"""What all query strategies share: the checks, the tie-breaking, the best-first order."""

from abc import ABCMeta, abstractmethod
from numbers import Integral
from typing import Any, ClassVar, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator

from .._compat import StrOptions
from ._pixels import REDUCE, score_images
from ._stochastic import CONSTRAINTS, perturbed
from .pool import Pool, Reduction
from .scores import top_k


class Selection(NamedTuple):
    """What a strategy chose.

    Attributes
    ----------
    indices : ndarray of int of shape (n_instances,)
        Distinct positions in the pool, best first.
    scores : ndarray of shape (n_instances,), or None
        The strategy's number for each; its docstring says what it means. None where a callable
        that is not skal's gives none.
    weights : ndarray of shape (n_instances,), optional
        Sample weights that make training on the chosen stand for the pool, where the method has
        them.
    """

    indices: np.ndarray
    scores: np.ndarray | None
    weights: np.ndarray | None = None


class QueryStrategy(BaseEstimator, metaclass=ABCMeta):
    """Base class of all query strategies.

    A strategy is a callable as in modAL, ``strategy(learner, X_pool, n_instances)``, and a
    scikit-learn estimator in its parameters, so that it can be cloned and searched. A new one
    overrides `_select`, or extends :class:`ScoreStrategy` where samples are ranked by a number.
    :func:`skal.query.checks.check_strategy` tells whether it keeps the contract of all strategies.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {}

    def __call__(self, learner, X_pool, n_instances=1):
        """Choose samples of the pool to label.

        Parameters
        ----------
        learner : learner, committee or fitted estimator
            Who asks: a learner of skal or modAL, or any scikit-learn estimator.
        X_pool : array-like, data frame, sparse matrix or list
            The unlabeled samples.
        n_instances : int, default=1
            How many to choose, in [1, size of the pool].

        Returns
        -------
        ndarray of int of shape (n_instances,)
            Distinct positions in `X_pool`, best first.
        """
        return self.select(Pool(learner, X_pool, self), n_instances).indices

    def select(self, pool, n_instances=1, *, chosen=()):
        """Choose samples, and say how they scored.

        Parameters
        ----------
        pool : Pool
            The unlabeled samples as a learner sees them.
        n_instances : int, default=1
            How many to choose, in [1, size of the pool].
        chosen : sequence of int, default=()
            Positions that are already chosen: they are not chosen again, and strategies that look
            for diverse samples keep away from them.

        Returns
        -------
        Selection

        Raises
        ------
        TypeError
            If the model cannot give what the strategy needs.
        ValueError
            If `n_instances` is out of range or the pool is empty.
        """
        self._validate_params()
        chosen = validate_chosen(chosen, pool.n_samples)
        check_n_instances(n_instances, pool.n_samples - len(chosen))
        return self._select(pool, int(n_instances), chosen)

    def reductions(self):
        """Return what this strategy will ask of the pool, so that one pass answers all of it."""
        return ()

    @property
    def is_random(self):
        """Whether the choice depends on a draw: of this strategy, or of one that it is made of."""
        params = self.get_params(deep=False)
        parts = [p for p in params.values() if isinstance(p, QueryStrategy)]
        return "random_state" in params or any(part.is_random for part in parts)

    @classmethod
    def _example(cls):
        """Return an instance to check; override it where the constructor needs arguments."""
        return cls()

    @abstractmethod
    def _select(self, pool, n_instances, chosen):
        """Choose `n_instances` samples that are not in `chosen`; the arguments are checked."""


class ScoreStrategy(QueryStrategy):
    """Base class of strategies that give each sample a number and choose the largest.

    A new one names its `view` of the pool and reduces a block of it in `score_block`.

    The best of a pool are often alike. A stochastic batch [1]_ is a sample without replacement
    instead, in which large scores are likely: it costs no more, and often beats the best.

    Parameters
    ----------
    stochastic : {"power", "softmax"} or None, default=None
        None chooses the largest scores. ``"power"`` draws samples in proportion to
        ``score ** (1 / temperature)``, ``"softmax"`` in proportion to
        ``exp(score / temperature)``.
    temperature : float, default=1.0
        Towards 0 a stochastic batch becomes the largest scores, towards infinity a random choice.
    random_state : int, RandomState instance or None, default=None
        Seeds stochastic batches; None inherits the learner's.
    reduce : {"mean", "max", "top_k"}, default="mean"
        How the scores of the pixels of an image become its own, where the model gives each pixel a
        class: their mean, the largest, or the mean of the largest hundredth.

    Notes
    -----
    A batch comes in the order of the draw; its scores are those before the noise.

    References
    ----------
    .. [1] Kirsch et al. (2023), "Stochastic batch acquisition: a simple baseline for deep active
       learning", TMLR.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> class RarestClass(ScoreStrategy):
    ...     view = "proba"
    ...     def score_block(self, block):
    ...         return block[:, -1]
    >>> model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> RarestClass()(model, [[0.2], [3.0], [0.7]], n_instances=2)
    array([1, 2])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **CONSTRAINTS,
        "reduce": [StrOptions(set(REDUCE))],
    }

    view: ClassVar[str]

    def __init__(self, *, stochastic=None, temperature=1.0, random_state=None, reduce="mean"):
        self.stochastic = stochastic
        self.temperature = temperature
        self.random_state = random_state
        self.reduce = reduce

    def score_block(self, block):
        """Return one number for each sample of a block of the view; the largest are chosen."""
        raise NotImplementedError(f"{type(self).__name__} must define score_block or score.")

    def score(self, pool):
        """Return one number for each sample of the pool; the largest are chosen.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return pool.reduce(self._reduction)

    def reductions(self):
        return (self._reduction,) if hasattr(self, "view") else ()

    @property
    def _reduction(self):
        return Reduction(self.view, self._score_samples, takes_pixels=True)

    def _score_samples(self, block):
        reduce = getattr(self, "reduce", "mean")  # constructors of users need not have it
        return score_images(self.score_block, self.view, block, reduce)

    def _select(self, pool, n_instances, chosen):
        scores = self.score(pool)
        if not self._is_stochastic:
            return select_largest(scores, n_instances, chosen)
        rng = pool.rng(self.random_state, f"{type(self).__name__} stochastic")
        weighed = self._as_weights(scores) if self.stochastic == "power" else scores
        keys = perturbed(weighed, self.stochastic, self.temperature, rng)
        indices = select_largest(keys, n_instances, chosen).indices
        return Selection(indices, scores[indices])

    def _as_weights(self, scores):
        """Return scores whose powers weigh samples: 0 for those that teach nothing."""
        return scores

    @property
    def _is_stochastic(self):
        return getattr(self, "stochastic", None) is not None

    @property
    def is_random(self):
        return self._is_stochastic or ("stochastic" not in vars(self) and super().is_random)


def select_largest(scores, n_instances, chosen):
    """Return the Selection of the largest scores, those of `chosen` left out."""
    if not len(chosen):
        indices = top_k(scores, n_instances)
    else:
        free = positions_without(chosen, len(scores))
        indices = free[top_k(scores[free], n_instances)]
    return Selection(indices, scores[indices])


def positions_without(chosen, n_samples):
    """Return the positions in a pool that are not `chosen`; faster than a difference of sets."""
    is_free = np.ones(n_samples, bool)
    is_free[chosen] = False
    return np.flatnonzero(is_free)


def validate_chosen(chosen, n_pool):
    """Return `chosen` as distinct positions, or raise if one is not in a pool of `n_pool`."""
    chosen = np.asarray(chosen)
    if chosen.size and chosen.dtype.kind not in "iu":
        raise TypeError(f"chosen must hold integer positions; got an array of {chosen.dtype}.")
    unknown = chosen[(chosen < 0) | (chosen >= n_pool)]
    if len(unknown):
        raise ValueError(
            f"chosen must hold positions in the pool, in [0, {n_pool}); got {unknown.tolist()}."
        )
    return np.unique(chosen).astype(np.intp)


def check_n_instances(n_instances, n_pool):
    """Raise unless `n_instances` samples can be chosen from a pool of `n_pool`."""
    if n_pool == 0:
        raise ValueError("X_pool is empty: there is nothing left to choose from.")
    if not isinstance(n_instances, Integral) or isinstance(n_instances, bool):
        raise TypeError(f"n_instances must be an integer; got {n_instances!r}.")
    if not 1 <= n_instances <= n_pool:
        raise ValueError(
            f"n_instances must be in [1, size of the pool]; got {n_instances=} for {n_pool} "
            f"samples. Ask for fewer, or pass a larger X_pool."
        )
