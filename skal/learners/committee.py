"""Committees: several learners over the same samples, whose disagreement says what to label."""

import copy
from numbers import Integral

import joblib
import modAL.models
import numpy as np
from modAL.disagreement import max_std_sampling, vote_entropy_sampling
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.validation import check_is_fitted, column_or_1d

from .._data import n_rows, stack_rows
from .._random import derive_seed
from ..query._members import align_proba
from ._labeled import as_rows
from ._query import query
from ._training import routed_params
from ._transform import side_by_side
from .active import ActiveLearner


class _CommitteeMixin:
    """What committees of classifiers and of regressors share.

    Members are copies of the learners that the user passed, made at the first use; teaching
    replaces them all at once, so that a failure changes none.
    """

    def __init__(
        self,
        learner_list,
        query_strategy,
        on_transformed=False,
        *,
        n_members=None,
        bootstrap=False,
        random_state=None,
    ):
        self.learner_list = learner_list
        self.query_strategy = query_strategy
        self.on_transformed = on_transformed
        self.n_members = n_members
        self.bootstrap = bootstrap
        self.random_state = random_state

    # Members -------------------------------------------------------------------------------

    @property
    def learner_list(self):
        """The members, trained as the committee is."""
        if "members_" not in vars(self):
            self.members_ = self._new_members()
        return self.members_

    @learner_list.setter
    def learner_list(self, value):
        vars(self).pop("members_", None)
        vars(self)["learner_list"] = value

    def _given_learners(self):
        """Return what the user passed, as a list of as many learners as there are members."""
        given = vars(self)["learner_list"]
        learners = given if isinstance(given, list) else [given] * self._checked_n_members()
        if not learners:
            raise ValueError("learner_list must hold at least one learner; got an empty list.")
        if self.n_members not in (None, len(learners)):
            raise ValueError(
                f"n_members={self.n_members!r} does not go with a list of {len(learners)} "
                f"learners. Leave it out, or pass one learner instead of a list."
            )
        for learner in learners:
            _check_is_learner(learner)
        return learners

    def _new_members(self):
        members = [_copy_of(learner) for learner in self._given_learners()]
        seed = self.random_state
        if not isinstance(vars(self)["learner_list"], list):
            seed = members[0].random_state if seed is None else seed
            for member in members:
                member.random_state = None
        for i, member in enumerate(members):
            if isinstance(member, ActiveLearner) and member.random_state is None:
                member.random_state = derive_seed(seed, 0, f"member {i}")
        return members

    def _checked_n_members(self):
        given = vars(self)["learner_list"]
        if not isinstance(given, ActiveLearner):
            raise TypeError(
                f"learner_list must be a list of learners, or one ActiveLearner together with "
                f"n_members; got {type(given).__name__}."
            )
        is_integer = isinstance(self.n_members, Integral) and not isinstance(self.n_members, bool)
        if not is_integer or self.n_members < 1:
            raise ValueError(
                f"n_members must be a positive integer where learner_list is one learner; got "
                f"n_members={self.n_members!r}."
            )
        return self.n_members

    def __iter__(self):
        return iter(self.learner_list)

    def __len__(self):
        return len(self.learner_list)

    def __sklearn_is_fitted__(self):
        try:
            for member in self.learner_list:
                check_is_fitted(member)
        except NotFittedError:
            return False
        return True

    def _holds_data(self):
        members = vars(self).get("members_") or self._given_learners()
        return any(_data_of(member) is not None for member in members)

    def _can_disagree(self, X, y):
        """Return whether training on `X` and `y` can ever give members that differ.

        It cannot where all are copies of one estimator, none sees a sample of its own, and
        training draws no random number.
        """
        members = [m for m in self._given_learners() if isinstance(m, ActiveLearner)]
        if self.bootstrap or len(members) < len(self._given_learners()):
            return True
        return not _are_copies(members) or _draws_randomness(members[0], X, y)

    def get_params(self, deep=True):
        """Return the constructor's arguments, as they were given.

        Parameters
        ----------
        deep : bool, default=True
            Whether to add those of the strategy, and of a single learner in `learner_list`.

        Returns
        -------
        dict
        """
        params = {name: vars(self)[name] for name in self._get_param_names()}
        if deep:
            for name in ("learner_list", "query_strategy"):
                if hasattr(params[name], "get_params"):
                    nested = params[name].get_params()
                    params.update({f"{name}__{key}": value for key, value in nested.items()})
        return params

    # Learning ------------------------------------------------------------------------------

    def fit(self, X, y, bootstrap=False, **fit_kwargs):
        """Train every member on `X` and `y` alone, and forget what was labeled before.

        Parameters
        ----------
        X : array-like, data frame, sparse matrix or list
            The samples.
        y : array-like of shape (n_samples,)
            Their labels.
        bootstrap : bool, default=False
            Whether each member trains on a bootstrap sample of its own.
        **fit_kwargs
            Keyword arguments of the members' ``fit``, such as ``sample_weight``.

        Returns
        -------
        self
        """
        members, y = self._new_members(), _one_column(y)
        bootstrap = bootstrap or self.bootstrap
        for i, member in enumerate(members):
            member.fit(X, y, bootstrap=bootstrap, **self._routed(i, fit_kwargs))
        self.members_ = members
        return self

    def teach(self, X, y, bootstrap=False, only_new=False, **fit_kwargs):
        """Add newly labeled samples to every member's data and train all members.

        If anything fails, the committee is as it was before the call.

        Parameters
        ----------
        X : array-like, data frame, sparse matrix or list
            The new samples.
        y : array-like
            Their labels.
        bootstrap : bool, default=False
            Whether each member trains on a bootstrap sample of its own.
        only_new : bool, default=False
            Whether to train on the new samples alone; they are kept all the same.
        **fit_kwargs
            Keyword arguments of the members' ``fit``, such as ``sample_weight``.

        Returns
        -------
        self
        """
        members = [_copy_of(member) for member in self.learner_list]
        bootstrap = bootstrap or self.bootstrap
        for i, member in enumerate(members):
            params = self._routed(i, fit_kwargs)
            if only_new:
                member._add_training_data(X, y)
                member._fit_on_new(X, y, bootstrap=bootstrap, **params)
            else:
                member.teach(X, y, bootstrap=bootstrap, **params)
        _share_samples(members, self.learner_list)
        self.members_ = members
        return self

    def rebag(self, **fit_kwargs):
        """Train every member on a bootstrap sample of its own data.

        Returns
        -------
        self
        """
        members = [_copy_of(member) for member in self.learner_list]
        for i, member in enumerate(members):
            member._fit_to_known(bootstrap=True, **self._routed(i, fit_kwargs))
        self.members_ = members
        return self

    def _routed(self, i, fit_kwargs):
        return routed_params(self, "fit", fit_kwargs, to=f"learner_{i}")

    def get_metadata_routing(self):
        """Return where metadata such as ``sample_weight`` go: to every member.

        ``teach`` routes as ``fit``.

        Returns
        -------
        MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        members = {f"learner_{i}": member for i, member in enumerate(self._given_learners())}
        return MetadataRouter(owner=self).add(**members, method_mapping=mapping)

    @property
    def X_training(self):
        """The samples that the members hold labels for.

        Once where all members hold the same, else those of all members one after the other.
        """
        held = [X for X in map(_data_of, self.learner_list) if X is not None]
        if not held:
            return None
        stacked = held[0]
        if not all(_same_rows(held[0], other) for other in held[1:]):
            for other in held[1:]:
                stacked = stack_rows(stacked, other)
        return stacked

    # Querying ------------------------------------------------------------------------------

    def query(self, X_pool, *query_args, return_metrics=False, **query_kwargs):
        """Choose samples of the pool to label next.

        Parameters
        ----------
        X_pool : array-like, data frame, sparse matrix or list
            The unlabeled samples.
        *query_args, **query_kwargs
            Arguments of the query strategy: first of all ``n_instances``, how many to choose.
        return_metrics : bool, default=False
            Whether to return the strategy's scores too.

        Returns
        -------
        indices : ndarray of int of shape (n_instances,)
            Positions in `X_pool`, best first with skal's strategies.
        instances : same kind as X_pool
            The chosen samples.
        metrics : ndarray of shape (n_instances,)
            Their scores; only with ``return_metrics=True``.
        """
        return query(self, X_pool, query_args, query_kwargs, return_metrics)

    def transform_without_estimating(self, X):
        """Return `X` as the last steps of the members' pipelines see it, side by side."""
        return side_by_side([m.transform_without_estimating(X) for m in self.learner_list])

    # scikit-learn --------------------------------------------------------------------------

    @property
    def n_features_in_(self):
        """The number of features."""
        return self.learner_list[0].n_features_in_

    @property
    def feature_names_in_(self):
        """The feature names."""
        return self.learner_list[0].feature_names_in_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        given = vars(self)["learner_list"]
        learners = given if isinstance(given, list) else [given]
        inner = [get_tags(learner) for learner in learners if hasattr(learner, "__sklearn_tags__")]
        tags.input_tags.sparse = all(t.input_tags.sparse for t in inner)
        tags.input_tags.allow_nan = bool(inner) and all(t.input_tags.allow_nan for t in inner)
        tags.requires_fit = not inner or any(t.requires_fit for t in inner)
        return tags


class Committee(_CommitteeMixin, ClassifierMixin, modAL.models.Committee):
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
    ):
        super().__init__(
            learner_list,
            query_strategy,
            on_transformed,
            n_members=n_members,
            bootstrap=bootstrap,
            random_state=random_state,
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


class CommitteeRegressor(_CommitteeMixin, RegressorMixin, modAL.models.CommitteeRegressor):
    """Several regressing learners, whose spread says where they are unsure.

    Parameters
    ----------
    learner_list, on_transformed, n_members, bootstrap, random_state
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
    ):
        super().__init__(
            learner_list,
            query_strategy,
            on_transformed,
            n_members=n_members,
            bootstrap=bootstrap,
            random_state=random_state,
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


def _check_is_learner(learner):
    """Raise for an estimator; what is neither, such as a mock, may do what members need."""
    if isinstance(learner, BaseEstimator) and not hasattr(learner, "teach"):
        raise TypeError(
            f"learner_list must hold learners, not estimators; got {type(learner).__name__}. Wrap "
            f"it: ActiveLearner({type(learner).__name__}(...))."
        )


def _copy_of(learner):
    """Return a learner that can be trained without changing the one given.

    skal's learners replace what they hold and never change it in place, so a shallow copy is
    enough; modAL's train their estimator in place.
    """
    return copy.copy(learner) if isinstance(learner, ActiveLearner) else copy.deepcopy(learner)


def _member_proba(member, X, classes, predict_proba_kwargs):
    """Return a member's probabilities for all classes; a vote counts as certainty."""
    if not hasattr(member, "predict_proba"):
        return (np.asarray(member.predict(X))[:, None] == classes).astype(np.float64)
    proba = member.predict_proba(X, **predict_proba_kwargs)
    return align_proba(proba, member.estimator.classes_, classes)


def _one_column(y):
    """Return a column vector as one dimension, with scikit-learn's warning."""
    y = as_rows(y)
    is_column = np.ndim(y) == 2 and np.shape(y)[1] == 1
    return column_or_1d(y, warn=True) if is_column else y


def _data_of(member):
    return getattr(member, "X_training", None)


def _are_copies(members):
    """Return whether all estimators are of one kind with the same parameters, seeds aside."""
    estimators = [member.get_params(deep=False)["estimator"] for member in members]
    return len({joblib.hash((type(e), _without_seeds(e))) for e in estimators}) == 1


def _without_seeds(estimator):
    if not hasattr(estimator, "get_params"):
        return estimator
    params = estimator.get_params(deep=True)
    return {
        name: repr(value) if hasattr(value, "get_params") else value
        for name, value in params.items()
        if name.rpartition("__")[2] != "random_state"
    }


def _draws_randomness(member, X, y):
    """Return whether training draws from a generator that is given to it as its seed."""
    estimator = clone(member.get_params(deep=False)["estimator"], safe=False)
    if not hasattr(estimator, "get_params"):
        return True  # nothing is known of it
    seeds = [n for n in estimator.get_params(deep=True) if n.rpartition("__")[2] == "random_state"]
    if not seeds:
        return False
    generator = np.random.RandomState(0)
    before = generator.get_state()[2]
    estimator.set_params(**dict.fromkeys(seeds, generator)).fit(X, y)
    return generator.get_state()[2] != before


def _share_samples(members, before):
    """Let members hold one object for the samples if they held one before these were added."""
    shared = {}
    for member, old in zip(members, before, strict=True):
        if isinstance(member, ActiveLearner):
            X = shared.setdefault(id(old.X_training), member.labeled_.X)
            member.labeled_ = member.labeled_._replace(X=X)


def _same_rows(first, second):
    if first is second:
        return True
    if n_rows(first) != n_rows(second) or not isinstance(first, np.ndarray):
        return False
    return np.array_equal(first, second)
