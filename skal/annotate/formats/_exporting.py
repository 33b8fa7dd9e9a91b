"""Labels of a project as files of every format: whole or not there, never all in memory."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from .._listing import is_inside
from ._gather import PLACERS
from ._names import folded, safe_name
from ._provenance import SIDECAR
from ._table import MAX_PROBLEMS, Problem
from ._trees import SPLIT_NAMES, without_suffix
from ._whole import appearing_file, appearing_folder, check_free_name, check_room
from ._writing import CocoFile, LinesFile, TableFile, as_coco_annotation, as_coco_image

FILES, FOLDERS = ("csv", "jsonl", "coco"), ("imagefolder", "yolo")
EXPORT_FORMATS = (*FILES, *FOLDERS)
IMAGES = (*PLACERS, "none")
CLASSES, DATA = "classes.txt", "data.yaml"
YOLO_SPLITS = {"train": "train", "monitor": "val", "accepted": "accepted"}
WHOLE_IMAGE = "0.5 0.5 1 1"  # center and size of the box, as shares of the image


@dataclass
class ExportReport:
    """What an export holds, or would hold.

    Attributes
    ----------
    path : pathlib.Path
        The file or folder.
    format : str
        Its format.
    is_dry_run : bool
        Whether nothing was written.
    n_images : int
        Images that it tells of: labeled and unlabeled ones.
    n_labeled, n_unlabeled : int
        With and without a label.
    by_label : dict of str to int
        How many images have each label, in the order of the export.
    by_split : dict of str to int
        How many images train models, judge them, or have a label that was accepted from one.
    n_files : int
        Images that were copied or linked.
    problems : list of Problem
        Images that could not be; the first 1000. They are told of in ``provenance.csv``.
    n_left_out : int
        How many there are in all.
    notes : list of str
        What was written in another way because the format or a file system asks for it.
    """

    path: Path
    format: str
    is_dry_run: bool
    n_images: int = 0
    n_labeled: int = 0
    n_unlabeled: int = 0
    by_label: dict[str, int] = field(default_factory=dict)
    by_split: dict[str, int] = field(default_factory=dict)
    n_files: int = 0
    problems: list[Problem] = field(default_factory=list)
    n_left_out: int = 0
    notes: list[str] = field(default_factory=list)

    def leave_out(self, name, reason):
        """Count an image that could not be copied or linked."""
        self.n_left_out += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(name, reason))


class Export:
    """An export that is asked for.

    Parameters
    ----------
    connection : Connection
        Of the database: it sees one state throughout.
    root : pathlib.Path
        The folder of the images.
    path : path
        Where to write.
    format : str
        One of `EXPORT_FORMATS`.
    selection : Selection
        Which images.
    images : {"copy", "hardlink", "symlink", "none"} or None
        What becomes of the images themselves.
    neutralize : bool
        Whether tables are made harmless for spreadsheets.
    split_folders : bool
        Whether an ImageFolder has a folder for each split.
    """

    def __init__(
        self, connection, root, path, format, selection, images, neutralize, split_folders
    ):
        _check(format, images, split_folders)
        selection.check()
        self._connection, self._root, self._selection = connection, root, selection
        self._images = images or ("copy" if format in FOLDERS else "none")
        self._neutralize, self._split_folders = neutralize, split_folders
        self._classes = selection.classes(connection)
        self.report = ExportReport(Path(os.path.abspath(path)), format, True)
        self._count()

    def _count(self):
        report, counts = self.report, self._selection.count(self._connection)
        report.n_images, report.n_labeled = counts.n, counts.n_labeled
        report.n_unlabeled = counts.n - counts.n_labeled
        report.by_label = {c.name: counts.by_label[c.name] for c in self._classes}
        report.by_split = {split: counts.by_split[split] for split in YOLO_SPLITS}
        self._n_bytes = counts.n_bytes if self._images == "copy" else 0

    def run(self, course):
        """Write it."""
        report = self.report
        report.is_dry_run = False
        write = {
            "csv": self._to_table,
            "jsonl": self._to_lines,
            "coco": self._to_coco,
            "imagefolder": self._to_image_folder,
            "yolo": self._to_yolo,
        }
        self._course = course.begin(report.n_images)
        if report.format in FILES:
            with appearing_file(report.path) as file:
                write[report.format](file)
            return report
        check_free_name(report.path)
        if report.path.parent.is_dir():
            check_room(report.path.parent, self._n_bytes)
        with appearing_folder(report.path) as folder:
            write[report.format](folder)
        return report

    def _records(self):
        for record in self._selection.rows(self._connection):
            yield record
            self._course.step()

    def _to_table(self, file):
        table = TableFile(file, self._neutralize)
        for record in self._records():
            table.add(record)
        table.end()

    def _to_lines(self, file):
        lines = LinesFile(file)
        for record in self._records():
            lines.add(record)
        lines.end()

    def _to_coco(self, file):
        coco = CocoFile(file, self._classes)
        with coco.array("images") as add:
            for record in self._records():
                add(as_coco_image(record))
        with coco.array("annotations") as add:
            for record in self._selection.rows(self._connection):
                if record.values["answer"] == "label":
                    add(as_coco_annotation(record))
                self._course.step(0)
        coco.end()

    def _to_image_folder(self, folder):
        names = self._class_folders()
        with open(folder / SIDECAR, "xb") as file:
            table = TableFile(file, self._neutralize, is_sidecar=True)
            for record in self._records():
                table.add(record, self._put_in_class(folder, names, record))
            table.end()
        self._write_classes(folder)

    def _put_in_class(self, folder, names, record):
        """Put an image into the folder of its label; return its new name, or None."""
        values = record.values
        if values["answer"] != "label":
            return None
        above = f"{values['split']}/" if self._split_folders else ""
        name = f"{above}{names[values['label']]}/{values['path']}"
        return name if self._place(values["path"], folder / name) else None

    def _class_folders(self):
        """Return the name of a folder for each label, as near to it as any system allows."""
        taken = {folded(name) for name in (SIDECAR, CLASSES, *SPLIT_NAMES)}
        names = {found.name: safe_name(found.name, taken) for found in self._classes}
        for label, name in names.items():
            if label != name:
                self.report.notes.append(f"the folder of the label {label!r} is called {name!r}")
        return names

    def _to_yolo(self, folder):
        numbers = {found.name: i for i, found in enumerate(self._classes)}
        for split in YOLO_SPLITS.values():
            for kind in ("images", "labels"):
                (folder / kind / split).mkdir(parents=True)
        taken = set()
        with open(folder / SIDECAR, "xb") as file:
            table = TableFile(file, self._neutralize, is_sidecar=True)
            for record in self._records():
                table.add(record, self._put_in_split(folder, numbers, taken, record))
            table.end()
        self._write_classes(folder)
        self._write_data(folder)

    def _put_in_split(self, folder, numbers, taken, record):
        """Write the label of an image, and the image itself; return its new name."""
        values = record.values
        split, path = YOLO_SPLITS[values["split"]], values["path"]
        stem = self._free_stem(f"{split}/{without_suffix(path)}", path, taken)
        name = f"images/{stem}{path[len(without_suffix(path)) :]}"
        if self._images != "none" and not self._place(path, folder / name):
            return None
        if values["answer"] == "label":
            target = folder / "labels" / f"{stem}.txt"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(f"{numbers[values['label']]} {WHOLE_IMAGE}\n")
        return name

    def _free_stem(self, stem, path, taken):
        """Return a name for the text of an image: a.png and a.jpg would have the same."""
        names = (stem if i == 1 else f"{stem}~{i}" for i in range(1, len(taken) + 2))
        free = next(name for name in names if folded(name) not in taken)
        taken.add(folded(free))
        if free != stem:
            self.report.notes.append(f"{path!r} is called {free!r}: another image has its name")
        return free

    def _place(self, relpath, target):
        """Copy or link an image, and say whether it could be."""
        source = self._root / relpath
        if not is_inside(source, self._root):
            self.report.leave_out(relpath, "it is a link that leaves the folder of images")
            return False
        if not source.is_file():
            self.report.leave_out(relpath, "the file is gone")
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        PLACERS[self._images](source, target)
        self.report.n_files += 1
        return True

    def _write_classes(self, folder):
        names = [found.name for found in self._classes]
        lines = [" ".join(name.splitlines()) if name else name for name in names]
        for name, line in zip(names, lines, strict=True):
            if name != line:
                self.report.notes.append(f"{CLASSES} has the label {name!r} without line breaks")
        (folder / CLASSES).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def _write_data(self, folder):
        import yaml

        content = {"train": "images/train", "val": "images/val", "nc": len(self._classes)}
        content["names"] = [found.name for found in self._classes]
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        if yaml.safe_load(text) != content:  # it writes some line breaks as they are
            text = yaml.safe_dump(content, sort_keys=False)
        (folder / DATA).write_text(text, encoding="utf-8")


def _check(format, images, split_folders):
    if format not in EXPORT_FORMATS:
        raise ValueError(f"format must be one of {EXPORT_FORMATS}; got {format!r}.")
    if images not in (None, *IMAGES):
        raise ValueError(f"images must be one of {IMAGES}; got {images!r}.")
    if format in FILES and images not in (None, "none"):
        raise ValueError(f"the format {format!r} is one file without images; leave images out.")
    if format == "imagefolder" and images == "none":
        raise ValueError("an ImageFolder is made of images: pass images='copy' or a kind of link.")
    if split_folders and format != "imagefolder":
        raise ValueError(f"split_folders is for an ImageFolder only; the format is {format!r}.")


def export(project, path, format, selection, how, course, is_dry_run):
    """Write the labels of a project, or only count them."""
    with project._store.reading() as connection:
        made = Export(connection, project.folder, path, format, selection, **how)
        return made.report if is_dry_run else made.run(course)
