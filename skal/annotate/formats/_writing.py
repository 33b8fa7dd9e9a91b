"""Files of an export: each takes records one by one, and holds none of them."""

import csv
import io
import json
from contextlib import contextmanager

from ._columns import COLUMNS, ESCAPED, EXPORTED_AS
from ._rows import neutral

TEXTS = ("path", "label", "annotator", "note")  # that somebody else has written


class TableFile:
    """A CSV file in UTF-8.

    Parameters
    ----------
    file : binary file
        It is written to.
    neutralize : bool
        Whether text that a spreadsheet would run gets a quote before it; the last column tells in
        which rows.
    is_sidecar : bool
        Whether a column tells which file an image has become.
    """

    def __init__(self, file, neutralize, is_sidecar=False):
        self._text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
        self._neutralize = neutralize
        self._columns = (*COLUMNS, *([EXPORTED_AS] if is_sidecar else []))
        self._plain = csv.writer(self._text, lineterminator="\n")
        self._quoted = csv.writer(self._text, lineterminator="\n", quoting=csv.QUOTE_ALL)
        self._plain.writerow([*self._columns, ESCAPED])

    def add(self, record, exported_as=None):
        """Write a record."""
        values, escaped = record.values, ""
        texts = {name: values[name] for name in TEXTS} | {EXPORTED_AS: exported_as}
        if self._neutralize:
            harmless = {name: text and neutral(text) for name, text in texts.items()}
            escaped, texts = "" if harmless == texts else "yes", harmless
        shown = values["shown_prediction"]
        if shown is not None:
            texts["shown_prediction"] = json.dumps(shown, ensure_ascii=False)
        cells = values | texts
        # csv leaves a carriage return without quotes, by which readers end a line
        has_return = any("\r" in text for text in texts.values() if text)
        writer = self._quoted if has_return else self._plain
        writer.writerow([*[cells[name] for name in self._columns], escaped])

    def end(self):
        """Let the file go, with all that was written."""
        self._text.detach()


class LinesFile:
    """A file of JSON objects, one a line, in UTF-8."""

    def __init__(self, file):
        self._file = file

    def add(self, record):
        """Write a record."""
        self._file.write(f"{json.dumps(record.values, ensure_ascii=False)}\n".encode())

    def end(self):
        """Do nothing: each line is whole."""


class CocoFile:
    """A COCO file, whose labels are annotations with a box as large as the image.

    What COCO has no names for stands below ``skal`` of each image, which its readers ignore.

    Parameters
    ----------
    file : binary file
        It is written to.
    classes : list of LabelClass
        The categories, in their order.
    """

    def __init__(self, file, classes):
        self._file = file
        categories = [{"id": c.id, "name": c.name, "supercategory": ""} for c in classes]
        info = {"description": "Labels of whole images, written by skal"}
        self._write(f'{{"info": {json.dumps(info)}, "licenses": [],\n')
        self._write(f'"categories": {json.dumps(categories, ensure_ascii=False)}')

    def _write(self, text):
        self._file.write(text.encode())

    @contextmanager
    def array(self, name):
        """Give a function that writes the members of an array."""
        self._write(f',\n"{name}": [')
        start = ["\n"]

        def add(value):
            self._write(f"{start[0]}{json.dumps(value, ensure_ascii=False)}")
            start[0] = ",\n"

        yield add
        self._write("\n]")

    def end(self):
        """Close the object."""
        self._write("}\n")


def as_coco_image(record):
    """Return the image of a record."""
    width, height = record.size
    kept = {name: value for name, value in record.values.items() if name != "path"}
    image = {"id": record.item_id, "file_name": record.values["path"]}
    return image | {"width": width, "height": height, "skal": kept}


def as_coco_annotation(record):
    """Return the annotation of a record that has a label."""
    annotation = {"id": record.item_id, "image_id": record.item_id, "iscrowd": 0}
    annotation["category_id"] = record.values["label_id"]
    width, height = record.size
    if width is None or height is None:
        return annotation
    return annotation | {"bbox": [0, 0, width, height], "area": width * height}
