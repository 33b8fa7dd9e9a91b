"""Thread pools are limited around small work, and only there."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from threadpoolctl import threadpool_info

from skal import ActiveLearner
from skal._threads import SMALL, one_thread_if_small


def n_threads():
    return max(pool["num_threads"] for pool in threadpool_info())


class Counter(ClassifierMixin, BaseEstimator):
    """An estimator that notes how many threads it may use."""

    def fit(self, X, y):
        self.classes_, self.n_threads_ = np.unique(y), n_threads()
        return self

    def predict(self, X):
        return self.classes_[np.zeros(len(X), int)]


@pytest.mark.parametrize(("n_operations", "is_limited"), [(SMALL - 1, True), (SMALL, False)])
def test_small_work_gets_one_thread(n_operations, is_limited):
    before = n_threads()
    with one_thread_if_small(n_operations):
        assert n_threads() == (1 if is_limited else before)
    assert n_threads() == before


@pytest.mark.parametrize(
    ("shape", "is_limited"), [((100, 5), True), ((10, 8, 8), False), ((2000, 2600), False)]
)
def test_learners_limit_fits_on_few_rows_of_features_only(shape, is_limited):
    before = n_threads()
    X = np.zeros(shape, np.float32)
    learner = ActiveLearner(Counter()).fit(X, np.arange(len(X)) % 2)
    assert learner.estimator.n_threads_ == (1 if is_limited else before)
    assert n_threads() == before
