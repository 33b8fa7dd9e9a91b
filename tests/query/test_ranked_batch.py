"""Ranked batches: the picks of a slow, obvious version, and of modAL."""

import tracemalloc

import modAL.batch
import modAL.models
import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import pairwise_distances
from sklearn.naive_bayes import GaussianNB
from sklearn.utils._param_validation import InvalidParameterError

from skal import ActiveLearner
from skal.query import CoreSet, Entropy, LeastConfidence, Pool, RankedBatch


def task(n_pool, n_labeled, d, seed=0):
    rng = np.random.RandomState(seed)
    X = rng.normal(size=(n_labeled + n_pool, d))
    y = np.digitize(X[:, 0] + 0.5 * rng.normal(size=len(X)), [-0.5, 0.5])
    y[:3] = 0, 1, 2
    learner = ActiveLearner(LogisticRegression(), RankedBatch(), X[:n_labeled], y[:n_labeled])
    return learner, X[n_labeled:].astype(np.float32).astype(float)


def slow_ranks(learner, X_pool, n_instances, uncertainty=None, chosen=()):
    """Return picks and the score of each, all distances computed anew each time."""
    if uncertainty is None:
        uncertainty = 1 - learner.predict_proba(X_pool).max(axis=1)
    held = np.empty((0, X_pool.shape[1])) if learner.X_training is None else learner.X_training
    taken, picks, scores = list(chosen), [], []
    for _ in range(n_instances):
        centers = np.concatenate([held, X_pool[taken]])
        free = np.setdiff1d(np.arange(len(X_pool)), taken)
        similarity = 1 / (1 + cdist(X_pool[free], centers).min(axis=1))
        alpha = len(free) / (len(free) + len(centers))
        score = alpha * (1 - similarity) + (1 - alpha) * uncertainty[free]
        best = score.argmax()
        taken.append(free[best])
        picks.append(free[best])
        scores.append(score[best])
    return picks, scores


@pytest.mark.parametrize(("n_pool", "n_labeled", "d"), [(400, 30, 5), (60, 300, 2), (200, 3, 40)])
@pytest.mark.parametrize("seed", range(3))
def test_picks_are_those_of_the_slow_version(n_pool, n_labeled, d, seed):
    learner, X_pool = task(n_pool, n_labeled, d, seed)
    expected, scores = slow_ranks(learner, X_pool, n_pool // 2)
    found = RankedBatch().select(Pool(learner, X_pool), n_pool // 2)
    np.testing.assert_array_equal(found.indices, expected)
    np.testing.assert_allclose(found.scores, scores, rtol=1e-5)


def test_picks_are_those_of_modal():
    learner, X_pool = task(500, 50, 6)
    modal = modAL.models.ActiveLearner(
        LogisticRegression(), X_training=learner.X_training, y_training=learner.y_training
    )
    expected = modAL.batch.uncertainty_batch_sampling(modal, X_pool, n_instances=100)
    np.testing.assert_array_equal(RankedBatch()(modal, X_pool, 100), expected)
    np.testing.assert_array_equal(RankedBatch()(learner, X_pool, 100), expected)


def test_chosen_samples_count_as_labeled():
    learner, X_pool = task(80, 20, 3)
    chosen = [4, 70, 11]
    expected, _ = slow_ranks(learner, X_pool, 30, chosen=chosen)
    found = RankedBatch().select(Pool(learner, X_pool), 30, chosen=chosen).indices
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("strategy", [Entropy(), CoreSet()], ids=repr)
def test_uncertainty_is_what_a_strategy_scores(strategy):
    learner, X_pool = task(80, 20, 3)
    expected, _ = slow_ranks(learner, X_pool, 20, strategy.score(Pool(learner, X_pool)))
    np.testing.assert_array_equal(RankedBatch(strategy)(learner, X_pool, 20), expected)


@pytest.mark.parametrize("shift", [0, 1000])
def test_a_cold_start_takes_the_sample_with_the_smallest_mean_distance(shift):
    _, X_pool = task(700, 20, 3)
    X_pool = X_pool + shift
    model = GaussianNB().fit(X_pool, np.arange(len(X_pool)) % 3)
    found = RankedBatch().select(Pool(model, X_pool), 5)
    assert found.indices[0] == pairwise_distances(X_pool).mean(axis=1).argmin()
    modal = modAL.models.ActiveLearner(model)
    assert modAL.batch.uncertainty_batch_sampling(modal, X_pool, n_instances=1) == found.indices[:1]
    first = [found.indices[0]]
    learner = ActiveLearner(None)
    uncertainty = 1 - model.predict_proba(X_pool).max(axis=1)
    rest, scores = slow_ranks(learner, X_pool, 4, uncertainty, chosen=first)
    np.testing.assert_array_equal(found.indices[1:], rest)
    np.testing.assert_allclose(found.scores, [1, *scores], rtol=1e-4)


NASTY = {
    "duplicates": np.repeat(np.random.RandomState(0).normal(size=(20, 3)), 5, axis=0),
    "constant features": np.random.RandomState(1).normal(size=(60, 3)) * [1, 0, 0] + 7,
    "a grid": np.stack(np.meshgrid(np.arange(8.0), np.arange(8.0)), -1).reshape(-1, 2),
    "far from the origin": np.random.RandomState(2).normal(size=(60, 4)) + 1e4,
}


@pytest.mark.parametrize("name", NASTY)
def test_every_pick_is_a_best_one_on_nasty_data(name):
    X = NASTY[name].astype(np.float32).astype(float)
    learner = ActiveLearner(GaussianNB(), RankedBatch(), X[:6], np.arange(6) % 2)
    proba = learner.predict_proba(X)
    found = RankedBatch().select(Pool(learner, X), len(X))
    assert sorted(found.indices) == list(range(len(X)))
    for n_taken in (0, 1, 7, len(X) - 2):
        before = found.indices[:n_taken]
        _, best = slow_ranks(learner, X, 1, 1 - proba.max(axis=1), chosen=before)
        np.testing.assert_allclose(found.scores[n_taken], best[0], rtol=1e-3, atol=1e-6)


def test_exact_ties_go_to_the_lowest_index():
    X_pool = np.array([[3.0], [1.0], [-1.0], [3.0], [-3.0]])
    learner = ActiveLearner(GaussianNB(), RankedBatch(), [[-1.0], [1.0]], [0, 1])
    flat = RankedBatch(LeastConfidence())
    assert flat(learner, X_pool, 1).tolist() == [0]
    assert flat(learner, X_pool, 5).tolist() == [0, 4, 1, 2, 3]


def test_no_distance_matrix_is_held():
    learner, X_pool = task(20_000, 200, 16)
    pool = Pool(learner, X_pool)
    pool.embedding.sum()
    pool.labeled_embedding.sum()
    tracemalloc.start()
    RankedBatch().select(pool, 100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * len(X_pool) + 2**25 + 16 * 4 * len(X_pool)


def test_strategies_without_scores_are_refused():
    learner, X_pool = task(20, 10, 2)
    with pytest.raises(TypeError, match=r"RankedBatch needs a strategy that scores .* RankedBatch"):
        RankedBatch(RankedBatch())(learner, X_pool)
    with pytest.raises(InvalidParameterError, match="strategy"):
        RankedBatch("entropy")(learner, X_pool)
