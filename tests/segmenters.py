"""A small segmenter for tests: each pixel is classified by its smoothed intensity."""

import json
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression


class PixelSegmenter(BaseEstimator):
    """Logistic regression on the smoothed intensity of pixels; labels of -1 are ignored.

    ``calls_`` counts fits, over copies and warm starts.
    """

    def __init__(self, sigma=1.0, max_epochs=100, C=1.0, warm_start=False, random_state=None):
        self.sigma = sigma
        self.max_epochs = max_epochs
        self.C = C
        self.warm_start = warm_start
        self.random_state = random_state

    def fit(self, X, y, X_val=None, y_val=None):
        goes_on = self.warm_start and hasattr(self, "coef_")
        self.n_fits_ = self.n_fits_ + 1 if goes_on else 1
        features = self._features(X)[y.ravel() != -1]
        model = LogisticRegression(C=self.C, max_iter=1000)
        model.fit(features, y[y != -1])
        self.classes_ = model.classes_
        self.coef_, self.intercept_ = model.coef_, model.intercept_
        return self

    def _features(self, X):
        X = np.asarray(X, dtype=np.float64)
        axes = (0,) * (X.ndim - 2)
        return gaussian_filter(X, (*axes, self.sigma, self.sigma)).reshape(-1, 1)

    def predict_proba(self, X):
        model = LogisticRegression()
        model.coef_, model.intercept_, model.classes_ = self.coef_, self.intercept_, self.classes_
        proba = model.predict_proba(self._features(X)).astype(np.float32)
        shape = (len(X), *np.shape(X)[-2:], len(self.classes_))
        return np.moveaxis(proba.reshape(shape), -1, 1)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def score(self, X, y):
        predicted, known = self.predict(X), y != -1
        found, truth = (predicted == 1) & known, (y == 1) & known
        return float(2 * (found & truth).sum() / max(1, found.sum() + truth.sum()))

    def embed(self, X):
        return self._features(X).reshape(len(X), -1).mean(axis=1, keepdims=True)

    def save(self, folder):
        Path(folder).mkdir(parents=True, exist_ok=True)
        fitted = {k: np.asarray(v).tolist() for k, v in vars(self).items() if k.endswith("_")}
        (Path(folder) / "model.json").write_text(json.dumps([self.get_params(), fitted]))

    @classmethod
    def load(cls, folder):
        params, fitted = json.loads((Path(folder) / "model.json").read_text())
        loaded = cls(**params)
        for name, value in fitted.items():
            setattr(loaded, name, np.asarray(value) if isinstance(value, list) else value)
        return loaded


def blobs(n, size=32, noise=0.4, seed=0):
    """Return noisy images of bright discs and their masks, of shape (n, size, size)."""
    rng = np.random.RandomState(seed)
    rows, columns = np.indices((size, size))
    masks = np.zeros((n, size, size), dtype=np.int64)
    for mask in masks:
        for row, column in rng.randint(0, size, (4, 2)):
            mask[(rows - row) ** 2 + (columns - column) ** 2 <= 12] = 1
    images = masks + rng.normal(0, noise, masks.shape)
    return images.astype(np.float32), masks
