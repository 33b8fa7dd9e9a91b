"""Names of micrographs, and how names from several programs are matched."""

import re
from collections.abc import Mapping

import numpy as np

COMPRESSED = (".gz", ".bz2")
IMAGES = (".mrc", ".mrcs", ".map", ".tif", ".tiff", ".png", ".jpg", ".jpeg", ".eer", ".npy")
CRYOSPARC_PREFIX = re.compile(r"\d{21}_(?=.)")  # an identifier of 64 bits, filled up with zeros


def micrograph_stem(name):
    """Return what names of one micrograph have in common across programs.

    Folders, the extension of an image and the 21 digits that cryoSPARC sets before names are
    removed. Other prefixes and suffixes are kept: they may tell micrographs apart.

    Parameters
    ----------
    name : str
        The name of a micrograph, with or without folders.

    Returns
    -------
    str

    Examples
    --------
    >>> micrograph_stem("J1/imported/000001281467243737059_grid2_0007.mrc.gz")
    'grid2_0007'
    >>> micrograph_stem("20210210_0007.tif_15.00Apx")
    '20210210_0007.tif_15.00Apx'
    """
    return CRYOSPARC_PREFIX.sub("", without_extension(without_folders(name)), count=1)


def without_folders(name):
    """Return a name without the folders before it, of any system."""
    return re.split(r"[/\\]", name)[-1]


def without_extension(name):
    """Return a name without the extension of an image."""
    for suffixes in (COMPRESSED, IMAGES):
        end = next((s for s in suffixes if name.lower().endswith(s) and len(name) > len(s)), "")
        name = name[: len(name) - len(end)]
    return name


def by_stem(names):
    """Return a dict from stem to name, or raise where two names have one stem."""
    found = {}
    for name in names:
        other = found.setdefault(micrograph_stem(name), name)
        if other != name:
            raise ValueError(
                f"the names {other!r} and {name!r} stand for one micrograph: names are matched "
                f"without folders, extension and cryoSPARC's number. Rename or remove one."
            )
    return found


def stems_of(names):
    """Return the stems of a series of names, most of which come many times."""
    return names.map({name: micrograph_stem(name) for name in names.unique()})


def values_of(micrographs, given, what):
    """Return a number for each name: of a dict by stem, or one number for all.

    Parameters
    ----------
    micrographs : pandas.Series of str
        The names, one a pick.
    given : number or dict of str to number
        What is known.
    what : str
        What the numbers are, for errors.

    Returns
    -------
    ndarray of float of shape (n_picks,)
    """
    if not isinstance(given, Mapping):
        return np.full(len(micrographs), float(given))
    known = {stem: given[name] for stem, name in by_stem(given).items()}
    stems = stems_of(micrographs)
    missing = sorted(set(stems) - set(known))
    if missing:
        raise ValueError(
            f"{what} must name all micrographs; it lacks {len(missing)}: {listed(missing)}."
        )
    return stems.map(known).to_numpy(float)


def listed(names, most=3):
    """Return the first names, for an error or a report."""
    shown = ", ".join(repr(name) for name in names[:most])
    return f"{shown}, …" if len(names) > most else shown
