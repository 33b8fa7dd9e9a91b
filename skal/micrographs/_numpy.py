"""NumPy files, loaded without running code from them."""

import tokenize
import zipfile
import zlib
from contextlib import contextmanager

import numpy as np

from ..exceptions import FormatError
from ._content import reading

MAGIC = b"\x93NUMPY"
CHANNELS = (1, 3)  # gray, and gray as colors
DAMAGED = (  # what NumPy raises, on headers and archives that are damaged as well
    *(ValueError, EOFError, SyntaxError, TypeError, RuntimeError),
    *(tokenize.TokenError, zipfile.BadZipFile, zlib.error),
)


@contextmanager
def loading(path):
    """Turn what NumPy raises about damaged files, and those that need pickle, into one error."""
    try:
        yield
    except FormatError:
        raise
    except DAMAGED as error:
        raise FormatError(
            f"{path} is damaged, or cannot be loaded without running code from it: {error}. Get it "
            f"again, or save it as plain arrays."
        ) from error


def read_npy(path, n_images=None):
    """Return the images of an npy file, (n, H, W).

    Parameters
    ----------
    path : pathlib.Path
        An array (H, W), (n, H, W) or, where C is 1 or 3, (H, W, C), whose channels are averaged.
    n_images : int, optional
        How many images there must be.
    """
    with loading(path), reading(path):
        array = np.load(path, allow_pickle=False)
    if array.ndim == 3 and array.shape[-1] in CHANNELS:
        array = averaged_channels(array[None])[0]
    images = array[None] if array.ndim == 2 else array
    if images.ndim != 3 or not images.size or images.dtype.kind not in "biuf":
        raise FormatError(
            f"{path} must hold an image, real numbers of shape (H, W), (H, W, 1) or (H, W, 3); got "
            f"{array.dtype} of shape {array.shape}."
        )
    if n_images is not None and n_images != len(images):
        raise FormatError(
            f"{path} is a stack of {len(images)} images, not one. Read it with read_stack."
        )
    return images.astype(np.uint8) if images.dtype == bool else images


def averaged_channels(images):
    """Return the mean of the last axis of (n, H, W, C), an image at a time to take little memory.

    Means of integers are rounded.
    """
    averaged = np.empty(images.shape[:-1], images.dtype)
    for i, image in enumerate(images):
        mean = image.mean(axis=-1)
        averaged[i] = np.rint(mean) if images.dtype.kind in "iu" else mean
    return averaged
