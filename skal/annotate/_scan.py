"""Finding the images of a folder: each file is listed, those that cannot be used with the reason.

Every image has a number in [0, 1) that depends on its name and the seed of the project alone. The
order of these numbers is one random permutation of the whole pool, which stays when images come.
"""

import hashlib
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby, islice
from operator import attrgetter

import sqlalchemy as sa

from . import _schema
from ._images import SUFFIXES, UnreadableImageError, image_size, quiet
from ._schema import item

BATCH = 500  # files between two writes
SMALL_POOL = 30  # monitor images that a small pool reserves, if that is at most a quarter of it
OUTSIDE = "it is a link that leaves the folder of images"
GONE = "the file is gone"


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


def scan(store, root, place, seed, share):
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

    Returns
    -------
    ScanReport
    """
    known = _known(store)
    seen, counts = set(), Counter()
    files = _walk(root, place, counts)
    with ThreadPoolExecutor() as threads, quiet():
        while batch := list(islice(files, BATCH)):
            seen.update(name for name, _, _ in batch)
            changed = [found for found in batch if _has_changed(found, known)]
            rows = list(threads.map(_examine, changed))
            counts["new"] += sum(row["relpath"] not in known for row in rows)
            _write(store, rows, seed)
    with store.writing() as connection:
        _mark_gone(connection, [name for name in known if name not in seen])
        _mark_duplicates(connection)
        _reserve(connection, share)
        return _report(connection, counts)


def draw_of(seed, relpath):
    """Return the place of an image in the permutation: in [0, 1), uniform over names."""
    digest = hashlib.blake2b(f"{seed}\0{relpath}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def _walk(root, place, counts):
    """Yield (name below the root, path, reason why it cannot be used) of every image file."""

    def list_folder(error):
        folders.append(error)

    folders = []
    for folder, folder_names, names in os.walk(root, onerror=list_folder):
        folder_names[:] = sorted(n for n in folder_names if not n.startswith("."))
        folder_names[:] = [n for n in folder_names if os.path.join(folder, n) != str(place)]
        for name in [n for n in folder_names if os.path.islink(os.path.join(folder, n))]:
            yield _found(root, folder, name, "it is a link to a folder, which is not followed")
        for name in sorted(names):
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                yield _found(root, folder, name, None)
            else:
                counts["other"] += 1
        for error in folders:
            above, name = os.path.split(error.filename)
            yield _found(root, above, name, f"the folder cannot be opened: {error.strerror}")
        folders.clear()


def _found(root, folder, name, reason):
    path = root.__class__(folder, name)
    relpath = path.relative_to(root).as_posix()
    if reason is None and path.is_symlink() and not is_inside(path, root):
        reason = OUTSIDE
    try:
        relpath.encode()
    except UnicodeEncodeError:  # bytes that are no Unicode
        relpath = os.fsencode(relpath).decode("utf-8", "backslashreplace")
        reason = "its name is not valid Unicode; rename the file"
    return relpath, path, reason


def is_inside(path, root):
    """Return whether a file is in a folder after all links are followed."""
    return path.resolve().is_relative_to(root.resolve())


def _known(store):
    columns = (item.c.relpath, item.c.n_bytes, item.c.mtime_ns, item.c.reason)
    with store.reading() as connection:
        return {row.relpath: row for row in connection.execute(sa.select(*columns))}


def _has_changed(found, known):
    relpath, path, reason = found
    row = known.get(relpath)
    if row is None or reason is not None or row.reason in (OUTSIDE, GONE):
        return True
    return (row.n_bytes, row.mtime_ns) != stamp(path)


def stamp(path):
    """Return the size and the time of a file, by which a change is seen."""
    try:
        status = path.stat()
    except OSError:  # a broken link, or gone since: reading it will tell
        return None, None
    return status.st_size, status.st_mtime_ns


def _examine(found):
    """Return the row of a file."""
    relpath, path, reason = found
    n_bytes, mtime_ns = stamp(path)
    row = {"relpath": relpath, "n_bytes": n_bytes, "mtime_ns": mtime_ns, "has_features": False}
    row |= {"width": None, "height": None, "content_hash": None}
    if reason is None:
        try:
            row["width"], row["height"] = image_size(path)
            row["content_hash"] = _content_hash(path)
        except (UnreadableImageError, OSError) as error:
            reason = str(error)
    return row | {"status": "ok" if reason is None else "unreadable", "reason": reason}


def _content_hash(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(store, rows, seed):
    if not rows:
        return
    insert = sa.dialects.sqlite.insert(item)
    changed = {name: insert.excluded[name] for name in rows[0] if name != "relpath"}
    upsert = insert.on_conflict_do_update(index_elements=["relpath"], set_=changed)
    with store.writing() as connection:
        connection.execute(upsert, [r | {"draw": draw_of(seed, r["relpath"])} for r in rows])


def _mark_gone(connection, names):
    gone = sa.update(item).where(item.c.relpath == sa.bindparam("name"))
    if names:
        connection.execute(
            gone.values(status="unreadable", reason=GONE), [{"name": name} for name in names]
        )


def _mark_duplicates(connection):
    """Of files with the same content let the first be asked for, or the one that was."""
    several = sa.select(item.c.content_hash).group_by(item.c.content_hash)
    several = several.where(item.c.status != "unreadable").having(sa.func.count() > 1)
    concerned = item.c.content_hash.in_(several) | (item.c.status == "duplicate")
    rows = connection.execute(
        sa.select(item.c.id, item.c.relpath, item.c.status, item.c.content_hash)
        .where(concerned & (item.c.status != "unreadable"))
        .order_by(item.c.content_hash, item.c.status != "ok", item.c.id)
    )
    for _, group in groupby(rows.all(), key=attrgetter("content_hash")):
        kept, *others = group
        _set_status(connection, kept.id, "ok", None)
        for other in others:
            _set_status(connection, other.id, "duplicate", f"it is the same as {kept.relpath}")


def _set_status(connection, item_id, status, reason):
    where = item.c.id == item_id
    connection.execute(sa.update(item).where(where).values(status=status, reason=reason))


def _reserve(connection, share):
    """At the first scan with images, set below which number images are monitor images."""
    project = _schema.project
    if connection.scalar(sa.select(project.c.reserve)) is not None:
        return
    ok = sa.select(item.c.draw).where(item.c.status == "ok").order_by(item.c.draw)
    draws = connection.scalars(ok).all()
    if draws:
        n = n_reserved(len(draws), share)
        connection.execute(sa.update(project).values(reserve=draws[n]))


def n_reserved(n_images, share):
    """Return how many images of a pool are monitor images."""
    if share == 0:
        return 0
    return max(round(share * n_images), min(SMALL_POOL, n_images // 4))


def _report(connection, counts):
    by_status = sa.select(item.c.status, sa.func.count()).group_by(item.c.status)
    n = dict(connection.execute(by_status).all())
    return ScanReport(
        n.get("ok", 0),
        counts["new"],
        n.get("duplicate", 0),
        n.get("unreadable", 0),
        counts["other"],
    )
