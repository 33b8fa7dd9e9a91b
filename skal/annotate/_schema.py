"""The tables of a project: what is stored, and what the database itself refuses."""

import sqlalchemy as sa

VERSION = 1  # of the tables; raise it with a migration in _store.MIGRATIONS
APPLICATION_ID = 0x534B414C  # "SKAL", in the header of the file

STATUSES = ("waiting", "ok", "unreadable", "duplicate")  # waiting: listed, and not read yet
ANSWERS = ("label", "skip", "unsure", "exclude", "clear")  # the last one of an item holds
MARKS = ("flag", "note")  # stand beside the answer
STEPS = ("undo", "redo")
DECISIONS = (*ANSWERS, *MARKS)
BULK = "bulk"  # decisions about many items, which are undone as one
HUMAN, IMPORTED, ACCEPTED = SOURCES = ("human", "imported", "model-accepted")  # of an answer

metadata = sa.MetaData()


def _one_of(column, values):
    names = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({names})")


project = sa.Table(
    "project",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("root", sa.Text, nullable=False),  # the folder of the images
    sa.Column("seed", sa.Integer, nullable=False),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("reserve", sa.Float),  # items drawn below it are monitor items; set once
    sa.Column("current_model", sa.Integer, sa.ForeignKey("model.id")),
    sa.Column("created", sa.Float, nullable=False),
    sa.CheckConstraint("id = 1"),
)

item = sa.Table(
    "item",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("relpath", sa.Text, nullable=False, unique=True),
    sa.Column("content_hash", sa.Text, index=True),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    sa.Column("n_bytes", sa.Integer),
    sa.Column("mtime_ns", sa.Integer),
    sa.Column("draw", sa.Float, nullable=False, index=True),  # its place in the permutation
    sa.Column("status", sa.Text, nullable=False),  # an index would mislead the query planner
    sa.Column("reason", sa.Text),
    sa.Column("has_features", sa.Boolean, nullable=False, server_default=sa.false()),
    _one_of("status", STATUSES),
    sa.CheckConstraint("status IN ('ok', 'waiting') OR reason IS NOT NULL"),
    sqlite_autoincrement=True,
)

label_class = sa.Table(
    "label_class",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("color", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("is_archived", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("merged_into", sa.Integer, sa.ForeignKey("label_class.id")),
    sa.CheckConstraint("name <> ''"),
    sqlite_autoincrement=True,
)

event = sa.Table(
    "event",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("item_id", sa.Integer, sa.ForeignKey("item.id"), index=True),
    sa.Column("annotator", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False, server_default=HUMAN),
    sa.Column("bulk_id", sa.Integer, sa.ForeignKey("event.id"), index=True),  # that it is part of
    sa.Column("label_id", sa.Integer, sa.ForeignKey("label_class.id")),
    sa.Column("target_id", sa.Integer, sa.ForeignKey("event.id")),  # what is undone or redone
    sa.Column("payload", sa.JSON),
    sa.Column("shown_prediction", sa.JSON),
    sa.Column("model_id", sa.Integer, sa.ForeignKey("model.id")),
    sa.Column("client_ts", sa.Float),
    sa.Column("server_ts", sa.Float, nullable=False),
    sa.Column("idempotency_key", sa.Text, nullable=False, unique=True),
    _one_of("kind", (*DECISIONS, BULK, *STEPS)),
    _one_of("source", SOURCES),
    sa.CheckConstraint("item_id IS NOT NULL OR kind IN ('bulk', 'undo', 'redo')"),
    sa.CheckConstraint("(kind = 'label') = (label_id IS NOT NULL)"),
    sa.CheckConstraint("(kind IN ('undo', 'redo')) = (target_id IS NOT NULL)"),
    sqlite_autoincrement=True,
)

# Derived from the events, and made again from them by _decisions.rebuild.

decision = sa.Table(
    "decision",
    metadata,
    sa.Column("event_id", sa.Integer, sa.ForeignKey("event.id"), primary_key=True),
    sa.Column("item_id", sa.Integer, sa.ForeignKey("item.id"), index=True),
    sa.Column("annotator", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("bulk_id", sa.Integer, sa.ForeignKey("event.id"), index=True),
    _one_of("status", ("holds", "undone", "gone")),
    sa.Index("decision_stack", "annotator", "status", "event_id"),
)

current_label = sa.Table(
    "current_label",
    metadata,
    sa.Column("item_id", sa.Integer, sa.ForeignKey("item.id"), primary_key=True),
    sa.Column("answer", sa.Text, index=True),
    sa.Column("label_id", sa.Integer, sa.ForeignKey("label_class.id")),
    sa.Column("event_id", sa.Integer, sa.ForeignKey("event.id")),  # of the answer
    sa.Column("source", sa.Text),  # of the answer
    sa.Column("n_skips", sa.Integer, nullable=False),
    sa.Column("is_flagged", sa.Boolean, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    _one_of("answer", ("label", "skip", "unsure", "exclude")),
    sa.CheckConstraint("(COALESCE(answer, '') = 'label') = (label_id IS NOT NULL)"),
)

round_ = sa.Table(
    "round",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("strategy", sa.Text, nullable=False),  # the one really used
    sa.Column("model_id", sa.Integer, sa.ForeignKey("model.id")),
    sa.Column("label_revision", sa.Integer, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sqlite_autoincrement=True,
)

queue_item = sa.Table(
    "queue_item",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("round_id", sa.Integer, sa.ForeignKey("round.id"), nullable=False, index=True),
    sa.Column("item_id", sa.Integer, sa.ForeignKey("item.id"), nullable=False, unique=True),
    sa.Column("slice", sa.Text, nullable=False),
    sa.Column("strategy", sa.Text, nullable=False),
    sa.Column("score", sa.Float),
    sa.Column("percentile", sa.Float),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("handed_to", sa.Text, index=True),
    sa.Column("handed_ts", sa.Float),
    _one_of("slice", ("strategy", "monitor")),
    sqlite_autoincrement=True,
)

model = sa.Table(
    "model",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("label_revision", sa.Integer, nullable=False),
    sa.Column("estimator", sa.Text, nullable=False),
    sa.Column("strategy", sa.Text, nullable=False),
    sa.Column("n_labels", sa.Integer, nullable=False),
    sa.Column("saw_monitor", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("metrics", sa.JSON, nullable=False),
    sa.Column("is_accepted", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sqlite_autoincrement=True,
)

job = sa.Table(
    "job",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("label_revision", sa.Integer, nullable=False),
    sa.Column("progress", sa.JSON, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("model_id", sa.Integer, sa.ForeignKey("model.id")),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("ended", sa.Float),
    _one_of("state", ("running", "done", "failed", "cancelled", "interrupted")),
    sqlite_autoincrement=True,
)

_APPEND_ONLY = """
CREATE TRIGGER event_no_{verb} BEFORE {verb} ON event
BEGIN SELECT RAISE(ABORT, 'events are appended, never changed'); END
"""


def create_tables(connection):
    """Make all tables of a new project, with the guards of the event log."""
    metadata.create_all(connection)
    for verb in ("UPDATE", "DELETE"):
        connection.exec_driver_sql(_APPEND_ONLY.format(verb=verb))
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.exec_driver_sql(f"PRAGMA user_version = {VERSION}")
