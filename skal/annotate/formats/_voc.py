"""Labels from Pascal VOC: the name that all objects of an image share."""

from collections import Counter
from pathlib import Path
from xml.etree.ElementTree import ParseError

from ...exceptions import FormatError
from .._images import SUFFIXES
from ._coco import BOXES, only
from ._table import LabelRow, LabelTable, find_path_fault
from ._trees import LEAVES, walk_files

MAX_BYTES = 10_000_000  # of a file


def read_voc(path):
    """Return the labels of images in Pascal VOC files.

    Parameters
    ----------
    path : path
        An XML file, or a folder of such files and others.

    Returns
    -------
    LabelTable
        An image has the name that all its objects share; `dropped` counts images with several
        names, and boxes smaller than the image. Files that are no VOC files are problems; those
        with a document type or entities are not read.
    """
    path = Path(path)
    if path.is_dir():
        files = list(walk_files(path, (".xml",)))
    elif path.is_file():
        files = [(path.name, path)]
    else:
        raise FormatError(f"there is no file or folder {str(path)!r}.")
    if not files:
        raise FormatError(f"{str(path)!r} holds no XML file.")
    table = LabelTable("voc")
    for where, file in files:
        _take(table, where, file)
    return table.name_labels()


def _take(table, where, file):
    try:
        if file is None:
            raise FormatError(LEAVES)
        root = _parsed(file)
    except FormatError as error:
        table.add_problem(where, str(error))
        return
    name = (root.findtext("filename") or "").strip()
    fault = find_path_fault(name) if name else "it has no filename"
    if fault is not None:
        table.add_problem(where, fault)
        return
    labels, lost = _objects(root)
    table.dropped += lost
    has_suffix = name.lower().endswith(SUFFIXES)
    table.add_row(LabelRow(where, name, only(labels, table.dropped), has_suffix=has_suffix))


def _parsed(file):
    """Return the root of a VOC file; what expands or leads elsewhere is refused."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import parse

    if file.stat().st_size > MAX_BYTES:
        raise FormatError(f"it has more than {MAX_BYTES:,} bytes")
    try:
        root = parse(file, forbid_dtd=True).getroot()
    except DefusedXmlException as error:
        raise FormatError(
            f"it has a document type or entities, which are not read ({type(error).__name__})"
        ) from error
    except (ParseError, ValueError, LookupError) as error:  # of the syntax, or of the encoding
        raise FormatError(f"it is no XML: {error}") from error
    if root.tag != "annotation":
        raise FormatError(f"its root is {root.tag!r}, not 'annotation'")
    return root


def _objects(root):
    """Return the names of all objects, and what they hold beside."""
    size = [_number(root.findtext(f"size/{side}")) for side in ("width", "height")]
    names, lost = {}, Counter()
    for found in root.iterfind("object"):
        name = (found.findtext("name") or "").strip()
        if name:
            names[name] = None
        lost[BOXES] += found.find("bndbox") is not None and not _is_whole(found, size)
    return names, lost


def _is_whole(found, size):
    low = [_number(found.findtext(f"bndbox/{side}")) for side in ("xmin", "ymin")]
    high = [_number(found.findtext(f"bndbox/{side}")) for side in ("xmax", "ymax")]
    if None in (*low, *high, *size):
        return False
    return max(low) <= 1 and high[0] >= size[0] and high[1] >= size[1]


def _number(text):
    try:
        return float(text) if text else None
    except ValueError:
        return None
