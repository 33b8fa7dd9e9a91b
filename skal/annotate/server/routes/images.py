"""The pixels of images, by the hash of their files: they never change under one address."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from .. import pictures
from ..deps import OpenedDep

router = APIRouter(prefix="/projects/{project_id}/images", tags=["images"])
ContentKey = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Size = Annotated[
    int,
    Query(ge=0, le=16_384, description="The longest side in pixels; 0 for all. It is rounded up."),
]
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_IMAGE = dict.fromkeys(("image/webp", "image/jpeg", "image/png"), _BINARY)
_RAW_HEADERS = {
    "Skal-Width": {"schema": {"type": "integer"}},
    "Skal-Height": {"schema": {"type": "integer"}},
    "Skal-Percentiles": {
        "description": 'JSON: pixel values at percentiles, such as {"0.5": 120, "99.5": 40100}.',
        "schema": {"type": "string"},
    },
    "Skal-Value-Low": {"description": "What pixel 0 stands for.", "schema": {"type": "number"}},
    "Skal-Value-High": {
        "description": "What pixel 65535 stands for.",
        "schema": {"type": "number"},
    },
}


@router.get(
    "/{content_key}",
    response_class=Response,
    responses={200: {"content": _IMAGE, "description": "The image, encoded anew, upright."}},
)
async def read_image(
    content_key: ContentKey,
    opened: OpenedDep,
    request: Request,
    size: Size = 2048,
    kind: Literal["auto", "webp", "jpeg", "png"] = "auto",
) -> Response:
    """Give an image of at most this size: `png` is lossless, `auto` what suits the file."""
    return await pictures.respond(request, opened, content_key, pictures.Wanted(kind, size))


@router.get(
    "/{content_key}/thumbnail",
    response_class=Response,
    responses={200: {"content": {"image/webp": _BINARY}, "description": "At most 256 pixels."}},
)
async def read_thumbnail(content_key: ContentKey, opened: OpenedDep, request: Request) -> Response:
    """Give a small copy of an image."""
    return await pictures.respond(request, opened, content_key, pictures.THUMBNAIL)


@router.get(
    "/{content_key}/raw",
    response_class=Response,
    responses={
        200: {
            "content": {"application/octet-stream": _BINARY},
            "headers": _RAW_HEADERS,
            "description": "Little-endian uint16, row by row, one channel.",
        }
    },
)
async def read_raw(
    content_key: ContentKey, opened: OpenedDep, request: Request, size: Size = 2048
) -> Response:
    """Give the gray values of an image of 16 bits or more, for windows and levels."""
    return await pictures.respond(request, opened, content_key, pictures.Wanted("raw", size))
