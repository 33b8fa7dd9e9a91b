"""The database: durable, one writer, one owner, and it says what is wrong with it."""

import os
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa
from made_projects import made_store

from skal.annotate import _file_systems, _schema, _store
from skal.annotate._store import Store
from skal.exceptions import ProjectError


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path, is_new=True)
    yield store
    store.close()


def pragma(connection, name):
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def test_what_is_acknowledged_is_on_disk(store):
    for block in (store.reading, store.writing):
        with block() as connection:
            assert pragma(connection, "journal_mode") == "wal"
            assert pragma(connection, "synchronous") == 2  # FULL
            assert pragma(connection, "foreign_keys") == 1
            assert pragma(connection, "busy_timeout") == 5000


def test_readers_cannot_write_and_do_not_wait_for_the_writer(store):
    with store.writing() as connection:
        connection.execute(sa.insert(_schema.label_class).values(name="a", color="", position=0))
        with store.reading() as other:
            assert other.scalar(sa.select(sa.func.count()).select_from(_schema.label_class)) == 0
    with pytest.raises(sa.exc.OperationalError, match="readonly"), store.reading() as connection:
        connection.execute(sa.delete(_schema.label_class))


def test_a_write_that_fails_leaves_nothing(store):
    twice = [{"name": "a", "color": "", "position": 0}] * 2  # names are unique
    with pytest.raises(sa.exc.IntegrityError), store.writing() as connection:
        connection.execute(sa.insert(_schema.label_class), twice)
    with store.reading() as connection:
        assert connection.execute(sa.select(_schema.label_class)).all() == []


def test_many_threads_take_turns(store):
    def write(name):
        for i in range(20):
            with store.writing() as connection:
                row = {"name": f"{name}-{i}", "color": "", "position": i}
                connection.execute(sa.insert(_schema.label_class), row)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(_schema.label_class)) == 80


def test_a_project_is_open_once(store, tmp_path):
    with pytest.raises(ProjectError, match="is open elsewhere"):
        Store(tmp_path)
    store.close()
    Store(tmp_path).close()


def test_a_new_project_does_not_replace_one(store, tmp_path):
    store.close()
    with pytest.raises(ProjectError, match="holds a project already"):
        Store(tmp_path, is_new=True)


def test_a_folder_without_a_project_is_said_to_be_one(tmp_path):
    with pytest.raises(ProjectError, match="holds no project"):
        Store(tmp_path)


def change(path, sql):
    with sqlite3.connect(path) as connection:
        connection.execute(sql)
    connection.close()


def test_a_newer_database_is_refused(store, tmp_path):
    store.close()
    change(store.path, f"PRAGMA user_version = {_schema.VERSION + 1}")
    with pytest.raises(ProjectError, match="written by a newer skal"):
        Store(tmp_path)


def test_another_database_is_refused(store, tmp_path):
    store.close()
    change(store.path, "PRAGMA application_id = 7")
    with pytest.raises(ProjectError, match="of no project of skal"):
        Store(tmp_path)


def test_an_older_database_is_copied_then_migrated(store, tmp_path, monkeypatch):
    store.close()
    monkeypatch.setattr(_schema, "VERSION", 2)
    add = "ALTER TABLE project ADD COLUMN added TEXT"
    monkeypatch.setitem(_store.MIGRATIONS, 1, lambda connection: connection.exec_driver_sql(add))
    Store(tmp_path).close()
    (copy,) = (tmp_path / _store.BACKUPS).iterdir()
    assert copy.name.startswith("before-version-2")
    assert [columns(path) for path in (copy, store.path)] == [False, True]
    Store(tmp_path).close()  # once


def columns(path):
    connection = sqlite3.connect(path)
    names = [row[1] for row in connection.execute("PRAGMA table_info(project)")]
    connection.close()
    return "added" in names


def test_a_migration_that_fails_changes_nothing(store, tmp_path, monkeypatch):
    store.close()
    monkeypatch.setattr(_schema, "VERSION", 2)

    def fail(connection):
        connection.exec_driver_sql("ALTER TABLE project ADD COLUMN added TEXT")
        raise RuntimeError

    monkeypatch.setitem(_store.MIGRATIONS, 1, fail)
    with pytest.raises(RuntimeError):
        Store(tmp_path)
    assert not columns(store.path)


@pytest.mark.parametrize("start", [0, 4096 * 3])
def test_a_damaged_database_is_not_opened(store, tmp_path, start):
    store.close()
    with open(store.path, "r+b") as file:
        file.seek(start)
        file.write(b"\xff" * 4096)
    with pytest.raises(ProjectError, match=r"damaged|cannot be read"):
        Store(tmp_path)


def test_a_backup_is_a_whole_project(store, tmp_path):
    with store.writing() as connection:
        connection.execute(sa.insert(_schema.label_class).values(name="a", color="", position=0))
    first, second = store.backup(), store.backup()
    assert first != second
    place = tmp_path / "restored"
    place.mkdir()
    (place / _store.FILE).write_bytes(first.read_bytes())
    restored = Store(place)
    with restored.reading() as connection:
        assert connection.scalars(sa.select(_schema.label_class.c.name)).all() == ["a"]
    restored.close()


def test_a_network_file_system_is_refused(tmp_path, monkeypatch):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr(_file_systems, "MOUNTS", mounts)
    if sys.platform.startswith("linux"):
        with pytest.raises(ProjectError, match=r"network file system \(nfs4\)"):
            Store(tmp_path, is_new=True)


# A child writes decisions and acknowledges each on a pipe, until it is killed.
CHILD = """
import sys
from pathlib import Path
from skal.annotate._decisions import Message, record
from skal.annotate._store import Store

store, first = Store(Path(sys.argv[1])), int(sys.argv[2])
for i in range(first, first + 100_000):
    with store.writing() as connection:
        record(connection, Message(1 + i % 3, "label", "ann", label_id=1 + i % 2, key=f"k{i}"))
    print(i, flush=True)
"""


def test_no_acknowledged_decision_is_lost_or_doubled_by_kills(tmp_path):
    """kill -9 at random points; the decision in flight is sent again, as a client would."""
    made_store(tmp_path).close()
    n_sent = 0
    for run in range(5):
        acknowledged = killed_after(tmp_path, n_sent, seconds=0.05 + 0.07 * run)
        n_sent = acknowledged + 1 if acknowledged is not None else n_sent
        keys = sorted(stored_keys(tmp_path), key=lambda key: int(key[1:]))
        assert keys[:n_sent] == [f"k{i}" for i in range(n_sent)]
        assert len(keys) - n_sent in (0, 1)  # at most the one that was not acknowledged
    assert n_sent > 0


def killed_after(folder, first, seconds):
    """Return the last decision that a child has acknowledged before it was killed."""
    command = [sys.executable, "-c", CHILD, str(folder), str(first)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
        first_line = child.stdout.readline()
        time.sleep(seconds)
        child.kill()
        lines = (first_line + child.stdout.read()).decode().splitlines()
    return int(lines[-1]) if lines else None


def stored_keys(folder):
    store = Store(folder)
    with store.reading() as connection:
        keys = connection.scalars(sa.select(_schema.event.c.idempotency_key)).all()
    store.close()
    return keys
