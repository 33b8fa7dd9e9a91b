"""Clusters of an embedding, and how typical each sample is of its own."""

import warnings

import numpy as np
import scipy.sparse as sp
from sklearn.cluster import KMeans, kmeans_plusplus
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import gen_batches

from ._distances import centered, nearest_squared, row_blocks

POINTS_PER_CLUSTER = 256  # as many find the centers about as well as all do
SEEDING_POINTS_PER_CLUSTER = 64  # k-means++ on these: the same inertia, four times as fast
MAX_ITERATIONS = 20
BLOCK_ROWS = 1024
TIE_64 = 64 * np.finfo(np.float64).eps  # rounding of a squared distance, relative to the norms


def fast_clusters(X, n_clusters, rng):
    """Return each row's cluster by k-means; centers are found on a sample of the rows.

    The sample has 256 rows a cluster, of which k-means++ sees 64. There are fewer clusters where
    fewer rows are distinct.

    Parameters
    ----------
    X : ndarray of float32 of shape (n_samples, n_features)
    n_clusters : int
        At most `n_samples`.
    rng : numpy.random.RandomState

    Returns
    -------
    ndarray of int of shape (n_samples,)
        Values from 0 on, all of them used.
    """
    seed = rng.randint(np.iinfo(np.int32).max)
    sample = _drawn(X, POINTS_PER_CLUSTER * n_clusters, rng)
    # scikit-learn seeds float64 twice as fast as float32
    seeding = _drawn(sample, SEEDING_POINTS_PER_CLUSTER * n_clusters, rng).astype(np.float64)
    init = kmeans_plusplus(seeding, n_clusters, random_state=seed)[0].astype(X.dtype)
    kmeans = KMeans(n_clusters, init=init, n_init=1, max_iter=MAX_ITERATIONS, random_state=seed)
    with warnings.catch_warnings():
        # fewer distinct rows than clusters: the others stay empty
        warnings.simplefilter("ignore", ConvergenceWarning)
        kmeans.fit(sample)
    labels = kmeans.predict(X)
    is_used = np.bincount(labels, minlength=n_clusters) > 0
    return (np.cumsum(is_used) - 1)[labels]


def _drawn(X, n_rows, rng):
    """Return so many rows, drawn without replacement; all of them if there are no more."""
    return X if len(X) <= n_rows else X[rng.choice(len(X), n_rows, replace=False)]


class RoundedClusters:
    """Rows in clusters that are not empty, each around the row nearest to its mean.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows, in float32 or float64.
    n_clusters : int
        At most `n_samples`; fewer are left where fewer rows are distinct.
    rng : numpy.random.RandomState

    Attributes
    ----------
    labels : ndarray of int of shape (n_samples,)
        The cluster of each row.
    centers : ndarray of int of shape (n_clusters_left,)
        The row at the center of each cluster, one of its own; ties go to the lowest position.
    squared_distances : ndarray of float64 of shape (n_samples,)
        To the row at the center.
    """

    def __init__(self, X, n_clusters, rng):
        (X,) = centered(X)
        self.labels = fast_clusters(X, n_clusters, rng)
        means = _means(X, self.labels)
        to_means = _squared_distances_to(means, X, self.labels)
        self.centers = _lowest(to_means, self.labels, len(means))
        self.squared_distances = _squared_distances_to(X[self.centers], X, self.labels)

    def members(self):
        """Yield the rows of each cluster, its center left out."""
        labels = self.labels.astype(np.min_scalar_type(len(self.centers)))  # short: sorted by radix
        order = np.argsort(labels, kind="stable")
        ends = np.cumsum(np.bincount(self.labels))
        for center, rows in zip(self.centers, np.split(order, ends[:-1]), strict=True):
            yield rows[rows != center]


def distances_to_means(X, labels):
    """Return the distance of each row to the mean of its cluster's rows, in float64.

    Labels are those of :func:`fast_clusters`.
    """
    return np.sqrt(_squared_distances_to(_means(X, labels), X, labels))


def _means(X, labels):
    """Return the mean of each cluster's rows, in the type of `X`."""
    sizes = np.bincount(labels)
    sums = np.zeros((len(sizes), X.shape[1]))
    for rows in gen_batches(len(X), BLOCK_ROWS):
        block = X[rows].astype(np.float64)
        entries = np.ones(len(block)), labels[rows], np.arange(len(block) + 1)
        sums += sp.csc_array(entries, shape=(len(sizes), len(block))) @ block
    return (sums / sizes[:, None]).astype(X.dtype)


def _squared_distances_to(centers, X, labels):
    """Return the squared distance of each row to its center, exactly 0 where they are equal."""
    squared = np.empty(len(X))
    for rows in gen_batches(len(X), BLOCK_ROWS):
        difference = X[rows] - centers[labels[rows]]
        squared[rows] = np.einsum("ij,ij->i", difference, difference)
    return squared


def _lowest(values, labels, n_labels):
    """Return the position of the lowest value of each label, the first one among ties."""
    lowest = np.full(n_labels, np.inf)
    np.minimum.at(lowest, labels, values)
    ties = np.flatnonzero(values == lowest[labels])
    _, first = np.unique(labels[ties], return_index=True)
    return ties[first]


def mean_neighbor_distances(X, n_neighbors):
    """Return the mean distance of each row to its nearest other rows.

    Parameters
    ----------
    X : ndarray of float32 of shape (n_samples, n_features)
    n_neighbors : int
        How many of the others count; all of them where there are fewer.

    Returns
    -------
    ndarray of float32 of shape (n_samples,)
        Infinity where there is no other row.
    """
    k = min(n_neighbors, len(X) - 1)
    if k < 1:
        return np.full(len(X), np.inf, np.float32)
    X = X - X.mean(axis=0)
    squared = np.square(NearestNeighbors(n_neighbors=k, algorithm="brute").fit(X).kneighbors()[0])
    sq = np.einsum("ij,ij->i", X, X, dtype=np.float64)
    squared[squared <= TIE_64 * sq[:, None]] = 0
    return np.sqrt(squared).mean(axis=1).astype(np.float32)


def distances_to_other_clusters(X, labels, rows):
    """Return, for some rows, the squared distance to the nearest row of another cluster."""
    sq = np.einsum("ij,ij->i", X, X)
    nearest = np.full(len(rows), np.inf, np.float32)
    for cluster in np.unique(labels):
        is_other = np.flatnonzero(labels[rows] != cluster)
        members = X[labels == cluster]
        for block in row_blocks(len(is_other), len(members)):
            part = is_other[block]
            found = nearest_squared(X[rows[part]], sq[rows[part]], members)
            nearest[part] = np.minimum(nearest[part], found)
    return nearest
