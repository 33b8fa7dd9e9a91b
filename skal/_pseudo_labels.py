"""Which pixels of unlabeled images a model is sure of: arrays in, labels out."""

import numpy as np

IGNORE = -1  # the label of a pixel that has none


def relaxed(threshold, step, limit):
    """Return a threshold moved by a step, up or down, but not past a limit.

    A threshold that begins past the limit stays as it is.

    Examples
    --------
    >>> [round(relaxed(0.95, step, limit=0.8), 2) for step in (0, -0.1, -0.2)]
    [0.95, 0.85, 0.8]
    >>> relaxed(0.6, -0.1, limit=0.8)
    0.6
    """
    moved = threshold + step
    if step < 0:
        return min(threshold, max(limit, moved))
    return max(threshold, min(limit, moved))


class PseudoLabels:
    """The pseudo-labels of images that are looked at a block at a time.

    A pixel is sure of the class whose threshold its probability reaches. Of each class the most
    sure pixels of all blocks are kept, as many for each human label in all classes, so that the
    shares of classes are those of the human labels. Among equally sure pixels, of which nets have
    many, a draw decides, so that no image is favored.

    Parameters
    ----------
    least : sequence of float
        The probability that each class needs, above 0.5: a pixel reaches one of them at most.
    n_human : sequence of int
        How many human labels each class has; all have some.
    ratio : float or None
        How many pseudo-labels there are at most for each human label. The class with the fewest
        sure pixels may leave fewer for all. None keeps all sure pixels, whatever their shares.
    rng : numpy.random.RandomState
        Decides between equally sure pixels.
    """

    def __init__(self, least, n_human, ratio, rng):
        self.least, self.n_human, self.ratio = least, n_human, ratio
        self._best = [_Best(self._count(n, ratio), rng) for n in n_human]

    @staticmethod
    def _count(n_human, ratio):
        return np.inf if ratio is None else int(ratio * n_human + 1e-6)

    def add(self, proba, eligible, first):
        """Look at images.

        Parameters
        ----------
        proba : ndarray of shape (n, n_classes, H, W)
            Class probabilities.
        eligible : ndarray of bool of shape (n, H, W)
            Which pixels may get a label.
        first : int
            The position of the first of these images among all.
        """
        start = first * eligible[0].size
        for i, best in enumerate(self._best):
            values = np.ascontiguousarray(proba[:, i]).ravel()
            # compared as the numbers they are: 0.95 reaches a threshold of 0.95
            reached = np.flatnonzero(
                (values >= values.dtype.type(self.least[i])) & eligible.ravel()
            )
            best.add(values[reached], reached + start)

    @property
    def n_sure(self):
        """How many pixels are sure of each class, kept or not."""
        return [best.n_seen for best in self._best]

    def labels(self, classes, shape, dtype):
        """Return the labels of all images, of a shape (n, H, W); pixels without one are -1."""
        ratio = self.ratio
        if ratio is not None:
            ratio = min(ratio, *(n / h for n, h in zip(self.n_sure, self.n_human, strict=True)))
        labels = np.full(shape, IGNORE, dtype)
        for label, n_human, best in zip(classes, self.n_human, self._best, strict=True):
            labels.reshape(-1)[best.positions(self._count(n_human, ratio))] = label
        return labels


class _Best:
    """The positions of the largest values seen, at most so many."""

    def __init__(self, most, rng):
        self.most, self._rng = most, rng
        self.n_seen = 0
        self._positions = np.empty(0, np.int64)
        self._values = self._ties = np.empty(0)
        self._edge = -np.inf

    def add(self, values, positions):
        self.n_seen += len(values)
        is_near = values >= self._edge
        values, positions = values[is_near], positions[is_near]
        values = np.concatenate([self._values, values])
        ties = np.concatenate([self._ties, self._rng.random_sample(len(positions))])
        positions = np.concatenate([self._positions, positions])
        kept = _largest(values, ties, self.most)
        self._values, self._ties, self._positions = values[kept], ties[kept], positions[kept]
        if len(kept) == self.most and self.most:
            self._edge = self._values.min()

    def positions(self, most):
        """Return the positions of the largest values, at most so many."""
        return self._positions[_largest(self._values, self._ties, most)]


def _largest(values, ties, k):
    """Return where the `k` largest values stand; of equal ones, those with the smallest tie."""
    if len(values) <= k:
        return np.arange(len(values))
    if k == 0:
        return np.empty(0, np.int64)
    edge = np.partition(values, -k)[-k]
    above, at = np.flatnonzero(values > edge), np.flatnonzero(values == edge)
    return np.concatenate([above, at[np.argsort(ties[at])[: k - len(above)]]])


def merge_labels(human, pseudo):
    """Return human labels where there are any, and pseudo-labels elsewhere.

    Examples
    --------
    >>> merge_labels(np.array([1, -1, -1]), np.array([0, 0, -1]))
    array([ 1,  0, -1])
    """
    return np.where(human != IGNORE, human, pseudo)
