"""Folders below the roots that the program may look into, and nothing else."""

import hashlib
import os
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from .._images import SUFFIXES
from .._store import FILE
from .problems import ProblemError
from .schemas.session import FolderEntry, FolderListing

MOST_FOLDERS, MOST_COUNTED = 500, 1000


@dataclass(frozen=True)
class RootFolder:
    """A folder that the program may look into."""

    path: Path

    @property
    def id(self):
        """What clients call it: it tells nothing of the path."""
        return hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]


def make_root(path):
    """Return a root, or raise where it is no folder."""
    path = Path(path).expanduser().resolve()
    if not path.is_dir():
        raise ValueError(f"a root must be a folder; there is none at {str(path)!r}.")
    return RootFolder(path)


def inside(root, relpath):
    """Return the folder of a name below a root, all links followed, or raise.

    Parameters
    ----------
    root : RootFolder
    relpath : str
        With ``/`` between names; empty for the root itself.

    Returns
    -------
    pathlib.Path
        As it is named below the root: its links are checked, and stay.
    """
    parts = [] if relpath == "" else relpath.split("/")
    if any(not _is_plain(part) for part in parts):
        raise _outside(relpath)
    try:
        path = root.path.joinpath(*parts)
        is_inside, is_folder = path.resolve().is_relative_to(root.path), path.is_dir()
    except (OSError, ValueError, RuntimeError) as error:  # too long, or links in a circle
        raise _outside(relpath) from error
    if not is_inside:
        raise _outside(relpath)
    if not is_folder:
        raise ProblemError(
            404,
            "not-found",
            f"There is no folder {relpath!r}.",
            expected="a folder below the root",
            found=repr(relpath),
            fix="Choose a folder from the list.",
        )
    return path


def _is_plain(part):
    """Return whether a part of a name is a name: no step up, no drive, no separator, no control."""
    if part in ("", ".", "..") or re.search(r"[\x00-\x1f\x7f\\]", part):
        return False
    return not (os.name == "nt" and (":" in part or part != part.rstrip(". ")))


def _outside(relpath):
    return ProblemError(
        403,
        "outside-root",
        "This name leaves the folders that skal annotate may look into.",
        expected="a name below a root, with / between folders and no ..",
        found=repr(relpath[:200]),
        fix="Choose a folder from the list, or start skal annotate with --root FOLDER.",
    )


def listing(root, relpath):
    """Return a folder and those below it, hidden ones left out."""
    path = inside(root, relpath)
    try:
        entries = sorted(
            (entry for entry in os.scandir(path) if _is_shown(entry, root)),
            key=lambda entry: entry.name.lower(),
        )
        n_images = _count_images(path)
    except PermissionError as error:
        raise ProblemError(
            403,
            "no-access",
            f"The folder {relpath!r} cannot be opened: {error.strerror}.",
            fix="Give yourself read access, or choose another folder.",
        ) from error
    shown = [_entry(entry, root) for entry in entries[:MOST_FOLDERS]]
    return FolderListing(
        root_id=root.id,
        relpath=relpath,
        name=path.name or str(path),
        parent=None if relpath == "" else relpath.rpartition("/")[0],
        n_images=n_images,
        has_more_images=n_images >= MOST_COUNTED,
        folders=shown,
        has_more_folders=len(entries) > MOST_FOLDERS,
    )


def _is_shown(entry, root):
    if entry.name.startswith(".") or not _is_plain(entry.name) or not _is_text(entry.name):
        return False
    try:
        if not entry.is_dir():
            return False
        return not entry.is_symlink() or Path(entry.path).resolve().is_relative_to(root.path)
    except (OSError, RuntimeError):  # links in a circle lead nowhere
        return False


def _is_text(name):
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are no Unicode
        return False
    return True


def _entry(entry, root):
    path = Path(entry.path)
    return FolderEntry(
        name=entry.name,
        relpath=path.relative_to(root.path).as_posix(),
        n_images=_count_images(path),
        has_project=(path / FILE).is_file() or Path(f"{path}.skal", FILE).is_file(),
    )


def _count_images(path):
    try:
        names = (entry.name.lower() for entry in os.scandir(path))
        found = (name for name in names if name.endswith(SUFFIXES) and not name.startswith("."))
        return sum(1 for _ in islice(found, MOST_COUNTED))
    except PermissionError:  # a folder that may not be opened is listed, as empty
        return 0
