"""The projects that this computer knows: a small file in the user's data folder."""

import os
import secrets
import stat
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from ..._files import make_folder, read_json, write_json
from ...exceptions import ProjectError

FILE, LOCK, VERSION = "projects.json", "projects.lock", 1
SETTING = "SKAL_ANNOTATE_DIR"  # an environment variable


@dataclass
class Entry:
    """A project that is known.

    Attributes
    ----------
    id : str
        Its name in addresses.
    place : str
        Its folder.
    added, last_opened, trashed : float or None
        When, in seconds since 1970.
    estimate : dict or None
        The score that it had when it was closed last.
    """

    id: str
    place: str
    added: float
    last_opened: float | None = None
    trashed: float | None = None
    estimate: dict | None = None


def data_folder():
    """Return the folder of skal's own data, which only its user may read; it is made if need be."""
    import platformdirs

    chosen = os.environ.get(SETTING)
    folder = Path(chosen or platformdirs.user_data_path("skal", appauthor=False)) / "annotate"
    make_folder(folder)
    status = os.lstat(folder)
    is_mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    if not stat.S_ISDIR(status.st_mode) or not is_mine:
        raise ProjectError(
            f"{str(folder)!r} must be a folder of yours, and no link: others could put files into "
            f"it. Remove it, or name another one in {SETTING}."
        )
    folder.chmod(0o700)
    return folder


class Registry:
    """The list of projects, read and written as a whole.

    Parameters
    ----------
    folder : pathlib.Path
        Where its file is; only its owner may read there.
    """

    def __init__(self, folder):
        self.folder = folder
        self._turn = threading.Lock()
        self._lock = FileLock(folder / LOCK)

    def entries(self):
        """Return all projects that are known, the last opened first."""
        known = [Entry(**row) for row in self._read()["projects"]]
        return sorted(known, key=lambda e: -(e.last_opened or e.added))

    def find(self, project_id):
        """Return a project by its name in addresses, or None."""
        return next((e for e in self.entries() if e.id == project_id), None)

    def add(self, place):
        """Return the entry of a folder, which is made if it is not known."""
        place = str(place)
        with self._changing() as content:
            for row in content["projects"]:
                if row["place"] == place:
                    return Entry(**row)
            entry = Entry(secrets.token_hex(6), place, time.time())
            content["projects"].append(asdict(entry))
        return entry

    def change(self, project_id, **values):
        """Change what is known of a project."""
        with self._changing() as content:
            for row in content["projects"]:
                if row["id"] == project_id:
                    row.update(values)

    def remove(self, project_id):
        """Forget a project; its files stay."""
        with self._changing() as content:
            content["projects"] = [r for r in content["projects"] if r["id"] != project_id]

    @property
    def port(self):
        """The port that was used last: browsers keep what is unsent by it."""
        return self._read().get("port")

    @port.setter
    def port(self, value):
        with self._changing() as content:
            content["port"] = value

    def _changing(self):
        return _Change(self)

    def _read(self):
        path = self.folder / FILE
        content = read_json(path)
        if content is None and path.exists():
            raise ProjectError(
                f"{str(path)!r}, the list of projects, is damaged. Remove it: projects are listed "
                f"again when you open their folders."
            )
        content = content or {"version": VERSION, "projects": []}
        if content.get("version", 0) > VERSION:
            raise ProjectError(
                f"{str(path)!r} was written by a newer skal. Upgrade: pip install -U skal."
            )
        return content


class _Change:
    """All of a block is written at once, while no other program writes."""

    def __init__(self, registry):
        self._registry = registry

    def __enter__(self):
        self._registry._turn.acquire()
        self._registry._lock.acquire(timeout=10)
        self._content = self._registry._read()
        return self._content

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                write_json(self._registry.folder / FILE, self._content)
        finally:
            self._registry._lock.release()
            self._registry._turn.release()
