"""Labels from tables with a delimiter: CSV, TSV and their like."""

from pathlib import Path

from ...exceptions import FormatError
from ._preview import Table, choose_column
from ._rows import MAX_ROWS, find_dialect
from ._table import LabelRow, LabelTable, find_path_fault


def read_csv(
    path,
    *,
    delimiter=None,
    encoding=None,
    has_header=None,
    path_column=None,
    label_column=None,
    max_rows=MAX_ROWS,
):
    """Return what a table says of images; what was found out about it stands in `read_as`.

    Parameters are those of :func:`preview_table`.

    Returns
    -------
    LabelTable

    Raises
    ------
    FormatError
        If more than one delimiter is possible, or no column looks like names of images: say which.
    """
    path = Path(path)
    dialect = find_dialect(path, delimiter, encoding)
    if not dialect.is_certain:
        possible = [d for d, share in dialect.delimiters.items() if share > 0.5]
        raise FormatError(
            f"the delimiter of {str(path)!r} may be any of {possible}. Say which one it is."
        )
    source = Table(path, dialect, has_header, max_rows)
    columns = source.columns()
    paths = choose_column(columns, path_column, "path")
    labels = choose_column(columns, label_column, "label")
    if paths is None:
        names = [column.name for column in columns]
        raise FormatError(f"no column of {str(path)!r} looks like names of images: {names}.")
    table = LabelTable("csv", read_as=_told(dialect, columns, paths, labels))
    for row in source.rows():
        _take(table, source, row, paths, labels)
    return table.name_labels()


def _told(dialect, columns, paths, labels):
    return {
        "encoding": dialect.encoding.removesuffix("-sig"),
        "delimiter": dialect.delimiter,
        "path_column": columns[paths].name,
        "label_column": None if labels is None else columns[labels].name,
    }


def _take(table, source, row, paths, labels):
    where = f"line {row.line}"
    if row.fault is not None:
        table.add_problem(where, row.fault)
        return
    name, label = source.read(row, paths), source.read(row, labels)
    fault = "there is no name of an image" if not name else find_path_fault(name)
    if fault is not None:
        table.add_problem(where, fault)
    else:
        table.add_row(LabelRow(where, name, label or None))
