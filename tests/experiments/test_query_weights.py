"""Comparisons that train on the weights of queries."""

import shutil

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from skal.experiments import compare
from skal.query import RandomSampling, SensitivitySampling

X, y = load_iris(return_X_y=True)
STRATEGIES = {"random": RandomSampling(), "coreset": SensitivitySampling(3)}


def _compare(folder=None, **options):
    options = {"n_initial": 8, "n_instances": 5, "n_queries": 3, "seeds": 1, **options}
    estimator = LogisticRegression(max_iter=1000)
    return compare(STRATEGIES, estimator, X, y, folder=folder, progress=False, **options).records


def test_weights_are_in_the_records_of_strategies_that_have_some():
    with_weights, without = _compare(use_query_weights=True), _compare()
    assert len(with_weights["coreset", 0][1]["query_weights"]) == 5
    assert not any("query_weights" in r for rounds in without.values() for r in rounds)
    assert not any("query_weights" in r for r in with_weights["random", 0])


def test_resumed_runs_know_the_weights_of_earlier_rounds(tmp_path):
    whole = _compare(tmp_path / "run", use_query_weights=True)["coreset", 0]
    shutil.rmtree(tmp_path / "run" / "coreset" / "seed_0" / "iteration_3")
    resumed = _compare(tmp_path / "run", use_query_weights=True, resume=True)["coreset", 0]
    for old, new in zip(whole, resumed, strict=True):
        assert (old["indices"], old["score"]) == (new["indices"], new["score"])
        np.testing.assert_array_equal(old.get("query_weights"), new.get("query_weights"))


def test_runs_with_other_weights_are_not_resumed(tmp_path):
    _compare(tmp_path / "run", n_queries=1)
    with pytest.raises(ValueError, match="What differs: use_query_weights"):
        _compare(tmp_path / "run", n_queries=1, use_query_weights=True, resume=True)
