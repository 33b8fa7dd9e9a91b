"""The part of a project that learns: training, how good a model is, and what it is used for."""

from pathlib import Path

import numpy as np
import sqlalchemy as sa

from ..exceptions import ProjectError
from . import _child, _decisions, _items, _models, _queue, _schema, _words
from ._strategies import name_of
from ._training import TrainingJob

ENOUGH = 5  # times the labels that are needed, after which no class is waited for any more


class LearningMixin:
    """What a project learns from its labels."""

    def warming_up(self):
        """Return what labels are missing before a model can learn, in words; None if none are.

        Needed are two labels of each class, and two for each class or ten in all, whatever is more;
        monitor images do not count. A class that is not found is not waited for for ever: with
        five times as many labels, two classes are enough.

        Returns
        -------
        str or None
        """
        classes = [c for c in self.classes if not c.is_archived]
        with self._store.reading() as connection:
            given = _items.count_labels(connection, self._trains_on_monitor)
        counts = {c.name: given.get(c.id, 0) for c in classes}
        needed, total = max(10, 2 * len(classes)), sum(counts.values())
        n_ready = sum(n >= 2 for n in counts.values())
        is_complete = n_ready == len(counts) or total >= ENOUGH * needed
        if total >= needed and n_ready >= 2 and is_complete:
            return None
        return _words.warming_up(counts, needed)

    def train(self, *, wait=True, on_progress=None):
        """Train a model on all labels but those of monitor images, in a process of its own.

        Labeling goes on meanwhile; labels made since count the next time. The new model is used
        unless it does significantly worse on the monitor images than the one in use.

        Parameters
        ----------
        wait : bool, default=True
            Whether to return when it has ended.
        on_progress : callable, optional
            Takes a dict: the phase, and an epoch and its loss or how many images are predicted. It
            is called in another thread.

        Returns
        -------
        TrainingJob
            Look at its `state` and `message`.

        Raises
        ------
        ValueError
            If there are too few labels yet.
        RuntimeError
            If a training is running.
        """
        missing = self.warming_up()
        if missing is not None:
            raise ValueError(f"there are too few labels to train on. {missing}")
        if not self._is_scanning():
            self.embed()
        with self._starting:
            if self._job is not None and self._job.state == "running":
                raise RuntimeError("a training is running. Wait for it, or cancel it, first.")
            job = TrainingJob(
                self._store, self.place, *self._snapshot(), on_progress, self._use_in_queue
            )
            self._job = job
        return job.wait() if wait else job

    def _snapshot(self):
        """Return what a training needs, and what its model will be said to be."""
        with self._store.reading() as connection:
            revision = _decisions.revision(connection)
            rows = [row for row in _items.read_labeled(connection) if self._trains(row)]
            pool = _items.read_names(connection)
        ids, X = self._embeddings()
        known = pool.keys() & set(ids.tolist())
        rows = [row for row in rows if row.id in known]
        y = np.array([row.label_id for row in rows], np.int64)
        snapshot = _child.Snapshot(
            "",
            self.estimator,
            self._references([row.id for row in rows], pool),
            y,
            ids,
            self._references(ids.tolist(), pool),
            str(self.folder),
            self._image_size,
            self.random_state,
            np.array([row.id for row in rows], np.int64),
            X[np.searchsorted(ids, [row.id for row in rows])],
        )
        facts = {"label_revision": revision, "n_labels": len(rows)}
        facts["saw_monitor"] = self._trains_on_monitor
        names = {"estimator": type(self.estimator).__name__, "strategy": name_of(self.strategy)}
        return snapshot, facts | names

    def _references(self, item_ids, names):
        """Return embeddings, or the paths of images where the estimator learns from these."""
        if _models.sees_images(self.estimator):
            return [str(self.folder / names[i]) for i in item_ids]
        ids, X = self._embeddings()
        return X[np.searchsorted(ids, np.array(item_ids, np.int64))]

    def _use_in_queue(self):
        """Plan with a new model at once, so that nobody waits for it."""
        self._is_used_up = False
        self._plan_ahead(self._current_model())

    @property
    def train_on_monitor(self):
        """Whether models learn from monitor images too, for projects with few labels.

        Then the score is of the kind ``"test-then-train"``: each monitor label counts for the model
        that was the newest when it was given. Set it at any time.
        """
        return self._trains_on_monitor

    @train_on_monitor.setter
    def train_on_monitor(self, value):
        with self._store.writing() as connection:
            settings = connection.scalar(sa.select(_schema.project.c.settings))
            kept = settings | {"train_on_monitor": bool(value)}
            connection.execute(sa.update(_schema.project).values(settings=kept))
        self._trains_on_monitor = bool(value)

    def _trains(self, row):
        """Return whether a label is one to learn from."""
        return row.is_human and (self._trains_on_monitor or not row.is_monitor)

    def _labeled(self):
        with self._store.reading() as connection:
            return _items.read_labeled(connection)

    # Models ---------------------------------------------------------------------------------

    def use_model(self, model_id):
        """Use a model from now on, also one that was kept out or replaced; labels stay."""
        self._model_folder(model_id)
        with self._store.writing() as connection:
            connection.execute(sa.update(_schema.project).values(current_model=model_id))
        self._use_in_queue()

    def load_model(self, model_id=None):
        """Return a fitted model; nothing is unpickled.

        Parameters
        ----------
        model_id : int, optional
            By default the model in use.

        Returns
        -------
        classifier
            Its classes are numbers of labels; it takes what :meth:`inputs` returns.
        """
        model_id = self._current_model() if model_id is None else model_id
        if model_id is None:
            raise ProjectError("the project has no model yet. Make one by train.")
        return _models.load_model(self._model_folder(model_id))

    def _model_folder(self, model_id):
        """Return where a model is, having checked that it is whole."""
        where = _schema.model.c.id == model_id
        with self._store.reading() as connection:
            row = connection.execute(sa.select(_schema.model).where(where)).first()
        if row is None:
            raise KeyError(f"the project has no model of number {model_id!r}")
        folder = Path(self.place / row.path)
        if not folder.is_dir() or _models.digest(folder) != row.sha256:
            raise ProjectError(
                f"the files of model {model_id} in {str(folder)!r} are missing or changed since "
                f"they were written. Use another model, or train again."
            )
        return folder

    # For notebooks --------------------------------------------------------------------------

    def inputs(self, item_ids):
        """Return images as the estimator of the project sees them.

        Parameters
        ----------
        item_ids : sequence of int
            Numbers of images that have been looked at, see :meth:`embed`.

        Returns
        -------
        ndarray
            Embeddings of shape (n, n_axes), or, for nets, images of uint8 of shape (n, size, size,
            3).
        """
        with self._store.reading() as connection:
            names = _items.read_names(connection)
        unknown = [i for i in item_ids if i not in names]
        if unknown:
            raise KeyError(f"these images are not there or were not looked at: {unknown[:5]}")
        rows = self._references([int(i) for i in item_ids], names)
        return _child.read_rows(rows, self.folder, self._image_size)

    def pool(self):
        """Return the numbers of images that the strategy may ask for now.

        Returns
        -------
        ndarray of int
        """
        with self._store.reading() as connection:
            return _queue.make_view(connection, self._state(self._current_model())).ids

    @property
    def learner(self):
        """A new ActiveLearner with the project's estimator, strategy and training labels.

        Its samples are what :meth:`inputs` returns, its labels are names. What it is taught stays
        in it; decisions of people belong into :meth:`decide`.
        """
        from ..learners import ActiveLearner

        with self._store.reading() as connection:
            known = _items.read_names(connection)
        rows = [row for row in self._labeled() if self._trains(row)]
        rows = [r for r in rows if r.id in known]
        X = self.inputs([row.id for row in rows]) if rows else None
        y = np.array([row.label for row in rows]) if rows else None
        return ActiveLearner(
            self.estimator,
            self.strategy,
            X_training=X,
            y_training=y,
            random_state=self.random_state,
        )
