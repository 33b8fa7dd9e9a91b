"""Text files of other people: their encoding, which is never guessed in silence."""

import codecs

from ...exceptions import FormatError

ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252")
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE = 1 << 16


def find_encoding(path, encoding=None):
    """Return the encoding of a text: by its mark, UTF-8 without one, or what was said.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    encoding : {"utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"}, optional
        What it is, if it has no mark and is not UTF-8.

    Raises
    ------
    FormatError
        If it is UTF-16 without a mark, UTF-32, or not what was said.
    """
    with open(path, "rb") as file:
        start = file.read(SAMPLE)
    marked = next((name for mark, name in MARKS if start.startswith(mark)), None)
    if marked == "utf-32":
        raise FormatError(f"{str(path)!r} is UTF-32. Save it as UTF-8.")
    if encoding is not None:
        return _checked(path, encoding, marked)
    if marked is None and b"\0" in start[:1000]:
        raise FormatError(
            f"{str(path)!r} has zero bytes, as UTF-16 without a mark does, or a file that is no "
            f"text. Pass encoding='utf-16-le' or 'utf-16-be', or save it as UTF-8."
        )
    return marked or "utf-8"


def _checked(path, encoding, marked):
    if encoding not in ENCODINGS:
        raise ValueError(f"encoding must be one of {ENCODINGS}; got {encoding!r}.")
    if marked is not None and not encoding.startswith(marked.removesuffix("-sig")):
        raise FormatError(
            f"{str(path)!r} begins with the mark of {marked.removesuffix('-sig').upper()}, but "
            f"encoding={encoding!r} was asked for. Leave encoding out."
        )
    return marked or encoding


def read_text(path, max_bytes, encoding=None):
    """Return a whole text that is not too long.

    Raises
    ------
    FormatError
        If it is longer than `max_bytes`, or not in its encoding.
    """
    size = path.stat().st_size
    if size > max_bytes:
        raise FormatError(
            f"{str(path)!r} has {size:,} bytes; at most {max_bytes:,} are read. Split it."
        )
    used = find_encoding(path, encoding)
    try:
        return path.read_text(encoding=used)
    except UnicodeDecodeError as error:
        raise not_in(path, used, error) from error


def not_in(path, encoding, error):
    """Return the error that says that a file is not in its encoding."""
    return FormatError(
        f"{str(path)!r} is not {encoding.removesuffix('-sig').upper()} ({error.reason}). If it was "
        f"saved by an old program of Western Europe, pass encoding='latin-1'; else save it as "
        f"UTF-8."
    )
