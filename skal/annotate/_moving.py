"""The part of a project that lets labels in and out, and the whole of it."""

from pathlib import Path

from .formats import _archive, _exporting, _importing, _reading, _selection, _unarchive
from .formats._table import LabelTable
from .formats._whole import Course


class MovingMixin:
    """How labels come into a project and leave it."""

    def import_labels(
        self,
        path,
        format=None,
        *,
        existing="keep",
        new_labels="refuse",
        rename=None,
        match=None,
        annotator="me",
        key=None,
        dry_run=False,
        on_progress=None,
        cancel=None,
        **options,
    ):
        """Give images the labels that a file holds, in one step that one undo takes back.

        Parameters
        ----------
        path : path or LabelTable
            A file or a folder, as :func:`skal.annotate.formats.read_labels` reads it, or what it
            has read.
        format : {"csv", "jsonl", "imagefolder", "coco", "yolo", "voc"}, optional
            By default what its name tells.
        existing : {"keep", "replace"}, default="keep"
            What becomes of images that are answered otherwise: labeled, unsure or excluded.
        new_labels : {"refuse", "add", "skip"}, default="refuse"
            What becomes of labels that the project does not have. An undo does not remove those
            that were added.
        rename : dict of str to str, optional
            Labels of the project by those of the file.
        match : {"path", "tail", "content"}, optional
            How images are found: by their whole name below the folder of images; by the end of it,
            if only one has this end; or by the content of files that come with the labels. By
            default ``"path"``, and ``"tail"`` for YOLO and VOC, which tell no whole names.
        annotator : str, default="me"
            Who imports: whose :meth:`undo` takes it back.
        key : str, optional
            The same key twice is one import.
        dry_run : bool, default=False
            Whether only to count.
        on_progress : callable, optional
            Takes how many rows are done, and of how many.
        cancel : threading.Event, optional
            Once set, nothing is imported.
        **options
            Of the reader of the format.

        Returns
        -------
        ImportReport
            The counts of a dry run are those of the run.

        Raises
        ------
        FormatError
            If the file is not what it should be.
        ProjectError
            If it has labels that are new, or archived, and nothing was said of them.
        """
        course = Course(on_progress, cancel)
        table = path
        if not isinstance(path, LabelTable):
            table = _reading.read_labels(path, format, **options)
        how = _importing.Options(existing, new_labels, rename, match)
        context = self._store.reading() if dry_run else self._store.writing()
        with context as connection:
            plan = _importing.Plan(connection, table, self.folder, how, course)
            if not dry_run:
                plan.check()
                plan.apply(connection, annotator, key)
        return plan.report

    def export(
        self,
        path,
        format,
        *,
        split="all",
        labels=None,
        include_unlabeled=False,
        class_order=None,
        images=None,
        split_folders=False,
        neutralize=True,
        dry_run=False,
        on_progress=None,
        cancel=None,
    ):
        """Write labels into a file or a folder, which is whole or not there.

        What each format holds is told in ``docs/annotate_formats.md``.

        Parameters
        ----------
        path : path
            A file, which is replaced if it is there, or a folder, which must not be.
        format : {"csv", "jsonl", "coco", "imagefolder", "yolo"}
            The first three are files. Folders have a ``provenance.csv`` with what their format
            cannot hold.
        split : {"all", "train", "monitor", "accepted"}, default="all"
            Monitor images judge models; leave them out of what you train. ``"accepted"``: what was
            accepted from a model, which is there in ``"all"`` too.
        labels : list of str, optional
            Only images with these labels.
        include_unlabeled : bool, default=False
            Whether images without a label are told of too.
        class_order : list of str, optional
            The labels in the order in which COCO and YOLO number them; by default that of the
            project.
        images : {"copy", "hardlink", "symlink", "none"}, optional
            What becomes of the images, in a folder; by default they are copied.
        split_folders : bool, default=False
            Whether an ImageFolder has a folder for each split, with those of the classes below.
        neutralize : bool, default=True
            Whether text in tables that a spreadsheet would run gets a ``'`` before it;
            :meth:`import_labels` takes it away again.
        dry_run : bool, default=False
            Whether only to count.
        on_progress : callable, optional
            Takes how many images are done, and of how many.
        cancel : threading.Event, optional
            Once set, nothing is written.

        Returns
        -------
        ExportReport
        """
        selection = _selection.Selection(split, labels, include_unlabeled, class_order)
        how = {"images": images, "neutralize": neutralize, "split_folders": split_folders}
        course = Course(on_progress, cancel)
        return _exporting.export(self, path, format, selection, how, course, dry_run)

    def to_archive(self, path, *, models=True, images=False, on_progress=None, cancel=None):
        """Write the whole project into one ZIP file, from which :meth:`from_archive` makes it.

        Parameters
        ----------
        path : path
            The file; one that exists is replaced.
        models : bool, default=True
            Whether models come along with all that makes them work. What each has said of the
            images always does.
        images : bool, default=False
            Whether the images come along. Where they were is never told.
        on_progress : callable, optional
            Takes how many files are done, and of how many.
        cancel : threading.Event, optional
            Once set, nothing is written.

        Returns
        -------
        ArchiveReport
        """
        how = {"models": models, "images": images}
        return _archive.write_archive(self, path, **how, on_progress=on_progress, cancel=cancel)

    @classmethod
    def from_archive(
        cls, path, place, *, folder=None, limits=None, on_progress=None, cancel=None, **options
    ):
        """Make a project from an archive, and open it.

        Parameters
        ----------
        path : path
            The file. One that was changed since it was written is refused; nothing of it is run.
        place : path
            Where to keep the project: a folder that is not there yet, on a local disk.
        folder : path, optional
            Where the images are, if the archive does not bring them; else they are kept in `place`.
        limits : Limits, optional
            How much it may hold.
        on_progress : callable, optional
            Takes how many files are done, and of how many.
        cancel : threading.Event, optional
            Once set, nothing is made.
        **options
            Of :meth:`open`.

        Returns
        -------
        Project
        """
        how = {"folder": folder, "limits": limits, "on_progress": on_progress, "cancel": cancel}
        place = _unarchive.read_archive(Path(path), place, **how)
        return cls.open(place, **options)
