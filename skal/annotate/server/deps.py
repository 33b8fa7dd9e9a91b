"""What routes need, by name: who asks, the workspace, an open project."""

from typing import Annotated

from fastapi import Depends, Header, Path, Request

from .opened import OpenProject
from .problems import ProblemError
from .schemas.common import Annotator
from .tokens import Identity
from .workspace import Workspace

DEFAULT_ANNOTATOR = "me"


def get_workspace(request: Request) -> Workspace:
    """Return the projects and folders of this server."""
    return request.app.state.workspace


def get_identity(request: Request) -> Identity:
    """Return who asks, as the guard has found by the token."""
    return request.scope["skal_identity"]


def get_annotator(
    identity: Annotated[Identity, Depends(get_identity)],
    skal_annotator: Annotated[
        Annotator | None, Header(description="Who labels, as a percent-encoded name.")
    ] = None,
) -> str:
    """Return the name of who labels: that of the token, or else what the client says."""
    raise NotImplementedError


def get_owner(identity: Annotated[Identity, Depends(get_identity)]) -> Identity:
    """Return who asks if that is the owner; annotators only label."""
    if identity.role == "owner":
        return identity
    raise ProblemError(
        403,
        "owner-only",
        "This is for the owner of the project.",
        expected="the address with the owner's token",
        found="an annotator's token",
        fix="Ask whoever has started skal annotate to do it.",
    )


def check_writable(request: Request) -> None:
    """Refuse to change anything where the server only shows."""
    if request.app.state.workspace.is_read_only:
        raise ProblemError(
            403,
            "read-only",
            "This server only shows: nothing can be changed.",
            expected="a server that may write",
            found="skal annotate --read-only",
            fix="Start skal annotate without --read-only.",
        )


WorkspaceDep = Annotated[Workspace, Depends(get_workspace)]
IdentityDep = Annotated[Identity, Depends(get_identity)]
AnnotatorDep = Annotated[str, Depends(get_annotator)]
ProjectId = Annotated[str, Path(max_length=64, description="As in the list of projects.")]


def get_opened(project_id: ProjectId, workspace: WorkspaceDep) -> OpenProject:
    """Return a project, which is opened if it is not open."""
    return workspace.opened(project_id)


OpenedDep = Annotated[OpenProject, Depends(get_opened)]
OWNER, WRITING = Depends(get_owner), Depends(check_writable)
