"""Strategies that spread the chosen samples over the pool."""

import warnings
from numbers import Integral
from typing import ClassVar

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from .._compat import Interval, StrOptions
from ._distances import centered
from ._k_center import FarthestFirst
from .base import QueryStrategy, Selection
from .pool import EMBEDDING


class CoreSet(QueryStrategy):
    """Choose samples that leave no sample far from a labeled one: greedy k-center [1]_.

    Each pick is the sample whose Euclidean distance, in the embedding, to the nearest labeled or
    chosen sample is largest. Needs no model: with nothing labeled it starts from the sample nearest
    to the mean of the pool. It seeks outliers, which hurts on noisy pools.

    Notes
    -----
    Scores are the distances at the time of the pick, infinity for a first pick with nothing
    labeled. Time is at most O(n d (m + b)) for m labeled samples and b picks, and usually a small
    part of it; memory is O(n) and 8 MB beyond the float32 embedding. Greedy picks leave at most
    twice the optimal radius.

    References
    ----------
    .. [1] Sener and Savarese (2018), "Active learning for convolutional neural networks: a
       core-set approach", ICLR, algorithm 1.

    Examples
    --------
    >>> CoreSet()(None, [[0.0], [1.0], [1.1], [9.0]], n_instances=3)
    array([2, 3, 0])
    """

    def reductions(self):
        return (EMBEDDING,)

    def _select(self, pool, n_instances, chosen):
        X, labeled = centered(pool.embedding, labeled_like(pool))
        centers = np.concatenate([labeled, X[chosen]])
        indices, distances = [], []
        if not len(centers):
            indices, distances = [_nearest_to_mean(X)], [np.inf]
            centers = X[indices]
        n_picks = n_instances - len(indices)
        farthest = FarthestFirst(X, centers, [*chosen, *indices], n_picks)
        picks = [farthest.pick() for _ in range(n_picks)]
        indices += [row for row, _ in picks]
        distances += [distance for _, distance in picks]
        return Selection(np.array(indices, np.intp), np.array(distances, np.float64))

    def score(self, pool):
        """Return the distance of each sample to the nearest labeled one, or to the mean."""
        X, labeled = centered(pool.embedding, labeled_like(pool))
        centers = labeled if len(labeled) else X.mean(axis=0, keepdims=True)
        return np.sqrt(FarthestFirst(X, centers, [], 0).bound.astype(np.float64))


def labeled_like(pool):
    """Return the labeled embedding, or raise if its features are not those of the pool."""
    labeled = pool.labeled_embedding
    if labeled.shape[1] != pool.embedding.shape[1]:
        raise ValueError(
            f"the samples of X_pool have {pool.embedding.shape[1]} features in the embedding, the "
            f"labeled data of the learner {labeled.shape[1]}. Pass samples with the same features."
        )
    return labeled


def _nearest_to_mean(X):
    mean = X.mean(axis=0, dtype=np.float64).astype(X.dtype)  # float32 sums lose digits
    return int(np.square(X - mean).sum(axis=1).argmin())


class KMeansDiversity(QueryStrategy):
    """Cluster the pool with k-means in the embedding and choose from every cluster in turn.

    The clusters take turns, the largest first, until enough samples are chosen. Needs no model, so
    it suits a first labeled set too.

    Parameters
    ----------
    n_clusters : int or None, default=None
        How many clusters; None means as many as samples are asked for. More than the pool has
        samples is an error.
    pick : {"nearest", "farthest"}, default="nearest"
        Which sample a cluster gives next: the nearest to its center, which is typical, or the
        farthest from it, which is unusual.
    random_state : int, RandomState instance or None, default=None
        Seeds k-means; None inherits the learner's.

    Notes
    -----
    Scores are distances to the cluster's center. Time is that of k-means, O(n d k) an iteration;
    memory O(n) beyond the float32 embedding.

    References
    ----------
    .. [1] Xu, Yu, Tresp, Xu and Wang (2003), "Representative sampling for text classification
       using support vector machines", ECIR.

    Examples
    --------
    >>> X = [[0.0], [0.2], [0.5], [9.0], [9.1]]
    >>> KMeansDiversity(random_state=0)(None, X, n_instances=2)
    array([1, 3])
    """

    _parameter_constraints: ClassVar = {
        "n_clusters": [Interval(Integral, 1, None, closed="left"), None],
        "pick": [StrOptions({"nearest", "farthest"})],
        "random_state": ["random_state"],
    }

    def __init__(self, n_clusters=None, *, pick="nearest", random_state=None):
        self.n_clusters = n_clusters
        self.pick = pick
        self.random_state = random_state

    def reductions(self):
        return (EMBEDDING,)

    def _select(self, pool, n_instances, chosen):
        free = np.setdiff1d(np.arange(pool.n_samples), chosen)
        X = pool.embedding[free]
        n_clusters = n_instances if self.n_clusters is None else self.n_clusters
        if n_clusters > len(X):
            raise ValueError(
                f"n_clusters must be at most the size of the pool; got {n_clusters=} for {len(X)} "
                f"samples. Ask for fewer clusters, or pass a larger X_pool."
            )
        seed = pool.rng(self.random_state, "KMeansDiversity").randint(np.iinfo(np.int32).max)
        labels, distances = _cluster(X, n_clusters, seed)
        order = _take_turns(labels, distances if self.pick == "nearest" else -distances)
        order = order[:n_instances]
        return Selection(free[order], distances[order])


def _cluster(X, n_clusters, seed):
    """Return each row's cluster, and its distance to the center."""
    kmeans = KMeans(n_clusters, n_init="auto", random_state=seed)
    with warnings.catch_warnings():
        # fewer distinct rows than clusters: the empty ones never take their turn
        warnings.simplefilter("ignore", ConvergenceWarning)
        labels = kmeans.fit_predict(X)
    centers = kmeans.cluster_centers_[labels]
    return labels, np.sqrt(np.square(X - centers).sum(axis=1))


def _take_turns(labels, keys):
    """Return all rows: the smallest key of each cluster, then the second smallest, and so on.

    In each turn the largest cluster comes first; clusters of one size go by their first row.
    """
    order = np.lexsort((np.arange(len(keys)), keys, labels))  # by cluster, then key, then row
    _, first_rows, sizes = np.unique(labels, return_index=True, return_counts=True)
    turn = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    rank = np.empty(len(sizes), np.intp)
    rank[np.lexsort((first_rows, -sizes))] = np.arange(len(sizes))
    return order[np.lexsort((np.repeat(rank, sizes), turn))]
