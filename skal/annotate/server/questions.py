"""Images as the screen shows them: asked for, listed, one by one, and why."""

from dataclasses import dataclass

import numpy as np

from .. import _screen
from .._words import NO_EMBEDDINGS
from .problems import ProblemError, explained
from .schemas.labeling import (
    DecisionOut,
    ItemDetail,
    ItemOut,
    ItemPage,
    NeighborOut,
    Prediction,
    QuestionOut,
    Queue,
    RecentDecision,
    RecentDecisions,
    WhyOut,
)

N_HISTORY = 50
READ_ONLY = "This server only shows: images that are not answered yet, in their order."
AT_RANDOM = "Images are still being looked at: until then they are asked for at random."


@dataclass(frozen=True)
class Wanted:
    """Which images to list; what is None does not matter."""

    answer: str | None = None
    label_id: int | None = None
    is_flagged: bool | None = None
    annotator: str | None = None
    search: str | None = None
    predicted_label_id: int | None = None
    is_disagreeing: bool | None = None

    @property
    def asks_model(self):
        """Whether the predictions of the model in use matter."""
        return self.predicted_label_id is not None or self.is_disagreeing is not None


def item_out(opened, row):
    """Return an image as the interface has it, from its row."""
    return ItemOut(
        id=row.id,
        relpath=row.relpath,
        image=opened.facts.of(row, opened.project.folder),
        answer=row.answer,
        label_id=row.label_id,
        event_id=row.event_id,
        is_flagged=bool(row.is_flagged),
        note=row.note or "",
    )


def items_out(opened, item_ids):
    """Return images by their numbers, those that can be shown."""
    with opened.store.reading() as connection:
        rows = _screen.read_items(connection, list(item_ids))
    return {row.id: item_out(opened, row) for row in rows}


def decision_out(row):
    """Return an event as the interface has it."""
    names = ("id", "item_id", "kind", "label_id", "target_id", "annotator", "server_ts")
    return DecisionOut(
        **{name: getattr(row, name) for name in names},
        flag=row.payload if row.kind == "flag" else None,
        note=row.payload if row.kind == "note" else None,
        key=row.idempotency_key,
    )


# The queue ----------------------------------------------------------------------------------


def queue(opened, annotator, n):
    """Return what to ask next."""
    tally = opened.tallies.now()
    round_ = opened.round(tally)
    if opened.is_read_only:
        questions, notice = _shown_only(opened, n), READ_ONLY
    else:
        with explained():
            asked = opened.project.next(n, annotator)
        questions, notice = _questions(opened, asked), None
    is_random = any(q.reason == NO_EMBEDDINGS for q in questions)
    return Queue(
        questions=questions,
        is_exhausted=not questions,
        is_random=is_random,
        notice=AT_RANDOM if is_random else notice,
        revision=tally.revision,
        round=round_,
    )


def _questions(opened, asked):
    shown = items_out(opened, [q.item_id for q in asked])
    label_ids = {c.name: c.id for c in opened.project.classes}
    are_blind = opened.project.settings["predictions"] == "blind"
    return [
        _question(q, shown[q.item_id], label_ids, are_blind) for q in asked if q.item_id in shown
    ]


def _question(asked, item, label_ids, are_blind):
    is_blind = asked.is_blind or are_blind
    said = None if is_blind else predictions(asked.prediction, label_ids)
    return QuestionOut(
        item=item,
        reason=asked.reason,
        strategy=asked.strategy,
        score=asked.score,
        percentile=asked.percentile,
        is_blind=is_blind,
        is_monitor=asked.is_blind,
        predictions=said,
        model_id=None if said is None else asked.model_id,
    )


def _shown_only(opened, n):
    with opened.store.reading() as connection:
        ids = _screen.find_items(connection, Wanted(answer="unanswered"))[:n]
    return [
        QuestionOut(
            item=item,
            reason=READ_ONLY,
            strategy="none",
            score=None,
            percentile=None,
            is_blind=True,
            is_monitor=False,
            predictions=None,
            model_id=None,
        )
        for item in items_out(opened, ids).values()
    ]


def predictions(said, label_ids):
    """Return what a model says, by label, the most probable first; None where it says nothing."""
    if said is None:
        return None
    ordered = sorted(said.items(), key=lambda pair: -pair[1])
    return [
        Prediction(label_id=label_ids[name], name=name, probability=p)
        for name, p in ordered
        if name in label_ids
    ]


# Lists ----------------------------------------------------------------------------------------


def items(opened, after, n, wanted):
    """Return a page of the images that fit, in the order of their numbers."""
    with opened.store.reading() as connection:
        found = np.array(_screen.find_items(connection, wanted), np.int64)
    if wanted.asks_model:
        found = _by_prediction(opened, found, wanted)
    page = found[found > after][: n + 1].tolist()
    shown = items_out(opened, page[:n])
    return ItemPage(
        items=[shown[i] for i in page[:n] if i in shown],
        next_after=page[n - 1] if len(page) > n else None,
        n_total=len(found),
    )


def _by_prediction(opened, ids, wanted):
    """Return those images of which the model in use says what is wanted; none that are blind."""
    project = opened.project
    said = project._predictions(project._current_model())
    if said is None or len(ids) == 0:
        return ids[:0]
    with opened.store.reading() as connection:
        ids = ids[~np.isin(ids, _screen.blind_items(connection))]
        labels = _screen.labels_of(connection)
    ids = ids[said.known(ids)]
    best = said.best(ids) if len(ids) else ids
    keep = np.ones(len(ids), bool)
    if wanted.predicted_label_id is not None:
        keep &= best == wanted.predicted_label_id
    if wanted.is_disagreeing is not None:
        given = np.array([labels.get(i, 0) for i in ids.tolist()], np.int64)
        keep &= (given > 0) & ((given != best) == wanted.is_disagreeing)
    return ids[keep]


def item(opened, item_id):
    """Return what is known of an image."""
    shown = items_out(opened, [item_id]).get(item_id)
    if shown is None:
        raise _no_item(item_id)
    project = opened.project
    with opened.store.reading() as connection:
        events = _screen.read_events_of(connection, item_id, N_HISTORY)
        is_monitor = _screen.is_monitor(connection, item_id)
    is_blind = is_monitor and shown.answer in (None, "skip")
    hides = is_blind or project.settings["predictions"] == "blind"
    model_id = None if hides else project._current_model()
    label_ids = {c.name: c.id for c in project.classes}
    said = predictions(project._said_of([item_id], model_id).get(item_id), label_ids)
    return ItemDetail(
        item=shown,
        is_blind=hides,
        is_monitor=is_monitor,
        predictions=said,
        model_id=None if said is None else model_id,
        shown_reason=project.why(item_id).reason,
        history=[decision_out(row) for row in events],
    )


def why(opened, item_id):
    """Return why an image was asked for, and the labeled images most like it."""
    with explained():
        found = opened.project.why(item_id)
    shown = items_out(opened, [near.item_id for near in found.nearest])
    nearest = [
        NeighborOut(item=shown[near.item_id], label=near.label, similarity=near.similarity)
        for near in found.nearest
        if near.item_id in shown
    ]
    names = ("reason", "strategy", "score", "percentile")
    return WhyOut(**{name: getattr(found, name) for name in names}, nearest=nearest)


def recent(opened, annotator, n):
    """Return the last decisions of somebody, the newest first."""
    with opened.store.reading() as connection:
        rows = _screen.read_recent(connection, annotator, n)
        sizes = _screen.bulk_sizes(connection, [row.id for row in rows if row.item_id is None])
    shown = items_out(opened, {row.item_id for row in rows if row.item_id is not None})
    return RecentDecisions(
        decisions=[
            RecentDecision(
                decision=decision_out(row),
                is_undone=row.status == "undone",
                item=shown.get(row.item_id),
                n_items=sizes.get(row.id, 1),
            )
            for row in rows
            if row.item_id is None or row.item_id in shown
        ]
    )


def _no_item(item_id):
    return ProblemError(
        404,
        "not-found",
        f"The project has no image of number {item_id} that can be shown.",
        expected="the number of an image of this project",
        found=str(item_id),
        fix="Ask for the queue or the list of images anew.",
    )
