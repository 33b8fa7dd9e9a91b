"""The comparison that ``skal demo`` makes: the strategies, and settings for each data set."""

from dataclasses import dataclass

from sklearn.linear_model import LogisticRegression

from ..datasets import reduce_dataset
from ..query import (
    CoreSet,
    Entropy,
    Hybrid,
    KMeansDiversity,
    LeastConfidence,
    Margin,
    RandomSampling,
)
from .compare import compare


@dataclass(frozen=True)
class Settings:
    """How much data a demo takes, and how it spends labels; None takes all."""

    n_pool: int | None
    n_test: int | None
    n_initial: int
    n_instances: int
    n_queries: int


SETTINGS = {
    "digits": Settings(None, None, n_initial=20, n_instances=10, n_queries=28),
    "mnist": Settings(3000, 2000, n_initial=30, n_instances=25, n_queries=16),
    "fashion_mnist": Settings(3000, 2000, n_initial=30, n_instances=25, n_queries=16),
}


def demo_strategies():
    """Return the strategies that the demo compares, by name."""
    return {
        "random": RandomSampling(),
        "least_confidence": LeastConfidence(),
        "margin": Margin(),
        "entropy": Entropy(),
        "core_set": CoreSet(),
        "k_means": KMeansDiversity(),
        "hybrid": Hybrid(Margin(), CoreSet(), share=0.7),
    }


def demo_data(dataset):
    """Return as much of a data set as the demo takes, the same share of each class.

    Parameters
    ----------
    dataset : Dataset
        What :func:`skal.datasets.load_dataset` returned.

    Returns
    -------
    Dataset
    """
    settings = SETTINGS[dataset.name]
    return reduce_dataset(dataset, settings.n_pool, settings.n_test)


def run_demo(dataset, seeds, **options):
    """Compare the demo's strategies with a logistic regression.

    Parameters
    ----------
    dataset : Dataset
        What `reduce_dataset` returned.
    seeds : sequence of int
        The seeds.
    **options
        Passed to :func:`skal.experiments.compare`, such as `folder` and `n_jobs`.

    Returns
    -------
    ComparisonResult
    """
    settings = SETTINGS[dataset.name]
    return compare(
        demo_strategies(),
        LogisticRegression(max_iter=1000),
        dataset.X_train,
        dataset.y_train,
        X_test=dataset.X_test,
        y_test=dataset.y_test,
        n_initial=settings.n_initial,
        n_instances=settings.n_instances,
        n_queries=settings.n_queries,
        seeds=seeds,
        **options,
    )
