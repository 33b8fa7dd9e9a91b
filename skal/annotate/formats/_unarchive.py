"""A project from an archive that anybody may have made: nothing of it is trusted, or run.

Each member must be in the manifest, with its hash; the database is read, row by row, into a new one
with the tables and guards of this version; what is derived from decisions is derived anew.
"""

import hashlib
import json
import os
import re
from contextlib import closing
from pathlib import Path, PurePosixPath

import sqlalchemy as sa

from ...exceptions import FormatError, ProjectError
from .. import _decisions, _features, _models, _schema
from .._store import FILE as DATABASE
from .._store import LOCK, Store
from ._archive import FORMAT, IMAGES, MANIFEST, VERSION
from ._foreign_database import opened_foreign
from ._limits import Limits
from ._names import Taken, find_windows_fault
from ._whole import Course, appearing_folder, check_room
from ._zip import opened_zip, read_entry

MAX_MANIFEST = 200_000_000  # bytes
MAX_IMAGE_SIZE = 4096  # pixels of the squares that nets see
INCOMING = "incoming.sqlite"
SHA256 = re.compile(r"[0-9a-f]{64}")
MODEL_FILE = re.compile(rf"{_models.FOLDER}/\d+/[A-Za-z0-9_.\-/]+")
IMAGE_FILE = re.compile(rf"{IMAGES}/\d+\.[a-z]+")


def read_archive(path, place, *, folder=None, limits=None, on_progress=None, cancel=None):
    """Make a project of an archive, which is whole or not there: see `Project.from_archive`.

    Returns
    -------
    pathlib.Path
        The place of the project.
    """
    limits = limits or Limits()
    place = Path(os.path.abspath(place))
    with opened_zip(Path(path), limits) as (archive, entries):
        reader = _Reader(archive, entries)
        root = _root(reader.manifest, folder, place)
        check_room(place.parent, sum(entry.file_size for entry in entries), limits.disk_floor)
        course = Course(on_progress, cancel, every=20).begin(len(entries) - 1)
        with appearing_folder(place) as temporary:
            reader.write(temporary / INCOMING, DATABASE, course)
            relpaths = _take_database(temporary, str(root))
            for name in reader.others():
                reader.write(_target(temporary, name, reader, relpaths), name, course)
            if reader.manifest.get("has_images") is True:
                (temporary / IMAGES).mkdir(exist_ok=True)
    return place


def _root(manifest, folder, place):
    """Return the folder of the images: that of the archive, or one that is given."""
    if manifest.get("has_images") is True:
        if folder is not None:
            raise ValueError("the archive brings its images; leave folder out.")
        return place / IMAGES
    if folder is None:
        raise ProjectError("the archive holds no images. Give the folder where they are: folder=.")
    folder = Path(os.path.abspath(folder))
    if not folder.is_dir():
        raise ValueError(f"folder must be a folder of images; there is none at {str(folder)!r}.")
    return folder


class _Reader:
    """The members of an archive, checked against its manifest."""

    def __init__(self, archive, entries):
        self._archive = archive
        self._entries = {entry.filename: entry for entry in entries}
        self.manifest = self._read_manifest()
        self._members = _members(self.manifest)
        _check_all_told(set(self._entries) - {MANIFEST}, set(self._members))

    def _read_manifest(self):
        entry = self._entries.get(MANIFEST)
        if entry is None:
            raise FormatError(f"this is no archive of a project: it has no {MANIFEST}.")
        if entry.file_size > MAX_MANIFEST:
            raise FormatError(f"{MANIFEST} of the archive is too large.")
        try:
            manifest = json.loads(b"".join(read_entry(self._archive, entry)))
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{MANIFEST} of the archive is damaged: {error}.") from error
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise FormatError(f"this is no archive of a project: its format is not {FORMAT!r}.")
        _check_version(manifest)
        return manifest

    def others(self):
        """Return the members beside the database."""
        return [name for name in self._members if name != DATABASE]

    def facts(self, name):
        """Return what the manifest says of a member."""
        return self._members[name]

    def write(self, target, name, course):
        """Write a member into a file, and raise if it is not what the manifest says."""
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with open(target, "xb") as file:
            for chunk in read_entry(self._archive, self._entries[name]):
                digest.update(chunk)
                file.write(chunk)
                course.step(0)
        if digest.hexdigest() != self._members[name]["sha256"]:
            raise FormatError(
                f"the member {name!r} of the archive was changed since it was written. Get the "
                f"archive anew."
            )
        course.step()


def _check_version(manifest):
    version = manifest.get("version")
    if not isinstance(version, int) or version < 1:
        raise FormatError(f"{MANIFEST} of the archive has no version.")
    if version > VERSION:
        raise ProjectError(
            f"the archive was written by a newer skal (version {version}; this one knows "
            f"{VERSION}). Upgrade: pip install -U skal."
        )


def _members(manifest):
    members = manifest.get("members")
    if not isinstance(members, dict) or DATABASE not in members:
        raise FormatError(f"{MANIFEST} of the archive does not name its members.")
    for name, facts in members.items():
        digest = facts.get("sha256") if isinstance(facts, dict) else None
        if not isinstance(digest, str) or not SHA256.fullmatch(digest):
            raise FormatError(f"{MANIFEST} of the archive has no SHA-256 of {name!r}.")
    return members


def _check_all_told(found, told):
    for name in sorted(found - told):
        raise FormatError(f"the archive has a member that its manifest does not name: {name!r}.")
    for name in sorted(told - found):
        raise FormatError(f"the archive lacks the member {name!r}, which its manifest names.")


def _target(folder, name, reader, relpaths):
    """Return where a member belongs, or raise if it belongs nowhere."""
    if name == _features.BASIS or MODEL_FILE.fullmatch(name):
        return folder / name
    relpath = relpaths.get(reader.facts(name).get("item"))
    if IMAGE_FILE.fullmatch(name) and relpath is not None:
        return folder / IMAGES / relpath
    raise FormatError(f"the member {name!r} of the archive is none of a project.")


def _take_database(folder, root):
    """Read the foreign database into a new one; return the names of images by their numbers."""
    store = Store(folder, is_new=True)
    try:
        with opened_foreign(folder / INCOMING) as foreign, store.writing() as connection:
            foreign.copy_into(connection)
            connection.execute(sa.update(_schema.item).values(has_features=False))
            connection.execute(sa.update(_schema.project).values(root=root))
            _decisions.rebuild(connection)
            relpaths = _checked_names(connection)
            _check_settings(connection)
    finally:
        with closing(store):
            (folder / INCOMING).unlink(missing_ok=True)
    (folder / LOCK).unlink(missing_ok=True)
    return relpaths


def _checked_names(connection):
    """Return the names of images by their numbers, or raise if one leads somewhere else."""
    taken = Taken() if os.name == "nt" else None
    rows = connection.execute(sa.select(_schema.item.c.id, _schema.item.c.relpath)).all()
    for row in rows:
        fault = _name_fault(row.relpath)
        if fault is None and taken is not None and taken.find_clash(row.relpath) is not None:
            fault = "it clashes with another one on this system"
        if fault is not None:
            raise FormatError(f"the archive has an image of the name {row.relpath!r}: {fault}.")
    for row in connection.execute(sa.select(_schema.model.c.id, _schema.model.c.path)):
        if not re.fullmatch(rf"{_models.FOLDER}/\d+", row.path):
            raise FormatError(
                f"the archive keeps model {row.id} at {row.path!r}, which is no place."
            )
    return {row.id: row.relpath for row in rows}


def _check_settings(connection):
    """Raise unless there is one project, whose settings are such as `Project.create` takes."""
    rows = connection.scalars(sa.select(_schema.project.c.settings)).all()
    if len(rows) != 1:
        raise FormatError(f"the database of the archive holds {len(rows)} projects, not one.")
    share, size = rows[0].get("monitor_share"), rows[0].get("image_size")
    is_share = isinstance(share, int | float) and 0 <= share <= 0.5
    is_size = isinstance(size, int) and 8 <= size <= MAX_IMAGE_SIZE
    names = [rows[0].get(name) for name in ("strategy", "model")]
    is_named = all(isinstance(name, str | None) for name in names)
    if not (is_share and is_size and is_named and isinstance(rows[0].get("embed"), bool)):
        raise FormatError("the database of the archive has settings that no project can have.")


def _name_fault(relpath):
    """Return why a name of a file below the folder of images is not allowed, or None."""
    if "\0" in relpath or relpath.startswith("/"):
        return "it is absolute, or has a NUL character"
    if any(part in ("", ".", "..") for part in relpath.split("/")):
        return "it leads out of its folder"
    if os.name == "nt" and ("\\" in relpath or find_windows_fault(relpath)):
        return "it cannot be the name of a file on this system"
    return None if PurePosixPath(relpath).suffix else "it has no suffix"
