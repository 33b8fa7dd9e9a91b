"""Strategies on the gradients that labels would bring."""

from typing import ClassVar, NamedTuple

import numpy as np

from .base import QueryStrategy, Selection
from .pool import EMBEDDING, Reduction
from .scores import top_k

REFRESH = 64  # picks after which the distances of all rows are brought up to date
PROPOSALS = 16  # candidates drawn at once
MIN_ACCEPTED = 1 / 3  # share of candidates below which stale distances no longer pay
BLOCK = 8192  # rows; times REFRESH picks in float32 this is 2 MB, well within L2 or L3
ROUNDING = 16 * np.finfo(np.float32).eps  # of a squared distance, relative to the squared norm
SAFE = 2.0**60  # embeddings whose squared norms go beyond are scaled first


class BADGE(QueryStrategy):
    """Choose samples whose gradients are large and point in different directions [1]_.

    If the model's own prediction were the label, the loss of a sample would have the gradient
    ``(p - onehot(argmax p)) ⊗ embedding`` in the weights of the last layer: short where the model
    is sure. k-means++ draws the batch from these gradients, each next sample in proportion to its
    squared distance to the nearest one drawn, so that a batch is uncertain and diverse at once,
    with nothing to tune.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=None
        Seeds the draws; None inherits the learner's.

    Notes
    -----
    The first sample is the one with the longest gradient, as in the authors' code; the others are
    drawn (the paper's algorithm draws the first uniformly, which wastes it on a sample that the
    model is sure of). Samples of ``chosen`` count as drawn. Where all distances left are 0, the
    longest gradients follow. Scores are distances at the time of the draw; the length of its
    gradient for a first sample. Embeddings are those of a net, the features that the last step of
    a pipeline sees, or the samples themselves.

    Gradients stay factored into c class and d embedding entries. Distances only shrink as samples
    are drawn, so old ones bound the new: a candidate is drawn by its old distance, and accepted
    with probability new over old, which draws in proportion to the new [2]_. Rows are brought up
    to date together, every 64 picks or when candidates are mostly refused: time O(n (c + d) b) at
    most, as a few matrix products, and memory O(n c) for the class entries, O(n) and 10 MB beyond
    the float32 embedding.

    References
    ----------
    .. [1] Ash, Zhang, Krishnamurthy, Langford and Agarwal (2020), "Deep batch active learning by
       diverse, uncertain gradient lower bounds", ICLR, algorithm 1.
    .. [2] Arthur and Vassilvitskii (2007), "k-means++: the advantages of careful seeding", SODA.

    See Also
    --------
    CoreSet : Diverse samples, whether the model is sure of them or not.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression().fit([[-1.0, 1.0], [1.0, 1.0]], [0, 1])
    >>> BADGE(random_state=0)(model, [[0.1, 1.0], [0.1, 1.1], [-0.1, 1.0], [9.0, 1.0]], 2)
    array([1, 2])
    """

    _parameter_constraints: ClassVar = {"random_state": ["random_state"]}

    def __init__(self, *, random_state=None):
        self.random_state = random_state

    def reductions(self):
        return (CLASS_ENTRIES, EMBEDDING)

    def score(self, pool):
        """Return the length of each sample's gradient."""
        gradients = _Gradients.of(pool)
        return gradients.lengths(gradients.squared_norms)

    def _select(self, pool, n_instances, chosen):
        gradients = _Gradients.of(pool)
        rng = pool.rng(self.random_state, "BADGE")
        indices, squared = _SquaredDistanceSampler(gradients, chosen, n_instances, rng).pick_all()
        return Selection(indices, gradients.lengths(squared))


def _class_entries(proba):
    """Return the gradient of the log loss in the logits, the best class taken as the label."""
    entries = np.array(proba, dtype=np.result_type(proba, np.float32))
    entries[np.arange(len(entries)), np.argmax(proba, axis=1)] -= 1
    return entries.astype(np.float32, copy=False)


CLASS_ENTRIES = Reduction("proba", _class_entries)


class _Gradients(NamedTuple):
    """Rows ``scale * A ⊗ H``, kept in these factors."""

    A: np.ndarray  # float32, (n_samples, n_classes)
    H: np.ndarray  # float32, (n_samples, n_features)
    squared_norms: np.ndarray  # of A ⊗ H
    scale: float

    @classmethod
    def of(cls, pool):
        A, H = pool.reduce(CLASS_ENTRIES), pool.embedding
        scale, H, squared = _scaled(H)
        norms = squared * _squared_norms(A)
        n_bad = np.isnan(norms).sum()
        if n_bad:
            raise ValueError(
                f"probabilities must be numbers; got NaN for {n_bad} of {len(norms)} samples, the "
                f"first at index {np.isnan(norms).argmax()}."
            )
        return cls(A, H, norms, scale)

    def lengths(self, squared):
        """Return square roots in the unit of the embedding."""
        return np.sqrt(np.asarray(squared, np.float64)) * self.scale


def _scaled(H):
    """Return a power of two, and rows divided by it so that their squared norms are safe."""
    with np.errstate(over="ignore", under="ignore"):
        squared = _squared_norms(H)
    if 1 / SAFE <= squared.max(initial=0) <= SAFE:
        return 1.0, H, squared
    exponent = int(np.frexp(float(max(H.max(initial=0), -H.min(initial=0))))[1])
    H = np.ldexp(H, -exponent)
    return 2.0**exponent, H, _squared_norms(H)


def _squared_norms(rows):
    return np.einsum("ij,ij->i", rows, rows)


class _SquaredDistanceSampler:
    """k-means++ on rows ``a ⊗ h``, by rejection.

    Parameters
    ----------
    gradients : _Gradients
        The rows.
    chosen : ndarray of int
        Rows that count as picked before.
    n_picks : int
        How many rows to pick; at most as many as are left.
    rng : numpy.random.RandomState
    """

    def __init__(self, gradients, chosen, n_picks, rng):
        self.A, self.H, self.norms, _ = gradients
        self.rng, self.n_picks = rng, n_picks
        self.taken = np.zeros(len(self.H), bool)
        self.taken[chosen] = True
        self.bound = np.full(len(self.H), np.inf, np.float32)  # squared distances, maybe old ones
        self.rows, self.squared = [], []
        for start in range(0, len(chosen), REFRESH):
            self._lower_bounds(chosen[start : start + REFRESH])
        self._forget_recent()

    def pick_all(self):
        """Return the picks in their order, and their squared distances to those before."""
        if self.bound[0] == np.inf:  # nothing is picked yet
            first = int(self.norms.argmax())
            self._add(first, self.norms[first])
        while len(self.rows) < self.n_picks:
            cumulated = self._refresh()
            if cumulated[-1] == 0:
                self._fill()
            else:
                self._pick_until_stale(cumulated)
        return np.array(self.rows, np.intp), self.squared

    def _add(self, row, squared):
        self.recent[self.n_recent] = row
        self.recent_A[self.n_recent] = self.A[row]
        self.recent_H[self.n_recent] = self.H[row]
        self.n_recent += 1
        self.taken[row] = True
        self.rows.append(int(row))
        self.squared.append(squared)

    def _forget_recent(self):
        """Start anew to keep the picks that the bounds do not know yet."""
        self.recent = np.empty(REFRESH, np.intp)
        self.recent_A = np.empty((REFRESH, self.A.shape[1]), np.float32)
        self.recent_H = np.empty((REFRESH, self.H.shape[1]), np.float32)
        self.n_recent = 0

    def _pick_until_stale(self, cumulated):
        """Pick rows by rejection until too many are new, or too few candidates accepted."""
        n_seen = n_accepted = 0
        while n_seen < 3 * PROPOSALS or n_accepted >= MIN_ACCEPTED * n_seen:
            for row, height in self._propose(cumulated):
                n_seen += 1
                squared = self._distance_to_recent(row)
                if height < squared:
                    n_accepted += 1
                    self._add(row, squared)
                    if self.n_recent == REFRESH or len(self.rows) == self.n_picks:
                        return

    def _propose(self, cumulated):
        """Return rows drawn by their bounds, each with a uniform number below its bound."""
        marks = self.rng.random_sample(PROPOSALS) * cumulated[-1]
        rows = np.searchsorted(cumulated, marks, side="right")
        rows = np.minimum(rows, len(cumulated) - 1)
        return zip(rows, self.rng.random_sample(PROPOSALS) * self.bound[rows], strict=True)

    def _distance_to_recent(self, row):
        """Return the squared distance of a row to all picks: 0 for a pick."""
        if self.taken[row]:
            return 0.0
        if not self.n_recent:
            return self.bound[row]
        inner = self.recent_H[: self.n_recent] @ self.H[row]
        inner *= self.recent_A[: self.n_recent] @ self.A[row]
        inner *= -2
        inner += self.norms[self.recent[: self.n_recent]]
        squared = inner.min() + self.norms[row]
        return 0.0 if squared <= ROUNDING * self.norms[row] else min(self.bound[row], squared)

    def _refresh(self):
        """Bring all bounds up to date and return their cumulative sum."""
        self._lower_bounds(self.recent[: self.n_recent])
        self._forget_recent()
        self.bound[self.taken] = 0
        return np.cumsum(self.bound, dtype=np.float64)

    def _lower_bounds(self, picks):
        if not len(picks):
            return
        A, H = self.A[picks].T * np.float32(-2), self.H[picks].T
        for start in range(0, len(self.H), BLOCK):
            rows = slice(start, start + BLOCK)
            inner = self.H[rows] @ H
            inner *= self.A[rows] @ A
            inner += self.norms[picks]
            fresh = inner.min(axis=1)
            fresh += self.norms[rows]
            fresh[fresh <= ROUNDING * self.norms[rows]] = 0
            np.minimum(self.bound[rows], fresh, out=self.bound[rows])

    def _fill(self):
        """Pick the longest of the rows that are left, all of them at distance 0."""
        left = np.flatnonzero(~self.taken)
        rows = left[top_k(self.norms[left], self.n_picks - len(self.rows))]
        self.rows += rows.tolist()
        self.squared += [0.0] * len(rows)
