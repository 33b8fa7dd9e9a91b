"""NumPy files, loaded without running code from them."""

import tokenize
import zipfile
import zlib
from contextlib import contextmanager

from ..exceptions import FormatError

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
