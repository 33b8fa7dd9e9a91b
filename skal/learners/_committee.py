"""What committees of classifiers and of regressors share: members, learning, querying."""

import copy
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted, column_or_1d

from .._data import n_rows, stack_rows
from .._random import derive_seed
from ._agreement import can_disagree
from ._labeled import as_rows
from ._params import given_params
from ._query import QueryMixin
from ._training import routed_params
from ._transform import side_by_side
from .active import ActiveLearner


class CommitteeMixin(QueryMixin):
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
        n_jobs=None,
    ):
        self.learner_list = learner_list
        self.query_strategy = query_strategy
        self.on_transformed = on_transformed
        self.n_members = n_members
        self.bootstrap = bootstrap
        self.random_state = random_state
        self.n_jobs = n_jobs

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
        """Return whether training on `X` and `y` can ever give members that differ."""
        members = [m for m in self._given_learners() if isinstance(m, ActiveLearner)]
        if self.bootstrap or len(members) < len(self._given_learners()):
            return True
        return can_disagree([m.get_params(deep=False)["estimator"] for m in members], X, y)

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
        return given_params(self, ("learner_list", "query_strategy"), deep)

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
        bootstrap = bootstrap or self.bootstrap
        members = self._train(self._new_members(), _fit, fit_kwargs, X, _one_column(y), bootstrap)
        _share_samples(members, [None] * len(members))
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
        bootstrap, members = bootstrap or self.bootstrap, map(_copy_of, self.learner_list)
        train = _teach_only_new if only_new else _teach
        members = self._train(members, train, fit_kwargs, X, y, bootstrap)
        _share_samples(members, [_data_of(member) for member in self.learner_list])
        self.members_ = members
        return self

    def rebag(self, **fit_kwargs):
        """Train every member on a bootstrap sample of its own data.

        Returns
        -------
        self
        """
        members = self._train(map(_copy_of, self.learner_list), _rebag, fit_kwargs)
        _share_samples(members, [_data_of(member) for member in self.learner_list])
        self.members_ = members
        return self

    def _train(self, members, train, fit_kwargs, *args):
        """Return the members after `train`, which runs in processes of its own where asked."""
        return Parallel(n_jobs=self.n_jobs)(
            delayed(train)(member, *args, self._routed(i, fit_kwargs))
            for i, member in enumerate(members)
        )

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


def _fit(member, X, y, bootstrap, params):
    member.fit(X, y, bootstrap=bootstrap, **params)
    return member


def _teach(member, X, y, bootstrap, params):
    member.teach(X, y, bootstrap=bootstrap, **params)
    return member


def _teach_only_new(member, X, y, bootstrap, params):
    member._add_training_data(X, y)
    member._fit_on_new(X, y, bootstrap=bootstrap, **params)
    return member


def _rebag(member, params):
    member._fit_to_known(bootstrap=True, **params)
    return member


def _one_column(y):
    """Return a column vector as one dimension, with scikit-learn's warning."""
    y = as_rows(y)
    is_column = np.ndim(y) == 2 and np.shape(y)[1] == 1
    return column_or_1d(y, warn=True) if is_column else y


def _data_of(member):
    return getattr(member, "X_training", None)


def _share_samples(members, held_before):
    """Let members hold one object for the samples if they held one before these were added."""
    shared = {}
    for member, X in zip(members, held_before, strict=True):
        if isinstance(member, ActiveLearner):
            X = shared.setdefault(id(X), member.labeled_.X)
            member.labeled_ = member.labeled_._replace(X=X)


def _same_rows(first, second):
    if first is second:
        return True
    if n_rows(first) != n_rows(second) or not isinstance(first, np.ndarray):
        return False
    return np.array_equal(first, second)
