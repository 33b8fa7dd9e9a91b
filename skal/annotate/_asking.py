"""The part of a project that asks: what to label next, and why."""

import numpy as np
import sqlalchemy as sa

from . import _items, _queue, _schema, _words
from ._predictions import Predictions
from ._questions import Question, Why, nearest_labeled


class AskingMixin:
    """What a project asks people for."""

    def next(self, n=1, annotator="me"):
        """Return what to ask somebody next.

        What was handed out and is unanswered comes first, so that asking again gives the same
        images. What was skipped comes back at the end of its round; skipped again, when nothing
        else is left.

        Parameters
        ----------
        n : int, default=1
            How many images.
        annotator : str, default="me"
            Who is asked.

        Returns
        -------
        list of Question
            Fewer than `n` where the pool is used up.
        """
        model_id = self._current_model()
        rows = self._waiting(n, annotator, model_id)
        has_more = True
        while len(rows) < n and has_more:
            has_more = self._plan(n, annotator, model_id)
            rows = self._waiting(n, annotator, model_id)
        if len(rows) < n:
            with self._store.reading() as connection:
                rows += _queue.put_off(connection, annotator, n - len(rows))
        return [self._question(row) for row in rows]

    def prepare(self, n=16):
        """Plan a round ahead, so that nobody waits for it, if fewer than `n` images wait.

        Returns
        -------
        bool
            Whether one was planned.
        """
        model_id = self._current_model()
        with self._planning:
            with self._store.reading() as connection:
                is_stale = _queue.is_stale(connection, model_id)
                if not is_stale and _queue.n_fresh(connection) >= n:
                    return False
            return _queue.plan(self._store, self._state(model_id)) > 0

    def _waiting(self, n, annotator, model_id):
        """Return what waits in the queue, unless it has to be planned anew first."""
        with self._store.writing() as connection:
            if _queue.is_stale(connection, model_id):
                n = _queue.n_handed(connection, annotator, n)
            return _queue.waiting(connection, annotator, n)

    def _plan(self, n, annotator, model_id):
        """Plan a round, unless somebody else has just done so; return whether it has images."""
        with self._planning:
            if len(self._waiting(n, annotator, model_id)) >= n:
                return True
            return _queue.plan(self._store, self._state(model_id)) > 0

    def _state(self, model_id):
        ids, X = self._embeddings()
        return _queue.State(
            self.strategy,
            model_id,
            self._predictions(model_id),
            ids,
            X,
            self.random_state,
            self._monitor_share,
            self.settings["batch_size"],
        )

    def _current_model(self):
        with self._store.reading() as connection:
            return connection.scalar(sa.select(_schema.project.c.current_model))

    def _predictions(self, model_id):
        """Return what a model says about all images that were there when it was trained."""
        if model_id is None:
            return None
        kept = self._predicted
        if kept is None or kept[0] != model_id:
            with self._store.reading() as connection:
                where = _schema.model.c.id == model_id
                path = connection.scalar(sa.select(_schema.model.c.path).where(where))
            kept = self._predicted = model_id, Predictions.read(self.place / path)
        return kept[1]

    def _question(self, row):
        is_blind = self._is_blind(row.item_id)
        model_id = None if is_blind else self._current_model()
        return Question(
            row.item_id,
            row.reason,
            row.strategy,
            row.score,
            row.percentile,
            is_blind,
            self._said_of(row.item_id, model_id),
            model_id,
        )

    def _said_of(self, item_id, model_id):
        """Return the probabilities of an image by label, or None where there are none."""
        predictions = self._predictions(model_id)
        if predictions is None or not predictions.known(np.array([item_id]))[0]:
            return None
        names = {c.id: c.name for c in self.classes}
        proba = predictions.of(np.array([item_id]))[0]
        pairs = zip(predictions.classes.tolist(), proba.tolist(), strict=True)
        return {names[label_id]: p for label_id, p in pairs}

    def _is_blind(self, item_id):
        """Return whether an image is a monitor image that is not answered yet."""
        with self._store.reading() as connection:
            known = _items.read_item(connection, item_id)
            return known.answer in (None, "skip") and _items.is_monitor(connection, item_id)

    def why(self, item_id):
        """Return why an image was asked for, and the labeled images most like it.

        Returns
        -------
        Why
        """
        self.item(item_id)
        rows = sa.select(_schema.queue_item).where(_schema.queue_item.c.item_id == item_id)
        with self._store.reading() as connection:
            row = connection.execute(rows).first()
        nearest = [] if self._is_blind(item_id) else self._nearest(item_id)
        if row is None:
            return Why(_words.NOT_ASKED, None, None, None, nearest)
        return Why(row.reason, row.strategy, row.score, row.percentile, nearest)

    def _nearest(self, item_id):
        ids, X = self._embeddings()
        with self._store.reading() as connection:
            rows = [r for r in _items.read_labeled(connection) if r.id != item_id]
        labels = {row.id: row.label for row in rows}
        labeled = np.isin(ids, list(labels))
        if item_id not in ids or not labeled.any():
            return []
        names = [labels[i] for i in ids[labeled].tolist()]
        return nearest_labeled(X[np.searchsorted(ids, item_id)], X[labeled], ids[labeled], names)
