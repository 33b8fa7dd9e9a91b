"""Ranked batches: the distance to the nearest labeled or chosen sample, kept for each sample."""

import numpy as np
from scipy.spatial.distance import cdist

from ._distances import TIE, distances_to_nearest, zero_if_rounding

EXACT_OPERATIONS = 2_000_000  # near ties are decided in float64 if it takes no more than this


class RankedPicks:
    """Pick rows that are uncertain and far from all centers; each pick is a center from then on.

    Near ties are decided in float64 where they are few; otherwise scores that differ by no more
    than rounding are ties. Ties go to the lowest index.

    Parameters
    ----------
    X : ndarray of float32 of shape (n_samples, n_features)
        The rows to pick from; see :func:`skal.query._distances.centered`.
    uncertainty : ndarray of shape (n_samples,)
        The larger, the sooner a row is picked.
    centers : ndarray of float32 of shape (n_centers, n_features)
        At least one row that is labeled or chosen.
    excluded : ndarray of int
        Positions in `X` that must not be picked.
    n_picks : int
        How many rows will be picked.
    """

    def __init__(self, X, uncertainty, centers, excluded, n_picks):
        self.X = X
        self.sq = np.einsum("ij,ij->i", X, X)
        self.uncertainty = np.asarray(uncertainty, np.float64)
        self.centers = np.concatenate([centers, np.empty((n_picks, X.shape[1]), X.dtype)])
        self.n_centers = len(centers)
        self.n_free = len(X) - len(excluded)
        self.nearest = distances_to_nearest(X, self.sq, centers)  # squared
        self.half_excess = (self.sq - self.nearest) / 2
        self.gain = _novelty(self.nearest) - self.uncertainty
        self.gain[excluded] = -np.inf
        self.scores = np.empty(len(X))

    def pick(self):
        """Return the position of the next row, and its score."""
        alpha = self.n_free / (self.n_free + self.n_centers)
        scores = np.multiply(self.gain, alpha, out=self.scores)
        scores += self.uncertainty
        row = self._best(scores, alpha)
        self._add_center(row)
        return row, scores[row]

    def _best(self, scores, alpha):
        row = int(scores.argmax())
        ties = np.flatnonzero(scores >= scores[row] - alpha * self._rounding(row))
        n_operations = len(ties) * self.n_centers * self.X.shape[1]
        if 1 < len(ties) and n_operations <= EXACT_OPERATIONS:
            scores[ties] = self._exact_scores(ties, alpha)
            return int(ties[scores[ties].argmax()])
        return int(ties[0])

    def _rounding(self, row):
        """Return by how much the novelty of a row may be off."""
        squared = float(self.nearest[row])
        error = TIE * (float(self.sq[row]) + squared)
        distance = np.sqrt(squared)
        off = error / (distance + np.sqrt(distance**2 + error) + np.finfo(float).tiny)
        return off / (1 + distance) ** 2

    def _exact_scores(self, rows, alpha):
        centers = self.centers[: self.n_centers]
        exact = _novelty(cdist(self.X[rows], centers, "sqeuclidean").min(axis=1))
        return alpha * exact + (1 - alpha) * self.uncertainty[rows]

    def _add_center(self, row):
        center = self.X[row]
        self.centers[self.n_centers] = center
        self.n_centers += 1
        self.n_free -= 1
        self.gain[row] = -np.inf
        product = np.dot(self.X, center)
        product -= self.sq[row] / 2
        nearer = np.flatnonzero(product > self.half_excess)  # one comparison for each row
        fresh = self.sq[nearer] - 2 * product[nearer]
        self.nearest[nearer] = zero_if_rounding(fresh, self.sq[nearer])
        self.half_excess[nearer] = (self.sq[nearer] - self.nearest[nearer]) / 2
        nearer = nearer[self.gain[nearer] > -np.inf]
        self.gain[nearer] = _novelty(self.nearest[nearer]) - self.uncertainty[nearer]


def _novelty(squared):
    """Return 1 minus the similarity ``1 / (1 + distance)``."""
    distance = np.sqrt(squared, dtype=np.float64)
    return distance / (1 + distance)
