"""How good a model is in detail, on monitor images, and what it says of the whole pool."""

from dataclasses import dataclass

import numpy as np

from .._random import round_rng

N_BINS = 10  # of confidences
N_DRAWS = 1000  # of the bootstrap
LEVELS = (0.025, 0.975)


@dataclass(frozen=True)
class Interval:
    """A number and its 95 % interval.

    Attributes
    ----------
    value, low, high : float
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ClassReport:
    """How good a model is for one label.

    Attributes
    ----------
    label : str
        Its name.
    n, n_predicted : int
        Monitor images that have it, and that the model gives it.
    precision, recall, f1 : float or None
        None where `n_predicted`, `n` or both are 0.
    """

    label: str
    n: int
    n_predicted: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Bin:
    """Monitor images of which a model is about as sure.

    Attributes
    ----------
    low, high : float
        Between which probabilities its best guess is.
    n : int
        How many there are.
    confidence, accuracy : float or None
        The mean of these probabilities, and the share of right guesses. None where `n` is 0.
    """

    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class ModelReport:
    """What is known of a model.

    Attributes
    ----------
    model_id : int
        Its number.
    estimate : Estimate or None
        Its accuracy; None below 20 monitor labels, as all that is measured on them.
    labels : list of str
        The names of labels, of `confusion`: those of monitor images or of the model.
    classes : list of ClassReport or None
        How good it is for each.
    confusion : ndarray of int of shape (n_labels, n_labels) or None
        Monitor images by their label (rows) and what the model says (columns).
    weighted_f1, macro_f1 : Interval or None
        The F1 of labels, weighted by how many images have them or alike; by bootstrap.
    calibration : list of Bin or None
        Ten ranges of confidence.
    calibration_error : float or None
        The expected calibration error: the mean gap between confidence and accuracy.
    pool_predicted : dict of str to int
        How many images of the pool the model gives each label.
    pool_confidence : list of int
        How many images of the pool have their best guess in each tenth of [0, 1].
    epochs : list of dict
        Of nets: ``"epoch"``, ``"train_loss"``, ``"valid_loss"`` and ``"learning_rate"``.
    """

    model_id: int
    estimate: object | None
    labels: list
    classes: list | None
    confusion: np.ndarray | None
    weighted_f1: Interval | None
    macro_f1: Interval | None
    calibration: list | None
    calibration_error: float | None
    pool_predicted: dict
    pool_confidence: list
    epochs: list


def confusion_matrix(true, said, classes):
    """Return counts by label (rows) and guess (columns), for labels in ascending order."""
    cells = np.searchsorted(classes, true) * len(classes) + np.searchsorted(classes, said)
    return np.bincount(cells, minlength=len(classes) ** 2).reshape(len(classes), -1)


def class_reports(confusion, names):
    """Return precision, recall and F1 of each label."""
    right, n, n_said = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    return [
        ClassReport(
            name,
            int(n[i]),
            int(n_said[i]),
            _share(right[i], n_said[i]),
            _share(right[i], n[i]),
            _share(2 * right[i], n[i] + n_said[i]),
        )
        for i, name in enumerate(names)
    ]


def _share(part, whole):
    return float(part / whole) if whole else None


def mean_f1(confusions, is_weighted):
    """Return the mean F1 over labels of each of some confusion matrices.

    Parameters
    ----------
    confusions : ndarray of int of shape (n, n_labels, n_labels)
    is_weighted : bool
        Whether labels weigh by how many images have them; else those that images have, or the
        model says, weigh alike.

    Returns
    -------
    ndarray of shape (n,)
    """
    right = np.diagonal(confusions, axis1=1, axis2=2)
    n, n_said = confusions.sum(axis=2), confusions.sum(axis=1)
    f1 = 2 * right / np.maximum(n + n_said, 1)
    weights = n if is_weighted else (n + n_said > 0)
    return (f1 * weights).sum(axis=1) / weights.sum(axis=1)


def f1_interval(confusion, is_weighted, seed):
    """Return the mean F1 over labels with its 95 % interval, by the percentile bootstrap."""
    n, cells = confusion.sum(), confusion.ravel()
    rng = round_rng(seed, int(n), "bootstrap")
    drawn = rng.multinomial(n, cells / n, size=N_DRAWS)  # as drawing images with replacement
    values = mean_f1(drawn.reshape(-1, *confusion.shape), is_weighted)
    low, high = np.quantile(values, LEVELS)
    value = float(mean_f1(confusion[None], is_weighted)[0])
    return Interval(value, min(value, float(low)), max(value, float(high)))


def calibration_bins(confidence, is_right):
    """Return images by how sure a model is of them, and the expected calibration error."""
    edges = np.linspace(0, 1, N_BINS + 1)
    places = bin_of(confidence)
    bins, error = [], 0.0
    for i in range(N_BINS):
        here = places == i
        n = int(here.sum())
        sure = float(confidence[here].mean()) if n else None
        right = float(is_right[here].mean()) if n else None
        bins.append(Bin(float(edges[i]), float(edges[i + 1]), n, sure, right))
        error += abs(sure - right) * n / len(confidence) if n else 0.0
    return bins, error


def bin_of(confidence):
    """Return the tenth of [0, 1] in which each probability is."""
    return np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)


def random_baseline(fit, X, y, sizes, seed):
    """Return how many of some images models get right that learn from so many random ones.

    Each image is judged by a model that has not seen it, and that learns from images which were
    drawn at random, from other folds.

    Parameters
    ----------
    fit : callable
        Takes samples and labels, returns a fitted classifier.
    X, y : ndarray of length n
        Images that were drawn at random, and their labels.
    sizes : list of int
        How many to learn from.
    seed : int
        Of the draws.

    Returns
    -------
    list of int
        One for each size.
    """
    rng = round_rng(seed, len(y), "baseline")
    folds = rng.permutation(len(y)) % 5
    n_right = dict.fromkeys(sizes, 0)
    for fold in range(5):
        others = rng.permutation(np.flatnonzero(folds != fold))
        test = folds == fold
        for size in sizes:
            rows = others[:size]
            is_one = len(np.unique(y[rows])) == 1  # nothing to learn: it always says this
            said = y[rows[0]] if is_one else fit(X[rows], y[rows]).predict(X[test])
            n_right[size] += int((said == y[test]).sum())
    return [n_right[size] for size in sizes]
