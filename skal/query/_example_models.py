"""Pools, learners and other models that the contract of query strategies is checked with."""

import copy
import warnings

import modAL.models
import numpy as np
from sklearn.ensemble import BaggingClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from .._data import stack_rows
from .base import QueryStrategy


def example_pool():
    """Return a pool of 30 samples with 4 features, none like another.

    Returns
    -------
    ndarray of shape (30, 4)
    """
    return np.random.RandomState(1).normal(size=(30, 4))


def example_learner(strategy):
    """Return a learner that fits a strategy, by the views of the pool that the strategy reads.

    Parameters
    ----------
    strategy : QueryStrategy

    Returns
    -------
    modAL.models.ActiveLearner
        It holds 24 labeled samples with 4 features and knows 3 classes. Its estimator is an
        ensemble for strategies that read several opinions, a Gaussian process for those that read
        predicted values or their spread, else a logistic regression.
    """
    if reads_values(strategy):
        X, y = _labeled_values()
        return modAL.models.ActiveLearner(gaussian_process(), strategy, X_training=X, y_training=y)
    views = {reduction.view for reduction in strategy.reductions()}
    estimator = LogisticRegression()
    if views & {"sample_proba", "votes"}:
        estimator = BaggingClassifier(GaussianNB(), n_estimators=7, random_state=0)
    X, y = _labeled()
    return modAL.models.ActiveLearner(estimator, strategy, X_training=X, y_training=y)


def _labeled():
    X = np.random.RandomState(0).normal(size=(24, 4))
    return X, np.digitize(X[:, 0] + 0.5 * X[:, 1], [-0.4, 0.4])


def _labeled_values():
    X, _ = _labeled()
    return X, np.sin(X[:, 0]) + 0.5 * X[:, 1] ** 2


def gaussian_process():
    """Return a regressor that predicts values and their spread."""
    return GaussianProcessRegressor(RBF(2.0), alpha=0.1, optimizer=None)


def reads_values(strategy):
    """Return whether a strategy is for regressors."""
    return bool({r.view for r in strategy.reductions()} & {"prediction", "std"})


def needs_labeled_data(strategy):
    """Return whether a strategy, or one that it is made of, fits only learners that hold data."""
    parts = [p for p in strategy.get_params().values() if isinstance(p, QueryStrategy)]
    return any(getattr(part, "needs_labeled_data", False) for part in [strategy, *parts])


def takes(learner, X):
    """Return whether the model predicts for this kind of container."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            learner.predict(X)
        except (AttributeError, TypeError, ValueError):
            return False
    return True


def holding(strategy, model, X, y):
    """Return a model, or a learner that trains and holds it where the strategy needs one."""
    if not needs_labeled_data(strategy):
        return model
    return modAL.models.ActiveLearner(model, strategy, X_training=X, y_training=y)


def taught_more(learner, X):
    """Return a copy of a learner that holds more labeled samples, of the labels it predicts."""
    taught = copy.deepcopy(learner)
    if hasattr(taught, "teach") and not _is_of_modal(taught):
        taught.teach(X, learner.predict(X))
    else:
        held = getattr(taught, "X_training", None)
        taught.X_training = X if held is None else stack_rows(held, X)
        if getattr(taught, "y_training", None) is not None:
            taught.y_training = stack_rows(taught.y_training, learner.predict(X))
    return taught


def _is_of_modal(learner):
    return type(learner).__module__.startswith("modAL.")  # teach of 0.4.1 fails today
