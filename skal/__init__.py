"""Active learning as part of scikit-learn."""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "ActiveLearner",
    "ActiveLearningLoop",
    "BayesianOptimizer",
    "Committee",
    "CommitteeRegressor",
]

if TYPE_CHECKING:
    from .learners import ActiveLearner, BayesianOptimizer, Committee, CommitteeRegressor
    from .loop import ActiveLearningLoop


def __getattr__(name):
    """Import the public names at their first use: `import skal` itself costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'skal' has no attribute {name!r}")
    from importlib import import_module

    home = import_module(".loop" if name == "ActiveLearningLoop" else ".learners", __name__)
    return getattr(home, name)


def __dir__():
    return sorted([*globals(), *__all__])
