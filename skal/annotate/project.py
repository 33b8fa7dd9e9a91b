"""A project: a folder of images, their labels, the models that learn from them, and the queue."""

import os
import threading
import time
from collections import OrderedDict
from numbers import Integral
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from .._files import make_folder, remove_unfinished
from ..exceptions import ProjectError
from . import _classes, _export, _items, _schema, _training
from ._asking import AskingMixin
from ._bulk import BulkMixin
from ._judging import JudgingMixin
from ._labeling import LabelingMixin
from ._learning import LearningMixin
from ._looking import LookingMixin
from ._models import make_model
from ._pacing import PacingMixin
from ._planner import Planner
from ._review import ReviewMixin
from ._settings import SettingsMixin
from ._store import FILE, Store
from ._strategies import make_strategy

__all__ = ["Project"]

SPLITS = ("all", "train", "monitor", "accepted")


class Project(
    AskingMixin,
    LearningMixin,
    JudgingMixin,
    LabelingMixin,
    BulkMixin,
    ReviewMixin,
    PacingMixin,
    LookingMixin,
    SettingsMixin,
):
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
        self._looking, self._planner, self._is_used_up = threading.Lock(), Planner(), False
        self._embedded = self._predicted = self._suspects = None
        self._job, self._scan_job, self._judged = None, None, OrderedDict()
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
        self._image_size, self._embeds = row.settings["image_size"], row.settings["embed"]
        self._trains_on_monitor = row.settings.get("train_on_monitor", False)
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
        wait=True,
        on_progress=None,
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
        model : str or classifier, default="logistic"
            What learns: ``"logistic"``, a logistic regression on embeddings; ``"cnn"`` or
            ``"resnet18"``, nets on the images themselves; or any classifier with
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
        wait : bool, default=True
            Whether to return when all images are read and looked at. Otherwise that goes on in the
            background, see :attr:`scan_job`; images are asked for as soon as they are read.
        on_progress : callable, optional
            Takes the phase, how many files are done, and of how many; see :meth:`scan`.

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
        settings = {"monitor_share": monitor_share, "image_size": image_size, "embed": bool(embed)}
        settings |= {"strategy": _name_or_none(strategy), "model": _name_or_none(model)}
        row |= {"settings": settings, "created": time.time()}
        with store.writing() as connection:
            connection.execute(sa.insert(_schema.project).values(row))
            for label in names:
                _classes.add_class(connection, label)
        return cls(store, *used)._begin(wait, on_progress)

    @classmethod
    def open(cls, place, *, folder=None, strategy=None, model=None, wait=True, on_progress=None):
        """Open a project that was made before; a scan that was interrupted goes on.

        Parameters
        ----------
        place : path
            The folder of the project.
        folder : path, optional
            Where the images are now, if they were moved.
        strategy, model : optional
            What chooses and what learns from now on, as for :meth:`create`; by default what did
            before. What is no name has to be given each time.
        wait, on_progress : optional
            As for :meth:`create`, where a scan goes on.

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
        except BaseException:
            store.close()
            raise
        return project._begin(wait, on_progress)

    def _begin(self, wait, on_progress):
        try:
            self._finish_looking(wait, on_progress)
        except BaseException:
            self.close()
            raise
        return self

    def close(self):
        """Close the project, so that it can be opened elsewhere; what runs is interrupted.

        A scan goes on when the project is opened again.
        """
        if self._scan_job is not None:
            self._scan_job.cancel()
            self._scan_job.wait()
        if self._job is not None:
            self._job.interrupt()
        self._planner.close()
        self._store.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __repr__(self):
        return f"Project({self.name!r}, place={str(self.place)!r})"

    # Out ------------------------------------------------------------------------------------

    def labels(self, split="all", *, as_frame=False):
        """Return the labels that people have given.

        Parameters
        ----------
        split : {"all", "train", "monitor", "accepted"}, default="all"
            Monitor images judge models; leave them out of what you train. What was accepted from a
            model is no label of people: it has a split of its own, and is not in ``"all"``.
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
        wanted = SPLITS[1:3] if split == "all" else [split]
        frame = frame[frame["split"].isin(wanted)]
        if as_frame:
            return frame.reset_index(drop=True)
        paths = [str(self.folder / name) for name in frame["path"]]
        return np.array(paths, object), frame["label"].to_numpy(object)

    def to_csv(self, path, *, split="all", neutralize=True):
        """Write all labels into a CSV file, which is whole or not there.

        Those that were accepted from a model are there too, with the split ``"accepted"``.

        Parameters
        ----------
        path : path
            The file; one that exists is replaced.
        split : {"all", "train", "monitor"}, default="all"
            Which labels, as for :meth:`labels`.
        neutralize : bool, default=True
            Whether text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return
            gets a ``'`` before it, so that spreadsheets do not run it.
        """
        with self._store.reading() as connection:
            frame = _export.as_frame(_items.read_labeled(connection))
        frame = frame if split == "all" else frame[frame["split"] == split]
        _export.write_csv(Path(path), frame, neutralize)

    def backup(self):
        """Write a whole copy of the database beside it.

        Returns
        -------
        pathlib.Path
        """
        return self._store.backup()


def _name_or_none(value):
    return value if isinstance(value, str) else None


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
