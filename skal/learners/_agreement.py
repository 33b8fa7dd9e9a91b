"""Whether the members of a committee can ever disagree."""

import joblib
import numpy as np
from sklearn.base import clone


def can_disagree(estimators, X, y):
    """Return whether training `estimators` on the same data can ever give models that differ.

    It cannot where all are copies of one estimator and training draws no random number.
    """
    return not _are_copies(estimators) or _draws_randomness(estimators[0], X, y)


def _are_copies(estimators):
    """Return whether all estimators are of one kind with the same parameters, seeds aside."""
    return len({joblib.hash((type(e), _without_seeds(e))) for e in estimators}) == 1


def _without_seeds(estimator):
    if not hasattr(estimator, "get_params"):
        return estimator
    params = estimator.get_params(deep=True)
    return {
        name: repr(value) if hasattr(value, "get_params") else value
        for name, value in params.items()
        if name.rpartition("__")[2] != "random_state"
    }


def _draws_randomness(estimator, X, y):
    """Return whether training draws from a generator that is given to it as its seed."""
    estimator = clone(estimator, safe=False)
    if not hasattr(estimator, "get_params"):
        return True  # nothing is known of it
    seeds = [n for n in estimator.get_params(deep=True) if n.rpartition("__")[2] == "random_state"]
    if not seeds:
        return False
    generator = np.random.RandomState(0)
    before = joblib.hash(generator.get_state())
    estimator.set_params(**dict.fromkeys(seeds, generator)).fit(X, y)
    return joblib.hash(generator.get_state()) != before
