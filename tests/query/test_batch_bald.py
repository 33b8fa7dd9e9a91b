"""BatchBALD is greedy choice by joint mutual information, whatever it leaves out to be fast."""

import itertools
import tracemalloc

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.utils._param_validation import InvalidParameterError

from skal import ActiveLearner
from skal.query import BALD, BatchBALD, CoreSet, Hybrid, Pool, _joint
from skal.query._joint import GreedyBatch, JointInformation


class Draws:
    """A model whose draws are known."""

    def __init__(self, proba):
        self.proba = proba  # (n_draws, n_samples, n_classes)
        self.classes_ = np.arange(proba.shape[2])

    def sample_proba(self, X, n_draws):
        return self.proba


def draws(k, n, c, seed=0, sharpness=0.3):
    return np.random.RandomState(seed).dirichlet(np.full(c, sharpness), size=(k, n))


def select(proba, n_instances, chosen=(), seed=0, **params):
    strategy = BatchBALD(random_state=seed, **params)
    X = np.zeros((proba.shape[1], 1))
    return strategy.select(Pool(Draws(proba), X, strategy), n_instances, chosen=chosen)


def joint_information(proba, batch):
    """Return the joint entropy of the labels minus its mean given a draw, by enumeration."""
    entropy = 0.0
    for labels in itertools.product(range(proba.shape[2]), repeat=len(batch)):
        chance = np.mean(
            [np.prod([p[i, y] for i, y in zip(batch, labels, strict=True)]) for p in proba]
        )
        entropy -= chance * np.log(chance) if chance > 0 else 0
    log = np.log(np.where(proba > 0, proba, 1))
    return entropy + sum((proba[:, i] * log[:, i]).sum() / len(proba) for i in batch)


def slow_greedy(proba, n_instances, chosen=()):
    picks, gains = [], []
    while len(picks) < n_instances:
        known = joint_information(proba, [*chosen, *picks])
        left = [i for i in range(proba.shape[1]) if i not in [*chosen, *picks]]
        gain = [joint_information(proba, [*chosen, *picks, i]) - known for i in left]
        best = int(np.argmax(gain))
        picks.append(left[best])
        gains.append(gain[best])
    return picks, gains


# Exact -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("k", "c"), [(2, 2), (3, 2), (2, 3), (3, 3), (5, 4)])
def test_picks_and_gains_are_those_of_the_enumerated_joint_entropy(k, c):
    for seed in range(5):
        proba = draws(k, 8, c, seed)
        selection = select(proba, 3)
        picks, gains = slow_greedy(proba, 3)
        assert selection.indices.tolist() == picks
        np.testing.assert_allclose(selection.scores, gains, atol=1e-6)


def test_scores_add_up_to_the_information_of_the_batch():
    proba = draws(4, 10, 2)
    selection = select(proba, 7)
    expected = joint_information(proba, selection.indices)
    assert selection.scores.sum() == pytest.approx(expected, abs=1e-6)
    assert (np.diff(selection.scores) <= 1e-6).all()
    assert expected <= np.log(4)


def test_what_is_chosen_already_counts_as_picked():
    proba = draws(3, 8, 3, seed=2)
    selection = select(proba, 2, chosen=[1, 6])
    picks, gains = slow_greedy(proba, 2, chosen=[1, 6])
    assert selection.indices.tolist() == picks
    np.testing.assert_allclose(selection.scores, gains, atol=1e-6)


def test_one_sample_is_that_of_bald():
    proba = draws(6, 40, 3)
    bald = BALD().select(Pool(Draws(proba), np.zeros((40, 1))), 1)
    selection = select(proba, 1)
    assert selection.indices.tolist() == bald.indices.tolist()
    np.testing.assert_allclose(selection.scores, bald.scores, atol=1e-6)


def test_votes_of_sure_draws_stay_exact_however_large_the_batch():
    proba = np.eye(5)[np.random.RandomState(0).randint(5, size=(6, 30))]
    selection = select(proba, 4, n_configurations=6)  # no more than there are draws are possible
    picks, gains = slow_greedy(proba, 4)
    assert np.cumsum(gains)[-1] == pytest.approx(np.log(6))  # after that there is nothing to learn
    n_useful = int((np.array(gains) > 1e-9).sum())
    assert selection.indices[:n_useful].tolist() == picks[:n_useful]
    np.testing.assert_allclose(selection.scores, gains, atol=1e-6)


# Redundancy ------------------------------------------------------------------------------------


def test_of_a_redundant_pool_it_learns_more_than_the_best_of_bald():
    distinct = draws(5, 8, 2, seed=1)
    proba = np.repeat(distinct, 4, axis=1)  # four copies of each
    batch = select(proba, 4).indices
    best = BALD().select(Pool(Draws(proba), np.zeros((32, 1))), 4).indices
    assert len(set(best // 4)) == 1
    assert len(set(batch // 4)) == 4
    assert joint_information(proba, batch) > 1.5 * joint_information(proba, best)


@pytest.mark.parametrize("n_configurations", [1, 40, 1000])
def test_duplicates_are_not_chosen_together_where_the_draws_are_sure(n_configurations):
    votes = np.random.RandomState(0).randint(3, size=(30, 25))
    proba = np.repeat(0.97 * np.eye(3)[votes] + 0.01, 3, axis=1)
    indices = select(proba, 10, n_configurations=n_configurations).indices
    assert len(set(indices // 3)) == 10


def test_a_forest_asks_for_different_samples_of_a_pool_with_copies():
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, size=(40, 2))
    y = (X[:, 0] > 0) * 2 + (X[:, 1] > 0)
    forest = RandomForestClassifier(50, max_depth=4)
    pool = np.repeat(rng.uniform(-1, 1, size=(30, 2)), 5, axis=0)
    asked = {}
    for strategy in (BALD(), BatchBALD()):
        learner = ActiveLearner(forest, strategy, X[:12], y[:12], random_state=0)
        asked[type(strategy)] = len(set(learner.query(pool, 10)[0] // 5))
    assert asked[BALD] == 2
    assert asked[BatchBALD] > 5


# Sampled ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_sampled_information_is_near_the_exact(seed):
    proba = draws(5, 12, 3, seed)
    P = np.ascontiguousarray(proba.swapaxes(0, 1), np.float32)
    exact = JointInformation(P, 10_000, np.random.RandomState(0))
    sampled = JointInformation(P, 3000, np.random.RandomState(seed))
    for row in range(5):
        exact.add(row)
        sampled.add(row)
    sampled._sample()
    rows = np.arange(12)
    np.testing.assert_allclose(sampled.gains(rows), exact.gains(rows), atol=0.02)
    assert exact.chances.sum() == pytest.approx(1)
    assert len(exact.chances) == 3**5


def test_sampled_gains_are_right_on_average():
    proba = draws(4, 6, 2)
    P = np.ascontiguousarray(proba.swapaxes(0, 1), np.float32)
    batch = [0, 3, 4]
    known = joint_information(proba, batch)
    gains = []
    for seed in range(300):
        information = JointInformation(P, 4, np.random.RandomState(seed))
        for row in batch:
            information.add(row)
        assert len(information.weights) == 4
        gains.append(information.gains(np.array([1, 2, 5]), np.float64))
    expected = [joint_information(proba, [*batch, i]) - known for i in (1, 2, 5)]
    error = np.std(gains, axis=0) / np.sqrt(300)
    assert (np.abs(np.mean(gains, axis=0) - expected) < 4 * error + 1e-6).all()


def test_large_batches_are_worth_about_what_an_exact_choice_is():
    proba = draws(6, 30, 2, seed=3)
    exact = select(proba, 10, n_configurations=2**10).indices
    sampled = select(proba, 10, n_configurations=60).indices
    best, found = joint_information(proba, exact), joint_information(proba, sampled)
    assert found > 0.98 * best


@pytest.mark.parametrize("limit", [5, 100, 10_000])
def test_looking_only_at_what_can_win_picks_as_looking_at_all(monkeypatch, limit):
    monkeypatch.setattr(_joint, "BLOCK_BYTES", 100)  # one candidate after the other
    for seed in range(4):
        P = np.ascontiguousarray(draws(5, 60, 3, seed).swapaxes(0, 1), np.float32)
        greedy = GreedyBatch(JointInformation(P, limit, np.random.RandomState(seed)), [])
        for _ in range(6):
            row, gain = greedy.best()
            everything = greedy.information.gains(np.arange(60), np.float64)
            everything[greedy.information.rows] = -1
            slack = 1e-6 if greedy.information.source is None else 0.02
            assert gain >= everything.max() - slack
            greedy.pick(row)


# What is left, ties, bad input -----------------------------------------------------------------


def test_samples_that_add_nothing_follow_by_bald_then_by_index():
    sure = np.eye(2)[[0, 1, 0, 1]]  # of each draw
    proba = np.stack([np.full((4, 2), 0.5), sure, np.full((4, 2), [0.9, 0.1]), sure, sure], axis=1)
    selection = select(proba, 5)
    assert selection.indices.tolist() == [1, 3, 4, 0, 2]
    np.testing.assert_allclose(selection.scores, [np.log(2), 0, 0, 0, 0], atol=1e-7)


def test_of_samples_alike_the_lowest_index_comes_first():
    proba = np.repeat(draws(7, 1, 3), 3000, axis=1)
    selection = select(proba, 5)
    assert selection.indices.tolist() == [0, 1, 2, 3, 4]
    assert (selection.scores > 0).all()


@pytest.mark.parametrize("shape", [(1, 5, 3), (4, 5, 1), (1, 1, 1)])
def test_one_draw_or_one_class_has_nothing_to_say(shape):
    selection = select(draws(*shape), shape[1])
    assert selection.indices.tolist() == list(range(shape[1]))
    assert not selection.scores.any()


def test_hundreds_of_picks_stay_finite():
    selection = select(draws(8, 400, 10), 400, n_configurations=50)
    assert sorted(selection.indices) == list(range(400))
    assert np.isfinite(selection.scores).all()
    assert (selection.scores >= 0).all()
    assert selection.scores.sum() < np.log(8) + 0.1


def test_probabilities_that_are_not_numbers_are_an_error():
    proba = draws(4, 9, 2)
    proba[2, 5] = np.nan
    with pytest.raises(ValueError, match="NaN for 1 of 9 samples, the first at index 5"):
        select(proba, 2)


def test_the_draw_of_configurations_is_seeded():
    proba = draws(20, 50, 5, sharpness=2)
    first = select(proba, 20, n_configurations=20).scores
    np.testing.assert_array_equal(select(proba, 20, n_configurations=20).scores, first)
    assert (select(proba, 20, seed=1, n_configurations=20).scores != first).any()


@pytest.mark.parametrize("params", [{"n_samples": 1}, {"n_configurations": 0}], ids=str)
def test_bad_parameters_are_refused(params):
    with pytest.raises(InvalidParameterError, match=next(iter(params))):
        select(draws(4, 9, 2), 2, **params)


def test_it_shares_a_query_with_other_strategies():
    X, y = np.random.RandomState(0).normal(size=(60, 3)), np.arange(60) % 3
    forest = RandomForestClassifier(10, random_state=0).fit(X, y)
    for strategy in (Hybrid(CoreSet(), BatchBALD()), Hybrid(BatchBALD(), BALD())):
        assert len(set(strategy(forest, X, 30))) == 30


# Memory ----------------------------------------------------------------------------------------


def test_blocks_stay_small():
    n, k, c = 2000, 50, 10
    proba = draws(k, n, c).astype(np.float32)
    greedy_draws = np.ascontiguousarray(proba.swapaxes(0, 1))
    tracemalloc.start()
    try:
        greedy = GreedyBatch(JointInformation(greedy_draws, 1000, np.random.RandomState(0)), [])
        for _ in range(6):
            greedy.pick(greedy.best()[0])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 25 * 2**20  # a configuration for each sample and class would be 160 MB
