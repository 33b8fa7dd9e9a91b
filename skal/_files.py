"""Files that are whole or not there, also after a kill."""

import json
import math
import os
import shutil
from contextlib import contextmanager

TEMPORARY = ".tmp-"  # what the names of unfinished files and folders begin with


def write_bytes(path, content):
    """Write a file at once: readers see the old content or the new, never a part."""
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    with writing(path):
        try:
            with open(temporary, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def write_json(path, value):
    """Write a value as JSON; numbers that are not finite become null."""
    text = json.dumps(_finite(value), indent=1, allow_nan=False)
    write_bytes(path, f"{text}\n".encode())


def write_folder(path, files):
    """Write a folder of files, which appears under its name only when all are there.

    Parameters
    ----------
    path : pathlib.Path
        The folder. One that exists is replaced: a worker that outlived a kill may have written it.
    files : dict of str to (bytes or JSON value)
        The content of each file.
    """
    with new_folder(path) as temporary:
        for name, content in files.items():
            write = write_bytes if isinstance(content, bytes) else write_json
            write(temporary / name, content)


@contextmanager
def new_folder(path):
    """Give a temporary folder, which takes its name, in place of one that exists, when all is done.

    Parameters
    ----------
    path : pathlib.Path
        The name.
    """
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    with writing(path):
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        yield temporary
        shutil.rmtree(path, ignore_errors=True)
        os.rename(temporary, path)
        sync_folder(path.parent)


def read_json(path):
    """Return the value of a JSON file, or None where there is no such file or it is damaged."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError, UnicodeDecodeError):
        return None


def remove_unfinished(folder):
    """Remove what a killed run has left half-written in `folder`."""
    for path in folder.glob(f"{TEMPORARY}*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def make_folder(path):
    """Make a folder and those above it, or raise an error that says why it cannot be."""
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def writing(path):
    """Say in every error what could not be written, and what to do."""
    try:
        yield
    except OSError as error:
        if getattr(error, "is_explained", False):
            raise
        explained = type(error)(
            error.errno,
            f"cannot write {path}: {error.strerror}. Make room and give write access, or choose "
            f"another folder; resume=True goes on with a run that has begun.",
        )
        explained.is_explained = True
        raise explained from error


def sync_folder(folder):
    """Wait until the names in a folder are on disk."""
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _finite(value):
    """Return `value` with None for numbers that JSON does not know."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
