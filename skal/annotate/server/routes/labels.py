"""Labels: added, renamed, recolored, ordered, archived. Each change gives all of them back."""

from fastapi import APIRouter, status

from .. import overview
from ..deps import OWNER, WRITING, AnnotatorDep, OpenedDep
from ..schemas.labeling import LabelOrder, LabelPatch, MergeIn, NewLabel, StepIn
from ..schemas.state import ClassOut

router = APIRouter(prefix="/projects/{project_id}/labels", tags=["labels"])
CHANGES = [OWNER, WRITING]


@router.get("")
def list_labels(opened: OpenedDep) -> list[ClassOut]:
    """List the labels in their order, those archived too."""
    return overview.classes(opened)


@router.post("", status_code=status.HTTP_201_CREATED, dependencies=CHANGES)
def add_label(body: NewLabel, opened: OpenedDep) -> list[ClassOut]:
    """Add a label after the others."""
    opened.add_label(body.name, body.color)
    return overview.classes(opened)


@router.patch("/{label_id}", dependencies=CHANGES)
def change_label(label_id: int, body: LabelPatch, opened: OpenedDep) -> list[ClassOut]:
    """Rename, recolor or archive a label; images that have it keep it."""
    opened.change_label(label_id, body)
    return overview.classes(opened)


@router.put("/order", dependencies=CHANGES)
def order_labels(body: LabelOrder, opened: OpenedDep) -> list[ClassOut]:
    """Put the labels into another order."""
    opened.order_labels(body.label_ids)
    return overview.classes(opened)


@router.post("/{label_id}/merge", dependencies=CHANGES)
def merge_label(
    label_id: int, body: MergeIn, opened: OpenedDep, annotator: AnnotatorDep
) -> list[ClassOut]:
    """Give all images of a label another one, and archive it; one undo takes it back."""
    opened.merge_label(label_id, body.into_id, annotator, body.key)
    return overview.classes(opened)


@router.post("/{label_id}/delete", dependencies=CHANGES)
def delete_label(
    label_id: int, body: StepIn, opened: OpenedDep, annotator: AnnotatorDep
) -> list[ClassOut]:
    """Take a label from all its images, and archive it; one undo takes it back."""
    opened.delete_label(label_id, annotator, body.key)
    return overview.classes(opened)
