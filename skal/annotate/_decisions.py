"""Decisions of people as a log of events, to which undo and redo are events too.

What an item is called now follows from the decisions about it that hold, in their order. An undo
takes back the last decision of its annotator that holds, whoever has decided since; a redo gives
back what was undone last, until its annotator decides anew. Decisions about many items at once are
parts of one event, and are undone as one.
"""

import time
import uuid
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from ..exceptions import ConflictError
from ._classes import change_back
from ._schema import ANSWERS, BULK, DECISIONS, HUMAN, current_label, decision, event

NOTHING = {
    "answer": None,
    "label_id": None,
    "event_id": None,
    "source": None,
    "n_skips": 0,
    "is_flagged": False,
    "note": "",
}


@dataclass(frozen=True)
class Decision:
    """What somebody has decided about an image, or has undone or redone.

    Attributes
    ----------
    id : int
        The number of the event.
    item_id : int or None
        The image that it is about; None where there are many.
    kind : str
        ``"label"``, ``"skip"``, ``"unsure"``, ``"exclude"``, ``"clear"``, ``"flag"``, ``"note"``,
        ``"bulk"``, ``"undo"`` or ``"redo"``.
    label_id : int or None
        The label that was given.
    target_id : int or None
        The decision that was undone or redone.
    annotator : str
        Who has decided.
    key : str
        What makes a repeated message one decision.
    n_items : int
        How many images it is about.
    """

    id: int
    item_id: int | None
    kind: str
    label_id: int | None
    target_id: int | None
    annotator: str
    key: str
    n_items: int = 1


@dataclass(frozen=True)
class Message:
    """What a decision is made of, before it is one."""

    item_id: int | None
    kind: str
    annotator: str
    label_id: int | None = None
    payload: Any = None
    shown_prediction: Any = None
    model_id: int | None = None
    client_ts: float | None = None
    key: str | None = None
    source: str = HUMAN
    seen: int | None = None


@dataclass(frozen=True)
class Part:
    """What a decision about many items says of one."""

    item_id: int
    kind: str
    label_id: int | None = None
    payload: Any = None
    source: str = HUMAN


def record(connection, message):
    """Append a decision and bring the derived tables up to it.

    Returns
    -------
    Decision
        That of an earlier message with the same key, where there was one.
    """
    known = _find_repeated(connection, message)
    if known is not None:
        return known
    _check_seen(connection, message)
    made = _append(connection, message)
    _apply(connection, made)
    _refresh(connection, made.item_id)
    return made


def _check_seen(connection, message):
    """Raise if somebody else has answered since the image was shown."""
    if message.seen is None:
        return
    both = sa.select(event).join(current_label, current_label.c.event_id == event.c.id)
    row = connection.execute(both.where(current_label.c.item_id == message.item_id)).first()
    if row is not None and row.id != message.seen and row.annotator != message.annotator:
        raise ConflictError(
            f"{row.annotator!r} has answered image {message.item_id} since you saw it. Look at "
            f"that answer, then decide again."
        )


def record_bulk(connection, message, make_parts):
    """Append a decision about many items.

    Parameters
    ----------
    connection : Connection
        Of the database.
    message : Message
        Of kind ``"bulk"``; its payload is a dict of what was `said`.
    make_parts : callable
        Returns a list of Part, and what changes of a label with them, or None. It is not called for
        a message that is repeated.

    Returns
    -------
    Decision
    """
    known = _find_repeated(connection, message)
    if known is not None:
        return known
    parts, change = make_parts()
    made = _append(connection, replace(message, payload={**message.payload, "change": change}))
    if parts:
        rows = [_part_row(part, made, message) for part in parts]
        connection.execute(sa.insert(event), rows)
    _apply(connection, made, made.id)
    columns = [event.c.id, event.c.item_id, event.c.annotator, sa.literal("holds"), event.c.bulk_id]
    members = sa.select(*columns).where(event.c.bulk_id == made.id)
    names = ["event_id", "item_id", "annotator", "status", "bulk_id"]
    connection.execute(sa.insert(decision).from_select(names, members))
    _refresh_bulk(connection, made.id)
    return replace(made, n_items=len(parts))


def _part_row(part, bulk, message):
    return {
        "item_id": part.item_id,
        "annotator": message.annotator,
        "kind": part.kind,
        "source": part.source,
        "bulk_id": bulk.id,
        "label_id": part.label_id,
        "payload": _json(part.payload),
        "model_id": message.model_id,
        "client_ts": message.client_ts,
        "server_ts": time.time(),
        "idempotency_key": f"{bulk.key}/{part.item_id}/{uuid.uuid4().hex}",
    }


def step(connection, kind, annotator, key=None, client_ts=None):
    """Append an undo or a redo.

    Returns
    -------
    Decision or None
        None where there is nothing to undo or redo.
    """
    message = Message(None, kind, annotator, client_ts=client_ts, key=key)
    known = _find_repeated(connection, message)
    if known is not None:
        return known
    target = _target(connection, kind, annotator)
    if target is None:
        return None
    made = _append(connection, message, target)
    _apply(connection, made)
    if target.bulk_id is None:
        _refresh(connection, made.item_id)
        return made
    change = connection.scalar(sa.select(event.c.payload).where(event.c.id == target.bulk_id))
    change_back(connection, change["change"], kind == "undo")
    _refresh_bulk(connection, target.bulk_id)
    return replace(made, n_items=_n_parts(connection, target.bulk_id))


def _n_parts(connection, bulk_id):
    rows = sa.select(sa.func.count(decision.c.item_id)).where(decision.c.bulk_id == bulk_id)
    return connection.scalar(rows)


def rebuild(connection):
    """Make the derived tables again, from the events alone."""
    connection.execute(sa.delete(current_label))
    connection.execute(sa.delete(decision))
    for row in connection.execute(sa.select(event).order_by(event.c.id)).all():
        _apply(connection, _as_decision(row), row.id if row.kind == BULK else row.bulk_id)
    _write_states(connection, sa.select(decision.c.item_id))


def fold(events):
    """Return what an item is called after decisions about it that hold, in their order."""
    state = dict(NOTHING)
    for made in events:
        if made.kind in ANSWERS:
            answer = None if made.kind == "clear" else made.kind
            state |= {"answer": answer, "label_id": made.label_id, "event_id": made.id}
            state["source"] = None if answer is None else made.source
            state["n_skips"] += made.kind == "skip"
        elif made.kind == "flag":
            state["is_flagged"] = bool(made.payload)
        else:
            state["note"] = made.payload
    return state


def revision(connection):
    """Return the number of the last event: that of the state of the labels."""
    return connection.scalar(sa.select(sa.func.coalesce(sa.func.max(event.c.id), 0)))


def _find_repeated(connection, message):
    """Return the decision of an earlier message of the same key; raise if it said another thing."""
    if message.key is None:
        return None
    row = connection.execute(sa.select(event).where(event.c.idempotency_key == message.key)).first()
    if row is None:
        return None
    item_id = row.item_id if message.item_id is None else message.item_id
    said = (item_id, message.kind, message.annotator, message.label_id, _said(message))
    if said != (row.item_id, row.kind, row.annotator, row.label_id, _said(row)):
        raise ValueError(
            f"the key {message.key!r} belongs to another decision ({row.kind!r} of item "
            f"{row.item_id} by {row.annotator!r}). Give each decision a key of its own."
        )
    bulk_id = row.id if row.kind == BULK else row.target_id
    n_parts = _n_parts(connection, bulk_id) if row.item_id is None else 1
    return replace(_as_decision(row), n_items=n_parts)


def _said(made):
    return made.payload["said"] if made.kind == BULK else made.payload


def _append(connection, message, target=None):
    values = {
        "item_id": message.item_id,
        "annotator": message.annotator,
        "kind": message.kind,
        "source": message.source,
        "label_id": message.label_id,
        "target_id": None,
        "payload": sa.null() if message.payload is None else message.payload,
        "shown_prediction": _json(message.shown_prediction),
        "model_id": message.model_id,
        "client_ts": message.client_ts,
        "server_ts": time.time(),
        "idempotency_key": uuid.uuid4().hex if message.key is None else message.key,
    }
    if target is not None:
        values["target_id"] = target.event_id if target.bulk_id is None else target.bulk_id
        values["item_id"] = target.item_id if target.bulk_id is None else None
    made = connection.execute(sa.insert(event).values(values).returning(event)).one()
    return _as_decision(made)


def _json(value):
    return sa.null() if value is None else value


def _target(connection, kind, annotator):
    """Return the decision that an undo or a redo is about: the ends of the stack meet there."""
    status, first = ("holds", sa.desc) if kind == "undo" else ("undone", sa.asc)
    mine = (decision.c.annotator == annotator) & (decision.c.status == status)
    found = sa.select(decision).where(mine).order_by(first(decision.c.event_id)).limit(1)
    return connection.execute(found).first()


def _apply(connection, made, bulk_id=None):
    """Bring the stack of decisions up to an event."""
    if made.kind in (*DECISIONS, BULK):
        _lose_undone(connection, made.annotator)
        row = {"event_id": made.id, "item_id": made.item_id, "annotator": made.annotator}
        row |= {"status": "holds", "bulk_id": bulk_id}
        connection.execute(sa.insert(decision).values(row))
    else:
        status = "undone" if made.kind == "undo" else "holds"
        target = decision.c.event_id == made.target_id
        if made.item_id is None:
            target = decision.c.bulk_id == made.target_id
        connection.execute(sa.update(decision).where(target).values(status=status))


def _lose_undone(connection, annotator):
    lost = (decision.c.annotator == annotator) & (decision.c.status == "undone")
    connection.execute(sa.update(decision).where(lost).values(status="gone"))


def _refresh(connection, item_id):
    """Write what an item is called now."""
    _write_states(connection, [item_id])


def _refresh_bulk(connection, bulk_id):
    _write_states(connection, sa.select(decision.c.item_id).where(decision.c.bulk_id == bulk_id))


def _write_states(connection, item_ids):
    """Write what some items are called now: a list of numbers, or a query of them."""
    holds = decision.c.item_id.in_(item_ids) & (decision.c.status == "holds")
    both = sa.select(event).join(decision, decision.c.event_id == event.c.id).where(holds)
    found = connection.execute(both.order_by(event.c.item_id, event.c.id)).all()
    connection.execute(sa.delete(current_label).where(current_label.c.item_id.in_(item_ids)))
    states = {i: fold(made) for i, made in groupby(found, key=attrgetter("item_id"))}
    rows = [{"item_id": i, **state} for i, state in states.items() if state != NOTHING]
    if rows:
        connection.execute(sa.insert(current_label), rows)


def states(connection):
    """Return what all items are called, by their numbers: those about which nothing holds miss."""
    rows = connection.execute(sa.select(current_label).order_by(current_label.c.item_id))
    return {row.item_id: {name: getattr(row, name) for name in NOTHING} for row in rows}


def _as_decision(row):
    names = ("id", "item_id", "kind", "label_id", "target_id", "annotator")
    return Decision(*(getattr(row, name) for name in names), key=row.idempotency_key)
