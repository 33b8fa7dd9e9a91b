"""One stream of news, read by `fetch` with the bearer header."""

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from ..deps import WorkspaceDep

router = APIRouter(tags=["events"])
_MESSAGE = {"$ref": "#/components/schemas/EventMessage"}


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": _MESSAGE}}}},
)
async def listen(workspace: WorkspaceDep) -> StreamingResponse:
    """Stream what happens: each `data` is an EventMessage. A comment every 15 s keeps it alive."""
    return StreamingResponse(workspace.hub.stream(), media_type="text/event-stream")
