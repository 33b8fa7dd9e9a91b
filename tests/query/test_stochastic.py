"""Stochastic batches are samples without replacement in proportion to powers or exponentials."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import chisquare
from sklearn.ensemble import RandomForestClassifier

from skal.query import (
    BALD,
    ConsensusEntropy,
    Entropy,
    LeastConfidence,
    Margin,
    MaxDisagreement,
    ScoreStrategy,
    VoteEntropy,
)
from skal.query.checks import check_strategy

SCORES = np.array([0.1, 0.4, 0.2, 0.8])
WEIGHTS = {
    "power": lambda scores, temperature: scores ** (1 / temperature),
    "softmax": lambda scores, temperature: np.exp(scores / temperature),
}


class Given(ScoreStrategy):
    """Scores that are the only feature of the pool."""

    view = "embedding"

    def score_block(self, block):
        return block[:, 0]


def batch_probability(batch, weights):
    """Return the probability to draw `batch` one by one, each in proportion to its weight."""
    probability, left = 1.0, weights.sum()
    for i in batch:
        probability *= weights[i] / left
        left -= weights[i]
    return probability


@pytest.mark.parametrize("how", WEIGHTS)
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_batches_are_drawn_in_proportion_to_weights(how, temperature):
    X = SCORES.reshape(-1, 1)
    batches = list(permutations(range(4), 2))
    counts = dict.fromkeys(batches, 0)
    for seed in range(3000):
        strategy = Given(stochastic=how, temperature=temperature, random_state=seed)
        counts[tuple(strategy(None, X, 2).tolist())] += 1
    weights = WEIGHTS[how](SCORES, temperature)
    expected = [3000 * batch_probability(batch, weights) for batch in batches]
    assert chisquare(list(counts.values()), expected).pvalue > 0.001


@pytest.mark.parametrize("how", WEIGHTS)
def test_a_low_temperature_gives_the_best(how):
    strategy = Given(stochastic=how, temperature=1e-3, random_state=0)
    assert strategy(None, SCORES.reshape(-1, 1), 4).tolist() == [3, 1, 2, 0]


def test_scores_of_0_come_last_by_index_with_powers():
    X = np.array([[0.0], [0.3], [0.0], [0.1]])
    for seed in range(20):
        assert Given(stochastic="power", random_state=seed)(None, X, 4)[2:].tolist() == [0, 2]


def test_negative_scores_have_no_powers():
    with pytest.raises(ValueError, match=r"needs scores that are not negative; got -1"):
        Given(stochastic="power", random_state=0)(None, [[-1.0], [1.0]])


def test_of_a_margin_the_hesitation_is_the_weight():
    scores = -np.array([0.0, 0.25, 1.0])
    np.testing.assert_array_equal(Margin()._as_weights(scores), [1, 0.75, 0])


@pytest.mark.parametrize("params", [{"stochastic": "often"}, {"temperature": 0.0}], ids=str)
def test_parameters_out_of_range_are_named(params):
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter"):
        Given(**params)(None, SCORES.reshape(-1, 1))


@pytest.mark.parametrize("how", WEIGHTS)
@pytest.mark.parametrize(
    "strategy",
    [LeastConfidence, Margin, Entropy, VoteEntropy, ConsensusEntropy, MaxDisagreement, BALD],
)
def test_stochastic_batches_keep_the_contract(strategy, how):
    check_strategy(strategy(stochastic=how))


def test_a_batch_of_copies_is_less_redundant():
    rng = np.random.RandomState(0)
    X, y = rng.normal(size=(60, 2)), np.arange(60) % 3
    forest = RandomForestClassifier(30, max_depth=3, random_state=0).fit(X, y)
    pool = np.repeat(rng.normal(size=(40, 2)), 10, axis=0)
    best = len(np.unique(pool[BALD()(forest, pool, 20)], axis=0))
    drawn = BALD(stochastic="power", random_state=0)(forest, pool, 20)
    assert best == 2
    assert len(np.unique(pool[drawn], axis=0)) > 10
