"""Decisions of people as a log of events, to which undo and redo are events too.

What an item is called now follows from the decisions about it that hold, in their order. An undo
takes back the last decision of its annotator that holds, whoever has decided since; a redo gives
back what was undone last, until its annotator decides anew. Decisions of one bulk are one step.
"""

import time
import uuid
from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from ._schema import ANSWERS, DECISIONS, current_label, decision, event

CHUNK = 500  # rows that one statement is about

NOTHING = {
    "answer": None,
    "label_id": None,
    "event_id": None,
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
    item_id : int
        The image that it is about.
    kind : str
        ``"label"``, ``"skip"``, ``"unsure"``, ``"exclude"``, ``"clear"``, ``"flag"``, ``"note"``,
        ``"undo"`` or ``"redo"``.
    label_id : int or None
        The label that was given.
    target_id : int or None
        The decision that was undone or redone.
    annotator : str
        Who has decided.
    key : str
        What makes a repeated message one decision.
    source : {"human", "import", "model-accepted"}
        What it comes from.
    bulk : str or None
        The bulk that it belongs to, or that was undone or redone with it.
    """

    id: int
    item_id: int
    kind: str
    label_id: int | None
    target_id: int | None
    annotator: str
    key: str
    source: str = "human"
    bulk: str | None = None


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
    source: str = "human"
    bulk: str | None = None


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
    made = _append(connection, message)
    _apply(connection, made)
    _refresh(connection, [made.item_id])
    return made


def record_bulk(connection, messages, bulk):
    """Append decisions of one annotator that are undone and redone together.

    Parameters
    ----------
    connection : Connection
        Of the database, writing.
    messages : list of Message
        What is decided; their keys do not matter.
    bulk : str
        The name of the bulk: what was recorded under it before is not recorded again.

    Returns
    -------
    bool
        Whether anything was recorded.
    """
    known = sa.select(event.c.id).where(event.c.bulk == bulk).limit(1)
    if not messages or connection.scalar(known) is not None:
        return False
    (annotator,) = {message.annotator for message in messages}
    first = revision(connection) + 1
    for part in _parts(list(enumerate(messages))):
        rows = [_values(message) | _as_member(bulk, i, first + i) for i, message in part]
        connection.execute(sa.insert(event), rows)
    _end_redo(connection, annotator)
    names = ("item_id", "annotator")
    held = sa.select(event.c.id, *(event.c[name] for name in names), sa.literal("holds"))
    into = ["event_id", *names, "status"]
    connection.execute(
        sa.insert(decision).from_select(into, held.where(event.c.bulk == bulk, event.c.id >= first))
    )
    _refresh(connection, sorted({message.item_id for message in messages}))
    return True


def _as_member(bulk, position, number):
    return {"id": number, "bulk": bulk, "idempotency_key": f"{bulk}/{position}"}


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
    _refresh(connection, _concerned(connection, made))
    return made


def rebuild(connection):
    """Make the derived tables again, from the events alone."""
    connection.execute(sa.delete(current_label))
    connection.execute(sa.delete(decision))
    rows = connection.execute(sa.select(event).order_by(event.c.id)).all()
    found = _replay(_as_decision(row) for row in rows)
    for part in _parts(found):
        connection.execute(sa.insert(decision), part)
    _refresh(connection, sorted({row["item_id"] for row in found}))


def _replay(events):
    """Return the rows of the stack of decisions after all events."""
    found = {}
    undone = defaultdict(set)
    members = defaultdict(list)
    for made in events:
        if made.kind in DECISIONS:
            for event_id in undone.pop(made.annotator, ()):
                found[event_id]["status"] = "gone"
            row = {"event_id": made.id, "item_id": made.item_id, "annotator": made.annotator}
            found[made.id] = row | {"status": "holds"}
            members[made.bulk].append(made.id)
            continue
        concerned = [made.target_id] if made.bulk is None else members[made.bulk]
        for event_id in concerned:
            found[event_id]["status"] = "undone" if made.kind == "undo" else "holds"
        change = undone[made.annotator]
        change.update(concerned) if made.kind == "undo" else change.difference_update(concerned)
    return list(found.values())


def fold(events):
    """Return what an item is called after decisions about it that hold, in their order."""
    state = dict(NOTHING)
    for made in events:
        if made.kind in ANSWERS:
            answer = None if made.kind == "clear" else made.kind
            state |= {"answer": answer, "label_id": made.label_id, "event_id": made.id}
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
    said = (item_id, message.kind, message.annotator, message.label_id, message.payload)
    if said != (row.item_id, row.kind, row.annotator, row.label_id, row.payload):
        raise ValueError(
            f"the key {message.key!r} belongs to another decision ({row.kind!r} of item "
            f"{row.item_id} by {row.annotator!r}). Give each decision a key of its own."
        )
    return _as_decision(row)


def _append(connection, message, target=None):
    values = _values(message)
    if target is not None:
        values |= {"item_id": target.item_id, "target_id": target.event_id}
        values["bulk"] = _bulk_of(connection, target.event_id)
    made = connection.execute(sa.insert(event).values(values).returning(event)).one()
    return _as_decision(made)


def _parts(values):
    """Yield a list in parts that one statement can be about."""
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


def _values(message):
    return {
        "item_id": message.item_id,
        "annotator": message.annotator,
        "kind": message.kind,
        "label_id": message.label_id,
        "payload": message.payload,
        "shown_prediction": message.shown_prediction,
        "model_id": message.model_id,
        "client_ts": message.client_ts,
        "server_ts": time.time(),
        "idempotency_key": uuid.uuid4().hex if message.key is None else message.key,
        "source": message.source,
        "bulk": message.bulk,
    }


def _bulk_of(connection, event_id):
    return connection.scalar(sa.select(event.c.bulk).where(event.c.id == event_id))


def _target(connection, kind, annotator):
    """Return the decision that an undo or a redo is about: the ends of the stack meet there."""
    status, first = ("holds", sa.desc) if kind == "undo" else ("undone", sa.asc)
    mine = (decision.c.annotator == annotator) & (decision.c.status == status)
    found = sa.select(decision).where(mine).order_by(first(decision.c.event_id)).limit(1)
    return connection.execute(found).first()


def _apply(connection, made):
    """Bring the stack of decisions up to an event."""
    if made.kind in DECISIONS:
        _end_redo(connection, made.annotator)
        row = {"event_id": made.id, "item_id": made.item_id, "annotator": made.annotator}
        connection.execute(sa.insert(decision).values(row | {"status": "holds"}))
    else:
        status = "undone" if made.kind == "undo" else "holds"
        target = decision.c.event_id.in_(_members(made))
        connection.execute(sa.update(decision).where(target).values(status=status))


def _end_redo(connection, annotator):
    """Let nothing that somebody has undone be redone: they have decided anew."""
    lost = (decision.c.annotator == annotator) & (decision.c.status == "undone")
    connection.execute(sa.update(decision).where(lost).values(status="gone"))


def _members(made):
    """Return a query for the decisions that an undo or a redo is about."""
    if made.bulk is None:
        return sa.select(event.c.id).where(event.c.id == made.target_id)
    return sa.select(event.c.id).where(event.c.bulk == made.bulk, event.c.kind.in_(DECISIONS))


def _concerned(connection, made):
    """Return the items that an undo or a redo is about."""
    rows = sa.select(decision.c.item_id).where(decision.c.event_id.in_(_members(made)))
    return connection.scalars(rows.distinct().order_by(decision.c.item_id)).all()


def _refresh(connection, item_ids):
    """Write what items are called now."""
    both = sa.select(event).join(decision, decision.c.event_id == event.c.id)
    both = both.where(decision.c.status == "holds").order_by(event.c.item_id, event.c.id)
    for part in _parts(item_ids):
        rows = connection.execute(both.where(decision.c.item_id.in_(part)))
        found = {item: fold(events) for item, events in groupby(rows, attrgetter("item_id"))}
        connection.execute(sa.delete(current_label).where(current_label.c.item_id.in_(part)))
        new = [{"item_id": item, **state} for item, state in found.items() if state != NOTHING]
        if new:
            connection.execute(sa.insert(current_label), new)


def states(connection):
    """Return what all items are called, by their numbers: those about which nothing holds miss."""
    rows = connection.execute(sa.select(current_label).order_by(current_label.c.item_id))
    return {row.item_id: {name: getattr(row, name) for name in NOTHING} for row in rows}


def _as_decision(row):
    names = ("id", "item_id", "kind", "label_id", "target_id", "annotator", "source", "bulk")
    return Decision(**{name: getattr(row, name) for name in names}, key=row.idempotency_key)
