"""A part of a data set, the same share of each class."""

from dataclasses import replace

import numpy as np
from sklearn.model_selection import train_test_split


def reduce_dataset(dataset, n_train, n_test):
    """Return a data set with no more samples than asked for, the same share of each class.

    The same samples are kept each time.

    Parameters
    ----------
    dataset : Dataset
        What :func:`skal.datasets.load_dataset` returned.
    n_train, n_test : int or None
        How many samples for training and testing; None is all.

    Returns
    -------
    Dataset
    """
    train = stratified_positions(dataset.y_train, n_train)
    test = stratified_positions(dataset.y_test, n_test)
    return replace(
        dataset,
        X_train=dataset.X_train[train],
        y_train=dataset.y_train[train],
        X_test=dataset.X_test[test],
        y_test=dataset.y_test[test],
    )


def stratified_positions(y, n, seed=0):
    """Return `n` positions, sorted, the same share of each class; all where there are no more."""
    positions = np.arange(len(y))
    if n is None or n >= len(y):
        return positions
    if n == 0:
        return positions[:0]
    chosen, _ = train_test_split(positions, train_size=n, stratify=y, random_state=seed)
    return np.sort(chosen)
