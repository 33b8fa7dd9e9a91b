"""The comparison that ``skal demo`` makes: the strategies, and settings for each data set."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

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
SUBSET_SEED = 0  # the subset is part of the demo's data: it is the same for all seeds


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


def reduce_dataset(dataset):
    """Return a data set with no more samples than the demo takes, the same share of each class.

    Parameters
    ----------
    dataset : Dataset
        What :func:`skal.datasets.load_dataset` returned.

    Returns
    -------
    Dataset
    """
    settings = SETTINGS[dataset.name]
    train = _positions(dataset.y_train, settings.n_pool)
    test = _positions(dataset.y_test, settings.n_test)
    return replace(
        dataset,
        X_train=dataset.X_train[train],
        y_train=dataset.y_train[train],
        X_test=dataset.X_test[test],
        y_test=dataset.y_test[test],
    )


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


def _positions(y, n):
    """Return `n` positions, sorted; all of them where `n` is None or more than there are."""
    positions = np.arange(len(y))
    if n is None or n >= len(y):
        return positions
    chosen, _ = train_test_split(positions, train_size=n, stratify=y, random_state=SUBSET_SEED)
    return np.sort(chosen)
