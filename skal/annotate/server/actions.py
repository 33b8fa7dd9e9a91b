"""Decisions, undo and redo, as the outbox of a client sends them."""

from contextlib import contextmanager

import sqlalchemy as sa

from ...exceptions import ConflictError, ProjectError
from .. import _screen
from .problems import ProblemError, problem_of
from .questions import decision_out, items_out
from .schemas.labeling import ActionResult, ActionResults, Done

NEEDED = {"label": "label_id", "flag": "flag", "note": "note"}
STEPS = ("undo", "redo")


def apply(opened, annotator, action):
    """Record one action, and return it with all that the screen shows of it."""
    made = _record(opened, annotator, action)
    return _done(opened, annotator, action, made, opened.noticed_decisions())


def apply_all(opened, annotator, actions):
    """Record actions in their order; one that is refused does not stop those after it."""
    made = [_try(opened, annotator, action) for action in actions]
    noticed = opened.noticed_decisions()
    results = []
    for action, (event, problem) in zip(actions, made, strict=True):
        done = None if problem else _done(opened, annotator, action, event, noticed)
        results.append(ActionResult(key=action.key, done=done, problem=problem))
    return ActionResults(results=results, revision=noticed[0].revision)


def apply_bulk(opened, annotator, action):
    """Record the same about many images, and return it with all that the screen shows of it."""
    _check_value(action)
    with _refusing(action):
        made = opened.project.decide_many(
            action.item_ids,
            action.kind,
            _value(opened, action),
            annotator=annotator,
            key=action.key,
        )
    return _done(opened, annotator, action, made, opened.noticed_decisions())


def _try(opened, annotator, action):
    """Return the event of an action, and the problem where it was refused."""
    try:
        return _record(opened, annotator, action), None
    except (ProblemError, ConflictError, ProjectError) as error:
        return None, problem_of(error).problem
    except (sa.exc.DBAPIError, OSError) as error:
        known = problem_of(error)
        if known is None:
            raise
        return None, known.problem


def _record(opened, annotator, action):
    """Return the event that an action has made, or None where nothing was left to undo."""
    _check(action)
    project = opened.project
    with _refusing(action):
        if action.kind in STEPS:
            step = project.undo if action.kind == "undo" else project.redo
            return step(annotator, key=action.key)
        return project.decide(
            action.item_id,
            action.kind,
            _value(opened, action),
            annotator=annotator,
            key=action.key,
            shown_prediction=action.shown_prediction,
            model_id=action.model_id,
            client_ts=action.client_ts,
            seen=action.seen_event_id,
        )


@contextmanager
def _refusing(action):
    """Tell the client what the engine refuses of an action."""
    try:
        yield
    except KeyError as error:
        raise ProblemError(404, "not-found", f"{error.args[0]}.") from error
    except sa.exc.IntegrityError as error:
        raise _refused(action, f"it does not fit the database: {error.orig}") from error
    except (ConflictError, ProjectError):
        raise
    except ValueError as error:
        raise _refused(action, str(error)) from error


def _refused(action, text):
    name = "refused"
    if "belongs to another decision" in text:
        name = "key-reused"
    elif "answered blind" in text:
        name = "blind"
    elif "archived" in text:
        name = "label-refused"
    return ProblemError(409, name, text)


def _check(action):
    """Raise unless an action has what its kind needs, and nothing else."""
    _check_given(action, [] if action.kind in STEPS else ["item_id"], ["item_id"])


def _check_value(action):
    """Raise unless an action about many images has the value that its kind needs."""
    _check_given(action, [], [])


def _check_given(action, needed, known):
    needed = needed + ([NEEDED[action.kind]] if action.kind in NEEDED else [])
    given = {name for name in (*known, *NEEDED.values()) if getattr(action, name) is not None}
    if given == set(needed):
        return
    expected = " and ".join(needed) or "neither item_id nor a value"
    raise ProblemError(
        422,
        "invalid",
        f"{action.kind!r} needs {expected}; got {sorted(given) or 'none of them'}.",
        expected=expected,
        found=", ".join(sorted(given)) or "nothing",
        fix="Send what this kind needs, and no more.",
    )


def _value(opened, action):
    if action.kind != "label":
        return action.flag if action.kind == "flag" else action.note
    names = {c.id: c.name for c in opened.project.classes}
    if action.label_id not in names:
        raise ProblemError(
            404,
            "not-found",
            f"The project has no label of number {action.label_id}.",
            expected=f"one of {sorted(names)}",
            found=str(action.label_id),
            fix="Fetch the labels anew: it may have been deleted.",
        )
    return names[action.label_id]


def _done(opened, annotator, action, made, noticed):
    tally, counts, round_ = noticed
    event = undone = item = None
    with opened.store.reading() as connection:
        n_undo, n_redo = _screen.count_steps(connection, annotator)
        if made is not None:
            event = _screen.read_event(connection, made.id)
            target = event.target_id
            undone = None if target is None else _screen.read_event(connection, target)
    if event is not None and event.item_id is not None:
        item = items_out(opened, [event.item_id]).get(event.item_id)
    return Done(
        key=action.key,
        decision=None if event is None else decision_out(event),
        undone=None if undone is None else decision_out(undone),
        item=item,
        revision=tally.revision,
        counts=counts,
        round=round_,
        n_undo=n_undo,
        n_redo=n_redo,
    )
