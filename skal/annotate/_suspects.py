"""Labels that are probably wrong, by confident learning on probabilities out of sample."""

from dataclasses import dataclass

import numpy as np

from ._predictions import Predictions

FILE = "crossval.safetensors"
N_FOLDS = 5


@dataclass(frozen=True)
class Suspects:
    """Labels that a model which has not seen them contradicts.

    Attributes
    ----------
    ids : ndarray of int of shape (n,)
        Numbers of images, the most suspicious first.
    scores : ndarray of float of shape (n,)
        How probable their labels are, ascending.
    better : ndarray of int of shape (n,)
        Numbers of the labels that they may have instead.
    """

    ids: np.ndarray
    scores: np.ndarray
    better: np.ndarray


def confident_labels(proba, given):
    """Return the label that a sample has confidently: its own, another, or none.

    A class is confident of a sample if its probability is at least the mean probability of the
    class on samples with this label; of several the most probable counts [1]_.

    Parameters
    ----------
    proba : ndarray of shape (n, n_classes)
        Probabilities out of sample.
    given : ndarray of int of shape (n,)
        Columns of the labels that were given.

    Returns
    -------
    ndarray of int of shape (n,)
        Columns; -1 where no class is confident. Entries that differ from `given` are the
        off-diagonal of the confident joint.

    References
    ----------
    .. [1] Northcutt, Jiang and Chuang (2021), "Confident learning: estimating uncertainty in
       dataset labels", JAIR, equations 1 and 2.
    """
    is_given = given[:, None] == np.arange(proba.shape[1])
    n_given = is_given.sum(axis=0)
    sums = np.where(is_given, proba, 0).sum(axis=0)
    thresholds = np.where(n_given > 0, sums / np.maximum(n_given, 1), np.inf)
    is_confident = proba >= thresholds
    best = np.where(is_confident, proba, -1.0).argmax(axis=1)
    return np.where(is_confident.any(axis=1), best, -1)


def find_suspects(predictions, ids, label_ids):
    """Return suspected label errors among images with labels.

    Parameters
    ----------
    predictions : Predictions
        Out of sample, at least of these images.
    ids, label_ids : ndarray of int of shape (n,)
        Images and their labels, which are all among the classes of the predictions.

    Returns
    -------
    Suspects
    """
    proba, given = predictions.of(ids), column_of(predictions.classes, label_ids)
    confident = confident_labels(proba, given)
    rows = np.flatnonzero((confident >= 0) & (confident != given))
    scores = proba[rows, given[rows]].astype(np.float64)
    order = np.lexsort((ids[rows], scores))
    rows = rows[order]
    return Suspects(ids[rows], scores[order], predictions.classes[confident[rows]])


def column_of(classes, label_ids):
    """Return the places of labels among classes, which may have any order."""
    order = np.argsort(classes)
    return order[np.searchsorted(classes, label_ids, sorter=order)]


def cross_validate(estimator, X, y, check):
    """Return the probabilities of all samples by models that have not seen them.

    Parameters
    ----------
    estimator : classifier
        Unfitted.
    X, y : ndarray of length n
        Samples and labels.
    check : callable
        Called before each training; may raise.

    Returns
    -------
    proba : ndarray of float32 of shape (n, n_classes)
        Zero where a class was in no other fold.
    classes : ndarray of shape (n_classes,)
    """
    from sklearn.base import clone

    classes, folds = np.unique(y), fold_of(y)
    proba = np.zeros((len(y), len(classes)), np.float32)
    for fold in np.unique(folds):
        check()
        held_out = folds == fold
        if len(np.unique(y[~held_out])) < 2:
            continue
        fitted = clone(estimator).fit(X[~held_out], y[~held_out])
        columns = np.searchsorted(classes, fitted.classes_)
        proba[np.ix_(held_out, columns)] = fitted.predict_proba(X[held_out])
    return proba, classes


def fold_of(y):
    """Return the fold of each sample, so that every fold has as many of each class, or one less."""
    folds = np.empty(len(y), np.int64)
    start = 0
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        folds[rows] = (start + np.arange(len(rows))) % N_FOLDS
        start += len(rows)
    return folds


def merged(first, second_ids, second):
    """Return predictions of the images of `first`, and of other images by `second`.

    Classes are those of both; a class that one does not know has probability 0 there.
    """
    classes = np.union1d(first.classes, second.classes)
    ids = np.concatenate([first.ids, second_ids])
    proba = np.zeros((len(ids), len(classes)), np.float32)
    is_first = np.arange(len(ids)) < len(first.ids)
    proba[np.ix_(is_first, np.searchsorted(classes, first.classes))] = first.proba
    proba[np.ix_(~is_first, np.searchsorted(classes, second.classes))] = second.of(second_ids)
    order = np.argsort(ids, kind="stable")
    return Predictions(ids[order], proba[order], classes)
