"""Scores of pixel maps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import jaccard_score, precision_recall_fscore_support, roc_auc_score

from skal import _pixels
from skal.metrics import pixel_scores

FEW = settings(max_examples=50, deadline=None, derandomize=True)
labels = arrays(np.int8, (2, 3, 5), elements=st.sampled_from([-1, 0, 1]))
maps = arrays(np.float32, (2, 3, 5), elements=st.sampled_from([0, 0.25, 0.5, 0.75, 1]))


@FEW
@given(labels, maps, st.sampled_from([0.25, 0.5, 0.6]))
def test_scores_are_those_of_scikit_learn_on_the_pixels_that_count(y_true, proba, threshold):
    valid = y_true != -1
    truth, predicted = y_true[valid], proba[valid] >= threshold
    if len(np.unique(truth)) < 2:
        return
    got = pixel_scores(y_true, proba, threshold=threshold)
    expected = precision_recall_fscore_support(truth, predicted, average="binary", zero_division=0)[
        :3
    ]
    assert [got["precision"], got["recall"], got["f1_score"]] == pytest.approx(expected)
    assert got["iou"] == pytest.approx(jaccard_score(truth, predicted, zero_division=0))
    assert got["auc"] == pytest.approx(roc_auc_score(truth, proba[valid]))


@FEW
@given(labels, maps, st.floats(0, 1, width=32))
def test_ignored_pixels_have_no_influence(y_true, proba, value):
    y_true[0, 0, :2] = 0, 1
    changed = np.where(y_true == -1, np.float32(value), proba)
    assert pixel_scores(y_true, proba) == pixel_scores(y_true, changed)
    bad = np.where(y_true == -1, np.float32(np.nan), proba)
    assert pixel_scores(y_true, proba) == pixel_scores(y_true, bad)


def test_the_area_is_that_of_the_probabilities():
    y_true = np.array([[[0, 0, 1, 1]]])
    scores = pixel_scores(y_true, np.array([[[0.1, 0.2, 0.3, 0.4]]]))
    assert (scores["recall"], scores["auc"]) == (0, 1)  # nothing is predicted, all is ranked


def test_blocks_of_probabilities_give_the_same_area(monkeypatch):
    rng = np.random.RandomState(0)
    y_true, proba = rng.randint(2, size=(2, 9, 9)), rng.rand(2, 9, 9).round(1)
    expected = pixel_scores(y_true, proba)
    monkeypatch.setattr(_pixels, "BLOCK_VALUES", 7)
    assert pixel_scores(y_true, proba) == expected


def test_pixels_are_pooled_over_images_and_nothing_is_changed():
    rng = np.random.RandomState(0)
    y_true, proba = rng.randint(2, size=(4, 6, 6)), rng.rand(4, 6, 6)
    kept = y_true.copy(), proba.copy()
    assert pixel_scores(y_true, proba) == pixel_scores(
        y_true.reshape(1, 24, 6), proba.reshape(1, 24, 6)
    )
    assert np.array_equal(y_true, kept[0])
    assert np.array_equal(proba, kept[1])


@pytest.mark.parametrize(("value", "reason"), [(0, "in a particle"), (1, "in the background")])
def test_the_area_of_one_class_is_not_defined_and_says_why(value, reason):
    with pytest.warns(UndefinedMetricWarning, match=f"not defined: no pixel .* is {reason}"):
        scores = pixel_scores(np.full((1, 2, 2), value), np.full((1, 2, 2), 0.9 * value))
    assert np.isnan(scores["auc"])
    assert scores["f1_score"] == scores["iou"] == scores["recall"] == scores["precision"] == 1


def test_what_cannot_be_scored_is_refused():
    y_true = np.array([[[0, 1]]])
    with pytest.raises(ValueError, match=r"same shape; got \(1, 1, 2\) and \(1, 2, 1, 2\)"):
        pixel_scores(y_true, np.zeros((1, 2, 1, 2)))
    with pytest.raises(ValueError, match="must hold 1, 0 and"):
        pixel_scores(y_true * 255, np.zeros((1, 1, 2)))
    with pytest.raises(ValueError, match=r"proba must be in \[0, 1\]; got values from -3 to -3"):
        pixel_scores(y_true, np.array([[[0, -3]]]))
    with pytest.raises(ValueError, match=r"proba must be in \[0, 1\]; got values from nan to nan"):
        pixel_scores(y_true, np.array([[[0, np.nan]]]))
