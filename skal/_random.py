"""Where randomness becomes a generator.

Draws derive from (seed, number labeled, role): asking twice gives the same answer, teaching moves
the draw on, and two users of one seed do not share a stream.
"""

import zlib

import numpy as np
from sklearn.utils import check_random_state


def round_rng(seed, n_labeled, role):
    """Return the generator of one role in one round.

    Parameters
    ----------
    seed : int, RandomState instance or None
        Only an integer repeats its draws; the others are passed through `check_random_state`.
    n_labeled : int
        How many samples are labeled so far.
    role : str
        What the draws are for, such as ``"bootstrap"``.

    Returns
    -------
    numpy.random.RandomState
    """
    if isinstance(seed, int | np.integer):
        return np.random.RandomState([int(seed), n_labeled, zlib.crc32(role.encode())])
    return check_random_state(seed)


def derive_seed(seed, n_labeled, role):
    """Return an integer seed for one role in one round, or None where `seed` is None."""
    if seed is None:
        return None
    return int(round_rng(seed, n_labeled, role).randint(np.iinfo(np.int32).max))


def seed_estimator(estimator, seed, n_labeled):
    """Give every `random_state` of `estimator` that is None a seed of this round.

    Seeds that the user has set stay, and nothing happens where `seed` is None or the estimator has
    no parameters.
    """
    if seed is None or not hasattr(estimator, "get_params"):
        return
    params = estimator.get_params(deep=True)
    unset = sorted(
        name
        for name, value in params.items()
        if value is None and name.rpartition("__")[2] == "random_state"
    )
    estimator.set_params(**{name: derive_seed(seed, n_labeled, name) for name in unset})
