"""ZIP archives of other people: every name, kind and size is checked before a byte is written."""

import os
import stat
import struct
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...exceptions import FormatError, TransferLimitError
from .._images import SUFFIXES, UnreadableImageError, image_size, quiet
from ._limits import Limits
from ._names import Taken, find_fault, find_windows_fault, is_hidden
from ._table import MAX_PROBLEMS, Problem
from ._whole import Course, appearing_folder, check_room

DATA_SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".xml", ".yaml", ".yml")
CHUNK = 1 << 20
SMALL = 1 << 20  # bytes of an entry below which its own ratio does not matter
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# what the library raises for archives that are not as they should be; a place before the beginning
# of the file, for example, is an OSError
DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(EOFError, NotImplementedError, OSError, RuntimeError, ValueError),
)
IS_ENCRYPTED, IS_REPARSE_POINT = 0x1, 0x400
END, END_64, PLACE_64, ENTRY = b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\1\2"
END_BYTES, PLACE_64_BYTES, ENTRY_BYTES, MAX_COMMENT = 22, 20, 46, 65_535


@dataclass(frozen=True)
class Extraction:
    """What has come out of an archive.

    Attributes
    ----------
    folder : pathlib.Path
        Where it is.
    n_images : int
        Images.
    n_data : int
        Tables and texts, which may hold labels.
    n_other : int
        Entries that are neither by their names; they are not written.
    problems : list of Problem
        Images that cannot be read; they are left out. The first 1000.
    n_left_out : int
        How many there are in all.
    """

    folder: Path
    n_images: int
    n_data: int
    n_other: int
    problems: list[Problem]
    n_left_out: int


def extract_zip(path, destination, *, limits=None, on_progress=None, cancel=None):
    """Unpack images, and tables that come with them, into a new folder that is whole or not there.

    Parameters
    ----------
    path : path
        The archive. If one entry is absolute, leads out by ``..``, is a link, a device, encrypted,
        there twice or twice when case is folded, nothing is unpacked.
    destination : path
        The new folder.
    limits : Limits, optional
        By default 200,000 entries, 20 GB and a ratio of 100.
    on_progress : callable, optional
        Takes how many entries are done, and of how many.
    cancel : threading.Event, optional
        Once set, nothing is made.

    Returns
    -------
    Extraction

    Raises
    ------
    FormatError
        With the entry that is not allowed, and why.
    """
    destination = Path(os.path.abspath(destination))
    with opened_zip(Path(path), limits or Limits()) as (archive, entries):
        wanted = [entry for entry in entries if _kind(entry.filename) != "other"]
        check_room(
            destination.parent,
            sum(entry.file_size for entry in wanted),
            (limits or Limits()).disk_floor,
        )
        course = Course(on_progress, cancel, every=50).begin(len(wanted))
        with appearing_folder(destination) as temporary, quiet():
            bad = [p for entry in wanted if (p := _unpack(archive, entry, temporary, course))]
            n_images = sum(_kind(entry.filename) == "image" for entry in wanted) - len(bad)
            if not n_images:
                raise FormatError(f"{str(path)!r} holds no image that can be read.")
    n_data = len(wanted) - n_images - len(bad)
    n_other = len(entries) - len(wanted)
    return Extraction(destination, n_images, n_data, n_other, bad[:MAX_PROBLEMS], len(bad))


def _kind(name):
    if is_hidden(name):
        return "other"
    if name.lower().endswith(SUFFIXES):
        return "image"
    return "data" if name.lower().endswith(DATA_SUFFIXES) else "other"


def _unpack(archive, entry, folder, course):
    """Write an entry; return what is wrong with it if it is an image that cannot be read."""
    target = folder / entry.filename
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "xb") as file:
        for chunk in read_entry(archive, entry):
            file.write(chunk)
            course.step(0)
    course.step()
    if _kind(entry.filename) != "image":
        return None
    try:
        image_size(target)
    except UnreadableImageError as error:
        target.unlink()
        return Problem(entry.filename, str(error))
    return None


@contextmanager
def opened_zip(path, limits):
    """Give an archive and its entries, folders left out, all of which may be unpacked.

    Parameters
    ----------
    path : pathlib.Path
        The archive.
    limits : Limits
        What is allowed.
    """
    if not path.is_file():
        raise FormatError(f"there is no file {str(path)!r}. Give the name of a ZIP archive.")
    limits.check_count(_count_entries(path, limits.n_files), f"the archive {path.name!r}")
    try:
        archive = zipfile.ZipFile(path)
    except DAMAGES as error:
        raise FormatError(f"{path.name!r} is no ZIP archive: {error}.") from error
    with archive:
        entries = [entry for entry in archive.infolist() if not _is_folder(entry)]
        _check_all(entries, path, limits)
        yield archive, entries


def _is_folder(entry):
    return entry.orig_filename.endswith("/") and not entry.file_size


def _check_all(entries, path, limits):
    taken, total = Taken(), 0
    for entry in entries:
        fault = _find_entry_fault(entry)
        if fault is not None:
            raise _refused(entry, fault)
        clash = taken.find_clash(entry.filename)
        if clash is not None:
            raise _refused(entry, f"{clash!r} is there too, which some systems take for the same")
        total += entry.file_size
        limits.check_bytes(entry.filename, entry.file_size, total)
        _check_ratio(entry.filename, entry.file_size, entry.compress_size, limits.ratio)
    _check_ratio(path.name, total, path.stat().st_size, limits.ratio)


def _refused(entry, fault):
    return FormatError(
        f"the entry {entry.orig_filename[:200]!r} of the archive is refused: {fault}. Nothing was "
        f"unpacked."
    )


def _find_entry_fault(entry):
    name = entry.orig_filename
    fault = find_fault(name) or find_windows_fault(name)
    if fault is not None:
        return fault
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG) or entry.external_attr & IS_REPARSE_POINT:
        return "it is a link, a device or a pipe"
    if entry.flag_bits & IS_ENCRYPTED:
        return "it is encrypted"
    if entry.compress_type not in METHODS:
        return f"it is packed by a method other than deflate ({entry.compress_type})"
    return None


def _check_ratio(name, n_bytes, n_packed, ratio):
    if n_bytes > max(SMALL, ratio * n_packed):
        raise TransferLimitError(
            f"{name!r} unpacks to {n_bytes:,} bytes from {n_packed:,}, more than {ratio:g} times "
            f"as many. Archives of images do not; nothing was unpacked."
        )


def read_entry(archive, entry):
    """Yield what an entry holds; no more than it declares is ever unpacked.

    Raises
    ------
    FormatError
        If it is damaged.
    """
    try:
        with archive.open(entry) as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except DAMAGES as error:
        raise FormatError(f"the entry {entry.filename!r} is damaged: {error}.") from error


def _count_entries(path, most):
    """Return how many entries the directory of an archive has; beyond `most` it is not counted.

    The library reads the whole directory into memory before it can be asked.
    """
    with open(path, "rb") as file:
        start, stop = _find_directory(file, path.stat().st_size, path.name)
        n, position = 0, start
        while position + ENTRY_BYTES <= stop and n <= most:
            file.seek(position)
            head = file.read(ENTRY_BYTES)
            if not head.startswith(ENTRY):
                break
            position += ENTRY_BYTES + sum(struct.unpack("<3H", head[28:34]))
            n += 1
    return n


def _find_directory(file, size, name):
    """Return where the directory of an archive begins and ends."""
    n_tail = min(size, END_BYTES + MAX_COMMENT)
    file.seek(size - n_tail)
    tail = file.read(n_tail)
    at_end = tail[-END_BYTES:]
    has_no_comment = at_end.startswith(END) and at_end.endswith(b"\0\0")
    at = len(tail) - END_BYTES if has_no_comment else tail.rfind(END)
    if at < 0 or len(tail) - at < END_BYTES:
        raise FormatError(f"{name!r} is no ZIP archive, or is cut off.")
    stop = size - n_tail + at
    n_bytes = struct.unpack("<L", tail[at + 12 : at + 16])[0]
    file.seek(max(0, stop - PLACE_64_BYTES))
    if file.read(4) == PLACE_64:
        file.seek(stop - PLACE_64_BYTES - 56)
        record = file.read(56)
        if record.startswith(END_64):
            stop, n_bytes = stop - PLACE_64_BYTES - 56, struct.unpack("<Q", record[40:48])[0]
    return max(0, stop - n_bytes), stop
