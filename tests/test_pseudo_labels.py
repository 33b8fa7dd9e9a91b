"""Pseudo-labels and held-out pixels, against slow versions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from skal._held_out import held_out_pixels, pixel_f1
from skal._pseudo_labels import PseudoLabels, relaxed


def make_labels(proba, eligible, least, n_human, ratio, blocks=1, seed=0):
    sure = PseudoLabels(least, n_human, ratio, np.random.RandomState(seed))
    for rows in np.array_split(np.arange(len(proba)), blocks):
        sure.add(proba[rows], eligible[rows], rows[0])
    return sure.labels(range(len(least)), eligible.shape, np.int8)


def slow_labels(proba, eligible, least, n_human, ratio):
    """Return pseudo-labels pixel by pixel; no two pixels may be equally sure."""
    pixels = [p for p in np.ndindex(*eligible.shape) if eligible[p]]
    sure = []
    for label, threshold in enumerate(least):
        values = {p: proba[p[0], label, p[1], p[2]] for p in pixels}
        reached = [p for p in pixels if values[p] >= threshold]
        sure.append(sorted(reached, key=values.get, reverse=True))
    if ratio is not None:
        exact = [Fraction(len(s), n) for s, n in zip(sure, n_human, strict=True)]
        ratio = min(Fraction(ratio), *exact)
    labels = np.full(eligible.shape, -1)
    for label, (pixels, n) in enumerate(zip(sure, n_human, strict=True)):
        for pixel in pixels if ratio is None else pixels[: int(ratio * n)]:
            labels[pixel] = label
    return labels


def random_proba(seed, n=5, n_classes=2, size=6):
    logits = 3 * np.random.RandomState(seed).normal(size=(n, n_classes, size, size))
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 999),
    st.integers(2, 4),
    st.integers(1, 5),
    st.sampled_from([0.125, 0.5, 2.0, None]),
)
def test_labels_are_those_of_the_slow_version(seed, n_classes, blocks, ratio):
    proba = random_proba(seed, n_classes=n_classes)
    eligible = np.random.RandomState(seed).rand(5, 6, 6) < 0.7
    least = [0.9, 0.6, 0.7, 0.55][:n_classes]
    n_human = np.random.RandomState(seed).randint(1, 60, n_classes)
    found = make_labels(proba, eligible, least, n_human, ratio, blocks)
    expected = slow_labels(proba, eligible, least, n_human.tolist(), ratio)
    np.testing.assert_array_equal(found, expected)


def test_a_class_with_few_sure_pixels_leaves_few_for_the_others():
    p = np.array([0.99, 0.98, *np.linspace(0, 0.04, 18)]).reshape(1, 1, 4, 5)
    proba, eligible = np.concatenate([1 - p, p], axis=1), np.ones((1, 4, 5), bool)
    labels = make_labels(proba, eligible, [0.95, 0.95], n_human=[30, 10], ratio=2.0)
    assert [(labels == c).sum() for c in (0, 1)] == [6, 2]
    labels = make_labels(proba, eligible, [0.95, 0.95], n_human=[30, 10], ratio=None)
    assert [(labels == c).sum() for c in (0, 1)] == [18, 2]
    labels = make_labels(proba, eligible, [0.95, 0.999], n_human=[30, 10], ratio=2.0)
    assert (labels == -1).all()


def test_a_class_has_a_threshold_of_its_own():
    p = np.array([0.02, 0.1, 0.3, 0.7, 0.97]).reshape(1, 1, 1, 5)
    proba = np.concatenate([1 - p, p], axis=1)
    found = make_labels(proba, np.ones((1, 1, 5), bool), [0.95, 0.6], [1, 1], None)
    assert found.ravel().tolist() == [0, -1, -1, 1, 1]  # 0.7 is sure, 1 - 0.3 is not


def test_a_probability_in_single_precision_reaches_the_threshold_it_was_rounded_from():
    proba = np.array([[0.05], [0.95]], np.float32).reshape(1, 2, 1, 1)
    assert make_labels(proba, np.ones((1, 1, 1), bool), [0.95, 0.95], [1, 1], None).item() == 1


def test_equally_sure_pixels_are_drawn_from_all_images():
    proba = np.zeros((20, 2, 8, 8))
    proba[:, 0, :4], proba[:, 1, 4:] = 1, 1
    eligible = np.ones((20, 8, 8), dtype=bool)
    labels = make_labels(proba, eligible, [0.9, 0.9], [100, 50], 2.0, blocks=10)
    assert [(labels == c).sum() for c in (0, 1)] == [200, 100]
    assert ((labels == 0).sum(axis=(1, 2)) > 0).all()
    again = make_labels(proba, eligible, [0.9, 0.9], [100, 50], 2.0, blocks=10)
    np.testing.assert_array_equal(labels, again)


def test_thresholds_relax_to_their_limits():
    positive = [relaxed(0.95, -0.02 * (t - 1), 0.8) for t in range(1, 12)]
    negative = [relaxed(0.05, 0.02 * (t - 1), 0.2) for t in range(1, 12)]
    np.testing.assert_allclose(positive, [max(0.8, 0.95 - 0.02 * t) for t in range(11)])
    np.testing.assert_allclose(negative, [min(0.2, 0.05 + 0.02 * t) for t in range(11)])
    assert relaxed(0.6, -0.1, 0.8) == 0.6


# Held-out pixels -----------------------------------------------------------------------------


def masks(n, seed=0):
    return (np.random.RandomState(seed).rand(n, 12, 10) < 0.3).astype(int)


def test_whole_images_are_held_out_and_others_trained_on():
    y = masks(20)
    y[15:] = -1
    held = held_out_pixels(y, 0.2, np.random.RandomState(0))
    is_held = held.any(axis=(1, 2))
    assert is_held.sum() == 3
    assert (held.all(axis=(1, 2)) == is_held).all()
    assert not is_held[15:].any()


def test_both_parts_have_all_classes_where_few_images_do():
    y = np.zeros((20, 4, 4), dtype=int)
    y[[4, 9], 0, 0] = 1
    for seed in range(10):
        held = held_out_pixels(y, 0.1, np.random.RandomState(seed)).any(axis=(1, 2))
        assert held[[4, 9]].sum() == 1


def test_of_a_single_labeled_image_the_most_typical_strip_is_held_out():
    y = np.full((3, 12, 10), -1)
    y[1] = masks(1, seed=3)[0]
    held = held_out_pixels(y, 0.25, np.random.RandomState(0))
    assert not held[[0, 2]].any()
    rows = np.flatnonzero(held[1].all(axis=1))
    assert held[1].sum() == 3 * 10
    off = {}
    for start in range(10):
        part = y[1, start : start + 3]
        off[start] = max(abs((part == c).sum() / (y[1] == c).sum() - 0.25) for c in (0, 1))
    assert off[rows[0]] == pytest.approx(min(off.values()))


def test_a_class_in_one_row_only_is_split_by_columns():
    y = np.zeros((2, 8, 8), dtype=int)
    y[0, 3] = 1
    held = held_out_pixels(y, 0.25, np.random.RandomState(0))
    assert held[0].all(axis=0).sum() == 2
    assert y[held].any()
    assert y[~held].any()


def test_what_cannot_be_split_is_an_error_that_tells_a_way_out():
    y = np.zeros((2, 8, 8), dtype=int)
    y[0, 3, 3] = 1
    with pytest.raises(ValueError, match="Label more images, or pass X_val and y_val"):
        held_out_pixels(y, 0.1, np.random.RandomState(0))


@pytest.mark.parametrize("n_classes", [2, 4])
def test_pixel_f1_is_that_of_scikit_learn(n_classes):
    rng = np.random.RandomState(n_classes)
    y, predicted = rng.randint(-1, n_classes, (2, 3, 9, 9))
    known = y != -1
    classes = np.arange(n_classes)
    expected = f1_score(y[known], predicted[known], labels=classes[1:], average="macro")
    assert pixel_f1(y, predicted, classes) == pytest.approx(expected)
