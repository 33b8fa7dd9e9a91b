"""Learners: modAL's classes as scikit-learn estimators that hold labeled data, query and teach."""

from .active import ActiveLearner
from .bayesian import BayesianOptimizer
from .committee import Committee, CommitteeRegressor

__all__ = ["ActiveLearner", "BayesianOptimizer", "Committee", "CommitteeRegressor"]
