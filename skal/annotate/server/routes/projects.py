"""Projects: as cards, made, opened, renamed, thrown away and taken back."""

from fastapi import APIRouter, status

from ..deps import OWNER, WRITING, OpenedDep, ProjectId, WorkspaceDep
from ..schemas.projects import (
    DuplicateSettings,
    NewProject,
    ProjectCard,
    ProjectList,
    ProjectPatch,
    UnreadableList,
)

router = APIRouter(prefix="/projects", tags=["projects"])
CHANGES = [OWNER, WRITING]


@router.get("", dependencies=[OWNER])
def list_projects(workspace: WorkspaceDep) -> ProjectList:
    """List all projects that this computer knows."""
    return ProjectList(projects=workspace.cards())


@router.post("", status_code=status.HTTP_201_CREATED, dependencies=CHANGES)
def create_project(body: NewProject, workspace: WorkspaceDep) -> ProjectCard:
    """Make a project of a folder; its images are found in the background."""
    return workspace.create(body)


@router.post("/{project_id}/open", dependencies=[OWNER])
def open_project(project_id: ProjectId, workspace: WorkspaceDep) -> ProjectCard:
    """Open a project."""
    return workspace.open(project_id)


@router.post("/{project_id}/close", dependencies=[OWNER])
def close_project(project_id: ProjectId, workspace: WorkspaceDep) -> ProjectCard:
    """Close a project, so that a notebook can open it."""
    return workspace.close_project(project_id)


@router.patch("/{project_id}", dependencies=CHANGES)
def rename_project(
    project_id: ProjectId, body: ProjectPatch, workspace: WorkspaceDep
) -> ProjectCard:
    """Give a project another name; its files stay where they are."""
    return workspace.rename(project_id, body.name)


@router.delete("/{project_id}", dependencies=CHANGES)
def trash_project(project_id: ProjectId, workspace: WorkspaceDep) -> ProjectCard:
    """Close a project and put it into the trash, from which it can be taken back."""
    return workspace.trash(project_id)


@router.post("/{project_id}/restore", dependencies=CHANGES)
def restore_project(project_id: ProjectId, workspace: WorkspaceDep) -> ProjectCard:
    """Take a project back from the trash."""
    return workspace.restore(project_id)


@router.post("/{project_id}/purge", status_code=status.HTTP_204_NO_CONTENT, dependencies=CHANGES)
def purge_project(project_id: ProjectId, workspace: WorkspaceDep) -> None:
    """Delete a project in the trash for good: labels and models, never images."""
    workspace.purge(project_id)


@router.post(
    "/{project_id}/duplicate-settings", status_code=status.HTTP_201_CREATED, dependencies=CHANGES
)
def duplicate_settings(
    project_id: ProjectId, body: DuplicateSettings, workspace: WorkspaceDep
) -> ProjectCard:
    """Make a project of another folder with the labels and settings of this one."""
    return workspace.duplicate(project_id, body)


@router.post("/{project_id}/scan", status_code=status.HTTP_202_ACCEPTED, dependencies=CHANGES)
def scan_again(opened: OpenedDep) -> None:
    """Look for images that are new, changed or gone, in the background."""
    opened.background.start()


@router.get("/{project_id}/unreadable", dependencies=[OWNER])
def list_unreadable(opened: OpenedDep) -> UnreadableList:
    """List the files that are not asked for, and why."""
    return opened.unreadable()
