"""What routes need, by name: who asks, the workspace, an open project."""

from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Header, Path, Request

from .opened import OpenProject
from .problems import ProblemError
from .tokens import Identity
from .workspace import Workspace

DEFAULT_ANNOTATOR, MOST_LETTERS = "me", 100


def get_workspace(request: Request) -> Workspace:
    """Return the projects and folders of this server."""
    return request.app.state.workspace


def get_identity(request: Request) -> Identity:
    """Return who asks, as the guard has found by the token."""
    return request.scope["skal_identity"]


def get_annotator(
    identity: Annotated[Identity, Depends(get_identity)],
    skal_annotator: Annotated[
        str | None, Header(max_length=600, description="Who labels, as a percent-encoded name.")
    ] = None,
) -> str:
    """Return the name of who labels: that of the token, or else what the client says."""
    name = None if skal_annotator is None else _decoded(skal_annotator)
    if identity.annotator is None:
        return name or DEFAULT_ANNOTATOR
    if name in (None, identity.annotator):
        return identity.annotator
    raise ProblemError(
        403,
        "not-you",
        "This token belongs to somebody else.",
        expected=identity.annotator,
        found=name,
        fix="Leave the header Skal-Annotator out, or ask for an address of your own.",
    )


def _decoded(text):
    """Return a name that was percent-encoded, or raise where it is none."""
    try:
        name = unquote(text, errors="strict").strip()
    except UnicodeDecodeError:
        name = ""
    if 0 < len(name) <= MOST_LETTERS and name.isprintable():
        return name
    raise ProblemError(
        422,
        "invalid",
        "Skal-Annotator must be a name.",
        expected=f"1 to {MOST_LETTERS} letters, percent-encoded as UTF-8",
        found=repr(text[:MOST_LETTERS]),
        fix="Choose another name.",
    )


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
