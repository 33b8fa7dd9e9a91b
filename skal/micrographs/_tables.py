"""Tables with a header: CSV, CryoPPP's CSV, Topaz's TSV and the .box of CryoTransformer."""

import csv
import io

from ..exceptions import FormatError
from ._content import decode
from ._names import by_stem, without_extension
from ._table import make_picks

CRYOPPP = {"X-Coordinate": "x", "Y-Coordinate": "y", "Diameter": "diameter"}
TOPAZ = {"image_name": "micrograph", "x_coord": "x", "y_coord": "y"}
CRYOTRANSFORMER = {
    "Micrograph_Name": "micrograph",
    "X_Coordinate": "x",
    "Y_Coordinate": "y",
    "Confidence_Score": "score",
}


def read_csv(path, content):
    """Return the picks of a table with the columns micrograph, x and y."""
    return make_picks(path, _columns(path, content, ",", {}, ("micrograph", "x", "y")))


def read_cryoppp(path, content):
    """Return the picks of CryoPPP's table for one micrograph, which the file is named after."""
    columns = _columns(path, content, ",", CRYOPPP, ("X-Coordinate", "Y-Coordinate"))
    columns["micrograph"] = [path.stem] * len(columns["x"])
    return make_picks(path, columns, [path.stem])


def read_topaz(path, content):
    """Return the picks of a table of Topaz."""
    return make_picks(path, _columns(path, content, "\t", TOPAZ, tuple(TOPAZ)))


def read_cryotransformer(path, content):
    """Return the picks of CryoTransformer: spaces between the names, tabs between the values."""
    header, _, rows = decode(path, content).partition("\n")
    text = "\t".join(header.split()) + "\n" + rows
    required = ("Micrograph_Name", "X_Coordinate", "Y_Coordinate")
    return make_picks(path, _columns(path, text.encode(), "\t", CRYOTRANSFORMER, required))


def _columns(path, content, delimiter, names, required):
    """Return the columns of a table as text, under the names of skal."""
    lines = csv.reader(io.StringIO(decode(path, content), newline=""), delimiter=delimiter)
    try:
        rows = [row for row in lines if row]
    except csv.Error as error:
        raise FormatError(f"line {lines.line_num} of {path} is damaged: {error}.") from error
    header = [name.strip() for name in rows[0]] if rows else []
    missing = [name for name in required if name not in header]
    if missing:
        raise FormatError(f"{path} must have the columns {missing}; found {header}.")
    renamed = [names.get(name, name) for name in header]
    if len(set(renamed)) < len(renamed):
        raise FormatError(f"the columns of {path} must differ; found {header}.")
    _check_widths(path, rows, len(header))
    return {name: [row[i] for row in rows[1:]] for i, name in enumerate(renamed)}


def _check_widths(path, rows, width):
    wrong = next((i for i, row in enumerate(rows) if len(row) != width), None)
    if wrong is not None:
        raise FormatError(
            f"{path}: pick {wrong} must have {width} values, as the header has; got "
            f"{len(rows[wrong])}. Correct or remove it."
        )


def write_csv(picks):
    """Return the text of a table with all columns."""
    return _text(picks, ",")


def write_cryoppp(picks):
    """Return the text of CryoPPP's table for one micrograph."""
    names = {ours: theirs for theirs, ours in CRYOPPP.items()}
    return _text(picks.drop(columns="micrograph").rename(columns=names), ",")


def write_topaz(picks):
    """Return the text of a table of Topaz, whose names have no extension."""
    by_stem(picks["micrograph"].unique())
    names = {ours: theirs for theirs, ours in TOPAZ.items()}
    kept = [name for name in (*names, "score") if name in picks]
    picks = picks[kept].assign(micrograph=picks["micrograph"].map(without_extension))
    return _text(picks.rename(columns=names), "\t")


def _text(table, delimiter):
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    writer.writerow(table.columns)
    columns = [map(_value, table[name].tolist()) for name in table.columns]
    writer.writerows(zip(*columns, strict=True))
    return stream.getvalue()


def _value(value):
    return "" if isinstance(value, float) and value != value else value
