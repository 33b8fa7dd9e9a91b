"""Labels as data frames."""

from datetime import UTC, datetime

import pandas as pd

COLUMNS = [
    "path",
    "label",
    "label_id",
    "source",
    "split",
    "annotator",
    "time",
    "model_id",
    "shown_prediction",
    "is_flagged",
    "note",
    "content_hash",
]


def as_frame(rows):
    """Return a row for each labeled image, as read by `read_labeled`."""
    return pd.DataFrame([_record(row) for row in rows], columns=COLUMNS)


def _record(row):
    return {
        "path": row.relpath,
        "label": row.label,
        "label_id": row.label_id,
        "source": row.source,
        "split": _split(row),
        "annotator": row.annotator,
        "time": datetime.fromtimestamp(row.server_ts, UTC).isoformat(timespec="milliseconds"),
        "model_id": row.model_id,
        "shown_prediction": row.shown_prediction,
        "is_flagged": bool(row.is_flagged),
        "note": row.note,
        "content_hash": row.content_hash,
    }


def _split(row):
    if not row.is_human:
        return "accepted"
    return "monitor" if row.is_monitor else "train"
