"""The part of a project that decides about many images at once; one undo takes all of it back."""

import hashlib
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from .._random import round_rng
from ..exceptions import ProjectError
from . import _classes, _decisions, _items, _monitor
from ._decisions import Message, Part
from ._schema import ACCEPTED, BULK, DECISIONS, HUMAN, IMPORTED, current_label, item

N_SHOWN = 12  # images to look at before many are accepted


@dataclass(frozen=True)
class AcceptPreview:
    """What would happen if the predictions of a label were accepted.

    Attributes
    ----------
    label : str
        The label.
    threshold : float
        The least probability that is accepted.
    model_id : int
        The model that predicts.
    n_items : int
        Unanswered images that would get the label.
    n_monitor : int
        Monitor images with a label of people for which the model says the same as for these.
    error, low, high : float or None
        The share of these on which the model is wrong, and its 95 % interval, by Wilson: what to
        expect of the images. None where there are no such monitor images.
    sample : list of int
        Twelve of the images, at random, to look at.
    """

    label: str
    threshold: float
    model_id: int
    n_items: int
    n_monitor: int
    error: float | None
    low: float | None
    high: float | None
    sample: list


class BulkMixin:
    """What people say about many images at once."""

    def decide_many(self, item_ids, kind, value=None, *, annotator="me", key=None):
        """Say the same about many images, as one decision that one undo takes back.

        Parameters
        ----------
        item_ids : sequence of int
            Their numbers.
        kind, value, annotator, key : optional
            As for :meth:`decide`.

        Returns
        -------
        Decision
            Its `n_items` is how many images it is about.
        """
        ids = [int(i) for i in dict.fromkeys(item_ids)]
        said = {"operation": "decide", "kind": kind, "value": value, "items": _digest(ids)}

        def make(connection):
            _items.check_items(connection, ids)
            label_id, payload = read_content(connection, kind, value)
            return [Part(i, kind, label_id, payload) for i in ids], None

        return self._decide_bulk(said, annotator, key, make)

    def set_labels(self, labels, *, source=IMPORTED, annotator="me", key=None):
        """Give labels that come from elsewhere, such as a table, as one decision.

        Parameters
        ----------
        labels : dict of int to str
            Names of labels by numbers of images.
        source : {"imported", "human"}, default="imported"
            Where they come from. Both are labels of people: they train and judge models.
        annotator, key : optional
            As for :meth:`decide`.

        Returns
        -------
        Decision
        """
        if source not in (IMPORTED, HUMAN):
            raise ValueError(f"source must be {IMPORTED!r} or {HUMAN!r}; got {source!r}.")
        pairs = [(int(i), name) for i, name in labels.items()]
        said = {"operation": "set", "source": source, "items": _digest(pairs)}

        def make(connection):
            _items.check_items(connection, [i for i, _ in pairs])
            names = {name: read_content(connection, "label", name)[0] for _, name in pairs}
            return [Part(i, "label", names[n], source=source) for i, n in pairs], None

        return self._decide_bulk(said, annotator, key, make)

    def merge_label(self, name, into, *, annotator="me", key=None):
        """Give all images of a label another one, and archive it.

        Returns
        -------
        Decision
            Undone, the images have the label again, which is no longer archived.
        """
        said = {"operation": "merge", "label": name, "into": into}

        def make(connection):
            if name == into:
                raise ValueError(f"a label cannot be merged into itself; got {name!r} twice.")
            old, new = (_classes.find_class(connection, n) for n in (name, into))
            if new.is_archived:
                raise ValueError(f"the label {into!r} is archived. Bring it back by archive_label.")
            rows = _with_label(connection, old.id)
            change = _classes.retire_class(connection, old.id, merged_into=new.id)
            return [Part(r.item_id, "label", new.id, source=r.source) for r in rows], change

        return self._decide_bulk(said, annotator, key, make)

    def delete_label(self, name, *, annotator="me", key=None):
        """Take a label from all its images, which are unanswered then, and archive it.

        Returns
        -------
        Decision
            Undone, the images have the label again, which is no longer archived.
        """
        said = {"operation": "delete", "label": name}

        def make(connection):
            old = _classes.find_class(connection, name)
            rows = _with_label(connection, old.id)
            change = _classes.retire_class(connection, old.id)
            return [Part(row.item_id, "clear") for row in rows], change

        return self._decide_bulk(said, annotator, key, make)

    def _decide_bulk(self, said, annotator, key, make, model_id=None):
        message = Message(None, BULK, annotator, payload={"said": said}, model_id=model_id, key=key)
        with self._store.writing() as connection:
            return _decisions.record_bulk(connection, message, lambda: make(connection))

    # Accepting what a model says ------------------------------------------------------------

    def preview_accept(self, label, threshold):
        """Return what would happen if the predictions of a label were accepted.

        Parameters
        ----------
        label : str
            Its name.
        threshold : float
            The least probability, in [0, 1].

        Returns
        -------
        AcceptPreview
        """
        model_id = self._model_to_accept(threshold)
        with self._store.reading() as connection:
            label_id = read_content(connection, "label", label)[0]
            ids = self._to_accept(connection, label_id, threshold, model_id)
            n, n_wrong = self._monitor_said(connection, label_id, threshold, model_id)
        low, high = _monitor.wilson(n_wrong, n) if n else (None, None)
        rng = round_rng(self.random_state, model_id, f"accept {label_id}")
        sample = rng.permutation(ids)[:N_SHOWN].tolist()
        error = n_wrong / n if n else None
        numbers = (len(ids), n, error, low, high)
        return AcceptPreview(label, float(threshold), model_id, *numbers, sample)

    def accept_predictions(self, label, threshold, *, model_id=None, annotator="me", key=None):
        """Give unanswered images a label where the model is sure of it, as one decision.

        What was accepted is no label of people: it trains no model and judges none, and
        :meth:`labels` leaves it out unless asked. Monitor images are never accepted.

        Parameters
        ----------
        label : str
            Its name.
        threshold : float
            The least probability, in [0, 1].
        model_id : int, optional
            The model that was in use when somebody decided so; that it still is, is checked.
        annotator, key : optional
            As for :meth:`decide`.

        Returns
        -------
        Decision
        """
        said = {"operation": "accept", "label": label, "threshold": float(threshold)}
        current = self._model_to_accept(threshold)

        def make(connection):
            if model_id not in (None, current):
                raise ValueError(
                    f"model {current} is in use now, not {model_id}. Look again at what would be "
                    f"accepted, by preview_accept."
                )
            label_id = read_content(connection, "label", label)[0]
            ids = self._to_accept(connection, label_id, threshold, current)
            return [Part(int(i), "label", label_id, source=ACCEPTED) for i in ids], None

        return self._decide_bulk(said, annotator, key, make, current)

    def _model_to_accept(self, threshold):
        if not 0 <= threshold <= 1:
            raise ValueError(f"threshold must be in [0, 1]; got {threshold!r}.")
        model_id = self._current_model()
        if model_id is None:
            raise ProjectError("the project has no model yet. Make one by train.")
        return model_id

    def _to_accept(self, connection, label_id, threshold, model_id):
        """Return the unanswered images that the model gives a label, none of them a monitor one."""
        rows = sa.select(item.c.id).outerjoin(current_label, current_label.c.item_id == item.c.id)
        is_open = current_label.c.answer.is_(None) | (current_label.c.answer == "skip")
        rows = rows.where(item.c.status == "ok", item.c.draw >= _items.reserve, is_open)
        ids = np.array(connection.scalars(rows.order_by(item.c.id)).all(), np.int64)
        return ids[self._is_said(ids, label_id, threshold, model_id)]

    def _monitor_said(self, connection, label_id, threshold, model_id):
        """Return for how many monitor images the model says so, and of how many it is wrong."""
        labels = self._unseen_labels(connection, model_id)
        is_said = self._is_said(labels.ids, label_id, threshold, model_id)
        return int(is_said.sum()), int((labels.label_ids[is_said] != label_id).sum())

    def _is_said(self, ids, label_id, threshold, model_id):
        predictions = self._predictions(model_id)
        is_said = predictions.known(ids)
        proba = predictions.of(ids[is_said])
        best = predictions.classes[proba.argmax(axis=1)]
        is_said[is_said] = (best == label_id) & (proba.max(axis=1) >= threshold)
        return is_said


def read_content(connection, kind, value):
    """Return the number of a label and the payload of a decision, or raise if they do not fit."""
    if kind not in DECISIONS:
        raise ValueError(f"kind must be one of {DECISIONS}; got {kind!r}.")
    if kind == "label":
        found = _classes.find_class(connection, value)
        if found.is_archived:
            raise ValueError(f"the label {value!r} is archived. Bring it back by archive_label.")
        return found.id, None
    expected = {"flag": bool, "note": str}.get(kind, type(None))
    if not isinstance(value, expected):
        raise TypeError(f"the value of {kind!r} must be {expected.__name__}; got {value!r}.")
    return None, value


def _with_label(connection, label_id):
    rows = sa.select(current_label.c.item_id, current_label.c.source)
    rows = rows.where(current_label.c.label_id == label_id).order_by(current_label.c.item_id)
    return connection.execute(rows).all()


def _digest(values):
    """Return what tells two lists of images apart, in few bytes."""
    return hashlib.sha256(repr(values).encode()).hexdigest()
