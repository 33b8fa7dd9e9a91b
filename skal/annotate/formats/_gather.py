"""Images that a table names, brought into a folder of their own."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ...exceptions import FormatError
from .._images import SUFFIXES, UnreadableImageError, image_size, quiet
from ._names import Taken
from ._table import MAX_PROBLEMS, Problem, find_path_fault
from ._whole import Course, appearing_folder, check_room


def find_below(folder, name):
    """Return the file of a name below a folder, links followed, or raise if there is none.

    Parameters
    ----------
    folder : pathlib.Path
        Nothing outside is looked at.
    name : str
        Below the folder, or absolute and in it.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    FormatError
        With the reason in words.
    """
    fault = find_path_fault(name)
    if fault is not None:
        raise FormatError(fault)
    if not name.lower().endswith(SUFFIXES):
        raise FormatError(f"{name!r} is no image by its name: {', '.join(SUFFIXES)}")
    try:
        root = folder.resolve(strict=True)
        if Path(name).is_absolute() and not _is_below(name, folder, root):
            raise FormatError(f"{name!r} is not in {str(folder)!r}")
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise FormatError(f"{name!r} is a link that leaves {str(folder)!r}")
        if not path.is_file():
            raise FormatError(f"{name!r} is not there")
    except (OSError, RuntimeError) as error:  # such as names that are too long, or loops of links
        raise FormatError(f"{name!r} cannot be looked at: {error}") from error
    return path


def _is_below(name, *folders):
    return any(Path(name).is_relative_to(folder) for folder in folders)


@dataclass(frozen=True)
class Gathering:
    """What has come of images that were to be brought together.

    Attributes
    ----------
    folder : pathlib.Path
        Where they are.
    n_images : int
        How many.
    problems : list of Problem
        Images that are left out; the first 1000.
    n_left_out : int
        How many there are in all.
    """

    folder: Path
    n_images: int
    problems: list[Problem]
    n_left_out: int


def gather_images(table, folder, destination, *, how="copy", on_progress=None, cancel=None):
    """Bring the images of a table into a new folder, which appears when it is whole.

    Parameters
    ----------
    table : LabelTable
        As a file was read; labels do not matter.
    folder : path
        Where the images are; nothing outside is read.
    destination : path
        The new folder.
    how : {"copy", "hardlink", "symlink"}, default="copy"
        Links take no room. Symbolic links that leave the folder of a project are not followed by
        it: hard links are, within one disk.
    on_progress : callable, optional
        Takes how many images are done, and of how many.
    cancel : threading.Event, optional
        Once set, nothing is made.

    Returns
    -------
    Gathering
    """
    folder, destination = Path(os.path.abspath(folder)), Path(os.path.abspath(destination))
    place = PLACERS.get(how)
    if place is None:
        raise ValueError(f"how must be one of {sorted(PLACERS)}; got {how!r}.")
    names = list(dict.fromkeys((row.path, row.where) for row in table.rows))
    course = Course(on_progress, cancel, every=50).begin(len(names))
    with appearing_folder(destination) as temporary, quiet():
        gatherer = _Gatherer(folder, temporary, place)
        for name, where in names:
            gatherer.add(name, where)
            course.step()
    return Gathering(
        destination, gatherer.n_images, gatherer.problems, len(names) - gatherer.n_images
    )


class _Gatherer:
    def __init__(self, folder, temporary, place):
        self._folder, self._temporary, self._place = folder, temporary, place
        self._seen, self._taken = set(), Taken()
        self.n_images, self.problems = 0, []

    def add(self, name, where):
        try:
            path = find_below(self._folder, name)
            image_size(path)
        except (FormatError, UnreadableImageError) as error:
            self._leave_out(where, str(error))
            return
        if path in self._seen:
            self._leave_out(where, f"{name!r} is there already")
            return
        self._seen.add(path)
        relpath = path.relative_to(self._folder.resolve()).as_posix()
        clash = self._taken.find_clash(relpath)
        if clash is not None:
            self._leave_out(where, f"{relpath!r} and {clash!r} are one name on some systems")
            return
        self._put(path, relpath)

    def _put(self, path, relpath):
        target = self._temporary / relpath
        target.parent.mkdir(parents=True, exist_ok=True)
        self._place(path, target)
        self.n_images += 1

    def _leave_out(self, where, reason):
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(where, reason))


def place_copy(source, target):
    """Copy a file, as long as the disk has room, with its time."""
    check_room(target.parent, source.stat().st_size)
    shutil.copyfile(source, target)
    status = source.stat()
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def place_hardlink(source, target):
    """Give a file a second name, which takes no room."""
    os.link(source.resolve(), target)


def place_symlink(source, target):
    """Point to a file."""
    os.symlink(source.resolve(), target)


PLACERS = {"copy": place_copy, "hardlink": place_hardlink, "symlink": place_symlink}
