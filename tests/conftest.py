"""What all tests share."""

import os
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_classification
from threadpoolctl import threadpool_limits


def pytest_configure(config):
    """Let workers, of which there is one a core, and what they start take one thread each."""
    if hasattr(config, "workerinput"):
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        threadpool_limits(1)


@pytest.fixture
def iris():
    """Return the iris data in a fixed random order: (150, 4) and (150,)."""
    X, y = load_iris(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(X))
    return X[order], y[order]


@pytest.fixture
def two_classes():
    """Return 200 samples of two overlapping classes."""
    return make_classification(200, 5, n_informative=3, flip_y=0.1, random_state=0)


@pytest.fixture
def data_dir():
    """Return the folder of real data, or skip where there is none."""
    beside = Path(__file__).parents[1] / ".." / "shared" / "data"
    folder = Path(os.environ.get("SKAL_DATA_DIR", beside))
    if not folder.is_dir():
        pytest.skip("no real data here: set SKAL_DATA_DIR")
    return folder
