"""How a learner fits: always a fresh or copied estimator, so that a failure changes nothing."""

import copy

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import process_routing

from .._data import sample_shape
from .._random import round_rng, seed_estimator
from .._threads import one_thread_if_small
from .._warm_start import enable_warm_start


def fit_estimator(learner, estimator, data, bootstrap, fit_params, previous=None):
    """Return a fitted estimator; the learner, the estimator and the data stay as they are.

    Parameters
    ----------
    learner : ActiveLearner
        Gives the seed, and routes metadata.
    estimator : estimator
        What to fit a copy of.
    data : LabeledData
        What to fit it on.
    bootstrap : bool
        Whether to fit on as many rows drawn with replacement.
    fit_params : dict
        Further keyword arguments of `estimator.fit`.
    previous : fitted estimator, optional
        With a warm start, what to go on from.
    """
    seed, n_labeled = learner.random_state, data.n_samples
    if previous is None:
        fitted = clone(estimator, safe=False)
        seed_estimator(fitted, seed, n_labeled)
        if learner.warm_start:
            enable_warm_start(fitted)
    else:
        fitted = copy.deepcopy(previous)
    if bootstrap:
        data = data.bootstrapped(round_rng(seed, n_labeled, "bootstrap"))
    if data.sample_weight is not None:
        fit_params = {**fit_params, "sample_weight": data.sample_weight}
    with one_thread_if_small(_n_operations(fitted, data)):
        # an estimator that is not of scikit-learn's kind may return None
        fitted.fit(data.X, data.y, **routed_params(learner, "fit", fit_params))
    return fitted


def routed_params(router, method, params, to="estimator"):
    """Return what a method of a consumer gets; all of it, while metadata routing is off."""
    if not params or not get_config()["enable_metadata_routing"]:
        return params
    return process_routing(router, method, **params)[to][method]


def _n_operations(estimator, data):
    """Return about how many multiply-adds a linear model takes for one pass over the data.

    Of networks, and of samples that are no rows of features, nothing is known: a net does far more.
    """
    shape = sample_shape(data.X)
    is_net = hasattr(estimator[-1] if isinstance(estimator, Pipeline) else estimator, "module")
    if is_net or isinstance(shape, dict) or len(shape) != 1:
        return np.inf
    y = np.asarray(data.y)
    n_outputs = len(pd.unique(y)) if y.ndim == 1 and y.dtype.kind != "f" else 1
    return data.n_samples * shape[0] * n_outputs
