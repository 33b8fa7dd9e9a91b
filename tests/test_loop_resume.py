"""A loop that goes on after finished rounds ends as one that was never interrupted."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.tree import DecisionTreeClassifier

from skal import ActiveLearner, ActiveLearningLoop, Committee
from skal.query import Margin, RandomSampling, VoteEntropy

X, y = load_iris(return_X_y=True)
TREE = DecisionTreeClassifier(max_features=2)
LEARNERS = {
    "plain": ActiveLearner(LogisticRegression(max_iter=1000), Margin()),
    "random": ActiveLearner(TREE, RandomSampling()),
    "warm": ActiveLearner(SGDClassifier(loss="log_loss"), Margin(), warm_start=True),
    "committee": Committee(ActiveLearner(TREE), VoteEntropy(), n_members=3, bootstrap=True),
    "warm committee": Committee(
        ActiveLearner(SGDClassifier(loss="log_loss"), warm_start=True), VoteEntropy(), n_members=3
    ),
}


def _loop(learner, **params):
    return ActiveLearningLoop(
        learner, n_initial=8, n_instances=5, n_queries=5, random_state=3, **params
    )


def _picks_and_scores(records):
    return [(record["round"], *record["indices"], record["score"]) for record in records]


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("n_done", [1, 3, 6])
def test_resumed_loop_repeats_the_uninterrupted_one(name, n_done):
    whole, resumed = _loop(LEARNERS[name]), _loop(LEARNERS[name])
    records = list(whole.iter_fit(X, y, X, y))
    rest = list(resumed.iter_fit(X, y, X, y, done=records[:n_done]))
    assert [record["round"] for record in rest] == list(range(n_done, 6))
    assert _picks_and_scores(resumed.history_) == _picks_and_scores(records)
    assert len(set(resumed.labeled_indices_)) == 8 + 5 * 5
    np.testing.assert_array_equal(resumed.predict(X), whole.predict(X))


def test_resumed_loop_keeps_the_estimators_of_all_rounds():
    whole = _loop(LEARNERS["plain"], keep_estimators=True).fit(X, y)
    resumed = _loop(LEARNERS["plain"], keep_estimators=True)
    list(resumed.iter_fit(X, y, done=whole.history_[:4]))
    assert list(resumed.staged_score(X, y)) == list(whole.staged_score(X, y))


def test_resumed_loop_weighs_all_samples():
    weight = np.linspace(0.1, 2.0, len(y))
    whole = _loop(LEARNERS["plain"]).fit(X, y, sample_weight=weight)
    resumed = _loop(LEARNERS["plain"])
    list(resumed.iter_fit(X, y, done=whole.history_[:3], sample_weight=weight))
    np.testing.assert_array_equal(resumed.predict_proba(X), whole.predict_proba(X))
