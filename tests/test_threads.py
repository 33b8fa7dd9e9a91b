"""Thread pools are limited around small work, and only there; maps use the threads there are."""

import threading

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.naive_bayes import GaussianNB
from threadpoolctl import threadpool_info, threadpool_limits

from skal import ActiveLearner, _threads
from skal._threads import SMALL, map_threads, one_thread_if_small
from skal.query import DensityWeighted, LeastConfidence, Pool


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


# Map -------------------------------------------------------------------------------------------


def let_blas_use(n, monkeypatch):
    """Make it look as if BLAS may use so many threads, whatever the machine has."""
    monkeypatch.setattr(_threads, "_pools", lambda: [{"num_threads": n}])


@pytest.mark.parametrize("n", [1, 2, 9])
def test_results_are_in_the_order_of_the_items(n, monkeypatch):
    let_blas_use(n, monkeypatch)
    later_is_done = threading.Event()

    def square(item):
        if item == 0 and n > 1:
            assert later_is_done.wait(10)
        if item == 1:
            later_is_done.set()
        return item**2

    assert map_threads(square, range(6)) == [0, 1, 4, 9, 16, 25]
    assert map_threads(square, []) == []


def test_work_is_shared_by_as_many_threads_as_blas_may_use(monkeypatch):
    let_blas_use(2, monkeypatch)
    meeting = threading.Barrier(2, timeout=10)

    def meet(item):
        meeting.wait()  # breaks, and raises, unless two threads get here
        return threading.get_ident()

    assert len(set(map_threads(meet, range(2)))) == 2


def test_there_are_no_more_threads_than_asked_for(monkeypatch):
    let_blas_use(64, monkeypatch)
    threads = map_threads(lambda item: threading.get_ident(), range(50), max_threads=3)
    assert len(set(threads)) <= 3


def test_where_thread_pools_are_limited_to_one_there_is_one_thread():
    with threadpool_limits(1):
        threads = map_threads(lambda item: threading.get_ident(), range(5))
    assert set(threads) == {threading.get_ident()}


@pytest.mark.parametrize("n", [1, 2])
def test_an_exception_of_the_function_comes_through(n, monkeypatch):
    let_blas_use(n, monkeypatch)
    before = n_threads()
    with pytest.raises(ZeroDivisionError):
        map_threads(lambda item: 1 // item, [2, 1, 0, 3])
    assert n_threads() == before


def test_densities_are_the_same_to_the_last_bit_on_one_thread_and_on_two(monkeypatch):
    X = 30 * np.random.RandomState(0).normal(size=(4700, 5))  # ten tiles a side, of float64
    model = GaussianNB().fit(X, np.arange(len(X)) % 2)
    scores = []
    for n in (1, 2):
        let_blas_use(n, monkeypatch)
        scores.append(DensityWeighted(LeastConfidence()).score(Pool(model, X)))
    np.testing.assert_array_equal(*scores)
