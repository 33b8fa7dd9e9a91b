"""The strategies of a project by name, and the pool as its saved predictions show it to them."""

from types import SimpleNamespace

from ..query import CoreSet, Entropy, Hybrid, LeastConfidence, Margin, QueryStrategy, RandomSampling
from ..query.pool import Pool

STRATEGIES = {
    "least_confidence": LeastConfidence,
    "margin": Margin,
    "entropy": Entropy,
    "diversity": CoreSet,
    "hybrid": lambda: Hybrid(Margin(), CoreSet(), share=0.7),
    "random": RandomSampling,
}


def make_strategy(strategy):
    """Return a strategy by its name, or one that is given as it is."""
    if isinstance(strategy, QueryStrategy):
        return strategy
    if strategy not in STRATEGIES:
        raise ValueError(
            f"strategy must be a query strategy of skal, or one of {sorted(STRATEGIES)}; got "
            f"{strategy!r}."
        )
    return STRATEGIES[strategy]()


def name_of(strategy):
    """Return the name by which a strategy is known."""
    names = {Hybrid: "hybrid"} | {v: k for k, v in STRATEGIES.items() if isinstance(v, type)}
    return names.get(type(strategy), type(strategy).__name__)


def parts_of(strategy):
    """Return what a strategy is made of, with weights: of most it is itself."""
    if isinstance(strategy, Hybrid) and strategy.combine == "share":
        return [(strategy.share, strategy.first), (1 - strategy.share, strategy.second)]
    return [(1.0, strategy)]


class SavedPool(Pool):
    """Unlabeled images as a trained model has seen them; no model runs.

    Parameters
    ----------
    X : ndarray of float32 of shape (n, d)
        Embeddings.
    labeled_X : ndarray of float32 of shape (m, d)
        Those of images that are labeled or being labeled.
    proba : ndarray of shape (n, n_classes) or None
        Class probabilities, once there is a model.
    seed : int
        Of all draws.
    """

    def __init__(self, X, labeled_X, proba, seed):
        super().__init__(SimpleNamespace(random_state=seed, X_training=labeled_X), X)
        self.labeled_embedding = labeled_X
        self._views = {"embedding": X, "proba": proba}

    def reduce(self, reduction):
        if self._views.get(reduction.view) is None:
            raise TypeError(
                f"the strategies of a project choose by probabilities and embeddings; this one "
                f"asks for {reduction.view!r}. Choose one of {sorted(STRATEGIES)}, or query "
                f"`project.learner` yourself."
            )
        return reduction.function(self._views[reduction.view])
