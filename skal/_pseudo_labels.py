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

    A pixel is a candidate for the class whose threshold its probability reaches. Of each class the
    most confident candidates of all blocks are kept; among equally confident ones, of which nets
    that are very sure have many, a draw decides, so that no image is favored.

    Parameters
    ----------
    least : sequence of float
        The probability that each class needs, above 0.5: a pixel reaches one of them at most.
    most : sequence of int
        How many pixels each class gets at most.
    rng : numpy.random.RandomState
        Decides between equally confident pixels.
    """

    def __init__(self, least, most, rng):
        self.least = least
        self._best = [_Best(count, rng) for count in most]

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

    def labels(self, classes, shape, dtype):
        """Return the labels of all images, of a shape (n, H, W); pixels without one are -1."""
        labels = np.full(shape, IGNORE, dtype)
        for label, best in zip(classes, self._best, strict=True):
            labels.reshape(-1)[best.positions] = label
        return labels


class _Best:
    """The positions of the largest values seen, at most so many."""

    def __init__(self, most, rng):
        self.most, self._rng = most, rng
        self.positions = np.empty(0, np.int64)
        self._values = self._ties = np.empty(0)
        self._edge = -np.inf

    def add(self, values, positions):
        is_near = values >= self._edge
        values, positions = values[is_near], positions[is_near]
        values = np.concatenate([self._values, values])
        ties = np.concatenate([self._ties, self._rng.random_sample(len(positions))])
        positions = np.concatenate([self.positions, positions])
        kept = _largest(values, ties, self.most)
        self._values, self._ties, self.positions = values[kept], ties[kept], positions[kept]
        if len(kept) == self.most and self.most:
            self._edge = self._values.min()


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
