"""The database of a project: one file, one writer, and nothing acknowledged that is not on disk."""

import threading
import time
from contextlib import contextmanager

import sqlalchemy as sa
from filelock import FileLock, Timeout

from ..exceptions import ProjectError
from . import _schema
from ._file_systems import check_local

FILE, LOCK, BACKUPS = "project.sqlite", "project.lock", "backups"
BUSY_TIMEOUT_MS = 5000
SYNCHRONOUS = "FULL"  # with NORMAL the last commits may be lost with the power

MIGRATIONS: dict = {}  # by the version that they start from: functions of a connection


class Store:
    """The open database of a project.

    Writers take turns; each write is one transaction, on disk when :meth:`writing` is left.
    Readers have connections of their own, which cannot write and never wait for a writer.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of the project, which exists.
    is_new : bool, default=False
        Whether to make the database, which must not be there yet.
    """

    def __init__(self, folder, is_new=False):
        check_local(folder)
        self.path = folder / FILE
        self._turn = threading.RLock()
        self._lock = FileLock(folder / LOCK, thread_local=False)  # whoever closes
        _take(self._lock, folder)
        try:
            self._open(is_new)
        except BaseException:
            self.close()
            raise

    def _open(self, is_new):
        if self.path.exists() == is_new:
            raise ProjectError(
                f"{str(self.path.parent)!r} holds a project already. Open it by Project.open."
                if is_new
                else f"{str(self.path.parent)!r} holds no project. Make one by Project.create."
            )
        self._writer = _make_engine(self.path, "BEGIN IMMEDIATE")
        self._readers = _make_engine(self.path, "BEGIN", ["query_only = ON"])
        with _explained(self.path):
            if is_new:
                with self.writing() as connection:
                    _schema.create_tables(connection)
            else:
                self._check()

    def _check(self):
        with self._readers.begin() as connection:
            kind = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
        if found != "ok":
            raise ProjectError(
                f"{str(self.path)!r} is damaged: {found}. Put a copy from the folder "
                f"{BACKUPS!r} beside it in its place."
            )
        if kind != _schema.APPLICATION_ID:
            raise ProjectError(f"{str(self.path)!r} is a database, but of no project of skal.")
        if version > _schema.VERSION:
            raise ProjectError(
                f"{str(self.path)!r} was written by a newer skal (version {version} of the tables; "
                f"this one knows {_schema.VERSION}). Upgrade: pip install -U skal."
            )
        if version < _schema.VERSION:
            self._migrate(version)

    def _migrate(self, version):
        self.backup(f"before-version-{_schema.VERSION}")
        with self.writing() as connection:
            for older in range(version, _schema.VERSION):
                MIGRATIONS[older](connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {_schema.VERSION}")

    @contextmanager
    def writing(self):
        """Give the one connection that writes; all of a block is written, or nothing."""
        with self._turn, self._writer.begin() as connection:
            yield connection

    @contextmanager
    def reading(self):
        """Give a connection that sees one state of the database throughout."""
        with self._readers.begin() as connection:
            yield connection

    def pinned(self):
        """Return a connection that sees the state of now, whatever is written until it is closed.

        Returns
        -------
        Connection
            It may be used, and has to be closed, in another thread.
        """
        connection = self._readers.connect()
        connection.exec_driver_sql("SELECT id FROM project").all()  # the first read pins the state
        return connection

    def backup(self, name=None):
        """Write a whole copy of the database into the folder of backups.

        Parameters
        ----------
        name : str, optional
            What its name begins with.

        Returns
        -------
        pathlib.Path
            The file, named for the time.
        """
        folder = self.path.parent / BACKUPS
        folder.mkdir(exist_ok=True, mode=0o700)
        stamp = time.strftime("%Y%m%d-%H%M%S")
        path = _unused(folder, f"{name or 'project'}-{stamp}")
        with self._turn, self._writer.connect() as connection:
            raw = connection.connection.dbapi_connection  # VACUUM runs outside of transactions
            raw.execute("VACUUM INTO ?", (str(path),))
        return path

    def close(self):
        """Close the database and let others open it."""
        for name in ("_readers", "_writer"):
            if hasattr(self, name):
                getattr(self, name).dispose()
        self._lock.release()


def _take(lock, folder):
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ProjectError(
            f"the project in {str(folder)!r} is open elsewhere. Close it there, in another "
            f"program, notebook or object of this one, and open it again."
        ) from error
    except OSError as error:
        raise ProjectError(
            f"{str(folder)!r} cannot be written to ({error.strerror}), as a project has to be. "
            f"Give yourself write access, or copy the folder to another disk and open it there."
        ) from error


@contextmanager
def _explained(path):
    try:
        yield
    except sa.exc.DatabaseError as error:
        raise ProjectError(
            f"{str(path)!r} cannot be read as a database ({error.orig}). Put a copy from the "
            f"folder {BACKUPS!r} beside it in its place."
        ) from error


def _make_engine(path, begin, more=()):
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))
    pragmas = ["journal_mode = WAL", f"synchronous = {SYNCHRONOUS}", "foreign_keys = ON"]
    pragmas += [f"busy_timeout = {BUSY_TIMEOUT_MS}", *more]

    @sa.event.listens_for(engine, "connect")
    def configure(connection, _):
        connection.isolation_level = None  # sqlite3 itself begins no transactions
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def start(connection):
        connection.exec_driver_sql(begin)

    return engine


def _unused(folder, stem):
    names = (f"{stem}{suffix}.sqlite" for suffix in ("", *(f"-{i}" for i in range(2, 1000))))
    return next(folder / name for name in names if not (folder / name).exists())
