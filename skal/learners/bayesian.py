"""The Bayesian optimizer: an active learner that looks for the maximum of a function."""

import modAL.models
import numpy as np
from modAL.acquisition import max_EI

from .._data import take_rows
from .active import ActiveLearner


class BayesianOptimizer(ActiveLearner, modAL.models.BayesianOptimizer):
    """A learner that remembers the best value it has been taught.

    Parameters
    ----------
    estimator : estimator
        A regressor whose ``predict`` takes ``return_std=True``, such as a Gaussian process.
    query_strategy : callable, default=modAL.acquisition.max_EI
        An acquisition function of modAL, or any strategy.
    X_training, y_training, bootstrap_init, on_transformed, force_all_finite, warm_start, \
random_state, **fit_kwargs
        As for :class:`ActiveLearner`.

    Attributes
    ----------
    X_max : sample or None
        Where the largest value was seen; None with no data.
    y_max : float
        The largest value, -inf with no data.
    n_features_in_, feature_names_in_, estimator
        As for :class:`ActiveLearner`.

    Examples
    --------
    >>> from sklearn.gaussian_process import GaussianProcessRegressor
    >>> from skal import BayesianOptimizer
    >>> optimizer = BayesianOptimizer(
    ...     GaussianProcessRegressor(), X_training=[[0.0], [1.0]], y_training=[0.0, 0.5])
    >>> indices, instances = optimizer.query(np.linspace(0, 2, 21).reshape(-1, 1))
    >>> _ = optimizer.teach(instances, [0.7])
    >>> optimizer.get_max()[1]
    0.7
    """

    def __init__(
        self,
        estimator,
        query_strategy=max_EI,
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
        super().__init__(
            estimator,
            query_strategy,
            X_training,
            y_training,
            bootstrap_init,
            on_transformed,
            force_all_finite,
            warm_start=warm_start,
            random_state=random_state,
            **fit_kwargs,
        )

    @property
    def X_max(self):
        """Where the largest value was seen."""
        return self._maximum[0]

    @property
    def y_max(self):
        """The largest value seen."""
        return self._maximum[1]

    @property
    def _maximum(self):
        if "maximum_" not in vars(self):
            self.maximum_ = (None, -np.inf)
            if self._labeled is not None:
                self._set_max(*self._labeled[:2])
        return self.maximum_

    def _set_max(self, X, y):
        best = int(np.argmax(y))
        value = take_rows(y, best)
        if value > self.y_max:
            self.maximum_ = (take_rows(X, best), value)

    def get_max(self):
        """Return the location of the largest value, and the value.

        Returns
        -------
        X_max : sample or None
        y_max : float
        """
        return self._maximum

    def _set_training(self, name, value):
        super()._set_training(name, value)
        vars(self).pop("maximum_", None)

    def _learn(self, data, labeled, bootstrap, fit_params, previous=None):
        super()._learn(data, labeled, bootstrap, fit_params, previous)
        vars(self).pop("maximum_", None)  # a label may have been corrected: look again
        return self

    def _kept_of_only_new(self, grown):
        return grown  # as in modAL: every value counts for the maximum
