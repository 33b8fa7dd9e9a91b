"""What a file of a model is, by its name and its first bytes; pickles are refused unread."""

import pickletools
import stat
import zipfile

from ...exceptions import ModelFileError

FORMATS = {".safetensors": "safetensors", ".skops": "skops", ".onnx": "onnx"}
TORCH_ENDINGS = (".pt", ".pth", ".ckpt", ".bin", ".tar")
PICKLE_ENDINGS = (".pkl", ".pickle", ".joblib", ".sav", ".dill")
MAX_BYTES = 2 * 2**30
MAX_MEMBERS = 10_000  # of a ZIP file
HEAD = 65_536  # bytes that are looked at

COMPRESSED = (  # as joblib writes pickles: zlib, gzip, bzip2, xz, lzma and lz4
    *(b"\x78" + level for level in (b"\x01", b"\x5e", b"\x9c", b"\xda")),
    *(b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x5d\x00\x00", b"\x04\x22\x4d\x18"),
)


def check_name(path):
    """Return the format that the name of a file promises, without opening the file.

    Raises
    ------
    ModelFileError
        If there is no such file, or it is none of the formats, or too large.
    """
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise ModelFileError(f"there is no file {str(path)!r}.") from error
    if not stat.S_ISREG(found.st_mode):
        raise ModelFileError(f"{str(path)!r} is no regular file.")
    ending = path.suffix.lower()
    if ending in (*TORCH_ENDINGS, *PICKLE_ENDINGS):
        raise ModelFileError(_pickle_message(path, f"its name: {ending} files"))
    if ending not in FORMATS:
        zipped = " Unpack it, and choose the model in it." if ending == ".zip" else ""
        raise ModelFileError(
            f"{path.name!r} is no file of a model: expected the ending {', '.join(FORMATS)}; "
            f"found {ending or 'none'!r}.{zipped}"
        )
    if not 0 < found.st_size <= MAX_BYTES:
        raise ModelFileError(
            f"{path.name!r} has {found.st_size} bytes; a model must have some, and at most "
            f"{MAX_BYTES}."
        )
    return FORMATS[ending]


def check_content(path, promised):
    """Raise unless a file begins as its format does; pickles are told wherever they hide.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    promised : {"safetensors", "skops", "onnx"}
        What its name says.
    """
    with open(path, "rb") as file:
        head = file.read(HEAD)
    found = _kind(head, path)
    if found == "pickle":
        raise ModelFileError(_pickle_message(path, "its content: pickles"))
    if found != promised:
        raise ModelFileError(
            f"{path.name!r} is no {promised} file, whatever its name says: it begins like "
            f"{found}. It may be cut off or damaged; save the model again."
        )


def _kind(head, path):
    if is_pickle(head) or head.startswith(COMPRESSED):
        return "pickle"
    if zipfile.is_zipfile(path):
        return _kind_of_zip(path)
    if int.from_bytes(head[:8], "little") < path.stat().st_size and head[8:9] == b"{":
        return "safetensors"
    return "onnx" if head[:1] == b"\x08" or path.suffix == ".onnx" else "something else"


def _kind_of_zip(path):
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS:
                raise ModelFileError(f"{path.name!r} holds {len(members)} files.")
            if any(_is_pickle_member(archive, member) for member in members):
                return "pickle"
            return "skops" if "schema.json" in archive.namelist() else "a ZIP file"
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise ModelFileError(
            f"{path.name!r} is a ZIP file that is cut off or damaged ({error})."
        ) from error


def _is_pickle_member(archive, member):
    if member.filename.lower().endswith((*PICKLE_ENDINGS, *TORCH_ENDINGS)):
        return True
    with archive.open(member) as file:
        return is_pickle(file.read(HEAD))


def is_pickle(head):
    """Return whether bytes begin as a pickle does; they are taken apart, not run."""
    if len(head) > 1 and head[0] == 0x80 and head[1] in range(2, 6):
        return True
    try:
        names = [code.name for code, _, _ in pickletools.genops(head)]
    except (ValueError, IndexError, UnicodeDecodeError, OverflowError):
        return False
    return len(names) > 2  # and a STOP is the last, or there would have been an error


def _pickle_message(path, what):
    is_torch = path.suffix.lower() not in PICKLE_ENDINGS
    out = path.with_suffix(".safetensors" if is_torch else ".skops").name
    trust = "" if is_torch else " --i-trust-this-file"
    return (
        f"{path.name!r} is not opened, because of {what} can run code when they are read. Convert "
        f"it where you know where it comes from: skal model convert {path.name} {out}{trust}"
    )
