"""Images: what to ask next, a page of them, one of them, and why it is asked for."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from .. import questions
from ..deps import AnnotatorDep, OpenedDep
from ..limits import MAX_PAGE, MAX_QUEUE
from ..schemas.labeling import ItemDetail, ItemPage, Queue, WhyOut

router = APIRouter(prefix="/projects/{project_id}", tags=["items"])


@router.get("/queue")
def read_queue(
    opened: OpenedDep, annotator: AnnotatorDep, n: Annotated[int, Query(ge=1, le=MAX_QUEUE)] = 8
) -> Queue:
    """Tell what to ask next; what was handed out stays until it is answered."""
    return questions.queue(opened, annotator, n)


@router.get("/items")
def list_items(
    opened: OpenedDep,
    after: Annotated[int, Query(ge=0)] = 0,
    n: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
    answer: Literal["unanswered", "label", "skip", "unsure", "exclude"] | None = None,
    label_id: int | None = None,
    is_flagged: bool | None = None,
    annotator: Annotated[str | None, Query(max_length=100)] = None,
    search: Annotated[str | None, Query(max_length=200)] = None,
    predicted_label_id: int | None = None,
    is_disagreeing: Annotated[
        bool | None, Query(description="The model in use says another label.")
    ] = None,
) -> ItemPage:
    """List images in the order of their numbers, those that fit all filters."""
    wanted = questions.Wanted(
        answer, label_id, is_flagged, annotator, search, predicted_label_id, is_disagreeing
    )
    return questions.items(opened, after, n, wanted)


@router.get("/items/{item_id}")
def read_item(item_id: int, opened: OpenedDep) -> ItemDetail:
    """Tell what is known of an image."""
    return questions.item(opened, item_id)


@router.get("/items/{item_id}/why")
def read_why(item_id: int, opened: OpenedDep) -> WhyOut:
    """Tell why an image was asked for, and which labeled images are most like it."""
    return questions.why(opened, item_id)
