"""Bad input is an error that says what came and what to do, and the learner is as it was."""

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from skal import ActiveLearner
from skal.query import CoreSet, Hybrid, KMeansDiversity, Margin, Pool, RandomSampling
from skal.query.checks import all_strategies, example_learner

STRATEGIES = all_strategies()
DISTANCES = [CoreSet(), KMeansDiversity(), Hybrid(Margin(), CoreSet())]
rng = np.random.RandomState(0)
X, X_POOL = rng.normal(size=(20, 3)), rng.normal(size=(30, 3))
y = (X[:, 0] > 0).astype(int)
X_OTHER = rng.normal(size=(30, 4))


@pytest.fixture
def learner():
    return ActiveLearner(LogisticRegression(), Margin(), X, y).fit(X, y)


@pytest.mark.parametrize("empty", [X_OTHER[:0], [], pd.DataFrame(X_OTHER[:0])], ids=type)
@pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
def test_an_empty_pool(strategy, empty):
    with pytest.raises(ValueError, match=r"X_pool is empty: there is nothing left to choose from"):
        strategy(example_learner(strategy), empty)


@pytest.mark.parametrize("n_instances", [0, -1, 31])
@pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
def test_a_number_of_samples_that_the_pool_does_not_have(strategy, n_instances):
    message = (
        rf"n_instances must be in \[1, size of the pool\]; got n_instances={n_instances} for 30"
    )
    with pytest.raises(ValueError, match=message):
        strategy(example_learner(strategy), X_OTHER, n_instances)


@pytest.mark.parametrize("n_instances", [1.0, "3", None, True, [2], np.float64(2)], ids=repr)
def test_a_number_of_samples_that_is_no_integer(n_instances):
    with pytest.raises(TypeError, match="n_instances must be an integer; got"):
        RandomSampling()(None, X_POOL, n_instances)


@pytest.mark.parametrize("n_instances", [np.int64(3), np.uint8(3), np.int32(3)], ids=type)
def test_integers_of_numpy_are_integers(n_instances):
    assert len(RandomSampling()(None, X_POOL, n_instances)) == 3


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39])
@pytest.mark.parametrize("strategy", DISTANCES, ids=repr)
def test_distances_to_what_is_no_number(strategy, value):
    pool = X_POOL.copy()
    pool[[4, 7], 1] = value
    with pytest.raises(ValueError, match=r"(2 samples hold NaN.* index 4\. Impute)|contains"):
        strategy(LogisticRegression().fit(X, y), pool, 3)


def test_labeled_samples_that_are_no_numbers():
    held = X.copy()
    held[3, 0] = np.nan
    learner = ActiveLearner(None, CoreSet(), held, y, force_all_finite=False)
    with pytest.raises(ValueError, match=r"1 samples hold NaN"):
        CoreSet().select(Pool(_Holding(learner.X_training), X_POOL), 2)


class _Holding:
    def __init__(self, X_training):
        self.X_training = X_training


def test_probabilities_that_are_nan():
    class Broken(LogisticRegression):
        def predict_proba(self, X):
            return np.where(np.arange(len(X))[:, None] == 5, np.nan, 0.5) * np.ones((1, 2))

    with pytest.raises(ValueError, match=r"NaN for 1 of 30 samples, the first at index 5"):
        Margin()(Broken().fit(X, y), X_POOL)


@pytest.mark.parametrize("strategy", DISTANCES, ids=repr)
def test_features_that_differ_from_the_labeled_ones(strategy, learner):
    before = joblib.hash(learner)
    with pytest.raises(ValueError, match=r"shape \(4,\) each, the labeled data .* \(3,\)"):
        learner.set_params(query_strategy=strategy).query(X_OTHER)
    learner.set_params(query_strategy=Margin())
    assert joblib.hash(learner) == before


def test_features_that_differ_are_found_by_the_strategy_too():
    with pytest.raises(ValueError, match=r"have 4 features in the embedding, .* learner 3"):
        CoreSet()(_Holding(X), X_OTHER)


@pytest.mark.parametrize("strategy", DISTANCES[:2], ids=repr)
@pytest.mark.parametrize(
    "pool", [["some", "text"], [{"a": 1}, {"a": 2}], np.array([["a"], ["b"]])], ids=type
)
def test_distances_between_samples_that_are_not_numeric(strategy, pool):
    with pytest.raises(TypeError, match=r"measures distances and needs numbers.* pipeline"):
        strategy(None, pool)


@pytest.mark.parametrize("chosen", [[-1], [30], [2, 99]])
@pytest.mark.parametrize("strategy", [RandomSampling(), CoreSet()], ids=repr)
def test_chosen_outside_the_pool(strategy, chosen):
    message = rf"in \[0, 30\); got \[{chosen[-1]}\]"
    with pytest.raises(ValueError, match=message):
        strategy.select(Pool(None, X_POOL), 2, chosen=chosen)


@pytest.mark.parametrize("chosen", [[0.5], ["a"], np.zeros(30, bool)], ids=repr)
def test_chosen_that_are_no_positions(chosen):
    with pytest.raises(TypeError, match="chosen must hold integer positions"):
        CoreSet().select(Pool(None, X_POOL), 2, chosen=chosen)


def test_chosen_may_repeat():
    indices = CoreSet().select(Pool(None, X_POOL), 28, chosen=[4, 4, 9, 4]).indices
    assert sorted([*indices, 4, 9]) == list(range(30))


def test_nothing_is_left_once_all_are_chosen():
    with pytest.raises(ValueError, match="nothing left to choose from"):
        RandomSampling().select(Pool(None, X_POOL), 1, chosen=range(30))


def test_a_model_without_probabilities_is_told_how_to_get_them():
    with pytest.raises(TypeError, match=r"SVC has no predict_proba.* CalibratedClassifierCV"):
        Margin()(SVC().fit(X, y), X_POOL)


@pytest.mark.parametrize("learner", [None, ActiveLearner(None)])
def test_no_model_at_all(learner):
    with pytest.raises(TypeError, match=r"Margin needs class probabilities"):
        Margin()(learner, X_POOL)


@pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
def test_a_failed_query_leaves_the_learner_as_it_was(strategy, learner):
    learner.set_params(query_strategy=strategy)
    before = joblib.hash(learner)
    for pool, n_instances in ((X_POOL, 99), (X_POOL[:0], 1), (X_POOL[:, :2], 1)):
        with pytest.raises(ValueError, match=r"n_instances|empty|features"):
            learner.query(pool, n_instances)
    assert joblib.hash(learner) == before


def test_a_sparse_pool_with_nan():
    pool = sp.csr_array(np.where(X_POOL > 1.5, np.nan, X_POOL))
    with pytest.raises(ValueError, match="NaN"):
        CoreSet()(None, pool)
