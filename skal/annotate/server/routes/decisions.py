"""Decisions: on disk when they are acknowledged, and each once, however often it is sent."""

from typing import Annotated

from fastapi import APIRouter, Query

from .. import actions, questions
from ..deps import OWNER, WRITING, AnnotatorDep, OpenedDep
from ..schemas.labeling import (
    Action,
    ActionList,
    ActionResults,
    BulkAction,
    Done,
    RecentDecisions,
    StepIn,
)

router = APIRouter(prefix="/projects/{project_id}", tags=["decisions"])


@router.post("/decisions", dependencies=[WRITING])
def decide(body: Action, opened: OpenedDep, annotator: AnnotatorDep) -> Done:
    """Record what somebody says about an image."""
    return actions.apply(opened, annotator, body)


@router.post("/decisions/batch", dependencies=[WRITING])
def decide_all(body: ActionList, opened: OpenedDep, annotator: AnnotatorDep) -> ActionResults:
    """Record actions in their order; one that is refused does not stop the others."""
    return actions.apply_all(opened, annotator, body.actions)


@router.post("/decisions/bulk", dependencies=[OWNER, WRITING])
def decide_bulk(body: BulkAction, opened: OpenedDep, annotator: AnnotatorDep) -> Done:
    """Record the same about many images, as one step."""
    return actions.apply_bulk(opened, annotator, body)


@router.post("/undo", dependencies=[WRITING])
def undo(body: StepIn, opened: OpenedDep, annotator: AnnotatorDep) -> Done:
    """Take back the last decision of this annotator that holds."""
    return actions.apply(opened, annotator, Action(kind="undo", **body.model_dump()))


@router.post("/redo", dependencies=[WRITING])
def redo(body: StepIn, opened: OpenedDep, annotator: AnnotatorDep) -> Done:
    """Give back what this annotator has undone last."""
    return actions.apply(opened, annotator, Action(kind="redo", **body.model_dump()))


@router.get("/decisions")
def list_recent(
    opened: OpenedDep, annotator: AnnotatorDep, n: Annotated[int, Query(ge=1, le=100)] = 10
) -> RecentDecisions:
    """List the last decisions of this annotator, the newest first."""
    return questions.recent(opened, annotator, n)
