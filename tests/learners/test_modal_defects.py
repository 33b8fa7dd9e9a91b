"""Defects of modAL that skal's learners do not have."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skal import ActiveLearner


@pytest.fixture
def data():
    rng = np.random.RandomState(0)
    y = np.arange(40) % 2
    return rng.normal(size=(40, 3)) + 3 * y[:, None], y


def test_teaching_needs_no_argument_that_scikit_learn_removed(data):
    X, y = data
    learner = ActiveLearner(LogisticRegression()).fit(X[:20], y[:20])
    learner.teach(X[20:], y[20:])
    learner.teach(X[20:], y[20:], only_new=True)


def test_data_frames_grow_without_the_append_that_pandas_removed(data):
    X, y = data
    frame = pd.DataFrame(X)
    learner = ActiveLearner(LogisticRegression(), X_training=frame[:20], y_training=y[:20])
    learner.teach(frame[20:], y[20:])
    pd.testing.assert_frame_equal(learner.X_training, frame)


def test_transformed_data_frames_stand_side_by_side():
    frame = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0]})
    scaler = StandardScaler().set_output(transform="pandas")
    members = [(str(i), make_pipeline(clone(scaler), GaussianNB())) for i in range(2)]
    learner = ActiveLearner(VotingClassifier(members)).fit(frame, [0, 0, 1, 1])
    assert learner.transform_without_estimating(frame).shape == (4, 2)


def test_a_learner_has_parameters_a_clone_and_a_text(data):
    X, y = data
    learner = ActiveLearner(LogisticRegression(), X_training=X, y_training=y)
    assert learner.get_params()["estimator__C"] == 1.0
    assert isinstance(clone(learner).fit(X, y), ActiveLearner)
    assert repr(learner).startswith("ActiveLearner(")


def test_a_strategy_with_one_output_runs_once(data):
    X, _y = data
    calls = []

    def strategy(learner, X):
        calls.append(X)
        return np.array([3])

    ActiveLearner(None, strategy).query(X)
    assert len(calls) == 1


@pytest.mark.parametrize("answer", [np.array([3, 5]), [3, 5]])
def test_two_indices_stay_two_indices(data, answer):
    X, _y = data
    indices, instances = ActiveLearner(None, lambda learner, X: answer).query(X)
    np.testing.assert_array_equal(indices, [3, 5])
    np.testing.assert_array_equal(instances, X[[3, 5]])


@pytest.mark.parametrize("kind", [np.array, lambda X: X.tolist(), pd.DataFrame, sp.csr_matrix])
def test_a_mask_chooses_the_samples_that_are_true(data, kind):
    X, _ = data
    _, instances = ActiveLearner(None, lambda learner, pool: X[:, 0] > 2).query(kind(X))
    instances = instances.toarray() if sp.issparse(instances) else np.asarray(instances)
    np.testing.assert_array_equal(instances, X[X[:, 0] > 2])


def test_a_strategy_that_raises_runs_once_and_its_own_error_arrives(data):
    X, _y = data
    calls = []

    def strategy(learner, X):
        calls.append(X)
        raise ZeroDivisionError("my own bug")

    with pytest.raises(ZeroDivisionError, match="my own bug"):
        ActiveLearner(None, strategy).query(X)
    assert len(calls) == 1


@pytest.mark.parametrize("kind", [pd.DataFrame, lambda X: X.tolist(), sp.csr_matrix, sp.coo_matrix])
def test_bootstraps_of_data_frames_lists_and_sparse_matrices_are_drawn(data, kind):
    X, y = data
    labels = y.tolist()
    learner = ActiveLearner(KNeighborsClassifier(1), random_state=0)
    learner.fit(kind(X), labels, bootstrap=True)
    assert len(learner.estimator.predict(kind(X))) == 40
    learner.teach(kind(X[:5]), labels[:5], bootstrap=True)
    learner.teach(kind(X[:5]), labels[:5], bootstrap=True, only_new=True)
    assert learner.estimator._fit_X.shape == (5, 3)
