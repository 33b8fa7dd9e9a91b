"""TypiClust and ProbCover: the picks of slow, obvious versions, on plain and on nasty data."""

import tracemalloc

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.utils._param_validation import InvalidParameterError

from skal import ActiveLearner
from skal.query import Pool, ProbCover, TypiClust, _cover
from skal.query._clusters import (
    distances_to_means,
    distances_to_other_clusters,
    fast_clusters,
    mean_neighbor_distances,
)
from skal.query.diversity import _turns

RNG = np.random.RandomState(0)
GRID = np.stack(np.meshgrid(np.arange(9.0), np.arange(7.0)), -1).reshape(-1, 2)
DATA = {
    "plain": RNG.normal(size=(80, 3)),
    "many features": RNG.normal(size=(60, 40)),
    "duplicates": np.repeat(RNG.normal(size=(12, 2)), 6, axis=0),
    "constant features": RNG.normal(size=(50, 3)) * [1, 0, 0] + 3,
    "a grid": GRID,
    "far from the origin": GRID + 1e4,
    "two scales": RNG.normal(size=(70, 2)) * [0.01, 0] + RNG.randint(2, size=(70, 1)) * 1e3,
}
DATA = {name: X.astype(np.float32).astype(float) for name, X in DATA.items()}
CENTERS = np.array([[0.0, 0], [40, 0], [0, 40], [40, 40]])


def holding(X):
    return ActiveLearner(None, X_training=X, y_training=np.zeros(len(X)))


def blobs(*sizes):
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    return CENTERS[cluster] + np.random.RandomState(0).normal(size=(len(cluster), 2)), cluster


# TypiClust -------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 5, 20, 200])
@pytest.mark.parametrize("name", DATA)
def test_the_mean_distance_to_neighbors(name, k):
    distances = np.sort(cdist(DATA[name], DATA[name]), axis=1)[:, 1 : k + 1]
    found = mean_neighbor_distances(DATA[name].astype(np.float32), k)
    atol = 2e-3 * DATA[name].std()
    np.testing.assert_allclose(found, distances.mean(axis=1), rtol=1e-4, atol=atol)


def test_the_mean_distance_of_large_clusters_goes_by_blocks():
    X = RNG.normal(size=(2500, 3)).astype(np.float32)
    expected = np.sort(cdist(X, X), axis=1)[:, 1:8].mean(axis=1)
    np.testing.assert_allclose(mean_neighbor_distances(X, 7), expected, rtol=1e-3)


def slow_turns(labels, is_free, min_size):
    """Return the cluster of each turn: always the best of those that have a free row left."""
    left = {c: int(is_free[labels == c].sum()) for c in set(labels.tolist())}
    size = {c: int((labels == c).sum()) for c in left}
    first = {c: int(np.flatnonzero(labels == c)[0]) for c in left}
    turns = []
    while any(left.values()):
        able = [c for c in left if left[c]]
        turns.append(
            min(able, key=lambda c: (size[c] < min_size, size[c] - left[c], -size[c], first[c]))
        )
        left[turns[-1]] -= 1
    return turns


@pytest.mark.parametrize("seed", range(5))
def test_clusters_with_the_fewest_labels_take_their_turn_first_then_the_largest(seed):
    rng = np.random.RandomState(seed)
    labels, is_free = rng.choice([0, 1, 2, 5, 9], 60), rng.rand(60) < 0.8
    assert _turns(labels, is_free, 10).tolist() == slow_turns(labels, is_free, 10)


def test_the_most_typical_sample_of_each_uncovered_cluster_is_chosen():
    X, cluster = blobs(30, 25, 40, 20)
    labeled = CENTERS[2:3]
    selection = TypiClust(random_state=0).select(Pool(holding(labeled), X), 3)
    assert cluster[selection.indices].tolist() == [0, 1, 3]
    for chosen, score in zip(selection.indices, selection.scores, strict=True):
        members = np.flatnonzero(cluster == cluster[chosen])
        means = np.sort(cdist(X[members], X[members]), axis=1)[:, 1:21].mean(axis=1)
        assert chosen == members[means.argmin()]
        assert score == pytest.approx(1 / means.min(), rel=1e-4)


def test_clusters_of_chosen_samples_are_covered():
    X, cluster = blobs(30, 25, 40, 20)
    chosen = [np.flatnonzero(cluster == c)[0] for c in (0, 2)]
    found = TypiClust(random_state=0).select(Pool(None, X), 2, chosen=chosen).indices
    assert cluster[found].tolist() == [1, 3]


def test_with_few_clusters_each_gives_several():
    X, cluster = blobs(30, 25, 40, 20)
    found = TypiClust(max_clusters=4, random_state=0)(None, X, 8)
    assert cluster[found].tolist() == [2, 0, 1, 3, 2, 0, 1, 3]


def test_small_clusters_come_last():
    X, cluster = blobs(30, 25, 40, 3)
    assert cluster[TypiClust(max_clusters=4, random_state=0)(None, X, 4)].tolist() == [2, 0, 1, 2]
    small_too = TypiClust(max_clusters=4, min_cluster_size=3, random_state=0)
    assert cluster[small_too(None, X, 4)].tolist() == [2, 0, 1, 3]


@pytest.mark.parametrize("name", DATA)
def test_all_samples_of_nasty_data_can_be_chosen(name):
    X = DATA[name]
    for strategy in (TypiClust(random_state=0), ProbCover(random_state=0)):
        assert sorted(strategy(None, X, len(X))) == list(range(len(X)))


def test_centers_of_a_sample_are_about_as_good_as_those_of_all():
    X = np.vstack([RNG.normal(size=(600, 5)) + 9 * RNG.normal(size=5) for _ in range(12)])
    X = X.astype(np.float32)
    labels = fast_clusters(X, 10, np.random.RandomState(0))
    inertia = sum(((X[labels == c] - X[labels == c].mean(0)) ** 2).sum() for c in set(labels))
    best = min(KMeans(10, n_init=1, random_state=s).fit(X).inertia_ for s in range(3))
    assert inertia <= 1.25 * best


def test_all_labels_of_clusters_are_used_where_fewer_rows_are_distinct():
    X = np.repeat([[0.0], [1.0], [5.0]], 4, axis=0).astype(np.float32)
    labels = fast_clusters(X, 7, np.random.RandomState(0))
    assert set(labels) == {0, 1, 2}
    np.testing.assert_array_equal(labels, np.repeat(labels[::4], 4))


@pytest.mark.parametrize("name", DATA)
def test_the_distance_to_the_mean_of_the_own_cluster(name):
    X = DATA[name].astype(np.float32)
    X = X - X.mean(axis=0)
    labels = fast_clusters(X, 5, np.random.RandomState(0))
    means = np.array([X[labels == c].mean(axis=0, dtype=float) for c in range(labels.max() + 1)])
    expected = np.linalg.norm(X - means[labels], axis=1)
    found = distances_to_means(X, labels)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6 * np.abs(X).max())


# ProbCover -------------------------------------------------------------------------------------


def slow_cover(X, covered, taken, n_instances, radius):
    """Return picks and how many each newly covers, over the whole matrix of distances."""
    near = cdist(X, X) <= radius * (1 + 1e-6)
    covered = covered | near[taken].any(axis=0)
    picks, gains, taken = [], [], list(taken)
    for _ in range(n_instances):
        gain = (near & ~covered).sum(axis=1)
        gain[taken] = -1
        taken.append(gain.argmax())
        picks.append(taken[-1])
        gains.append(gain.max())
        covered = covered | near[taken[-1]]
    return picks, gains


@pytest.mark.parametrize("share", [0.04, 0.1, 0.4])
@pytest.mark.parametrize("name", DATA)
def test_picks_cover_the_most(name, share):
    X = DATA[name]
    radius = max(np.quantile(cdist(X, X), share), 1e-3)
    expected, gains = slow_cover(X, np.zeros(len(X), bool), [], len(X), radius)
    found = ProbCover(delta=radius).select(Pool(None, X), len(X))
    np.testing.assert_array_equal(found.indices, expected)
    np.testing.assert_array_equal(found.scores, gains)


def test_labeled_and_chosen_samples_cover():
    X, labeled = RNG.normal(size=(150, 2)), RNG.normal(size=(10, 2))
    covered = (cdist(X, labeled) <= 0.4).any(axis=1)
    expected, gains = slow_cover(X, covered, [5, 9], 40, 0.4)
    found = ProbCover(0.4).select(Pool(holding(labeled), X), 40, chosen=[5, 9])
    np.testing.assert_array_equal(found.indices, expected)
    np.testing.assert_array_equal(found.scores, gains)


def test_tiles_do_not_show_in_the_answer(monkeypatch):
    X, labeled = RNG.normal(size=(150, 2)), RNG.normal(size=(10, 2))
    pool = Pool(holding(labeled), X)
    expected = ProbCover(0.4).select(pool, 60)
    for name, size in [("TILE_ROWS", 16), ("TILE_COLUMNS", 7), ("CHUNK", 20)]:
        monkeypatch.setattr(_cover, name, size)
    found = ProbCover(0.4).select(pool, 60)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.scores, expected.scores)


@pytest.mark.parametrize("purity", [0.5, 0.8, 0.95])
def test_delta_is_the_largest_radius_with_enough_pure_balls(purity):
    X = np.random.RandomState(0).normal(size=(200, 2)).astype(np.float32)
    strategy = ProbCover(purity=purity, n_classes=3, random_state=0)
    pool = Pool(None, X)
    labels = fast_clusters(X, 3, pool.rng(0, "ProbCover"))
    radius = strategy._estimate(pool, X, X[:0])
    distances, is_other = cdist(X, X), labels[:, None] != labels

    def share_of_pure(radius):
        return 1 - ((distances <= radius) & is_other).any(axis=1).mean()

    rounding = 1e-5  # the radius is a float32 distance
    assert share_of_pure(radius * (1 - rounding)) >= purity
    assert share_of_pure(radius * (1 + rounding)) < purity


def test_distances_to_other_clusters():
    X, labels = RNG.normal(size=(60, 3)).astype(np.float32), RNG.randint(4, size=60)
    distances = cdist(X, X, "sqeuclidean")
    distances[labels[:, None] == labels] = np.inf
    rows = np.array([7, 3, 59])
    found = distances_to_other_clusters(X, labels, rows)
    np.testing.assert_allclose(found, distances.min(axis=1)[rows], rtol=1e-4)


def test_a_ball_that_holds_everything_is_an_error():
    X, _ = blobs(10, 10)
    for learner in (None, holding(X[:5])):
        with pytest.raises(ValueError, match=r"delta must be smaller .* delta=99"):
            ProbCover(99.0)(learner, X)
    assert len(ProbCover(99.0)(holding(X[:5] + 300), X, 3)) == 3  # it says which sample is central
    assert ProbCover(99.0)(None, np.zeros((4, 2)), 4).tolist() == [0, 1, 2, 3]  # no delta is less


def test_balls_that_hold_nothing_are_an_error():
    X, _ = blobs(10, 10)
    with pytest.raises(ValueError, match=r"delta must be larger .* delta=1e-05 no two of 20"):
        ProbCover(1e-5)(None, X)
    assert len(ProbCover(1e-5)(holding(X[:1]), X, 3)) == 3
    assert len(ProbCover(1e-5)(holding(X[[0, 0]]), X[1:], 3)) == 3


def test_too_many_neighbors_are_refused(monkeypatch):
    monkeypatch.setattr(_cover, "MAX_EDGE_BYTES", 4 * 1000)
    with pytest.raises(ValueError, match=r"GiB of neighbors: on average 64 of the 64 samples"):
        ProbCover(5.0)(None, np.zeros((64, 2)))


def test_memory_is_that_of_the_neighbors():
    X = np.random.RandomState(0).uniform(size=(12_000, 8)).astype(np.float32)
    pool = Pool(None, X)
    pool.embedding.sum()
    tracemalloc.start()
    ProbCover(0.2).select(pool, 50)
    peak_cover = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    TypiClust(random_state=0).select(pool, 50)
    peak_clusters = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_cover < 2**26  # a matrix of distances would take 576 MB
    assert peak_clusters < 2**24


@pytest.mark.parametrize(
    "strategy",
    [
        TypiClust(0),
        TypiClust(max_clusters=0),
        TypiClust(min_cluster_size=1.5),
        ProbCover(0),
        ProbCover("auto"),
        ProbCover(purity=1.0),
        ProbCover(n_classes=1),
    ],
    ids=repr,
)
def test_wrong_parameters_are_refused(strategy):
    with pytest.raises(InvalidParameterError):
        strategy(None, GRID)
