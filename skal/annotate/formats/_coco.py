"""Labels from COCO: the category of an image, where all that it holds is of one."""

import json
import math
from collections import Counter, defaultdict
from pathlib import Path

from ...exceptions import FormatError
from ._table import LabelRow, LabelTable, find_path_fault, is_text
from ._text import read_text

MAX_BYTES = 500_000_000
SEVERAL = "images with several labels"
BOXES = "boxes"


def read_coco(path, *, encoding=None):
    """Return the labels of images in a COCO file.

    Parameters
    ----------
    path : path
        A JSON file with ``images``, ``annotations`` and ``categories``.
    encoding : str, optional
        If it is not UTF-8.

    Returns
    -------
    LabelTable
        An image has the category that all its annotations share; `dropped` counts images with
        several, boxes smaller than the image, outlines, key points and captions.
    """
    path = Path(path)
    if not path.is_file():
        raise FormatError(f"there is no file {str(path)!r}. Give the name of a COCO file.")
    content = _parsed(path, encoding)
    table = LabelTable("coco")
    categories = _categories(content, path)
    table.names = list(dict.fromkeys(categories.values()))
    images = _images(content, path, table)
    labels = _labels(content, path, table, categories, images)
    for image_id, (where, name, _) in images.items():
        table.add_row(LabelRow(where, name, only(labels[image_id], table.dropped)))
    return table


def only(labels, dropped):
    """Return the label of an image if it has one; several are counted as dropped."""
    if len(labels) > 1:
        dropped[SEVERAL] += 1
    return next(iter(labels)) if len(labels) == 1 else None


def _parsed(path, encoding):
    text = read_text(path, MAX_BYTES, encoding)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{str(path)!r} is no JSON: {error}.") from error
    if not isinstance(content, dict) or "images" not in content:
        raise FormatError(f"{str(path)!r} is no COCO file: it has no 'images'.")
    return content


def _objects(content, name, path):
    """Return a list of objects of a file, or raise."""
    found = content.get(name, [])
    if not isinstance(found, list):
        raise FormatError(
            f"{name!r} of {str(path)!r} must be a list; it is {type(found).__name__}."
        )
    return found


def _categories(content, path):
    categories = {}
    for found in _objects(content, "categories", path):
        name = found.get("name") if isinstance(found, dict) else None
        number = found.get("id") if isinstance(found, dict) else None
        is_named = isinstance(name, str) and name.strip() and is_text(name)
        if not is_named or not _is_id(number):
            raise FormatError(
                f"a category of {str(path)!r} must have an id and a name; got {str(found)[:200]}."
            )
        if number in categories:
            raise FormatError(f"{str(path)!r} has two categories of id {number}. Rename one.")
        categories[number] = name
    return categories


def _is_id(value):
    return isinstance(value, int | str) and not isinstance(value, bool)


def _images(content, path, table):
    """Return where each image stands, its name and its size, by its id."""
    images = {}
    for i, found in enumerate(_objects(content, "images", path)):
        where = f"images[{i}]"
        name = found.get("file_name") if isinstance(found, dict) else None
        number = found.get("id") if isinstance(found, dict) else None
        if not isinstance(name, str) or not name or not _is_id(number):
            table.add_problem(where, "it must have an id and a file_name")
        elif number in images:
            table.add_problem(where, f"another image has the id {number!r}")
        elif (fault := find_path_fault(name)) is not None:
            table.add_problem(where, fault)
        else:
            images[number] = where, name, (found.get("width"), found.get("height"))
    return images


def _labels(content, path, table, categories, images):
    labels = defaultdict(set)
    for i, found in enumerate(_objects(content, "annotations", path)):
        fault = _annotation_fault(found, categories, images)
        if fault is not None:
            table.add_problem(f"annotations[{i}]", fault)
        elif "category_id" in found:
            labels[found["image_id"]].add(categories[found["category_id"]])
            table.dropped += _lost(found, images[found["image_id"]][2])
        else:
            table.dropped["captions"] += "caption" in found
    return labels


def _annotation_fault(found, categories, images):
    if not isinstance(found, dict) or not _is_id(found.get("image_id")):
        return "it must have an image_id"
    if found["image_id"] not in images:
        return f"there is no image of id {found['image_id']!r}"
    category = found.get("category_id")
    if "category_id" in found and (not _is_id(category) or category not in categories):
        return f"there is no category of id {category!r}"
    return None


def _lost(found, size):
    """Count what an annotation holds beside its category."""
    box = found.get("bbox")
    is_whole = isinstance(box, list) and len(box) == 4 and _is_whole(box, size)
    lost = Counter({BOXES: int(bool(box) and not is_whole)})
    lost["outlines"] += bool(found.get("segmentation"))
    lost["key points"] += bool(found.get("keypoints"))
    return lost


def _is_whole(box, size):
    numbers = [*box, *size]
    if not all(isinstance(x, int | float) and math.isfinite(x) for x in numbers):
        return False
    return box[0] <= 0 and box[1] <= 0 and box[2] >= size[0] and box[3] >= size[1]
