"""The queue on disk: what was planned, what was handed out, and what comes back.

An image that was handed out stays with its annotator until it is answered. What was planned and
not handed out yet is planned anew when there is a new model.
"""

import time
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from . import _decisions
from ._items import read_answered, read_with_answer
from ._plan import View, plan_round
from ._schema import current_label, item, label_class, project, queue_item, round_
from ._strategies import name_of

SIZE = 32  # images in a round


@dataclass(frozen=True)
class State:
    """What a queue is planned from, beside the database.

    Attributes
    ----------
    strategy : QueryStrategy
        What chooses.
    model_id : int or None
        The current model.
    predictions : Predictions or None
        What it says.
    ids, X : ndarray
        Images and their embeddings.
    seed : int
        Of all draws.
    monitor_share : float
        The share of monitor images.
    size : int
        How many images a round has.
    """

    strategy: object
    model_id: int | None
    predictions: object
    ids: np.ndarray
    X: np.ndarray
    seed: int
    monitor_share: float
    size: int = SIZE


def is_stale(connection, model_id):
    """Return whether what waits in the queue was planned with another model."""
    last = sa.select(round_.c.model_id).order_by(round_.c.id.desc()).limit(1)
    row = connection.execute(last).first()
    return row is None or row.model_id != model_id


def waiting(connection, annotator, n):
    """Return what is to be asked next without planning, and hand it out to an annotator."""
    unanswered = current_label.c.answer.is_(None)
    rows = _rows(connection, (queue_item.c.handed_to == annotator) & unanswered, n)
    fresh = _rows(connection, queue_item.c.handed_to.is_(None) & unanswered, n - len(rows))
    _hand_out(connection, [row.id for row in fresh], annotator)
    rows += fresh
    once = _skipped(annotator) & (current_label.c.n_skips == 1)
    return rows + _rows(connection, once, n - len(rows), current_label.c.event_id)


def n_handed(connection, annotator, n):
    """Return how many of `n` images were handed out to an annotator and are unanswered."""
    mine = (queue_item.c.handed_to == annotator) & current_label.c.answer.is_(None)
    return len(_rows(connection, mine, n))


def put_off(connection, annotator, n):
    """Return what was skipped more than once, the longest ago first."""
    often = _skipped(annotator) & (current_label.c.n_skips > 1)
    return _rows(connection, often, n, current_label.c.event_id)


def _skipped(annotator):
    return (queue_item.c.handed_to == annotator) & (current_label.c.answer == "skip")


def _rows(connection, where, n, order=queue_item.c.id):
    if n <= 0:
        return []
    joined = sa.select(queue_item).join(item, item.c.id == queue_item.c.item_id)
    joined = joined.outerjoin(current_label, current_label.c.item_id == item.c.id)
    found = joined.where(where, item.c.status == "ok").order_by(order).limit(n)
    return list(connection.execute(found).all())


def _hand_out(connection, ids, annotator):
    if ids:
        handed = {"handed_to": annotator, "handed_ts": time.time()}
        which = queue_item.c.id.in_(ids)
        connection.execute(sa.update(queue_item).where(which).values(handed))


def n_waiting(connection):
    """Return how many images are planned, unanswered, and handed out to nobody."""
    fresh = queue_item.c.handed_to.is_(None) & current_label.c.answer.is_(None)
    rows = sa.select(queue_item.c.id).outerjoin(
        current_label, current_label.c.item_id == queue_item.c.item_id
    )
    return len(connection.execute(rows.where(fresh)).all())


def plan(store, state, connection):
    """Plan a round: after what waits, or in its place where that was planned with another model.

    Parameters
    ----------
    store : Store
        The database.
    state : State
        What to plan from.
    connection : Connection
        Sees the database as it was when the plan was called for.

    Returns
    -------
    int
        How many images it has.
    """
    view = make_view(connection, state)
    revision = _decisions.revision(connection)
    planned = plan_round(view, state.strategy, state.size, state.monitor_share)
    model_id = None if view.proba is None else state.model_id
    with store.writing() as now:
        if is_stale(now, state.model_id):
            drop_planned(now)
        return _write(now, planned, state, revision, model_id)


def drop_planned(connection):
    """Forget what was planned and not handed out."""
    connection.execute(sa.delete(queue_item).where(queue_item.c.handed_to.is_(None)))


def _write(connection, planned, state, revision, model_id):
    busy = set(read_answered(connection).tolist()) | set(_queued(connection))
    planned = [p for p in planned if p.item_id not in busy]  # answered while this was planned
    if not planned and not is_stale(connection, state.model_id):
        return 0  # the pool is used up, as it was
    used = [p.strategy for p in planned if p.slice == "strategy"]
    used_name = name_of(state.strategy) if model_id is not None else next(iter(used), "random")
    row = {"strategy": used_name, "model_id": state.model_id, "label_revision": revision}
    made = connection.execute(sa.insert(round_).values(row | {"created": time.time()}))
    round_id = made.inserted_primary_key[0]
    if planned:
        rows = [{"round_id": round_id, **vars(p)} for p in planned]
        connection.execute(sa.insert(queue_item), rows)
    return len(planned)


def _queued(connection):
    return connection.scalars(sa.select(queue_item.c.item_id)).all()


def make_view(connection, state):
    """Return what is known when a queue is planned."""
    ids, draws = _pool(connection)
    reserve = connection.scalar(sa.select(project.c.reserve)) or 0.0
    answered, handed = read_answered(connection), _kept(connection, state.model_id)
    free = ~np.isin(ids, np.concatenate([answered, handed, read_with_answer(connection, "skip")]))
    is_monitor = draws < reserve
    monitor = ids[free & is_monitor][np.argsort(draws[free & is_monitor])]
    open_ids, has_X, proba = _candidates(ids[free & ~is_monitor], state)
    queued = np.setdiff1d(handed, np.concatenate([answered, ids[is_monitor]]))
    labeled = np.setdiff1d(read_with_answer(connection, "label"), ids[is_monitor])
    near = [part[np.isin(part, state.ids)] for part in (labeled, queued)]
    return View(
        open_ids,
        _embedded(open_ids, state) if has_X else None,
        proba,
        _embedded(np.concatenate(near), state) if has_X else None,
        len(near[1]),
        monitor,
        _class_names(connection, state.predictions),
        state.seed,
        connection.scalar(sa.select(sa.func.count()).select_from(round_)),
    )


def _candidates(ids, state):
    """Return the images that can be compared best: with predictions, with embeddings, or all."""
    has_X = np.isin(ids, state.ids)
    if not has_X.any():
        return ids, False, None
    ids = ids[has_X]
    if state.predictions is None or not state.predictions.known(ids).any():
        return ids, True, None
    ids = ids[state.predictions.known(ids)]
    return ids, True, state.predictions.of(ids)


def _embedded(ids, state):
    return state.X[np.searchsorted(state.ids, ids)]


def _pool(connection):
    """Return all images and their places in the permutation; rows of a large pool take long."""
    rows = connection.exec_driver_sql("SELECT id, draw FROM item WHERE status = 'ok' ORDER BY id")
    pairs = np.array(rows.cursor.fetchall(), np.float64).reshape(-1, 2)  # ids are below 2**53
    return pairs[:, 0].astype(np.int64), pairs[:, 1]


def _kept(connection, model_id):
    """Return what stays in the queue: all, or what was handed out where the rest is stale."""
    rows = sa.select(queue_item.c.item_id)
    if is_stale(connection, model_id):
        rows = rows.where(queue_item.c.handed_to.is_not(None))
    return np.array(connection.scalars(rows).all(), np.int64)


def _class_names(connection, predictions):
    if predictions is None:
        return []
    names = dict(connection.execute(sa.select(label_class.c.id, label_class.c.name)).all())
    return [names[int(i)] for i in predictions.classes]
