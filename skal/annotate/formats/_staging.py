"""Uploads: written into a folder apart, looked at, and taken over at once or not at all."""

import errno
import os
import re
import secrets
import shutil
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from ...exceptions import FormatError
from .._images import SUFFIXES, UnreadableImageError, image_size, quiet
from ._limits import Limits
from ._names import Taken, find_fault, find_windows_fault
from ._whole import appearing_folder, check_free_name, check_room
from ._zip import DATA_SUFFIXES, SMALL

PREFIX, IMAGES, DATA, PART = "upload-", "images", "data", ".part-"
TOKEN = re.compile(r"[0-9a-f]{32}")
BETWEEN_LOOKS = 64 * SMALL  # bytes between two looks at the disk


class Staging:
    """A folder for an upload that is not finished. Make one by :meth:`create`.

    Files are refused by their names before a byte is written, images by their content when they
    are there, and what is too large while it comes. Several threads may write at once.

    Attributes
    ----------
    token : str
        By which :meth:`open` finds it again.
    folder : pathlib.Path
        Where it is.
    n_images, n_data : int
        Images, and other files (tables, texts, archives), that are there.
    n_bytes : int
        Of all of them.
    """

    def __init__(self, root, token, limits=None):
        self.token, self.folder = token, Path(root) / f"{PREFIX}{token}"
        self._limits, self._turn = limits or Limits(), threading.Lock()
        self._taken = {IMAGES: Taken(), DATA: Taken()}
        self.n_images = self.n_data = self.n_bytes = 0

    @classmethod
    def create(cls, root, limits=None):
        """Make a new one.

        Parameters
        ----------
        root : path
            A folder that exists, best on the disk where the images will stay.
        limits : Limits, optional
            By default 200,000 files and 20 GB.
        """
        staging = cls(root, secrets.token_hex(16), limits)
        check_room(Path(root), 0, staging._limits.disk_floor)
        staging.folder.mkdir(mode=0o700)
        for name in (IMAGES, DATA):
            (staging.folder / name).mkdir(mode=0o700)
        return staging

    @classmethod
    def open(cls, root, token, limits=None):
        """Return one that was made before, with the files that were whole; others are removed."""
        staging = cls(root, token, limits)
        if not TOKEN.fullmatch(token) or not staging.folder.is_dir():
            raise KeyError(f"there is no upload {token!r}")
        for kind in (IMAGES, DATA):
            for path in sorted(staging._files(kind)):
                if path.name.startswith(PART):
                    path.unlink()
                else:
                    name = path.relative_to(staging.folder / kind).as_posix()
                    staging._count(kind, name, path.stat().st_size)
        return staging

    @staticmethod
    def remove_stale(root, older_than_s=86_400):
        """Remove what nobody has touched for so many seconds; return how many there were."""
        stale = []
        for folder in Path(root).glob(f"{PREFIX}*"):
            is_ours = TOKEN.fullmatch(folder.name.removeprefix(PREFIX)) and not folder.is_symlink()
            if is_ours and time.time() - folder.stat().st_mtime > older_than_s:
                stale.append(folder)
        for folder in stale:
            shutil.rmtree(folder)
        return len(stale)

    def _files(self, kind):
        return [path for path in (self.folder / kind).rglob("*") if path.is_file()]

    def _count(self, kind, name, n_bytes):
        self._taken[kind].find_clash(name)
        self.n_images += kind == IMAGES
        self.n_data += kind == DATA
        self.n_bytes += n_bytes

    @contextmanager
    def writer(self, name):
        """Give a function that takes the bytes of a file, piece by piece.

        When the block is left, an image is looked at; one that cannot be read is removed again and
        is an error. After any error nothing of the file is left.

        Parameters
        ----------
        name : str
            Below the uploaded folder, with ``/`` between folders.

        Raises
        ------
        FormatError
            If the name is not allowed, or is there already, or it is no file of an allowed kind.
        TransferLimitError
            If it is too large.
        OSError
            If the disk is full, or nearly so.
        """
        kind = self._admit(name)
        target = self.folder / kind / name
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{PART}{secrets.token_hex(8)}")
        writer = _Writer(self, name)
        try:
            with open(part, "xb") as file:
                yield lambda content: writer.write(file, content)
            if kind == IMAGES:
                _check_image(name, part)
            os.rename(part, target)
        except BaseException:
            part.unlink(missing_ok=True)
            self._forget(kind, name, writer.n_bytes)
            raise
        with self._turn:
            self.n_images += kind == IMAGES
            self.n_data += kind == DATA
        os.utime(self.folder)

    def _admit(self, name):
        """Return what kind of file a name is, and take it, or raise."""
        fault = find_fault(name) or find_windows_fault(name)
        if fault is None and any(part.startswith(".") for part in name.split("/")):
            fault = "it is hidden"
        kind = _kind(name)
        if fault is None and kind is None:
            fault = "only images (PNG, JPEG, WebP, TIFF, BMP), tables, texts and ZIP are taken"
        if fault is not None:
            raise FormatError(f"the file {name[:200]!r} is refused: {fault}.")
        with self._turn:
            self._limits.check_count(self.n_images + self.n_data + 1, "the upload")
            clash = self._taken[kind].find_clash(name)
        if clash is not None:
            raise FormatError(f"the file {name!r} is refused: {clash!r} was uploaded already.")
        return kind

    def _receive(self, name, n_bytes, n_new):
        with self._turn:
            self.n_bytes += n_new
            self._limits.check_bytes(name, n_bytes, self.n_bytes)
        if n_bytes // BETWEEN_LOOKS != (n_bytes - n_new) // BETWEEN_LOOKS or n_bytes == n_new:
            check_room(self.folder, n_new, self._limits.disk_floor)

    def _forget(self, kind, name, n_bytes):
        with self._turn:
            self.n_bytes -= n_bytes
            self._taken[kind].forget(name)

    def data_file(self, name):
        """Return where a table, text or archive that was uploaded is, or raise a KeyError."""
        path = self.folder / DATA / name
        if find_fault(name) or not path.is_file():
            raise KeyError(f"no such file was uploaded: {name!r}")
        return path

    @property
    def images(self):
        """The folder of the images that are there."""
        return self.folder / IMAGES

    def take(self, destination):
        """Make the uploaded images a new folder, at once; the rest of the upload goes.

        Parameters
        ----------
        destination : path
            The folder, which is not there yet.

        Returns
        -------
        pathlib.Path
        """
        destination = Path(os.path.abspath(destination))
        if not self.n_images:
            raise FormatError("no image was uploaded. Upload images first.")
        check_free_name(destination)
        try:
            os.rename(self.images, destination)
        except OSError as error:
            if error.errno != errno.EXDEV:  # another disk
                raise
            with appearing_folder(destination) as temporary:
                shutil.copytree(self.images, temporary, dirs_exist_ok=True)
        self.discard()
        return destination

    def take_into(self, folder):
        """Add the uploaded images to a folder of images, as one new folder below it.

        Returns
        -------
        pathlib.Path
            The new folder, named for the day and time. Scan the project then.
        """
        stamp = time.strftime("%Y%m%d-%H%M%S")
        return self.take(Path(folder) / f"{PREFIX}{stamp}-{self.token[:6]}")

    def discard(self):
        """Remove all of it."""
        shutil.rmtree(self.folder)


class _Writer:
    def __init__(self, staging, name):
        self._staging, self._name, self.n_bytes = staging, name, 0

    def write(self, file, content):
        self.n_bytes += len(content)
        self._staging._receive(self._name, self.n_bytes, len(content))
        file.write(content)


def _kind(name):
    if name.lower().endswith(SUFFIXES):
        return IMAGES
    return DATA if name.lower().endswith((*DATA_SUFFIXES, ".zip")) else None


def _check_image(name, path):
    try:
        with quiet():
            image_size(path)
    except UnreadableImageError as error:
        raise FormatError(f"the file {name!r} is refused: {error}.") from error
