"""Greedy k-center, exact and lazy.

The distance to the nearest center only shrinks as centers are added, so an old distance is an
upper bound. Only a *hot* set of rows, those with the largest bounds, is kept up to date after each
pick; it is small enough to stay in cache. When its best no longer beats the largest bound outside,
the next rows are brought up to date with all the picks that they have missed, in one matrix
product. The picks are those of the plain algorithm.
"""

import numpy as np
from scipy.spatial.distance import cdist

from ._distances import (
    TIE,
    distances_to_nearest,
    nearest_squared,
    row_blocks,
    zero_if_rounding,
)
from .scores import top_k

HOT_ROWS = 512  # how many rows a refill adds
HOT_BYTES = 2**23  # the hot set grows up to this, which is L2 or L3 on today's processors
EXACT_OPERATIONS = 2_000_000  # near ties are decided in float64 if it takes no more than this


class FarthestFirst:
    """Pick rows one after the other, each the farthest from all centers so far.

    Near ties are decided in float64 where they are few, as in plain data; where they are many, as
    on a grid, distances that differ by no more than rounding are ties. Ties go to the lowest index,
    and squared distances that rounding cannot tell from 0 are 0.

    Parameters
    ----------
    X : ndarray of float32 of shape (n_samples, n_features)
        The rows to pick from.
    centers : ndarray of float32 of shape (n_centers, n_features)
        At least one row that counts as picked before.
    excluded : ndarray of int
        Positions in `X` that must not be picked.
    n_picks : int
        How many rows will be picked.
    """

    def __init__(self, X, centers, excluded, n_picks):
        self.X = X
        self.sq = np.einsum("ij,ij->i", X, X)
        self.centers = centers
        self.bound = distances_to_nearest(X, self.sq, centers)
        self.bound[excluded] = -1
        self.seen = np.zeros(len(X), np.int32)  # how many picks each bound accounts for
        self.picked = np.empty((n_picks, X.shape[1]), np.float32)
        self.n_picked = 0
        self.capacity = 8 * HOT_ROWS
        if len(X) <= self.capacity:
            self._heat_all()
        else:
            self._cool()

    def pick(self):
        """Return the position of the next row, and its distance to the nearest center."""
        value = self.hot_distance.max(initial=-1)
        while self._largest_cold_bound() >= value - self._rounding(value):
            self._heat_more()
            value = self.hot_distance.max(initial=-1)
        place = self._farthest_place(value)
        row = self.hot_rows[place]
        self._add_center(row)
        self.hot_distance[place] = -1
        self.bound[row] = -1
        return row, np.sqrt(max(value, 0))

    def _farthest_place(self, value):
        """Return the place in the hot set of the farthest row, of the lowest index among ties."""
        ties = np.flatnonzero(self.hot_distance >= value - self._rounding(value))
        ties = ties[np.argsort(self.hot_rows[ties])]
        n_centers = len(self.centers) + self.n_picked
        if value > 0 and 1 < len(ties) <= EXACT_OPERATIONS // (n_centers * self.X.shape[1]):
            return ties[self._exact_distances(self.hot_rows[ties]).argmax()]
        return ties[0]

    def _exact_distances(self, rows):
        centers = np.concatenate([self.centers, self.picked[: self.n_picked]])
        return cdist(self.X[rows], centers, "sqeuclidean").min(axis=1)

    def _add_center(self, row):
        center = self.X[row]
        self.picked[self.n_picked] = center
        self.n_picked += 1
        fresh = np.dot(self.hot, center)
        fresh *= -2
        fresh += self.hot_sq
        fresh += self.sq[row]
        np.minimum(self.hot_distance, zero_if_rounding(fresh, self.hot_sq), out=self.hot_distance)

    def _rounding(self, value):
        """Return by how much the best squared distance may be off."""
        if value <= 0:
            return 0
        place = int(self.hot_distance.argmax())
        return TIE * (self.hot_sq[place] + value)

    # The hot set ---------------------------------------------------------------------------

    def _largest_cold_bound(self):
        """Return a number that no distance outside the hot set is above."""
        if self.n_hot == len(self.X):
            return -np.inf
        return self.bound[self.order[min(self.next_cold, len(self.order) - 1)]]

    def _heat_more(self):
        """Move the rows with the largest bounds into the hot set, brought up to date."""
        if self.n_hot + HOT_ROWS > self.capacity or self.next_cold == len(self.order):
            if self._all_hot_are_tied():  # no small set can decide
                return self._heat_all()
            self.capacity = max(self.capacity, min(2 * self.capacity, self._most_hot_rows()))
            self._write_back()
            return self._cool()
        rows = self.order[self.next_cold : self.next_cold + HOT_ROWS]
        self.next_cold += len(rows)
        self.hot_rows = np.concatenate([self.hot_rows, rows])
        self.hot_distance = np.concatenate([self.hot_distance, self._up_to_date(rows)])
        self.hot_sq = self.sq[self.hot_rows]
        self.buffer[self.n_hot : self.n_hot + len(rows)] = self.X[rows]
        self.n_hot += len(rows)
        self.hot = self.buffer[: self.n_hot]
        return None

    def _all_hot_are_tied(self):
        best = self.hot_distance.max()
        return self.hot_distance.min() >= best - self._rounding(best)

    def _most_hot_rows(self):
        return HOT_BYTES // (4 * self.X.shape[1])

    def _write_back(self):
        self.bound[self.hot_rows] = self.hot_distance
        self.seen[self.hot_rows] = self.n_picked

    def _cool(self):
        """Empty the hot set and put the rows with the largest bounds in order."""
        self.order = top_k(self.bound, min(2 * self.capacity, len(self.X)))
        self.next_cold = self.n_hot = 0
        self.buffer = np.empty((self.capacity, self.X.shape[1]), np.float32)
        self.hot = self.buffer[:0]
        self.hot_rows = np.empty(0, np.intp)
        self.hot_sq = self.hot_distance = np.empty(0, np.float32)

    def _heat_all(self):
        """Keep every row up to date from now on, without a copy: the plain algorithm."""
        rows = np.arange(len(self.X))
        if self.n_picked:
            self._write_back()
            for block in row_blocks(len(rows), self.n_picked):
                self.bound[block] = self._up_to_date(rows[block])
        self.hot, self.hot_sq, self.hot_rows = self.X, self.sq, rows
        self.hot_distance = self.bound
        self.n_hot = len(rows)

    # Distances -----------------------------------------------------------------------------

    def _up_to_date(self, rows):
        """Return the bounds of `rows`, lowered by all the picks that they have missed."""
        first = int(self.seen[rows].min(initial=self.n_picked))
        if first == self.n_picked:
            return self.bound[rows]
        missed = self.picked[first : self.n_picked]
        return np.minimum(self.bound[rows], nearest_squared(self.X[rows], self.sq[rows], missed))
