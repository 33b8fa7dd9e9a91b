"""``skal labels``: labels of a project into files, and from files into a project."""

from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ._errors import fail, one_line, tell
from ._options import WITH_UNDERSCORES, option

ARCHIVE = "archive"
N_SHOWN = 10  # problems that are printed
FLAGS = {
    "new_labels=": "--new-labels ",
    "folder=.": "--folder.",
    "encoding=": "--encoding ",
    "max_rows": "--max-rows",
    "class_order": "--class-order",
    "include_unlabeled": "--include-unlabeled",
    "split_folders": "--split-folders",
}

labels = typer.Typer(help="Labels of a project, out and in.", no_args_is_help=True)
ProjectPlace = Annotated[
    Path, typer.Argument(metavar="PROJECT", help="The folder of the project.", show_default=False)
]


@labels.command("export", context_settings=WITH_UNDERSCORES)
def export_labels(
    project: ProjectPlace,
    out: Annotated[Path, typer.Argument(help="The file or folder to write.", show_default=False)],
    format: Annotated[
        str, option("Files", "csv, jsonl, coco, imagefolder, yolo, or archive: all of it.")
    ] = "csv",
    images: Annotated[
        str | None,
        option("Files", "In folders copy, hardlink, symlink or none; in an archive copy or none."),
    ] = None,
    split_folders: Annotated[
        bool, option("Files", "Give each split of an ImageFolder a folder.")
    ] = False,
    neutralize: Annotated[
        bool, option("Files", "Make text in tables harmless for spreadsheets.")
    ] = True,
    split: Annotated[
        str, option("Images", "all, train, monitor (those that judge models) or accepted.")
    ] = "all",
    label: Annotated[
        list[str] | None, option("Images", "Only images with this label; may be repeated.")
    ] = None,
    include_unlabeled: Annotated[bool, option("Images", "Images without a label too.")] = False,
    class_order: Annotated[
        list[str] | None,
        option("Images", "A label; repeated, all of them in the order to number them."),
    ] = None,
    dry_run: Annotated[bool, option("Files", "Only count.")] = False,
) -> None:
    """Write the labels of a project into a file or a folder.

    It is whole or not there. What each format holds is told in
    docs/annotate_formats.md.
    """
    options = {"split": split, "labels": label, "include_unlabeled": include_unlabeled}
    options |= {"class_order": class_order, "images": images, "split_folders": split_folders}
    with _told(), _opened(project) as opened:
        if format == ARCHIVE:
            _archive(opened, out, images)
        else:
            how = options | {"neutralize": neutralize, "dry_run": dry_run}
            _print_export(opened.export(out, format, **how))


def _archive(opened, out, images):
    if images not in (None, "none", "copy"):
        raise ValueError(f"an archive holds copies of images, or none; got --images {images}.")
    report = opened.to_archive(out, images=images == "copy")
    held = f"{report.n_events} decisions, {report.n_models} models, {report.n_images} images"
    typer.echo(f"Wrote {report.path}: {held}; {report.n_bytes / 1e6:.1f} MB")


def _print_export(report):
    _print_problems(report.problems, report.n_left_out)
    for note in report.notes[:N_SHOWN]:
        tell(note)
    done = "Would write" if report.is_dry_run else "Wrote"
    of = f"{report.n_images} images, {report.n_labeled} of them labeled"
    typer.echo(f"{done} {report.path}: {of}")
    for name, n in report.by_label.items():
        typer.echo(f"{n:8}  {_shown(name)}")


@labels.command("import", context_settings=WITH_UNDERSCORES)
def import_labels(
    project: ProjectPlace,
    file: Annotated[Path, typer.Argument(help="A file or folder.", show_default=False)],
    format: Annotated[
        str | None,
        option(
            "Files",
            "csv, jsonl, imagefolder, coco, yolo, voc, or archive: makes the project.",
            show_default="what the name tells",
        ),
    ] = None,
    existing: Annotated[
        str, option("Labels", "keep or replace: what becomes of other answers.")
    ] = "keep",
    new_labels: Annotated[
        str, option("Labels", "refuse, add or skip: labels that the project lacks.")
    ] = "refuse",
    rename: Annotated[
        list[str] | None, option("Labels", "FILE=PROJECT: one label by another; repeatable.")
    ] = None,
    annotator: Annotated[str, option("Labels", "Who imports.")] = "me",
    match: Annotated[
        str | None,
        option("Images", "path, tail or content: how images are found.", show_default="path"),
    ] = None,
    folder: Annotated[
        Path | None, option("Images", "Where they are, if an archive does not bring them.")
    ] = None,
    delimiter: Annotated[str | None, option("Tables", "comma, tab, semicolon or bar.")] = None,
    encoding: Annotated[str | None, option("Tables", "If it is not UTF-8: latin-1, ...")] = None,
    path_column: Annotated[str | None, option("Tables", "The column of images.")] = None,
    label_column: Annotated[str | None, option("Tables", "The column of labels.")] = None,
    max_rows: Annotated[int | None, option("Tables", "More are an error.", min=1)] = None,
    dry_run: Annotated[bool, option("Files", "Only count.")] = False,
) -> None:
    """Give images the labels that a file holds.

    It is one step, which one undo takes back. With --dry-run nothing is
    written, and the counts are those of the run.
    """
    read = {"delimiter": _delimiter(delimiter), "encoding": encoding, "max_rows": max_rows}
    read |= {"path_column": path_column, "label_column": label_column}
    with _told():
        if format == ARCHIVE:
            _unarchive(file, project, folder, dry_run)
            return
        options = {name: value for name, value in read.items() if value is not None}
        options |= {"existing": existing, "new_labels": new_labels, "rename": _pairs(rename)}
        with _opened(project) as opened:
            how = options | {"match": match, "annotator": annotator, "dry_run": dry_run}
            _print_import(opened.import_labels(file, format, **how))


def _unarchive(file, place, folder, dry_run):
    from ..annotate import Project

    if dry_run:
        raise ValueError("an archive makes a whole project, or none; leave --dry-run out.")
    with Project.from_archive(file, place, folder=folder) as made:
        typer.echo(f"Made the project {made.name!r} in {made.place}")


def _delimiter(text):
    names = {"comma": ",", "tab": "\t", "semicolon": ";", "bar": "|"}
    return names.get(text, text)


def _pairs(texts):
    pairs = dict(text.split("=", 1) for text in texts or () if "=" in text)
    if len(pairs) < len(texts or ()):
        fail(f"--rename must be FILE=PROJECT, each label of the file once; got {texts}.")
    return pairs


COUNTS = {
    "n_labeled": "get a label",
    "n_replaced": "get another label",
    "n_same": "have this label already",
    "n_kept": "keep another answer",
    "n_repeated": "rows say again what another says",
    "n_conflicting": "rows give several labels to an image",
    "n_unlabeled": "rows have no label",
    "n_unknown_label": "rows have a label that is not taken",
    "n_missing": "rows are about no image of the project",
    "n_unusable": "rows are about an image that cannot be read",
    "n_bad": "rows cannot be read",
}


def _print_import(report):
    _print_problems(report.problems, report.n_problems)
    read_as = ", ".join(f"{name} {value!r}" for name, value in report.read_as.items())
    done = "Would read" if report.is_dry_run else "Read"
    typer.echo(f"{done} {report.n_rows} rows as {report.format} ({read_as}):")
    for name, text in COUNTS.items():
        if getattr(report, name):
            typer.echo(f"{getattr(report, name):8}  {text}")
    for what, n in report.dropped.items():
        typer.echo(f"{n:8}  {what} are left out: labels are of whole images")
    if report.new_labels:
        shown = ", ".join(map(_shown, report.new_labels))
        typer.echo(f"Labels that the project did not have: {shown}")


def _print_problems(problems, n):
    for problem in problems[:N_SHOWN]:
        tell(f"{problem.where}: {_shown(problem.message)}")
    if n > N_SHOWN:
        tell(f"and {n - N_SHOWN} more")


def _shown(text):
    """Return a text without what would move the cursor of a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


@contextmanager
def _opened(place):
    from ..annotate import Project

    with Project.open(place) as opened:
        yield opened


@contextmanager
def _told():
    """Print errors of the user's in one line."""
    try:
        yield
    except (OSError, ValueError) as error:
        fail(_shown(one_line(error, **FLAGS)))
