"""Labels from folders: each class has a folder of its own, perhaps below one for each split."""

from pathlib import Path

from ._provenance import SIDECAR, read_provenance
from ._table import LabelRow, LabelTable
from ._trees import check_folder, has_splits, walk_images


def read_image_folder(folder, *, has_split_folders=None):
    """Return the labels of images by the folders that they are in.

    Parameters
    ----------
    folder : path
        ``folder/cat/1.png``, or ``folder/train/cat/1.png``.
    has_split_folders : bool, optional
        Whether the first folders are splits; by default whether all are named so (train, val,
        valid, validation, test, monitor, accepted).

    Returns
    -------
    LabelTable
        Where skal has written the folder, with the paths and labels of its sidecar: a file that
        was moved into the folder of another class since has that label.
    """
    folder = Path(folder)
    check_folder(folder, "an ImageFolder")
    found = list(walk_images(folder))
    if has_split_folders is None:
        has_split_folders = has_splits({relpath.split("/")[0] for relpath, _ in found})
    known = read_provenance(folder)
    table = LabelTable("imagefolder", read_as={"has_split_folders": has_split_folders})
    table.read_as[SIDECAR] = bool(known)
    for relpath, path in found:
        table.add_row(_row(relpath, path, 1 if has_split_folders else 0, known))
    table.names = _labels_of(known)
    return table.name_labels()


def _row(relpath, path, depth, known):
    told = known.get(relpath)
    if told is not None:
        return LabelRow(relpath, told["path"], told["label"] or None, path)
    parts = relpath.split("/")
    label = parts[depth] if len(parts) > depth + 1 else None
    if label is not None:
        label = _label_of_folder("/".join(parts[: depth + 1]), known) or label
    return LabelRow(relpath, relpath, label, path)


def _label_of_folder(folder, known):
    """Return the label that stands for a folder, whose name may differ from it."""
    rows = (row for name, row in known.items() if name.startswith(f"{folder}/"))
    return next((row["label"] for row in rows), None)


def _labels_of(known):
    pairs = {(int(row["label_id"]), row["label"]) for row in known.values() if row["label_id"]}
    return [label for _, label in sorted(pairs)]
