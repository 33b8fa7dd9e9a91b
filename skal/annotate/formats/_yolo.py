"""Labels from YOLO: folders of classes, or text files with the number of a class in each line."""

import math
from collections import Counter
from pathlib import Path

from ...exceptions import FormatError
from ._coco import BOXES, only
from ._image_folder import read_image_folder
from ._provenance import read_provenance
from ._table import LabelRow, LabelTable, find_path_fault
from ._text import read_text
from ._trees import LEAVES, check_folder, walk_files, walk_images, without_suffix

MAX_BYTES, MAX_YAML_BYTES = 10_000_000, 500_000  # of a text file; YAML is slow to read
MAX_DEPTH = 50  # of lists in lists: the time that reading takes grows with its square
NAMES_FILES = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
LIST_FILES = ("classes.txt", "labels.txt", "train.txt", "val.txt", "test.txt", "readme.txt")
WHOLE = (0.5, 0.5, 1.0, 1.0)


def read_yolo(folder, *, names=None):
    """Return the labels of images in a YOLO data set.

    Parameters
    ----------
    folder : path
        With ``labels/*.txt`` or text files beside images; or with a folder for each class, perhaps
        below ``train`` and ``val``.
    names : list of str, optional
        The classes in the order of their numbers; by default from ``data.yaml`` or
        ``classes.txt``.

    Returns
    -------
    LabelTable
        An image has the class that all its lines share; `dropped` counts images with several, and
        boxes smaller than the image. An empty text file is an image without a label.
    """
    folder = Path(folder)
    check_folder(folder, "a YOLO data set")
    labels = folder / "labels"
    files = list(walk_files(labels if labels.is_dir() else folder, (".txt",)))
    files = [pair for pair in files if pair[0].rsplit("/")[-1].lower() not in LIST_FILES]
    if not files:
        table = read_image_folder(folder)
        table.format, table.names = "yolo", list(names or _find_names(folder) or table.names)
        return table.name_labels()
    names = names or _find_names(folder)
    if names is None:
        raise FormatError(
            f"{str(folder)!r} has neither data.yaml nor classes.txt, which name the classes. Pass "
            f"names, in the order of their numbers."
        )
    return _read_files(folder, files, labels.is_dir(), list(names))


def _read_files(folder, files, has_labels_folder, names):
    table = LabelTable("yolo", names=list(names))
    known = {without_suffix(name): row for name, row in read_provenance(folder).items()}
    images = {without_suffix(name): (name, path) for name, path in walk_images(folder)}
    for name, path in files:
        where = f"labels/{name}" if has_labels_folder else name
        labels = _labels(table, where, path, names)
        stem = name[: -len(".txt")]
        found = _Image(stem, f"images/{stem}" if has_labels_folder else stem, known, images)
        fault = find_path_fault(found.name)
        if fault is not None:
            table.add_problem(where, fault)
        elif labels is not None:
            label = only(labels, table.dropped)
            table.add_row(LabelRow(where, found.name, label, found.file, found.has_suffix))
    return table.name_labels()


class _Image:
    """The image that a text file is about, as far as it shows."""

    def __init__(self, stem, place, known, images):
        self.name, self.file, self.has_suffix = stem, None, False
        if place in images:
            self.name, self.file = images[place]
            self.has_suffix = True
        if place in known:
            self.name, self.has_suffix = known[place]["path"], True


def _labels(table, where, path, names):
    """Return the classes in a text file, or None if it cannot be used."""
    try:
        if path is None:
            raise FormatError(LEAVES)
        text = read_text(path, MAX_BYTES)
    except FormatError as error:
        table.add_problem(where, str(error))
        return None
    labels, lost = {}, Counter()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        values = _numbers(line)
        if values is None or not 0 <= values[0] < len(names):
            table.add_problem(f"{where} line {number}", _expected(names))
            return None
        labels[names[int(values[0])]] = None
        lost[BOXES] += len(values) > 1 and tuple(values[1:5]) != WHOLE
    table.dropped += lost
    return labels


def _expected(names):
    return f"it must begin with the number of a class, 0 to {len(names) - 1}, and numbers follow"


def _numbers(line):
    try:
        values = [float(word) for word in line.split()]
    except ValueError:
        return None
    is_class = values[0].is_integer()
    return values if is_class and all(map(math.isfinite, values)) else None


def _find_names(folder):
    """Return the classes that a data set declares, or None."""
    for name in NAMES_FILES:
        if (folder / name).is_file():
            return _names_of_yaml(folder / name)
    for path in (folder / "classes.txt", folder / "labels" / "classes.txt"):
        if path.is_file():
            lines = read_text(path, MAX_BYTES).splitlines()
            return _checked([line.strip() for line in lines if line.strip()], path)
    return None


def _names_of_yaml(path):
    names = _parsed(path).get("names")
    if isinstance(names, dict) and set(names) == set(range(len(names))):
        names = [names[number] for number in range(len(names))]
    if not isinstance(names, list):
        raise FormatError(
            f"{str(path)!r} must have 'names': a list, or numbers from 0 with a name each."
        )
    return _checked(names, path)


def _parsed(path):
    """Return what a YAML file holds; aliases, which a few lines make endless, are refused."""
    import yaml

    text = read_text(path, MAX_YAML_BYTES)
    if _depth(text) > MAX_DEPTH:
        raise FormatError(f"{str(path)!r} has lists within lists, {MAX_DEPTH} deep and more.")
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise FormatError(f"{str(path)!r} has aliases (*name), which are not read.")
        content = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise FormatError(f"{str(path)!r} is no YAML: {str(error)[:300]}") from error
    if not isinstance(content, dict):
        raise FormatError(f"{str(path)!r} must hold names and values, such as 'names'.")
    return content


def _depth(text):
    """Return how many brackets are open at once, those in quotes too."""
    depth = most = 0
    for character in text:
        depth += (character in "[{") - (character in "]}")
        most = max(most, depth)
    return most


def _checked(names, path):
    bad = [name for name in names if not isinstance(name, str | int) or not str(name).strip()]
    names = [str(name) for name in names if not isinstance(name, list | dict)]
    if bad or len(set(names)) < len(names) or not names:
        raise FormatError(f"{str(path)!r} must name each class once, and at least one.")
    return names
