"""Strategies for regressors: the picks of slow, obvious versions, and who is refused."""

import tracemalloc

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import BayesianRidge, LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils._param_validation import InvalidParameterError

from skal import ActiveLearner, CommitteeRegressor
from skal.query import (
    CoreSet,
    GreedyFeature,
    GreedyTarget,
    Hybrid,
    MaxStandardDeviation,
    Pool,
    RankedBatch,
)
from skal.query.checks import check_strategy, example_pool

RNG = np.random.RandomState(0)
X = RNG.normal(size=(25, 4)).astype(np.float32).astype(float)
X_POOL = RNG.normal(size=(80, 4)).astype(np.float32).astype(float)
Y = X[:, 0] ** 2 + X[:, 1]


def learner_of(estimator, X=X, y=Y):
    return ActiveLearner(estimator, GreedyTarget(), X, y)


# Standard deviation ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "estimator",
    [
        GaussianProcessRegressor(optimizer=None),
        BayesianRidge(),
        make_pipeline(StandardScaler(), BayesianRidge()),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_the_largest_standard_deviations_are_chosen(estimator):
    learner = learner_of(estimator)
    std = learner.estimator.predict(X_POOL, return_std=True)[1]
    selection = MaxStandardDeviation().select(Pool(learner, X_POOL), 7)
    np.testing.assert_array_equal(selection.indices, np.argsort(-std, kind="stable")[:7])
    np.testing.assert_allclose(selection.scores, np.sort(std)[::-1][:7])


def test_a_committee_of_regressors_is_asked_for_the_spread_of_its_members():
    committee = CommitteeRegressor(
        ActiveLearner(DecisionTreeRegressor()), n_members=4, bootstrap=True, random_state=0
    ).fit(X, Y)
    std = committee.vote(X_POOL).std(axis=1)
    found = MaxStandardDeviation()(committee, X_POOL, 1)
    assert std[found] == std.max()
    check_strategy(MaxStandardDeviation(), committee, example_pool())


def test_a_batch_can_be_spread_over_uncertain_samples():
    learner = learner_of(GaussianProcessRegressor(optimizer=None))
    for strategy in (
        Hybrid(MaxStandardDeviation(), CoreSet()),
        RankedBatch(MaxStandardDeviation()),
    ):
        assert len(set(strategy(learner, X_POOL, 9))) == 9


# Greedy sampling -------------------------------------------------------------------------------


def slow_greedy(values, targets, n_instances, X=None, labeled=None, chosen=()):
    """Return picks, and the distance of each to the nearest label, all computed anew each time."""
    X = np.zeros((len(values), 1)) if X is None else X
    labeled = np.zeros((len(targets), 1)) if labeled is None else labeled
    is_both = X.any()
    taken, picks, scores = list(chosen), [], []
    for _ in range(n_instances):
        y, centers = np.append(targets, values[taken]), np.concatenate([labeled, X[taken]])
        gaps = np.abs(values[:, None] - y)
        nearest = (gaps * cdist(X, centers) if is_both else gaps).min(axis=1)
        nearest[taken] = -1
        taken.append(nearest.argmax())
        picks.append(taken[-1])
        scores.append(nearest.max())
    return picks, scores


@pytest.mark.parametrize("chosen", [[], [3, 70]])
@pytest.mark.parametrize("estimator", [LinearRegression(), BayesianRidge()], ids=repr)
def test_the_value_farthest_from_all_labels_is_chosen(estimator, chosen):
    learner = learner_of(estimator)
    values = learner.predict(X_POOL)
    pool, n = Pool(learner, X_POOL), len(X_POOL) - len(chosen)
    expected, scores = slow_greedy(values, Y, n, chosen=chosen)
    found = GreedyTarget().select(pool, n, chosen=chosen)
    np.testing.assert_array_equal(found.indices, expected)
    np.testing.assert_allclose(found.scores, scores)
    expected, scores = slow_greedy(values, Y, n, X_POOL, X, chosen)
    found = GreedyTarget("both").select(pool, n, chosen=chosen)
    np.testing.assert_array_equal(found.indices[:50], expected[:50])
    np.testing.assert_allclose(found.scores, scores, rtol=1e-3, atol=1e-5)


def test_many_labels_are_taken_in_parts():
    rng = np.random.RandomState(1)
    X = rng.normal(size=(600, 4))
    learner = learner_of(LinearRegression(), X, X[:, 0])
    expected, _ = slow_greedy(learner.predict(X_POOL), X[:, 0], 20, X_POOL, X)
    np.testing.assert_array_equal(GreedyTarget("both")(learner, X_POOL, 20), expected)


@pytest.mark.parametrize("distance", ["target", "both"])
def test_with_nothing_labeled_the_first_is_nearest_to_the_mean_prediction(distance):
    model = LinearRegression().fit(X, Y)
    values = model.predict(X_POOL)
    first = int(np.abs(values - values.mean()).argmin())
    found = GreedyTarget(distance).select(Pool(model, X_POOL), 5)
    assert found.indices[0] == first
    assert found.scores[0] == np.inf
    features = () if distance == "target" else (X_POOL, X_POOL[:0])
    rest, _ = slow_greedy(values, np.empty(0), 4, *features, chosen=[first])
    np.testing.assert_array_equal(found.indices[1:], rest)


def test_the_first_samples_of_the_feature_space_are_those_of_the_paper():
    centroid = X_POOL.mean(axis=0)
    picks = [int(np.linalg.norm(X_POOL - centroid, axis=1).argmin())]
    while len(picks) < 10:
        picks.append(int(cdist(X_POOL, X_POOL[picks]).min(axis=1).argmax()))
    np.testing.assert_array_equal(GreedyFeature()(None, X_POOL, 10), picks)
    learner = learner_of(LinearRegression())
    farthest = cdist(X_POOL, X).min(axis=1).argmax()
    assert GreedyFeature()(learner, X_POOL) == [farthest]


@pytest.mark.parametrize("distance", ["target", "both"])
def test_ties_and_duplicates_and_constant_predictions(distance):
    constant = learner_of(LinearRegression(), y=np.full(25, 3.0))
    strategy = GreedyTarget(distance)
    assert strategy(constant, X_POOL[:5] * 0, 5).tolist() == [0, 1, 2, 3, 4]
    doubled = np.repeat(X_POOL[:20], 2, axis=0)
    found = strategy(learner_of(LinearRegression()), doubled, 40)
    assert sorted(found) == list(range(40))
    assert (found[0] % 2, found[1] % 2) == (0, 0)


@pytest.mark.parametrize("strategy", [GreedyTarget(), GreedyTarget("both"), GreedyFeature()])
def test_contract_holds_for_learners_with_pipelines(strategy):
    learner = learner_of(make_pipeline(StandardScaler(), BayesianRidge()))
    check_strategy(strategy, learner, example_pool())


@pytest.mark.parametrize("strategy", [GreedyTarget(), MaxStandardDeviation()], ids=repr)
def test_classifiers_and_regressors_of_several_values_are_refused(strategy):
    classifier = LogisticRegression().fit(X, Y > 0)
    with pytest.raises(TypeError, match=f"{type(strategy).__name__} needs .* fits regressors"):
        strategy(classifier, X_POOL)
    several = GaussianProcessRegressor(optimizer=None).fit(X, np.stack([Y, -Y], axis=1))
    with pytest.raises(TypeError, match="fits regressors of one output"):
        strategy(several, X_POOL)


def test_wrong_parameters_are_refused():
    with pytest.raises(InvalidParameterError, match="distance"):
        GreedyTarget("features")(learner_of(LinearRegression()), X_POOL)


@pytest.mark.parametrize("distance", ["target", "both"])
def test_no_distance_matrix_is_held(distance):
    rng = np.random.RandomState(0)
    X, X_pool = rng.normal(size=(2000, 4)), rng.normal(size=(10_000, 4))
    pool = Pool(learner_of(LinearRegression(), X, X[:, 0]), X_pool)
    pool.embedding.sum()
    pool.prediction.sum()
    tracemalloc.start()
    GreedyTarget(distance).select(pool, 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**25  # a matrix of distances would take 160 MB
