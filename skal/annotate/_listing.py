"""Listing the files of a folder, before any is read.

Every image has a number in [0, 1) that depends on its name and the seed of the project alone. The
order of these numbers is one random permutation of the whole pool, which stays when images come.

Why the monitor images are an honest sample, also where people label while images are still being
read: they are those with the smallest numbers, and how small is settled by the names in the folder
alone, in one write, before any image can be asked for. Neither what is read first, nor what anybody
answers meanwhile, can move an image into or out of them. What cannot be read falls out later, for
a reason that its number has no part in; so what remains is a random sample of what can be read.

Images are read in the order of :func:`turn`, so that at any moment what can be asked for is a
random sample too, and monitor images come in the order of the permutation. Files with the same
content are one image, with the number of the first of them by name; only one of which another was
asked for before the first was read has the number of that one.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from ._images import SUFFIXES
from ._schema import item, project

SMALL_POOL = 30  # monitor images that a small pool reserves, if that is at most a quarter of it
OUTSIDE = "it is a link that leaves the folder of images"
GONE = "the file is gone"


@dataclass(frozen=True)
class Listing:
    """The files of a folder.

    Attributes
    ----------
    todo : list of str
        Names of images that are to be read, in the order to read them.
    n_new : int
        Files that no listing had seen before.
    n_other : int
        Files that are no images by their names.
    """

    todo: list
    n_new: int
    n_other: int


def draw_of(seed, relpath):
    """Return the place of an image in the permutation: in [0, 1), uniform over names."""
    digest = hashlib.blake2b(f"{seed}\0{relpath}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def turn(draw, reserve):
    """Return when an image is read: in [0, 1), among monitor images and others each by its number.

    Whatever was read up to some moment is a random sample of the pool, with its share of monitor
    images, of which the first in the permutation come first.
    """
    if draw < reserve:
        return draw / reserve
    return (draw - reserve) / (1 - reserve)


def list_files(store, root, place, seed, share):
    """Bring the items up to the names in a folder; what is new waits to be read.

    Returns
    -------
    Listing
    """
    counts = {"other": 0}
    found = list(_walk(root, place, counts))
    known = _known(store)
    new = [file for file in found if file[0] not in known]
    changed = [file for file in found if file[0] in known and _has_changed(file, known)]
    seen = {relpath for relpath, _, _ in found}
    with store.writing() as connection:
        _insert(connection, new, seed)
        _refuse(connection, [file for file in changed if file[2] is not None])
        _mark_gone(connection, [name for name in known if name not in seen])
        _reserve(connection, share)
        again = {relpath for relpath, _, reason in changed if reason is None}
        return Listing(_in_turn(connection, again), len(new), counts["other"])


def _walk(root, place, counts):
    """Yield (name below the root, path, reason why it cannot be used) of every image file."""
    folders = []
    for folder, folder_names, names in os.walk(root, onerror=folders.append):
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
    path = os.path.join(folder, name)
    relpath = os.path.relpath(path, root).replace(os.sep, "/")
    if reason is None and os.path.islink(path) and not is_inside(Path(path), root):
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
    columns = (item.c.relpath, item.c.n_bytes, item.c.mtime_ns, item.c.reason, item.c.status)
    with store.reading() as connection:
        return {row.relpath: row for row in connection.execute(sa.select(*columns))}


def _has_changed(found, known):
    relpath, path, reason = found
    row = known[relpath]
    if row.status == "waiting" or reason is not None or row.reason in (OUTSIDE, GONE):
        return True
    return (row.n_bytes, row.mtime_ns) != stamp(path)


def stamp(path):
    """Return the size of a file and when it was changed, or None of both where it is gone."""
    try:
        status = os.stat(path)
    except OSError:  # a broken link, or gone since: reading it will tell
        return None, None
    return status.st_size, status.st_mtime_ns


def _insert(connection, files, seed):
    rows = [
        {
            "relpath": relpath,
            "draw": draw_of(seed, relpath),
            "status": "waiting" if reason is None else "unreadable",
            "reason": reason,
        }
        for relpath, _, reason in files
    ]
    if rows:
        connection.execute(sa.insert(item), rows)


def _refuse(connection, files):
    """Say of known files why they can no longer be used."""
    refused = sa.update(item).where(item.c.relpath == sa.bindparam("name"))
    values = {"status": "unreadable", "reason": sa.bindparam("why"), "has_features": False}
    if files:
        rows = [{"name": relpath, "why": reason} for relpath, _, reason in files]
        connection.execute(refused.values(values), rows)


def _mark_gone(connection, names):
    _refuse(connection, [(name, None, GONE) for name in names])


def _reserve(connection, share):
    """At the first listing with images, set below which number images are monitor images."""
    if connection.scalar(sa.select(project.c.reserve)) is not None:
        return
    usable = sa.select(item.c.draw).where(item.c.status != "unreadable").order_by(item.c.draw)
    draws = connection.scalars(usable).all()
    if draws:
        n = n_reserved(len(draws), share)
        connection.execute(sa.update(project).values(reserve=draws[n]))


def n_reserved(n_images, share):
    """Return how many images of a pool are monitor images."""
    if share == 0:
        return 0
    return max(round(share * n_images), min(SMALL_POOL, n_images // 4))


def _in_turn(connection, again):
    """Return the names of what waits and of what is to be read again, in the order to read them."""
    reserve = connection.scalar(sa.select(project.c.reserve))
    rows = connection.execute(sa.select(item.c.relpath, item.c.draw, item.c.status))
    todo = [r for r in rows if r.status == "waiting" or r.relpath in again]
    return [r.relpath for r in sorted(todo, key=lambda r: turn(r.draw, reserve))]
