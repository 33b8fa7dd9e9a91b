"""Image files of people, which may be anything: what is allowed, and small copies of it."""

import os
import stat
import warnings
from contextlib import contextmanager

import numpy as np

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")
MAX_PIXELS_SETTING = "SKAL_MAX_PIXELS"  # an environment variable
MAX_PIXELS = 120_000_000  # super-resolution micrographs have 95 million
ORIENTATION = 0x0112  # of EXIF
LOW, HIGH = 0.5, 99.5  # percentiles that become black and white in images of more than 8 bits


class UnreadableImageError(ValueError):
    """A file holds no image that is allowed, or a broken one; the message says why."""


@contextmanager
def quiet():
    """Keep pillow from warning about files: what is wrong with one stands in its row."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def image_size(path):
    """Return width and height from the header of a file, which is all that is read of it."""
    with _opened(path) as image:
        return image.size


def read_small(path, size):
    """Return an image squeezed into a square.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    size : int
        The side of the square, in pixels.

    Returns
    -------
    ndarray of uint8 of shape (size, size, 3)

    Raises
    ------
    UnreadableImageError
        With the reason in words.
    """
    from PIL import Image, ImageOps

    with _opened(path) as image:
        image.draft("RGB", (2 * size, 2 * size))  # JPEG files are read at a fraction of the cost
        small = as_8_bit(image).convert("RGB")
        upright = ImageOps.exif_transpose(small)
        return np.asarray(upright.resize((size, size), Image.Resampling.BOX, reducing_gap=2.0))


@contextmanager
def _opened(path):
    from PIL import Image

    limit_pixels()
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableImageError("it is no regular file")
        with Image.open(path, formats=FORMATS) as image:
            check_size(*image.size)
            yield image
    except Image.UnidentifiedImageError as error:
        raise UnreadableImageError("it is no PNG, JPEG, WebP, TIFF or BMP image") from error
    except Image.DecompressionBombError as error:
        raise UnreadableImageError(f"it is too large: {error}") from error
    except UnreadableImageError:
        raise
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise UnreadableImageError(f"it cannot be read: {error}") from error


def max_pixels():
    """Return how many pixels an image may have: a setting of the process and its children."""
    return int(os.environ.get(MAX_PIXELS_SETTING, MAX_PIXELS))


def limit_pixels():
    """Let pillow's own limit follow where ours is raised; it is never switched off."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or 0, max_pixels())


def check_size(width, height):
    """Raise where an image has more pixels than are allowed, by its header."""
    most = max_pixels()
    if width * height > most:
        raise UnreadableImageError(
            f"it has {width} x {height} pixels, more than {most / 1e6:.4g} million"
        )


def as_8_bit(image):
    """Return an image of 16 or 32 bits, or of floats, stretched to 8 bits; others as they are."""
    from PIL import Image

    if not image.mode.startswith(("I", "F")):
        return image
    values = np.nan_to_num(np.asarray(image, dtype=np.float32))
    low, high = np.percentile(values, [LOW, HIGH])
    stretched = np.clip((values - low) / max(high - low, 1e-12), 0, 1)
    return Image.fromarray(np.round(255 * stretched).astype(np.uint8))


def read_facts(path):
    """Return width and height of an image as it is shown, its bits, and whether it is gray."""
    with _opened(path) as image:
        width, height = image.size
        if image.getexif().get(ORIENTATION, 1) >= 5:  # lies on its side
            width, height = height, width
        bits = 16 if image.mode.startswith("I;16") else 32 if image.mode in ("I", "F") else 8
        return width, height, bits, image.mode in ("1", "L", "I", "F") or bits == 16
