"""Results of batches, put together as they come."""

import numpy as np


class Parts:
    """An array that is filled batch by batch.

    It is allocated once: a list of small results, each made between large buffers that come and go,
    would scatter the heap until it is as large as all buffers together.

    Parameters
    ----------
    n_rows : int
        How many rows all batches have.
    axis : int, default=0
        Along which axis they follow each other.
    """

    def __init__(self, n_rows, axis=0):
        self._n_rows, self._axis = n_rows, axis
        self._array, self._end = None, 0

    def add(self, part):
        """Put an array behind those before it."""
        if self._array is None:
            shape = list(part.shape)
            shape[self._axis] = self._n_rows
            self._array = np.empty(shape, part.dtype)
        begin, self._end = self._end, self._end + part.shape[self._axis]
        self._array[(slice(None),) * self._axis + (slice(begin, self._end),)] = part

    @property
    def array(self):
        """The array."""
        return self._array
