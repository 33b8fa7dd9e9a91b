"""Which format a file of picks has, by its content."""

from ..exceptions import FormatError
from ._content import decode
from ._json import is_coordinates, is_eman2, load_json
from ._numpy import MAGIC
from ._tables import CRYOPPP, CRYOTRANSFORMER, TOPAZ

HEADERS = [  # format, delimiter (None: any space), the columns that it must have
    ("csv", ",", {"micrograph", "x", "y"}),
    ("cryoppp", ",", {name for name, ours in CRYOPPP.items() if ours in "xy"}),
    ("topaz", "\t", set(TOPAZ)),
    ("cryotransformer", None, set(CRYOTRANSFORMER) - {"Confidence_Score"}),
]


def sniff(path, content):
    """Return the format of a file of picks, or raise where it fits none or several."""
    found = _candidates(path, content)
    if len(found) == 1:
        return found[0]
    if found:
        raise FormatError(
            f"{path} can be {' or '.join(found)}. Say which: format={found[0]!r}, for example."
        )
    line = _first_line(decode(path, content))
    raise FormatError(
        f"{path} has no format of picks that skal knows; it begins with {line[:60]!r}. Name the "
        f"columns in a first line, for example micrograph,x,y, or pass format=."
        if line
        else f"{path} is empty. Get it again, or pass format= if that means no particles."
    )


def _candidates(path, content):
    if content.startswith(MAGIC):
        return ["cryosparc"]
    text = decode(path, content)
    line = _first_line(text)
    if line[:1] in ("{", "["):
        value = load_json(path, text)
        fits = {"json": is_coordinates(value), "eman2": is_eman2(value)}
        return [name for name, does_fit in fits.items() if does_fit]
    if line.startswith("data_"):
        return ["cbox" if "\ndata_cryolo" in f"\n{text}" else "star"]
    if not line:
        return ["box"] if path.suffix.lower() == ".box" else []
    return [*_by_header(line), *(["box"] if _is_box(line) else [])]


def _first_line(text):
    """Return the first line with content that is no comment."""
    for line in text.split("\n"):
        if line.strip() and not line.lstrip().startswith("#"):
            return line.strip()
    return ""


def _by_header(line):
    return [
        name
        for name, delimiter, columns in HEADERS
        if columns <= {column.strip().strip('"') for column in line.split(delimiter)}
    ]


def _is_box(line):
    values = line.split()
    try:
        [float(value) for value in values]
    except ValueError:
        return False
    return len(values) in (4, 5)
