"""Training, in a process of its own: it may be slow, killed, or crash, and labeling goes on."""

import multiprocessing
import os
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from .._files import write_json
from .._random import seed_estimator
from . import _stopped
from ._images import UnreadableImageError, quiet, read_small
from ._listing import is_inside
from ._models import is_net, make_model, save_model, sees_images
from ._predictions import Predictions
from ._stopped import check_room
from ._suspects import FILE as CROSSVAL
from ._suspects import cross_validate

METRICS = "metrics.json"
BLOCK = 512  # images that are predicted at once


class CancelledError(Exception):
    """Somebody wants the training to end."""


@dataclass(frozen=True)
class Snapshot:
    """All that a training needs, as it was when it began.

    Attributes
    ----------
    folder : str
        Where to write the model: a folder that does not exist.
    estimator : estimator
        Unfitted.
    X : ndarray of float32 of shape (n, d) or list of str
        Labeled images: embeddings, or paths where the estimator learns from images.
    y : ndarray of int of shape (n,)
        Numbers of their labels.
    pool_ids : ndarray of int of shape (m,)
        All images, ascending.
    pool_X : ndarray of float32 of shape (m, d) or list of str
        The same of them.
    root : str
        The folder that all paths must be in.
    image_size : int
        The side of images in pixels.
    seed : int
        Of the estimator, where its own is None.
    ids : ndarray of int of shape (n,)
        Numbers of the labeled images, ascending.
    embeddings : ndarray of float32 of shape (n, d)
        Embeddings of them.
    checkpoint : str
        Where nets are kept after each epoch.
    is_resumed : bool
        Whether to go on with the net that is there.
    facts : dict
        What will be said of the model, kept with it.
    """

    folder: str
    estimator: Any
    X: Any
    y: np.ndarray
    pool_ids: np.ndarray
    pool_X: Any
    root: str
    image_size: int
    seed: int
    ids: np.ndarray
    embeddings: np.ndarray
    checkpoint: str = ""
    is_resumed: bool = False
    facts: Any = None


def train(snapshot, report, check):
    """Train, predict all images, and write both.

    Parameters
    ----------
    snapshot : Snapshot
        What to train on.
    report : callable
        Takes a dict of progress.
    check : callable
        Raises CancelledError when it is time to end.
    """
    folder, start = Path(snapshot.folder), time.time()
    folder.mkdir(parents=True)
    report({"phase": "training", "n_labels": len(snapshot.y)})
    estimator = clone(snapshot.estimator)
    seed_estimator(estimator, snapshot.seed, len(snapshot.y))
    check_room(folder)
    estimator, epochs = _fit(estimator, snapshot, report, check)
    proba = _predict(estimator, snapshot, report, check)
    classes = np.asarray(estimator.classes_, np.int64)
    Predictions(snapshot.pool_ids, proba, classes).write(folder)
    save_model(estimator, folder)
    if len(snapshot.y):  # a model from a file has learned from none of the labels
        _cross_validate(snapshot, folder, report, check)
    facts = {"seconds": time.time() - start, "n_labels": len(snapshot.y), "epochs": epochs}
    write_json(folder / METRICS, facts)


def _cross_validate(snapshot, folder, report, check):
    """Write what models say of labeled images that they have not seen, to find wrong labels by.

    Nets would take long to train several times: for them a logistic regression says so.
    """
    report({"phase": "checking labels"})
    estimator = clone(snapshot.estimator)
    if sees_images(estimator):
        estimator = make_model("logistic")
    seed_estimator(estimator, snapshot.seed, len(snapshot.y))
    proba, classes = cross_validate(estimator, snapshot.embeddings, snapshot.y, check)
    Predictions(snapshot.ids, proba, classes).write(folder, CROSSVAL)


def _fit(estimator, snapshot, report, check):
    """Return the fitted estimator, and what is known of each epoch, where there are any."""
    check()
    X = read_rows(snapshot.X, snapshot.root, snapshot.image_size)
    if not is_net(estimator):
        return estimator.fit(X, snapshot.y), []
    epochs, n_epochs = [], estimator.max_epochs
    if snapshot.is_resumed:
        state = _stopped.read(snapshot.checkpoint)
        epochs, n_epochs = list(state["epochs"]), state["n_epochs"]
        fresh = estimator
        estimator = _stopped.load(snapshot.checkpoint, fresh, n_epochs, len(epochs))
        estimator.set_params(callbacks=fresh.callbacks, batch_size=fresh.batch_size)
    own = estimator.callbacks
    follow = _progress(estimator, snapshot, epochs, n_epochs, report, check)
    estimator.set_params(callbacks=[*(own or []), ("progress", follow)])
    if snapshot.is_resumed:
        _stopped.follow(estimator, follow)
    estimator.fit(X, snapshot.y)
    estimator.set_params(
        callbacks=own, max_epochs=n_epochs, warm_start=snapshot.estimator.warm_start
    )
    return estimator, epochs


def _progress(estimator, snapshot, epochs, n_epochs, report, check):
    """Return a skorch callback that reports each epoch, and may end the training at each batch."""
    from skorch.callbacks import Callback

    class Progress(Callback):
        def on_epoch_begin(self, net, **kwargs):
            self.learning_rate = float(net.optimizer_.param_groups[0]["lr"])

        def on_batch_begin(self, net, **kwargs):
            check()

        def on_epoch_end(self, net, **kwargs):
            row, number = net.history[-1], len(epochs) + 1
            losses = {name: _number(row.get(name)) for name in ("train_loss", "valid_loss")}
            epochs.append({"epoch": number, **losses, "learning_rate": self.learning_rate})
            is_kept = _keep(estimator, snapshot, epochs, n_epochs)
            said = {"n_epochs": n_epochs, "is_kept": is_kept}
            report({"phase": "training", **epochs[-1], **said})

    return Progress()


def _keep(estimator, snapshot, epochs, n_epochs):
    """Keep a net as it is after an epoch, where there is room; return whether it was."""
    folder = Path(snapshot.checkpoint)
    if not snapshot.checkpoint or not _stopped.has_room(folder.parent):
        return False
    state = {"epoch": len(epochs), "n_epochs": n_epochs, "epochs": epochs}
    state |= {"ids": snapshot.ids.tolist(), "y": snapshot.y.tolist(), "facts": snapshot.facts}
    _stopped.write(folder, estimator, state | {"estimator": type(estimator).__name__})
    return True


def _number(value):
    return None if value is None else float(value)


def _predict(estimator, snapshot, report, check):
    blocks, n = [], len(snapshot.pool_ids)
    for start in range(0, n, BLOCK):
        check()
        part = snapshot.pool_X[start : start + BLOCK]
        rows = read_rows(part, snapshot.root, snapshot.image_size)
        blocks.append(np.asarray(estimator.predict_proba(rows), np.float32))
        report({"phase": "predicting", "n_done": min(start + BLOCK, n), "n": n})
    return np.concatenate(blocks)


def read_rows(X, root, image_size):
    """Return embeddings as they are, and paths as images of shape (n, size, size, 3)."""
    if isinstance(X, np.ndarray):
        return X
    root = Path(root)

    def read(path):
        try:
            if not is_inside(Path(path), root):
                raise UnreadableImageError("it is a link that leaves the folder of images")
            return read_small(Path(path), image_size)
        except UnreadableImageError as error:
            raise UnreadableImageError(f"{path}: {error}") from error

    with ThreadPoolExecutor() as threads, quiet():
        return np.stack(list(threads.map(read, X)))


def main(snapshot, connection, is_cancelled):
    """Train in a child process, and tell the parent how it goes and ends."""
    _end_with_parent()
    _be_modest(snapshot.estimator)

    def check():
        if is_cancelled.is_set():
            raise CancelledError

    try:
        train(snapshot, lambda progress: connection.send(("progress", progress)), check)
    except CancelledError:
        connection.send(("cancelled", ""))
    except Exception as error:  # whatever it is, the parent has to say it in words
        lines = traceback.format_exc().splitlines()[-3:]
        connection.send(("failed", "\n".join([f"{type(error).__name__}: {error}", *lines])))
    else:
        connection.send(("done", ""))


def _end_with_parent():
    """Let this process end when its parent does, also when that was killed."""

    def wait():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _be_modest(estimator):
    """Leave a core, and precedence, to those who label."""
    n_threads = max(1, (os.cpu_count() or 2) - 1)
    if hasattr(os, "nice"):
        os.nice(5)
    if is_net(estimator):
        import torch

        torch.set_num_threads(min(n_threads, torch.get_num_threads()))
