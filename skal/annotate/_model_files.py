"""Models of a project in and out: what can be chosen, imported and exported."""

from pathlib import Path

import numpy as np
import sqlalchemy as sa

from ..exceptions import ModelFileError
from . import _child, _choices, _classes, _decisions, _export_model, _features, _items, _models
from ._checkpoints import CheckpointsMixin, check_free, read_row, say
from ._schema import item, model, project
from ._strategies import name_of
from ._training import TrainingJob
from .model_files import (
    ImportedModel,
    ModelFileReport,
    inspect_model,
    predict_file,
    suggest_labels,
)
from .model_files._imported import mapped
from .model_files._nets import WEIGHTS, standardize_in_color

N_TRIED = 8
FINE_TUNE = ("all", "last_block", "last_layer")


class ModelFilesMixin(CheckpointsMixin):
    """What a project learns with, and models of other places."""

    # Choosing -------------------------------------------------------------------------------

    @staticmethod
    def model_choices():
        """Return the models that a project can have by name, with their settings.

        Returns
        -------
        list of ModelChoice
        """
        return [*_choices.CHOICES, *_choices.installed_choices()]

    def set_model(self, name, **settings):
        """Choose what learns from the next training on; models that there are stay.

        Parameters
        ----------
        name : str
            One of :meth:`model_choices`.
        **settings
            Of this model, such as ``max_epochs=20``. ``weights`` is a file to begin with:
            .safetensors, or what ``torch.save`` wrote, from which only tensors are read.
        """
        if settings.get("weights") is not None and name != "knn":
            settings["weights"] = str(self._weights_file(settings["weights"]))
        self.estimator = _models.make_model({"name": name, **settings})
        inner = Path(settings.get("weights") or "")
        if inner.is_relative_to(self.place):
            settings = {**settings, "weights": inner.relative_to(self.place).as_posix()}
        with self._store.writing() as connection:
            kept = connection.scalar(sa.select(project.c.settings))
            kept = {**kept, "model": {"name": name, **settings}}
            connection.execute(sa.update(project).values(settings=kept))

    def _weights_file(self, path):
        path = self.place / path  # an absolute one stays as it is
        if not path.is_file():
            raise ValueError(f"weights must be a file of weights; there is none at {str(path)!r}.")
        return path

    def _find_weights(self):
        """Say where weights of the project itself are, which may have been moved with it."""
        if _models.is_net(self.estimator) and self.estimator.weights is not None:
            self.estimator.set_params(weights=str(self.place / self.estimator.weights))

    @property
    def model_settings(self):
        """What was chosen by name, a dict with the name and settings; None for a classifier."""
        with self._store.reading() as connection:
            chosen = connection.scalar(sa.select(project.c.settings))["model"]
        return {"name": chosen} if isinstance(chosen, str) else chosen

    # Import ---------------------------------------------------------------------------------

    def inspect_model(self, path, **limits):
        """Look at a file of a model without loading it; see :func:`inspect_model`.

        Returns
        -------
        ModelFileReport
        """
        return inspect_model(path, image_size=self._image_size, **limits)

    def suggest_labels(self, report):
        """Suggest which labels the classes of a model are.

        Returns
        -------
        list of ClassSuggestion
        """
        names = [c.name for c in self.classes if not c.is_archived]
        return suggest_labels(report.classes, names)

    def try_model(self, path, mapping, *, report=None, **limits):
        """Let a model predict a few images, in a process with limits; nothing is changed.

        Parameters
        ----------
        path : path
            The file of the model.
        mapping : dict of str to (str or None)
            As for :meth:`import_model`; labels need not be there yet.
        report : ModelFileReport, optional
            Of the file; by default it is looked at first.
        **limits
            ``memory`` in bytes and ``seconds``.

        Returns
        -------
        list of (int, dict of str to float)
            Numbers of up to eight images, none of them a blind monitor image, and the
            probabilities of labels.
        """
        report = self._usable(path, report, limits)
        names = _check_mapping(report, mapping)
        labels = list(dict.fromkeys(name for name in names if name is not None))
        ids = self._ids_to_try()
        said = predict_file(path, report, self._rows_for(report, ids), self.folder, **limits)
        columns = [None if name is None else labels.index(name) for name in names]
        proba = mapped(said, columns, np.arange(len(labels)))
        return [
            (item_id, dict(zip(labels, row.tolist(), strict=True)))
            for item_id, row in zip(ids, proba, strict=True)
        ]

    def _ids_to_try(self):
        seen = item.c.has_features & (item.c.status == "ok") & (item.c.draw >= _items.reserve)
        with self._store.reading() as connection:
            ids = connection.scalars(sa.select(item.c.id).where(seen).order_by(item.c.id)).all()
        if not ids:
            raise ValueError("no image was looked at yet. Call embed first.")
        places = np.unique(np.linspace(0, len(ids) - 1, N_TRIED).round().astype(int))
        return [ids[place] for place in places]

    def import_model(
        self,
        path,
        mapping,
        *,
        new_labels=(),
        name=None,
        fine_tune="all",
        report=None,
        wait=True,
        on_progress=None,
    ):
        """Use a model from a file: it predicts all images, and trainings go on from it.

        Parameters
        ----------
        path : path
            A .safetensors, .skops or .onnx file; it is copied.
        mapping : dict of str to (str or None)
            The label that each class of the model is, None where it is to be ignored.
        new_labels : sequence of str, default=()
            Labels of `mapping` that the project does not have yet, and gets.
        name : str, optional
            What to call the model.
        fine_tune : {"all", "last_block", "last_layer"} or None, default="all"
            What trainings of the project change in a net; None leaves what is trained as it is.
            Models of scikit-learn and ONNX predict only.
        report : ModelFileReport, optional
            Of the file; by default it is looked at first.
        wait : bool, default=True
            Whether to return when all images are predicted.
        on_progress : callable, optional
            As for :meth:`train`.

        Returns
        -------
        TrainingJob
            Once it is done, the model is in use.
        """
        if fine_tune not in (None, *FINE_TUNE):
            raise ValueError(f"fine_tune must be None or one of {FINE_TUNE}; got {fine_tune!r}.")
        report = self._usable(path, report, {})
        names = _check_mapping(report, mapping)
        if not self._is_scanning():
            self.embed()
        with self._starting:
            self._check_no_training()
            label_ids = self._label_ids(names, list(new_labels), name)
            tune = fine_tune if report.can_train else None
            imported = ImportedModel(str(Path(path).absolute()), report.as_dict(), label_ids)
            job = self._start_import(imported, report, name, tune, on_progress)
        return job.wait() if wait else job

    def _check_no_training(self):
        if self._job is not None and self._job.state == "running":
            raise RuntimeError("a training is running. Wait for it, or cancel it, first.")

    def _usable(self, path, report, limits):
        report = self.inspect_model(path, **limits) if report is None else report
        if not report.is_usable:
            fatal = [str(problem) for problem in report.problems if problem.is_fatal]
            raise ModelFileError(f"the model cannot be used. {' '.join(fatal)}")
        return report

    def _label_ids(self, names, new_labels, model_name):
        """Return the number of the label of each class, having added those that are new."""
        with self._store.writing() as connection:
            check_free(connection, model_name)
            for label in new_labels:
                _classes.add_class(connection, label)
            known = {c.name: c.id for c in _classes.read_classes(connection)}
            missing = sorted({name for name in names if name is not None} - set(known))
            if missing:
                raise ValueError(
                    f"the project has no labels {missing}. Map their classes to labels that it "
                    f"has, to None, or name them in new_labels too."
                )
        return [None if name is None else known[name] for name in names]

    def _start_import(self, imported, report, name, fine_tune, on_progress):
        with self._store.reading() as connection:
            revision = _decisions.revision(connection)
            ids = np.array(sorted(_items.read_names(connection)), np.int64)
        snapshot = _child.Snapshot(
            "",
            imported,
            np.empty((0, 1), np.float32),
            np.empty(0, np.int64),
            ids,
            self._rows_for(report, ids.tolist()),
            str(self.folder),
            report.input_shape[1] if report.sees == "images" else self._image_size,
            self.random_state,
            np.empty(0, np.int64),
            np.empty((0, 1), np.float32),
        )
        facts = {"label_revision": revision, "n_labels": 0, "strategy": name_of(self.strategy)}
        facts["estimator"] = f"imported {report.architecture or report.format}"
        self._job = ImportJob(self, snapshot, facts, on_progress, name, report, fine_tune)
        return self._job

    def _rows_for(self, report, ids):
        """Return images as a model takes them: paths, or features."""
        with self._store.reading() as connection:
            names = _items.read_names(connection)
        if report.sees == "images":
            return [str(self.folder / names[i]) for i in ids]
        return _features.read_features(self.place, ids)

    def inputs_of(self, model_id, item_ids):
        """Return images as a model takes them, also one that was imported.

        Parameters
        ----------
        model_id : int
            The model.
        item_ids : sequence of int
            Numbers of images that have been looked at.

        Returns
        -------
        ndarray
        """
        loaded = self.load_model(model_id)
        if not isinstance(loaded, ImportedModel):
            return self._inputs_of(loaded, item_ids)
        report = ModelFileReport.from_dict(loaded.report)
        rows = self._rows_for(report, [int(i) for i in item_ids])
        return _child.read_rows(rows, self.folder, report.input_shape[-1])

    def _inputs_of(self, estimator, item_ids):
        """Return images as a model that was trained here takes them."""
        ids = [int(i) for i in item_ids]
        with self._store.reading() as connection:
            names = _items.read_names(connection)
        if _models.sees_images(estimator):
            paths = [str(self.folder / names[i]) for i in ids]
            return _child.read_rows(paths, self.folder, self._image_size)
        known, X = self._embeddings()
        return X[np.searchsorted(known, np.array(ids, np.int64))]

    # Export ---------------------------------------------------------------------------------

    def export_model(self, path, format=None, *, model_id=None):
        """Write a model into a ZIP file, with a card that says what it is and how to use it.

        Parameters
        ----------
        path : path
            The ZIP file; one that exists is replaced.
        format : {"safetensors", "skops", "onnx"}, optional
            By default safetensors for nets and skops for others.
        model_id : int or str, optional
            By default the model in use.

        Returns
        -------
        ExportedModel
            What was written.

        Raises
        ------
        ModelFileError
            If the model cannot be written in this format; the message says why.
        """
        return _export_model.export_model(self, Path(path), format, model_id)


class ImportJob(TrainingJob):
    """The import of a model: it predicts all images in a process of its own, then is used."""

    def __init__(self, owner, snapshot, facts, on_progress, name, report, fine_tune):
        self._owner, self._name, self._report, self._tune = owner, name, report, fine_tune
        super().__init__(owner._store, owner.place, snapshot, facts, on_progress)

    def _end(self, state, message):
        if state == "done":
            message = self._use(message)
        super()._end(state, message)

    def _use(self, message):
        """Use the model, since somebody has asked for it, and let trainings begin with it."""
        with self._store.writing() as connection:
            row = read_row(connection, self.model_id)
            say(connection, row, source="imported", name=self._name)
            connection.execute(sa.update(project).values(current_model=self.model_id))
            connection.execute(
                sa.update(model)
                .where(model.c.id == self.model_id)
                .values(is_accepted=True, reason=f"Imported. {message}")
            )
        self._owner._use_in_queue()
        if self._tune is None:
            return f"Imported, and in use. {message}"
        weights = self._owner.place / row.path / _models.NET / WEIGHTS
        self._owner.set_model(
            self._report.architecture,
            **self._report.net["params"],
            standardize=standardize_in_color(self._report) or False,
            weights=str(weights),
            trainable=self._tune,
        )
        return f"Imported, and in use; trainings begin with it. {message}"


def _check_mapping(report, mapping):
    """Return the name of the label of each class, in the order of the model."""
    unknown = sorted(set(mapping) - set(report.classes))
    missing = [name for name in report.classes if name not in mapping]
    if unknown or missing:
        raise ValueError(
            f"mapping must hold each class of the model once, {report.classes[:20]}; missing "
            f"{missing[:5]}, unknown {unknown[:5]}."
        )
    names = [mapping[name] for name in report.classes]
    if len(set(names) - {None}) < 2:
        raise ValueError("mapping must lead to two labels or more; map more classes to labels.")
    return names
