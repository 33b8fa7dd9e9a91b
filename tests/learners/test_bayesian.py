"""The Bayesian optimizer: a learner that remembers the best value it has been taught."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from modAL.acquisition import max_EI, max_UCB
from sklearn.base import clone, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

from skal import BayesianOptimizer


def optimizer_with(y, X=None, **kwargs):
    X = np.arange(len(y), dtype=float).reshape(-1, 1) if X is None else X
    return BayesianOptimizer(GaussianProcessRegressor(optimizer=None), max_EI, X, y, **kwargs)


def test_an_optimizer_knows_the_maximum_of_its_data():
    optimizer = optimizer_with(np.array([0.5, 2.0, 1.0]))
    X_max, y_max = optimizer.get_max()
    np.testing.assert_array_equal(X_max, [1.0])
    assert y_max == optimizer.y_max == 2.0
    np.testing.assert_array_equal(optimizer.X_max, [1.0])


def test_an_optimizer_without_data_has_no_maximum():
    optimizer = BayesianOptimizer(GaussianProcessRegressor())
    assert optimizer.get_max() == (None, -np.inf)


def test_only_a_larger_value_moves_the_maximum():
    optimizer = optimizer_with(np.array([0.5, 2.0]))
    optimizer.teach([[5.0]], [1.5])
    assert optimizer.y_max == 2.0
    optimizer.teach([[6.0]], [2.5])
    assert optimizer.y_max == 2.5
    np.testing.assert_array_equal(optimizer.X_max, [6.0])
    optimizer._set_max([[7.0]], [2.4])
    assert optimizer.y_max == 2.5
    optimizer._set_max(np.array([[7.0], [8.0]]), np.array([2.4, 2.6]))
    np.testing.assert_array_equal(optimizer.get_max()[0], [8.0])


def test_the_first_fit_sets_the_maximum_and_a_second_forgets_it():
    optimizer = BayesianOptimizer(GaussianProcessRegressor(optimizer=None))
    assert optimizer.fit([[1.0], [2.0]], [3.0, 1.0]).y_max == 3.0
    assert optimizer.fit([[1.0], [2.0]], [0.0, 1.0]).y_max == 1.0


def test_a_corrected_label_moves_the_maximum():
    optimizer = optimizer_with(np.array([0.5, 20.0, 1.0]))
    optimizer.relabel(1, [0.7])
    np.testing.assert_array_equal(optimizer.X_max, [2.0])


@pytest.mark.parametrize("column", [False, True])
def test_the_maximum_of_data_frames_and_columns(column):
    y = np.array([[0.5], [2.0]]) if column else pd.Series([0.5, 2.0], index=[7, 8])
    optimizer = optimizer_with(y, X=pd.DataFrame({"a": [1.0, 2.0]}))
    X_max, y_max = optimizer.get_max()
    assert X_max["a"] == 2.0
    assert y_max == 2.0
    assert optimizer.query(pd.DataFrame({"a": [0.0, 3.0]}))[0].shape == (1,)


def test_a_failed_lesson_leaves_the_maximum_as_it_was():
    optimizer = optimizer_with(np.array([0.5, 2.0]))
    with pytest.raises(ValueError, match="the new samples have shape"):
        optimizer.teach([[5.0, 6.0]], [9.0])
    assert optimizer.get_max()[1] == 2.0


def test_teaching_a_copy_leaves_the_maximum_of_the_original_alone():
    optimizer = optimizer_with(np.array([0.5, 2.0]))
    assert optimizer.y_max == 2.0
    copied = copy.copy(optimizer)
    copied.teach([[5.0]], [9.0])
    copied._set_max([[6.0]], [10.0])
    assert (optimizer.y_max, copied.y_max) == (2.0, 10.0)


def test_a_clone_starts_with_the_maximum_of_the_constructor():
    optimizer = optimizer_with(np.array([0.5, 2.0]))
    optimizer.teach([[5.0]], [9.0])
    assert clone(optimizer).y_max == 2.0
    assert pickle.loads(pickle.dumps(optimizer)).y_max == 9.0


def test_new_training_data_move_the_maximum():
    optimizer = optimizer_with(np.array([0.5, 2.0]))
    assert optimizer.y_max == 2.0
    optimizer.set_params(X_training=[[7.0]], y_training=[0.1])
    assert optimizer.y_max == 0.1
    np.testing.assert_array_equal(optimizer.X_max, [7.0])


def test_an_optimizer_is_a_regressor_and_takes_all_parameters_of_a_learner():
    optimizer = BayesianOptimizer(
        GaussianProcessRegressor(RBF(1.0)), max_UCB, warm_start=False, random_state=0, verbose=1
    )
    assert is_regressor(optimizer)
    params = optimizer.get_params()
    assert params["query_strategy"] is max_UCB
    assert params["verbose"] == 1
    assert params["estimator__kernel__length_scale"] == 1.0


def test_an_optimizer_without_data_asks_anywhere_and_forgets_nothing():
    optimizer = BayesianOptimizer(GaussianProcessRegressor(optimizer=None), max_UCB)
    assert optimizer.query(np.zeros((3, 1)), n_instances=2)[0].shape == (2,)
    with pytest.raises(NotFittedError, match="holds no labeled samples"):
        optimizer.relabel([0], [1.0])
