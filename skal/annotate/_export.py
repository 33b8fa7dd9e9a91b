"""Labels as tables and as CSV."""

import json
from datetime import UTC, datetime

import pandas as pd

from .._files import write_bytes

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
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


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


def write_csv(path, frame, neutralize):
    """Write a table at once, in UTF-8; text that a spreadsheet would run gets a quote before it."""
    frame = frame.map(_as_text)
    if neutralize:
        frame = frame.map(_neutral)
    write_bytes(path, frame.to_csv(index=False, lineterminator="\n").encode())


def _as_text(value):
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def _neutral(value):
    is_formula = isinstance(value, str) and value.startswith(FORMULA_STARTS)
    return f"'{value}" if is_formula else value
