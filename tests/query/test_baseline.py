"""Random sampling: uniform draws, seeds, and no need of a model."""

import numpy as np
import scipy.stats
from sklearn.linear_model import LogisticRegression

from skal import ActiveLearner
from skal.query import RandomSampling


def test_random_sampling_is_uniform():
    n_pool, n_instances, n_draws = 8, 3, 2000
    X, counts = np.zeros((n_pool, 1)), np.zeros((n_instances, n_pool))
    for seed in range(n_draws):
        chosen = RandomSampling(random_state=seed)(None, X, n_instances)
        counts[np.arange(n_instances), chosen] += 1
    for place in counts:  # first, second and third pick alike
        assert scipy.stats.chisquare(place).pvalue > 1e-3


def test_random_pairs_are_uniform():
    counts = np.zeros((4, 4))
    for seed in range(1200):
        first, second = RandomSampling(random_state=seed)(None, np.zeros((4, 1)), 2)
        counts[first, second] += 1
    assert not counts.diagonal().any()
    assert scipy.stats.chisquare(counts[~np.eye(4, dtype=bool)]).pvalue > 1e-3


def test_a_generator_draws_anew_each_time():
    strategy = RandomSampling(random_state=np.random.RandomState(0))
    answers = {tuple(strategy(None, np.zeros((50, 1)), 5)) for _ in range(5)}
    assert len(answers) == 5


def test_the_seed_of_the_learner_is_inherited_and_teaching_moves_on():
    X = np.arange(40.0).reshape(-1, 1)

    def ask(seed, n_labeled, strategy):
        learner = ActiveLearner(
            LogisticRegression(), strategy, X[:n_labeled], np.arange(n_labeled) % 2
        )
        return learner.set_params(random_state=seed).query(X, 10)[0].tolist()

    inherits = RandomSampling()
    assert ask(0, 4, inherits) == ask(0, 4, inherits)
    assert ask(0, 4, inherits) != ask(1, 4, inherits)
    assert ask(0, 4, inherits) != ask(0, 6, inherits)
    own = RandomSampling(random_state=0)
    assert ask(0, 4, own) == ask(1, 4, own)
    assert ask(0, 4, own) != ask(0, 6, own)


def test_a_first_set_needs_no_model():
    learner = ActiveLearner(LogisticRegression(), RandomSampling(random_state=0))
    assert len(learner.query(["a", "text", "or", "more"], 2)[1]) == 2
