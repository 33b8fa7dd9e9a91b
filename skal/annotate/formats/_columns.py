"""The columns that tables of skal have: what is known of each image and its label."""

COLUMNS = (
    "path",
    "label",
    "label_id",
    "answer",
    "split",
    "source",
    "annotator",
    "time",
    "round",
    "model_id",
    "shown_prediction",
    "is_flagged",
    "note",
    "content_hash",
)
ESCAPED = "escaped"  # tells in tables for spreadsheets which rows have quotes before texts
EXPORTED_AS = "exported_as"  # tells in a sidecar which file an image has become


def is_own(names):
    """Return whether columns are those of a table that skal has written."""
    return {*COLUMNS, ESCAPED} <= set(names)
