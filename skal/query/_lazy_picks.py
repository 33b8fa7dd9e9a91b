"""Greedy picks that keep away from centers, exact and lazy.

The distance to the nearest center only shrinks as centers are added, so an old distance is an
upper bound, and what ranks the rows grows with it. Only a *hot* set of rows, those that rank
highest, is kept up to date after each pick; it is small enough to stay in cache. When its best no
longer beats what any row outside can rank, the next rows are brought up to date with all the picks
that they have missed, in one matrix product. The picks are those of the plain algorithm.
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


class LazyPicks:
    """Pick rows one after the other, each a center from then on; a subclass says what ranks them.

    Near ties are decided in float64 where they are few, as in plain data; where they are many, as
    on a grid, rows whose ranks differ by no more than rounding are ties. Ties go to the lowest
    index, and squared distances that rounding cannot tell from 0 are 0.

    A subclass overrides ``_keys``, ``_rounding`` and, if keys of the same distance may grow from
    pick to pick, ``_growth``.

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
        self.bound = distances_to_nearest(X, self.sq, centers)  # squared
        self.bound[excluded] = -1
        self.seen = np.zeros(len(X), np.int32)  # how many picks each bound accounts for
        self.picked = np.empty((n_picks, X.shape[1]), np.float32)
        self.n_picked = 0
        self.capacity = 8 * HOT_ROWS
        if len(X) <= self.capacity:
            self._heat_all()
        else:
            self._cool()

    # What ranks the rows -------------------------------------------------------------------

    def _keys(self, squared, rows):
        """Return what ranks rows with these squared distances; -1 is that of a picked row."""
        raise NotImplementedError

    def _rounding(self, place, key):
        """Return by how much the key at a place of the hot set may be off."""
        raise NotImplementedError

    def _growth(self):
        """Return by how much a key may have grown, its distance being the same, since `_cool`."""
        return 0

    # Picking -------------------------------------------------------------------------------

    def pick(self):
        """Return the position of the next row, and its key."""
        keys = self._hot_keys()
        while not len(keys) or self._largest_cold_key() >= self._least_of_best(keys):
            self._heat_more()
            keys = self._hot_keys()
        place, key = self._best_place(keys), keys.max()
        row = self.hot_rows[place]
        self._add_center(row)
        self.hot_squared[place] = self.bound[row] = -1
        return row, key

    def _hot_keys(self):
        return self._keys(self.hot_squared, self.hot_rows)

    def _least_of_best(self, keys):
        """Return the least key that may be the best one."""
        place = keys.argmax()
        return keys[place] - self._rounding(place, keys[place])

    def _best_place(self, keys):
        """Return the place in the hot set of the best row, of the lowest index among ties."""
        ties = np.flatnonzero(keys >= self._least_of_best(keys))
        if len(ties) == 1:
            return ties[0]
        ties = ties[np.argsort(self.hot_rows[ties])]
        rows = self.hot_rows[ties]
        if len(ties) <= EXACT_OPERATIONS // (self.n_centers * self.X.shape[1]):
            is_free = self.hot_squared[ties] >= 0
            keys = self._keys(np.where(is_free, self._exact_squared(rows), -1), rows)
            return ties[keys.argmax()]
        return ties[0]

    @property
    def n_centers(self):
        """How many centers there are by now."""
        return len(self.centers) + self.n_picked

    def _exact_squared(self, rows):
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
        np.minimum(self.hot_squared, zero_if_rounding(fresh, self.hot_sq), out=self.hot_squared)

    # The hot set ---------------------------------------------------------------------------

    def _largest_cold_key(self):
        """Return a number that no key outside the hot set is above."""
        if self.n_hot == len(self.X):
            return -np.inf
        return self.cold_keys[min(self.next_cold, len(self.order) - 1)] + self._growth()

    def _heat_more(self):
        """Move the rows with the largest keys into the hot set, brought up to date."""
        if self.n_hot + HOT_ROWS > self.capacity or self.next_cold == len(self.order):
            if self._all_hot_are_tied():  # no small set can decide
                return self._heat_all()
            self.capacity = max(self.capacity, min(2 * self.capacity, self._most_hot_rows()))
            self._write_back()
            return self._cool()
        rows = self.order[self.next_cold : self.next_cold + HOT_ROWS]
        self.next_cold += len(rows)
        self.hot_rows = np.concatenate([self.hot_rows, rows])
        self.hot_squared = np.concatenate([self.hot_squared, self._up_to_date(rows)])
        self.hot_sq = self.sq[self.hot_rows]
        self.buffer[self.n_hot : self.n_hot + len(rows)] = self.X[rows]
        self.n_hot += len(rows)
        self.hot = self.buffer[: self.n_hot]
        return None

    def _all_hot_are_tied(self):
        keys = self._hot_keys()
        return keys.min() >= self._least_of_best(keys)

    def _most_hot_rows(self):
        return HOT_BYTES // (4 * self.X.shape[1])

    def _write_back(self):
        self.bound[self.hot_rows] = self.hot_squared
        self.seen[self.hot_rows] = self.n_picked

    def _cool(self):
        """Empty the hot set and put the rows with the largest keys in order."""
        keys = self._keys(self.bound, slice(None))
        self.order = top_k(keys, min(2 * self.capacity, len(self.X)))
        self.cold_keys = keys[self.order]
        self.next_cold = self.n_hot = 0
        self.buffer = np.empty((self.capacity, self.X.shape[1]), np.float32)
        self.hot = self.buffer[:0]
        self.hot_rows = np.empty(0, np.intp)
        self.hot_sq = self.hot_squared = np.empty(0, np.float32)

    def _heat_all(self):
        """Keep every row up to date from now on, without a copy: the plain algorithm."""
        rows = np.arange(len(self.X))
        if self.n_picked:
            self._write_back()
            for block in row_blocks(len(rows), self.n_picked):
                self.bound[block] = self._up_to_date(rows[block])
        self.hot, self.hot_sq, self.hot_rows = self.X, self.sq, rows
        self.hot_squared = self.bound
        self.n_hot = len(rows)

    # Distances -----------------------------------------------------------------------------

    def _up_to_date(self, rows):
        """Return the bounds of `rows`, lowered by all the picks that they have missed."""
        first = int(self.seen[rows].min(initial=self.n_picked))
        if first == self.n_picked:
            return self.bound[rows]
        missed = self.picked[first : self.n_picked]
        return np.minimum(self.bound[rows], nearest_squared(self.X[rows], self.sq[rows], missed))


class FarthestFirst(LazyPicks):
    """Pick rows that are farthest from all centers so far: greedy k-center."""

    def pick(self):
        """Return the position of the next row, and its distance to the nearest center."""
        row, squared = super().pick()
        return row, np.sqrt(max(squared, 0))

    def _keys(self, squared, rows):
        return squared

    def _rounding(self, place, key):
        return TIE * (self.hot_sq[place] + key) if key > 0 else 0


class RankedPicks(LazyPicks):
    """Pick rows that are uncertain and far from all centers so far: ranked batches.

    The key of a row is ``alpha * novelty + (1 - alpha) * uncertainty``; novelty is ``distance / (1
    + distance)``, and `alpha` the share of rows that are no centers, which shrinks from pick to
    pick.

    Parameters
    ----------
    X, centers, excluded, n_picks
        As for :class:`LazyPicks`.
    uncertainty : ndarray of float64 of shape (n_samples,)
        The larger, the sooner a row is picked.
    """

    def __init__(self, X, uncertainty, centers, excluded, n_picks):
        self.uncertainty = uncertainty
        self.n_free = len(X) - len(excluded)
        super().__init__(X, centers, excluded, n_picks)

    @property
    def alpha(self):
        """What novelty counts by now."""
        n_free = self.n_free - self.n_picked
        return n_free / (n_free + self.n_centers)

    def _keys(self, squared, rows):
        keys = _novelty(np.maximum(squared, 0))
        uncertainty = self.uncertainty[rows]
        keys -= uncertainty
        keys *= self.alpha
        keys += uncertainty
        keys[squared < 0] = -np.inf
        return keys

    def _rounding(self, place, key):
        squared = float(self.hot_squared[place])
        if squared < 0:
            return 0
        error = TIE * (float(self.hot_sq[place]) + squared)
        distance = np.sqrt(squared)
        off = error / (distance + np.sqrt(distance**2 + error) + np.finfo(float).tiny)
        return self.alpha * off / (1 + distance) ** 2

    def _cool(self):
        super()._cool()
        self.alpha_when_cooled = self.alpha
        # as alpha shrinks, a key moves towards the uncertainty, which may be above the novelty
        self.most_growth = max(0, (self.uncertainty - _novelty(np.maximum(self.bound, 0))).max())

    def _growth(self):
        return (self.alpha_when_cooled - self.alpha) * self.most_growth


def _novelty(squared):
    """Return 1 minus the similarity ``1 / (1 + distance)``."""
    distance = np.sqrt(squared, dtype=np.float64)
    return distance / (1 + distance)
