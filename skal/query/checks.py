"""The contract of query strategies, as checks that authors of new strategies can run too.

Every check has one signature, ``check_*(strategy, learner, X_pool)``, returns nothing, and raises
AssertionError where the strategy breaks the contract. It leaves its arguments as they are.

- `strategy` is a :class:`~skal.query.QueryStrategy`.
- `learner` fits the strategy: a learner or committee of skal or modAL with its labeled data, or a
  fitted scikit-learn estimator.
- `X_pool` is a float array of shape (n_samples, n_features): at least 12 samples, all distinct,
  with the features that the learner knows.

:func:`check_strategy` runs all of :data:`STRATEGY_CHECKS`, and finds a learner and a pool itself:

>>> from skal.query import Margin
>>> check_strategy(Margin())

In a test suite, each check by itself:

>>> import pytest
>>> @pytest.mark.parametrize("check", STRATEGY_CHECKS, ids=lambda check: check.__name__)
... def test_contract(check):
...     check_strategy(Margin(), checks=[check])
"""

import copy
import importlib
import inspect
import pickle
import pkgutil

import joblib
import modAL.models
import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression

from ._check_helpers import (
    assert_indices,
    assert_raises,
    assert_says,
    count_samples,
    is_decided,
    seeded,
)
from ._example_models import (
    example_learner,
    example_pool,
    gaussian_process,
    holding,
    needs_labeled_data,
    reads_values,
    takes,
    taught_more,
)
from .base import QueryStrategy, ScoreStrategy
from .pool import Pool

__all__ = ["STRATEGY_CHECKS", "all_strategies", "check_strategy", "example_learner", "example_pool"]

SIZES = (1, 5)


def check_strategy(strategy, learner=None, X_pool=None, *, checks=None):
    """Check that a strategy keeps the contract of all query strategies.

    Parameters
    ----------
    strategy : QueryStrategy
        The strategy to check; it stays as it is.
    learner : learner, committee or fitted estimator, optional
        One that fits the strategy; None finds one by the views that the strategy reads.
    X_pool : ndarray of shape (n_samples, n_features), optional
        At least 12 distinct samples; None draws some for the learner that is found.
    checks : sequence of callables, optional
        Which checks to run; None means :data:`STRATEGY_CHECKS`.

    Raises
    ------
    AssertionError
        If the strategy breaks the contract.
    """
    learner = example_learner(strategy) if learner is None else learner
    X_pool = example_pool() if X_pool is None else X_pool
    for check in STRATEGY_CHECKS if checks is None else checks:
        check(strategy, learner, X_pool)


def all_strategies():
    """Return an instance of every public strategy in :mod:`skal.query`, by name.

    Abstract classes are left out. A class whose constructor needs arguments says how to make an
    instance in a class method ``_example``.

    Returns
    -------
    list of QueryStrategy
    """
    package = importlib.import_module(__package__)
    modules = [
        importlib.import_module(f"{__package__}.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
    ]
    classes = {c for m in modules for _, c in inspect.getmembers(m, inspect.isclass)}
    found = [c for c in classes if issubclass(c, QueryStrategy) and _is_concrete(c)]
    return [c._example() for c in sorted(found, key=lambda c: c.__name__)]


def _is_concrete(cls):
    if inspect.isabstract(cls) or cls.__name__.startswith("_"):
        return False
    ranks = issubclass(cls, ScoreStrategy)
    return not ranks or hasattr(cls, "view") or cls.score is not ScoreStrategy.score


# Parameters --------------------------------------------------------------------------------


def check_parameters(strategy, learner, X_pool):
    """Check that clone, get_params, set_params and repr work as for any estimator."""
    params = strategy.get_params(deep=False)
    strategy.set_params(**params)
    copied = clone(strategy)
    assert type(copied) is type(strategy)
    assert repr(copied) == repr(strategy)
    assert copied.get_params(deep=False).keys() == params.keys()
    before = joblib.hash(strategy)
    strategy(learner, X_pool, 2)
    assert joblib.hash(strategy) == before, f"{strategy!r} changes its own parameters or state"


def check_pickles(strategy, learner, X_pool):
    """Check that a strategy that went through pickle chooses the same."""
    strategy = seeded(strategy)
    restored = pickle.loads(pickle.dumps(strategy))
    np.testing.assert_array_equal(restored(learner, X_pool, 5), strategy(learner, X_pool, 5))


# What comes back ---------------------------------------------------------------------------


def check_indices(strategy, learner, X_pool):
    """Check that indices are distinct integers in range, for 1 sample, some, and all."""
    for n_instances in (*SIZES, len(X_pool)):
        assert_indices(strategy(learner, X_pool, n_instances), n_instances, len(X_pool))
    assert_indices(strategy(learner, X_pool), 1, len(X_pool))  # one by default


def check_selection(strategy, learner, X_pool):
    """Check that `select` gives the indices of a call, each with a score that is a number."""
    strategy = seeded(strategy)
    selection = strategy.select(Pool(learner, X_pool, strategy), 5)
    np.testing.assert_array_equal(selection.indices, strategy(learner, X_pool, 5))
    assert np.shape(selection.scores) == (5,)
    assert not np.isnan(selection.scores).any()
    if selection.weights is not None:
        assert np.shape(selection.weights) == (5,)


def check_n_instances_is_refused(strategy, learner, X_pool):
    """Check that a number of samples that cannot be chosen is an error that says so."""
    for n_instances in (0, -1, len(X_pool) + 1):
        assert_raises(ValueError, "n_instances", strategy, learner, X_pool, n_instances)
    for n_instances in (1.5, True, "3", None):
        assert_raises(TypeError, "n_instances", strategy, learner, X_pool, n_instances)
    assert_raises(ValueError, "empty", strategy, learner, X_pool[:0], 1)


def check_best_first(strategy, learner, X_pool):
    """Check that a strategy that ranks gives the largest scores, ties to the lowest index."""
    if not isinstance(strategy, ScoreStrategy) or getattr(strategy, "stochastic", None):
        return
    strategy = seeded(strategy)
    doubled = np.concatenate([X_pool, X_pool])
    scores = np.asarray(strategy.score(Pool(learner, doubled, strategy)), np.float64)
    assert scores.shape == (len(doubled),)
    for n_instances in (*SIZES, len(X_pool) + 1, len(doubled)):
        expected = sorted(range(len(doubled)), key=lambda i: (-scores[i], i))[:n_instances]
        np.testing.assert_array_equal(strategy(learner, doubled, n_instances), expected)


def check_ties_go_to_lowest_index(strategy, learner, X_pool):
    """Check that of samples that are all alike, a strategy without seed takes the first.

    A model may predict the last bits of equal rows differently, by where BLAS splits them among
    kernels and threads: the samples are as many as leave no odd rows, and those whose scores differ
    all the same are no tie.
    """
    if strategy.is_random:
        return
    alike = np.repeat(X_pool[:1], 16, axis=0)
    expected = np.arange(5)
    if isinstance(strategy, ScoreStrategy):
        scores = np.asarray(strategy.score(Pool(learner, alike, strategy)), np.float64)
        expected = np.argsort(-scores, kind="stable")[:5]
    np.testing.assert_array_equal(strategy(learner, alike, 5), expected)


def check_chosen_stay_out(strategy, learner, X_pool):
    """Check that what is chosen already is not chosen again, and that all else can be."""
    chosen = [0, 3, len(X_pool) - 1]
    pool = Pool(learner, X_pool, strategy)
    for n_instances in (*SIZES, len(X_pool) - len(chosen)):
        indices = strategy.select(pool, n_instances, chosen=chosen).indices
        assert_indices(indices, n_instances, len(X_pool))
        assert not set(indices) & set(chosen), f"{strategy!r} chooses samples of chosen= again"
    too_many = len(X_pool) - len(chosen) + 1
    assert_raises(ValueError, "n_instances", strategy.select, pool, too_many, chosen=chosen)


# Randomness --------------------------------------------------------------------------------


def check_asking_twice_gives_same_answer(strategy, learner, X_pool):
    """Check that with an integer seed, of the strategy or the learner, answers repeat."""
    strategy = seeded(strategy)
    first = strategy(learner, X_pool, 5)
    np.testing.assert_array_equal(strategy(learner, X_pool, 5), first)
    if strategy.is_random:
        learner = copy.copy(learner)
        learner.random_state = 0
        unseeded = seeded(strategy, None)
        first = unseeded(learner, X_pool, 5)
        np.testing.assert_array_equal(unseeded(learner, X_pool, 5), first)


def check_teaching_moves_draw_on(strategy, learner, X_pool):
    """Check that a random strategy with an integer seed draws anew once there are more labels."""
    if not strategy.is_random:
        return
    strategy, answers = seeded(strategy), set()
    for n_more in range(1, 6):
        taught = taught_more(learner, X_pool[:n_more])
        answers.add(tuple(strategy(taught, X_pool, len(X_pool) // 2)))
    assert len(answers) > 1, f"{strategy!r} draws the same whatever the learner has been taught"


def check_global_random_state(strategy, learner, X_pool):
    """Check that a strategy leaves numpy's shared generator alone, unless it has no seed."""
    before = np.random.get_state()
    seeded(strategy)(learner, X_pool, 5)
    after = np.random.get_state()
    assert before[2] == after[2], f"{strategy!r} draws from np.random"
    np.testing.assert_array_equal(before[1], after[1])


def check_ignores_pool_order(strategy, learner, X_pool):
    """Check that a deterministic strategy chooses the same set from a pool in any order."""
    if strategy.is_random:
        return
    order = np.random.RandomState(0).permutation(len(X_pool))
    for n_instances in SIZES:
        if is_decided(strategy, learner, X_pool, n_instances):
            moved = strategy(learner, X_pool[order], n_instances)
            assert set(order[moved]) == set(strategy(learner, X_pool, n_instances))


# What goes in ------------------------------------------------------------------------------


def check_pool_and_learner_stay_as_they_are(strategy, learner, X_pool):
    """Check that neither the pool nor the learner changes, and that a read-only pool will do."""
    Pool(learner, X_pool).model  # noqa: B018 - a learner may train at its first use
    X_pool = X_pool.copy()
    before = joblib.hash((learner, X_pool))
    X_pool.flags.writeable = False
    for n_instances in (*SIZES, len(X_pool)):
        strategy(learner, X_pool, n_instances)
    assert joblib.hash((learner, X_pool)) == before, f"{strategy!r} changes the pool or the model"


def check_containers(strategy, learner, X_pool):
    """Check that data frames, lists, sparse and Fortran-ordered pools give what an array gives."""
    strategy = seeded(strategy)
    expected = strategy(learner, X_pool, 5)
    frame = pd.DataFrame(X_pool, index=np.arange(len(X_pool))[::-1])
    pools = [frame, X_pool.tolist(), np.asfortranarray(X_pool), sp.csr_array(X_pool)]
    for pool in pools:
        if takes(learner, pool):
            np.testing.assert_array_equal(strategy(learner, pool, 5), expected)


def check_dtypes(strategy, learner, X_pool):
    """Check that pools of other numbers work."""
    for dtype in (np.float32, np.float16, np.int64, np.uint8):
        pool = np.abs(8 * X_pool).astype(dtype)
        for n_instances in (*SIZES, len(pool)):
            assert_indices(strategy(learner, pool, n_instances), n_instances, len(pool))


def check_constant_features(strategy, learner, X_pool):
    """Check that a pool of samples that are all alike, zeros included, is no problem."""
    for alike in (np.zeros_like(X_pool), np.repeat(X_pool[:1], len(X_pool), axis=0)):
        for n_instances in (*SIZES, len(alike)):
            assert_indices(strategy(learner, alike, n_instances), n_instances, len(alike))


def check_pool_of_one(strategy, learner, X_pool):
    """Check that the last sample of a pool can be chosen, or that the error says why not."""
    try:
        indices = strategy(learner, X_pool[:1], 1)
    except ValueError as error:
        assert_says(error, "pool")
    else:
        np.testing.assert_array_equal(indices, [0])


def check_nan_is_an_error_or_no_matter(strategy, learner, X_pool):
    """Check that NaN in the pool is a clear error, unless nobody looks at the values."""
    X_pool = X_pool.copy()
    X_pool[2, 1] = np.nan
    try:
        indices = strategy(learner, X_pool, 5)
    except ValueError as error:
        assert_says(error, "NaN")
    else:
        assert_indices(indices, 5, len(X_pool))


# Models ------------------------------------------------------------------------------------


def check_bare_estimator(strategy, learner, X_pool):
    """Check that a fitted estimator will do in place of a learner, or that the error says why not.

    It will not do for a strategy whose `needs_labeled_data` is True.
    """
    model = Pool(learner, X_pool).model
    if needs_labeled_data(strategy):
        assert_raises(TypeError, "labeled data", strategy, model, X_pool, 1)
        return
    for n_instances in SIZES:
        assert_indices(strategy(model, X_pool, n_instances), n_instances, len(X_pool))


def check_modal_learner(strategy, learner, X_pool):
    """Check that the strategy plugs into a learner of modAL."""
    model = Pool(learner, X_pool).model
    if hasattr(model, "learner_list"):
        return  # a committee
    modal = modAL.models.ActiveLearner(model, strategy)
    if needs_labeled_data(strategy):
        modal = holding(strategy, clone(model), learner.X_training, learner.y_training)
    indices, instances = modal.query(X_pool, n_instances=5)[:2]
    assert_indices(indices, 5, len(X_pool))
    np.testing.assert_array_equal(instances, X_pool[indices])


def check_single_class(strategy, learner, X_pool):
    """Check that a model that knows one class, and thus is always sure, is no problem.

    For strategies that read predicted values, it is a regressor of a constant.
    """
    model = RandomForestClassifier(n_estimators=3, random_state=0)
    model = gaussian_process() if reads_values(strategy) else model
    y = np.zeros(len(X_pool), int)
    model = holding(strategy, model.fit(X_pool, y), X_pool, y)
    for n_instances in (*SIZES, len(X_pool)):
        assert_indices(strategy(model, X_pool, n_instances), n_instances, len(X_pool))


def check_other_models_are_refused(strategy, learner, X_pool):
    """Check that a model that cannot give what the strategy reads is a TypeError that tells why.

    Regressors, regressors of several values a sample, classifiers with names for classes, and
    classifiers of several labels a sample, stand for such models. A strategy that works with them
    all the same may.
    """
    several = X_pool[:, :2] > 0
    forest = RandomForestClassifier(n_estimators=3, random_state=0)
    models = [
        (LinearRegression(), X_pool[:, 0]),
        (LinearRegression(), X_pool[:, :2]),
        (clone(forest), np.where(several[:, 0], "yes", "no")),
        (clone(forest), several),
    ]
    for model, y in models:
        model.fit(X_pool, y)
        try:
            indices = strategy(holding(strategy, model, X_pool, y), X_pool, 3)
        except TypeError as error:
            assert_says(error, "fits")
        else:
            assert_indices(indices, 3, len(X_pool))


def check_model_runs_once(strategy, learner, X_pool):
    """Check that a query transforms and predicts each sample of the pool once at most.

    The labeled samples may be transformed once, too.
    """
    learner = copy.deepcopy(learner)
    n_seen = count_samples(Pool(learner, X_pool).model)
    strategy(learner, X_pool, 5)
    for (_, method), n_samples in n_seen.items():
        n_labeled = Pool(learner, X_pool).n_labeled if method.endswith(".transform") else 0
        assert n_samples <= len(X_pool) + n_labeled, (
            f"{strategy!r} passed {n_samples} samples to {method} for a pool of {len(X_pool)} and "
            f"{n_labeled} labeled samples"
        )


STRATEGY_CHECKS = [
    check_parameters,
    check_pickles,
    check_indices,
    check_selection,
    check_n_instances_is_refused,
    check_best_first,
    check_ties_go_to_lowest_index,
    check_chosen_stay_out,
    check_asking_twice_gives_same_answer,
    check_teaching_moves_draw_on,
    check_global_random_state,
    check_ignores_pool_order,
    check_pool_and_learner_stay_as_they_are,
    check_containers,
    check_dtypes,
    check_constant_features,
    check_pool_of_one,
    check_nan_is_an_error_or_no_matter,
    check_bare_estimator,
    check_modal_learner,
    check_single_class,
    check_other_models_are_refused,
    check_model_runs_once,
]

__all__ += [check.__name__ for check in STRATEGY_CHECKS]
