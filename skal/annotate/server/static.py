"""The page: files that were built before, read once, and given as they are."""

import hashlib
import mimetypes
from pathlib import Path

from fastapi import APIRouter, Response

from ..._files import read_json

FOLDER = Path(__file__).parents[1] / "static"
INDEX, MANIFEST = "index.html", "manifest.json"
MISSING = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>skal annotate</title>
<h1>The page of skal annotate is not installed</h1>
<p>The server runs, and your labels are safe. What is missing is the part that is shown here.</p>
<p>Installed from PyPI: <code>pip install --force-reinstall "skal[annotate]"</code></p>
<p>From a checkout, with Node 20 or newer:
<code>cd skal/annotate/web &amp;&amp; npm ci &amp;&amp; npm run build</code></p>
<p>Then start <code>skal annotate</code> again.</p>
</html>
"""
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
}


def make_router(folder=FOLDER):
    """Return the routes of the files in a folder, or of a page that says how to get them."""
    router, files = APIRouter(include_in_schema=False), read_files(folder)
    if INDEX not in files:
        router.add_api_route("/", _page(MISSING.encode(), ".html", 503), methods=["GET", "HEAD"])
        return router
    router.add_api_route("/", _page(files[INDEX], ".html"), methods=["GET", "HEAD"])
    for name, content in files.items():
        route = _page(content, Path(name).suffix, is_forever=name.startswith("assets/"))
        router.add_api_route(f"/{name}", route, methods=["GET", "HEAD"])
    return router


def read_files(folder):
    """Return the content of all files of a folder by their names below it."""
    if not folder.is_dir():
        return {}
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in paths}


def _page(content, suffix, status=200, is_forever=False):
    kind = TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
    caching = "public, max-age=31536000, immutable" if is_forever else "no-cache"

    async def give() -> Response:
        return Response(content, status, {"Cache-Control": caching}, kind)

    return give


def find_problems(folder=FOLDER):
    """Return what is wrong with the files of the page, in words; an empty list if all is well."""
    files = read_files(folder)
    if INDEX not in files:
        return [f"there is no page in {folder}: install skal again, or build it (see README)"]
    manifest = read_json(folder / MANIFEST)
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        return [f"{MANIFEST} is missing or damaged: install skal again"]
    known, problems = manifest["files"], []
    for name, digest in known.items():
        if name not in files:
            problems.append(f"{name} is missing")
        elif hashlib.sha256(files[name]).hexdigest() != digest:
            problems.append(f"{name} was changed since it was built")
    more = sorted(set(files) - set(known) - {MANIFEST})
    return problems + [f"{name} is not of this build" for name in more]
