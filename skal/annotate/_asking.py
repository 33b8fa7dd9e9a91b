"""The part of a project that asks: what to label next, and why."""

import numpy as np
import sqlalchemy as sa

from . import _items, _queue, _schema, _words
from ._predictions import Predictions
from ._questions import Neighbor, Question, Why, nearest_rows


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
        self._plan_ahead(model_id)
        return self._questions(rows)

    def prepare(self):
        """Begin to plan the next round in the background, unless enough images wait."""
        self._plan_ahead(self._current_model())

    def _waiting(self, n, annotator, model_id):
        """Return what waits in the queue, unless it has to be planned anew first."""
        with self._store.writing() as connection:
            if _queue.is_stale(connection, model_id):
                n = _queue.n_handed(connection, annotator, n)
            return _queue.waiting(connection, annotator, n)

    def _plan(self, n, annotator, model_id):
        """Plan a round, unless one has just been; return whether it has images."""
        if self._planner.wait():
            return True
        with self._planning:
            if len(self._waiting(n, annotator, model_id)) >= n:
                return True
            with self._store.reading() as connection:
                return self._plan_from(connection, model_id) > 0

    def _plan_from(self, connection, model_id):
        n_planned = _queue.plan(self._store, self._state(model_id), connection)
        self._is_used_up = n_planned < self._round_size()
        return n_planned

    def _plan_ahead(self, model_id):
        """Plan the next round in the background once half of the last one is handed out.

        What it sees is the state of now, so that the queue does not depend on how long it takes.
        """
        if self._planner.is_busy() or self._is_used_up:
            return
        with self._store.reading() as connection:
            if _queue.n_waiting(connection) >= self._round_size() // 2:
                if not _queue.is_stale(connection, model_id):
                    return
        self._planner.begin(self._store.pinned(), lambda c: self._plan_from(c, model_id))

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
            self._round_size(),
        )

    def _round_size(self):
        """Return how many images a round has."""
        return self.settings["batch_size"]

    def _current_model(self):
        with self._store.reading() as connection:
            return connection.scalar(sa.select(_schema.project.c.current_model))

    def _predictions(self, model_id):
        """Return what a model says about all images that were there when it was trained."""
        if model_id is None:
            return None
        kept = self._predicted
        if kept is None or kept[0] != model_id:
            kept = self._predicted = model_id, self._read_predictions(model_id)
        return kept[1]

    def _read_predictions(self, model_id):
        with self._store.reading() as connection:
            return Predictions.read(self._folder_of(connection, model_id))

    def _folder_of(self, connection, model_id):
        where = _schema.model.c.id == model_id
        return self.place / connection.scalar(sa.select(_schema.model.c.path).where(where))

    def _questions(self, rows):
        """Return rows of the queue as questions, with what the model says."""
        ids = [row.item_id for row in rows]
        with self._store.reading() as connection:
            blind = _items.read_blind(connection, ids)
        model_id = self._current_model() if len(blind) < len(ids) else None
        said = self._said_of([i for i in ids if i not in blind], model_id)
        return [
            Question(
                row.item_id,
                row.reason,
                row.strategy,
                row.score,
                row.percentile,
                row.item_id in blind,
                said.get(row.item_id),
                None if row.item_id in blind else model_id,
            )
            for row in rows
        ]

    def _said_of(self, item_ids, model_id):
        """Return the probabilities of images by label, of those that have any."""
        predictions = self._predictions(model_id)
        if predictions is None or not item_ids:
            return {}
        ids = np.array(item_ids, np.int64)
        ids = ids[predictions.known(ids)]
        names = {c.id: c.name for c in self.classes}
        labels = [names[i] for i in predictions.classes.tolist()]
        proba = predictions.of(ids).tolist()
        rows = zip(ids.tolist(), proba, strict=True)
        return {item_id: dict(zip(labels, row, strict=True)) for item_id, row in rows}

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
            is_blind = item_id in _items.read_blind(connection, [item_id])
        nearest = [] if is_blind else self._nearest(item_id)
        if row is None:
            return Why(_words.NOT_ASKED, None, None, None, nearest)
        return Why(row.reason, row.strategy, row.score, row.percentile, nearest)

    def _nearest(self, item_id):
        ids, X = self._embeddings()
        with self._store.reading() as connection:
            labeled = _items.read_with_answer(connection, "label")
        labeled = labeled[np.isin(labeled, ids) & (labeled != item_id)]
        if item_id not in ids or len(labeled) == 0:
            return []
        x, others = X[np.searchsorted(ids, item_id)], X[np.searchsorted(ids, labeled)]
        nearest, cosines = nearest_rows(x, others)
        pairs = zip(labeled[nearest].tolist(), cosines.tolist(), strict=True)
        return [Neighbor(i, self.item(i).label, cosine) for i, cosine in pairs]
