"""Who is here, and the folders that there are to choose from."""

from fastapi import APIRouter, Query

from .. import folders
from ..deps import OWNER, AnnotatorDep, IdentityDep, WorkspaceDep
from ..schemas.common import Health, Relpath
from ..schemas.session import FolderListing, Session

router = APIRouter(tags=["session"])


@router.get("/health")
def health() -> Health:
    """Tell without a token that the server answers."""
    return Health()


@router.get("/session")
def session(workspace: WorkspaceDep, identity: IdentityDep, annotator: AnnotatorDep) -> Session:
    """Tell who asks, and what this server allows."""
    return workspace.session(identity, annotator)


@router.get("/folders", dependencies=[OWNER])
def list_folder(
    workspace: WorkspaceDep, root_id: str = Query(max_length=64), relpath: Relpath = ""
) -> FolderListing:
    """List the folders below one, of those that the program may look into."""
    return folders.listing(workspace.root(root_id), relpath)
