"""A project: a folder of images, their labels, the models that learn from them, and the queue."""

import os
import threading
import time
from numbers import Integral
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from .._files import make_folder, remove_unfinished
from ..exceptions import ProjectError
from . import _classes, _decisions, _export, _features, _items, _scan, _schema, _training
from ._asking import AskingMixin
from ._learning import LearningMixin
from ._model_files import ModelFilesMixin
from ._models import make_model
from ._schema import DECISIONS
from ._store import FILE, Store
from ._strategies import make_strategy

__all__ = ["Project"]

SPLITS = ("all", "train", "monitor")


class Project(ModelFilesMixin, AskingMixin, LearningMixin):
    """Images of a folder that people label, and a model that learns from the labels.

    Make one by :meth:`create`, open it again by :meth:`open`. Every decision is on disk when the
    call that makes it returns. The files of images are never written. A project is open once at a
    time; close it, or use it in a ``with`` block.

    Attributes
    ----------
    name : str
        What people call it.
    folder : pathlib.Path
        The folder of the images.
    place : pathlib.Path
        The folder of the project itself.
    random_state : int
        What seeds the queue and the permutation of monitor images.
    strategy : QueryStrategy
        What chooses.
    estimator : classifier
        What learns, unfitted.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from PIL import Image
    >>> from skal.annotate import Project
    >>> scratch = tempfile.TemporaryDirectory()
    >>> images = Path(scratch.name) / "images"
    >>> images.mkdir()
    >>> for i in range(4):
    ...     Image.fromarray(np.full((8, 8), 60 * i, np.uint8)).save(images / f"{i}.png")
    >>> with Project.create(images, ["dark", "bright"]) as project:
    ...     first, *others = project.items()
    ...     decision = project.decide(first.id, "label", "dark")
    ...     X, y = project.labels()
    >>> y
    array(['dark'], dtype=object)
    >>> scratch.cleanup()
    """

    def __init__(self, store, strategy, estimator):
        self._store = store
        self.strategy, self.estimator = strategy, estimator
        self._planning, self._starting = threading.Lock(), threading.Lock()
        self._embedded = self._predicted = self._job = None
        self.place = store.path.parent
        with store.reading() as connection:
            row = connection.execute(sa.select(_schema.project)).first()
        if row is None:
            raise ProjectError(
                f"the making of the project in {str(self.place)!r} was interrupted. It holds "
                f"nothing yet: delete this folder and make the project again."
            )
        self.name, self.folder, self.random_state = row.name, Path(row.root), row.seed
        self._monitor_share = row.settings["monitor_share"]
        self._image_size = row.settings["image_size"]
        remove_unfinished(self.place)
        _training.clean_up(store, self.place)

    # Opening and closing --------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        folder,
        labels,
        place=None,
        *,
        name=None,
        strategy="margin",
        model="logistic",
        image_size=64,
        monitor_share=0.1,
        embed=True,
        random_state=0,
    ):
        """Make a project of the images in a folder and those below it.

        Parameters
        ----------
        folder : path
            PNG, JPEG, WebP, TIFF and BMP files of at most 120 million pixels are images. Nothing
            is written there.
        labels : list of str
            The names of the labels: any text. More can be added later.
        place : path, optional
            Where to keep the project: a folder that is made, on a local disk. By default beside
            `folder`, with ``.skal`` after its name.
        name : str, optional
            What people call it; by default the name of `folder`.
        strategy : str or QueryStrategy, default="margin"
            What chooses images once there is a model: ``"least_confidence"``, ``"margin"``,
            ``"entropy"``, ``"diversity"``, ``"hybrid"`` (70 % margin, 30 % diversity),
            ``"random"``, or a strategy of :mod:`skal.query` that reads probabilities or
            embeddings. Before, typical images are asked for, by ``TypiClust``.
        model : str, dict or classifier, default="logistic"
            What learns: ``"logistic"``, a logistic regression on embeddings; ``"cnn"`` or
            ``"resnet18"``, nets on the images themselves; any other name of
            :meth:`model_choices`, or a dict with such a name and settings; or any classifier with
            ``predict_proba``, of which nets of skal see images and others embeddings.
        image_size : int, default=64
            The side in pixels of the squares that nets see.
        monitor_share : float, default=0.1
            The share of images, at most 0.5, that the strategy never sees: they are asked for at
            random and blind, and judge models instead of training them. Pools of less than 300
            reserve 30 images, if that is at most a quarter of them. With 0 there is no estimate.
        embed : bool, default=True
            Whether to look at all images now; else call :meth:`embed` later.
        random_state : int, default=0
            With the same images, answers and seed, the queue is the same.

        Returns
        -------
        Project

        Raises
        ------
        ProjectError
            If `place` holds a project or anything else already, or is on a network file system.
        """
        folder, names = _existing_folder(folder), _classes.check_names(labels)
        _check_settings(monitor_share, image_size, random_state)
        used = make_strategy(strategy), make_model(model)
        place = Path(os.path.abspath(place or f"{folder}.skal"))
        _make_place(place)
        store = Store(place, is_new=True)
        row = {"id": 1, "name": name or folder.name, "root": str(folder), "seed": int(random_state)}
        settings = {"monitor_share": monitor_share, "image_size": image_size}
        settings |= {"strategy": _name_or_none(strategy), "model": _name_or_none(model)}
        row |= {"settings": settings, "created": time.time()}
        with store.writing() as connection:
            connection.execute(sa.insert(_schema.project).values(row))
            for label in names:
                _classes.add_class(connection, label)
        return cls(store, *used)._begin(embed)

    @classmethod
    def open(cls, place, *, folder=None, strategy=None, model=None):
        """Open a project that was made before.

        Parameters
        ----------
        place : path
            The folder of the project.
        folder : path, optional
            Where the images are now, if they were moved.
        strategy, model : optional
            What chooses and what learns from now on, as for :meth:`create`; by default what did
            before. What is no name has to be given each time.

        Returns
        -------
        Project

        Raises
        ------
        ProjectError
            If there is no project, or it is damaged, newer than this skal, or open elsewhere.
        """
        place = Path(os.path.abspath(place))
        if not place.is_dir():
            raise ProjectError(f"there is no folder {str(place)!r}. Give the place of a project.")
        store = Store(place)
        try:
            if folder is not None:
                root = str(_existing_folder(folder))
                with store.writing() as connection:
                    connection.execute(sa.update(_schema.project).values(root=root))
            chooser = _reopened(store, "strategy", strategy, make_strategy)
            project = cls(store, chooser, _reopened(store, "model", model, make_model))
            project._finish_first_scan()
            project._find_weights()
            return project
        except BaseException:
            store.close()
            raise

    def _begin(self, embed):
        try:
            self.scan()
            if embed:
                self.embed()
        except BaseException:
            self.close()
            raise
        return self

    def close(self):
        """Close the project, so that it can be opened elsewhere; a training is interrupted."""
        if self._job is not None:
            self._job.interrupt()
        self._store.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __repr__(self):
        return f"Project({self.name!r}, place={str(self.place)!r})"

    # Images ---------------------------------------------------------------------------------

    def scan(self):
        """Look for images that are new, changed or gone.

        Returns
        -------
        ScanReport
        """
        share = self._monitor_share
        report = _scan.scan(self._store, self.folder, self.place, self.random_state, share)
        self._embedded = None
        return report

    def _finish_first_scan(self):
        """Scan again if the first scan was interrupted: only a whole one tells monitor images."""
        with self._store.reading() as connection:
            is_whole = connection.scalar(sa.select(_schema.project.c.reserve)) is not None
        if not is_whole:
            self.scan()

    def embed(self, on_progress=None):
        """Look at all images that are new, so that alike ones can be told.

        Images that turn out to be broken become unreadable.

        Parameters
        ----------
        on_progress : callable, optional
            Takes how many images are done, and of how many.
        """
        _features.add_features(self._store, self.place, self.folder, on_progress)
        self._embedded = None

    def items(self, after=0, n=100, answer=None):
        """Return a page of images, in the order of their numbers.

        Parameters
        ----------
        after : int, default=0
            The number of the last image of the page before.
        n : int, default=100
            How many at most.
        answer : {"unanswered", "label", "skip", "unsure", "exclude"}, optional
            Only images with this answer.

        Returns
        -------
        list of Item
        """
        with self._store.reading() as connection:
            return _items.read_items(connection, after, n, answer)

    def item(self, item_id):
        """Return the image of a number, or raise a KeyError.

        Returns
        -------
        Item
        """
        with self._store.reading() as connection:
            return _items.read_item(connection, item_id)

    def path(self, item_id):
        """Return the file of an image; one that has come to be a link out of the folder is refused.

        Returns
        -------
        pathlib.Path
        """
        path = self.folder / self.item(item_id).relpath
        if not _scan.is_inside(path, self.folder):
            raise ProjectError(f"{str(path)!r} is a link that leaves the folder of images.")
        return path

    def unreadable(self):
        """Return the files that are not asked for, by name, with the reason.

        Returns
        -------
        dict of str to str
        """
        item = _schema.item
        rows = sa.select(item.c.relpath, item.c.reason).where(item.c.status != "ok")
        with self._store.reading() as connection:
            return {r.relpath: r.reason for r in connection.execute(rows.order_by(item.c.relpath))}

    # Labels ---------------------------------------------------------------------------------

    @property
    def classes(self):
        """The labels that images can have, in their order: a list of LabelClass."""
        with self._store.reading() as connection:
            return _classes.read_classes(connection)

    def add_label(self, name):
        """Add a label, after the others."""
        with self._store.writing() as connection:
            _classes.add_class(connection, name)

    def rename_label(self, name, new_name):
        """Rename a label; images that have it keep it."""
        with self._store.writing() as connection:
            _classes.change_class(connection, name, name=new_name)

    def archive_label(self, name, is_archived=True):
        """Let a label no longer be given, or be given again; images that have it keep it."""
        with self._store.writing() as connection:
            _classes.change_class(connection, name, is_archived=bool(is_archived))

    def order_labels(self, names):
        """Put the labels into another order, which names each once."""
        with self._store.writing() as connection:
            _classes.order_classes(connection, list(names))

    # Decisions ------------------------------------------------------------------------------

    def decide(
        self,
        item_id,
        kind,
        value=None,
        *,
        annotator="me",
        key=None,
        shown_prediction=None,
        model_id=None,
        client_ts=None,
    ):
        """Say something about an image. It is on disk when this returns.

        Parameters
        ----------
        item_id : int
            The number of the image.
        kind : {"label", "skip", "unsure", "exclude", "clear", "flag", "note"}
            ``"skip"``: it comes back later; ``"unsure"`` and ``"exclude"``: it does not, and trains
            nothing; ``"clear"``: it is unanswered again. A flag and a note stand beside the answer.
        value : str or bool, optional
            The name of the label, the text of the note, or whether the flag is set.
        annotator : str, default="me"
            Who decides.
        key : str, optional
            The same key twice is one decision: a message can be sent again.
        shown_prediction : dict of str to float, optional
            The probabilities that were on the screen. Those of a monitor image must not be.
        model_id : int, optional
            The model that they are of.
        client_ts : float, optional
            When it was decided, in seconds since 1970, where clocks differ.

        Returns
        -------
        Decision
        """
        with self._store.writing() as connection:
            known = _items.read_item(connection, item_id)
            if shown_prediction is not None and known.answer in (None, "skip"):
                _check_not_blind(connection, item_id)
            label_id, payload = _content(connection, kind, value)
            message = _decisions.Message(
                item_id,
                kind,
                annotator,
                label_id,
                payload,
                shown_prediction,
                model_id,
                client_ts,
                key,
            )
            return _decisions.record(connection, message)

    def undo(self, annotator="me", *, key=None):
        """Take back the last decision of somebody that holds, also one before a restart.

        Returns
        -------
        Decision or None
            Its `item_id` is the image to go back to. None where nothing is left to undo.
        """
        with self._store.writing() as connection:
            return _decisions.step(connection, "undo", annotator, key)

    def redo(self, annotator="me", *, key=None):
        """Give back what was undone last, unless its annotator has decided anew since.

        Returns
        -------
        Decision or None
        """
        with self._store.writing() as connection:
            return _decisions.step(connection, "redo", annotator, key)

    # Out ------------------------------------------------------------------------------------

    def labels(self, split="all", *, as_frame=False):
        """Return the labels that people have given.

        Parameters
        ----------
        split : {"all", "train", "monitor"}, default="all"
            Monitor images judge models; leave them out of what you train.
        as_frame : bool, default=False
            Whether to return all that is known of each label.

        Returns
        -------
        X : ndarray of object of shape (n,)
            Paths of the images.
        y : ndarray of object of shape (n,)
            Names of their labels.
        frame : DataFrame
            Instead of both, if `as_frame`, with paths below the folder of images.
        """
        if split not in SPLITS:
            raise ValueError(f"split must be one of {SPLITS}; got {split!r}.")
        with self._store.reading() as connection:
            frame = _export.as_frame(_items.read_labeled(connection))
        frame = frame if split == "all" else frame[frame["split"] == split]
        if as_frame:
            return frame.reset_index(drop=True)
        paths = [str(self.folder / name) for name in frame["path"]]
        return np.array(paths, object), frame["label"].to_numpy(object)

    def to_csv(self, path, *, neutralize=True):
        """Write all labels into a CSV file, which is whole or not there.

        Parameters
        ----------
        path : path
            The file; one that exists is replaced.
        neutralize : bool, default=True
            Whether text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return
            gets a ``'`` before it, so that spreadsheets do not run it.
        """
        _export.write_csv(Path(path), self.labels(as_frame=True), neutralize)

    def backup(self):
        """Write a whole copy of the database beside it.

        Returns
        -------
        pathlib.Path
        """
        return self._store.backup()


def _check_not_blind(connection, item_id):
    if _items.is_monitor(connection, item_id):
        raise ValueError(
            f"image {item_id} is a monitor image, which is answered blind: show no prediction of "
            f"it, and send none."
        )


def _name_or_none(value):
    return value if isinstance(value, str | dict) else None


def _reopened(store, setting, value, make):
    """Return what was given at opening, which is kept by its name, or else what was kept."""
    with store.writing() as connection:
        settings = connection.scalar(sa.select(_schema.project.c.settings)) or {}
        if value is not None:
            kept = settings | {setting: _name_or_none(value)}
            connection.execute(sa.update(_schema.project).values(settings=kept))
            return make(value)
    if settings.get(setting) is None and settings:
        raise ValueError(
            f"this project was used with a {setting} of your own, which is not kept on disk: "
            f"pass it again, Project.open(..., {setting}=...)."
        )
    return make(settings[setting]) if settings else None


def _content(connection, kind, value):
    """Return the number of a label and the payload of a decision, or raise if they do not fit."""
    if kind not in DECISIONS:
        raise ValueError(f"kind must be one of {DECISIONS}; got {kind!r}.")
    if kind == "label":
        found = _classes.find_class(connection, value)
        if found.is_archived:
            raise ValueError(f"the label {value!r} is archived. Bring it back by archive_label.")
        return found.id, None
    expected = {"flag": bool, "note": str}.get(kind, type(None))
    if not isinstance(value, expected):
        raise TypeError(f"the value of {kind!r} must be {expected.__name__}; got {value!r}.")
    return None, value


def _make_place(place):
    """Make the folder of a project, for its owner only; nothing else may be in it."""
    if place.exists() and any(place.iterdir()) and not (place / FILE).exists():
        raise ProjectError(
            f"{str(place)!r} is not empty. A project has a folder of its own: give a place that "
            f"is not there yet."
        )
    make_folder(place)
    place.chmod(0o700)


def _existing_folder(folder):
    folder = Path(os.path.abspath(folder))
    if not folder.is_dir():
        raise ValueError(f"folder must be a folder of images; there is none at {str(folder)!r}.")
    return folder


def _check_settings(monitor_share, image_size, random_state):
    if not 0 <= monitor_share <= 0.5:
        raise ValueError(f"monitor_share must be in [0, 0.5]; got {monitor_share!r}.")
    if not isinstance(image_size, Integral) or image_size < 8:
        raise ValueError(f"image_size must be an integer of at least 8; got {image_size!r}.")
    if not isinstance(random_state, Integral) or isinstance(random_state, bool):
        raise TypeError(f"random_state must be an integer; got {random_state!r}.")
