"""Micrographs for tests of the picker: drawn, so that every place is known, and simulated."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from skal.micrographs import ParticlePicker, simulate_micrograph, write_micrograph


class Shown(BaseEstimator):
    """A segmenter that takes an image for the map of probabilities, and keeps what it learned."""

    def fit(self, X, y):
        self.X_, self.y_ = X, y
        return self

    def predict_proba(self, X):
        p = np.clip(X, 0, 1)
        return np.stack([1 - p, p], axis=1)


def picks_at(*points, name="a", **columns):
    table = pd.DataFrame(np.reshape(points, (-1, 2)), columns=["x", "y"], dtype=float)
    return table.assign(micrograph=name, **columns)


def bumps(picks, shape, diameter):
    """Return an image with a Gaussian of height 1 at each pick."""
    rows, columns = (
        np.exp(-((np.arange(n)[:, None] - picks[name].to_numpy()) ** 2) / (2 * (diameter / 5) ** 2))
        for n, name in zip(shape, "yx", strict=True)
    )
    return rows @ columns.T


def grid(shape, diameter, seed=0):
    """Return places of particles that are two diameters apart, moved by up to half a pixel."""
    rng = np.random.RandomState(seed)
    steps = [np.arange(diameter, n - diameter, 2 * diameter) for n in shape]
    y, x = (values.ravel() for values in np.meshgrid(*steps, indexing="ij"))
    return picks_at(np.stack([x, y], axis=1) + rng.uniform(-0.5, 0.5, (len(x), 2)))


def distances(picks, truth):
    """Return how far each true particle is from the nearest pick."""
    between = picks[["x", "y"]].to_numpy()[:, None] - truth[["x", "y"]].to_numpy()
    return np.hypot(*np.moveaxis(between, -1, 0)).min(axis=0)


def shown(picks, **params):
    """Return a picker that is fitted to bumps, and does not need more."""
    return ParticlePicker(Shown(), **params).fit({"a": bumps(picks, (200, 300), 10)}, picks)


def partly_picked(share):
    """Return images, a table of some of their particles, and one of all."""
    images, every = {}, []
    for seed in range(2):
        images[str(seed)], truth = simulate_micrograph(
            30, (200, 200), 14, snr=8, particle_seed=1, random_state=seed
        )
        every.append(truth.assign(micrograph=str(seed)))
    every = pd.concat(every, ignore_index=True)
    return images, every.sample(frac=share, random_state=0), every


def write(folder, name, image, **kwargs):
    write_micrograph(folder / name, image.astype(np.float32), **kwargs)
    return folder / name
