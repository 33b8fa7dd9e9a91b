"""The part of a project that looks back: images by what was said of them, and wrong labels."""

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from . import _classes, _decisions, _items, _suspects
from ._items import UNANSWERED, Item
from ._predictions import Predictions
from ._schema import SOURCES, current_label, event, item, queue_item

CHUNK = 2000  # images that are read at once where a model has to be asked


@dataclass(frozen=True)
class Filter:
    """What images to show: those for which all that is given holds.

    Attributes
    ----------
    answer : {"unanswered", "label", "skip", "unsure", "exclude"}, optional
        How they are answered.
    label : str, optional
        The label that they have.
    source : {"human", "imported", "model-accepted"}, optional
        Where the answer comes from.
    annotator : str, optional
        Who has given it.
    round_id : int, optional
        The round that they were asked in.
    is_flagged : bool, optional
        Whether somebody wants them looked at again.
    predicted : str, optional
        The label that the model in use says.
    is_contradicted : bool, optional
        Whether the model in use says another label than they have.
    is_suspected : bool, optional
        True for those whose labels are probably wrong, the most suspicious first.
    """

    answer: str | None = None
    label: str | None = None
    source: str | None = None
    annotator: str | None = None
    round_id: int | None = None
    is_flagged: bool | None = None
    predicted: str | None = None
    is_contradicted: bool | None = None
    is_suspected: bool | None = None


@dataclass(frozen=True)
class ReviewItem:
    """An image among others that are looked at again.

    Attributes
    ----------
    item : Item
        The image and what it is called.
    annotator : str or None
        Who has answered it.
    predicted : str or None
        What the model in use says; None where there is none, or the image is to be answered blind.
    confidence : float or None
        The probability of that.
    suspicion : float or None
        The probability of its label, by a model that has not seen it, where it is suspected.
    suggested : str or None
        The label that it may have instead.
    """

    item: Item
    annotator: str | None
    predicted: str | None
    confidence: float | None
    suspicion: float | None
    suggested: str | None


@dataclass(frozen=True)
class Page:
    """A part of the images that are looked at again.

    Attributes
    ----------
    items : list of ReviewItem
        In their order.
    after : list or None
        What to ask for the next page with; None where this is the last.
    """

    items: list
    after: list | None


class ReviewMixin:
    """What a project shows of its answers."""

    def review(self, which=None, after=None, n=100):
        """Return a page of images, in the order of their numbers, or of suspicion.

        Parameters
        ----------
        which : Filter, optional
            Which images; by default all.
        after : list, optional
            The `after` of the page before.
        n : int, default=100
            How many at most.

        Returns
        -------
        Page
        """
        which = which or Filter()
        with self._store.reading() as connection:
            names = _Names(connection)
            rows = self._suspected(connection, which, after, n + 1, names)
            if rows is None:
                first = 0 if after is None else after[-1]
                rows = self._matching(connection, which, first, n + 1, names)
            items = self._reviewed(connection, rows[:n], names)
        more = len(rows) > n
        return Page(items, [items[-1].suspicion, items[-1].item.id] if more else None)

    def count(self, which=None):
        """Return how many images a filter lets through.

        Parameters
        ----------
        which : Filter, optional
            Which images; by default all.

        Returns
        -------
        int
        """
        which = which or Filter()
        with self._store.reading() as connection:
            names = _Names(connection)
            rows = self._suspected(connection, which, None, None, names)
            if rows is None:
                rows = self._matching(connection, which, 0, None, names)
            return len(rows)

    def counts(self):
        """Return how many images there are of each kind.

        Returns
        -------
        dict
            Of ``"answer"``, ``"label"``, ``"source"``, ``"annotator"`` and ``"round_id"`` dicts of
            counts; of ``"n"``, ``"is_flagged"``, ``"is_contradicted"`` and ``"is_suspected"`` a
            count.
        """
        with self._store.reading() as connection:
            names = _Names(connection)
            by_label = _count(connection, current_label.c.label_id)
            found = {
                "answer": _count(connection, sa.func.coalesce(current_label.c.answer, UNANSWERED)),
                "label": {c.name: by_label.get(c.id, 0) for c in names.classes},
                "source": _count(connection, current_label.c.source),
                "annotator": _count(connection, event.c.annotator),
                "round_id": _count(connection, queue_item.c.round_id),
            }
            found["n"] = sum(found["answer"].values())
        for name in ("is_flagged", "is_contradicted", "is_suspected"):
            found[name] = self.count(Filter(**{name: True}))
        return found

    def _matching(self, connection, which, first, n, names):
        """Return the numbers of images above `first` that a filter lets through."""
        rows = _query(which, names).order_by(item.c.id)
        needs_model = which.predicted is not None or which.is_contradicted is not None
        if not needs_model:
            return connection.scalars(rows.where(item.c.id > first).limit(n)).all()
        found = []
        while n is None or len(found) < n:
            chunk = connection.scalars(rows.where(item.c.id > first).limit(CHUNK)).all()
            if not chunk:
                break
            first = chunk[-1]
            found += self._said_as_wanted(connection, chunk, which, names)
        return found[:n]

    def _said_as_wanted(self, connection, ids, which, names):
        """Return those of some images of which the model in use says what a filter wants."""
        predictions = self._predictions(self._current_model())
        if predictions is None:
            return []
        blind = _items.read_blind(connection, ids)
        ids = np.array([i for i in ids if i not in blind], np.int64)
        ids = ids[predictions.known(ids)]
        best, is_wanted = predictions.best(ids), np.ones(len(ids), bool)
        if which.predicted is not None:
            is_wanted &= best == names.id_of(which.predicted)
        if which.is_contradicted is not None:
            labels = _labels_of(connection, ids)
            has_label = np.array([i in labels for i in ids.tolist()], bool)
            differs = best != [labels.get(i, 0) for i in ids.tolist()]
            is_wanted &= has_label & (differs == which.is_contradicted)
        return ids[is_wanted].tolist()

    def _reviewed(self, connection, ids, names):
        items = {found.id: found for found in _items.read_some(connection, ids)}
        annotators = _annotators_of(connection, ids)
        said = self._best_of(connection, ids)
        suspects = self._find_suspects(connection)
        rows = zip(suspects.ids, suspects.scores, suspects.better, strict=True)
        suspected = {int(i): (float(score), names.of[int(b)]) for i, score, b in rows}
        none = (None, None)
        return [
            ReviewItem(items[i], annotators.get(i), *said.get(i, none), *suspected.get(i, none))
            for i in ids
        ]

    def _best_of(self, connection, item_ids):
        """Return the most probable label of images, and how probable it is."""
        blind = _items.read_blind(connection, item_ids)
        said = self._said_of([i for i in item_ids if i not in blind], self._current_model())
        return {i: max(row.items(), key=lambda pair: pair[1]) for i, row in said.items()}

    # Labels that are probably wrong ---------------------------------------------------------

    def _suspected(self, connection, which, after, n, names):
        """Return the suspected images that a filter lets through; None if it wants no suspects."""
        if which.is_suspected is None:
            return None
        suspects = self._find_suspects(connection)
        if not which.is_suspected:
            raise ValueError(
                "is_suspected must be True or None: what is not suspected has no order."
            )
        ids = set(self._matching(connection, which, 0, None, names))
        pairs = zip(suspects.scores.tolist(), suspects.ids.tolist(), strict=True)
        first = (-1.0, 0) if after is None else tuple(after)
        return [i for score, i in pairs if (score, i) > first and i in ids][:n]

    def _find_suspects(self, connection):
        """Return suspected label errors, among all labels of people that there are now."""
        key = self._current_model(), _decisions.revision(connection)
        if self._suspects is None or self._suspects[0] != key:
            self._suspects = key, self._search_suspects(connection, key[0])
        return self._suspects[1]

    def _search_suspects(self, connection, model_id):
        nothing = _suspects.Suspects(*(np.empty(0, t) for t in (np.int64, np.float64, np.int64)))
        folder = None if model_id is None else self._folder_of(connection, model_id)
        if folder is None or not (folder / _suspects.FILE).exists():
            return nothing
        trained = Predictions.read(folder, _suspects.FILE)
        labeled = [r for r in _items.read_labeled(connection) if r.is_human]
        said = self._predictions(model_id)
        unseen = np.array([r.id for r in labeled if r.is_monitor], np.int64)
        both = _suspects.merged(trained, unseen[said.known(unseen)], said)
        ids = np.array([r.id for r in labeled], np.int64)
        label_ids = np.array([r.label_id for r in labeled], np.int64)
        known = both.known(ids) & np.isin(label_ids, both.classes)
        return _suspects.find_suspects(both, ids[known], label_ids[known])


class _Names:
    """The labels of a project, both ways."""

    def __init__(self, connection):
        self.classes = _classes.read_classes(connection)
        self.of = {c.id: c.name for c in self.classes}

    def id_of(self, name):
        found = [c.id for c in self.classes if c.name == name]
        if not found:
            raise ValueError(f"the project has no label {name!r}; it has {list(self.of.values())}.")
        return found[0]


def _query(which, names):
    """Return a query of the numbers of images, of all of a filter that the database knows."""
    rows = sa.select(item.c.id).outerjoin(current_label, current_label.c.item_id == item.c.id)
    rows = rows.where(item.c.status == "ok")
    if which.answer is not None:
        rows = rows.where(_items.answered(which.answer))
    if which.label is not None:
        rows = rows.where(current_label.c.label_id == names.id_of(which.label))
    if which.source is not None:
        _check_source(which.source)
        rows = rows.where(current_label.c.source == which.source)
    if which.is_flagged is not None:
        is_flagged = sa.func.coalesce(current_label.c.is_flagged, sa.false())
        rows = rows.where(is_flagged == which.is_flagged)
    if which.annotator is not None:
        rows = rows.join(event, event.c.id == current_label.c.event_id)
        rows = rows.where(event.c.annotator == which.annotator)
    if which.round_id is not None:
        rows = rows.join(queue_item, queue_item.c.item_id == item.c.id)
        rows = rows.where(queue_item.c.round_id == which.round_id)
    return rows


def _check_source(source):
    if source not in SOURCES:
        raise ValueError(f"source must be one of {SOURCES}; got {source!r}.")


def _count(connection, column):
    rows = sa.select(column, sa.func.count()).select_from(
        item.outerjoin(current_label, current_label.c.item_id == item.c.id)
        .outerjoin(event, event.c.id == current_label.c.event_id)
        .outerjoin(queue_item, queue_item.c.item_id == item.c.id)
    )
    rows = rows.where(item.c.status == "ok", column.is_not(None)).group_by(column)
    return dict(connection.execute(rows).all())


def _labels_of(connection, ids):
    rows = sa.select(current_label.c.item_id, current_label.c.label_id)
    rows = rows.where(current_label.c.item_id.in_(ids.tolist()), current_label.c.answer == "label")
    return dict(connection.execute(rows).all())


def _annotators_of(connection, ids):
    rows = sa.select(current_label.c.item_id, event.c.annotator)
    rows = rows.join(event, event.c.id == current_label.c.event_id)
    return dict(connection.execute(rows.where(current_label.c.item_id.in_(ids))).all())
