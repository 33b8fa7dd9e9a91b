"""k-means on pools of any size: centroids from a subsample, then one assignment of all rows."""

import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import gen_batches
from sklearn.utils.random import sample_without_replacement

from ._distances import centered

ROWS_PER_CLUSTER = 256  # more do not bring the centroids nearer to those of all rows
MAX_ITER = 25
BLOCK = 8192  # rows


class Clusters:
    """Rows in clusters that are not empty, each around the row nearest to its centroid.

    Centroids are found on up to 256 rows a cluster, as faiss does, and all rows are then assigned
    in blocks: time is O(n d k) once, memory O(n) and 1 kB a cluster and feature.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows, in float32 or float64.
    n_clusters : int
        How many, at most `n_samples`; fewer are left where rows are alike.
    rng : numpy.random.RandomState
        Draws the subsample and seeds k-means.

    Attributes
    ----------
    labels : ndarray of int of shape (n_samples,)
        The cluster of each row.
    centers : ndarray of int of shape (n_clusters_left,)
        The row at the center of each cluster, and in it; ties go to the lowest position.
    squared_distances : ndarray of float64 of shape (n_samples,)
        To the center's row.
    """

    def __init__(self, X, n_clusters, rng):
        (X,) = centered(X)
        kmeans = subsampled_kmeans(X, n_clusters, rng)
        labels = kmeans.predict(X)
        is_used = np.bincount(labels, minlength=n_clusters) > 0
        self.labels = (np.cumsum(is_used) - 1)[labels]
        to_centroids = _to_own_center(X, kmeans.cluster_centers_[is_used], self.labels)
        self.centers = _lowest(to_centroids, self.labels, is_used.sum())
        self.squared_distances = _to_own_center(X, X[self.centers], self.labels)

    def members(self):
        """Yield the rows of each cluster, its center left out."""
        labels = self.labels.astype(np.min_scalar_type(len(self.centers)))  # short: sorted by radix
        order = np.argsort(labels, kind="stable")
        ends = np.cumsum(np.bincount(self.labels))
        for center, rows in zip(self.centers, np.split(order, ends[:-1]), strict=True):
            yield rows[rows != center]


def subsampled_kmeans(X, n_clusters, rng):
    """Return k-means whose centers are found on at most 256 rows a cluster; `predict` assigns all.

    There are fewer distinct centers where fewer rows are distinct.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    n_clusters : int
        At most `n_samples`.
    rng : numpy.random.RandomState

    Returns
    -------
    sklearn.cluster.KMeans
    """
    n_rows = min(len(X), ROWS_PER_CLUSTER * n_clusters)
    if n_rows < len(X):
        X = X[np.sort(sample_without_replacement(len(X), n_rows, random_state=rng))]
    seed = rng.randint(np.iinfo(np.int32).max)
    kmeans = KMeans(n_clusters, n_init=1, max_iter=MAX_ITER, random_state=seed)
    with warnings.catch_warnings():
        # fewer distinct rows than clusters: the empty ones are left out
        warnings.simplefilter("ignore", ConvergenceWarning)
        return kmeans.fit(X)


def _to_own_center(X, centers, labels):
    """Return the squared distance of each row to its center, exactly 0 where they are equal."""
    out = np.empty(len(X))
    for rows in gen_batches(len(X), BLOCK):
        difference = X[rows] - centers[labels[rows]]
        out[rows] = np.einsum("ij,ij->i", difference, difference)
    return out


def _lowest(values, labels, n_labels):
    """Return the position of the lowest value of each label, the first one among ties."""
    lowest = np.full(n_labels, np.inf)
    np.minimum.at(lowest, labels, values)
    ties = np.flatnonzero(values == lowest[labels])
    _, first = np.unique(labels[ties], return_index=True)
    return ties[first]
