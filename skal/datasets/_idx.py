"""The idx format of MNIST: a magic number, sizes, then the values."""

import gzip
import math
import struct
import zlib

import numpy as np

from ..exceptions import DatasetError

UNSIGNED_BYTE = 0x08  # the third byte of the magic number; the fourth is the number of axes


def read_idx(path, n_axes):
    """Read an idx file of unsigned bytes, compressed by gzip or not.

    Parameters
    ----------
    path : pathlib.Path
        The file; a name that ends in ``.gz`` is decompressed.
    n_axes : int
        How many axes the array must have: 3 for images, 1 for labels.

    Returns
    -------
    ndarray of uint8

    Raises
    ------
    DatasetError
        If the magic number, the type or the sizes are not as they should be.
    """
    content = _read_bytes(path)
    offset = 4 + 4 * n_axes
    expected = bytes([0, 0, UNSIGNED_BYTE, n_axes])
    if content[:4] != expected:
        raise DatasetError(
            f"{path} is no idx file of unsigned bytes with {n_axes} axes: it must begin with "
            f"{expected.hex(' ')}, but begins with {content[:4].hex(' ') or 'nothing'}."
        )
    if len(content) < offset:
        raise DatasetError(f"{path} is truncated: it ends within its header.")
    shape = struct.unpack(f">{n_axes}I", content[4:offset])
    if len(content) - offset != math.prod(shape):
        raise DatasetError(
            f"{path} is damaged: its header promises {math.prod(shape)} values of shape {shape}, "
            f"but {len(content) - offset} follow. Get the file again."
        )
    return np.frombuffer(content, np.uint8, offset=offset).reshape(shape)


def _read_bytes(path):
    if path.suffix != ".gz":
        return path.read_bytes()
    try:
        return gzip.decompress(path.read_bytes())
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DatasetError(
            f"{path} is truncated or no gzip file ({error}). Get the file again."
        ) from error
