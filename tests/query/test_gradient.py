"""BADGE is k-means++ on gradient embeddings, whatever it leaves out to be fast."""

import itertools
import tracemalloc
from collections import Counter

import numpy as np
import pytest
import scipy.stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import pairwise_distances
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skal.query import BADGE, CoreSet, Hybrid, Margin, Pool, gradient


class Knows:
    """A classifier whose probabilities are known."""

    def __init__(self, proba):
        self.proba = proba

    def predict_proba(self, X):
        return self.proba


class Embeds(Knows):
    """A net: its last layer sees something other than the samples."""

    def embed(self, X):
        return np.tanh(X)


def pool(n, c=3, d=2, seed=0):
    rng = np.random.RandomState(seed)
    return rng.normal(size=(n, d)), rng.dirichlet(np.ones(c), size=n)


def explicit(X, proba):
    """Return gradient embeddings of shape (n_samples, n_classes * n_features), in float64."""
    onehot = np.eye(proba.shape[1])[proba.argmax(axis=1)]
    return np.array([np.outer(a, h).ravel() for a, h in zip(proba - onehot, X, strict=True)])


def select(X, proba, n_instances, chosen=(), seed=0):
    strategy = BADGE(random_state=seed)
    return strategy.select(Pool(Knows(proba), X, strategy), n_instances, chosen=chosen)


def to_nearest(G, before):
    return pairwise_distances(G, G[before]).min(axis=1)


# Distances -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("c", "d"), [(2, 1), (2, 5), (3, 2), (10, 30)])
def test_the_first_has_the_longest_gradient_and_scores_are_lengths(c, d):
    X, proba = pool(60, c, d)
    lengths = np.linalg.norm(explicit(X, proba), axis=1)
    np.testing.assert_allclose(BADGE().score(Pool(Knows(proba), X)), lengths, rtol=1e-4)
    selection = select(X, proba, 1)
    assert selection.indices.tolist() == [lengths.argmax()]
    np.testing.assert_allclose(selection.scores, lengths.max(), rtol=1e-5)


@pytest.mark.parametrize("chosen", [(), (3, 7, 40)])
@pytest.mark.parametrize("refresh", [1, 3, 64])
@pytest.mark.parametrize(("c", "d"), [(2, 1), (3, 2), (10, 30)])
def test_scores_are_distances_between_outer_products(monkeypatch, c, d, refresh, chosen):
    monkeypatch.setattr(gradient, "REFRESH", refresh)
    X, proba = pool(200, c, d)
    selection = select(X, proba, 90, chosen)
    G, scale = explicit(X, proba), np.linalg.norm(explicit(X, proba), axis=1).max()
    for k in range(0 if chosen else 1, 90):
        before = [*chosen, *selection.indices[:k]]
        expected = to_nearest(G, before)[selection.indices[k]]
        np.testing.assert_allclose(selection.scores[k], expected, atol=2e-3 * scale)


def test_bounds_of_many_blocks_are_the_distances_to_all_picks(monkeypatch):
    monkeypatch.setattr(gradient, "BLOCK", 64)
    X, proba = pool(300, 4, 6)
    gradients = gradient._Gradients.of(Pool(Knows(proba), X))
    chosen = np.arange(0, 300, 3)  # more than are looked at in one go
    sampler = gradient._SquaredDistanceSampler(gradients, chosen, 1, np.random.RandomState(0))
    expected = to_nearest(explicit(X, proba), chosen) ** 2
    np.testing.assert_allclose(sampler.bound, expected, atol=1e-4)


# The distribution ------------------------------------------------------------------------------


def chances(X, proba, n_instances):
    """Return the probability of each sequence of picks: the first is fixed, the others D²."""
    G = explicit(X, proba)
    found = {(int(np.linalg.norm(G, axis=1).argmax()),): 1.0}
    for _ in range(n_instances - 1):
        grown = {}
        for picks, chance in found.items():
            squared = to_nearest(G, list(picks)) ** 2
            squared[list(picks)] = 0
            for row in np.flatnonzero(squared):
                grown[(*picks, int(row))] = chance * squared[row] / squared.sum()
        found = grown
    return found


@pytest.mark.parametrize("refresh", [1, 2, 64])
def test_picks_are_distributed_as_by_plain_squared_distance_sampling(monkeypatch, refresh):
    monkeypatch.setattr(gradient, "REFRESH", refresh)
    X, proba = pool(6, seed=3)
    gradients, nothing = gradient._Gradients.of(Pool(Knows(proba), X)), np.empty(0, np.intp)
    expected, n_draws = chances(X, proba, 4), 4000

    def draw(seed):
        rng = np.random.RandomState(seed)
        return gradient._SquaredDistanceSampler(gradients, nothing, 4, rng).pick_all()[0]

    counted = Counter(tuple(draw(seed).tolist()) for seed in range(n_draws))
    assert set(counted) <= set(expected)
    often = [picks for picks, chance in expected.items() if chance * n_draws >= 5]
    observed = [counted[picks] for picks in often]
    predicted = [expected[picks] * n_draws for picks in often]
    rest = n_draws - sum(observed), n_draws - sum(predicted)
    result = scipy.stats.chisquare([*observed, rest[0]], [*predicted, rest[1]])
    assert len(often) > 30
    assert result.pvalue > 0.001


def test_rows_are_drawn_by_squared_distance_to_what_is_chosen_already():
    X, proba = pool(8, seed=1)
    squared = to_nearest(explicit(X, proba), [2, 5]) ** 2
    counted = Counter(int(select(X, proba, 1, [2, 5], seed).indices[0]) for seed in range(2000))
    rows = np.flatnonzero(np.delete(squared, [2, 5]) > 0)
    rows = np.delete(np.arange(8), [2, 5])[rows]
    predicted = 2000 * squared[rows] / squared[rows].sum()
    assert scipy.stats.chisquare([counted[row] for row in rows], predicted).pvalue > 0.001


# What is left, and hard numbers ----------------------------------------------------------------


@pytest.mark.parametrize("refresh", [1, 7, 64])
@pytest.mark.parametrize("n", [1, 2, 30, 300])
def test_no_index_is_repeated_and_all_can_be_chosen(monkeypatch, n, refresh):
    monkeypatch.setattr(gradient, "REFRESH", refresh)
    for seed, n_copies in itertools.product(range(3), (1, 3)):
        X, proba = (np.repeat(part, n_copies, axis=0) for part in pool(n))
        assert sorted(select(X, proba, n * n_copies, seed=seed).indices) == list(
            range(n * n_copies)
        )


def test_duplicates_wait_until_everything_else_is_chosen():
    X, proba = (np.repeat(part, 4, axis=0) for part in pool(50, 4, 20))
    selection = select(X, proba, 200)
    assert sorted(selection.indices[:50] // 4) == list(range(50))
    assert (selection.scores[:50] > 0).all()
    assert not selection.scores[50:].any()


def test_where_distances_are_zero_the_longest_gradients_follow_then_the_lowest_index():
    X = np.repeat([[1.0], [4.0], [2.0]], 3, axis=0)
    indices = select(X, np.full((9, 2), 0.5), 9).indices.tolist()
    assert indices[0] == 3
    assert sorted(i // 3 for i in indices[:3]) == [0, 1, 2]
    assert indices[3:] == sorted(indices[3:], key=lambda i: (-X[i, 0], i))


@pytest.mark.parametrize("proba", [np.ones((7, 1)), np.eye(3)[np.zeros(7, int)]], ids=["1", "3"])
def test_a_model_that_is_sure_of_all_gives_the_lowest_indices(proba):
    selection = select(pool(7)[0], proba, 5)
    assert selection.indices.tolist() == list(range(5))
    assert not selection.scores.any()


@pytest.mark.parametrize("scale", [2.0**-90, 2.0**-30, 2.0**30, 2.0**90])
def test_units_do_not_matter(scale):
    X, proba = pool(100, 3, 5)
    expected, scaled = select(X, proba, 60), select(scale * X, proba, 60)
    np.testing.assert_array_equal(scaled.indices, expected.indices)
    np.testing.assert_allclose(scaled.scores, scale * expected.scores, rtol=1e-4)


def test_the_almost_sure_keep_their_tiny_gradients():
    X, proba = np.array([[1.0], [1.0], [1.0]]), np.array([[1.0, 0.0]] * 3)
    proba[1] = [1 - 1e-12, 1e-12]
    assert select(X, proba, 3).indices.tolist() == [1, 0, 2]


def test_probabilities_that_are_not_numbers_are_an_error():
    X, proba = pool(9)
    proba[4, 1] = np.nan
    with pytest.raises(ValueError, match="NaN for 1 of 9 samples, the first at index 4"):
        select(X, proba, 3)


def test_integer_probabilities_will_do():
    X = pool(5)[0]
    votes = np.eye(3, dtype=int)[[0, 1, 2, 0, 1]]
    assert select(X, votes, 5).indices.tolist() == list(range(5))


# With models -----------------------------------------------------------------------------------


def test_the_embedding_is_that_of_the_net():
    X, proba = pool(50)
    lengths = np.linalg.norm(explicit(np.tanh(X), proba), axis=1)
    np.testing.assert_allclose(BADGE().score(Pool(Embeds(proba), X)), lengths, rtol=1e-4)


def test_the_embedding_is_what_the_last_step_of_a_pipeline_sees():
    X, y = pool(80, d=3)[0], np.arange(80) % 3
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(5 + 10 * X, y)
    lengths = np.linalg.norm(
        explicit(model[0].transform(5 + 10 * X), model.predict_proba(5 + 10 * X)), axis=1
    )
    np.testing.assert_allclose(BADGE().score(Pool(model, 5 + 10 * X)), lengths, rtol=1e-4)


def test_it_prefers_unsure_samples_and_spreads_them():
    rng = np.random.RandomState(0)
    group = np.repeat([0, 1, 2, 3], [45, 45, 5, 5])  # two near the border, two far from it
    X = np.array([[0.1, 3], [0.1, -3], [9, 3], [-9, -3]])[group] + 0.05 * rng.normal(size=(100, 2))
    model = LogisticRegression(C=100).fit([[-1.0, 0], [1, 0]], [0, 1])
    pairs = [set(group[BADGE(random_state=seed)(model, X, 2)]) for seed in range(50)]
    assert pairs.count({0, 1}) > 40


def test_it_shares_a_query_with_other_strategies():
    X, y = pool(120)[0], np.arange(120) % 3
    model = MLPClassifier(5, max_iter=5, random_state=0)
    with pytest.warns(match="converged"):
        model.fit(X, y)
    for strategy in (Hybrid(Margin(), BADGE(random_state=0)), Hybrid(BADGE(), CoreSet())):
        assert len(set(strategy(model, X, 40))) == 40


# Memory ----------------------------------------------------------------------------------------


def test_gradients_are_never_written_out():
    X, proba = pool(20_000, 10, 64)
    X, proba = X.astype(np.float32), proba.astype(np.float32)
    strategy, model = BADGE(random_state=0), Knows(proba)
    tracemalloc.start()
    try:
        strategy(model, X, 100)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    entries_and_rows = 20_000 * (2 * 4 * 10 + 32)  # class entries, once copied; a few numbers a row
    assert peak < entries_and_rows + 10 * 2**20  # n x (c * d) would be 51 MB
