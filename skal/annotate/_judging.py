"""The part of a project that says how good its models are."""

import json

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sklearn.base import clone

from .._random import seed_estimator
from ..exceptions import ProjectError
from . import _child, _models, _monitor, _report, _schema
from ._items import reserve
from ._monitor import Estimate, wilson
from ._predictions import Predictions

N_TESTED = 100  # monitor labels that a score by testing before training is of, at most
N_KEPT = 32  # models whose predictions of monitor images stay in memory

HISTORY = ["model_id", "n_labels", "score", "low", "high", "n_monitor", "strategy", "estimator"]
HISTORY += ["is_accepted", "is_current", "reason", "seconds", "created"]


class JudgingMixin:
    """How good the models of a project are."""

    def score(self, model_id=None):
        """Return how good a model is on the monitor images.

        Parameters
        ----------
        model_id : int, optional
            By default the model in use.

        Returns
        -------
        Estimate or None
            None where there is no model, or fewer than 20 monitor images have a label.
        """
        model_id = self._current_model() if model_id is None else model_id
        if model_id is None:
            return None
        with self._store.reading() as connection:
            return self._estimate(connection, _monitor.monitor_labels(connection), model_id)

    def _estimate(self, connection, labels, model_id):
        models = _read_models(connection, model_id)
        if not models[-1].saw_monitor:
            said = self._of_monitor(connection, model_id)
            return _monitor.estimate(labels, said, model_id)
        is_right = self._tested_first(connection, labels, models)
        kind = _monitor.TESTED_FIRST
        return _monitor.estimate_of(is_right, labels.n_unanswered, model_id, kind)

    def _tested_first(self, connection, labels, models):
        """Return whether the newest model at the time of each label was right, of the last ones."""
        ends = [row.label_revision for row in models[1:]] + [np.iinfo(np.int64).max]
        found = []
        for row, end in zip(models, ends, strict=True):
            given = labels.where(
                (labels.event_ids > row.label_revision) & (labels.event_ids <= end)
            )
            said = self._of_monitor(connection, row.id)
            known = said.known(given.ids)
            is_right = _monitor.right(said, given.ids[known], given.label_ids[known])
            found.append(is_right[np.argsort(given.event_ids[known])])
        return np.concatenate(found)[-N_TESTED:]

    def _unseen_labels(self, connection, model_id):
        """Return the monitor labels that a model has not learned from."""
        (*_, row) = _read_models(connection, model_id)
        labels = _monitor.monitor_labels(connection)
        return labels.after(row.label_revision) if row.saw_monitor else labels

    def _of_monitor(self, connection, model_id):
        """Return what a model says of monitor images, which is kept for the last few models."""
        kept = self._judged
        if model_id not in kept:
            item = _schema.item
            rows = sa.select(item.c.id).where(item.c.draw < reserve).order_by(item.c.id)
            ids = np.array(connection.scalars(rows).all(), np.int64)
            said = Predictions.read(self._folder_of(connection, model_id))
            ids = ids[said.known(ids)]
            kept[model_id] = Predictions(ids, said.of(ids), said.classes)
            while len(kept) > N_KEPT:
                kept.popitem(last=False)
        return kept[model_id]

    @property
    def history(self):
        """All models, a row each, judged by the monitor labels that there are now: a DataFrame."""
        model = _schema.model
        current = self._current_model()
        with self._store.reading() as connection:
            rows = connection.execute(sa.select(model).order_by(model.c.id)).all()
            labels = _monitor.monitor_labels(connection)
            found = [self._estimate(connection, labels, row.id) for row in rows]
        records = [_record(*pair, current) for pair in zip(rows, found, strict=True)]
        return pd.DataFrame(records, columns=HISTORY)

    def report(self, model_id=None):
        """Return how good a model is in detail, and what it says of the pool.

        Parameters
        ----------
        model_id : int, optional
            By default the model in use.

        Returns
        -------
        ModelReport
            What is measured on monitor images is None below 20 labels of them.
        """
        model_id = self._current_model() if model_id is None else model_id
        if model_id is None:
            raise ProjectError("the project has no model yet. Make one by train.")
        with self._store.reading() as connection:
            folder = self._folder_of(connection, model_id)
            labels = self._unseen_labels(connection, model_id)
            said = self._of_monitor(connection, model_id)
        names = {c.id: c.name for c in self.classes}
        estimate = _monitor.estimate(labels, said, model_id)
        measured = self._measured(labels, said, names) if estimate else _NOT_MEASURED
        metrics = folder / _child.METRICS
        epochs = json.loads(metrics.read_text()).get("epochs", []) if metrics.exists() else []
        pool = self._pool_facts(model_id, names)
        return _report.ModelReport(model_id, estimate, *measured, *pool, epochs)

    def _measured(self, labels, said, names):
        """Return what is measured on monitor images."""
        known = said.known(labels.ids)
        ids, label_ids = labels.ids[known], labels.label_ids[known]
        best, confidence = said.best(ids), said.of(ids).max(axis=1)
        classes = np.union1d(label_ids, said.classes)
        confusion = _report.confusion_matrix(label_ids, best, classes)
        shown = [names[int(i)] for i in classes]
        f1 = [_report.f1_interval(confusion, w, self.random_state) for w in (True, False)]
        reports = _report.class_reports(confusion, shown)
        calibration = _report.calibration_bins(confidence, best == label_ids)
        return shown, reports, confusion, *f1, *calibration

    def _pool_facts(self, model_id, names):
        predictions = self._predictions(model_id)
        best = np.bincount(predictions.proba.argmax(axis=1), minlength=len(predictions.classes))
        counts = zip(predictions.classes.tolist(), best.tolist(), strict=True)
        places = _report.bin_of(predictions.proba.max(axis=1))
        histogram = np.bincount(places, minlength=_report.N_BINS).tolist()
        return {names[i]: n for i, n in counts}, histogram

    def random_baseline(self):
        """Return how good the project's model would be with labels of random images.

        Monitor images are such images: models learn from some of them, and are judged by others.
        They reach only as many labels as there are of monitor images, and are never used.

        Returns
        -------
        list of (int, Estimate) or None
            How many labels, and how good. None where it cannot be said: for nets, which would take
            long, and below 40 monitor labels.
        """
        if _models.sees_images(self.estimator):
            return None
        with self._store.reading() as connection:
            labels = _monitor.monitor_labels(connection)
        all_ids, X = self._embeddings()
        labels = labels.where(np.isin(labels.ids, all_ids))
        ids, y = labels.ids, labels.label_ids
        if len(ids) < 2 * _monitor.MIN_N:
            return None
        sizes = [n for n in (10 * 2**i for i in range(20)) if n <= 0.8 * len(ids)]
        x = X[np.searchsorted(all_ids, ids)]
        n_right = _report.random_baseline(self._fit_for_baseline, x, y, sizes, self.random_state)
        n = len(ids)
        return [
            (size, Estimate(right / n, *wilson(right, n), n, labels.n_unanswered, None))
            for size, right in zip(sizes, n_right, strict=True)
        ]

    def _fit_for_baseline(self, X, y):
        estimator = clone(self.estimator)
        seed_estimator(estimator, self.random_state, len(y))
        return estimator.fit(X, y)


_NOT_MEASURED: tuple = ([], None, None, None, None, None, None)


def _read_models(connection, model_id):
    """Return all models up to one, which there is."""
    model = _schema.model
    rows = sa.select(model).where(model.c.id <= model_id).order_by(model.c.id)
    found = connection.execute(rows).all()
    if not found or found[-1].id != model_id:
        raise KeyError(f"the project has no model of number {model_id!r}")
    return found


def _record(row, found, current):
    numbers = dict.fromkeys(("score", "low", "high"), np.nan) | {"n_monitor": 0}
    if found is not None:
        numbers = {name: getattr(found, name) for name in ("score", "low", "high")}
        numbers["n_monitor"] = found.n
    names = ("n_labels", "strategy", "estimator", "is_accepted", "reason", "created")
    record = {name: getattr(row, name) for name in names} | numbers
    return record | {
        "model_id": row.id,
        "is_current": row.id == current,
        "seconds": row.metrics.get("seconds", np.nan),
    }
