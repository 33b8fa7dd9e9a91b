"""PNG, TIFF and JPEG files, by Pillow."""

import io
import struct
import warnings

import numpy as np

from .._files import write_bytes
from ..exceptions import FormatError
from ._content import reading
from ._optional import load

SIGNATURES = {
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "JPEG": (b"\xff\xd8\xff",),
}
DTYPES = {"PNG": ("uint8", "uint16"), "TIFF": ("uint8", "uint16", "int32", "float32")}
DAMAGED = (ValueError, SyntaxError, EOFError, TypeError, struct.error)  # what Pillow raises


def picture_format(head):
    """Return PNG, TIFF or JPEG, by the first bytes of a file, or None."""
    for name, signatures in SIGNATURES.items():
        if head.startswith(signatures):
            return name
    return None


def read_picture(path, n_pages=None):
    """Return the pages of a picture, (n, H, W).

    Parameters
    ----------
    path : pathlib.Path
        A PNG, TIFF or JPEG file.
    n_pages : int, optional
        How many pages there must be; the pixels of another file are not read.
    """
    Image = load("PIL.Image")
    with warnings.catch_warnings(), reading(path):
        # micrographs may have more than the 89 million pixels at which Pillow suspects an attack
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(path) as image:
                return _pages(path, image, n_pages)
        except FormatError:
            raise
        except (*DAMAGED, Image.DecompressionBombError) as error:
            raise FormatError(f"{path} cannot be decoded: {error}. Get it again.") from error


def _pages(path, image, n_pages):
    n_found = getattr(image, "n_frames", 1)
    if n_pages is not None and n_found != n_pages:
        raise FormatError(
            f"{path} is a stack of {n_found} pages, not one image. Read it with read_stack."
        )
    pages = []
    for page in range(n_found):
        image.seek(page)
        pages.append(_gray(path, image))
    if len({page.shape for page in pages}) > 1:
        sizes = ", ".join(sorted({f"{len(page)} x {page.shape[1]}" for page in pages}))
        raise FormatError(f"the pages of {path} must have one size; they have {sizes} pixels.")
    return np.stack(pages)


def _gray(path, image):
    """Return the pixels of an image that is gray, also where it is stored as colors."""
    if image.mode in ("P", "PA", "CMYK", "YCbCr"):
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    pixels = np.asarray(image)
    dtype = np.dtype(np.uint8) if pixels.dtype == bool else pixels.dtype.newbyteorder("=")
    pixels = pixels.astype(dtype, copy=False)
    if pixels.ndim == 2:
        return pixels
    has_alpha = image.mode in ("LA", "RGBA")
    colors = pixels[..., :-1] if has_alpha else pixels
    if (has_alpha and (pixels[..., -1] != 255).any()) or (colors != colors[..., :1]).any():
        raise FormatError(
            f"{path} is in color or transparent ({image.mode}), and a micrograph is gray. Convert "
            f"it first, for example by PIL.Image.open(path).convert('L')."
        )
    return colors[..., 0].copy()


def write_picture(path, image, format):
    """Write an image as PNG or TIFF, without loss, at once."""
    Image = load("PIL.Image")
    if image.dtype.name not in DTYPES[format]:
        raise ValueError(
            f"{format} holds {', '.join(DTYPES[format])}; got an image of {image.dtype}. Convert "
            f"it first, or write MRC."
        )
    stream = io.BytesIO()
    native = image.astype(image.dtype.newbyteorder("="), copy=False)
    Image.fromarray(native).save(stream, format)
    write_bytes(path, stream.getvalue())
