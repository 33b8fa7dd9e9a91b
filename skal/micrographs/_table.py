"""Tables of picks: made from the columns of a file, checked before they are written."""

import math
import re

import numpy as np
import pandas as pd

from ..exceptions import FormatError
from ._names import listed, without_folders

REQUIRED = ("micrograph", "x", "y")
KNOWN = (*REQUIRED, "diameter", "score", "pixel_size_angstrom")  # floats, but for the first
MISSING = ("", "<na>", "nan", "na", "none", "null")  # in small letters
LEADING_ZERO = re.compile(r"\s*[+-]?0\d")  # 007 is rather a name


def make_picks(path, columns, micrographs=None):
    """Return a table of picks made from the columns of a file.

    Parameters
    ----------
    path : pathlib.Path
        The file, for errors.
    columns : dict of str to sequence
        ``micrograph``, ``x``, ``y`` and more: text as in the file, or numbers.
    micrographs : sequence of str, optional
        All micrographs that the file speaks of, those without picks too. Those that have picks,
        if not given.

    Returns
    -------
    pandas.DataFrame
        The known columns come first and are floats. Of others, those of whole numbers are
        integers, those of numbers floats, and the rest text; those with no value are left out.
    """
    names = [without_folders(name) for name in columns["micrograph"]]
    spoken_of = names if micrographs is None else list(map(without_folders, micrographs))
    wrong = [name for name in {*names, *spoken_of} if not _is_name(name)]
    if wrong:
        raise FormatError(
            f"{path} must name the micrograph of each pick, without control characters; got "
            f"{listed(wrong)}."
        )
    made = {"micrograph": pd.Series(names, dtype="str")}
    for name in ("x", "y"):
        made[name] = coordinates(path, name, columns[name])
    for name in KNOWN[3:]:
        if name in columns:
            made[name] = floats(path, name, columns[name])
    others = [name for name in columns if name not in KNOWN]
    made.update({name: _of_any_type(columns[name]) for name in others})
    picks = pd.DataFrame({n: v for n, v in made.items() if n in REQUIRED or _has_values(v)})
    return of_micrographs(picks, spoken_of)


def of_micrographs(picks, micrographs):
    """Return picks that remember which micrographs their file speaks of."""
    picks.attrs = {"micrographs": tuple(dict.fromkeys(micrographs))}
    return picks


def coordinates(path, name, values):
    """Return values as finite floats."""
    numbers = floats(path, name, values)
    if not np.isfinite(numbers).all():
        row = int(np.flatnonzero(~np.isfinite(numbers))[0])
        raise FormatError(
            f"{path}: {name} of pick {row + 1} must be a finite number; got {values[row]!r}. "
            f"Correct or remove it."
        )
    return numbers


def floats(path, name, values):
    """Return values as floats, NaN where they are missing."""
    if isinstance(values, np.ndarray):
        return values.astype(float)
    try:
        return np.array([_number(value) for value in values], float)
    except ValueError as error:
        row = next(i for i, value in enumerate(values) if not _is_number(value))
        raise FormatError(
            f"{path}: {name} of pick {row + 1} must be a number; got {values[row]!r}. Correct or "
            f"remove it."
        ) from error


def to_float(text):
    """Return the number that a text is, or raise ValueError; Python alone takes 1_0 for 10."""
    if "_" in text:
        raise ValueError(f"{text!r} is no number.")
    return float(text)


def _number(text):
    return math.nan if text.strip().lower() in MISSING else to_float(text)


def _is_number(text):
    try:
        _number(text)
    except ValueError:
        return False
    return True


def _of_any_type(values):
    if isinstance(values, np.ndarray):
        return values
    if any(map(LEADING_ZERO.match, values)):
        return pd.Series(values, dtype="str")
    try:
        numbers = np.array([_number(value) for value in values], float)
    except ValueError:
        return pd.Series(values, dtype="str")
    try:
        return np.array([int(value) for value in values], np.int64)
    except (ValueError, OverflowError):
        return numbers


def _has_values(values):
    """Return whether not all values are missing, as they are of columns that a format demands."""
    return values.dtype.kind != "f" or len(values) == 0 or not np.isnan(values).all()


def check_picks_table(picks):
    """Raise unless a table of picks can be written."""
    missing = [name for name in REQUIRED if name not in picks]
    if missing:
        raise ValueError(
            f"picks must have the columns micrograph, x and y; {missing} are missing of "
            f"{list(picks.columns)}."
        )
    for name in ("x", "y"):
        if not np.isfinite(picks[name].to_numpy(float)).all():
            raise ValueError(f"{name} must be finite; drop picks without a position.")
    check_names(picks["micrograph"].unique())


def check_names(names):
    """Raise unless all names can be written: text, no folders, nothing that ends a line."""
    wrong = [name for name in names if not _is_name(name)]
    if wrong:
        raise ValueError(
            f"names of micrographs must be text without folders and control characters; got "
            f"{listed(wrong)}."
        )


def _is_name(name):
    return (
        isinstance(name, str)
        and name == without_folders(name) != ""
        and all(character >= " " and character != "\x7f" for character in name)
        and not any("\ud800" <= character <= "\udfff" for character in name)
    )
