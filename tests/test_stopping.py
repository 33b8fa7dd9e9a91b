"""Stopping rules: each stops where it should, and not before."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB

from skal import ActiveLearner, ActiveLearningLoop
from skal.query import CoreSet, Margin
from skal.stopping import LabelBudget, NoGain, OverallUncertainty, StableAgreement, StoppingRule


def make_loop(stopping, estimator=None, **params):
    learner = ActiveLearner(estimator or GaussianNB(), Margin())
    defaults = {"n_initial": 10, "n_instances": 5, "n_queries": None, "random_state": 0}
    return ActiveLearningLoop(learner, stopping=stopping, **{**defaults, **params})


@pytest.mark.parametrize("budget", [10, 14, 15, 52])
def test_a_budget_is_never_exceeded_and_is_used_up(iris, budget):
    n_labels = make_loop(LabelBudget(budget)).fit(*iris).history_[-1]["n_labels"]
    assert budget - 5 < n_labels <= budget


def test_validation_labels_count_towards_the_budget(iris):
    X, y = iris
    loop = make_loop(LabelBudget(60)).fit(X[:100], y[:100], X[100:], y[100:])
    assert loop.history_[-1]["n_labels"] == 60
    assert len(loop.labeled_indices_) == 10


class Scores:
    """A loop with a history of given scores."""

    def __init__(self, scores):
        self.history_ = [{"score": score} for score in scores]


@pytest.mark.parametrize(
    ("scores", "stops"),
    [
        ([0.5], False),
        ([0.5, 0.5, 0.5], False),
        ([0.5, 0.5, 0.5, 0.5], True),
        ([0.5, 0.4, 0.6, 0.6, 0.5], False),
        ([0.5, 0.6, 0.61, 0.6, 0.6, 0.6], True),
    ],
)
def test_no_gain_waits_for_its_patience(scores, stops):
    assert NoGain(patience=3).update(Scores(scores), None, None) is stops


def test_small_gains_do_not_count():
    scores = Scores([0.5, 0.505, 0.51, 0.515])
    assert NoGain(patience=1, min_gain=0.01).update(Scores([0.5, 0.505]), None, None)
    assert not NoGain(patience=3, min_gain=0.001).update(scores, None, None)


def test_no_gain_needs_validation_data(iris):
    with pytest.raises(ValueError, match="fit the loop with X_val and y_val"):
        make_loop(NoGain()).fit(*iris)


class Predictions:
    """A loop that predicts what it is told, round after round."""

    def __init__(self, rounds):
        self.rounds = iter(rounds)

    def predict(self, X):
        return np.asarray(next(self.rounds))


def test_stable_agreement_is_the_mean_kappa_of_the_last_rounds():
    same, other = [0, 1, 0, 1], [1, 0, 1, 0]
    loop = Predictions([same, other, other, other, other])
    rule, X = StableAgreement(threshold=1.0, n_rounds=2), np.zeros((4, 1))
    assert [rule.update(loop, X, None) for _ in range(5)] == [False, False, False, True, True]
    assert rule.agreements_ == [-1, 1, 1, 1]


def test_constant_predictions_agree():
    rule, X = StableAgreement(n_rounds=1), np.zeros((3, 1))
    loop = Predictions([[1, 1, 1]] * 2)
    assert [rule.update(loop, X, None) for _ in range(2)] == [False, True]


def test_stable_agreement_ends_a_run_that_has_converged(iris):
    loop = make_loop(StableAgreement(0.95)).fit(*iris)
    assert 3 < len(loop.history_) < 29


def test_overall_uncertainty_ends_when_the_model_is_sure(iris):
    X, y = iris
    loop = make_loop(OverallUncertainty(0.08)).fit(X, y)
    left = np.setdiff1d(np.arange(150), loop.labeled_indices_)
    proba = loop.predict_proba(X[left])
    entropy = -(proba * np.log(np.maximum(proba, 1e-300))).sum(axis=1).mean()
    assert entropy <= 0.08 * np.log(3)
    assert len(loop.history_) < 29


def test_overall_uncertainty_does_not_fit_regressors(iris):
    X, _ = iris
    learner = ActiveLearner(Ridge(), CoreSet())
    loop = ActiveLearningLoop(learner, stopping=OverallUncertainty(), random_state=0)
    with pytest.raises(TypeError, match="Ridge has no predict_proba"):
        loop.fit(X[:, :3], X[:, 3])


def test_any_of_several_rules_stops(iris):
    loop = make_loop([LabelBudget(1000), LabelBudget(30)]).fit(*iris)
    assert loop.history_[-1]["n_labels"] == 30


def test_rules_start_afresh_with_every_fit(iris):
    loop = make_loop(StableAgreement(0.95))
    assert len(loop.fit(*iris).history_) == len(loop.fit(*iris).history_)
    assert not hasattr(loop.stopping, "agreements_")


def test_own_rules_are_a_class_with_update(iris):
    class AfterTwo(StoppingRule):
        def update(self, loop, X, unlabeled):
            return unlabeled.sum() <= len(X) - 15

    assert len(make_loop(AfterTwo(), LogisticRegression(max_iter=500)).fit(*iris).history_) == 2
