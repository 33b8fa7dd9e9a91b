"""The content of a file, or an error that says which file and why not."""

from contextlib import contextmanager
from pathlib import Path

from ..exceptions import FormatError


@contextmanager
def reading(path):
    """Say in every error of the system which file could not be read, and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # not of the system: of what decompresses or decodes
            raise FormatError(f"{path} is damaged: {error}. Get the file again.") from error
        raise FormatError(
            f"cannot read {path}: {error.strerror}. Check the path and the access to it."
        ) from error


def read_bytes(path):
    """Return the content of a file."""
    with reading(path):
        return Path(path).read_bytes()


def read_head(path, n_bytes):
    """Return the first bytes of a file, or raise where there are none."""
    with reading(path), open(path, "rb") as file:
        head = file.read(n_bytes)
    if not head:
        raise FormatError(f"{path} is empty. Get the file again.")
    return head


def decode(path, content):
    """Return the text in the content of a file, without a byte order mark, lines end in ``\\n``."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path} is no text in UTF-8: byte {error.start} is {content[error.start]:#04x}. "
            f"Save the file in UTF-8, or pass another file."
        ) from error
    return text.replace("\r\n", "\n")
