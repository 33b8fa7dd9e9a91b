"""Density-weighted scores, and strategies that see only what a cheaper one keeps."""

import tracemalloc

import numpy as np
import pytest
from modAL.density import information_density as density_of_modal
from scipy.spatial.distance import cdist
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.utils._param_validation import InvalidParameterError

from skal import ActiveLearner
from skal.query import (
    CoreSet,
    DensityWeighted,
    Entropy,
    Hybrid,
    KMeansDiversity,
    LeastConfidence,
    Margin,
    Pool,
    Prefilter,
    RandomSampling,
)
from skal.query._distances import information_density, mean_distances

rng = np.random.RandomState(0)
X, X_POOL = rng.normal(size=(30, 3)), rng.normal(size=(60, 3))
y = np.digitize(X[:, 0], [-0.4, 0.4])
LEARNER = ActiveLearner(GaussianNB(), Margin(), X, y)


def as_float32(X):
    return np.asarray(X, np.float32).astype(float)


DATA = {
    "plain": as_float32(rng.normal(size=(300, 5))),
    "one tile and a row": as_float32(rng.normal(size=(513, 8))),
    "several tiles": as_float32(rng.normal(size=(1300, 3))),
    "duplicates": as_float32(np.repeat(rng.normal(size=(90, 4)), 7, axis=0)),
    "far from the origin": as_float32(rng.normal(size=(200, 4)) + 1e4),
    "constant": np.full((40, 3), 7.3),
    "one row": np.ones((1, 2)),
    "two scales": as_float32(rng.normal(size=(200, 2)) * [1e-3, 1e3]),
}
RTOL = {"far from the origin": 1e-3, "two scales": 1e-3}


@pytest.mark.parametrize("name", DATA)
def test_density_is_the_mean_similarity(name):
    found = information_density(DATA[name].astype(np.float32))
    np.testing.assert_allclose(
        found, (1 / (1 + cdist(DATA[name], DATA[name]))).mean(1), rtol=RTOL.get(name, 1e-5)
    )
    if name in ("plain", "several tiles", "duplicates"):
        np.testing.assert_allclose(found, density_of_modal(DATA[name]), rtol=1e-5)


@pytest.mark.parametrize("name", DATA)
def test_mean_distances_are_those_of_the_whole_matrix(name):
    found = mean_distances(DATA[name].astype(np.float32))
    expected = cdist(DATA[name], DATA[name]).mean(1)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("beta", [0, 0.5, 1, 3])
def test_scores_are_multiplied_by_the_power_of_the_density(beta):
    expected = Entropy().score(Pool(LEARNER, X_POOL)) * density_of_modal(X_POOL) ** beta
    strategy = DensityWeighted(Entropy(), beta)
    np.testing.assert_allclose(strategy.score(Pool(LEARNER, X_POOL)), expected, rtol=1e-5)
    chosen = strategy(LEARNER, X_POOL, 10)
    np.testing.assert_array_equal(chosen, np.argsort(-expected)[:10])


def test_negative_scores_are_moved_up_first():
    margins = Margin().score(Pool(LEARNER, X_POOL))
    expected = (margins - margins.min()) * density_of_modal(X_POOL)
    found = DensityWeighted(Margin()).score(Pool(LEARNER, X_POOL))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_an_outlier_is_not_chosen_though_the_model_is_unsure_of_it():
    X_pool = np.vstack([X_POOL[:, :2] * 0.1 + [0.3, 0], [[0.0, 50.0]]])
    model = LogisticRegression().fit([[-1.0, 0], [1.0, 0]], [0, 1])
    assert LeastConfidence()(model, X_pool) == [60]
    assert DensityWeighted(LeastConfidence())(model, X_pool) != [60]


def test_density_holds_a_few_tiles_and_no_matrix():
    X = np.random.RandomState(0).normal(size=(6000, 16)).astype(np.float32)
    tracemalloc.start()
    information_density(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**24 + 72 * len(X)


@pytest.mark.parametrize(
    ("strategy", "error", "match"),
    [
        (DensityWeighted(KMeansDiversity()), TypeError, "strategy that scores samples"),
        (DensityWeighted(Margin(), -1), InvalidParameterError, "beta"),
        (Prefilter(Margin(), 0), InvalidParameterError, "keep"),
        (Prefilter(Margin(), 1.5), InvalidParameterError, "keep"),
        (Prefilter("margin"), InvalidParameterError, "strategy"),
    ],
    ids=repr,
)
def test_wrong_parameters_are_refused(strategy, error, match):
    with pytest.raises(error, match=match):
        strategy(LEARNER, X_POOL)


# Prefilter -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("keep", "n_kept"), [(20, 20), (0.5, 30), (1.0, 60), (1, 7), (0.01, 7)])
def test_what_is_kept_is_what_the_cheap_strategy_likes_best(keep, n_kept):
    kept = np.sort(Entropy()(LEARNER, X_POOL, n_kept))
    expected = kept[CoreSet()(LEARNER, X_POOL[kept], 7)]
    found = Prefilter(CoreSet(), keep, by=Entropy())(LEARNER, X_POOL, 7)
    np.testing.assert_array_equal(found, expected)


def test_margin_is_the_cheap_strategy_unless_told_otherwise():
    found = Prefilter(CoreSet(), 20)(LEARNER, X_POOL, 5)
    np.testing.assert_array_equal(found, Prefilter(CoreSet(), 20, Margin())(LEARNER, X_POOL, 5))


def test_the_expensive_strategy_knows_what_is_chosen():
    chosen = [2, 8, 50]
    free = np.setdiff1d(np.arange(60), chosen)
    kept = free[np.sort(Margin()(LEARNER, X_POOL[free], 25))]
    rows = np.union1d(kept, chosen)
    pool = Pool(LEARNER, X_POOL[rows])
    expected = rows[CoreSet().select(pool, 6, chosen=np.searchsorted(rows, chosen)).indices]
    found = Prefilter(CoreSet(), 25).select(Pool(LEARNER, X_POOL), 6, chosen=chosen).indices
    np.testing.assert_array_equal(found, expected)


class Counting(GaussianNB):
    n_seen = 0

    def predict_proba(self, X):
        Counting.n_seen += len(X)
        return super().predict_proba(X)


def test_the_model_sees_the_pool_once_and_the_rest_of_the_views_are_for_what_is_kept():
    model = Counting().fit(X, y)
    for strategy in (
        Prefilter(Hybrid(Entropy(), CoreSet()), 0.5),
        Hybrid(Margin(), Prefilter(DensityWeighted(Entropy()), 0.3)),
        Prefilter(Prefilter(Entropy(), 0.3, by=LeastConfidence()), 0.5),
    ):
        Counting.n_seen = 0
        strategy(model, X_POOL, 5)
        assert Counting.n_seen == len(X_POOL)


def test_a_subset_asks_for_its_own_samples_alone():
    pool = Pool(LEARNER, X_POOL)
    kept = pool.subset(np.array([3, 5]), CoreSet())
    assert kept.embedding.shape == (2, 3)
    assert kept.proba.shape == (2, 3)
    assert pool._results == {}


def test_without_a_model_a_random_part_of_the_pool_is_kept():
    strategy = Prefilter(CoreSet(), 10, by=RandomSampling(random_state=0))
    kept = np.sort(RandomSampling(random_state=0)(None, X_POOL, 10))
    np.testing.assert_array_equal(strategy(None, X_POOL, 3), kept[CoreSet()(None, X_POOL[kept], 3)])
