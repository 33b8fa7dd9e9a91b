"""Images and thumbnails for the screen, encoded anew, under addresses that never change."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from fastapi import Response
from fastapi.concurrency import run_in_threadpool

from .. import _listing, _screen
from .._images import UnreadableImageError
from .problems import ProblemError

SIZES = (256, 512, 768, 1024, 1536, 2048, 3072, 4096)
FOREVER = "private, max-age=31536000, immutable"
MOST_CACHED = 64 * 2**20  # bytes of encoded images


@dataclass(frozen=True)
class Wanted:
    """What an image is to be turned into.

    Attributes
    ----------
    kind : {"auto", "webp", "jpeg", "png", "raw"}
    size : int
        The longest side at most, in pixels; 0 for all.
    """

    kind: str
    size: int

    @property
    def step(self):
        """The size that is made: few sizes, so that caches hit."""
        return next((size for size in SIZES if 0 < self.size <= size), 0)


THUMBNAIL = Wanted("webp", 256)


class Cache:
    """The encoded images that were asked for last."""

    def __init__(self, most=MOST_CACHED):
        self._most, self._n_bytes = most, 0
        self._kept: OrderedDict = OrderedDict()
        self._turn = threading.Lock()

    def get(self, key):
        """Return what was kept, or None."""
        with self._turn:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key, value):
        """Keep headers and bytes, and drop the oldest where it becomes too much."""
        with self._turn:
            if key in self._kept or len(value[1]) > self._most // 4:
                return
            self._kept[key] = value
            self._n_bytes += len(value[1])
            while self._n_bytes > self._most:
                _, old = self._kept.popitem(last=False)
                self._n_bytes -= len(old[1])


async def respond(request, opened, content_key, wanted):
    """Return the response with an image, or that the client has it already."""
    tag = f'"{content_key[:40]}-{wanted.kind}-{wanted.step}"'
    headers = {"Cache-Control": FOREVER, "ETag": tag, "Content-Disposition": "inline"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    workspace = request.app.state.workspace
    key = (opened.id, content_key, wanted.kind, wanted.step)
    made = workspace.pictures.get(key)
    if made is None:
        asked = await run_in_threadpool(_asked, opened, content_key, wanted)
        made = await workspace.decoders.run(_decode, workspace.decoders, opened, asked)
        workspace.pictures.put(key, made)
    facts, content = made
    return Response(content, media_type=facts["media_type"], headers=headers | facts["headers"])


def _asked(opened, content_key, wanted):
    """Return what to ask a decoder, having checked that the file is the one that was seen."""
    with opened.store.reading() as connection:
        rows = _screen.read_image_rows(connection, content_key)
    if not rows:
        raise ProblemError(404, "not-found", "The project has no image with this content.")
    usable = [row for row in rows if row.status != "unreadable"]
    if not usable:
        raise _unreadable(rows[0].relpath, rows[0].reason)
    for row in usable:
        path = opened.project.folder / row.relpath
        if _listing.stamp(path) == (row.n_bytes, row.mtime_ns):
            request = {"path": str(path), "root": str(opened.project.folder)}
            return row, request | {"kind": wanted.kind, "size": wanted.step}
    raise _not_as_seen(usable[0].relpath, (opened.project.folder / usable[0].relpath).exists())


def _decode(decoders, opened, asked):
    row, request = asked
    try:
        facts, content = decoders.decode(request)
    except UnreadableImageError as error:
        if request["kind"] != "raw":
            opened.mark_unreadable(row.id, str(error))
        raise _unreadable(row.relpath, str(error)) from error
    return {"headers": {}, **facts}, content


def _unreadable(relpath, reason):
    return ProblemError(
        422,
        "image-unreadable",
        f"{relpath} cannot be shown: {reason}.",
        expected="a PNG, JPEG, WebP, TIFF or BMP image",
        found=reason,
        fix="Skip it: it is in the list of files that cannot be used, and is not asked for again.",
    )


def _not_as_seen(relpath, is_there):
    found = "a file with another size or time" if is_there else "no file"
    return ProblemError(
        409,
        "image-changed",
        f"{relpath} is not as it was when the folder was searched.",
        expected="the file that was there",
        found=found,
        fix="Put the file back, or let the folder be searched again.",
    )
