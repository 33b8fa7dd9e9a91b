"""Reading the images of a folder: those that cannot be used are listed with the reason."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import sqlalchemy as sa

from ._images import UnreadableImageError, image_size, quiet
from ._listing import OUTSIDE, is_inside, list_files, stamp
from ._schema import current_label, item, queue_item

BATCH = 500  # files between two writes
FIRST_BATCH = 16  # files before the first write, so that somebody can begin


@dataclass(frozen=True)
class ScanReport:
    """What a scan has found in the folder of images.

    Attributes
    ----------
    n_images : int
        Images that can be labeled.
    n_new : int
        Files that no scan had seen before.
    n_duplicates : int
        Files with the content of another, which are not asked for.
    n_unreadable : int
        Files that cannot be used; `Project.unreadable` tells why.
    n_other : int
        Files that are no images by their names.
    """

    n_images: int
    n_new: int
    n_duplicates: int
    n_unreadable: int
    n_other: int


def scan(store, root, place, seed, share, report=None):
    """Bring the items up to the files of a folder.

    Parameters
    ----------
    store : Store
        The database.
    root, place : pathlib.Path
        The folder of images, and that of the project, which is left out where it is inside.
    seed : int
        Of the permutation.
    share : float
        The share of the pool that is reserved as monitor images.
    report : callable, optional
        Takes a phase, how many files are done, and of how many; what it raises ends the scan,
        which goes on from there the next time.

    Returns
    -------
    ScanReport
    """
    report = report or _silent
    report("listing", 0, 0)
    listing = list_files(store, root, place, seed, share)
    n_done, n = 0, len(listing.todo)
    report("scanning", 0, n)
    with ThreadPoolExecutor() as threads, quiet():
        for batch in _batches(listing.todo):
            _write(store, list(threads.map(lambda name: _examine(root, name), batch)))
            n_done += len(batch)
            report("scanning", n_done, n)
    with store.writing() as connection:
        _mark_duplicates(connection, None)
        return _report(connection, listing)


def _silent(phase, n_done, n):
    pass


def _batches(names):
    """Yield parts of a list, the first ones small."""
    start, size = 0, min(FIRST_BATCH, BATCH)
    while start < len(names):
        yield names[start : start + size]
        start, size = start + size, min(2 * size, BATCH)


def _examine(root, relpath):
    """Return what a file is."""
    path, reason = root / relpath, None
    n_bytes, mtime_ns = stamp(path)
    row = {"name": relpath, "n_bytes": n_bytes, "mtime_ns": mtime_ns, "has_features": False}
    row |= {"width": None, "height": None, "content_hash": None}
    try:
        if path.is_symlink() and not is_inside(path, root):
            raise UnreadableImageError(OUTSIDE)  # it has become one since it was listed
        row["width"], row["height"] = image_size(path)
        row["content_hash"] = _content_hash(path)
    except (UnreadableImageError, OSError) as error:
        reason = str(error)
    return row | {"status": "ok" if reason is None else "unreadable", "reason": reason}


def _content_hash(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(store, rows):
    changed = {name: sa.bindparam(name) for name in rows[0] if name != "name"}
    update = sa.update(item).where(item.c.relpath == sa.bindparam("name")).values(changed)
    with store.writing() as connection:
        connection.execute(update, rows)
        _mark_duplicates(connection, {row["content_hash"] for row in rows})


def _mark_duplicates(connection, hashes):
    """Of files with the same content let the first be asked for, or the one that was.

    Parameters
    ----------
    connection : Connection
        Of the database.
    hashes : set of str or None
        Only of files with this content; by default of all.
    """
    several = sa.select(item.c.content_hash).group_by(item.c.content_hash)
    several = several.where(_is_read).having(sa.func.count() > 1)
    concerned = item.c.content_hash.in_(several) | (item.c.status == "duplicate")
    if hashes is not None:
        several = several.where(item.c.content_hash.in_(hashes))
        concerned = item.c.content_hash.in_(several)
    columns = (item.c.id, item.c.relpath, item.c.status, item.c.content_hash)
    order = (item.c.content_hash, ~_was_asked(), item.c.id)
    rows = connection.execute(sa.select(*columns).where(concerned & _is_read).order_by(*order))
    for _, group in groupby(rows.all(), key=attrgetter("content_hash")):
        kept, *others = group
        _set_status(connection, kept, "ok", None)
        for other in others:
            _set_status(connection, other, "duplicate", f"it is the same as {kept.relpath}")


_is_read = item.c.status.in_(["ok", "duplicate"])


def _was_asked():
    handed = sa.select(queue_item.c.id).where(queue_item.c.handed_to.is_not(None))
    handed = handed.where(queue_item.c.item_id == item.c.id).exists()
    return handed | sa.select(current_label.c.item_id).where(_same_item).exists()


_same_item = current_label.c.item_id == item.c.id


def _set_status(connection, row, status, reason):
    where = item.c.id == row.id
    connection.execute(sa.update(item).where(where).values(status=status, reason=reason))


def _report(connection, listing):
    by_status = sa.select(item.c.status, sa.func.count()).group_by(item.c.status)
    n = dict(connection.execute(by_status).all())
    return ScanReport(
        n.get("ok", 0),
        listing.n_new,
        n.get("duplicate", 0),
        n.get("unreadable", 0),
        listing.n_other,
    )
