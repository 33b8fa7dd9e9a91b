"""The active learner: an estimator that holds its labeled data, queries, and is taught."""

import modAL.models
from modAL.uncertainty import uncertainty_sampling
from sklearn.base import MetaEstimatorMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ._labeled import LabeledData, check_values, validate_labeled
from ._params import given_params
from ._query import QueryMixin
from ._training import fit_estimator, routed_params
from ._transform import transform_without_estimating


def _allows_nan(estimator):
    return hasattr(estimator, "__sklearn_tags__") and get_tags(estimator).input_tags.allow_nan


def _estimator_has(method):
    def check(learner):
        return hasattr(learner._current_estimator, method)

    return check


class ActiveLearner(QueryMixin, MetaEstimatorMixin, modAL.models.ActiveLearner):
    """An estimator that chooses which samples to label next, and learns from the labels.

    The class keeps modAL's interface and is a scikit-learn estimator: it can be cloned, searched,
    pickled, put in a pipeline, and it is a classifier or a regressor as its estimator is. The
    estimator that you pass is cloned, never trained itself. A learner that is built with training
    data trains at its first use.

    Parameters
    ----------
    estimator : estimator or None
        What learns: any object with ``fit`` and ``predict``. None serves to query only.
    query_strategy : callable, default=modAL.uncertainty.uncertainty_sampling
        What chooses: one of :mod:`skal.query`, a function of modAL, or any callable that takes
        ``(learner, X_pool, ...)`` and returns indices, or a tuple of indices and metrics.
    X_training, y_training : array-like, data frame, sparse matrix or list, default=None
        Labeled data to begin with. Reading the attributes gives the data labeled so far;
        ``get_params`` and ``clone`` keep what the constructor got.
    bootstrap_init : bool, default=False
        Whether the first fit on the constructor's data is on a bootstrap sample of it.
    on_transformed : bool, default=False
        Whether modAL's ranked batch strategies measure distances on the transformed features.
    force_all_finite : bool, default=True
        Whether NaN and infinity in `X` or `y` are refused.
    warm_start : bool, default=False
        Whether `teach` goes on from the last fit instead of fitting from scratch. The estimator
        must have a parameter ``warm_start``, which is set.
    random_state : int, RandomState instance or None, default=None
        Seeds bootstrap samples, query strategies, and an estimator whose own seeds are None. With
        an integer, the same calls give the same results.
    **fit_kwargs
        Keyword arguments of the estimator's ``fit``: with `X_training`, of the first fit only, as
        in modAL; without, of every fit.

    Attributes
    ----------
    estimator : estimator
        The fitted estimator, once there is one.
    classes_ : ndarray of shape (n_classes,)
        The classes seen; classifiers only.
    n_features_in_ : int
        The number of features, where the estimator knows it.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        The feature names, where the estimator has seen a data frame.

    See Also
    --------
    Committee : Several learners that vote.
    skal.ActiveLearningLoop : A whole run of queries as one estimator.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skal import ActiveLearner
    >>> from skal.query import Margin
    >>> learner = ActiveLearner(
    ...     LogisticRegression(), Margin(), X_training=[[0.0], [1.0]], y_training=["no", "yes"])
    >>> X_pool = [[-1.0], [0.45], [3.0]]
    >>> indices, instances = learner.query(X_pool, n_instances=1)
    >>> indices, instances
    (array([1]), [[0.45]])
    >>> learner.teach(instances, ["yes"]).predict([[0.45]])
    array(['yes'], dtype='<U3')
    """

    def __init__(
        self,
        estimator,
        query_strategy=uncertainty_sampling,
        X_training=None,
        y_training=None,
        bootstrap_init=False,
        on_transformed=False,
        force_all_finite=True,
        *,
        warm_start=False,
        random_state=None,
        **fit_kwargs,
    ):
        self.estimator = estimator
        self.query_strategy = query_strategy
        self.X_training = X_training
        self.y_training = y_training
        self.bootstrap_init = bootstrap_init
        self.on_transformed = on_transformed
        self.force_all_finite = force_all_finite
        self.warm_start = warm_start
        self.random_state = random_state
        self._fit_kwargs = fit_kwargs

    # Parameters ----------------------------------------------------------------------------
    # The constructor's arguments live in the instance dict under their own names, and properties
    # of the same names show users the state that has grown out of them.

    @property
    def estimator(self):
        """The fitted estimator, once there is one."""
        self._train_on_given()
        return self._current_estimator

    @estimator.setter
    def estimator(self, value):
        vars(self).pop("estimator_", None)
        vars(self)["estimator"] = value

    @property
    def X_training(self):
        """The samples labeled so far."""
        return None if self._labeled is None else self._labeled.X

    @X_training.setter
    def X_training(self, value):
        self._set_training("X", value)

    @property
    def y_training(self):
        """The labels so far."""
        return None if self._labeled is None else self._labeled.y

    @y_training.setter
    def y_training(self, value):
        self._set_training("y", value)

    def _set_training(self, name, value):
        if value is None:
            vars(self).pop("labeled_", None)
        elif "labeled_" in vars(self):
            weight = self.labeled_.sample_weight if name == "y" else None  # others, other weights
            self.labeled_ = self.labeled_._replace(**{name: value}, sample_weight=weight)
        vars(self)[f"{name}_training"] = value

    def get_params(self, deep=True):
        """Return the constructor's arguments, as they were given.

        Parameters
        ----------
        deep : bool, default=True
            Whether to add those of the estimator and the strategy, as ``estimator__...``.

        Returns
        -------
        dict
        """
        return {**given_params(self, ("estimator", "query_strategy"), deep), **self._fit_kwargs}

    def set_params(self, **params):
        """Set parameters, nested ones as ``estimator__...`` and ``query_strategy__...``.

        Returns
        -------
        self
        """
        own = {name: params.pop(name) for name in list(params) if name in self._fit_kwargs}
        self._fit_kwargs = {**self._fit_kwargs, **own}
        return super().set_params(**params)

    # State ---------------------------------------------------------------------------------

    @property
    def _current_estimator(self):
        return vars(self).get("estimator_", vars(self)["estimator"])

    @property
    def _labeled(self):
        """The labeled data: those learned from, before that the constructor's, or None."""
        if "labeled_" in vars(self):
            return self.labeled_
        X, y = vars(self)["X_training"], vars(self)["y_training"]
        return None if X is None else LabeledData(X, y, self._fit_kwargs.get("sample_weight"))

    @property
    def _given_fit_params(self):
        return {k: v for k, v in self._fit_kwargs.items() if k != "sample_weight"}

    def _train_on_given(self):
        """Train on the constructor's data, if that has not happened yet."""
        if vars(self)["estimator"] is None:
            return  # there are queries that need labeled data and no model, such as CoreSet
        if "estimator_" not in vars(self) and self._labeled is not None:
            data = self._checked_labeled()
            self._learn(data, data, self.bootstrap_init, self._given_fit_params)

    def _learn(self, data, labeled, bootstrap, fit_params, previous=None):
        """Fit on `data`, and only then hold the fitted estimator and the `labeled` data."""
        estimator = vars(self)["estimator"]
        if estimator is None:
            raise TypeError("this learner has no estimator to train: it was built with None.")
        fitted = fit_estimator(self, estimator, data, bootstrap, fit_params, previous)
        self.estimator_ = fitted
        if labeled is not None:
            self.labeled_ = labeled
        return self

    def _go_on_from(self, fitted, X, y, sample_weight=None):
        """Take labeled samples, and an estimator that was trained on them before."""
        self._add_training_data(X, y, sample_weight)
        self.estimator_ = fitted

    def _holds_data(self):
        return self._labeled is not None

    def __sklearn_is_fitted__(self):
        if self._labeled is not None or "estimator_" in vars(self):
            return True
        try:
            check_is_fitted(vars(self)["estimator"])
        except (NotFittedError, TypeError):
            return False
        return True

    # Learning ------------------------------------------------------------------------------

    def fit(self, X, y, bootstrap=False, **fit_kwargs):
        """Train on `X` and `y` alone, and forget what was labeled before.

        Parameters
        ----------
        X : array-like, data frame, sparse matrix or list
            The samples, of any shape that the estimator takes.
        y : array-like of shape (n_samples,), (n_samples, n_outputs) or (n_samples, H, W)
            Their labels.
        bootstrap : bool, default=False
            Whether to train on a bootstrap sample.
        **fit_kwargs
            Keyword arguments of the estimator's ``fit``; ``sample_weight`` is kept for each row.

        Returns
        -------
        self
        """
        if vars(self)["X_training"] is None:
            fit_kwargs = {**self._fit_kwargs, **fit_kwargs}
        weight = fit_kwargs.pop("sample_weight", None)
        data = validate_labeled(X, y, weight, self.force_all_finite)
        return self._learn(data, data, bootstrap, fit_kwargs)

    def teach(self, X, y, bootstrap=False, only_new=False, **fit_kwargs):
        """Add newly labeled samples and train on all of them.

        If anything fails, the learner is as it was before the call.

        Parameters
        ----------
        X : array-like, data frame, sparse matrix or list
            The new samples.
        y : array-like
            Their labels.
        bootstrap : bool, default=False
            Whether to train on a bootstrap sample.
        only_new : bool, default=False
            Whether to train on the new samples alone, which are then not kept.
        **fit_kwargs
            Keyword arguments of the estimator's ``fit``. ``sample_weight`` holds the weights of
            the new samples; rows taught without weights count 1.

        Returns
        -------
        self
        """
        if vars(self)["X_training"] is None:
            fit_kwargs = {**self._given_fit_params, **fit_kwargs}
        new = validate_labeled(X, y, fit_kwargs.pop("sample_weight", None), self.force_all_finite)
        grown = self._grown_by(new)
        if only_new:
            return self._learn(
                new, self._kept_of_only_new(grown), bootstrap, fit_kwargs, self._warm_estimator()
            )
        return self._learn(grown, grown, bootstrap, fit_kwargs, self._warm_estimator())

    def _grown_by(self, new):
        """Return the labeled data followed by `new`."""
        return new if self._labeled is None else self._checked_labeled().extended(new)

    def _checked_labeled(self):
        """Return the labeled data; only those of the constructor were not looked at before."""
        if self._labeled is None:
            raise NotFittedError("this learner holds no labeled samples. Call fit or teach first.")
        if "labeled_" in vars(self):
            return self.labeled_
        return validate_labeled(*self._labeled, self.force_all_finite)

    def _kept_of_only_new(self, grown):
        """Return what to hold after training on new samples alone; None is what was held before."""
        return None

    def _warm_estimator(self):
        """Return the fitted estimator to go on from, if the learner warm-starts."""
        if not self.warm_start:
            return None
        self._train_on_given()
        return vars(self).get("estimator_")

    def relabel(self, indices, y):
        """Correct labels and train again.

        Parameters
        ----------
        indices : int or sequence of int
            Positions in `X_training`.
        y : array-like
            The right labels, one for each index.

        Returns
        -------
        self
        """
        return self._relearn(self._checked_labeled().relabeled(indices, y))

    def forget(self, indices):
        """Drop labeled samples and train on the rest.

        Parameters
        ----------
        indices : int or sequence of int
            Positions in `X_training`; at least one other sample must be left.

        Returns
        -------
        self
        """
        data = self._checked_labeled()
        left = data.without(indices)
        if not left.n_samples:
            raise ValueError(
                f"forget must leave at least one labeled sample; got all {data.n_samples}. Use "
                f"sklearn.base.clone for a learner without data."
            )
        return self._relearn(left)

    def _relearn(self, data):
        data = validate_labeled(*data, self.force_all_finite)
        fit_params = self._given_fit_params if vars(self)["X_training"] is None else {}
        return self._learn(data, data, False, fit_params)

    # modAL's protected methods, which its subclasses and committees call ---------------------

    def _add_training_data(self, X, y, sample_weight=None):
        new = validate_labeled(X, y, sample_weight, self.force_all_finite)
        self.labeled_ = self._grown_by(new)

    def _fit_to_known(self, bootstrap=False, **fit_kwargs):
        data = self._checked_labeled()
        return self._learn(data, data, bootstrap, fit_kwargs)

    def _fit_on_new(self, X, y, bootstrap=False, sample_weight=None, **fit_kwargs):
        new = validate_labeled(X, y, sample_weight, self.force_all_finite)
        return self._learn(new, None, bootstrap, fit_kwargs)

    def transform_without_estimating(self, X):
        """Return `X` as the last step of the estimator's pipeline sees it, else `X` itself."""
        return transform_without_estimating(self.estimator, X)

    # Predicting ----------------------------------------------------------------------------

    def _predictor(self, X):
        """Return the fitted estimator, having looked at `X` if it would let NaN pass."""
        if vars(self)["estimator"] is None:
            raise TypeError("this learner has no estimator to predict with: it was built with None")
        self._check_finite("X", X)
        return self.estimator

    def _check_finite(self, name, X):
        """Raise for NaN and infinity if the learner refuses what its estimator would let pass."""
        if self.force_all_finite and _allows_nan(vars(self)["estimator"]):
            check_values(name, X, all_finite=True)

    def predict(self, X, **predict_kwargs):
        """Predict with the estimator; keyword arguments are the estimator's."""
        return self._predictor(X).predict(X, **predict_kwargs)

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X, **predict_kwargs):
        """Return class probabilities, of shape (n_samples, n_classes)."""
        return self._predictor(X).predict_proba(X, **predict_kwargs)

    @available_if(_estimator_has("predict_log_proba"))
    def predict_log_proba(self, X, **predict_kwargs):
        """Return logarithms of class probabilities, of shape (n_samples, n_classes)."""
        return self._predictor(X).predict_log_proba(X, **predict_kwargs)

    @available_if(_estimator_has("decision_function"))
    def decision_function(self, X, **predict_kwargs):
        """Return the estimator's decision values."""
        return self._predictor(X).decision_function(X, **predict_kwargs)

    @available_if(_estimator_has("score"))
    def score(self, X, y, **score_kwargs):
        """Score predictions as the estimator does; keyword arguments are the estimator's."""
        routed = routed_params(self, "score", score_kwargs)
        return self._predictor(X).score(X, y, **routed)

    @property
    def classes_(self):
        """The classes seen."""
        return self._fitted_attribute("classes_")

    @property
    def n_features_in_(self):
        """The number of features."""
        return self._fitted_attribute("n_features_in_")

    @property
    def feature_names_in_(self):
        """The feature names."""
        return self._fitted_attribute("feature_names_in_")

    def _fitted_attribute(self, name):
        try:
            return getattr(self.estimator, name)
        except AttributeError as error:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}") from error

    # scikit-learn --------------------------------------------------------------------------

    def get_metadata_routing(self):
        """Return where metadata such as ``sample_weight`` go: to the estimator.

        ``teach`` routes as ``fit``.

        Returns
        -------
        MetadataRouter
        """
        mapping = (
            MethodMapping().add(caller="fit", callee="fit").add(caller="score", callee="score")
        )
        return MetadataRouter(owner=self).add(
            estimator=vars(self)["estimator"], method_mapping=mapping
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        if not hasattr(vars(self)["estimator"], "__sklearn_tags__"):
            return tags
        inner = get_tags(vars(self)["estimator"])
        tags.estimator_type = inner.estimator_type
        tags.target_tags = inner.target_tags
        tags.target_tags.required = True
        tags.classifier_tags = inner.classifier_tags
        tags.regressor_tags = inner.regressor_tags
        tags.input_tags = inner.input_tags
        tags.input_tags.allow_nan = inner.input_tags.allow_nan and not self.force_all_finite
        tags.non_deterministic = inner.non_deterministic
        tags.requires_fit = inner.requires_fit
        return tags
