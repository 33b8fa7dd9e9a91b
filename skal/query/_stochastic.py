"""Stochastic batches: scores perturbed by Gumbel noise, so that a batch is not all alike.

The largest of ``log weight + Gumbel noise`` are a sample without replacement, each next one drawn
in proportion to its weight. So no sample of a batch depends on another, and a batch costs no more
than the best k.

References
----------
.. [1] Kirsch, Farquhar, Atighehchian, Jesson, Branchaud-Charron and Gal (2023), "Stochastic batch
   acquisition: a simple baseline for deep active learning", TMLR.
"""

from numbers import Real

import numpy as np

from .._compat import Interval, StrOptions

CONSTRAINTS = {
    "stochastic": [StrOptions({"power", "softmax"}), None],
    "temperature": [Interval(Real, 0, None, closed="neither")],
    "random_state": ["random_state"],
}


def perturbed(scores, how, temperature, rng):
    """Return keys whose largest are a sample without replacement.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        For ``"power"`` not negative.
    how : {"power", "softmax"}
        Samples are drawn in proportion to ``score ** (1 / temperature)``, or to
        ``exp(score / temperature)``.
    temperature : float
        Towards 0 the largest scores are chosen, towards infinity any.
    rng : numpy.random.RandomState

    Returns
    -------
    ndarray of float64 of shape (n_samples,)
        With ``"power"`` -inf where the score is 0: such samples come last, by index.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if how == "power":
        _check_not_negative(scores)
        with np.errstate(divide="ignore"):
            scores = np.log(np.maximum(scores, 0))
    return scores / temperature + rng.gumbel(size=len(scores))


def _check_not_negative(scores):
    lowest = scores.min(initial=0)
    if lowest < -1e-6 * max(1.0, np.abs(scores).max(initial=0)):  # more than rounding
        raise ValueError(
            f'stochastic="power" needs scores that are not negative; got {lowest:g}. Use '
            f'stochastic="softmax".'
        )
