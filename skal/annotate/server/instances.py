"""Servers of this user that run: where they are, so that a second start finds the first."""

import json
import os
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..._files import make_folder, read_json

FOLDER = "servers"
PATIENCE = 2.0  # seconds that a server has to answer
PAGE = """<!doctype html><meta charset="utf-8"><title>skal annotate</title>
<meta http-equiv="refresh" content="0;url={url}">
<p>skal annotate is at <a href="{url}">this address</a>.</p>
"""


@contextmanager
def announced(data_folder, facts):
    """Let others of this user find a server while a block runs.

    Parameters
    ----------
    data_folder : pathlib.Path
        Which only its owner may read.
    facts : dict
        ``url``, ``base`` and ``token``.

    Yields
    ------
    pathlib.Path
        A page that leads to the server. Browsers are given it instead of the address: what a
        program is started with can be read by all users of a computer.
    """
    folder = make_folder(data_folder / FOLDER)
    folder.chmod(0o700)
    stem = folder / str(os.getpid())
    paths = [stem.with_suffix(suffix) for suffix in (".json", ".html")]
    with FileLock(stem.with_suffix(".lock")):
        _write_private(paths[0], json.dumps(facts | {"pid": os.getpid()}))
        _write_private(paths[1], PAGE.format(url=facts["url"]))
        try:
            yield paths[1]
        finally:
            for path in (*paths, stem.with_suffix(".lock")):
                path.unlink(missing_ok=True)


def _write_private(path, text):
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def running(data_folder):
    """Return the facts of all servers that run, the newest first; remove what others have left."""
    found = []
    for path in sorted((data_folder / FOLDER).glob("*.json"), key=_time, reverse=True):
        if _is_held(path.with_suffix(".lock")):
            facts = read_json(path)
            found += [facts] if facts else []
        else:
            for suffix in (".json", ".html", ".lock"):
                path.with_suffix(suffix).unlink(missing_ok=True)
    return found


def _time(path):
    return path.stat().st_mtime


def _is_held(path):
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def server_of(data_folder, project_id):
    """Return the facts of the server that has a project open, or None."""
    for facts in running(data_folder):
        cards = _ask(facts, "/api/v1/projects") or {"projects": []}
        if any(c["id"] == project_id and c["status"] == "open" for c in cards["projects"]):
            return facts
    return None


def _ask(facts, path):
    headers = {"Authorization": f"Bearer {facts['token']}"} if facts["token"] else {}
    request = urllib.request.Request(facts["base"] + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return json.load(response)
    except (urllib.error.URLError, TimeoutError, ConnectionError, json.JSONDecodeError):
        return None  # one that hangs or is just ending cannot be reused


def page_of(path):
    """Return the address of a page for a browser."""
    return Path(path).as_uri()
