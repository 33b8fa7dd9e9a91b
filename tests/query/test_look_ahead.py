"""Expected error reduction is what the paper says, on copies of the model."""

import tracemalloc

import joblib
import modAL.models
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import InvalidParameterError

from skal import ActiveLearner, ActiveLearningLoop, Committee
from skal.query import CoreSet, ExpectedErrorReduction, Hybrid, Pool
from skal.query.checks import check_strategy

RNG = np.random.RandomState(0)
X = RNG.normal(size=(15, 2))
Y = np.digitize(X[:, 0], [0.2, 0.8])
X_POOL = RNG.normal(size=(20, 2))


def slow_losses(proba, loss):
    if loss == "binary":
        return np.array([1 - max(row) for row in proba])
    return np.array([-sum(p * np.log(p) for p in row if p > 0) for row in proba])


def slow_errors(model, X, y, X_pool, loss):
    """Return the expected error after each sample of the pool, over the others."""
    errors = []
    for i, chances in enumerate(model.fit(X, y).predict_proba(X_pool)):
        classes, error = model.classes_, 0.0
        for label, chance in zip(classes, chances, strict=True):
            grown = model.__class__(**model.get_params())
            grown.fit(np.vstack([X, X_pool[i]]), np.append(y, label))
            error += chance * slow_losses(grown.predict_proba(np.delete(X_pool, i, 0)), loss).mean()
        errors.append(error)
    return np.array(errors)


def held(estimator, strategy=None, y=Y, **params):
    strategy = ExpectedErrorReduction() if strategy is None else strategy
    return ActiveLearner(estimator, strategy, X_training=X, y_training=y, **params)


def select(learner, n_instances, X_pool=X_POOL, chosen=(), **params):
    strategy = ExpectedErrorReduction(random_state=0, **params)
    return strategy.select(Pool(learner, X_pool, strategy), n_instances, chosen=chosen)


@pytest.mark.parametrize("loss", ["log", "binary"])
@pytest.mark.parametrize("model", [GaussianNB(), LogisticRegression()], ids=repr)
@pytest.mark.parametrize("labels", [[0, 1, 2], ["few", "some", "very many"]], ids=["0", "text"])
def test_scores_are_minus_the_errors_of_the_slow_version(model, loss, labels):
    y = np.array(labels)[Y]
    selection = select(held(model, y=y), 8, X_POOL[:8], loss=loss)
    errors = slow_errors(model, X, y, X_POOL[:8], loss)
    np.testing.assert_allclose(-selection.scores, np.sort(errors), atol=1e-6)
    np.testing.assert_array_equal(selection.indices, np.argsort(errors))


def test_it_chooses_what_settles_most_of_the_pool():
    crowd = np.r_[np.full(12, 5.0), -np.full(2, 30.0)][:, None] + 0.1 * np.arange(14)[:, None]
    learner = modAL.models.ActiveLearner(
        LogisticRegression(), X_training=[[-1.0], [0.5]], y_training=[0, 1]
    )
    assert set(select(learner, 5, crowd).indices) <= set(range(12))


# Draws -----------------------------------------------------------------------------------------


def test_only_the_drawn_candidates_are_tried():
    fits = []

    class Counts(GaussianNB):
        def fit(self, X, y):
            fits.append(len(X))
            return super().fit(X, y)

    learner = held(Counts())
    learner.query(X_POOL[:1])
    fits.clear()
    assert len(select(learner, 4, n_candidates=6).indices) == 4
    assert fits == [16] * 18  # 6 candidates, 3 classes


def test_errors_are_measured_on_the_drawn_evaluation_samples():
    asked = []

    class Asked(GaussianNB):
        def predict_proba(self, X):
            asked.append(len(X))
            return super().predict_proba(X)

    learner = held(Asked())
    select(learner, 1, n_candidates=2, n_evaluation=7)
    assert asked == [20, *[7] * 6]  # the pool once


def test_candidates_change_with_the_seed_and_with_the_labels():
    learner = held(GaussianNB())

    def tried(learner, seed):
        strategy = ExpectedErrorReduction(n_candidates=5, random_state=seed)
        return frozenset(strategy(learner, X_POOL, 5))

    assert tried(learner, 0) == tried(learner, 0)
    assert len({tried(learner, seed) for seed in range(5)}) > 1
    before = tried(learner, 0)
    assert before != tried(learner.teach(X_POOL[:1], [0]), 0)


def test_none_takes_all():
    for params in ({}, {"n_candidates": None}, {"n_evaluation": None}, {"n_candidates": 20}):
        selection = select(held(GaussianNB()), 20, **params)
        assert sorted(selection.indices) == list(range(20))


def test_estimators_without_a_seed_are_seeded_alike():
    learner = held(RandomForestClassifier(5), random_state=0)
    strategy = ExpectedErrorReduction(n_candidates=5)
    before = np.random.get_state()[1].copy()
    scores = [strategy.select(Pool(learner, X_POOL), 5).scores for _ in range(2)]
    np.testing.assert_array_equal(*scores)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    twice = np.repeat(X_POOL[:1], 2, axis=0)
    first, second = strategy.select(Pool(learner, twice), 2).scores
    assert first == second


def test_a_warm_start_finds_the_same_errors_in_fewer_iterations():
    model, iterations = LogisticRegression(tol=1e-8, max_iter=1000), {}

    class Counting(LogisticRegression):
        def fit(self, X, y):
            super().fit(X, y)
            iterations[self.warm_start] = iterations.get(self.warm_start, 0) + self.n_iter_.max()
            return self

    learner = held(Counting(**model.get_params()))
    cold, warm = (select(learner, 20, warm_start=warm) for warm in (False, True))
    assert_allclose(warm.scores, cold.scores, rtol=1e-4)
    assert_array_equal(warm.indices, cold.indices)
    assert iterations[True] < iterations[False]
    assert not learner.estimator.warm_start


@pytest.mark.parametrize("model", [GaussianNB(), RandomForestClassifier(5)], ids=repr)
def test_models_that_cannot_start_warm_are_refused(model):
    with pytest.raises(ValueError, match="warm_start"):
        select(held(model), 1, warm_start=True)


def test_what_is_chosen_already_is_not_tried():
    selection = select(held(GaussianNB()), 17, chosen=[0, 5, 19])
    assert set(selection.indices) == set(range(20)) - {0, 5, 19}


# Refusals --------------------------------------------------------------------------------------


def test_more_instances_than_candidates_are_refused_with_a_reason():
    with pytest.raises(ValueError, match=r"n_instances=4 and n_candidates=3.*raise n_candidates"):
        select(held(GaussianNB()), 4, n_candidates=3)


def test_a_model_without_its_labeled_data_is_refused():
    with pytest.raises(TypeError, match=r"labeled data.*GaussianNB comes without.*ActiveLearner"):
        select(GaussianNB().fit(X, Y), 1)


def test_a_committee_is_refused():
    members = [held(LogisticRegression()), held(GaussianNB())]
    with pytest.raises(TypeError, match="one model to train again, but Committee has several"):
        select(Committee(members), 1)


class Duck:
    """It predicts, but it is no estimator."""

    classes_ = np.array([0, 1])

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)


def test_what_cannot_be_cloned_is_refused():
    learner = modAL.models.ActiveLearner(Duck(), X_training=X, y_training=Y)
    with pytest.raises(TypeError, match=r"cannot be cloned .* It fits classifiers"):
        select(learner, 1)


@pytest.mark.parametrize(
    "params", [{"loss": "hinge"}, {"n_candidates": 0}, {"n_evaluation": 1.5}], ids=str
)
def test_bad_parameters_are_refused(params):
    with pytest.raises(InvalidParameterError, match=next(iter(params))):
        select(held(GaussianNB()), 1, **params)


# Learners --------------------------------------------------------------------------------------


class Weighted(ClassifierMixin, BaseEstimator):
    """The share of each class by weight, whatever the sample."""

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        self.share_ = np.array([weight[y == c].sum() for c in self.classes_]) / weight.sum()
        return self

    def predict_proba(self, X):
        return np.tile(self.share_, (len(X), 1))


def test_training_gets_the_weights_that_the_learner_keeps():
    weight = np.arange(15.0)
    learner = ActiveLearner(Weighted(), None, X, Y % 2, sample_weight=weight)
    share = np.array([weight[Y % 2 == c].sum() for c in (0, 1)]) / weight.sum()
    grown = (share * weight.sum() + np.eye(2)) / (weight.sum() + 1)
    expected = (share * (1 - grown.max(axis=1))).sum()
    selection = select(learner, 2, loss="binary")
    np.testing.assert_allclose(selection.scores, -expected)


def test_the_learner_and_its_estimator_stay_as_they_are():
    learner = held(make_pipeline(StandardScaler(), GaussianNB()))
    learner.predict(X_POOL)
    before, estimator = joblib.hash(learner), learner.estimator
    select(learner, 5)
    assert joblib.hash(learner) == before
    assert learner.estimator is estimator


def test_pipelines_searches_frames_and_columns_of_labels_are_trained_again():
    expected = select(held(GaussianNB()), 5, n_candidates=8).indices
    search = GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9]}, cv=2)
    for model in (make_pipeline(StandardScaler(), GaussianNB()), search):
        learner = held(model)
        np.testing.assert_array_equal(select(learner, 5, n_candidates=8).indices, expected)
    frame, pool = (pd.DataFrame(data, columns=["a", "b"]) for data in (X, X_POOL))
    learner = ActiveLearner(GaussianNB(), None, frame, pd.Series(Y))
    np.testing.assert_array_equal(select(learner, 5, pool, n_candidates=8).indices, expected)


def test_the_contract_holds_for_skal_learners_and_small_draws():
    check_strategy(
        Hybrid(ExpectedErrorReduction("binary", n_evaluation=5), CoreSet()),
        held(GaussianNB()),
        RNG.normal(size=(12, 2)),
    )


def test_a_loop_runs_with_it(iris):
    strategy = ExpectedErrorReduction(n_candidates=5, n_evaluation=20)
    loop = ActiveLearningLoop(
        ActiveLearner(GaussianNB(), strategy), n_initial=9, initial="stratified", n_instances=2,
        n_queries=3, random_state=0,
    )  # fmt: skip
    loop.fit(*iris)
    assert len(loop.labeled_indices_) == 15


def test_memory_is_a_copy_of_the_labeled_data():
    X_pool = np.random.RandomState(1).normal(size=(5000, 2))
    learner = held(GaussianNB())
    learner.predict(X_pool[:1])
    tracemalloc.start()
    try:
        select(learner, 5, X_pool, n_candidates=10, n_evaluation=100)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5000 * 8 * 20 + 2**20
