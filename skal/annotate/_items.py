"""Images of a project as its users see them, a page at a time."""

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from ._schema import HUMAN, IMPORTED, current_label, event, item, label_class, project

UNANSWERED = "unanswered"
reserve = sa.func.coalesce(sa.select(project.c.reserve).scalar_subquery(), 0.0)
is_human = current_label.c.source.in_([HUMAN, IMPORTED])  # labels that train and judge models

FILTERS = (UNANSWERED, "label", "skip", "unsure", "exclude")


@dataclass(frozen=True)
class Item:
    """An image and what it is called now.

    Attributes
    ----------
    id : int
        Its number, by which decisions name it.
    relpath : str
        Its name below the folder of images, with ``/`` between folders.
    width, height : int
        In pixels, as stored in the file.
    answer : {"label", "skip", "unsure", "exclude"} or None
        The last decision about it that holds.
    label : str or None
        The name of its label.
    source : {"human", "imported", "model-accepted"} or None
        Where the answer comes from.
    is_flagged : bool
        Whether somebody wants it looked at again.
    note : str
        What somebody has written about it.
    """

    id: int
    relpath: str
    width: int
    height: int
    answer: str | None
    label: str | None
    source: str | None
    is_flagged: bool
    note: str


_BOTH = item.outerjoin(current_label, current_label.c.item_id == item.c.id).outerjoin(
    label_class, label_class.c.id == current_label.c.label_id
)
_COLUMNS = (
    item.c.id,
    item.c.relpath,
    item.c.width,
    item.c.height,
    current_label.c.answer,
    label_class.c.name.label("label"),
    current_label.c.source,
    sa.func.coalesce(current_label.c.is_flagged, sa.false()).label("is_flagged"),
    sa.func.coalesce(current_label.c.note, "").label("note"),
)


def read_items(connection, after, n, answer=None):
    """Return images in the order of their numbers, those with numbers above `after`."""
    rows = sa.select(*_COLUMNS).select_from(_BOTH).where(item.c.status == "ok", item.c.id > after)
    if answer is not None:
        rows = rows.where(answered(answer))
    found = connection.execute(rows.order_by(item.c.id).limit(n))
    return [_as_item(row) for row in found]


def answered(answer):
    """Return the condition that images have an answer, or none."""
    if answer not in FILTERS:
        raise ValueError(f"answer must be None or one of {FILTERS}; got {answer!r}.")
    if answer == UNANSWERED:
        return current_label.c.answer.is_(None)
    return current_label.c.answer == answer


def read_some(connection, item_ids):
    """Return images of some numbers."""
    rows = sa.select(*_COLUMNS).select_from(_BOTH).where(item.c.id.in_(item_ids))
    return [_as_item(row) for row in connection.execute(rows)]


def read_item(connection, item_id):
    """Return one image, or raise if there is none of this number that can be shown."""
    rows = sa.select(*_COLUMNS).select_from(_BOTH).where(item.c.status == "ok")
    row = connection.execute(rows.where(item.c.id == item_id)).first()
    if row is None:
        raise _unknown(item_id)
    return _as_item(row)


def check_item(connection, item_id):
    """Raise if there is no image of this number that can be shown."""
    rows = sa.select(item.c.id).where(item.c.status == "ok", item.c.id == item_id)
    if connection.scalar(rows) is None:
        raise _unknown(item_id)


def check_items(connection, item_ids):
    """Raise if there is no image of one of some numbers."""
    known = set(connection.scalars(sa.select(item.c.id).where(item.c.status == "ok")))
    for item_id in item_ids:
        if item_id not in known:
            raise _unknown(item_id)


def _unknown(item_id):
    return KeyError(f"no image of this project has the number {item_id!r}")


def _as_item(row):
    return Item(**(dict(row._mapping) | {"is_flagged": bool(row.is_flagged)}))


def read_labeled(connection):
    """Return a row for each labeled image: number, label, and whether it is a monitor image."""
    is_monitor = (item.c.draw < reserve).label("is_monitor")
    rows = (
        sa.select(
            item.c.id,
            item.c.relpath,
            item.c.content_hash,
            item.c.draw,
            is_monitor,
            label_class.c.id.label("label_id"),
            label_class.c.name.label("label"),
            current_label.c.source,
            is_human.label("is_human"),
            event.c.annotator,
            event.c.server_ts,
            event.c.client_ts,
            event.c.model_id,
            event.c.shown_prediction,
            current_label.c.is_flagged,
            current_label.c.note,
        )
        .join(current_label, current_label.c.item_id == item.c.id)
        .join(label_class, label_class.c.id == current_label.c.label_id)
        .join(event, event.c.id == current_label.c.event_id)
        .where(current_label.c.answer == "label")
        .order_by(item.c.id)
    )
    return connection.execute(rows).all()


def read_names(connection):
    """Return the names of all images that have been looked at, by their numbers."""
    seen = item.c.has_features & (item.c.status == "ok")
    rows = connection.execute(sa.select(item.c.id, item.c.relpath).where(seen))
    return {row[0]: row[1] for row in rows}


def read_answered(connection):
    """Return the numbers of images that are answered: those skipped are not."""
    return read_with_answer(connection, "label", "unsure", "exclude")


def read_with_answer(connection, *answers):
    """Return the numbers of images with one of some answers, ascending."""
    rows = sa.select(current_label.c.item_id).where(current_label.c.answer.in_(answers))
    return np.sort(np.array(connection.scalars(rows).all(), np.int64))


def count_labels(connection, with_monitor):
    """Return how many images that train models have each label, by its number."""
    rows = sa.select(current_label.c.label_id, sa.func.count()).join(
        item, item.c.id == current_label.c.item_id
    )
    rows = rows.where(current_label.c.answer == "label", is_human)
    rows = rows if with_monitor else rows.where(item.c.draw >= reserve)
    return dict(connection.execute(rows.group_by(current_label.c.label_id)).all())


def read_blind(connection, item_ids):
    """Return those of some images that are monitor images and not answered yet."""
    rows = sa.select(item.c.id).outerjoin(current_label, current_label.c.item_id == item.c.id)
    is_open = current_label.c.answer.is_(None) | (current_label.c.answer == "skip")
    rows = rows.where(item.c.id.in_(item_ids), item.c.draw < reserve, is_open)
    return set(connection.scalars(rows))


def mark_unreadable(connection, item_id, reason):
    """Let an image that turned out to be broken not be asked for again."""
    values = {"status": "unreadable", "reason": reason}
    connection.execute(sa.update(item).where(item.c.id == item_id).values(values))
