"""Micrographs as people pass them: arrays by name, or files, which are read one by one."""

from collections.abc import Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

import numpy as np

from ._names import by_stem
from .images import Micrograph, read_micrograph


def name_micrographs(micrographs):
    """Return a dict from name to image, micrograph or path, of which nothing is read yet."""
    if isinstance(micrographs, Mapping):
        named = dict(micrographs)
    elif isinstance(micrographs, str | PathLike | Micrograph | np.ndarray):
        raise TypeError(
            f"micrographs must be a dict from name to array, or a list of paths; got a "
            f"{type(micrographs).__name__}. Put a single one into a list or a dict."
        )
    else:
        named = _name_each(micrographs)
    if not named:
        raise ValueError("there must be a micrograph; got none.")
    by_stem(named)
    return named


def _name_each(micrographs):
    named = {}
    for micrograph in micrographs:
        name = _name(micrograph)
        if name in named:
            raise ValueError(
                f"two micrographs are called {name!r}: they are told apart by the names of their "
                f"files, without folders. Rename or remove one."
            )
        named[name] = micrograph
    return named


def _name(micrograph):
    if isinstance(micrograph, Micrograph):
        return micrograph.name
    if isinstance(micrograph, str | PathLike):
        return Path(micrograph).name
    raise TypeError(
        f"a list of micrographs must hold paths, or what read_micrograph returns; got a "
        f"{type(micrograph).__name__}. Arrays need names: pass a dict from name to array."
    )


def load(source):
    """Return the image of a micrograph, and the angstrom of its pixels or None."""
    if isinstance(source, str | PathLike):
        source = read_micrograph(source)
    if isinstance(source, Micrograph):
        return source.image, source.pixel_size_angstrom
    return np.asarray(source), None


@contextmanager
def naming(name):
    """Say in an error of an image which micrograph it is of."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise type(error)(f"micrograph {name!r}: {error}") from error
