"""What can be told of a project without opening it."""

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from .._store import FILE, LOCK


@dataclass(frozen=True)
class Peeked:
    """What a card shows."""

    name: str
    n_items: int
    n_labeled: int
    created: float
    root: str


def peek(place):
    """Return what a card shows of a project, or the reason in words why it cannot be told.

    Returns
    -------
    Peeked or str
    """
    path = Path(place) / FILE
    if not path.is_file():
        return f"There is no project at {place} any more. Put it back, or remove it from the list."
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=1)
    except sqlite3.Error as error:
        return f"It cannot be read: {error}."
    try:
        return _read(connection)
    except sqlite3.Error as error:
        return f"It cannot be read: {error}. Put a copy from its folder backups in its place."
    finally:
        connection.close()


def _read(connection):
    row = connection.execute("SELECT name, created, root FROM project").fetchone()
    if row is None:
        return "Its making was interrupted, and it holds nothing: remove it, and make it again."
    n_items = connection.execute("SELECT COUNT(*) FROM item WHERE status = 'ok'").fetchone()[0]
    labeled = "SELECT COUNT(*) FROM current_label WHERE answer = 'label'"
    return Peeked(row[0], n_items, connection.execute(labeled).fetchone()[0], row[1], row[2])


def is_open_elsewhere(place):
    """Return whether another program has a project open."""
    path = Path(place) / LOCK
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return True
    lock.release()
    return False


def disk_use(place):
    """Return how many bytes the files of a project have."""
    total = 0
    for folder, _, names in os.walk(place):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except FileNotFoundError:  # gone since it was listed
                continue
    return total
