"""Euclidean distances in float32, by matrix products over blocks, never all against all at once.

Squared distances come from norms and products, which are fast and lose digits: what rounding cannot
tell from 0 is 0, and data far from the origin are moved there first.
"""

import numpy as np

from .._threads import map_threads

BLOCK_BYTES = 2**24
LARGE = 1000  # squared norms above which tiles of distances are float64
N_GROUPS = 8  # of tiles: fixed, so that sums are the same on any number of threads
TIE = 16 * np.finfo(np.float32).eps  # rounding of a squared distance, relative to the norms


def row_blocks(n_rows, n_columns):
    """Yield slices of rows whose product with `n_columns` centers stays small."""
    step = max(256, BLOCK_BYTES // (4 * max(1, n_columns)))
    return (slice(start, start + step) for start in range(0, n_rows, step))


def nearest_squared(X, sq, centers):
    """Return the squared distance of each row to the nearest center."""
    product = X @ centers.T
    product *= -2
    product += np.einsum("ij,ij->i", centers, centers)
    return zero_if_rounding(product.min(axis=1) + sq, sq)


def distances_to_nearest(X, sq, centers):
    """Return the squared distance of each row to the nearest center, in blocks of rows."""
    nearest = np.empty(len(X), np.float32)
    for rows in row_blocks(len(X), len(centers)):
        nearest[rows] = nearest_squared(X[rows], sq[rows], centers)
    return nearest


def squared_distances(X, sq_x, Y, sq_y):
    """Return the squared distances of all rows to all others, given their squared norms."""
    squared = X @ Y.T
    squared *= -2
    squared += sq_y
    squared += sq_x[:, None]
    return zero_if_rounding(squared, sq_x[:, None])


def zero_if_rounding(squared, sq):
    squared[squared <= TIE * sq] = 0
    return squared


def centered(X, *others):
    """Return all arrays moved so that the rows of `X` are about the origin.

    Squared distances come from norms and products, which lose digits far from the origin. Rows
    that are near enough stay as they are, without a copy. The new origin is a row near the mean:
    to subtract it from others on a grid is exact, so that ties stay ties.
    """
    sample = X[:: max(1, len(X) // 4096)]
    mean = sample.mean(axis=0, dtype=np.float64)
    squared = np.square(sample - mean).sum(axis=1)
    if np.square(mean).sum() <= 4 * squared.mean():
        return (X, *others)
    origin = sample[squared.argmin()]
    return tuple(array - origin for array in (X, *others))


def row_sums(X, transform, tile=512):
    """Return, for each row, the sum of a function of its distances to all rows.

    Distances are symmetric, so only the tiles above the diagonal are computed, each in place, and
    summed by row and by column. The distance of a row to itself counts and is exactly 0. Where
    float32 may be off by more than 0.06 for near rows, the tiles are float64.

    Parameters
    ----------
    X : ndarray of float32 of shape (n_samples, n_features)
        Rows about the origin; see :func:`centered`.
    transform : callable or None
        Changes an array of distances in place.
    tile : int, default=512
        How many rows and columns of distances are held at once; 1 or 2 MB, which stays in cache.

    Returns
    -------
    ndarray of float64 of shape (n_samples,)
    """
    sq = np.einsum("ij,ij->i", X, X, dtype=np.float64)
    dtype = np.float32 if sq.max() <= LARGE else np.float64
    sq = (sq * (1 - 16 * np.finfo(dtype).eps)).astype(dtype)  # equal rows come out below 0
    starts = range(0, len(X), tile)
    groups = [starts[group::N_GROUPS] for group in range(N_GROUPS)]
    return sum(map_threads(lambda group: _sums_of_tiles(X, sq, transform, tile, group), groups))


def _sums_of_tiles(X, sq, transform, tile, starts):
    """Return what the tiles that begin at these rows add to the sums of all rows."""
    buffer, sums = np.empty(tile * tile, sq.dtype), np.zeros(len(X))
    for i in starts:
        for j in range(i, len(X), tile):
            rows, columns = slice(i, i + tile), slice(j, j + tile)
            block = _tile(X[rows], sq[rows], X[columns], sq[columns], buffer)
            if i == j:
                np.fill_diagonal(block, 0)
            if transform is not None:
                transform(block)
            sums[rows] += block @ np.ones(block.shape[1], sq.dtype)
            if i != j:
                sums[columns] += np.ones(len(block), sq.dtype) @ block
    return sums


def _tile(X, sq_x, Y, sq_y, buffer):
    """Return all distances from one product of rows that hold their squared norms too."""
    left = np.concatenate([-2 * X, sq_x[:, None], np.ones_like(sq_x)[:, None]], axis=1)
    right = np.concatenate([Y, np.ones_like(sq_y)[:, None], sq_y[:, None]], axis=1)
    block = buffer[: len(X) * len(Y)].reshape(len(X), len(Y))
    np.dot(left, right.T, out=block)
    np.maximum(block, 0, out=block)
    return np.sqrt(block, out=block)


def information_density(X):
    """Compute the mean similarity of each row to all rows, itself included.

    Similarity is ``1 / (1 + Euclidean distance)``, so the density is in (0, 1].

    Parameters
    ----------
    X : ndarray of float32 of shape (n_samples, n_features)

    Returns
    -------
    ndarray of float64 of shape (n_samples,)
    """
    return row_sums(centered(X)[0], _to_similarity) / len(X)


def _to_similarity(distances):
    distances += 1
    np.reciprocal(distances, out=distances)


def mean_distances(X):
    """Return the mean distance of each row to all rows, itself included."""
    return row_sums(centered(X)[0], None) / len(X)
