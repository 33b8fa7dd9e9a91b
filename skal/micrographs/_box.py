"""Boxes around particles: EMAN's BOX and crYOLO's CBOX, one file a micrograph.

Both give the corner with the smallest coordinates, and the center is half a side away:
x = corner + side / 2, as crYOLO converts its boxes for RELION.
"""

import numpy as np

from ..exceptions import FormatError
from ._content import decode
from ._star import loop_text, parse
from ._table import coordinates, make_picks, to_float

CBOX_TAGS = ["CoordinateX", "CoordinateY", "CoordinateZ", "Width", "Height", "Depth"]
CBOX_TAGS += ["EstWidth", "EstHeight", "Confidence", "NumBoxes", "Angle"]


def read_box(path, content):
    """Return the picks of a BOX file; an empty one is a micrograph without particles."""
    lines = enumerate(decode(path, content).split("\n"), 1)
    rows = [_numbers(path, number, line) for number, line in lines if line.strip()]
    widths = sorted({len(row) for row in rows})
    if len(widths) > 1 or not set(widths) <= {4, 5}:
        raise FormatError(
            f"the lines of {path} must be x, y, width, height, and all or none a score; they "
            f"have {' or '.join(map(str, widths))} numbers."
        )
    table = np.array(rows).reshape(len(rows), widths[0] if rows else 4)
    columns = _centered(*table[:, :4].T)
    if table.shape[1] == 5:
        columns["score"] = table[:, 4]
    return make_picks(path, {"micrograph": [path.stem] * len(rows), **columns}, [path.stem])


def _numbers(path, number, line):
    try:
        return [to_float(value) for value in line.split()]
    except ValueError as error:
        raise FormatError(
            f"line {number} of {path} must be numbers: x, y, width, height [, score]; got "
            f"{line.strip()[:60]!r}."
        ) from error


def _centered(x, y, width, height):
    """Return centers and diameters; sides of zero, which some programs write, are unknown."""
    sides = np.maximum(width, height)
    diameter = np.where(sides > 0, sides, np.nan)
    return {"x": x + width / 2, "y": y + height / 2, "diameter": diameter}


def write_box(picks):
    """Return the text of a BOX file: all numbers but the score are rounded."""
    side = _rounded(_diameters(picks))
    corners = [_rounded(picks[name].to_numpy(float) - side / 2) for name in ("x", "y")]
    columns = [column.astype(int).tolist() for column in (*corners, side, side)]
    if "score" in picks:
        columns.append([repr(score) for score in picks["score"].astype(float).tolist()])
    rows = zip(*columns, strict=True)
    return "".join("\t".join(map(str, row)) + "\n" for row in rows)


def _rounded(values):
    return np.floor(values + 0.5)


def _diameters(picks):
    is_known = "diameter" in picks
    diameter = picks["diameter"].to_numpy(float) if is_known else np.full(len(picks), np.nan)
    if not (diameter > 0).all():
        raise ValueError(
            "boxes need the diameter of all picks as their side. Add it: "
            "picks.assign(diameter=diameter_px)."
        )
    return diameter


def read_cbox(path, content):
    """Return the picks of a CBOX file."""
    table = next((table for name, table in parse(path, content) if name == "cryolo"), {})
    missing = [tag for tag in ("CoordinateX", "CoordinateY", "Width", "Height") if tag not in table]
    if missing:
        raise FormatError(f"{path} is no CBOX file: data_cryolo must have {missing}.")
    columns = dict(table)
    x, y = (coordinates(path, name, columns.pop(f"Coordinate{name.upper()}")) for name in "xy")
    width, height = (coordinates(path, name, columns.pop(name)) for name in ("Width", "Height"))
    columns["score"] = columns.pop("Confidence", [""] * len(x))
    columns["micrograph"] = [path.stem] * len(x)
    columns.update(_centered(x, y, width, height))
    return make_picks(path, columns, [path.stem])


def write_cbox(picks):
    """Return the text of a CBOX file."""
    side = _diameters(picks)
    values = {name: np.full(len(picks), np.nan) for name in CBOX_TAGS}
    values["CoordinateX"] = picks["x"].to_numpy(float) - side / 2
    values["CoordinateY"] = picks["y"].to_numpy(float) - side / 2
    values["Width"] = values["Height"] = side
    if "score" in picks:
        values["Confidence"] = picks["score"].to_numpy(float)
    columns = [map(_cbox_number, values[name].tolist()) for name in CBOX_TAGS]
    boxes = loop_text("cryolo", CBOX_TAGS, zip(*columns, strict=True))
    version = "\ndata_global\n\n_cbox_format_version 1.0\n"
    return version + boxes + loop_text("cryolo_include", ["slice_index"], [])


def _cbox_number(value):
    return "<NA>" if np.isnan(value) else repr(value)
