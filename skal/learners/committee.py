"""Committees: several learners over the same samples, whose disagreement says what to label."""

import modAL.models
import numpy as np
from modAL.disagreement import max_std_sampling, vote_entropy_sampling
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score

from ..query._members import align_proba
from ._committee import CommitteeMixin


class Committee(CommitteeMixin, ClassifierMixin, modAL.models.Committee):
    """Several classifying learners that vote.

    Parameters
    ----------
    learner_list : list of learners, or ActiveLearner
        The members, or one learner of which `n_members` copies are the members. The learners that
        you pass are copied, never trained themselves.
    query_strategy : callable, default=modAL.disagreement.vote_entropy_sampling
        What chooses; see :mod:`skal.query` and `modAL.disagreement`.
    on_transformed : bool, default=False
        Whether modAL's ranked batch strategies measure distances on the transformed features.
    n_members : int or None, default=None
        How many copies, where `learner_list` is a single learner.
    bootstrap : bool, default=False
        Whether members always train on bootstrap samples of their own. Members that are copies of
        a deterministic estimator, such as a logistic regression, differ only with this.
    random_state : int, RandomState instance or None, default=None
        Gives every member without a seed one of its own.
    n_jobs : int or None, default=None
        How many members train at a time, each in a process of its own; see
        :class:`joblib.Parallel`. The result is the same. It pays for members that train for
        seconds, such as networks; on several GPUs, pass a list of learners whose networks name
        their devices.

    Attributes
    ----------
    learner_list : list of learners
        The members, trained as the committee is.
    classes_ : ndarray of shape (n_classes,) or None
        All classes that a member knows; None before any is trained.
    n_classes_ : int
        How many they are.
    n_features_in_, feature_names_in_
        As for :class:`ActiveLearner`.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skal import ActiveLearner, Committee
    >>> from skal.query import ConsensusEntropy
    >>> members = [ActiveLearner(LogisticRegression()), ActiveLearner(GaussianNB())]
    >>> X, y = [[0.0], [0.1], [0.9], [1.0]], ["no", "no", "yes", "yes"]
    >>> committee = Committee(members, ConsensusEntropy()).fit(X, y)
    >>> committee.query([[0.0], [0.5], [1.0]], 1)
    (array([1]), [[0.5]])
    >>> committee.vote([[0.0], [1.0]])
    array([['no', 'no'],
           ['yes', 'yes']], dtype='<U3')
    """

    def __init__(
        self,
        learner_list,
        query_strategy=vote_entropy_sampling,
        on_transformed=False,
        *,
        n_members=None,
        bootstrap=False,
        random_state=None,
        n_jobs=None,
    ):
        super().__init__(
            learner_list,
            query_strategy,
            on_transformed,
            n_members=n_members,
            bootstrap=bootstrap,
            random_state=random_state,
            n_jobs=n_jobs,
        )

    @property
    def classes_(self):
        """All classes that a member knows, or None."""
        estimators = [member.estimator for member in self.learner_list]
        known = [getattr(estimator, "classes_", None) for estimator in estimators]
        if any(classes is None for classes in known):
            return None
        return np.unique(np.concatenate([np.asarray(classes) for classes in known]))

    @property
    def n_classes_(self):
        """How many classes the members know."""
        return 0 if self.classes_ is None else len(self.classes_)

    def _set_classes(self):
        """Do nothing: in modAL this brings `classes_` up to date, which here it always is."""

    def vote(self, X, **predict_kwargs):
        """Return each member's prediction.

        Returns
        -------
        ndarray of shape (n_samples, n_members)
            Labels, of the type that the members predict.
        """
        return np.stack([m.predict(X, **predict_kwargs) for m in self.learner_list], axis=1)

    def vote_proba(self, X, **predict_proba_kwargs):
        """Return each member's class probabilities; 0 for classes that it does not know.

        Returns
        -------
        ndarray of shape (n_samples, n_members, n_classes)
        """
        classes = self._known_classes()
        return np.stack(
            [_member_proba(m, X, classes, predict_proba_kwargs) for m in self.learner_list], axis=1
        )

    def predict_proba(self, X, **predict_proba_kwargs):
        """Return the members' mean class probabilities, of shape (n_samples, n_classes)."""
        return self.vote_proba(X, **predict_proba_kwargs).mean(axis=1)

    def predict(self, X, **predict_proba_kwargs):
        """Return the classes of largest mean probability, of shape (n_samples,)."""
        proba = self.predict_proba(X, **predict_proba_kwargs)
        return self._known_classes()[proba.argmax(axis=1)]

    def score(self, X, y, sample_weight=None):
        """Return the accuracy of `predict`."""
        return accuracy_score(y, self.predict(X), sample_weight=sample_weight)

    def _known_classes(self):
        classes = self.classes_
        if classes is None:
            raise NotFittedError("this Committee is not fitted yet. Call fit or teach first.")
        return classes


class CommitteeRegressor(CommitteeMixin, RegressorMixin, modAL.models.CommitteeRegressor):
    """Several regressing learners, whose spread says where they are unsure.

    Parameters
    ----------
    learner_list, on_transformed, n_members, bootstrap, random_state, n_jobs
        As for :class:`Committee`.
    query_strategy : callable, default=modAL.disagreement.max_std_sampling
        What chooses.

    Attributes
    ----------
    learner_list : list of learners
        The members, trained as the committee is.
    n_features_in_, feature_names_in_
        As for :class:`ActiveLearner`.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skal import ActiveLearner, CommitteeRegressor
    >>> committee = CommitteeRegressor(
    ...     ActiveLearner(DecisionTreeRegressor()), n_members=5, bootstrap=True, random_state=0)
    >>> X = np.arange(6.0).reshape(-1, 1)
    >>> mean, std = committee.fit(X, X.ravel() ** 2).predict([[0.0], [5.0]], return_std=True)
    >>> bool(std[0] < std[1])
    True
    """

    def __init__(
        self,
        learner_list,
        query_strategy=max_std_sampling,
        on_transformed=False,
        *,
        n_members=None,
        bootstrap=False,
        random_state=None,
        n_jobs=None,
    ):
        super().__init__(
            learner_list,
            query_strategy,
            on_transformed,
            n_members=n_members,
            bootstrap=bootstrap,
            random_state=random_state,
            n_jobs=n_jobs,
        )

    def vote(self, X, **predict_kwargs):
        """Return each member's prediction, of shape (n_samples, n_members)."""
        votes = [np.ravel(m.predict(X, **predict_kwargs)) for m in self.learner_list]
        return np.stack(votes, axis=1)

    def predict(self, X, return_std=False, **predict_kwargs):
        """Return the mean of the members' predictions, and their standard deviation if asked.

        Returns
        -------
        mean : ndarray of shape (n_samples,)
        std : ndarray of shape (n_samples,)
            Only with ``return_std=True``.
        """
        votes = self.vote(X, **predict_kwargs)
        return (votes.mean(axis=1), votes.std(axis=1)) if return_std else votes.mean(axis=1)


def _member_proba(member, X, classes, predict_proba_kwargs):
    """Return a member's probabilities for all classes; a vote counts as certainty."""
    if not hasattr(member, "predict_proba"):
        return (np.asarray(member.predict(X))[:, None] == classes).astype(np.float64)
    proba = member.predict_proba(X, **predict_proba_kwargs)
    return align_proba(proba, member.estimator.classes_, classes)
