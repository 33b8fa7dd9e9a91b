"""How many images have which answer, kept up to date from the log of events."""

import threading
from collections import Counter
from dataclasses import dataclass, field

import sqlalchemy as sa

from ._decisions import revision
from ._items import is_human
from ._schema import current_label, event, item, project

ANSWERED = ("label", "unsure", "exclude")
MOST_AT_ONCE = 500  # numbers in one question to the database


@dataclass(frozen=True)
class Known:
    """What counts of one image."""

    answer: str | None
    label_id: int | None
    is_flagged: bool
    is_monitor: bool
    is_human: bool


@dataclass(frozen=True)
class Tally:
    """Numbers of images.

    Attributes
    ----------
    revision : int
        The last event that they count.
    monitor_revision : int
        The last event that has changed an answer of a monitor image.
    training_revision : int
        The last event that has changed a label to learn from.
    answers : Counter
        By answer.
    labels, training_labels : Counter
        By the number of the label: of all images, and of those that are no monitor images.
    n_flagged, n_monitor_labeled : int
    """

    revision: int = 0
    monitor_revision: int = 0
    training_revision: int = 0
    answers: Counter = field(default_factory=Counter)
    labels: Counter = field(default_factory=Counter)
    training_labels: Counter = field(default_factory=Counter)
    n_flagged: int = 0
    n_monitor_labeled: int = 0

    @property
    def n_answered(self):
        """Images that are not asked for again."""
        return sum(self.answers[answer] for answer in ANSWERED)


class Tallies:
    """Gives the tally of now; what it costs depends on what has happened since, not on the pool."""

    def __init__(self, store):
        self._store, self._turn = store, threading.Lock()
        self._known: dict = {}
        self._examples: dict = {}
        self._reset()

    def _reset(self):
        self._known.clear()
        self._counts, self._answers = Counter(), Counter()
        self._labels, self._training = Counter(), Counter()
        self._revision = self._monitor_revision = self._training_revision = 0

    def forget(self):
        """Count all anew the next time, because images or labels were moved."""
        with self._turn:
            self._reset()

    def now(self, connection=None):
        """Return the numbers as they are.

        Parameters
        ----------
        connection : Connection, optional
            By default one is opened.

        Returns
        -------
        Tally
        """
        if connection is None:
            with self._store.reading() as opened:
                return self.now(opened)
        with self._turn:
            last = revision(connection)
            if last > self._revision:
                self._catch_up(connection, last)
            return self._tally()

    def example_of(self, label_id):
        """Return the number of an image with a label, the same as long as it has it, or None."""
        with self._turn:
            item_id = self._examples.get(label_id)
            known = self._known.get(item_id)
            if known is None or known.label_id != label_id:
                having = (i for i, k in self._known.items() if k.label_id == label_id)
                item_id = self._examples[label_id] = next(having, None)
            return item_id

    def _tally(self):
        return Tally(
            self._revision,
            self._monitor_revision,
            self._training_revision,
            self._answers.copy(),
            self._labels.copy(),
            self._training.copy(),
            self._counts["flagged"],
            self._counts["monitor"],
        )

    def _catch_up(self, connection, last):
        if self._revision == 0:
            self._replace(_read(connection, sa.true()), None, last)
        else:
            rows = _touched(connection, self._revision, last)
            for start in range(0, len(rows), MOST_AT_ONCE):
                some = list(rows)[start : start + MOST_AT_ONCE]
                found = _read(connection, current_label.c.item_id.in_(some))
                self._replace({i: found.get(i) for i in some}, rows, last)
        self._revision = last

    def _replace(self, states, events, last):
        for item_id, new in states.items():
            old = self._known.pop(item_id, None)
            if new is not None:
                self._known[item_id] = new
            self._note(old, new, last if events is None else events[item_id])
            self._add(old, -1)
            self._add(new, 1)

    def _note(self, old, new, event_id):
        """Keep when labels have changed, apart for monitor images and those to learn from."""
        before, after = (None if s is None else (s.answer, s.label_id) for s in (old, new))
        if before == after:
            return
        if (new or old).is_monitor:
            self._monitor_revision = max(self._monitor_revision, event_id)
        elif "label" in (before or ())[:1] + (after or ())[:1]:
            self._training_revision = max(self._training_revision, event_id)

    def _add(self, known, n):
        if known is None:
            return
        self._counts["flagged"] += n * known.is_flagged
        if known.answer is not None:
            self._answers[known.answer] += n
        if known.label_id is not None:
            self._labels[known.label_id] += n
            self._training[known.label_id] += n * (known.is_human and not known.is_monitor)
            self._counts["monitor"] += n * (known.is_human and known.is_monitor)


def _touched(connection, after, last):
    """Return the images that events are about, each with the last of these events."""
    newer = (event.c.id > after) & (event.c.id <= last)
    own = sa.select(event.c.item_id, event.c.id).where(newer, event.c.item_id.is_not(None))
    step, part = event.alias(), event.alias()  # an undo of many images names their decision alone
    both = sa.select(part.c.item_id, step.c.id).join(part, part.c.bulk_id == step.c.target_id)
    of_bulks = both.where(step.c.id > after, step.c.id <= last)
    every = sa.union_all(own, of_bulks).subquery()
    rows = sa.select(every.c.item_id, sa.func.max(every.c.id)).group_by(every.c.item_id)
    return dict(connection.execute(rows).all())


def _read(connection, where):
    """Return what counts of images, by their numbers; those that are gone do not."""
    reserve = sa.select(sa.func.coalesce(project.c.reserve, 0.0)).scalar_subquery()
    columns = current_label.c.item_id, current_label.c.answer, current_label.c.label_id
    is_monitor = (item.c.draw < reserve).label("is_monitor")
    rows = sa.select(*columns, current_label.c.is_flagged, is_monitor, is_human)
    rows = rows.join(item, item.c.id == current_label.c.item_id)
    found = connection.execute(rows.where(where, item.c.status == "ok"))
    return {r[0]: Known(r[1], r[2], bool(r[3]), bool(r[4]), bool(r[5])) for r in found}
