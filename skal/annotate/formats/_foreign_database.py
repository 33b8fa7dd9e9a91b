"""Databases of other people: every value is checked for its type before it is taken over.

A database of SQLite can bring views and triggers of its own, and any type of value in any column.
Only plain tables that are known are read, and nothing is written into it but by our migrations.
"""

import sqlite3
from contextlib import contextmanager

import sqlalchemy as sa

from ...exceptions import FormatError, ProjectError
from .. import _schema
from .._store import MIGRATIONS

DERIVED = {"decision", "current_label"}
GUARDS = {"event_no_UPDATE", "event_no_DELETE"}
TYPES = {
    sa.Integer: ("integer",),
    sa.Boolean: ("integer",),
    sa.Float: ("real", "integer"),
    sa.Text: ("text",),
    sa.JSON: ("text",),
}
JSON_KINDS = {  # what a column must hold, as a condition of SQLite
    ("project", "settings"): "json_type({0}) = 'object'",
    ("event", "shown_prediction"): "json_type({0}) = 'object'",
    ("event", "payload"): (
        "(kind = 'note' AND json_type({0}) = 'text') OR "
        "(kind = 'flag' AND json_type({0}) IN ('true', 'false')) OR "
        "(kind = 'bulk' AND json_type({0}, '$.said') = 'object')"
    ),
    ("model", "metrics"): "json_type({0}) = 'object'",
    ("job", "progress"): "json_type({0}) = 'object'",
}


@contextmanager
def opened_foreign(path):
    """Give a database of somebody else, checked and brought to the version of this skal.

    Parameters
    ----------
    path : pathlib.Path
        A copy of our own, which may be written to.
    """
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA trusted_schema = OFF")
            connection.exec_driver_sql("PRAGMA cell_size_check = ON")
            _check_file(connection)
            _migrate(connection)
            yield Foreign(connection)
    except sa.exc.DBAPIError as error:
        raise FormatError(f"the database of the archive is damaged: {error.orig}.") from error
    except sqlite3.DatabaseError as error:
        raise FormatError(f"the database of the archive is damaged: {error}.") from error
    finally:
        engine.dispose()


def _check_file(connection):
    found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
    if found != "ok":
        raise FormatError(f"the database of the archive is damaged: {found}.")
    if connection.exec_driver_sql("PRAGMA application_id").scalar_one() != _schema.APPLICATION_ID:
        raise FormatError("the database of the archive is none of a project.")
    rows = connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master").all()
    for kind, name, sql in rows:
        is_virtual = (sql or "").lstrip().upper().startswith("CREATE VIRTUAL")
        if kind == "view" or is_virtual or (kind == "trigger" and name not in GUARDS):
            raise FormatError(f"the database of the archive has a {kind} of its own: {name!r}.")


def _migrate(connection):
    version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    if version > _schema.VERSION:
        raise ProjectError(
            f"the archive was written by a newer skal (version {version} of the tables; this one "
            f"knows {_schema.VERSION}). Upgrade: pip install -U skal."
        )
    for older in range(version, _schema.VERSION):
        if older not in MIGRATIONS:
            raise FormatError(f"the tables of the archive have the version {older}, which is none.")
        MIGRATIONS[older](connection)
    connection.commit()


class Foreign:
    """The tables of a database of somebody else."""

    def __init__(self, connection):
        self._connection = connection

    def copy_into(self, connection):
        """Copy all rows into new tables, whose constraints they have to keep."""
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")  # labels name each other
        for table in _schema.metadata.sorted_tables:
            if table.name not in DERIVED:
                self._check_types(table)
                self._copy(table, connection)

    def _check_types(self, table):
        for column in table.columns:
            allowed = TYPES[type(column.type)] + (("null",) if column.nullable else ())
            kinds = ", ".join(f"'{kind}'" for kind in allowed)
            wrong = f'typeof("{column.name}") NOT IN ({kinds})'
            if isinstance(column.type, sa.JSON):
                condition = JSON_KINDS[table.name, column.name].format(f'"{column.name}"')
                wrong += (
                    f' OR ("{column.name}" IS NOT NULL AND '
                    f'NOT (json_valid("{column.name}") AND ({condition})))'
                )
            if self._connection.exec_driver_sql(
                f'SELECT 1 FROM "{table.name}" WHERE {wrong} LIMIT 1'
            ).first():
                raise FormatError(
                    f"the database of the archive is not as it should be: {table.name}."
                    f"{column.name} holds values of another kind."
                )

    def _copy(self, table, connection):
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        marks = ", ".join("?" for _ in table.columns)
        rows = self._connection.exec_driver_sql(
            f'SELECT {names} FROM "{table.name}" ORDER BY id',
            execution_options={"yield_per": 1000},
        )
        for part in rows.partitions():
            connection.exec_driver_sql(
                f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', [tuple(r) for r in part]
            )
