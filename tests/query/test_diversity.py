"""k-means diversity: what each cluster gives, and in which order."""

import numpy as np
import pytest
from sklearn.utils._param_validation import InvalidParameterError

from skal.query import KMeansDiversity, Pool

CENTERS = np.array([[0, 0], [40, 0], [0, 40], [40, 40]], float)


def blobs(sizes=(10, 10, 10, 10), seed=0):
    """Return samples in well separated clusters, shuffled, and the cluster of each."""
    rng = np.random.RandomState(seed)
    cluster = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    return CENTERS[cluster] + rng.normal(size=(len(cluster), 2)), cluster


def distances_to_own_center(X, cluster):
    centers = np.array([X[cluster == c].mean(axis=0) for c in range(cluster.max() + 1)])
    return np.linalg.norm(X - centers[cluster], axis=1)


@pytest.mark.parametrize("seed", range(4))
def test_one_sample_comes_from_each_cluster(seed):
    X, cluster = blobs(seed=seed)
    chosen = KMeansDiversity(random_state=seed)(None, X, 4)
    assert set(cluster[chosen]) == {0, 1, 2, 3}


@pytest.mark.parametrize(("pick", "extreme"), [("nearest", np.argmin), ("farthest", np.argmax)])
def test_the_pick_of_a_cluster_is_its_extreme(pick, extreme):
    X, cluster = blobs()
    distance = distances_to_own_center(X, cluster)
    expected = {np.flatnonzero(cluster == c)[extreme(distance[cluster == c])] for c in range(4)}
    strategy = KMeansDiversity(pick=pick, random_state=0)
    selection = strategy.select(Pool(None, X), 4)
    assert set(selection.indices) == expected
    np.testing.assert_allclose(selection.scores, distance[selection.indices], rtol=1e-4)


def slow_turns(cluster, distance, n_instances):
    """Return samples from the clusters in turn, the largest first, nearest first in each."""
    queues = [sorted(np.flatnonzero(cluster == c), key=lambda i: distance[i]) for c in range(4)]
    queues.sort(key=lambda queue: (-len(queue), min(queue)))
    chosen = []
    while any(queues):
        chosen += [queue.pop(0) for queue in queues if queue]
    return chosen[:n_instances]


@pytest.mark.parametrize("n_instances", [1, 3, 4, 9, 26])
def test_clusters_take_turns_the_largest_first(n_instances):
    X, cluster = blobs((3, 8, 8, 7))
    expected = slow_turns(cluster, distances_to_own_center(X, cluster), n_instances)
    chosen = KMeansDiversity(n_clusters=4, random_state=0)(None, X, n_instances)
    np.testing.assert_array_equal(chosen, expected)


def test_a_single_cluster_is_ranked_by_distance_from_the_mean():
    X = np.array([[0.0], [1.0], [2.0], [5.0]])  # mean 2
    assert KMeansDiversity(1, random_state=0)(None, X, 4).tolist() == [2, 1, 0, 3]
    farthest = KMeansDiversity(1, pick="farthest", random_state=0)
    assert farthest(None, X, 4).tolist() == [3, 0, 1, 2]


def test_more_clusters_than_distinct_samples():
    X = np.repeat([[0.0], [9.0]], 5, axis=0)
    chosen = KMeansDiversity(random_state=0)(None, X, 6)
    assert len(set(chosen)) == 6
    assert {chosen[0] // 5, chosen[1] // 5} == {0, 1}
    assert sorted(KMeansDiversity(random_state=0)(None, X, 10)) == list(range(10))


def test_more_clusters_than_the_pool_has_samples_is_an_error():
    with pytest.raises(ValueError, match=r"n_clusters must be at most .* n_clusters=5 for 4"):
        KMeansDiversity(5)(None, CENTERS, 2)


def test_what_is_chosen_already_leaves_its_cluster():
    X, cluster = blobs()
    chosen = np.flatnonzero(cluster == 2)
    strategy = KMeansDiversity(n_clusters=3, random_state=0)
    indices = strategy.select(Pool(None, X), 3, chosen=chosen).indices
    assert set(cluster[indices]) == {0, 1, 3}


def test_clusters_far_from_the_origin():
    X, cluster = blobs()
    chosen = KMeansDiversity(random_state=0)(None, X + 1e5, 4)
    assert set(cluster[chosen]) == {0, 1, 2, 3}


@pytest.mark.parametrize("params", [{"n_clusters": 0}, {"n_clusters": 1.5}, {"pick": "middle"}])
def test_wrong_parameters_are_refused(params):
    with pytest.raises(InvalidParameterError, match=next(iter(params))):
        KMeansDiversity(**params)(None, CENTERS)
