"""The members of committees and ensembles, one draw each, with their classes aligned."""

import numpy as np
from modAL.models.base import BaseCommittee
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _nets

FORESTS = RandomForestClassifier | ExtraTreesClassifier
AVERAGING = FORESTS | BaggingClassifier  # their probabilities are the members' mean
ENSEMBLES = FORESTS | BaggingClassifier | VotingClassifier
FITS = (
    "It fits committees of classifiers, random forests, extra trees, bagging, voting, and nets "
    "with dropout"
)


def has_members(model):
    """Return whether a model's draws are its members, so that their number is given."""
    return isinstance(model, BaseCommittee | ENSEMBLES)


def n_draws(model, draws):
    """Return how many draws a model gives: one a member, or as many as asked for."""
    if isinstance(model, BaseCommittee):
        return len(model)
    if isinstance(model, ENSEMBLES):
        return len(getattr(model, "estimators_", ())) or 1
    return draws or 1


def draw_proba(pool, model, X, draws):
    """Return class probabilities of shape (n_draws, n_samples, n_classes)."""
    if not has_members(model) and _nets.can_draw(model):
        return _nets.sample_proba(model, X, draws, pool.draw_seed)
    return np.stack([member_proba(*member) for member in _members(pool, model, X)])


def vote_classes(pool, committee, X):
    """Return the class that each member predicts, as positions, of shape (n_members, n_samples)."""
    members = _committee_members(pool, committee, X)
    return np.stack([np.searchsorted(classes, m.predict(X)) for m, X, classes in members])


def _members(pool, model, X):
    """Return each member, its features, and the classes to align its probabilities to."""
    if isinstance(model, BaseCommittee):
        return _committee_members(pool, model, X)
    return _ensemble_members(pool, model, X)


def _committee_members(pool, committee, X):
    if not hasattr(committee, "vote_proba"):
        raise pool.type_error("classes to disagree on", f"predicts numbers. {FITS}")
    classes = committee.classes_
    if classes is None:
        for member in committee:
            check_is_fitted(member.estimator)
        raise pool.type_error("classes to disagree on", f"has members that know none. {FITS}")
    return [(member.estimator, X, classes) for member in committee]


def _ensemble_members(pool, model, X):
    if isinstance(model, Pipeline):
        check_is_fitted(model)  # of a fitted one, the last step comes here
    if not isinstance(model, ENSEMBLES):
        raise pool.type_error("several opinions on the class of a sample", f"gives none. {FITS}")
    check_is_fitted(model)
    if isinstance(model.classes_, list):
        raise pool.type_error(
            "one class a sample", "predicts several outputs. It fits single-label classifiers"
        )
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
    aligned = np.zeros((len(proba), len(classes), *proba.shape[2:]), proba.dtype)
    aligned[:, np.searchsorted(classes, known_classes)] = proba
    return aligned
