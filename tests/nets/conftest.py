"""What the tests of nets share."""

import numpy as np
import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread():
    """Use one thread: tiny nets are slower on more."""
    torch.set_num_threads(1)


@pytest.fixture
def squares():
    """Return 60 images with a bright square in one of four corners, and the corner."""
    rng = np.random.RandomState(0)
    X = rng.randint(0, 60, (60, 16, 16)).astype(np.uint8)
    y = rng.randint(0, 4, 60)
    for image, corner in zip(X, y, strict=True):
        i, j = divmod(corner, 2)
        image[i * 8 : i * 8 + 8, j * 8 : j * 8 + 8] += 150
    return X, y
