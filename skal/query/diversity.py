"""Strategies that spread the chosen samples over the pool."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np

from .._compat import Interval, StrOptions
from ._clusters import (
    distances_to_means,
    distances_to_other_clusters,
    fast_clusters,
    mean_neighbor_distances,
)
from ._cover import BallCover
from ._distances import centered
from ._lazy_picks import FarthestFirst
from .base import QueryStrategy, Selection, positions_without
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
    Scores are distances to the cluster's mean. k-means finds its centers on 256 samples a cluster,
    in at most 20 iterations. Time is O(n d k) for k clusters; memory is O(n) and a copy of the
    float32 embedding.

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
        free = positions_without(chosen, pool.n_samples)
        (X,) = centered(pool.embedding[free])
        n_clusters = n_instances if self.n_clusters is None else self.n_clusters
        if n_clusters > len(X):
            raise ValueError(
                f"n_clusters must be at most the size of the pool; got {n_clusters=} for {len(X)} "
                f"samples. Ask for fewer clusters, or pass a larger X_pool."
            )
        labels = fast_clusters(X, n_clusters, pool.rng(self.random_state, "KMeansDiversity"))
        distances = distances_to_means(X, labels)
        order = _take_turns(labels, distances if self.pick == "nearest" else -distances)
        order = order[:n_instances]
        return Selection(free[order], distances[order])


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


class TypiClust(QueryStrategy):
    """Cluster all samples and choose the most typical one of each cluster without a label [1]_.

    For small budgets, where a model knows too little to say what it does not know. Labeled and
    unlabeled samples are clustered with k-means in the embedding, into as many clusters as there
    will be labels. Clusters with the fewest labels take their turn first, of those the largest. A
    cluster gives its most typical sample: the one nearest, on average, to its nearest neighbors in
    the cluster. Needs no model.

    Parameters
    ----------
    n_neighbors : int, default=20
        How many neighbors a sample is typical of.
    max_clusters : int, default=500
        The most clusters; with more labels than that, clusters give several samples.
    min_cluster_size : int, default=5
        Smaller clusters, which may be outliers, take their turn after all others.
    random_state : int, RandomState instance or None, default=None
        Seeds k-means; None inherits the learner's.

    Notes
    -----
    Scores are the typicality, ``1 / mean distance``; infinity among duplicates, 0 for the only
    sample of a cluster. k-means finds its centers on 256 samples a cluster, in at most 20
    iterations. Time is O(n d k) for k clusters, and O(s² d) in a cluster of s samples that gives
    one; memory is O(n), a copy of the float32 embedding, another of the rows of such a cluster, and
    40 bytes for each of their neighbors.

    References
    ----------
    .. [1] Hacohen, Dekel and Weinshall (2022), "Active learning on a budget: opposite strategies
       suit high and low budgets", ICML, algorithm 1.

    See Also
    --------
    ProbCover : Covers the samples with balls; needs no clusters.

    Examples
    --------
    >>> X = [[0.0], [0.2], [0.3], [0.7], [9.0], [9.2], [9.3]]
    >>> TypiClust(min_cluster_size=1, random_state=0)(None, X, n_instances=2)
    array([1, 5])
    """

    _parameter_constraints: ClassVar = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "max_clusters": [Interval(Integral, 1, None, closed="left")],
        "min_cluster_size": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(self, n_neighbors=20, *, max_clusters=500, min_cluster_size=5, random_state=None):
        self.n_neighbors = n_neighbors
        self.max_clusters = max_clusters
        self.min_cluster_size = min_cluster_size
        self.random_state = random_state

    def reductions(self):
        return (EMBEDDING,)

    def _select(self, pool, n_instances, chosen):
        X = np.concatenate([pool.embedding, labeled_like(pool)])  # positions in the pool stay
        n_covering = len(X) - pool.n_samples + len(chosen)
        n_clusters = min(n_covering + n_instances, self.max_clusters, len(X))
        labels = fast_clusters(X, n_clusters, pool.rng(self.random_state, "TypiClust"))
        is_free = np.ones(len(X), bool)
        is_free[chosen] = is_free[pool.n_samples :] = False
        turns = _turns(labels, is_free, self.min_cluster_size)[:n_instances]
        indices, means = np.empty(len(turns), np.intp), np.empty(len(turns), np.float64)
        for cluster in np.unique(turns):
            places = np.flatnonzero(turns == cluster)
            rows, mean = self._most_typical(X, np.flatnonzero(labels == cluster), is_free)
            indices[places], means[places] = rows[: len(places)], mean[: len(places)]
        with np.errstate(divide="ignore"):
            return Selection(indices, 1 / means)

    def _most_typical(self, X, members, is_free):
        """Return the free members of a cluster and their mean distances, most typical first."""
        means = mean_neighbor_distances(X[members], self.n_neighbors)[is_free[members]]
        order = np.argsort(means, kind="stable")
        return members[is_free[members]][order], means[order]


def _turns(labels, is_free, min_size):
    """Return the clusters in the order of their turns, each as often as it has free rows.

    Those with the fewest rows that are taken come first, of these the largest, then the one with
    the first row; clusters below `min_size` come after all others.
    """
    clusters, first_rows, sizes = np.unique(labels, return_index=True, return_counts=True)
    place = np.searchsorted(clusters, labels[is_free])
    n_free = np.bincount(place, minlength=len(clusters))
    slots = np.repeat(np.arange(len(clusters)), n_free)
    turn = np.arange(len(slots)) - np.repeat(n_free.cumsum() - n_free, n_free)
    n_taken = (sizes - n_free)[slots] + turn
    order = np.lexsort((first_rows[slots], -sizes[slots], n_taken, sizes[slots] < min_size))
    return clusters[slots[order]]


class ProbCover(QueryStrategy):
    """Choose samples whose balls cover the most samples that no ball covers yet [1]_.

    For small budgets, where a model knows too little to say what it does not know. Labeled and
    chosen samples cover all that is within `delta` of them in the embedding; each pick is the
    sample with the most uncovered samples within `delta`. Needs no model.

    Parameters
    ----------
    delta : float or None, default=None
        The radius of the balls. None estimates it as in the paper: the largest for which a share
        `purity` of the balls holds samples of one k-means cluster only. Up to 2000 samples say so.
    n_classes : int or None, default=None
        How many clusters stand for classes when `delta` is estimated. None means as many as the
        model knows classes, or 10 where there is no model yet.
    purity : float, default=0.95
        The share of pure balls when `delta` is estimated, in (0, 1).
    random_state : int, RandomState instance or None, default=None
        Seeds k-means and the samples when `delta` is estimated; None inherits the learner's.

    Notes
    -----
    Scores are how many samples a pick newly covers. Once all are covered, the rest follow by index.
    The estimate moves a little with the labeled data; pass `delta` to keep it. Time is O(n² d) for
    the neighbors within `delta`, and O(b n) and once through the neighbors for the picks. Memory is
    4 bytes a pair of neighbors, 8 while they are collected, 200 MB of tiles, and O(n): more than 1
    GiB of neighbors is refused.

    Raises
    ------
    ValueError
        If a `delta` that was passed makes one ball hold all samples, or no two samples share one.

    References
    ----------
    .. [1] Yehuda, Dekel, Hacohen and Weinshall (2022), "Active learning through a covering lens",
       NeurIPS, algorithm 1; section 3.4 estimates delta.

    See Also
    --------
    TypiClust : Clusters instead of balls, with no radius to choose.
    CoreSet : Covers everything, with the smallest radius that can.

    Examples
    --------
    >>> X = [[0.0], [0.2], [0.3], [0.7], [9.0], [9.2], [20.0]]
    >>> ProbCover(delta=0.5)(None, X, n_instances=3)
    array([1, 4, 6])
    """

    _parameter_constraints: ClassVar = {
        "delta": [Interval(Real, 0, None, closed="neither"), None],
        "n_classes": [Interval(Integral, 2, None, closed="left"), None],
        "purity": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    }

    def __init__(self, delta=None, *, n_classes=None, purity=0.95, random_state=None):
        self.delta = delta
        self.n_classes = n_classes
        self.purity = purity
        self.random_state = random_state

    def reductions(self):
        return (EMBEDDING,)

    def _select(self, pool, n_instances, chosen):
        X, labeled = centered(pool.embedding, labeled_like(pool))
        radius = self._estimate(pool, X, labeled) if self.delta is None else float(self.delta)
        cover = BallCover(X, labeled, chosen, radius)
        if self.delta is not None:
            self._check_delta(cover, X, labeled)
        rows, gains = zip(*(cover.pick() for _ in range(n_instances)), strict=True)
        return Selection(np.array(rows, np.intp), np.array(gains, np.float64))

    def _estimate(self, pool, X, labeled):
        """Return the largest radius for which enough balls hold one cluster only."""
        rng = pool.rng(self.random_state, "ProbCover")
        X = np.concatenate([X, labeled])
        clusters = fast_clusters(X, min(self._n_classes(pool), len(X)), rng)
        rows = rng.permutation(len(X))[:2000]
        nearest = np.sort(distances_to_other_clusters(X, clusters, rows))
        n_impure = int((1 - self.purity) * len(rows) + 1e-9)  # 0.2 * 200 is 39.99...
        limit = nearest[n_impure]
        return float(np.sqrt(limit)) * (1 - 1e-6) if np.isfinite(limit) else 0.0

    def _n_classes(self, pool):
        classes = getattr(pool.model, "classes_", None)
        if self.n_classes is not None:
            return self.n_classes
        return 10 if classes is None else max(2, len(classes))

    def _check_delta(self, cover, X, labeled):
        """Raise where the radius says nothing about any sample, now or in a later round."""
        n_all = len(X) + len(labeled)
        if cover.one_ball_holds_all() and _differ(X, labeled):
            raise ValueError(
                f"delta must be smaller than the spread of the samples; with delta={self.delta} "
                f"the ball around one sample covers all {n_all}. Pass a smaller delta, or None."
            )
        if n_all > 1 and cover.is_every_ball_empty():
            raise ValueError(
                f"delta must be larger than some distance of two samples; with delta={self.delta} "
                f"no two of {n_all} are that near. Pass a larger delta, or None."
            )


def _differ(X, labeled):
    """Return whether any two rows differ."""
    return bool((X != X[0]).any() or (labeled != X[0]).any())
