"""Rows of tables with a delimiter, in linear time and bounded memory, with the number of each line.

A row that cannot be parsed is told by its line, and reading goes on with the next line.
"""

import csv
import re
from dataclasses import dataclass
from itertools import islice

from ...exceptions import FormatError
from ._text import find_encoding, not_in

DELIMITERS = (",", "\t", ";", "|")
MAX_FIELD = 100_000  # characters; csv itself stops at 131,072
MAX_LINE = 1_000_000  # characters
MAX_ROWS = 1_000_000
N_SAMPLED = 200  # rows that the delimiter is found from


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes
    ----------
    line : int
        The number of its first line, from 1.
    cells : list of str
        What it holds; empty where it cannot be used.
    fault : str or None
        Why it cannot be used.
    """

    line: int
    cells: list[str]
    fault: str | None = None


def read_rows(path, encoding, delimiter, max_rows=MAX_ROWS):
    """Yield the rows of a table that are not blank.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    encoding, delimiter : str
        As found or said.
    max_rows : int
        More are an error.

    Yields
    ------
    Row
    """
    rows = _parse(path, encoding, delimiter)
    yield from islice(rows, max_rows)
    if next(rows, None) is not None:
        raise FormatError(
            f"{str(path)!r} has more than {max_rows:,} rows. Split it, or pass a larger max_rows."
        )


def _parse(path, encoding, delimiter):
    with open(path, encoding=encoding, newline="") as file:
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            first = lines.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(first, [], _in_words(error, first, lines.number))
                continue
            except UnicodeDecodeError as error:
                raise not_in(path, encoding, error) from error
            if any(cells):
                yield Row(first, cells, _fault_of(cells))


class _Lines:
    """Lines of a file for a parser, those that are too long as errors of csv."""

    def __init__(self, file):
        self._file, self.number = file, 0

    def __iter__(self):
        return self

    def __next__(self):
        line = self._file.readline(MAX_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
            while (rest := self._file.readline(MAX_LINE)) and not rest.endswith(("\n", "\r")):
                pass
            raise csv.Error(f"a line has more than {MAX_LINE:,} characters")
        return line


def _in_words(error, first, last):
    text = str(error)
    if "unexpected end of data" in text:
        return f"a quote that is opened here is not closed up to line {last}, the last one"
    if "field larger than" in text:
        return f"a field has more than {MAX_FIELD:,} characters, up to line {last}"
    if "expected after" in text:
        return "text follows a closing quote; quotes within quotes are doubled"
    return text if last == first else f"{text} (up to line {last})"


def _fault_of(cells):
    if max(map(len, cells)) > MAX_FIELD:
        return f"a field has more than {MAX_FIELD:,} characters"
    return None


@dataclass(frozen=True)
class Dialect:
    """How a table is written, as far as it shows.

    Attributes
    ----------
    encoding : str
        As Python names it.
    delimiter : str
        The guess, or what was said.
    delimiters : dict of str to float
        The share of sampled rows that agree on two columns or more, for each delimiter.
    is_certain : bool
        Whether the delimiter was said, or only one is possible.
    """

    encoding: str
    delimiter: str
    delimiters: dict[str, float]
    is_certain: bool


def find_dialect(path, delimiter=None, encoding=None):
    """Return how a table is written.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    delimiter : {",", "\\t", ";", "|"}, optional
        If it is known.
    encoding : str, optional
        If it is neither marked nor UTF-8.

    Returns
    -------
    Dialect
    """
    if not path.is_file():
        raise FormatError(f"there is no file {str(path)!r}. Give the name of a table.")
    if delimiter is not None and delimiter not in DELIMITERS:
        raise ValueError(f"delimiter must be one of {DELIMITERS}; got {delimiter!r}.")
    encoding = find_encoding(path, encoding)
    found = {one: _agreement(path, encoding, one) for one in DELIMITERS}
    scores = {one: score for one, (score, _) in found.items()}
    if delimiter is not None:
        return Dialect(encoding, delimiter, scores, True)
    best = max(DELIMITERS, key=lambda one: found[one])
    rivals = [one for one, score in scores.items() if one != best and score > 0.5]
    return Dialect(encoding, best, scores, not rivals)


def _agreement(path, encoding, delimiter):
    """Return the share of rows that have the most frequent number of columns, and that number."""
    widths = [len(row.cells) for row in islice(_parse(path, encoding, delimiter), N_SAMPLED)]
    if not widths:
        return 0.0, 0
    modal = max(set(widths), key=lambda width: (widths.count(width), width))
    share = widths.count(modal) / len(widths)
    return (share, modal) if modal >= 2 else (0.0, 0)


WIDE = "\uff1d\uff0b\uff0d\uff20"  # = + - @ at full width
FORMULA = re.compile(rf"'*[=+\-@\t\r\n{WIDE}]")  # what spreadsheets run, perhaps after quotes


def neutral(text):
    """Return a text with a quote before it where a spreadsheet would run it; `original` undoes it.

    Texts that look so already, ``'=1``, get one more, so that none is lost.
    """
    return f"'{text}" if FORMULA.match(text) else text


def original(text):
    """Return what a text was before `neutral`."""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text
