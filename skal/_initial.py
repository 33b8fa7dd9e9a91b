"""The first labeled set of a run."""

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.multiclass import type_of_target

from ._data import n_rows, take_rows
from ._random import round_rng
from .query import Pool, QueryStrategy


def initial_indices(loop, X, y):
    """Return the positions in `X` that a loop labels first."""
    n = loop.n_initial_
    rng = round_rng(loop.random_state, 0, "initial")
    if loop.initial == "stratified":
        return _stratified(y, n, rng)
    if loop.initial == "random":
        order = rng.permutation(n_rows(X))
    else:
        order = _by_strategy(loop, X, n)
    return _until_two_classes(order, y, n) if is_classifier(loop.learner_) else order[:n]


def _by_strategy(loop, X, n):
    """Return the choice of a strategy, followed by all else in the order of `X`."""
    strategy = loop.initial
    if isinstance(strategy, QueryStrategy):
        chosen = strategy.select(Pool(loop.learner_, X, strategy), n).indices
    else:
        chosen = np.asarray(strategy(loop.learner_, X, n_instances=n))
    return np.concatenate([chosen, np.setdiff1d(np.arange(n_rows(X)), chosen)])


def _until_two_classes(order, y, n):
    """Return the first `n` of `order`, or more, until there are two classes as a model needs."""
    if np.ndim(y) != 1:
        return order[:n]
    labels = np.asarray(take_rows(y, order))
    other = np.flatnonzero(labels != labels[0])
    return order[: max(n, other[0] + 1)] if len(other) else order[:n]


def _stratified(y, n, rng):
    """Return `n` positions, every class by its share, and one of each while there is room."""
    if type_of_target(y) not in ("binary", "multiclass"):
        raise ValueError(
            f'initial="stratified" needs one class a sample; got a target of type '
            f'{type_of_target(y)!r}. Use initial="random".'
        )
    order = rng.permutation(n_rows(y))
    _, labels, sizes = np.unique(
        np.asarray(take_rows(y, order)), return_inverse=True, return_counts=True
    )
    rank = np.empty(len(order), np.intp)  # of each sample within its class
    by_class = np.argsort(labels, kind="stable")
    starts = np.cumsum(sizes) - sizes
    rank[by_class] = np.arange(len(order)) - np.repeat(starts, sizes)
    quantile = np.where(rank == 0, -1, (rank + 0.5) / sizes[labels])
    return order[np.argsort(quantile, kind="stable")[:n]]
