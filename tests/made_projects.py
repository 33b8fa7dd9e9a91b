"""Projects of annotation for tests."""

import os
import signal
import time

import numpy as np
import sqlalchemy as sa
from PIL import Image
from sklearn.linear_model import LogisticRegression

from skal.annotate import _child, _models, _schema, _training
from skal.annotate._predictions import Predictions
from skal.annotate._store import Store

N_ITEMS, N_LABELS = 3, 2


def made_store(folder):
    """Return the open store of a new project with a few items and labels."""
    store = Store(folder, is_new=True)
    items = [{"relpath": f"{i}.png", "draw": 0.5, "status": "ok"} for i in range(N_ITEMS)]
    labels = [{"name": f"l{i}", "color": "#000000", "position": i} for i in range(N_LABELS)]
    with store.writing() as connection:
        connection.execute(sa.insert(_schema.item), items)
        connection.execute(sa.insert(_schema.label_class), labels)
    return store


def save_images(folder, images):
    """Write gray images as PNG files, named by their position."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i:05d}.png")
    return folder


def gray_images(n):
    """Return n small images that differ."""
    images = np.zeros((n, 8, 8), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.arange(n) % 256, np.arange(n) // 256
    return images


def blobs(n_images, n_classes=3, noise=25, random_state=0):
    """Return images of a few kinds, and their kinds."""
    rng = np.random.RandomState(random_state)
    kinds = rng.randint(0, 255, (n_classes, 12, 12))
    y = rng.randint(n_classes, size=n_images)
    images = np.clip(kinds[y] + noise * rng.standard_normal((n_images, 12, 12)), 0, 255)
    return images.astype(np.uint8), y


def some_proba(n=120, seed=0):
    """Return random probabilities of three classes."""
    return np.random.RandomState(seed).dirichlet(np.ones(3), n)


def give_model(project, proba, ids=None, classes=None):
    """Make probabilities the predictions of a new current model."""
    ids = np.arange(1, len(proba) + 1) if ids is None else ids
    classes = [c.id for c in project.classes] if classes is None else classes
    with project._store.writing() as connection:
        row = {"label_revision": 0, "estimator": "made", "strategy": "made", "n_labels": 0}
        row |= {"metrics": {}, "is_accepted": True, "reason": "", "sha256": "", "created": 0.0}
        made = connection.execute(sa.insert(_schema.model).values(row | {"path": "made"}))
        model_id = made.inserted_primary_key[0]
        path = f"models/{model_id}"
        where = _schema.model.c.id == model_id
        connection.execute(sa.update(_schema.model).where(where).values(path=path))
        connection.execute(sa.update(_schema.project).values(current_model=model_id))
    (project.place / path).mkdir(parents=True)
    values = np.array(ids, np.int64), np.array(proba, np.float32), np.array(classes, np.int64)
    Predictions(*values).write(project.place / path)
    with project._store.writing() as connection:
        digest = _models.digest(project.place / path)
        connection.execute(sa.update(_schema.model).where(where).values(sha256=digest))
    return model_id


def train_here(project):
    """Train in this process, which is faster; return the number of the model."""
    snapshot, facts = project._snapshot()
    folder = project.place / "models" / ".tmp-here"
    values = {**vars(snapshot), "folder": str(folder)}
    _child.train(_child.Snapshot(**values), lambda progress: None, lambda: None)
    number = 1 + len(project.history)
    return _training.register(project._store, project.place, number, folder, facts)[0]


class Slow(LogisticRegression):
    """Takes a minute to train, and does not listen."""

    def fit(self, X, y):
        time.sleep(60)
        return super().fit(X, y)


class Killed(LogisticRegression):
    """Is killed, as by a system without memory."""

    def fit(self, X, y):
        os.kill(os.getpid(), signal.SIGKILL)


class Failing(LogisticRegression):
    """Fails."""

    def fit(self, X, y):
        raise ValueError("no such luck")
