"""What the checks of query strategies share: assertions, seeds, and counts of what models see."""

import numpy as np
from sklearn.base import clone

from .._data import n_rows
from .base import ScoreStrategy
from .pool import Pool


def assert_indices(indices, n_instances, n_pool):
    """Raise AssertionError unless these are `n_instances` distinct positions in the pool."""
    assert isinstance(indices, np.ndarray), f"indices must be an array, got {indices!r}"
    assert indices.dtype.kind == "i", f"indices must be integers, got {indices.dtype}"
    assert indices.shape == (n_instances,), f"asked for {n_instances}, got {indices.shape}"
    assert len(np.unique(indices)) == n_instances, f"indices repeat: {indices}"
    assert indices.min() >= 0, f"indices are negative: {indices}"
    assert indices.max() < n_pool, f"indices are out of range: {indices}"


def assert_raises(kind, word, function, *args, **kwargs):
    """Raise AssertionError unless a call is an error of this kind whose message has the word."""
    try:
        function(*args, **kwargs)
    except kind as error:
        assert_says(error, word)
    else:
        raise AssertionError(f"{function!r} accepts {args[1:]}, {kwargs}")


def assert_says(error, word):
    """Raise AssertionError unless the message of an error has the word."""
    assert word in str(error), f"the message of {error!r} does not contain {word!r}"


def seeded(strategy, seed=0):
    """Return a copy of a strategy that has this seed, in all strategies that it is made of too."""
    return clone(strategy).set_params(**dict.fromkeys(_seed_names(strategy), seed))


def _seed_names(strategy):
    return [n for n in strategy.get_params() if n.rpartition("__")[2] == "random_state"]


def is_decided(strategy, learner, X_pool, n_instances):
    """Return whether no tie decides which samples are chosen, as far as scores tell."""
    if not isinstance(strategy, ScoreStrategy):
        return True
    scores = np.sort(strategy.score(Pool(learner, X_pool, strategy)))[::-1]
    return scores[n_instances - 1] - scores[n_instances] > 1e-9


def count_samples(model):
    """Make a model, its steps and its members count the samples that their methods get."""
    n_seen = {}
    for part in _parts(model):
        for method in ("predict_proba", "predict", "transform"):
            if hasattr(part, method):
                _count_calls(part, method, n_seen)
    return n_seen


def _parts(model):
    """Yield all estimators in a model that see samples of the pool, itself included."""
    yield model
    members = [getattr(member, "estimator", member) for member in _members_of(model)]
    for part in members:
        yield from _parts(part)


def _members_of(model):
    if hasattr(model, "steps"):
        return [step for _, step in model.steps]
    return [*getattr(model, "learner_list", ()), *getattr(model, "estimators_", ())]


def _count_calls(part, method, n_seen):
    original = getattr(part, method)

    def counting(X, *args, **kwargs):
        key = id(part), f"{type(part).__name__}.{method}"
        n_seen[key] = n_seen.get(key, 0) + n_rows(X)
        return original(X, *args, **kwargs)

    setattr(part, method, counting)
