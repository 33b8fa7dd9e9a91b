"""Images of micrographs: read and written as they are stored."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..exceptions import FormatError
from ._content import read_head, reading
from ._mrc import is_compressed, is_mrc, read_mrc, write_mrc
from ._names import by_stem
from ._numpy import MAGIC, read_npy
from ._pictures import picture_format, read_picture, write_picture

__all__ = [
    "Micrograph",
    "find_micrographs",
    "read_micrograph",
    "read_shape",
    "read_stack",
    "write_micrograph",
]

HEAD_BYTES = 212  # as far as the map ID of MRC
ENDINGS = (".mrc", ".mrc.gz", ".mrc.bz2", ".tif", ".tiff", ".png", ".jpg", ".jpeg", ".npy")
FORMATS_BY_SUFFIX = {".mrc": "MRC", ".png": "PNG", ".tif": "TIFF", ".tiff": "TIFF"}


@dataclass(frozen=True, eq=False)
class Micrograph:
    """An image and what its file says of it.

    Attributes
    ----------
    name : str
        The name of the file, with its extension.
    image : ndarray of shape (H, W)
        The pixels in the data type of the file; row 0 is the first row stored.
    pixel_size_angstrom : float or None
        The side of a pixel, None where the file does not tell. Some programs write 1 where they
        do not know it.
    path : pathlib.Path
        The file.
    """

    name: str
    image: np.ndarray
    pixel_size_angstrom: float | None
    path: Path

    def __repr__(self):
        height, width = self.image.shape
        size = self.pixel_size_angstrom
        return (
            f"Micrograph({self.name!r}, {height} x {width} {self.image.dtype}, "
            f"{'pixel size unknown' if size is None else f'{size:g} angstrom a pixel'})"
        )


def find_micrographs(paths):
    """Find the files of micrographs among files and in folders.

    Parameters
    ----------
    paths : sequence of path-like
        Files, which are taken as they are, and folders, whose files that end in .mrc, .mrc.gz,
        .mrc.bz2, .tif, .tiff, .png, .jpg, .jpeg or .npy are taken by name. Hidden files and folders
        in them are left out.

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    FormatError
        If a path is not there, or a folder has no micrographs.
    ValueError
        If two files have one name, but for folders and endings: their picks would be mixed.
    """
    found = [file for path in map(Path, paths) for file in _files_at(path)]
    by_stem(map(str, found))
    return list(dict.fromkeys(found))


def _files_at(path):
    if not path.is_dir():
        with reading(path):
            path.stat()  # whether it can be read is told later, of each
        return [path]
    with reading(path):
        files = sorted(file for file in path.iterdir() if _is_micrograph(file))
    if not files:
        raise FormatError(f"{path} has no micrographs: no file ends in {', '.join(ENDINGS)}.")
    return files


def _is_micrograph(path):
    return path.name.lower().endswith(ENDINGS) and path.name[0] != "." and path.is_file()


def read_micrograph(path, *, mmap=False):
    """Read a micrograph: MRC, also gzip and bzip2, TIFF, PNG, JPEG or NumPy's npy.

    The format is told by the content of the file; its extension does not matter.

    Parameters
    ----------
    path : path-like
        The file.
    mmap : bool, default=False
        Whether to map the pixels of an MRC file into memory rather than read them. They are
        read-only and keep the byte order of the file.

    Returns
    -------
    Micrograph
        Its rows are in the order of the file. In MRC, programs differ in whether they show the
        first row at the top or at the bottom; skal calls it the top row, as RELION does, and so do
        the `y` of all picks.

    Raises
    ------
    FormatError
        If there is no such file, it is damaged or of another format, or it holds a stack, a
        volume, complex numbers or colors. Colors that are all gray are read as gray.

    See Also
    --------
    read_stack : Several images of one file.

    Examples
    --------
    >>> import tempfile
    >>> from skal.micrographs import read_micrograph, write_micrograph
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_micrograph(folder / "a.mrc", np.ones((3, 4), np.float32), pixel_size_angstrom=1.5)
    >>> read_micrograph(folder / "a.mrc")
    Micrograph('a.mrc', 3 x 4 float32, 1.5 angstrom a pixel)
    """
    path = Path(path)
    sections, pixel_size = _read(path, mmap, 1)
    return Micrograph(path.name, sections[0], pixel_size, path)


def read_shape(path):
    """Return the height and width of a micrograph; of MRC files only the header is read.

    Parameters
    ----------
    path : path-like
        As for :func:`read_micrograph`.

    Returns
    -------
    tuple of int
        (H, W)
    """
    head = read_head(path, HEAD_BYTES)
    return read_micrograph(path, mmap=is_mrc(head) and not is_compressed(head)).image.shape


def read_stack(path, *, mmap=False):
    """Read the images of a stack: MRCS or a TIFF of several pages.

    Parameters
    ----------
    path : path-like
        The file. A file of one image is a stack of one; an MRC volume is a stack of its sections,
        as their headers cannot be told apart reliably.
    mmap : bool, default=False
        As for :func:`read_micrograph`.

    Returns
    -------
    ndarray of shape (n, H, W)

    Raises
    ------
    FormatError
        As for :func:`read_micrograph`.
    """
    return _read(Path(path), mmap, None)[0]


def _read(path, mmap, n_images):
    head = read_head(path, HEAD_BYTES)
    if is_mrc(head):
        return read_mrc(path, mmap, n_images)
    is_npy = head.startswith(MAGIC)
    if not is_npy and picture_format(head) is None:
        raise FormatError(
            f"{path} is not MRC, TIFF, PNG, JPEG or npy: it begins with {head[:8].hex(' ')}, and "
            f"has no 'MAP' at byte 209. Convert it to one of these formats."
        )
    if mmap:
        raise FormatError(f"only MRC can be mapped into memory: pass mmap=False to read {path}.")
    if is_npy:
        return read_npy(path, n_images), None
    return read_picture(path, n_images), None


def write_micrograph(path, image, pixel_size_angstrom=None):
    """Write an image without loss, in the format that the extension of the file says.

    Parameters
    ----------
    path : path-like
        A file that ends in ``.mrc``, ``.png``, ``.tif`` or ``.tiff``. One that exists is replaced.
    image : ndarray of shape (H, W)
        MRC holds int8, int16, uint16, float16 and float32; PNG uint8 and uint16; TIFF uint8,
        uint16, int32 and float32. Row 0 is stored first.
    pixel_size_angstrom : float, optional
        The side of a pixel, for the header of an MRC file, which holds it in single precision.

    Raises
    ------
    ValueError
        If the format cannot hold the image or the pixel size.
    """
    path, image = Path(path), np.asarray(image)
    format = FORMATS_BY_SUFFIX.get(path.suffix.lower())
    if format is None:
        raise ValueError(
            f"the extension must be one of {', '.join(FORMATS_BY_SUFFIX)}; got {str(path)!r}."
        )
    if image.ndim != 2 or image.size == 0:
        raise ValueError(f"an image must have shape (H, W) and pixels; got shape {image.shape}.")
    _check_pixel_size(format, pixel_size_angstrom)
    if format == "MRC":
        write_mrc(path, image, pixel_size_angstrom)
    else:
        write_picture(path, image, format)


def _check_pixel_size(format, pixel_size_angstrom):
    if pixel_size_angstrom is None:
        return
    if format != "MRC":
        raise ValueError(f"{format} holds no pixel size: write MRC, or pass None.")
    if not (np.isfinite(pixel_size_angstrom) and pixel_size_angstrom > 0):
        raise ValueError(f"the pixel size must be a positive number; got {pixel_size_angstrom=}.")
