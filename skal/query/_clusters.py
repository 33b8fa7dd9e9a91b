"""How typical each sample is of its cluster."""

import numpy as np

from ._distances import nearest_squared, row_blocks, squared_distances

BLOCK_ROWS = 1024


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
    sq = np.einsum("ij,ij->i", X, X)
    means = np.empty(len(X), np.float32)
    for start in range(0, len(X), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        squared = squared_distances(X[rows], sq[rows], X, sq)
        squared[np.arange(len(squared)), np.arange(start, start + len(squared))] = -1  # itself
        squared.partition(k, axis=1)
        means[rows] = np.sqrt(np.maximum(squared[:, : k + 1], 0)).sum(axis=1) / k
    return means


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
