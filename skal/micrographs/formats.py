"""Picks of particles in the files of other programs, read into one table and written."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from .._files import make_folder, write_bytes
from ..exceptions import FormatError
from . import _box, _cryosparc, _json, _star, _tables
from ._content import read_bytes, reading
from ._names import by_stem, listed, without_extension
from ._sniff import sniff
from ._table import check_names, check_picks_table, of_micrographs
from .coordinates import flip_picks

__all__ = ["read_picks", "write_picks"]

ORIGINS = ("top_left", "bottom_left")
UNITS = ("px", "angstrom")


@dataclass(frozen=True)
class _Format:
    """How a format is read and written, and where its rows are counted from."""

    suffixes: tuple[str, ...]  # the first is written
    read: Callable
    write: Callable | None = None
    is_folder: bool = False  # whether there is one file a micrograph
    origin: str = "top_left"


FORMATS = {
    "star": _Format((".star",), _star.read_star, _star.write_star),
    "box": _Format((".box",), _box.read_box, _box.write_box, is_folder=True),
    "cbox": _Format((".cbox",), _box.read_cbox, _box.write_cbox, is_folder=True),
    "topaz": _Format((".tsv", ".txt"), _tables.read_topaz, _tables.write_topaz),
    "csv": _Format((".csv",), _tables.read_csv, _tables.write_csv),
    "cryoppp": _Format((".csv",), _tables.read_cryoppp, _tables.write_cryoppp, is_folder=True),
    "json": _Format((".json",), _json.read_coordinates, _json.write_coordinates),
    "eman2": _Format((".json",), _json.read_eman2),
    "cryotransformer": _Format((".box",), _tables.read_cryotransformer, origin="bottom_left"),
    "cryosparc": _Format((".cs",), _cryosparc.read_cryosparc, origin="bottom_left"),
}
WRITABLE = [name for name, known in FORMATS.items() if known.write]
SUFFIXES = sorted({suffix for known in FORMATS.values() for suffix in known.suffixes})
BY_SUFFIX = {FORMATS[name].suffixes[0]: name for name in reversed(WRITABLE)}  # .csv is csv


def read_picks(
    path, *, format=None, origin=None, image_height=None, units="px", pixel_size_angstrom=None
):
    """Read the picks of a file, or of all files of a folder.

    Parameters
    ----------
    path : path-like
        A file, or a folder of files of one format, such as one BOX a micrograph.
    format : str, optional
        ``"star"`` (RELION), ``"box"`` (EMAN), ``"cbox"`` (crYOLO), ``"topaz"``, ``"cryoppp"``,
        ``"csv"`` (columns micrograph, x, y), ``"json"`` (coordinates.json), ``"eman2"``
        (_info.json), ``"cryotransformer"`` or ``"cryosparc"`` (.cs). By default, it is told by the
        content of the file.
    origin : {"top_left", "bottom_left"}, optional
        Where `y` is 0: in the first row of the image, as skal reads it, or in the last. By
        default where the program counts from: the last row for cryosparc and cryotransformer, the
        first for all others. :func:`detect_flip` tells whether that is right.
    image_height : int or dict of str to int, optional
        The number of rows of the images, by name if they differ; to count `y` from the last row.
        cryoSPARC's files say it themselves.
    units : {"px", "angstrom"}, default="px"
        What positions and diameters of the file are given in.
    pixel_size_angstrom : float, optional
        The side of a pixel of the images, with ``units="angstrom"``.

    Returns
    -------
    pandas.DataFrame
        One row a pick, in the order of the file. ``micrograph`` is the name as in the file,
        without folders, or the name of the file where that is how the format tells. ``x`` and ``y``
        are the center in pixels: floats, integers in the centers of pixels, (0, 0) top left.
        ``diameter`` (pixels) and ``score`` are there where the file has them, and other
        columns under their own names. ``picks.attrs["micrographs"]`` names all micrographs that
        the file speaks of, those without picks too.

    Raises
    ------
    FormatError
        If there is no such file, it is damaged, or its format is not clear.
    ValueError
        If an argument is wrong, or heights or a pixel size are missing.

    See Also
    --------
    write_picks : Write such a table.
    check_picks : Which picks are outside their image, and whose image is missing.

    Examples
    --------
    >>> import tempfile
    >>> from skal.micrographs import read_picks
    >>> path = Path(tempfile.mkdtemp()) / "a.box"
    >>> _ = path.write_text("10 20 8 8")
    >>> read_picks(path)
      micrograph     x     y  diameter
    0          a  14.0  24.0       8.0
    """
    _check_options(format, origin, units, pixel_size_angstrom)
    path = Path(path)
    files = _files_of(path, format) if path.is_dir() else [path]
    parts = [_read_file(file, format) for file in files]
    if units == "angstrom":
        parts = [(_in_pixels(picks, pixel_size_angstrom), own) for picks, own in parts]
    parts = [_from_top(picks, origin or own, image_height) for picks, own in parts]
    return _joined(path, files, parts)


def _check_options(format, origin, units, pixel_size_angstrom):
    if format is not None and format not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}; got {format!r}.")
    if origin is not None and origin not in ORIGINS:
        raise ValueError(f"origin must be one of {', '.join(ORIGINS)}; got {origin!r}.")
    if units not in UNITS:
        raise ValueError(f"units must be one of {', '.join(UNITS)}; got {units!r}.")
    is_size = pixel_size_angstrom is not None and pixel_size_angstrom > 0
    if units == "angstrom" and not is_size:
        raise ValueError(
            f"units='angstrom' needs a pixel size; got {pixel_size_angstrom=}. Pass that of the "
            f"images that the picks are for."
        )
    if units == "px" and pixel_size_angstrom is not None:
        raise ValueError("pixel_size_angstrom is for units='angstrom' only; leave it out.")


def _files_of(folder, format):
    """Return the files of picks in a folder, which must have one extension."""
    suffixes = FORMATS[format].suffixes if format else SUFFIXES
    with reading(folder):
        files = sorted(path for path in folder.iterdir() if _is_of_picks(path, suffixes))
    if not files:
        raise FormatError(f"{folder} has no files of picks, {', '.join(suffixes)}.")
    found = sorted({path.suffix.lower() for path in files})
    if len(found) > 1:
        raise FormatError(
            f"{folder} has files of several kinds: {', '.join(found)}. Say which to read, for "
            f"example format='box', or move the others."
        )
    return files


def _is_of_picks(path, suffixes):
    return path.suffix.lower() in suffixes and not path.name.startswith(".") and path.is_file()


def _read_file(path, format):
    """Return the picks of a file as they are, and the origin of its format."""
    content = read_bytes(path)
    found = FORMATS[format or sniff(path, content)]
    return found.read(path, content), found.origin


def _in_pixels(picks, pixel_size_angstrom):
    lengths = [name for name in ("x", "y", "diameter") if name in picks]
    return picks.assign(**{name: picks[name] / pixel_size_angstrom for name in lengths})


def _from_top(picks, origin, image_height):
    if origin == "top_left":
        return picks
    heights = picks.attrs.get("heights") if image_height is None else image_height
    if heights is not None:
        return flip_picks(picks, heights)
    raise ValueError(
        "y is counted from the last row of the image, whose number of rows is not known: pass "
        "image_height, or origin='top_left' if y is counted from the first row after all."
    )


def _joined(path, files, parts):
    """Return the picks of several files as one table."""
    if len(parts) == 1:
        return of_micrographs(parts[0], parts[0].attrs["micrographs"])
    names = {}
    for file, picks in zip(files, parts, strict=True):
        for name in picks.attrs["micrographs"]:
            if name in names:
                raise FormatError(
                    f"{names[name].name} and {file.name} of {path} both have the picks of "
                    f"{name!r}. Remove one of them."
                )
            names[name] = file
    filled = [picks for picks in parts if len(picks)] or parts[:1]
    for picks in filled:
        picks.attrs = {}
    return of_micrographs(pd.concat(filled, ignore_index=True), names)


def write_picks(picks, path, *, format=None, micrographs=()):
    """Write picks in the format of another program.

    Parameters
    ----------
    picks : pandas.DataFrame
        A table as :func:`read_picks` returns it.
    path : path-like
        A file, which is replaced if it exists. For box, cbox and cryoppp a folder, which gets one
        file a micrograph, or a file with their extension that is named after its one micrograph.
    format : str, optional
        ``"star"``, ``"box"``, ``"cbox"``, ``"topaz"``, ``"cryoppp"``, ``"csv"`` or ``"json"``. By
        default it is told by the extension: ``.star``, ``.box``, ``.cbox``, ``.tsv`` (topaz),
        ``.csv`` (csv) and ``.json``.
    micrographs : sequence of str, default=()
        Micrographs that were looked at, such as ``picks.attrs["micrographs"]``: those without
        picks get an empty list or an empty file. Formats with one row a pick cannot say so.

    Raises
    ------
    ValueError
        If the format cannot hold the picks or a name, or a folder has files of other micrographs.

    Notes
    -----
    star and csv hold all columns. The others hold `x`, `y` and what is theirs: box and cbox the
    diameter and the score, cryoppp all but extensions of names, topaz the score, json nothing
    else. box rounds corners and sides to integers. box, cbox, cryoppp and topaz leave out the
    extension of names.
    """
    path, micrographs = Path(path), list(dict.fromkeys(micrographs))
    format = _format_to_write(path, format)
    check_picks_table(picks)
    check_names(micrographs)
    if FORMATS[format].is_folder:
        files = _by_file(picks, path, FORMATS[format], micrographs)
    elif format == "json":
        files = {path: _json.write_coordinates(picks, micrographs)}
    else:
        files = {path: FORMATS[format].write(picks)}
    for file, text in files.items():
        write_bytes(file, text.encode())


def check_destination(path, format, micrographs):
    """Raise what :func:`write_picks` would, before there are picks to write.

    Parameters
    ----------
    path, format, micrographs
        As for :func:`write_picks`; the micrographs that will have picks.
    """
    format = _format_to_write(Path(path), format)
    if FORMATS[format].is_folder:
        _files_to_write(Path(path), FORMATS[format].suffixes[0], micrographs)


def _format_to_write(path, format):
    format = format or BY_SUFFIX.get(path.suffix.lower())
    if format not in WRITABLE:
        raise ValueError(
            f"format must be one of {', '.join(WRITABLE)}, or the extension of the file one of "
            f"{', '.join(BY_SUFFIX)}; got {format=} and {str(path)!r}."
        )
    return format


def _by_file(picks, path, format, micrographs):
    """Return the text of each file of a format that has one file a micrograph."""
    picks = picks.copy(deep=False)
    picks.attrs = {}  # they would be copied with each group
    tables = dict(list(picks.groupby("micrograph", sort=False)))
    tables = {name: tables.get(name, picks[:0]) for name in [*micrographs, *tables]}
    files = _files_to_write(path, format.suffixes[0], tables)
    texts = {files[name]: format.write(table) for name, table in tables.items()}
    if path not in texts:
        make_folder(path)
    return texts


def _files_to_write(path, suffix, micrographs):
    """Return the file of each micrograph: in the folder `path`, or of a single one `path`."""
    by_stem(micrographs)
    stems = {name: without_extension(name) for name in micrographs}
    if path.suffix.lower() != suffix:
        _check_folder(path, suffix, stems.values())
        return {name: path / f"{stem}{suffix}" for name, stem in stems.items()}
    if list(stems.values()) != [path.stem]:
        raise ValueError(
            f"{path.name} stands for the micrograph {path.stem!r}; got picks of "
            f"{listed(list(stems.values())) or 'none'}. Pass a folder, or its picks only."
        )
    return dict.fromkeys(stems, path)


def _check_folder(folder, suffix, stems):
    hidden = [stem for stem in stems if stem.startswith(".")]
    if hidden:
        raise ValueError(f"names must not begin with a dot, which hides files; got {hidden[0]!r}.")
    others = [file.name for file in folder.glob(f"[!.]*{suffix}") if file.stem not in stems]
    if others:
        raise ValueError(
            f"{folder} has files of other micrographs, which would be read as part of these: "
            f"{listed(sorted(others))}. Choose another folder or remove them."
        )
