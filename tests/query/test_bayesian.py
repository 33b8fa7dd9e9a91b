"""Strategies over the draws of ensembles and of models that are drawn from."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.utils._param_validation import InvalidParameterError

from skal import ActiveLearner
from skal.query import BALD, MeanStandardDeviation, Pool, VariationRatio

X = np.random.RandomState(0).normal(size=(50, 3))
y = (X[:, 0] > 0).astype(int)


class Dropout:
    """A model whose draws differ most on samples with a large first feature."""

    classes_ = np.array([0, 1])

    def __init__(self):
        self.asked = []

    def sample_proba(self, X, n_draws):
        self.asked.append((len(X), n_draws))
        spread = np.linspace(-0.5, 0.5, n_draws)[:, None] * np.clip(np.abs(X[:, 0]), 0, 1)
        return np.stack([0.5 + spread, 0.5 - spread], axis=2)


def test_a_model_is_drawn_from_as_often_as_asked():
    model = Dropout()
    chosen = BALD(n_samples=7)(model, np.array([[0.1], [-0.9], [0.5]]), 3)
    assert chosen.tolist() == [1, 2, 0]
    assert model.asked == [(3, 7)]


def test_members_of_an_ensemble_are_all_of_its_draws():
    forest = RandomForestClassifier(n_estimators=9, max_depth=2, random_state=0).fit(X, y)
    np.testing.assert_array_equal(BALD(n_samples=2)(forest, X, 50), BALD()(forest, X, 50))
    assert Pool(forest, X).sample_proba(3).shape == (9, 50, 2)


def test_draws_that_agree_on_a_toss_up_come_last():
    class TwoKinds(Dropout):
        def sample_proba(self, X, n_draws):
            proba = np.full((n_draws, 2, 2), 0.5)
            proba[:, 1] = np.eye(2)[np.arange(n_draws) % 2]
            return proba

    selection = BALD().select(Pool(TwoKinds(), np.zeros((2, 1))), 2)
    assert selection.indices.tolist() == [1, 0]
    np.testing.assert_allclose(selection.scores, [np.log(2), 0], atol=1e-12)


@pytest.mark.parametrize("n_samples", [1, 0, -3, 2.5, "many", None])
def test_fewer_than_two_draws_are_refused(n_samples):
    forest = RandomForestClassifier(n_estimators=2).fit(X, y)
    with pytest.raises(InvalidParameterError, match="n_samples"):
        BALD(n_samples)(forest, X)


def test_the_choice_moves_between_the_classes_of_a_learner():
    learner = ActiveLearner(
        RandomForestClassifier(n_estimators=50, max_depth=2), BALD(), X, y, random_state=0
    )
    indices, instances = learner.query(X, 5)
    assert np.median(np.abs(X[indices, 0])) < np.median(np.abs(X[:, 0])) / 2
    np.testing.assert_array_equal(instances, X[indices])


# Votes and spread ------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", [VariationRatio, MeanStandardDeviation])
def test_votes_and_spread_draw_as_often_as_asked(strategy):
    model = Dropout()
    chosen = strategy(n_samples=7)(model, np.array([[0.1], [-0.9], [0.5]]), 1)
    assert chosen.tolist() == [0 if strategy is VariationRatio else 1]  # all votes are split 4 : 3
    assert model.asked == [(3, 7)]
    with pytest.raises(InvalidParameterError, match="n_samples"):
        strategy(1)(model, X)


def test_variation_ratio_counts_the_votes_of_the_trees():
    forest = RandomForestClassifier(n_estimators=9, max_depth=2, random_state=0).fit(X, y)
    votes = np.stack([tree.predict(X) for tree in forest.estimators_])
    share = np.stack([(votes == c).mean(axis=0) for c in (0, 1)]).max(axis=0)
    selection = VariationRatio().select(Pool(forest, X), 50)
    np.testing.assert_allclose(selection.scores, 1 - share[selection.indices])
    np.testing.assert_array_equal(selection.indices, np.argsort(share, kind="stable"))


def test_spread_is_that_of_the_trees():
    forest = RandomForestClassifier(n_estimators=9, max_depth=2, random_state=0).fit(X, y)
    spread = np.std([tree.predict_proba(X)[:, 0] for tree in forest.estimators_], axis=0)
    selection = MeanStandardDeviation().select(Pool(forest, X), 50)
    np.testing.assert_allclose(selection.scores, np.sort(spread)[::-1], atol=1e-12)


@pytest.mark.parametrize("strategy", [VariationRatio(), MeanStandardDeviation()], ids=repr)
def test_a_plain_classifier_has_a_single_opinion_and_is_refused(strategy):
    with pytest.raises(TypeError, match=r"several opinions.*LogisticRegression gives none"):
        strategy(LogisticRegression().fit(X, y), X)
