"""Means over seeds and how sure they are."""

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


def half_width(values, axis=0):
    """Return half the width of the 95 % t interval of a mean; NaN for a single value.

    Parameters
    ----------
    values : array-like
        Independent values along `axis`: those of the seeds.

    Examples
    --------
    >>> round(float(half_width([1.0, 2.0, 3.0])), 3)
    2.484
    """
    values = np.asarray(values, dtype=np.float64)
    n = values.shape[axis]
    if n < 2:
        return np.full(values.mean(axis=axis).shape, np.nan)[()]
    factor = stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)
    return factor * values.std(axis=axis, ddof=1) / np.sqrt(n)


def paired_half_width(values):
    """Return `half_width` of each strategy once the differences between seeds are taken out.

    Some seeds are easier than others for all strategies, which says nothing about their order.
    Each seed's mean over the strategies is subtracted [1]_, and the width corrected for that [2]_.

    Parameters
    ----------
    values : ndarray of shape (n_strategies, n_seeds, ...)
        Scores.

    Returns
    -------
    ndarray of shape (n_strategies, ...)

    References
    ----------
    .. [1] Cousineau (2005), "Confidence intervals in within-subject designs", TQMP 1(1).
    .. [2] Morey (2008), "Confidence intervals from normalized data: a correction to Cousineau
       (2005)", TQMP 4(2).
    """
    n_strategies = len(values)
    if n_strategies == 1:
        return half_width(values, axis=1)
    correction = np.sqrt(n_strategies / (n_strategies - 1))
    return correction * half_width(values - values.mean(axis=0), axis=1)


def mean_or_inf(values):
    """Return the mean; infinite as soon as one value is."""
    return float(np.mean(values)) if np.isfinite(values).all() else float("inf")
