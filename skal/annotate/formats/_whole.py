"""Folders and files that appear under their names only when they are whole, and room for them."""

import os
import secrets
import shutil
from contextlib import contextmanager

from ..._files import TEMPORARY, sync_folder
from ...exceptions import CancelledTransferError

DISK_FLOOR = 500_000_000  # bytes that stay free, so that labels can always be written


@contextmanager
def appearing_folder(path):
    """Give a new folder beside `path`, which takes its name when all is done; else it goes.

    Parameters
    ----------
    path : pathlib.Path
        The name. Nothing may be there.
    """
    temporary = _temporary(path)
    check_free_name(path)
    temporary.mkdir(mode=0o700)
    try:
        yield temporary
        check_free_name(path)
        os.rename(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync_folder(path.parent)


@contextmanager
def appearing_file(path):
    """Give a new binary file, which takes the name `path` when all is done; else it goes.

    Parameters
    ----------
    path : pathlib.Path
        The name. A file that is there is replaced.
    """
    temporary = _temporary(path)
    if path.is_dir():
        raise IsADirectoryError(f"{str(path)!r} is a folder. Give the name of a file.")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def _temporary(path):
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(path.parent)!r} to write into. Make it.")
    return path.with_name(f"{TEMPORARY}{secrets.token_hex(8)}")


def check_free_name(path):
    """Raise if something has a name that is to be made."""
    if os.path.lexists(path):
        raise FileExistsError(
            f"there is {str(path)!r} already, and nothing is written over it. Choose another name."
        )


def check_room(folder, n_bytes, floor=None):
    """Raise unless so many bytes fit on the disk of a folder and some stay free.

    Parameters
    ----------
    folder : pathlib.Path
        One that exists.
    n_bytes : int
        What is to be written.
    floor : int, optional
        What has to stay free; by default 500 MB.
    """
    floor = DISK_FLOOR if floor is None else floor
    free = shutil.disk_usage(folder).free
    if free - n_bytes < floor:
        raise OSError(
            f"the disk of {str(folder)!r} has {free / 1e6:.0f} MB free; {n_bytes / 1e6:.0f} MB are "
            f"to be written, and {floor / 1e6:.0f} MB have to stay free. Make room, or choose "
            f"another disk."
        )


class Course:
    """How far a transfer has come, for whom it concerns, and whether it is to stop.

    Parameters
    ----------
    on_progress : callable, optional
        Takes how much is done, and of how much.
    cancel : threading.Event, optional
        Once set, the transfer ends by an error and leaves nothing.
    every : int
        Between how many steps it is told.
    """

    def __init__(self, on_progress=None, cancel=None, every=500):
        self._on_progress, self._cancel, self._every = on_progress, cancel, every
        self.done, self.total = 0, 0

    def begin(self, total):
        """Say how much is to be done."""
        self.done, self.total = 0, total
        self.check()
        return self

    def step(self, n=1):
        """Say that more is done."""
        before, self.done = self.done, self.done + n
        if before // self._every != self.done // self._every or self.done == self.total:
            self.check()

    def check(self):
        """Tell how far it is, and raise if it is to stop."""
        if self._cancel is not None and self._cancel.is_set():
            raise CancelledTransferError(
                f"cancelled after {self.done} of {self.total}; nothing of it is left."
            )
        if self._on_progress is not None:
            self._on_progress(self.done, self.total)
