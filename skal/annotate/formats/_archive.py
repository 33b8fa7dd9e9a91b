"""A project as one file: a ZIP with a manifest that has the SHA-256 of every member.

What is in it, and what the version of the manifest means, stands in docs/annotate_formats.md.
"""

import hashlib
import json
import os
import secrets
import sqlite3
import time
import zipfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import sqlalchemy as sa

from ... import __version__
from ..._files import TEMPORARY
from ...exceptions import FormatError
from .. import _features, _models
from .._listing import is_inside
from .._predictions import FILE as PREDICTIONS
from .._schema import VERSION as TABLES_VERSION
from .._schema import item, model
from .._store import FILE as DATABASE
from ._whole import Course, appearing_file, check_room

FORMAT, VERSION = "skal-project", 1
MANIFEST = "manifest.json"
IMAGES = "images"
CHUNK = 1 << 20
EPOCH = (1980, 1, 1, 0, 0, 0)  # members have no time of their own


@dataclass(frozen=True)
class ArchiveReport:
    """What an archive of a project holds.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    n_bytes : int
        Its size.
    n_images : int
        Images in it; 0 if they were left out.
    n_models : int
        Models in it with all that makes them work; what each said of the images is always there.
    n_events : int
        Decisions, undone and redone ones included.
    """

    path: Path
    n_bytes: int
    n_images: int
    n_models: int
    n_events: int


def write_archive(project, path, *, models=True, images=False, on_progress=None, cancel=None):
    """Write a project into an archive: see `Project.to_archive`."""
    path = Path(os.path.abspath(path))
    if path.is_relative_to(project.place):
        raise ValueError("the archive must not be written into the project. Choose another folder.")
    with appearing_file(path) as file, _database_copy(project, path) as copy:
        content = _Content(copy, project)
        parts = content.always() + (content.weights() if models else [])
        pictures = content.images() if images else []
        check_room(path.parent, sum(p.source.stat().st_size for p in [*parts, *pictures]))
        course = Course(on_progress, cancel, every=20).begin(len(parts) + len(pictures))
        has = {"has_models": bool(models), "has_images": bool(images)}
        with zipfile.ZipFile(file, "w") as archive:
            writer = _Writer(archive, course)
            for part in [*parts, *pictures]:
                writer.add(part)
            writer.end(content.facts() | has)
    n_models = content.n_models if models else 0
    return ArchiveReport(path, path.stat().st_size, len(pictures), n_models, content.n_events)


@contextmanager
def _database_copy(project, path):
    """Give a copy of the database without the folder of the images, which concerns nobody else."""
    copy = path.with_name(f"{TEMPORARY}{secrets.token_hex(8)}.sqlite")
    try:
        project._store.copy_to(copy)
        with closing(sqlite3.connect(copy)) as connection, connection:
            connection.execute("UPDATE project SET root = ''")
        yield copy
    finally:
        copy.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Part:
    """A file that becomes a member.

    Attributes
    ----------
    name : str
        Of the member.
    source : pathlib.Path
        The file.
    facts : dict
        What the manifest says of it beside its hash and size.
    digest : str or None
        The hash that it must have.
    """

    name: str
    source: Path
    facts: dict
    digest: str | None = None


class _Content:
    """What belongs to a project, as a copy of its database says."""

    def __init__(self, copy, project):
        self._copy, self._place, self._root = copy, project.place, project.folder
        self._name = project.name
        engine = sa.create_engine(sa.URL.create("sqlite", database=str(copy)))
        with engine.connect() as connection:
            self._models = connection.execute(sa.select(model).order_by(model.c.id)).all()
            self._items = connection.execute(sa.select(item).order_by(item.c.id)).all()
            self.n_events = connection.exec_driver_sql("SELECT count(*) FROM event").scalar_one()
        engine.dispose()
        self.n_models = len(self._models)

    def facts(self):
        """Return what the manifest says of the project."""
        created = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds")
        return {"name": self._name, "created": created, "n_events": self.n_events}

    def always(self):
        """Return the database, the axes of the embedding, and what models said of the images."""
        parts = [_Part(DATABASE, self._copy, {})]
        basis = self._place / _features.BASIS
        if basis.is_file():
            parts.append(_Part(_features.BASIS, basis, {}))
        return parts + [p for p in self._model_files() if p.source.name == PREDICTIONS]

    def weights(self):
        """Return all other files of models."""
        return [p for p in self._model_files() if p.source.name != PREDICTIONS]

    def _model_files(self):
        for row in self._models:
            folder = self._place / row.path
            if not folder.is_dir() or _models.digest(folder) != row.sha256:
                raise FormatError(
                    f"the files of model {row.id} in {str(folder)!r} are missing or changed since "
                    f"they were written, so that no archive can be made of them."
                )
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                yield _Part(path.relative_to(self._place).as_posix(), path, {})

    def images(self):
        """Return all images that can be used, and duplicates of them."""
        rows = [row for row in self._items if row.status in ("ok", "duplicate")]
        return [self._image(row) for row in rows]

    def _image(self, row):
        source = self._root / row.relpath
        if not is_inside(source, self._root) or not source.is_file():
            raise FormatError(f"the image {row.relpath!r} is not there any more. Scan first.")
        name = f"{IMAGES}/{row.id}{PurePosixPath(row.relpath).suffix.lower()}"
        return _Part(name, source, {"item": row.id, "path": row.relpath}, row.content_hash)


class _Writer:
    """Writes members, and the manifest after them."""

    def __init__(self, archive, course):
        self._archive, self._course, self._members = archive, course, {}

    def add(self, part):
        """Copy a file into the archive, and note its hash."""
        info = zipfile.ZipInfo(part.name, EPOCH)
        is_packed = part.name == DATABASE  # images and weights do not get smaller
        info.compress_type = zipfile.ZIP_DEFLATED if is_packed else zipfile.ZIP_STORED
        digest, n_bytes = hashlib.sha256(), 0
        info.file_size = part.source.stat().st_size
        with open(part.source, "rb") as source, self._archive.open(info, "w") as target:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                n_bytes += len(chunk)
                target.write(chunk)
        if part.digest not in (None, digest.hexdigest()):
            raise FormatError(
                f"the image {part.facts['path']!r} has changed since it was scanned. Scan first."
            )
        facts = {"sha256": digest.hexdigest(), "n_bytes": n_bytes}
        self._members[part.name] = facts | part.facts
        self._course.step()

    def end(self, facts):
        """Write the manifest."""
        manifest = {"format": FORMAT, "version": VERSION, "tables_version": TABLES_VERSION}
        manifest |= {"skal": __version__, **facts, "members": self._members}
        info = zipfile.ZipInfo(MANIFEST, EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        self._archive.writestr(info, json.dumps(manifest, indent=1))
