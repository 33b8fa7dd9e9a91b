"""Query strategies: what to label next.

A strategy is a callable, ``strategy(learner, X_pool, n_instances)``, that returns positions in the
pool, best first, and a scikit-learn estimator in its parameters.
"""

from .base import QueryStrategy, ScoreStrategy, Selection
from .baseline import RandomSampling
from .bayesian import BALD, BatchBALD, MeanStandardDeviation, VariationRatio
from .committee import ConsensusEntropy, MaxDisagreement, VoteEntropy
from .coreset import SensitivitySampling
from .diversity import CoreSet, KMeansDiversity, ProbCover, TypiClust
from .gradient import BADGE
from .mixtures import DensityWeighted, Hybrid, Prefilter, RankedBatch
from .pool import Pool, Reduction
from .regression import GreedyFeature, GreedyTarget, MaxStandardDeviation
from .uncertainty import Entropy, LeastConfidence, Margin

__all__ = [
    "BADGE",
    "BALD",
    "BatchBALD",
    "ConsensusEntropy",
    "CoreSet",
    "DensityWeighted",
    "Entropy",
    "GreedyFeature",
    "GreedyTarget",
    "Hybrid",
    "KMeansDiversity",
    "LeastConfidence",
    "Margin",
    "MaxDisagreement",
    "MaxStandardDeviation",
    "MeanStandardDeviation",
    "Pool",
    "Prefilter",
    "ProbCover",
    "QueryStrategy",
    "RandomSampling",
    "RankedBatch",
    "Reduction",
    "ScoreStrategy",
    "Selection",
    "SensitivitySampling",
    "TypiClust",
    "VariationRatio",
    "VoteEntropy",
]
