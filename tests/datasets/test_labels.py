"""Wrong labels, against slow and obvious versions."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from skal.datasets import corrupt_labels

Y = np.arange(300) % 5
NAMES = np.array(["ape", "bee", "cat", "dog", "elk"])


def others_for(kind, y):
    return {"X": np.arange(len(y), dtype=float)[:, None]} if kind == "adversarial" else {}


@pytest.mark.parametrize("kind", ["uniform", "pairs", "adversarial"])
@pytest.mark.parametrize("rate", [0, 0.01, 0.335, 1])
@pytest.mark.parametrize("y", [Y, NAMES[Y], NAMES[Y].astype(object), Y.astype(np.uint8)])
def test_exactly_the_share_asked_for_is_changed_to_other_classes(kind, rate, y):
    before = y.copy()
    noisy = corrupt_labels(y, rate, kind, random_state=0, **others_for(kind, y))
    assert (noisy != y).sum() == round(rate * len(y))
    assert noisy.dtype == y.dtype
    assert set(noisy.tolist()) <= set(y.tolist())
    np.testing.assert_array_equal(y, before)


@pytest.mark.parametrize("kind", ["uniform", "pairs"])
def test_the_same_seed_changes_the_same_labels_and_another_seed_others(kind):
    first, again, other = (corrupt_labels(Y, 0.3, kind, random_state=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_uniform_flips_reach_every_other_class_alike():
    noisy = corrupt_labels(np.zeros(9000, int), 1, classes=[0, 1, 2, 3], random_state=0)
    np.testing.assert_allclose(np.bincount(noisy) / 9000, [0, 1 / 3, 1 / 3, 1 / 3], atol=0.02)


def test_classes_that_the_type_of_the_labels_cannot_hold_widen_it():
    noisy = corrupt_labels(np.array(["a", "b"]), 1, "pairs", classes=["a", "blue", "b"])
    assert noisy.tolist() == ["blue", "a"]
    small = np.array([3, 3], np.uint8)
    assert corrupt_labels(small, 1, "pairs", classes=[3, 400]).tolist() == [400, 400]
    assert corrupt_labels(small, 1, "pairs", classes=[3, 4]).dtype == np.uint8


def test_pairs_become_the_next_class_and_the_last_the_first():
    noisy = corrupt_labels(NAMES[Y], 1, "pairs")
    np.testing.assert_array_equal(noisy, NAMES[(Y + 1) % 5])


def test_given_pairs_are_followed_and_other_classes_stay():
    noisy = corrupt_labels(Y, 0.4, "pairs", pairs={0: 3, 3: 0}, random_state=0)
    np.testing.assert_array_equal(noisy, np.where(Y == 0, 3, np.where(Y == 3, 0, Y)))


def test_the_malicious_annotator_flips_what_costs_a_model_most():
    rng = np.random.RandomState(0)
    proba, y = rng.dirichlet(np.ones(4), 40), rng.randint(4, size=40)
    noisy = corrupt_labels(y, 0.25, "adversarial", proba=proba, classes=range(4))
    costs = {(i, c): np.log(proba[i, y[i]] / proba[i, c]) for i in range(40) for c in range(4)}
    expected = y.copy()
    for _ in range(10):
        i, c = max((pair for pair in costs if pair[1] != y[pair[0]]), key=costs.get)
        expected[i] = c
        costs = {pair: cost for pair, cost in costs.items() if pair[0] != i}
    np.testing.assert_array_equal(noisy, expected)


def test_with_samples_in_place_of_probabilities_the_model_is_the_nearest_centroid():
    rng = np.random.RandomState(0)
    X, y = rng.normal(size=(60, 3, 2)).astype(np.float32), np.arange(60) % 3
    flat = X.reshape(60, -1).astype(float)
    distance = np.stack([((flat - flat[y == c].mean(axis=0)) ** 2).sum(axis=1) for c in range(3)])
    proba = np.exp(-0.1 * distance.T)
    noisy = corrupt_labels(y, 0.3, "adversarial", X=X)
    np.testing.assert_array_equal(noisy, corrupt_labels(y, 0.3, "adversarial", proba=proba))


def test_malice_hurts_a_model_more_than_chance():
    X, y = load_digits(return_X_y=True)
    X = X / 16
    model = LogisticRegression(max_iter=200)
    train, test = slice(0, 600), slice(900, None)
    proba = cross_val_predict(model, X[train], y[train], method="predict_proba", cv=3)
    scores = {
        kind: model.fit(
            X[train], corrupt_labels(y[train], 0.2, kind, proba=proba, random_state=0)
        ).score(X[test], y[test])
        for kind in ("uniform", "adversarial")
    }
    assert scores["adversarial"] < scores["uniform"] - 0.02


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rate": -0.1}, r"share in \[0, 1\]; got -0.1"),
        ({"kind": "random"}, "one of uniform, pairs, adversarial; got 'random'"),
        ({"y": []}, "one label for each sample"),
        ({"y": [[1, 0]]}, "one label for each sample"),
        ({"y": [1, 1]}, r"two classes; got \[1\]"),
        ({"classes": [0, 1]}, r"without \[2, 3, 4\]"),
        ({"kind": "pairs", "pairs": {0: 7}}, "got 0: 7"),
        ({"kind": "pairs", "pairs": {0: 1}}, "only 60 are of classes in pairs"),
        ({"kind": "adversarial"}, "got neither"),
        ({"kind": "adversarial", "X": [[0.0]] * 300, "proba": []}, "got both"),
        ({"kind": "adversarial", "X": [[0.0]]}, "got 1 for 300"),
        ({"kind": "adversarial", "proba": np.ones((300, 2))}, r"shape \(300, 5\)"),
        (
            {"kind": "adversarial", "y": [1, 1], "classes": [0, 1], "X": [[0.0]] * 2},
            "y has one. Pass proba",
        ),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        corrupt_labels(**{"y": Y, "rate": 0.5, **arguments})
