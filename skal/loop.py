"""A whole active learning run as one estimator."""

import copy
import time
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import pandas as pd
from modAL.models.base import BaseCommittee
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.metrics import check_scoring
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ._compat import HasMethods, Interval, StrOptions
from ._data import n_rows, sample_shape, take_rows
from ._initial import initial_indices
from ._oracle import LossOracle
from ._random import derive_seed
from .learners import Committee, CommitteeRegressor
from .learners._labeled import validate_labeled
from .learners._query import select
from .query._members import align_proba


def _learner_has(method):
    def check(loop):
        return hasattr(getattr(loop, "learner_", loop.learner), method)

    return check


class ActiveLearningLoop(MetaEstimatorMixin, BaseEstimator):
    """A run of queries on known labels, as one estimator.

    ``fit(X, y)`` plays the game that strategies are judged by: label a few samples, then let the
    learner choose more, round by round, with `y` as the oracle. The labels that no query asked for
    are never looked at, so the loop can be cross-validated and searched like any estimator: in
    each fold the pool and the evaluation data are apart.

    Parameters
    ----------
    learner : ActiveLearner, Committee or CommitteeRegressor
        Who learns, and by its query strategy chooses. It must hold no data; it is cloned.
    n_initial : int or float, default=0.1
        How many samples are labeled at first: a number, or a share in (0, 1] of all.
    initial : {"random", "stratified"} or callable, default="random"
        Which those are. ``"random"`` draws uniformly, and goes on drawing until a classifier has
        seen two classes. ``"stratified"`` draws every class by its share, and at least one of each
        while there is room; it knows labels that nobody has paid for. A query strategy that needs
        no model, such as ``CoreSet()``, makes a cold start.
    n_instances : int or float, default=0.1
        How many samples each query chooses: a number, or a share in (0, 1] of all. The last query
        takes what is left.
    n_queries : int or None, default=4
        How many queries there are; None goes on until the pool is empty.
    scoring : str, callable or None, default=None
        How to score; None is the learner's own `score`.
    stopping : StoppingRule, list of them, or None, default=None
        Rules of :mod:`skal.stopping` that end the run before `n_queries`; any of them may.
    use_query_weights : bool, default=False
        Whether weights that come with a selection become the sample weights of the labels.
    use_pool : bool, default=False
        Whether the estimator's ``fit`` gets the samples that are left in the pool, without labels,
        as ``X_unlabeled``: for one that learns from them too, as a ``SelfTrainingSegmenter``.
    keep_estimators : bool, default=False
        Whether to keep the model of every round, for `staged_predict`.
    count_validation : bool, default=True
        Whether the labels of `X_val` count as labels used.
    random_state : int, RandomState instance or None, default=None
        Seeds the initial draw, and everything below it whose own seed is None.

    Attributes
    ----------
    learner_ : learner
        The learner after the last round.
    history_ : list of dict
        A record for each round: ``round``, ``n_labels`` used so far, ``indices`` labeled in this
        round, ``score`` on the validation data if there are any, ``fit_seconds`` and
        ``query_seconds``; ``query_weights`` where a selection had any that were used. Samples whose
        true loss a strategy asked for are labeled too: they follow the chosen, with weight 1.
    labeled_indices_ : ndarray of int
        Positions in `X` of all labeled samples, in the order of labeling.
    estimators_ : list
        The model of every round, with ``keep_estimators=True``.
    classes_ : ndarray of shape (n_classes,)
        The classes of `y`, which annotators know too; classifiers only.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        The feature names, where `X` is a data frame.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skal import ActiveLearner, ActiveLearningLoop
    >>> from skal.query import Margin
    >>> X, y = load_iris(return_X_y=True)
    >>> loop = ActiveLearningLoop(
    ...     ActiveLearner(LogisticRegression(max_iter=1000), Margin()),
    ...     n_initial=5, n_instances=5, n_queries=3, random_state=0)
    >>> [record["n_labels"] for record in loop.fit(X, y).history_]
    [5, 10, 15, 20]
    """

    _parameter_constraints: ClassVar = {
        "learner": [HasMethods(["fit", "teach", "query"])],
        "n_initial": [
            Interval(Integral, 1, None, closed="left"),
            Interval(Real, 0, 1, closed="right"),
        ],
        "initial": [StrOptions({"random", "stratified"}), callable],
        "n_instances": [
            Interval(Integral, 1, None, closed="left"),
            Interval(Real, 0, 1, closed="right"),
        ],
        "n_queries": [Interval(Integral, 0, None, closed="left"), None],
        "scoring": [str, callable, None],
        "stopping": [HasMethods("update"), list, None],
        "use_query_weights": ["boolean"],
        "use_pool": ["boolean"],
        "keep_estimators": ["boolean"],
        "count_validation": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        learner,
        *,
        n_initial=0.1,
        initial="random",
        n_instances=0.1,
        n_queries=4,
        scoring=None,
        stopping=None,
        use_query_weights=False,
        use_pool=False,
        keep_estimators=False,
        count_validation=True,
        random_state=None,
    ):
        self.learner = learner
        self.n_initial = n_initial
        self.initial = initial
        self.n_instances = n_instances
        self.n_queries = n_queries
        self.scoring = scoring
        self.stopping = stopping
        self.use_query_weights = use_query_weights
        self.use_pool = use_pool
        self.keep_estimators = keep_estimators
        self.count_validation = count_validation
        self.random_state = random_state

    # The run -------------------------------------------------------------------------------

    def fit(self, X, y, X_val=None, y_val=None, **fit_params):
        """Spend the label budget.

        Parameters
        ----------
        X : array-like, data frame, sparse matrix or list
            The samples: all are unlabeled at first.
        y : array-like
            Their labels, which only queries uncover.
        X_val, y_val : array-like, default=None
            Data to score every round on.
        **fit_params
            Keyword arguments of the estimator's ``fit``. ``sample_weight`` holds a weight for each
            sample of `X`.

        Returns
        -------
        self
        """
        for _ in self.iter_fit(X, y, X_val, y_val, **fit_params):
            pass
        return self

    def iter_fit(self, X, y, X_val=None, y_val=None, *, done=(), fitted=None, **fit_params):
        """Run like `fit`, and yield the record of each round when it ends.

        Between two rounds the loop can be used: it predicts with the learner so far.

        Parameters
        ----------
        X, y, X_val, y_val, **fit_params
            As for `fit`.
        done : sequence of dict, default=()
            Records of rounds that an earlier run with the same arguments has finished. Their
            labels are taught anew, and the run goes on with the next round. Not with stopping
            rules, which would not have seen those rounds.
        fitted : estimator, default=None
            The learner's estimator as it was after these rounds, if it was kept: it is gone on
            with, and not trained again.

        Yields
        ------
        dict
            The record of a round that is not in `done`; `history_` holds all of them.
        """
        X, y = self._start(X, y, X_val, y_val)
        weights = fit_params.pop("sample_weight", None)
        if done:
            self._teach_again(X, y, done, weights, fit_params, fitted)
        while not (self.history_ and self._is_over(X, self._unlabeled(X))):
            chosen, query_weights, query_seconds = self._choose(X, y)
            weight = _product(weights, query_weights, chosen)
            fit_seconds = self._label(X, y, chosen, weight, fit_params)
            record = self._record(chosen, query_weights, X_val, y_val)
            record.update(fit_seconds=fit_seconds, query_seconds=query_seconds)
            yield record

    def _start(self, X, y, X_val, y_val):
        self._validate_params()
        if self.learner._holds_data():
            raise ValueError(
                "the learner of a loop must hold no data: the loop labels its own. Pass a learner "
                "without X_training."
            )
        all_finite = not get_tags(self.learner).input_tags.allow_nan
        X, y, _ = validate_labeled(X, y, None, all_finite)
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val belong together; got only one of them.")
        self.n_initial_ = self._count("n_initial", n_rows(X))
        self.n_instances_ = self._count("n_instances", n_rows(X))
        self.learner_ = self._seeded_learner()
        vars(self).pop("classes_", None)
        if is_classifier(self.learner_) and np.ndim(y) == 1:
            self.classes_ = np.unique(y)
        self.rules_ = [clone(rule) for rule in self._rules()]
        self.n_validation_ = n_rows(y_val) if y_val is not None and self.count_validation else 0
        self.history_, self.labeled_indices_ = [], np.empty(0, dtype=np.intp)
        if self.keep_estimators:
            self.estimators_ = []
        return _array_if_numbers(X), y

    def _rules(self):
        if self.stopping is None:
            return []
        return self.stopping if isinstance(self.stopping, list) else [self.stopping]

    def _count(self, name, n_samples):
        value = getattr(self, name)
        count = value if isinstance(value, Integral) else max(1, round(value * n_samples))
        if name == "n_initial" and count > n_samples:
            raise ValueError(
                f"n_initial must be at most the number of samples; got n_initial={value} for "
                f"{n_samples} samples."
            )
        return int(count)

    def _seeded_learner(self):
        learner = clone(self.learner)
        if learner.random_state is None and self.random_state is not None:
            learner.set_params(random_state=derive_seed(self.random_state, 0, "learner"))
        return learner

    def _choose(self, X, y):
        """Return what to label next: first the initial set, then what a query chooses."""
        if self.history_:
            return self._query(X, y, self._unlabeled(X))
        chosen = initial_indices(self, X, y)
        self._check_committee(X, y, chosen)
        return chosen, None, 0.0

    def _unlabeled(self, X):
        unlabeled = np.ones(n_rows(X), dtype=bool)
        unlabeled[self.labeled_indices_] = False
        return unlabeled

    def _teach_again(self, X, y, done, weights, fit_params, fitted):
        """Teach the labels of finished rounds: all at once, unless each round leaves a trace."""
        if self.rules_:
            raise ValueError(
                "the stopping rules have not seen the rounds that are done. Resume without "
                "stopping, or run from the start."
            )
        self.history_ = [dict(record) for record in done]
        rounds = [np.asarray(record["indices"], dtype=np.intp) for record in done]
        query_weights = _query_weights(done)
        self._check_committee(X, y, rounds[0])
        if fitted is not None or not (self.keep_estimators or _warm_starts(self.learner_)):
            joined = None if query_weights[0] is None else np.concatenate(query_weights)
            rounds, query_weights = [np.concatenate(rounds)], [joined]
        for indices, theirs in zip(rounds, query_weights, strict=True):
            weight = _product(weights, theirs, indices)
            if fitted is None:
                self._label(X, y, indices, weight, fit_params)
            else:
                self.learner_._go_on_from(
                    fitted, take_rows(X, indices), take_rows(y, indices), weight
                )
                self.labeled_indices_ = indices

    def _label(self, X, y, chosen, weight, fit_params):
        """Teach the learner the labels of `chosen`, and return the seconds it took."""
        if weight is not None:
            fit_params = {**fit_params, "sample_weight": weight}
        if self.use_pool:
            left = np.setdiff1d(np.flatnonzero(self._unlabeled(X)), chosen)
            fit_params = {**fit_params, "X_unlabeled": take_rows(X, left)}
        start = time.perf_counter()
        teach = self.learner_.teach if len(self.labeled_indices_) else self.learner_.fit
        teach(take_rows(X, chosen), take_rows(y, chosen), **fit_params)
        self.labeled_indices_ = np.concatenate([self.labeled_indices_, chosen])
        if self.keep_estimators:
            self.estimators_.append(_snapshot(self.learner_))
        return time.perf_counter() - start

    def _query(self, X, y, unlabeled):
        positions = np.flatnonzero(unlabeled)
        n_instances = min(self.n_instances_, len(positions))
        start = time.perf_counter()
        X_pool = take_rows(X, positions)
        oracle = LossOracle(self.learner_, X, y, positions)
        selection = select(self.learner_, X_pool, (), {"n_instances": n_instances}, oracle)
        seconds = time.perf_counter() - start
        chosen = positions[np.atleast_1d(selection.indices)]
        uncovered = oracle.uncovered(chosen)
        weights = selection.weights if self.use_query_weights else None
        if weights is not None:
            weights = np.concatenate([weights, np.ones(len(uncovered))])
        return np.concatenate([chosen, uncovered]), weights, seconds

    def _record(self, chosen, query_weights, X_val, y_val):
        record = {
            "round": len(self.history_),
            "n_labels": len(self.labeled_indices_) + self.n_validation_,
            "indices": chosen,
        }
        if query_weights is not None:
            record["query_weights"] = query_weights
        if X_val is not None:
            record["score"] = float(self.score(X_val, y_val))
        self.history_.append(record)
        return record

    def _is_over(self, X, unlabeled):
        if not unlabeled.any() or len(self.history_) - 1 == self.n_queries:
            return True
        said = [
            rule.update(self, X, unlabeled) for rule in self.rules_
        ]  # every rule sees all rounds
        return any(said)

    def _check_committee(self, X, y, chosen):
        """Refuse a committee whose members are copies of one deterministic model."""
        if not isinstance(self.learner_, Committee | CommitteeRegressor):
            return
        if not self.learner_._can_disagree(take_rows(X, chosen), take_rows(y, chosen)):
            raise ValueError(
                f"the {len(self.learner_)} members of the committee are copies of one "
                f"deterministic model: they can never disagree. Train each on a sample of its own "
                f"with bootstrap=True, or use members of different kinds."
            )

    # Judging the run -----------------------------------------------------------------------

    def history_to_frame(self):
        """Return `history_` as a data frame, one row a round.

        Returns
        -------
        pandas.DataFrame
        """
        check_is_fitted(self)
        return pd.DataFrame(self.history_)

    def staged_predict(self, X):
        """Yield the predictions for `X` of the model of each round.

        Yields
        ------
        ndarray of shape (n_samples,)
        """
        for estimator in self._kept_estimators():
            yield estimator.predict(X)

    def staged_score(self, X, y):
        """Yield the score on `X` and `y` of the model of each round.

        Yields
        ------
        float
        """
        for estimator in self._kept_estimators():
            yield float(check_scoring(estimator, self.scoring)(estimator, X, y))

    def _kept_estimators(self):
        check_is_fitted(self)
        if not self.keep_estimators:
            raise ValueError(
                "the models of the rounds were not kept. Use keep_estimators=True and fit again."
            )
        return self.estimators_

    # Predicting ----------------------------------------------------------------------------

    def __sklearn_is_fitted__(self):
        return len(getattr(self, "labeled_indices_", ())) > 0

    def _fitted_learner(self):
        check_is_fitted(self)
        return self.learner_

    @available_if(_learner_has("predict"))
    def predict(self, X):
        """Predict with the learner of the last round."""
        return self._fitted_learner().predict(X)

    @available_if(_learner_has("predict_proba"))
    def predict_proba(self, X):
        """Return class probabilities, of shape (n_samples, n_classes).

        A class of `y` that no query has uncovered has probability 0.
        """
        learner = self._fitted_learner()
        proba = learner.predict_proba(X)
        if not hasattr(self, "classes_"):
            return proba
        return align_proba(proba, learner.classes_, self.classes_)

    @available_if(_learner_has("predict_proba"))
    def predict_log_proba(self, X):
        """Return logarithms of class probabilities, of shape (n_samples, n_classes)."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    @available_if(_learner_has("decision_function"))
    def decision_function(self, X):
        """Return the estimator's decision values."""
        return self._fitted_learner().decision_function(X)

    def score(self, X, y):
        """Score the learner of the last round."""
        learner = self._fitted_learner()
        if self.scoring is None:
            return learner.score(X, y)
        return check_scoring(self, self.scoring)(self, X, y)

    @property
    def n_features_in_(self):
        """The number of features."""
        return self._learned_attribute("n_features_in_")

    @property
    def feature_names_in_(self):
        """The feature names."""
        return self._learned_attribute("feature_names_in_")

    def _learned_attribute(self, name):
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r} before fit")
        return getattr(self.learner_, name)

    # scikit-learn --------------------------------------------------------------------------

    def get_metadata_routing(self):
        """Return where metadata such as ``sample_weight`` go: to the learner.

        Returns
        -------
        MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        return MetadataRouter(owner=self).add(learner=self.learner, method_mapping=mapping)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.learner)
        tags.estimator_type = inner.estimator_type
        tags.target_tags = inner.target_tags
        tags.classifier_tags = inner.classifier_tags
        tags.regressor_tags = inner.regressor_tags
        tags.input_tags = inner.input_tags
        return tags


def _warm_starts(learner):
    members = learner if isinstance(learner, BaseCommittee) else [learner]
    return any(getattr(member, "warm_start", False) for member in members)


def _snapshot(learner):
    """Return what predicts as the learner does now, without its labeled data."""
    return copy.copy(learner) if isinstance(learner, BaseCommittee) else learner.estimator


def _array_if_numbers(X):
    """Return a list of rows as an array, which modAL's strategies need; texts stay a list."""
    return np.asarray(X) if isinstance(X, list) and sample_shape(X) else X


def _query_weights(records):
    """Return the query weights of each round; ones where only other rounds had some."""
    if not any("query_weights" in record for record in records):
        return [None] * len(records)
    return [np.asarray(r.get("query_weights", np.ones(len(r["indices"])))) for r in records]


def _product(weights, query_weights, chosen):
    """Return the weights of the chosen samples: the user's, times those of the query."""
    if weights is None:
        return query_weights
    weights = np.asarray(weights, dtype=np.float64)[chosen]
    return weights if query_weights is None else weights * query_weights
