"""The query protocol, for learners and committees alike."""

import functools
import inspect
import warnings
from numbers import Integral

from modAL.batch import uncertainty_batch_sampling

from .._data import n_rows, sample_shape, take_rows
from ..query import Pool, QueryStrategy, Selection
from ..query.base import check_n_instances
from ..query.pool import labeled_samples


class QueryMixin:
    """What learners and committees share: `query`."""

    def query(self, X_pool, *query_args, return_metrics=False, **query_kwargs):
        """Choose samples of the pool to label next.

        Parameters
        ----------
        X_pool : array-like, data frame, sparse matrix or list
            The unlabeled samples.
        *query_args, **query_kwargs
            Arguments of the query strategy: first of all ``n_instances``, how many to choose.
        return_metrics : bool, default=False
            Whether to return the strategy's scores too.

        Returns
        -------
        indices : ndarray of int of shape (n_instances,)
            Positions in `X_pool`, best first with skal's strategies.
        instances : same kind as X_pool
            The chosen samples.
        metrics : ndarray of shape (n_instances,)
            Their scores; only with ``return_metrics=True``.

        Raises
        ------
        ValueError
            If the pool is empty or too small, or its samples have other features than the labeled.
        TypeError
            If the strategy and the estimator do not fit each other.
        """
        selection = select(self, X_pool, query_args, query_kwargs)
        indices, metrics = selection.indices, selection.scores
        instances = take_rows(X_pool, indices)
        if not return_metrics:
            return indices, instances
        if metrics is None:
            warnings.warn(
                f"the query strategy {self.query_strategy!r} returns no metrics, so there are none "
                f"to return. Let it return a tuple of indices and metrics.",
                UserWarning,
                stacklevel=2,
            )
        return indices, instances, metrics


def select(learner, X_pool, args, kwargs, loss_of=None):
    """Ask the learner's strategy once; scores are None where it gives none.

    `loss_of` gives true losses to strategies that ask the pool for them; see :class:`Pool`.

    A strategy that is not skal's answers with indices, or with a tuple of indices and their
    metrics. Only a tuple is ever split: an array or list of two indices is two indices.
    """
    strategy = learner.query_strategy
    if not callable(strategy):
        raise TypeError(f"query_strategy must be callable; got {strategy!r}.")
    if isinstance(strategy, type) and issubclass(strategy, QueryStrategy):
        name = strategy.__name__
        raise TypeError(f"query_strategy must be a strategy, not its class: {name}(), not {name}.")
    _check_pool(learner, X_pool)
    if isinstance(strategy, QueryStrategy):
        return strategy.select(Pool(learner, X_pool, strategy, loss_of), *args, **kwargs)
    if _is_of_modal(strategy):
        _check_n_instances_of_modal(strategy, learner, X_pool, args, kwargs)
    answer = strategy(learner, X_pool, *args, **kwargs)
    indices, metrics = answer if _is_pair(answer) else (answer, None)
    if indices is None:
        raise TypeError(f"the query strategy {strategy!r} returned None; it must return indices.")
    return Selection(indices, metrics)


def _is_pair(answer):
    return isinstance(answer, tuple) and len(answer) == 2


def _is_of_modal(strategy):
    function = strategy.func if isinstance(strategy, functools.partial) else strategy
    return str(getattr(function, "__module__", "")).startswith("modAL.")


def _check_n_instances_of_modal(strategy, learner, X_pool, args, kwargs):
    """Raise for numbers that modAL's functions take for others: -2 is nearly the whole pool."""
    asked = inspect.signature(strategy).bind(learner, X_pool, *args, **kwargs).arguments
    if "n_instances" not in asked:
        return
    n_instances = asked["n_instances"]
    takes_all = getattr(strategy, "func", strategy) is uncertainty_batch_sampling
    is_too_many = isinstance(n_instances, Integral) and n_instances > n_rows(X_pool)
    if not (takes_all and is_too_many):
        check_n_instances(n_instances, n_rows(X_pool))


def _check_pool(learner, X_pool):
    if not (hasattr(X_pool, "__len__") or hasattr(X_pool, "shape")):
        raise TypeError(
            f"X_pool must hold samples, as an array, a data frame or a list does; got "
            f"{type(X_pool).__name__}."
        )
    if n_rows(X_pool) == 0:
        raise ValueError("X_pool is empty: there is nothing left to choose from.")
    labeled = labeled_samples(learner)
    if labeled is not None and sample_shape(labeled) != sample_shape(X_pool):
        raise ValueError(
            f"the samples of X_pool have shape {sample_shape(X_pool)} each, the labeled data of "
            f"this learner {sample_shape(labeled)}. Pass samples with the same features."
        )
    if hasattr(learner, "_check_finite"):  # members of a committee look themselves
        learner._check_finite("X_pool", X_pool)
