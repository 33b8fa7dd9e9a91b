"""Precision, recall and F1 from counts."""

import numpy as np


def rates(n_hits, n_found, n_true):
    """Return precision, recall and F1, each of the shape of the counts.

    Where nothing is to be found and nothing was found, all three are 1. Where one of the two is
    nothing, there are no hits: F1 and what has no denominator are 0.

    Parameters
    ----------
    n_hits, n_found, n_true : int or array-like of int
        How much of what was found is true, how much was found, and how much there is to find.
    """
    n_hits, n_found, n_true = (np.asarray(n, dtype=np.float64) for n in (n_hits, n_found, n_true))
    is_perfect = (n_found == 0) & (n_true == 0)
    counts = [(n_hits, n_found), (n_hits, n_true), (2 * n_hits, n_found + n_true)]
    return tuple(np.where(is_perfect, 1.0, above / np.maximum(below, 1)) for above, below in counts)
