"""Greedy coverage of samples by balls of one radius, over sparse lists of neighbors."""

import numpy as np

from ._distances import TIE

MAX_EDGE_BYTES = 2**30  # of neighbors, 4 bytes each; twice that while they are collected
TILE_ROWS, TILE_COLUMNS = 512, 8192
CHUNK = 2**20  # edges that are counted at once
NEVER = np.iinfo(np.int64).min


class BallCover:
    """Pick rows whose balls cover the most rows that no ball covers yet.

    A ball is closed: it covers what is at most `radius` away, up to the rounding of float32. Ties
    go to the lowest index, and once all is covered the rest follow by index.

    Parameters
    ----------
    X : ndarray of float32 of shape (n_samples, n_features)
        Rows to cover and to pick from; see :func:`skal.query._distances.centered`.
    centers : ndarray of float32 of shape (n_centers, n_features)
        What covers from the start.
    excluded : ndarray of int
        Positions in `X` that must not be picked, and cover from the start.
    radius : float

    Attributes
    ----------
    n_neighbors : ndarray of int of shape (n_samples,)
        How many rows of `X` each ball holds, its center included.
    n_reaching : ndarray of int of shape (n_samples,)
        How many of the centers are within the radius of each row of `X`.
    """

    def __init__(self, X, centers, excluded, radius):
        tie = _rounding(X, centers, radius)
        self.rows = X, _half_excess(X, radius, tie)
        self.centers = centers, _half_excess(centers, radius, tie)
        self.starts, self.columns = _neighbors(*self.rows)
        self.n_neighbors = np.diff(self.starts)
        self.gain = self.n_neighbors.astype(np.int64)
        self.is_free = np.ones(len(X), bool)
        self.is_free[excluded] = False
        self.n_reaching = _counts_near(self.rows, self.centers)
        is_reached = self.n_reaching > 0
        for row in excluded:
            is_reached[self._ball(row)] = True
        self.is_covered = np.zeros(len(X), bool)
        self._cover(np.flatnonzero(is_reached))

    def pick(self):
        """Return the position of the next row, and how many rows it newly covers."""
        row = int(np.where(self.is_free, self.gain, NEVER).argmax())
        gain = self.gain[row]
        ball = self._ball(row)
        self._cover(ball[~self.is_covered[ball]])
        self.is_free[row] = False
        return row, gain

    def one_ball_holds_all(self):
        """Return whether all rows and all centers are within the radius of one row."""
        n_centers = len(self.centers[0])
        is_full = (self.n_neighbors == len(self.gain)) & (self.n_reaching == n_centers)
        return bool(is_full.any())

    def is_every_ball_empty(self):
        """Return whether no two of all rows and centers are within the radius of each other."""
        if self.n_neighbors.max() > 1 or self.n_reaching.any():
            return False
        return bool((_counts_near(self.centers, self.centers) <= 1).all())

    def _ball(self, row):
        return self.columns[self.starts[row] : self.starts[row + 1]]

    def _cover(self, rows):
        """Take rows that are newly covered from the gain of all their neighbors."""
        self.is_covered[rows] = True
        chunk = self.n_neighbors[rows].cumsum() // CHUNK
        for part in np.split(rows, np.flatnonzero(np.diff(chunk)) + 1):
            if len(part):
                hit = np.concatenate([self._ball(row) for row in part])
                self.gain -= np.bincount(hit, minlength=len(self.gain))


def _rounding(X, centers, radius):
    """Return the rounding, relative to squared norms, of the float type that the radius needs."""
    largest = max(np.einsum("ij,ij->i", Y, Y).max(initial=0) for Y in (X, centers))
    dtype = np.float32 if radius**2 > 1000 * TIE * largest else np.float64
    return 16 * np.finfo(dtype).eps


def _half_excess(X, radius, tie):
    """Return numbers h so that rows i, j are within the radius where ``x_i @ x_j >= h_i + h_j``.

    Symmetric in i and j, also in rounding, and generous by that rounding.
    """
    squared = np.einsum("ij,ij->i", X, X, dtype=np.float64)
    return ((squared * (1 - tie) - radius**2 / 2) / 2).astype(tie.dtype)


def _neighbors(X, half):
    """Return the rows within the radius of each row, as CSR: starts, and int32 columns."""
    columns, counts, n_edges = [], [], 0
    for first in range(0, len(X), TILE_ROWS):
        rows = slice(first, first + TILE_ROWS)
        found, n_found = _neighbors_of(rows, X, half)
        columns.append(found)
        counts.append(n_found)
        n_edges += len(found)
        if 4 * n_edges > MAX_EDGE_BYTES:
            _raise_too_many(n_edges, min(rows.stop, len(X)), len(X))
    starts = np.concatenate([[0], np.concatenate(counts).cumsum()])
    return starts, np.concatenate(columns)


def _neighbors_of(rows, X, half):
    n_rows = len(half[rows])
    in_row, columns = [], []
    for first in range(0, len(X), TILE_COLUMNS):
        tile = slice(first, first + TILE_COLUMNS)
        is_near = _is_near(X[rows], half[rows], X[tile], half[tile])
        row, column = np.divmod(np.flatnonzero(is_near), is_near.shape[1])
        in_row.append(row.astype(np.int16))
        columns.append((column + first).astype(np.int32))
    in_row, columns = np.concatenate(in_row), np.concatenate(columns)
    if len(X) > TILE_COLUMNS:
        columns = columns[np.argsort(in_row, kind="stable")]
    return columns, np.bincount(in_row, minlength=n_rows)


def _raise_too_many(n_edges, n_done, n_samples):
    expected = 4 * n_edges / n_done * n_samples / 2**30
    raise ValueError(
        f"ProbCover would hold about {expected:.0f} GiB of neighbors: on average "
        f"{n_edges / n_done:.0f} of the {n_samples} samples of the pool lie within delta of one. "
        f"Pass a smaller delta, or narrow the pool with Prefilter."
    )


def _counts_near(rows, others):
    """Return how many of the others are within the radius of each row."""
    (X, half), (Y, half_y) = rows, others
    counts = np.zeros(len(X), np.intp)
    for row in range(0, len(X), TILE_ROWS):
        block = slice(row, row + TILE_ROWS)
        for column in range(0, len(Y), TILE_COLUMNS):
            tile = slice(column, column + TILE_COLUMNS)
            is_near = _is_near(X[block], half[block], Y[tile], half_y[tile])
            counts[block] += is_near.sum(axis=1)
    return counts


def _is_near(X, half_x, Y, half_y):
    dtype = half_x.dtype
    products = X.astype(dtype, copy=False) @ Y.T.astype(dtype, copy=False)
    return products >= np.add.outer(half_x, half_y)
