"""The members of committees and ensembles, one draw each, with their classes aligned."""

import numpy as np
from modAL.models.base import BaseCommittee
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.utils.validation import validate_data

FORESTS = RandomForestClassifier | ExtraTreesClassifier
FITS = "It fits committees, random forests, extra trees, bagging, voting, and nets with dropout"


def n_draws(model, draws):
    """Return how many draws a model gives: one a member, or as many as asked for."""
    if isinstance(model, BaseCommittee):
        return len(model)
    members = getattr(model, "estimators_", None)
    return len(members) if members is not None else draws or 1


def draw_proba(pool, model, X, draws):
    """Return class probabilities of shape (n_draws, n_samples, n_classes)."""
    if isinstance(model, BaseCommittee):
        return np.moveaxis(_vote_proba(pool, model, X), 1, 0)
    if hasattr(model, "sample_proba"):
        return model.sample_proba(X, draws)
    members = _ensemble_members(pool, model, X)
    return np.stack([member_proba(*member) for member in members])


def vote_classes(pool, model, X, draws):
    """Return the class that each draw predicts, as positions, of shape (n_draws, n_samples)."""
    if not isinstance(model, BaseCommittee):
        return draw_proba(pool, model, X, draws).argmax(axis=2)
    if not hasattr(model, "classes_"):
        raise pool.type_error("a committee of classifiers", "predicts numbers")
    votes = np.asarray(model.vote(X))
    return np.searchsorted(model.classes_, votes.T)


def _vote_proba(pool, committee, X):
    if not hasattr(committee, "vote_proba"):
        raise pool.type_error(
            "class probabilities", "predicts numbers. It fits committees of classifiers"
        )
    return committee.vote_proba(X)


def _ensemble_members(pool, model, X):
    """Yield each member of a scikit-learn ensemble, its features, and the classes to align to."""
    if not isinstance(model, FORESTS | BaggingClassifier | VotingClassifier):
        raise pool.type_error("several opinions a sample", f"gives one. {FITS}")
    if isinstance(getattr(model, "classes_", None), list):
        raise pool.type_error("one class a sample", "predicts several outputs")
    classes = np.arange(len(model.classes_))  # ensembles encode y for their members
    if isinstance(model, VotingClassifier):
        return [(member, X, classes) for member in model.estimators_]
    Z = _validated(model, X)
    if isinstance(model, BaggingClassifier):
        pairs = zip(model.estimators_, model.estimators_features_, strict=True)
        return [(member, Z[:, features], classes) for member, features in pairs]
    return [(tree, Z, classes) for tree in model.estimators_]


def _validated(model, X):
    """Return X as the array that members were fitted on, feature names checked by the ensemble."""
    dtype = np.float32 if isinstance(model, FORESTS) else None
    return validate_data(
        model, X, reset=False, dtype=dtype, accept_sparse="csr", ensure_all_finite=False
    )


def member_proba(member, X, classes):
    """Return probabilities for all classes; a vote counts as certainty, an unknown class as 0."""
    if not hasattr(member, "predict_proba"):
        return (np.asarray(member.predict(X))[:, None] == classes).astype(np.float64)
    return align_proba(member.predict_proba(X), member.classes_, classes)


def align_proba(proba, known_classes, classes):
    """Return probabilities with one column for each of `classes`, 0 where it is not known."""
    if np.array_equal(known_classes, classes):
        return proba
    aligned = np.zeros((len(proba), len(classes)), proba.dtype)
    aligned[:, np.searchsorted(classes, known_classes)] = proba
    return aligned
