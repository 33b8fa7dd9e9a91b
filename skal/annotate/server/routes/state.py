"""A project as it stands, and its settings."""

from fastapi import APIRouter

from .. import overview
from ..deps import OWNER, WRITING, AnnotatorDep, OpenedDep
from ..schemas.labeling import AnnotatorList
from ..schemas.state import ProjectState, Settings, SettingsPatch

router = APIRouter(prefix="/projects/{project_id}", tags=["state"])


@router.get("/state")
def read_state(opened: OpenedDep, annotator: AnnotatorDep) -> ProjectState:
    """Tell all that the screens around the image show."""
    return overview.state(opened, annotator)


@router.get("/settings")
def read_settings(opened: OpenedDep) -> Settings:
    """Tell how the project learns and shows."""
    return overview.settings(opened)


@router.patch("/settings", dependencies=[OWNER, WRITING])
def change_settings(body: SettingsPatch, opened: OpenedDep) -> Settings:
    """Change how the project learns and shows."""
    opened.change_settings(body)
    return overview.settings(opened)


@router.get("/annotators", dependencies=[OWNER])
def list_annotators(opened: OpenedDep) -> AnnotatorList:
    """List who has decided anything."""
    return overview.annotators(opened)
