"""MRC files, by mrcfile: headers are checked before any pixel is read."""

import tempfile
import zlib
from pathlib import Path

from .._files import write_bytes
from ..exceptions import FormatError
from ._content import reading
from ._optional import load

MAP_ID, MAP_ID_OFFSET = b"MAP", 208  # of the header; what follows it differs from writer to writer
COMPRESSED = (b"\x1f\x8b", b"BZh")  # gzip, bzip2
DTYPES = ("int8", "int16", "uint16", "float16", "float32")  # modes 0, 1, 6, 12 and 2
TOLERANCE = 1e-3  # by how much the sides of a square pixel may differ, as headers are rounded


def is_mrc(head):
    """Return whether the first bytes of a file are those of an MRC file, compressed or not."""
    return head[MAP_ID_OFFSET:].startswith(MAP_ID) or is_compressed(head)


def is_compressed(head):
    """Return whether the first bytes of a file are those of gzip or bzip2."""
    return head.startswith(COMPRESSED)


def read_mrc(path, mmap, n_sections=None):
    """Return the sections of an MRC file, (n, H, W), and the size of its pixels in angstrom.

    Parameters
    ----------
    path : pathlib.Path
        The file; compressed ones are recognized by content.
    mmap : bool
        Whether to map the pixels into memory rather than read them.
    n_sections : int, optional
        How many sections there must be; the pixels of another file are not read.

    Returns
    -------
    tuple of ndarray and (float or None)
        Rows come in the order in which they are stored.
    """
    mrcfile = load("mrcfile")
    with _open(path, mrcfile.open, header_only=True) as mrc:
        _check_header(path, mrc.header, n_sections)
        pixel_size = _pixel_size(mrc.header)
    if mmap and type(mrc) is not mrcfile.mrcfile.MrcFile:
        raise FormatError(f"{path} is compressed: decompress it, or pass mmap=False.")
    with _open(path, mrcfile.mmap if mmap else mrcfile.open) as mrc:
        data = mrc.data
    data = data.reshape(-1, *data.shape[-2:])
    is_native = mmap or data.dtype.isnative
    return (data if is_native else data.astype(data.dtype.newbyteorder("="))), pixel_size


def _open(path, opener, **options):
    try:
        with reading(path):
            return opener(path, mode="r", **options)
    except FormatError:
        raise
    except (ValueError, EOFError, zlib.error) as error:
        raise FormatError(f"{path} is damaged or no MRC file: {error}. Get it again.") from error


def _check_header(path, header, n_sections):
    nx, ny, nz = (int(header[name]) for name in ("nx", "ny", "nz"))
    if min(nx, ny, nz) < 1:
        raise FormatError(f"{path} holds no pixels: its header says {nx=}, {ny=}, {nz=}.")
    if header.mode in (3, 4):
        raise FormatError(
            f"{path} holds complex numbers (mode {header.mode}), a transform, no image. "
            f"Pass the image it was made of."
        )
    if header.ispg >= 401:
        raise FormatError(f"{path} is a stack of volumes (ispg {header.ispg}), not of images.")
    if n_sections is not None and nz != n_sections:
        raise FormatError(
            f"{path} is a stack or a volume of {nz} sections of {ny} x {nx} pixels, not one "
            f"image. Read it with read_stack."
        )


def _pixel_size(header):
    """Return the side of a pixel, or None where the header tells none, or pixels not square."""
    sides = [
        float(header.cella[axis]) / max(int(header[n]), 1) for axis, n in (("x", "mx"), ("y", "my"))
    ]
    is_square = abs(sides[0] - sides[1]) <= TOLERANCE * max(sides)
    return sides[0] if min(sides) > 0 and is_square else None


def write_mrc(path, image, pixel_size_angstrom):
    """Write an image as an MRC file, at once."""
    mrcfile = load("mrcfile")
    if image.dtype.name not in DTYPES:
        raise ValueError(
            f"MRC holds {', '.join(DTYPES)}; got an image of {image.dtype}. Convert it first: "
            f"image.astype(np.float32)."
        )
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder) / "image.mrc"
        mrcfile.write(temporary, image, voxel_size=pixel_size_angstrom)
        write_bytes(path, temporary.read_bytes())
