"""Folders of data sets: the files below them that may be read."""

import os
from pathlib import Path

from ...exceptions import FormatError
from .._images import SUFFIXES
from .._listing import is_inside

MAX_FILES = 1_000_000
LEAVES = "it is a link that leaves the folder, which is not followed"
SPLIT_NAMES = {"train", "training", "val", "valid", "validation", "test", "monitor", "accepted"}


def walk_files(folder, suffixes):
    """Yield files of a kind below a folder, by name, but none that is hidden.

    Parameters
    ----------
    folder : pathlib.Path
        It exists.
    suffixes : tuple of str
        The ends of their names, in lower case.

    Yields
    ------
    relpath : str
        With ``/`` between folders.
    path : pathlib.Path or None
        None for a link that leaves the folder, which is not followed.
    """
    n_files = 0
    for above, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.startswith(".") or not name.lower().endswith(suffixes):
                continue
            n_files += 1
            if n_files > MAX_FILES:
                raise FormatError(f"{str(folder)!r} has more than {MAX_FILES:,} files. Split it.")
            path = Path(above, name)
            leaves = path.is_symlink() and not is_inside(path, folder)
            yield path.relative_to(folder).as_posix(), None if leaves else path


def walk_images(folder):
    """Yield the files below a folder that are images by their names."""
    return walk_files(folder, SUFFIXES)


def check_folder(path, kind):
    """Raise unless a path is a folder."""
    if not path.is_dir():
        raise FormatError(f"{kind} is a folder; there is none at {str(path)!r}.")


def has_splits(names):
    """Return whether the folders of a data set are its splits, not its classes."""
    return bool(names) and {name.lower() for name in names} <= SPLIT_NAMES


def without_suffix(name):
    """Return the name of an image without the end that tells its kind."""
    return name[: name.rindex(".")] if name.lower().endswith(SUFFIXES) else name
