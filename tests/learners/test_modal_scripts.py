"""Scripts as modAL's users write them run with only the import of the learner classes changed."""

from functools import partial

import numpy as np
import pytest
from modAL.acquisition import max_EI, optimizer_EI
from modAL.batch import uncertainty_batch_sampling
from modAL.uncertainty import classifier_entropy, classifier_margin, classifier_uncertainty
from modAL.utils import make_linear_combination, make_product, make_query_strategy, multi_argmax
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from skal import ActiveLearner, BayesianOptimizer, Committee, CommitteeRegressor


@pytest.fixture
def data():
    """Sixty samples of three well-separated classes, in order of class."""
    rng = np.random.RandomState(0)
    y = np.repeat([0, 1, 2], 20)
    return rng.normal(size=(60, 2)) + 4 * np.c_[y, y % 2], y


def test_script_pool_based_sampling(data):
    X, y = data
    start = np.array([0, 25, 45])
    learner = ActiveLearner(
        estimator=KNeighborsClassifier(n_neighbors=3), X_training=X[start], y_training=y[start]
    )
    X_pool, y_pool = np.delete(X, start, axis=0), np.delete(y, start, axis=0)
    for _ in range(10):
        query_idx, _ = learner.query(X_pool)
        learner.teach(X_pool[query_idx].reshape(1, -1), y_pool[query_idx].reshape(1))
        X_pool = np.delete(X_pool, query_idx, axis=0)
        y_pool = np.delete(y_pool, query_idx, axis=0)
    assert len(learner.X_training) == 13
    assert learner.score(X, y) > 0.9


def test_script_ranked_batches(data):
    X, y = data
    preset_batch = partial(uncertainty_batch_sampling, n_instances=5)
    learner = ActiveLearner(
        estimator=KNeighborsClassifier(n_neighbors=3),
        X_training=X[[0, 25, 45]],
        y_training=y[[0, 25, 45]],
        query_strategy=preset_batch,
    )
    X_pool, y_pool = X, y
    for _ in range(3):
        query_idx, _ = learner.query(X_pool)
        learner.teach(X=X_pool[query_idx], y=y_pool[query_idx])
        X_pool = np.delete(X_pool, query_idx, axis=0)
        y_pool = np.delete(y_pool, query_idx)
    assert len(learner.X_training) == 18


def test_script_query_by_committee(data):
    X, y = data
    X_pool, y_pool, learner_list = X.copy(), y.copy(), []
    for start in ([0, 20, 40], [5, 25, 45]):
        learner_list.append(
            ActiveLearner(
                estimator=RandomForestClassifier(n_estimators=20, random_state=0),
                X_training=X_pool[start],
                y_training=y_pool[start],
            )
        )
        X_pool, y_pool = np.delete(X_pool, start, axis=0), np.delete(y_pool, start)
    committee = Committee(learner_list=learner_list)
    for _ in range(3):
        query_idx, _ = committee.query(X_pool)
        committee.teach(X=X_pool[query_idx].reshape(1, -1), y=y_pool[query_idx].reshape(1))
        X_pool, y_pool = np.delete(X_pool, query_idx, axis=0), np.delete(y_pool, query_idx)
    assert committee.score(X, y) > 0.8
    assert [len(learner.X_training) for learner in committee] == [6, 6]


def test_script_bagging(data):
    X, y = data
    committee = Committee(
        [ActiveLearner(KNeighborsClassifier(3)) for _ in range(3)], random_state=0
    )
    committee.fit(X, y, bootstrap=True)
    first = [member.estimator for member in committee]
    committee.rebag()
    assert all(member.estimator is not e for member, e in zip(committee, first, strict=True))
    assert committee.score(X, y) > 0.8


def test_script_active_regression():
    rng = np.random.RandomState(0)
    X = rng.choice(np.linspace(0, 20, 500), size=60, replace=False).reshape(-1, 1)
    y = np.sin(X) + rng.normal(scale=0.1, size=X.shape)

    def gp_regression_std(regressor, X):
        _, std = regressor.predict(X, return_std=True)
        return np.argmax(std)

    regressor = ActiveLearner(
        estimator=GaussianProcessRegressor(kernel=RBF(1.0), alpha=0.01, optimizer=None),
        query_strategy=gp_regression_std,
        X_training=X[:5].reshape(-1, 1),
        y_training=y[:5].reshape(-1, 1),
    )
    before = regressor.predict(X, return_std=True)[1].max()
    for _ in range(8):
        query_idx, _ = regressor.query(X)
        regressor.teach(X[query_idx].reshape(1, -1), y[query_idx].reshape(1, -1))
    assert regressor.predict(X, return_std=True)[1].max() < before
    assert regressor.y_training.shape == (13, 1)


def test_script_ensemble_regression():
    X = np.linspace(-1, 1, 40)
    y = np.abs(X)
    learner_list = [
        ActiveLearner(
            estimator=GaussianProcessRegressor(RBF(0.3), optimizer=None),
            X_training=X[idx].reshape(-1, 1),
            y_training=y[idx].reshape(-1, 1),
        )
        for idx in (np.arange(0, 10), np.arange(30, 40))
    ]

    def ensemble_regression_std(regressor, X):
        _, std = regressor.predict(X, return_std=True)
        return np.argmax(std)

    committee = CommitteeRegressor(learner_list, query_strategy=ensemble_regression_std)
    for _ in range(3):
        query_idx, _ = committee.query(X.reshape(-1, 1))
        committee.teach(X[query_idx].reshape(-1, 1), y[query_idx].reshape(-1, 1))
    assert all(len(learner.X_training) == 13 for learner in committee)


def test_script_stream_based_sampling(data):
    X, y = data
    learner = ActiveLearner(LogisticRegression(), X_training=X[[0, 20]], y_training=y[[0, 20]])
    n_asked = 0
    for stream_idx in np.random.RandomState(0).permutation(60):
        if classifier_uncertainty(learner, X[stream_idx].reshape(1, -1)) >= 0.2:
            learner.teach(X[stream_idx].reshape(1, -1), y[stream_idx].reshape(-1))
            n_asked += 1
    assert 0 < n_asked < 60
    assert learner.score(X, y) > 0.9


def test_script_bayesian_optimization():
    X = np.linspace(0, 20, 200).reshape(-1, 1)
    y = np.sin(X) / 2 - (10 - X) ** 2 / 50 + 2
    optimizer = BayesianOptimizer(
        estimator=GaussianProcessRegressor(kernel=RBF(2.0), optimizer=None),
        X_training=X[40].reshape(1, -1),
        y_training=y[40].reshape(1, -1),
        query_strategy=max_EI,
    )
    for _ in range(6):
        query_idx, _ = optimizer.query(X)
        optimizer.teach(X[query_idx].reshape(1, -1), y[query_idx].reshape(1, -1))
    _X_max, y_max = optimizer.get_max()
    assert y_max > y.max() - 0.2
    assert np.isfinite(optimizer_EI(optimizer, X)).all()


def test_script_custom_query_strategy(data):
    X, y = data
    linear_combination = make_linear_combination(
        classifier_uncertainty, classifier_margin, weights=[1.0, -1.0]
    )
    product = make_product(classifier_uncertainty, classifier_entropy, exponents=[0.5, 0.5])

    def custom_query_strategy(classifier, X, n_instances=1):
        return multi_argmax(linear_combination(classifier, X), n_instances=n_instances)

    learner = ActiveLearner(KNeighborsClassifier(5), custom_query_strategy, X[::5], y[::5])
    assert learner.query(X, n_instances=2)[1].shape == (2, 2)
    learner.query_strategy = make_query_strategy(product, partial(multi_argmax, n_instances=3))
    query_idx, _ = learner.query(X)
    assert len(set(query_idx)) == 3


def test_script_query_strategy_of_another_library(data):
    X, y = data

    def cluster_sampling(classifier, X_pool, n_clusters):
        centers = KMeans(n_clusters, n_init=1, random_state=0).fit(X_pool).transform(X_pool)
        return centers.argmin(axis=0)

    learner = ActiveLearner(LogisticRegression(), cluster_sampling, X[::5], y[::5])
    query_idx, _ = learner.query(X, n_clusters=3)
    assert set(y[query_idx]) == {0, 1, 2}
