"""Lazy picks, of CoreSet and of ranked batches, are those of the plain greedy algorithms."""

import itertools
import time

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.linear_model import LinearRegression
from sklearn.metrics import pairwise_distances

from skal.query import CoreSet, Pool
from skal.query._lazy_picks import RankedPicks


class Holds:
    """As much of a learner as CoreSet looks at."""

    def __init__(self, X):
        self.X_training = X


def plain_greedy(X, centers, n_picks, chosen=()):
    """Return greedy k-center picks in float64, ties to the lowest index, and their distances."""
    X = np.asarray(X, np.float32).astype(np.float64)
    centers = np.concatenate([np.asarray(centers, np.float32).astype(float), X[list(chosen)]])
    picks, values = [], []
    if len(centers):
        squared = np.full(len(X), np.inf)
        for center in centers:
            squared = np.minimum(squared, np.square(X - center).sum(axis=1))
    else:
        first = int(np.square(X - X.mean(axis=0)).sum(axis=1).argmin())
        picks, values = [first], [np.inf]
        squared = np.square(X - X[first]).sum(axis=1)
    squared[[*chosen, *picks]] = -1
    while len(picks) < n_picks:
        row = int(squared.argmax())
        picks.append(row)
        values.append(np.sqrt(squared[row]))
        squared = np.minimum(squared, np.square(X - X[row]).sum(axis=1))
        squared[[*chosen, *picks]] = -1
    return picks, values


def choose(X, labeled, n_picks, chosen=()):
    learner = None if labeled is None else Holds(labeled)
    strategy = CoreSet()
    return strategy.select(Pool(learner, X, strategy), n_picks, chosen=chosen)


def assert_is_greedy(X, labeled, n_picks, chosen=(), rtol=1e-4):
    selection = choose(X, labeled, n_picks, chosen)
    none = np.empty((0, np.shape(X)[1]))
    picks, values = plain_greedy(X, none if labeled is None else labeled, n_picks, chosen)
    np.testing.assert_array_equal(selection.indices, picks)
    scale = np.ptp(X, axis=0).max()
    np.testing.assert_allclose(selection.scores, values, rtol=rtol, atol=1e-3 * scale)


def normal(n, d, seed=0):
    return np.random.RandomState(seed).normal(size=(n, d))


@pytest.mark.parametrize("d", [1, 2, 8, 64])
@pytest.mark.parametrize("n", [1, 2, 50, 4095, 4096, 4097, 6000])
def test_picks_are_those_of_the_plain_algorithm(n, d):
    assert_is_greedy(normal(n, d), normal(20, d, seed=1), min(n, 60))


@pytest.mark.parametrize("n", [4000, 9000])
def test_picks_are_the_same_over_several_refills_of_the_hot_set(n):
    assert_is_greedy(normal(n, 3), normal(5, 3, seed=1), 700)


@pytest.mark.parametrize("n", [1, 30, 300])
def test_all_of_a_pool_can_be_picked(n):
    assert_is_greedy(normal(n, 4), normal(3, 4, seed=1), n)
    assert_is_greedy(normal(n, 4), None, n)


@pytest.mark.parametrize("n", [300, 5000])
def test_a_cold_start_begins_near_the_mean(n):
    assert_is_greedy(normal(n, 5), None, 40)


@pytest.mark.parametrize("n", [300, 5000])
def test_the_already_chosen_count_as_centers_and_stay_out(n):
    X, chosen = normal(n, 3), [5, 17, 200]
    assert_is_greedy(X, normal(4, 3, seed=1), 30, chosen)
    assert_is_greedy(X, None, 30, chosen)


@pytest.mark.parametrize("n", [700, 10_000])
def test_heavy_tails_and_clusters(n):
    rng = np.random.RandomState(0)
    heavy = rng.standard_t(2, size=(n, 4))
    clusters = rng.normal(size=(10, 4))[rng.randint(10, size=n)] * 50 + rng.normal(size=(n, 4))
    for X in (heavy, clusters):
        assert_is_greedy(X, X[:3] + 0.25, 80)


# Ties ------------------------------------------------------------------------------------------


def grid(side, d=2):
    return np.array(list(itertools.product(range(side), repeat=d)), float)


@pytest.mark.parametrize(("side", "d"), [(5, 2), (30, 2), (80, 2), (18, 3)])
@pytest.mark.parametrize("n_picks", [1, 25, 120])
def test_on_a_grid_ties_go_to_the_lowest_index(side, d, n_picks):
    X = grid(side, d)
    n_picks = min(n_picks, len(X))
    assert_is_greedy(X, X[:1], n_picks)
    assert_is_greedy(X, None, n_picks)


@pytest.mark.parametrize("offset", [100, 1e4])
@pytest.mark.parametrize(("side", "n_missing"), [(9, 0), (9, 13), (70, 0), (70, 13)])
def test_on_a_grid_far_from_the_origin_too(side, n_missing, offset):
    X = np.add(grid(side), [offset, 0])[n_missing:]  # with some missing, the mean is off the grid
    assert_is_greedy(X, X[:1], 60)


def test_many_ties_take_no_longer_than_plain_data():
    rng = np.random.RandomState(0)
    plain, tied = rng.normal(size=(20_000, 4)), np.zeros((20_000, 4))
    seconds = {}
    for name, X in (("plain", plain), ("tied", tied)):
        start = time.perf_counter()
        choose(X, None, 50)
        seconds[name] = time.perf_counter() - start
    assert seconds["tied"] < 10 * seconds["plain"] + 0.5


@pytest.mark.parametrize("n", [40, 5000])
def test_of_equal_samples_the_lowest_index_comes_first(n):
    alike = np.ones((n, 3))
    assert choose(alike, None, 7).indices.tolist() == list(range(7))
    selection = choose(alike, np.ones((2, 3)), 7)
    assert selection.indices.tolist() == list(range(7))
    assert not selection.scores.any()


@pytest.mark.parametrize("n", [60, 5000])
def test_duplicates_of_labeled_samples_come_last(n):
    X = normal(n, 4).astype(np.float32)
    labeled = X[n // 2 :]
    selection = choose(X, labeled, n // 2 + 3)
    assert set(selection.indices[: n // 2]) == set(range(n // 2))
    assert (selection.scores[: n // 2] > 0).all()
    assert selection.indices[n // 2 :].tolist() == [n // 2, n // 2 + 1, n // 2 + 2]
    assert not selection.scores[n // 2 :].any()


def test_duplicates_in_the_pool_are_chosen_once_everything_else_is():
    X = np.repeat(normal(30, 3), 3, axis=0)
    indices = choose(X, None, 90).indices
    assert len(set(indices[:30] // 3)) == 30
    assert (indices[:30] % 3 == 0).all()
    assert sorted(indices) == list(range(90))


# Far from the origin ---------------------------------------------------------------------------


@pytest.mark.parametrize("n", [500, 6000])
@pytest.mark.parametrize("offset", [100, 1e4])
def test_picks_far_from_the_origin(n, offset):
    X = (normal(n, 5) + offset).astype(np.float32)
    assert_is_greedy(X, X[:2] + np.float32(0.5), 50)
    assert_is_greedy(X, None, 50)


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1e6, 1e12])
def test_units_do_not_matter(scale):
    X = normal(300, 3)
    picks = choose(X, None, 40).indices
    np.testing.assert_array_equal(choose((X * scale).astype(np.float32), None, 40).indices, picks)


def test_pool_and_labeled_samples_far_from_each_other():
    X = normal(200, 3)
    assert_is_greedy(X, normal(4, 3) + 1000, 1)


# Radius ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_the_radius_is_at_most_twice_the_optimum(seed):
    X, n_picks = normal(12, 2, seed), 3
    distances = pairwise_distances(X)

    def radius(centers):
        return distances[:, centers].min(axis=1).max()

    best = min(radius(list(c)) for c in itertools.combinations(range(len(X)), n_picks))
    assert radius(choose(X, None, n_picks).indices) <= 2 * best + 1e-6


@pytest.mark.parametrize("n", [200, 6000])
def test_scores_never_grow(n):
    X = np.round(normal(n, 2), 1)  # many ties
    scores = choose(X, X[:3], 100).scores
    assert (np.diff(scores) <= 0).all()


def test_score_is_the_distance_to_the_nearest_labeled_sample():
    X, labeled = normal(50, 3), normal(7, 3, seed=1)
    expected = pairwise_distances(X, labeled).min(axis=1)
    np.testing.assert_allclose(
        CoreSet().score(Pool(Holds(labeled), X, CoreSet())), expected, rtol=1e-4
    )
    to_mean = np.linalg.norm(X - X.mean(axis=0), axis=1)
    np.testing.assert_allclose(CoreSet().score(Pool(None, X, CoreSet())), to_mean, rtol=1e-4)


def test_a_regressor_will_do():
    model = LinearRegression().fit(normal(9, 2), np.arange(9))
    X = normal(40, 2)
    np.testing.assert_array_equal(CoreSet()(model, X, 5), CoreSet()(None, X, 5))


# Ranked picks ----------------------------------------------------------------------------------


def plain_ranks(X, uncertainty, centers, n_picks):
    """Return picks, the nearest distance kept in float64 and all rows looked at for each."""
    X = X.astype(np.float64)
    nearest = cdist(X, centers).min(axis=1)
    picks, n_centers = [], len(centers)
    for _ in range(n_picks):
        alpha = (len(X) - len(picks)) / (len(X) - len(picks) + n_centers)
        score = alpha * nearest / (1 + nearest) + (1 - alpha) * uncertainty
        score[picks] = -np.inf
        picks.append(int(score.argmax()))
        nearest = np.minimum(nearest, cdist(X, X[picks[-1:]])[:, 0])
        n_centers += 1
    return picks


@pytest.mark.parametrize(("n", "n_centers", "n_picks"), [(4097, 3, 700), (9000, 4000, 900)])
@pytest.mark.parametrize("kind", ["normal", "clusters", "a grid"])
def test_ranked_picks_from_large_pools_are_those_of_the_plain_version(n, n_centers, n_picks, kind):
    rng = np.random.RandomState(0)
    X = rng.normal(size=(n + n_centers, 6)).astype(np.float32)
    if kind == "clusters":
        X = 0.05 * X + rng.normal(size=(20, 6)).astype(np.float32)[rng.randint(20, size=len(X))]
    if kind == "a grid":
        X = np.rint(2 * X)
    uncertainty = rng.uniform(size=n) ** 3  # a few are far above the others
    centers, X = np.split(X, [n_centers])
    picks = RankedPicks(X, uncertainty, centers, [], n_picks)
    expected = plain_ranks(X, uncertainty, centers, n_picks)
    assert [picks.pick()[0] for _ in range(n_picks)] == expected
