"""A look at a table of images before anything is done with it: what is a guess, is told as one."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ...exceptions import FormatError
from .._images import SUFFIXES
from ._columns import ESCAPED, is_own
from ._gather import find_below
from ._rows import MAX_ROWS, find_dialect, original, read_rows
from ._table import MAX_PROBLEMS, Problem

PATH_NAMES = ("path", "filepath", "relpath", "filename", "file", "image", "img", "name", "url")
LABEL_NAMES = ("label", "class", "category", "target", "annotation", "species", "y")
N_SHOWN = 20  # rows of a preview
MAX_LABELS = 1000  # a column with more different texts is hardly one of labels


@dataclass(frozen=True)
class Column:
    """A column of a table, as a preview sees it.

    Attributes
    ----------
    index : int
        From 0.
    name : str
        By the header, or ``"column 1"``.
    n_filled : int
        Rows that have something there.
    n_distinct : int
        How many different texts; counted up to 1000.
    looks_like : {"path", "label"} or None
        What it may be.
    """

    index: int
    name: str
    n_filled: int
    n_distinct: int
    looks_like: str | None


@dataclass(frozen=True)
class TablePreview:
    """What a table holds, before it is used.

    Attributes
    ----------
    encoding, delimiter : str
        The guess, or what was said.
    is_certain : bool
        Whether the delimiter is the only one possible, or was said; else ask.
    delimiters : dict of str to float
        The share of rows that agree on two columns or more, for each delimiter.
    has_header : bool
        Whether the first row names the columns.
    columns : list of Column
        All columns.
    path_column, label_column : int or None
        The guess for both; None where nothing fits.
    first_rows : list of list of str
        The first 20, without the header.
    n_rows : int
        Rows without the header, bad ones included.
    problems : list of Problem
        Bad rows, by line; the first 1000.
    n_bad : int
        How many there are in all.
    missing : list of Problem or None
        Rows whose image is not there, the first 1000; None if no folder was given.
    n_missing : int or None
        How many there are in all.
    labels : dict of str to int
        How often each text stands in the column of labels.
    """

    encoding: str
    delimiter: str
    is_certain: bool
    delimiters: dict[str, float]
    has_header: bool
    columns: list[Column]
    path_column: int | None
    label_column: int | None
    first_rows: list[list[str]]
    n_rows: int
    problems: list[Problem]
    n_bad: int
    missing: list[Problem] | None
    n_missing: int | None
    labels: dict[str, int]


def preview_table(
    path,
    folder=None,
    *,
    delimiter=None,
    encoding=None,
    has_header=None,
    path_column=None,
    label_column=None,
    max_rows=MAX_ROWS,
):
    """Look at a table of images, with labels or without, before anything is done with it.

    Parameters
    ----------
    path : path
        The table.
    folder : path, optional
        Where the images are: names of the table are looked for below it, and nowhere else.
    delimiter : {",", "\\t", ";", "|"}, optional
        By default the one on which most rows agree.
    encoding : {"utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"}, optional
        By default UTF-8, or what the mark at the beginning says. Others have to be said.
    has_header : bool, optional
        By default whether no text of the first row looks like an image.
    path_column, label_column : int or str, optional
        Columns by name or number.
    max_rows : int, default=1,000,000
        More are an error.

    Returns
    -------
    TablePreview

    Raises
    ------
    FormatError
        If it is no such table, or not in its encoding.
    """
    path = Path(path)
    dialect = find_dialect(path, delimiter, encoding)
    table = Table(path, dialect, has_header, max_rows)
    columns = table.columns()
    paths = choose_column(columns, path_column, "path")
    labels = choose_column(columns, label_column, "label")
    counts, missing, n_missing = table.look(paths, labels, folder and Path(folder))
    return TablePreview(
        dialect.encoding.removesuffix("-sig"),
        dialect.delimiter,
        dialect.is_certain,
        dialect.delimiters,
        table.header is not None,
        columns,
        paths,
        labels,
        table.first_rows,
        table.n_rows,
        table.problems,
        table.n_bad,
        missing if folder else None,
        n_missing if folder else None,
        counts,
    )


class Table:
    """A table that is read several times, a row at a time."""

    def __init__(self, path, dialect, has_header, max_rows):
        self._path, self._dialect, self._max_rows = path, dialect, max_rows
        first = next((row for row in self._all() if row.fault is None), None)
        if first is None:
            raise FormatError(f"{str(path)!r} has no row that can be read.")
        if has_header is None:
            has_header = not any(cell.lower().endswith(SUFFIXES) for cell in first.cells)
        self.header = first.cells if has_header else None
        self._header_line = first.line if has_header else 0
        self._width = len(first.cells)
        self._is_own = has_header and is_own(first.cells)
        self.n_rows = self.n_bad = 0
        self.problems, self.first_rows = [], []

    def _all(self):
        return read_rows(
            self._path, self._dialect.encoding, self._dialect.delimiter, self._max_rows + 1
        )

    def rows(self):
        """Yield all rows but the header, those of another width with a fault."""
        for row in self._all():
            if row.line == self._header_line:
                continue
            if row.fault is None and len(row.cells) != self._width:
                fault = f"it has {len(row.cells)} columns in place of {self._width}"
                row = type(row)(row.line, row.cells, fault)
            yield row

    def read(self, row, column):
        """Return a cell as it was before it was made harmless for spreadsheets."""
        if column is None:
            return None
        text = row.cells[column]
        is_escaped = self._is_own and row.cells[self.header.index(ESCAPED)]
        return original(text) if is_escaped else text

    def columns(self):
        """Return all columns, and find out how many rows there are and which are bad."""
        filled, distinct = [0] * self._width, [set() for _ in range(self._width)]
        paths = [0] * self._width
        for row in self.rows():
            self._note(row)
            for i, cell in enumerate(row.cells if row.fault is None else ()):
                filled[i] += cell != ""
                paths[i] += cell.lower().endswith(SUFFIXES)
                if cell and len(distinct[i]) < MAX_LABELS:
                    distinct[i].add(cell)
        return [self._column(i, filled[i], len(distinct[i]), paths[i]) for i in range(self._width)]

    def _note(self, row):
        self.n_rows += 1
        if row.fault is not None:
            self.n_bad += 1
            if len(self.problems) < MAX_PROBLEMS:
                self.problems.append(Problem(f"line {row.line}", row.fault))
        elif len(self.first_rows) < N_SHOWN:
            self.first_rows.append(row.cells)

    def _column(self, index, n_filled, n_distinct, n_paths):
        name = self.header[index] if self.header else f"column {index + 1}"
        if n_paths > 0.5 * max(n_filled, 1):
            looks_like = "path"
        elif name.strip().lower() in PATH_NAMES and n_filled and n_paths:
            looks_like = "path"
        else:
            is_label = n_filled > 0 and n_distinct < min(MAX_LABELS, max(2, self.n_rows))
            is_named = self.header is not None and name.strip().lower() in LABEL_NAMES
            looks_like = "label" if is_label or is_named else None
        return Column(index, name, n_filled, n_distinct, looks_like)

    def look(self, paths, labels, folder):
        """Return counts of labels, and the rows whose image is not below a folder."""
        counts, missing, n_missing = Counter(), [], 0
        for row in self.rows():
            if row.fault is not None:
                continue
            counts[self.read(row, labels)] += 1
            if folder is None or paths is None:
                continue
            fault = _missing(self.read(row, paths), folder)
            n_missing += fault is not None
            if fault is not None and len(missing) < MAX_PROBLEMS:
                missing.append(Problem(f"line {row.line}", fault))
        counts = {label: n for label, n in counts.items() if label}
        return dict(list(counts.items())[:MAX_LABELS]), missing, n_missing


def _missing(name, folder):
    """Return why no image of a name is below a folder, or None if there is one."""
    try:
        find_below(folder, name)
    except FormatError as error:
        return str(error)
    return None


def choose_column(columns, column, kind):
    """Return the number of a column: as said, or the best guess, or None."""
    if column is None:
        return _guess(columns, kind)
    names = [found.name for found in columns]
    if isinstance(column, str) and column in names:
        return names.index(column)
    if isinstance(column, int) and 0 <= column < len(columns):
        return column
    raise ValueError(f"{kind}_column must be one of {names}, or a number from 0; got {column!r}.")


def _guess(columns, kind):
    known = PATH_NAMES if kind == "path" else LABEL_NAMES
    fitting = [column for column in columns if column.looks_like == kind]
    named = [c for c in columns if c.name.strip().lower() in known and c.looks_like in (kind, None)]
    named.sort(key=lambda column: known.index(column.name.strip().lower()))
    if named:
        return named[0].index
    return fitting[0].index if len(fitting) == 1 or (kind == "path" and fitting) else None
