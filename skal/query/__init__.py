"""Query strategies: what to label next.

A strategy is a callable, ``strategy(learner, X_pool, n_instances)``, that returns positions in the
pool, best first, and a scikit-learn estimator in its parameters.
"""

from .base import QueryStrategy, ScoreStrategy, Selection
from .baseline import RandomSampling
from .bayesian import BALD
from .committee import ConsensusEntropy, MaxDisagreement, VoteEntropy
from .coreset import SensitivitySampling
from .diversity import CoreSet, KMeansDiversity
from .mixtures import Hybrid
from .pool import Pool, Reduction
from .uncertainty import Entropy, LeastConfidence, Margin

__all__ = [
    "BALD",
    "ConsensusEntropy",
    "CoreSet",
    "Entropy",
    "Hybrid",
    "KMeansDiversity",
    "LeastConfidence",
    "Margin",
    "MaxDisagreement",
    "Pool",
    "QueryStrategy",
    "RandomSampling",
    "Reduction",
    "ScoreStrategy",
    "Selection",
    "SensitivitySampling",
    "VoteEntropy",
]
