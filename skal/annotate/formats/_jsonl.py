"""Labels from JSON lines."""

import json
from pathlib import Path

from ...exceptions import FormatError
from ._rows import MAX_ROWS
from ._table import LabelRow, LabelTable, find_path_fault
from ._text import find_encoding, not_in

MAX_LINE = 1_000_000  # characters


def read_jsonl(path, *, encoding=None, max_rows=MAX_ROWS):
    """Return what a file of JSON lines says of images: objects with ``path`` and ``label``.

    Returns
    -------
    LabelTable
    """
    path = Path(path)
    if not path.is_file():
        raise FormatError(f"there is no file {str(path)!r}. Give the name of a file.")
    used = find_encoding(path, encoding)
    table = LabelTable("jsonl", read_as={"encoding": used.removesuffix("-sig")})
    for number, line in _lines(path, used):
        if number > max_rows:
            raise FormatError(
                f"{str(path)!r} has more than {max_rows:,} lines. Split it, or pass a larger "
                f"max_rows."
            )
        _take_json(table, f"line {number}", line)
    return table.name_labels()


def _lines(path, encoding):
    """Yield the lines of a file with their numbers; of one that is too long the beginning only."""
    with open(path, encoding=encoding, newline="\n") as file:
        number = 0
        try:
            while line := file.readline(MAX_LINE):
                number += 1
                yield number, line
                while len(line) == MAX_LINE and not line.endswith("\n"):
                    line = file.readline(MAX_LINE)
        except UnicodeDecodeError as error:
            raise not_in(path, encoding, error) from error


def _take_json(table, where, line):
    if not line.strip():
        return
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        table.add_problem(where, f"it is no JSON: {error}")
        return
    name = found.get("path") if isinstance(found, dict) else None
    label = found.get("label") if isinstance(found, dict) else None
    if not isinstance(name, str) or not name or not isinstance(label, str | None):
        table.add_problem(where, "it must be an object with a path and a label that are texts")
    elif (fault := find_path_fault(name)) is not None:
        table.add_problem(where, fault)
    else:
        table.add_row(LabelRow(where, name, label or None))
