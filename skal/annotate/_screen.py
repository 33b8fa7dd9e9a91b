"""What the screens of the labeling app show, read from the database."""

from itertools import pairwise
from statistics import median

import sqlalchemy as sa

from ._schema import (
    ANSWERS,
    DECISIONS,
    current_label,
    decision,
    event,
    item,
    job,
    model,
    project,
)

LONGEST_PAUSE = 60.0  # seconds: who needs longer has done something else
N_PAUSES, MIN_DECISIONS = 30, 8
# parts of a decision about many images are taken back with it, and not one by one
IS_STEP = decision.c.bulk_id.is_(None) | (decision.c.bulk_id == decision.c.event_id)


def status_counts(connection):
    """Return how many files have which status, and how many images are monitor images."""
    rows = sa.select(item.c.status, sa.func.count()).group_by(item.c.status)
    reserve = sa.select(sa.func.coalesce(project.c.reserve, 0.0)).scalar_subquery()
    monitor = sa.select(sa.func.count()).where(item.c.status == "ok", item.c.draw < reserve)
    return dict(connection.execute(rows).all()), connection.scalar(monitor)


def read_event(connection, event_id):
    """Return an event by its number."""
    return connection.execute(sa.select(event).where(event.c.id == event_id)).one()


def read_events_of(connection, item_id, n):
    """Return the last events about an image, the newest first."""
    rows = sa.select(event).where(event.c.item_id == item_id)
    return connection.execute(rows.order_by(event.c.id.desc()).limit(n)).all()


def read_recent(connection, annotator, n):
    """Return the last decisions of somebody that hold or can be redone, the newest first."""
    rows = sa.select(event, decision.c.status).join(decision, decision.c.event_id == event.c.id)
    mine = (decision.c.annotator == annotator) & decision.c.status.in_(("holds", "undone"))
    return connection.execute(rows.where(mine, IS_STEP).order_by(event.c.id.desc()).limit(n)).all()


def count_steps(connection, annotator):
    """Return how many decisions of somebody can be undone, and how many redone."""
    rows = sa.select(decision.c.status, sa.func.count())
    rows = rows.where(decision.c.annotator == annotator, IS_STEP)
    found = dict(connection.execute(rows.group_by(decision.c.status)).all())
    return found.get("holds", 0), found.get("undone", 0)


def read_annotators(connection):
    """Return the names of all who have decided anything."""
    return list(connection.scalars(sa.select(event.c.annotator).distinct().order_by("annotator")))


def pace(connection, annotator):
    """Return the usual seconds between decisions of somebody, or None where it cannot be told yet.

    Returns
    -------
    seconds : float or None
    n_decisions : int
        What it is the median of, pauses longer than a minute left out.
    """
    when = sa.func.coalesce(event.c.client_ts, event.c.server_ts)
    mine = (event.c.annotator == annotator) & event.c.kind.in_(ANSWERS)
    rows = sa.select(when).where(mine).order_by(event.c.id.desc()).limit(N_PAUSES + 1)
    times = sorted(connection.scalars(rows))
    pauses = [b - a for a, b in pairwise(times) if b - a <= LONGEST_PAUSE]
    n = len(pauses) + 1
    return (median(pauses) if n >= MIN_DECISIONS else None), n


def n_changed_since(connection, revision):
    """Return how many images to learn from had an answer, or lost one, after an event."""
    reserve = sa.select(sa.func.coalesce(project.c.reserve, 0.0)).scalar_subquery()
    rows = sa.select(sa.func.count(event.c.item_id.distinct()))
    rows = rows.join(item, item.c.id == event.c.item_id)
    counted = event.c.kind.in_((*ANSWERS, "undo", "redo")) & (item.c.draw >= reserve)
    return connection.scalar(rows.where(event.c.id > revision, counted))


def n_labels_since(connection, revision):
    """Return how many images to learn from have a label that was given after an event."""
    reserve = sa.select(sa.func.coalesce(project.c.reserve, 0.0)).scalar_subquery()
    rows = sa.select(sa.func.count()).select_from(current_label)
    rows = rows.join(item, item.c.id == current_label.c.item_id)
    new = (current_label.c.event_id > revision) & (current_label.c.answer == "label")
    return connection.scalar(rows.where(new, item.c.draw >= reserve))


def last_decision_time(connection):
    """Return when the last decision was recorded, or None."""
    rows = sa.select(event.c.server_ts).where(event.c.kind.in_(DECISIONS))
    return connection.scalar(rows.order_by(event.c.id.desc()).limit(1))


def read_jobs(connection, n):
    """Return the last trainings, the newest first, each with whether its model took over."""
    rows = sa.select(job, model.c.is_accepted).outerjoin(model, model.c.id == job.c.model_id)
    return connection.execute(rows.order_by(job.c.id.desc()).limit(n)).all()


def read_model(connection, model_id):
    """Return the row of a model, or None."""
    return connection.execute(sa.select(model).where(model.c.id == model_id)).first()


def current_model(connection):
    """Return the row of the model in use, or None."""
    rows = sa.select(model).join(project, project.c.current_model == model.c.id)
    return connection.execute(rows).first()


def read_image_rows(connection, content_hash):
    """Return the files with a content, those that are asked for first."""
    rows = sa.select(item).where(item.c.content_hash == content_hash)
    return connection.execute(rows.order_by(item.c.status != "ok", item.c.id)).all()


def read_models(connection):
    """Return the rows of all models, the oldest first, and the number of the one in use."""
    rows = connection.execute(sa.select(model).order_by(model.c.id)).all()
    return rows, connection.scalar(sa.select(project.c.current_model))


def n_answered_until(connection, revision):
    """Return how many images had their answer of now when an event happened."""
    rows = sa.select(sa.func.count()).select_from(current_label)
    answered = current_label.c.answer.in_(("label", "unsure", "exclude"))
    return connection.scalar(rows.where(answered, current_label.c.event_id <= revision))


# Images -------------------------------------------------------------------------------------

_SHOWN = (
    item.c.id,
    item.c.relpath,
    item.c.content_hash,
    item.c.width,
    item.c.height,
    current_label.c.answer,
    current_label.c.label_id,
    current_label.c.event_id,
    current_label.c.is_flagged,
    current_label.c.note,
)
_BOTH = item.outerjoin(current_label, current_label.c.item_id == item.c.id)
MOST_AT_ONCE = 500  # numbers in one question to the database


def read_items(connection, item_ids):
    """Return the rows of images that can be shown, in the order that is given."""
    found = {}
    for start in range(0, len(item_ids), MOST_AT_ONCE):
        some = item_ids[start : start + MOST_AT_ONCE]
        rows = sa.select(*_SHOWN).select_from(_BOTH)
        rows = rows.where(item.c.id.in_(some), item.c.status == "ok")
        found |= {row.id: row for row in connection.execute(rows)}
    return [found[i] for i in item_ids if i in found]


def find_items(connection, wanted):
    """Return the numbers of all images that fit, ascending.

    Parameters
    ----------
    connection : Connection
    wanted : object
        With ``answer``, ``label_id``, ``is_flagged``, ``annotator`` and ``search``, of which those
        that are None do not matter.
    """
    rows = sa.select(item.c.id).select_from(_BOTH).where(item.c.status == "ok")
    if wanted.answer is not None:
        is_open = wanted.answer == "unanswered"
        answer = current_label.c.answer
        rows = rows.where(answer.is_(None) if is_open else answer == wanted.answer)
    if wanted.label_id is not None:
        rows = rows.where(current_label.c.label_id == wanted.label_id)
    if wanted.is_flagged is not None:
        flagged = sa.func.coalesce(current_label.c.is_flagged, sa.false())
        rows = rows.where(flagged == wanted.is_flagged)
    if wanted.annotator is not None:
        by = sa.select(event.c.id).where(event.c.annotator == wanted.annotator)
        rows = rows.where(current_label.c.event_id.in_(by))
    if wanted.search:
        rows = rows.where(item.c.relpath.contains(wanted.search, autoescape=True))
    return list(connection.scalars(rows.order_by(item.c.id)))


def read_content_keys(connection, item_ids):
    """Return the hashes of files of images, by their numbers."""
    rows = sa.select(item.c.id, item.c.content_hash).where(item.c.id.in_(item_ids))
    return dict(connection.execute(rows.where(item.c.status == "ok")).all())


def labels_of(connection):
    """Return the number of the label of each image that has one."""
    rows = sa.select(current_label.c.item_id, current_label.c.label_id)
    return dict(connection.execute(rows.where(current_label.c.label_id.is_not(None))).all())


def blind_items(connection):
    """Return the monitor images of which nobody may see a prediction."""
    reserve = sa.select(sa.func.coalesce(project.c.reserve, 0.0)).scalar_subquery()
    is_open = current_label.c.answer.is_(None) | (current_label.c.answer == "skip")
    rows = sa.select(item.c.id).select_from(_BOTH).where(item.c.draw < reserve, is_open)
    return list(connection.scalars(rows))


def is_monitor(connection, item_id):
    """Return whether an image is one of those that judge models."""
    reserve = sa.select(sa.func.coalesce(project.c.reserve, 0.0)).scalar_subquery()
    rows = sa.select(item.c.draw < reserve).where(item.c.id == item_id)
    return bool(connection.scalar(rows))


def bulk_sizes(connection, event_ids):
    """Return how many images each decision about many of them is about."""
    rows = sa.select(event.c.bulk_id, sa.func.count()).where(event.c.bulk_id.in_(event_ids))
    return dict(connection.execute(rows.group_by(event.c.bulk_id)).all())
