"""Curves whose numbers can be worked out by hand."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from skal import ActiveLearner, ActiveLearningLoop
from skal.metrics import (
    area_under_learning_curve,
    label_efficiency,
    label_efficiency_score,
    labels_to_target,
)
from skal.query import Margin, RandomSampling

N_LABELS, SCORES = [10, 20, 40], [0.5, 0.7, 0.9]


@pytest.mark.parametrize(
    ("target", "expected"),
    [(0.4, 10), (0.5, 10), (0.6, 15), (0.7, 20), (0.8, 30), (0.9, 40), (0.91, np.inf)],
)
def test_labels_to_target_lies_on_straight_lines(target, expected):
    assert labels_to_target(N_LABELS, SCORES, target) == pytest.approx(expected)


def test_first_crossing_counts():
    assert labels_to_target([10, 20, 30, 40], [0.5, 0.9, 0.6, 0.9], 0.7) == pytest.approx(15)


def test_plateau_at_the_target_counts_from_its_begin():
    assert labels_to_target([10, 20, 30], [0.5, 0.7, 0.7], 0.7) == 20


def test_infinite_targets_are_reached_never_or_at_once():
    assert labels_to_target(N_LABELS, SCORES, np.inf) == np.inf
    assert labels_to_target(N_LABELS, SCORES, -np.inf) == 10


def test_negative_scores_are_scores():
    assert labels_to_target([10, 20], [-4.0, -2.0], -3.0) == 15


def test_nan_target_is_refused():
    with pytest.raises(ValueError, match="target must be a number; got nan"):
        labels_to_target(N_LABELS, SCORES, np.nan)


def test_area_is_the_mean_height():
    # (0.5 + 0.7) / 2 over 10 labels, (0.7 + 0.9) / 2 over 20: (6 + 16) / 30
    assert area_under_learning_curve(N_LABELS, SCORES) == pytest.approx(22 / 30)


def test_area_of_a_constant_curve_is_the_constant():
    assert area_under_learning_curve([1, 5, 100], [0.3, 0.3, 0.3]) == pytest.approx(0.3)


def test_area_of_one_round_is_its_score():
    assert area_under_learning_curve([25], [0.8]) == 0.8


def test_half_the_labels_is_an_efficiency_of_two():
    assert label_efficiency([10, 20], [0.6, 0.8], [10, 40], [0.2, 0.8], 0.8) == 2.0


@pytest.mark.parametrize(
    ("best", "baseline_best", "expected"),
    [(0.8, 0.8, 1.0), (0.8, 0.7, np.inf), (0.7, 0.8, 0.0), (0.7, 0.7, np.nan)],
)
def test_efficiency_where_curves_do_not_reach_the_target(best, baseline_best, expected):
    efficiency = label_efficiency([10, 20], [0.5, best], [10, 20], [0.5, baseline_best], 0.8)
    np.testing.assert_equal(efficiency, expected)


def test_efficiency_of_a_curve_that_needs_no_label():
    assert label_efficiency([0, 10], [0.8, 0.9], [10, 20], [0.5, 0.9], 0.8) == np.inf
    assert label_efficiency([0, 10], [0.8, 0.9], [0, 10], [0.8, 0.9], 0.8) == 1.0


@pytest.mark.parametrize("measure", [area_under_learning_curve, lambda *c: labels_to_target(*c, 1)])
@pytest.mark.parametrize(
    ("n_labels", "scores", "message"),
    [
        ([10, 20], [0.5], "same length; got 2 and 1"),
        ([10, 30, 20], [0.5, 0.6, 0.7], "increase .* got 30 followed by 20 in round 2"),
        ([10, 10], [0.5, 0.6], "increase .* got 10 followed by 10 in round 1"),
        ([10, 20], [0.5, np.nan], "scores must be finite; got nan in round 1"),
        ([np.inf, 20], [0.5, 0.6], "n_labels must be finite; got inf in round 0"),
        ([], [], "at least one round"),
        ([[10, 20]], [[0.5, 0.6]], r"shape \(1, 2\)"),
    ],
)
def test_what_is_no_curve_is_refused(measure, n_labels, scores, message):
    with pytest.raises(ValueError, match=message):
        measure(n_labels, scores)


X, y = load_iris(return_X_y=True)


def _loop(**params):
    learner = ActiveLearner(LogisticRegression(max_iter=1000), Margin())
    return ActiveLearningLoop(learner, n_initial=5, n_instances=5, random_state=0, **params)


def test_scorer_is_the_area_on_other_data():
    loop = _loop(keep_estimators=True, n_queries=2).fit(X[::2], y[::2])
    scores = [model.score(X[1::2], y[1::2]) for model in loop.estimators_]
    expected = area_under_learning_curve([5, 10, 15], scores)
    assert label_efficiency_score(loop, X[1::2], y[1::2]) == pytest.approx(expected)


def test_grid_search_finds_a_strategy_by_its_curve():
    grid = {"learner__query_strategy": [Margin(), RandomSampling()]}
    search = GridSearchCV(_loop(keep_estimators=True), grid, scoring=label_efficiency_score, cv=3)
    search.fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_scorer_without_kept_estimators_says_what_to_do():
    with pytest.raises(ValueError, match="keep_estimators=True"):
        label_efficiency_score(_loop().fit(X, y), X, y)


def test_scorer_of_a_plain_estimator_is_refused():
    with pytest.raises(TypeError, match="got a LogisticRegression"):
        label_efficiency_score(LogisticRegression().fit(X / 10, y), X, y)
