"""Uncertainty strategies choose what slow versions over predict_proba choose."""

import numpy as np
import pytest
import scipy.stats
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from skal import ActiveLearner
from skal.query import Entropy, LeastConfidence, Margin, Pool

X, y = load_iris(return_X_y=True)
SLOW = {
    LeastConfidence: lambda p: 1 - max(p),
    Margin: lambda p: sorted(p)[-2] - sorted(p)[-1],
    Entropy: lambda p: scipy.stats.entropy(p),
}


def slow_choice(strategy, proba, n_instances):
    values = [SLOW[type(strategy)](row) for row in proba]
    order = sorted(range(len(values)), key=lambda i: (-round(values[i], 12), i))
    return order[:n_instances]


@pytest.mark.parametrize("n_instances", [1, 7, 150])
@pytest.mark.parametrize("estimator", [GaussianNB(), LogisticRegression(max_iter=200)], ids=repr)
@pytest.mark.parametrize("strategy", [LeastConfidence(), Margin(), Entropy()], ids=repr)
def test_choice_is_that_of_the_slow_version(strategy, estimator, n_instances):
    model = estimator.fit(X[::3], y[::3])
    proba = model.predict_proba(X)
    chosen = strategy(model, X, n_instances)
    values = np.array([SLOW[type(strategy)](row) for row in proba])
    assert len(set(chosen)) == n_instances
    np.testing.assert_allclose(
        values[chosen], values[slow_choice(strategy, proba, n_instances)], atol=1e-12
    )
    assert (np.diff(values[chosen]) <= 1e-12).all()


@pytest.mark.parametrize("strategy", [LeastConfidence(), Margin(), Entropy()], ids=repr)
def test_exact_ties_go_to_the_lowest_index(strategy):
    model = KNeighborsClassifier(4).fit(X[::3], y[::3])  # probabilities are quarters
    proba = model.predict_proba(X)
    np.testing.assert_array_equal(strategy(model, X, 150), slow_choice(strategy, proba, 150))


@pytest.mark.parametrize("strategy", [LeastConfidence(), Margin(), Entropy()], ids=repr)
def test_a_model_of_one_class_is_sure_of_everything(strategy):
    model = DummyClassifier().fit(X, np.zeros(len(X)))
    selection = strategy.select(Pool(model, X, strategy), 4)
    assert selection.indices.tolist() == [0, 1, 2, 3]
    assert len(set(selection.scores)) == 1


def test_for_two_classes_all_strategies_choose_the_same():
    two = y < 2
    model = LogisticRegression(C=0.01).fit(X[two][::3], y[two][::3])
    choices = [s(model, X, 150).tolist() for s in (LeastConfidence(), Margin(), Entropy())]
    values = model.predict_proba(X).max(axis=1).round(9)
    for choice in choices:  # duplicates in the data may swap places
        np.testing.assert_array_equal(values[choice], np.sort(values))


def test_for_three_classes_they_differ():
    class Three:
        classes_ = np.arange(3)

        def predict_proba(self, X):
            return np.array([[0.45, 0.44, 0.11], [0.42, 0.33, 0.25], [0.40, 0.35, 0.25]])

    pool = np.zeros((3, 1))
    assert Margin()(Three(), pool) == [0]
    assert LeastConfidence()(Three(), pool) == [2]
    assert Entropy()(Three(), pool) == [2]
    assert Entropy()(Three(), pool, 3).tolist() == [2, 1, 0]


@pytest.mark.parametrize("strategy", [LeastConfidence(), Margin(), Entropy()], ids=repr)
def test_scores_of_a_query_are_the_metrics(strategy):
    learner = ActiveLearner(GaussianNB(), strategy, X[::3], y[::3])
    indices, _, metrics = learner.query(X, 5, return_metrics=True)
    values = [SLOW[type(strategy)](p) for p in learner.predict_proba(X[indices])]
    np.testing.assert_allclose(metrics, values, atol=1e-12)


def test_a_search_is_asked_for_its_best_estimator():
    search = GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9, 1e-2]}).fit(X[::3], y[::3])
    expected = Margin()(search.best_estimator_, X, 5)
    np.testing.assert_array_equal(Margin()(search, X, 5), expected)
    np.testing.assert_array_equal(Margin()(ActiveLearner(search, Margin()), X, 5), expected)


def test_string_labels_are_no_matter():
    names = np.array(["setosa", "versicolor", "virginica"])
    expected = Margin()(GaussianNB().fit(X[::3], y[::3]), X, 9)
    chosen = Margin()(GaussianNB().fit(X[::3], names[y[::3]]), X, 9)
    np.testing.assert_array_equal(chosen, expected)
