"""STAR files of RELION, all versions, and the syntax that CBOX shares; parsed by gemmi."""

import re

from ..exceptions import FormatError
from ._content import decode
from ._names import without_extension
from ._optional import load
from ._table import make_picks

TAGS = {
    "micrograph": "rlnMicrographName",
    "x": "rlnCoordinateX",
    "y": "rlnCoordinateY",
    "diameter": "rlnDiameter",
    "score": "rlnAutopickFigureOfMerit",
    "pixel_size_angstrom": "rlnMicrographPixelSize",
}
NAMES = {tag: name for name, tag in TAGS.items()}
PICKERS = ("_autopick", "_manualpick")  # what RELION sets after the name of a micrograph
RESERVED = ("data_", "loop_", "save_", "stop_", "global_", "_", "#", "$", "[", "]", ";")


def parse(path, content):
    """Return the tables of a STAR file as a list of pairs: name of the block, dict of columns.

    Names of columns come without the underscore, values as text. The pairs of a block that is no
    loop are a table of one row.
    """
    cif = load("gemmi").cif
    text = _escaped(decode(path, content))
    try:
        document = cif.read_string(text)
    except (ValueError, RuntimeError) as error:
        where = str(error).removeprefix("string:")
        raise FormatError(
            f"{path} is no STAR file: {where} (line, column, byte). Names that begin with data_ or "
            f"_ must be quoted."
        ) from error
    return [
        (block.name.strip(), table)
        for block in document
        for table in _tables(block, lambda value: _unescaped(cif.as_string(value)))
    ]


def _tables(block, text_of):
    pairs = {}
    for item in block:
        if item.loop is not None:
            width, values = item.loop.width(), list(map(text_of, item.loop.values))
            tags = [_unescaped(tag)[1:] for tag in item.loop.tags]
            yield {tag: values[i::width] for i, tag in enumerate(tags)}
        elif item.pair is not None:
            tag, value = item.pair
            pairs[_unescaped(tag)[1:]] = [text_of(value)]
    if pairs:
        yield pairs


def _escaped(text):
    """Return text in ASCII, as gemmi takes others in quotes only, which RELION does not write."""
    if text.isascii() and "\\" not in text:
        return text
    return re.sub(r"[^\x00-\x7f]|\\", lambda match: f"\\{ord(match[0]):06x}", text)


def _unescaped(text):
    if "\\" not in text:
        return text
    return re.sub(r"\\([0-9a-f]{6})", lambda match: chr(int(match[1], 16)), text)


def read_star(path, content):
    """Return the picks of all tables of a STAR file that have coordinates."""
    tables = parse(path, content)
    optics = next((table for name, table in tables if name == "optics"), {})
    with_picks = [table for _, table in tables if {TAGS["x"], TAGS["y"]} <= set(table)]
    if not with_picks:
        blocks = ", ".join(dict.fromkeys(f"data_{name}" for name, _ in tables)) or "no block"
        raise FormatError(
            f"{path} has no picks: no table has _{TAGS['x']} and _{TAGS['y']}; found {blocks}."
        )
    parts = [_columns(path, _with_pixel_size(table, optics)) for table in with_picks]
    names = dict.fromkeys(name for part in parts for name in part)
    return make_picks(path, {name: _joined(parts, name) for name in names})


def _joined(parts, name):
    return [value for part in parts for value in part.get(name, [""] * len(part["x"]))]


def _columns(path, table):
    columns = {NAMES.get(tag, tag): values for tag, values in table.items()}
    if len(columns) < len(table):
        twice = sorted(name for name in NAMES.values() if name in table and TAGS[name] in table)
        raise FormatError(f"{path} has two columns for {twice}: _name and RELION's. Remove one.")
    if "micrograph" not in columns:
        columns["micrograph"] = [_name_by_file(path, table)] * len(columns["x"])
    return columns


def _name_by_file(path, table):
    if "rlnImageName" in table:
        raise FormatError(
            f"{path} has picks of several micrographs and no _{TAGS['micrograph']}, which says "
            f"whose they are. Add it."
        )
    for suffix in PICKERS:
        if path.stem.endswith(suffix) and path.stem != suffix:
            return path.stem.removesuffix(suffix)
    return without_extension(path.stem)


def _with_pixel_size(table, optics):
    """Return a table with the pixel size of each pick's optics group, where the file tells it."""
    tag, group = TAGS["pixel_size_angstrom"], "rlnOpticsGroup"
    if tag in table or not {tag, group} <= set(optics) or group not in table:
        return table
    sizes = dict(zip(optics[group], optics[tag], strict=True))
    return {**table, tag: [sizes.get(value, "") for value in table[group]]}


def write_star(picks):
    """Return the text of a STAR file, with the names of RELION for what it knows."""
    tags = [TAGS.get(name, name) for name in picks.columns]
    wrong = [tag for tag in tags if not re.fullmatch(r"[!-~]+", tag) or "#" in tag]
    if wrong or len(set(tags)) < len(tags):
        raise ValueError(
            f"STAR needs distinct names of columns in ASCII, without spaces and #; got {tags}."
        )
    columns = [[token(value) for value in picks[name].tolist()] for name in picks.columns]
    return loop_text("particles", tags, zip(*columns, strict=True))


def loop_text(block, tags, rows):
    """Return the text of a block that holds one loop."""
    header = "".join(f"_{tag} #{i}\n" for i, tag in enumerate(tags, 1))
    lines = "".join(f"{' '.join(row)}\n" for row in rows)
    return f"\ndata_{block}\n\nloop_\n{header}{lines}\n"


def token(value):
    """Return a value as a STAR file holds it: quoted where it has to be."""
    if isinstance(value, float):
        return repr(value)
    text = str(value)
    is_bare = (
        not re.search(r"[\s#'\"]", text)
        and not text.lower().startswith(RESERVED)
        and text not in ("", ".", "?")
    )
    if is_bare:
        return text
    quote = next((quote for quote in "\"'" if quote not in text), None)
    if quote is None or "\n" in text:
        raise ValueError(f"STAR cannot hold {text!r}: it has both kinds of quotes or line ends.")
    return f"{quote}{text}{quote}"
