"""Labels from files of every format that is known."""

from pathlib import Path

from ...exceptions import FormatError
from ._coco import read_coco
from ._csv import read_csv
from ._image_folder import read_image_folder
from ._jsonl import read_jsonl
from ._voc import read_voc
from ._yolo import NAMES_FILES, read_yolo

READERS = {
    "csv": read_csv,
    "jsonl": read_jsonl,
    "imagefolder": read_image_folder,
    "coco": read_coco,
    "yolo": read_yolo,
    "voc": read_voc,
}
IMPORT_FORMATS = tuple(READERS)
BY_SUFFIX = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".json": "coco",
    ".xml": "voc",
}


def read_labels(path, format=None, **options):
    """Return what a file, or a folder of files, says of images.

    Parameters
    ----------
    path : path
        The file or folder. It is only read.
    format : {"csv", "jsonl", "imagefolder", "coco", "yolo", "voc"}, optional
        By default what its name, or what is in the folder, tells; the table says what that is.
    **options
        Of a format: `delimiter`, `encoding`, `has_header`, `path_column`, `label_column` and
        `max_rows` of tables, `has_split_folders` of an ImageFolder, `names` of YOLO.

    Returns
    -------
    LabelTable

    Raises
    ------
    FormatError
        If it is not of the format.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skal.annotate.formats import read_labels
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "labels.csv")
    ...     _ = path.write_text("path;label\\na.png;cat\\nb.png;\\n")
    ...     table = read_labels(path)
    >>> [(row.where, row.path, row.label) for row in table.rows]
    [('line 2', 'a.png', 'cat'), ('line 3', 'b.png', None)]
    """
    path = Path(path)
    format = format or guess_format(path)
    if format not in READERS:
        raise ValueError(f"format must be one of {IMPORT_FORMATS}; got {format!r}.")
    return READERS[format](path, **options)


def guess_format(path):
    """Return the format that the name of a file, or what is in a folder, tells."""
    if not path.is_dir():
        suffix = path.suffix.lower()
        if suffix not in BY_SUFFIX:
            raise FormatError(
                f"the name of {str(path)!r} does not tell its format. Say which it is: one of "
                f"{IMPORT_FORMATS}."
            )
        return BY_SUFFIX[suffix]
    marks = (*NAMES_FILES, "classes.txt", "labels")
    if any((path / name).exists() for name in marks):
        return "yolo"
    folders = [path, path / "Annotations"]
    has_xml = any(next(folder.glob("*.xml"), None) for folder in folders if folder.is_dir())
    return "voc" if has_xml else "imagefolder"
