"""Images decoded in processes of their own: what a file does to its decoder, it does to it alone.

A decoder reads requests from its standard input and answers on its standard output: a line of
JSON, then bytes. It has a limit of memory, and whoever asks it a limit of time.
"""

import io
import json
import os
import stat
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from .._images import (
    FORMATS,
    UnreadableImageError,
    as_8_bit,
    check_size,
    limit_pixels,
    max_pixels,
    quiet,
)

PERCENTILES = (0.1, 0.5, 1, 5, 25, 50, 75, 95, 99, 99.5, 99.9)
WHITE = 65_535
LOSSLESS = ("PNG", "BMP", "TIFF")
LOSSLESS_PIXELS = 4_000_000  # images up to this size stay lossless where they are not resized
MEDIA_TYPES = {"webp": "image/webp", "jpeg": "image/jpeg", "png": "image/png"}
OPTIONS = {
    "webp": {"quality": 85, "method": 1},
    "jpeg": {"quality": 92, "subsampling": 0},
    "png": {"compress_level": 1},
}


def decode(request):
    """Return headers and the bytes of an image.

    Parameters
    ----------
    request : dict
        ``path``, the ``root`` that it must be in, the ``kind`` and the ``size`` wanted.

    Returns
    -------
    dict, bytes
    """
    with opened(Path(request["path"]), Path(request["root"])) as image:
        if request["kind"] == "raw":
            return raw(image, request["size"])
        return encoded(image, request["kind"], request["size"])


@contextmanager
def opened(path, root):
    """Open an image whose file, once it is open, is in a folder."""
    from PIL import Image

    limit_pixels()
    try:
        with os.fdopen(_open_inside(path, root), "rb") as file:
            with Image.open(file, formats=FORMATS) as image:
                check_size(*image.size)
                yield image
    except Image.UnidentifiedImageError as error:
        raise UnreadableImageError("it is no PNG, JPEG, WebP, TIFF or BMP image") from error
    except (Image.DecompressionBombError, MemoryError) as error:
        raise UnreadableImageError(f"it is too large: {error or 'memory ran out'}") from error
    except UnreadableImageError:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, OverflowError) as error:
        raise UnreadableImageError(f"it cannot be read: {error}") from error


def _open_inside(path, root):
    """Open a file without following a last link, and check where what is open really is."""
    real = path.resolve()
    descriptor = os.open(real, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    try:
        seen = Path(f"/proc/self/fd/{descriptor}")
        found = Path(os.readlink(seen)) if seen.exists() else path.resolve()
        if not found.is_relative_to(root.resolve()):
            raise UnreadableImageError("it is a link that leaves the folder of images")
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableImageError("it is no regular file")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def encoded(image, kind, size):
    """Return an image encoded anew, upright, with at most `size` pixels on its longest side."""
    is_small = max(image.size) <= size or size == 0
    source = image.format
    shown = _upright(image, size)
    if kind == "auto":
        is_lossless = source in LOSSLESS and is_small
        kind = _best_kind(shown, is_lossless)
    if kind == "jpeg":
        shown = _opaque(shown)
    shown.info.clear()  # where it was taken, by whom, and with what, is not for the screen
    content = io.BytesIO()
    shown.save(content, kind.upper(), **OPTIONS[kind])
    return {"media_type": MEDIA_TYPES[kind]}, content.getvalue()


def _best_kind(image, is_lossless):
    if image.mode.endswith("A"):
        return "png"
    n_pixels = image.width * image.height
    return "png" if is_lossless and n_pixels <= LOSSLESS_PIXELS else "jpeg"


def _upright(image, size):
    from PIL import Image, ImageOps

    profile = image.info.get("icc_profile")
    if size:
        image.draft("RGB", (size, size))  # JPEG files are read at a fraction of the cost
    shown = ImageOps.exif_transpose(_plain(as_8_bit(image)))
    if size and max(shown.size) > size:
        shown.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return _in_srgb(shown, profile)


def _plain(image):
    """Return an image of 8 bits in one of the modes L, RGB and RGBA."""
    if image.mode in ("L", "RGB", "RGBA"):
        return image
    if image.mode in ("1",):
        return image.convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _in_srgb(image, profile):
    """Return an image of a color profile of its own in the colors that screens expect."""
    from PIL import ImageCms

    if not profile or image.mode != "RGB":
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
    except (
        ImageCms.PyCMSError,
        OSError,
    ):  # a profile that is broken is shown as none, as browsers do
        return image


def _opaque(image):
    from PIL import Image

    if image.mode != "RGBA":
        return image
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image).convert("RGB")


def raw(image, size):
    """Return gray values as little-endian uint16, and in headers what they stand for."""
    if not image.mode.startswith(("I", "F")):
        raise UnreadableImageError(f"it has 8 bits (mode {image.mode}): ask for kind=png")
    values, low, high = _as_u16(_resized(image, size), image.mode)
    levels = np.percentile(values, PERCENTILES)
    percentiles = {str(p): float(v) for p, v in zip(PERCENTILES, levels, strict=True)}
    headers = {"Skal-Width": str(values.shape[1]), "Skal-Height": str(values.shape[0])}
    headers |= {"Skal-Percentiles": json.dumps(percentiles)}
    headers |= {"Skal-Value-Low": repr(low), "Skal-Value-High": repr(high)}
    facts = {"media_type": "application/octet-stream", "headers": headers}
    return facts, values.astype("<u2").tobytes()


def _resized(image, size):
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(image)
    if not size or max(upright.size) <= size:
        return np.asarray(upright)
    values = Image.fromarray(np.asarray(upright).astype(np.float32))
    values.thumbnail((size, size), Image.Resampling.BOX, reducing_gap=None)
    return np.asarray(values)


def _as_u16(values, mode):
    """Return values scaled to uint16, and what 0 and 65535 stand for: those of 16 bits stay."""
    if mode.startswith("I;16"):
        return np.clip(np.rint(values), 0, WHITE).astype(np.uint16), 0.0, float(WHITE)
    values = np.nan_to_num(values.astype(np.float64))
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) / max(high - low, 1e-300) * WHITE
    return np.rint(scaled).astype(np.uint16), low, high


# The process ---------------------------------------------------------------------------------


def main():
    """Answer requests until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not get between answers
    _limit_memory()
    with quiet():
        for line in sys.stdin.buffer:
            facts, content = _answer(json.loads(line))
            facts["n_bytes"] = len(content)
            answers.write(json.dumps(facts).encode() + b"\n" + content)
            answers.flush()


def _answer(request):
    try:
        return decode(request)
    except UnreadableImageError as error:
        return {"problem": str(error)}, b""
    except MemoryError:
        return {"problem": "it is too large: memory ran out"}, b""


def _limit_memory():
    """Let a decoder have what the largest image that is allowed needs, and no more."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    n_bytes = 2**30 + 24 * max_pixels()
    resource.setrlimit(resource.RLIMIT_AS, (n_bytes, n_bytes))


if __name__ == "__main__":
    main()
