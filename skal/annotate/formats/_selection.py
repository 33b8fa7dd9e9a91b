"""What an export is about: the images of a project and all that is known of their labels."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from .._classes import read_classes
from .._schema import ACCEPTED, HUMAN, current_label, event, item, label_class, project, queue_item

SPLITS = ("all", "train", "monitor", "accepted")
AT_ONCE = 1000  # rows that are in memory


@dataclass(frozen=True)
class Selection:
    """Which images an export holds, and in which order it names the labels.

    Parameters
    ----------
    split : {"all", "train", "monitor", "accepted"}
        Images that train models, that judge them, or whose label was accepted from one.
    labels : list of str or None
        Only images with these labels.
    include_unlabeled : bool
        Whether images without a label are there too.
    class_order : list of str or None
        The labels in the order in which formats number them.
    """

    split: str = "all"
    labels: list[str] | None = None
    include_unlabeled: bool = False
    class_order: list[str] | None = None

    def check(self):
        """Raise unless it can be."""
        if self.split not in SPLITS:
            raise ValueError(f"split must be one of {SPLITS}; got {self.split!r}.")
        if self.labels is not None and self.include_unlabeled:
            raise ValueError("labels and include_unlabeled exclude each other; pass one of them.")

    def classes(self, connection):
        """Return the labels that the export names, in their order.

        Returns
        -------
        list of LabelClass
            Those that are archived only if images of the project have them.
        """
        used = set(connection.scalars(sa.select(current_label.c.label_id).distinct()))
        known = [c for c in read_classes(connection) if not c.is_archived or c.id in used]
        found = {one.name: one for one in known}
        for names in (self.labels, self.class_order):
            unknown = [name for name in names or () if name not in found]
            if unknown:
                raise ValueError(f"the project has no labels {unknown}; it has {list(found)}.")
        wanted = [name for name in found if self.labels is None or name in self.labels]
        if self.class_order is None:
            return [found[name] for name in wanted]
        if sorted(self.class_order) != sorted(wanted):
            raise ValueError(
                f"class_order must hold each label once, {wanted}; got {self.class_order}."
            )
        return [found[name] for name in self.class_order]

    def rows(self, connection):
        """Yield a record for each image, in the order of their numbers, a few at a time."""
        columns, where = self._columns(), self._where(connection)
        query = sa.select(*columns).select_from(_JOINED).where(where).order_by(item.c.id)
        found = connection.execute(query, execution_options={"yield_per": AT_ONCE})
        yield from map(_record, found)

    def count(self, connection):
        """Return how many images there are, by answer and label, by split, and their bytes.

        Returns
        -------
        Counts
        """
        bytes_ = sa.func.coalesce(item.c.n_bytes, 0)
        keys = (current_label.c.answer, label_class.c.name, _split())
        query = sa.select(*keys, sa.func.count(), sa.func.sum(bytes_)).select_from(_JOINED)
        where = self._where(connection)
        counts = Counts()
        for found in connection.execute(query.where(where).group_by(*keys)):
            counts.add(*found)
        return counts

    def _where(self, connection):
        is_labeled = current_label.c.answer == "label"
        where = is_labeled
        if self.include_unlabeled:
            where = sa.or_(is_labeled, item.c.status == "ok")
        if self.labels is not None:
            ids = [found.id for found in self.classes(connection)]
            where &= current_label.c.label_id.in_(ids)
        if self.split != "all":
            where &= _split() == self.split
        return where

    def _columns(self):
        return (
            item.c.id,
            item.c.relpath,
            item.c.content_hash,
            item.c.width,
            item.c.height,
            _split().label("split"),
            current_label.c.answer,
            label_class.c.id.label("label_id"),
            label_class.c.name.label("label"),
            current_label.c.source,
            event.c.annotator,
            event.c.server_ts,
            queue_item.c.round_id,
            event.c.model_id,
            event.c.shown_prediction,
            current_label.c.is_flagged,
            current_label.c.note,
        )


class Counts:
    """How many images an export holds."""

    def __init__(self):
        self.n = self.n_labeled = self.n_bytes = 0
        self.by_label = Counter()
        self.by_split = Counter()

    def add(self, answer, label, split, n, n_bytes):
        """Count images that are alike."""
        self.n += n
        self.n_bytes += n_bytes
        self.by_split[split] += n
        if answer == "label":
            self.n_labeled += n
            self.by_label[label] += n


class Record(NamedTuple):
    """An image of an export: its number, width and height, and all that tables say of it."""

    item_id: int
    size: tuple[int, int]
    values: dict[str, Any]


_JOINED = (
    item.outerjoin(current_label, current_label.c.item_id == item.c.id)
    .outerjoin(label_class, label_class.c.id == current_label.c.label_id)
    .outerjoin(event, event.c.id == current_label.c.event_id)
    .outerjoin(queue_item, queue_item.c.item_id == item.c.id)
)


def _split():
    reserve = sa.select(project.c.reserve).scalar_subquery()
    is_monitor = item.c.draw < sa.func.coalesce(reserve, 0.0)
    is_accepted = sa.func.coalesce(current_label.c.source, HUMAN) == ACCEPTED
    return sa.case((is_accepted, "accepted"), (is_monitor, "monitor"), else_="train")


def _record(row):
    item_id, path, content_hash, width, height, split, answer, label_id, *rest = row
    label, source, annotator, server_ts, round_, model_id, shown, is_flagged, note = rest
    values = {
        "path": path,
        "label": label,
        "label_id": label_id,
        "answer": answer,
        "split": split,
        "source": source,
        "annotator": annotator,
        "time": _time(server_ts),
        "round": round_,
        "model_id": model_id,
        "shown_prediction": shown,
        "is_flagged": bool(is_flagged),
        "note": note or "",
        "content_hash": content_hash,
    }
    return Record(item_id, (width, height), values)


def _time(seconds):
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
