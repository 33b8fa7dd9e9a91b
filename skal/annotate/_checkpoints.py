"""Models as checkpoints: names, disk space, which may go, and going back to one."""

import shutil
import time
from dataclasses import dataclass

import sqlalchemy as sa

from ..exceptions import ProjectError
from ._monitor import Estimate
from ._predictions import FILE as PREDICTIONS
from ._schema import model, project

METRICS = "metrics.json"
SMALL = (PREDICTIONS, METRICS)  # what is kept of deleted models: curves and history need it


@dataclass(frozen=True)
class ModelInfo:
    """A model of a project.

    Attributes
    ----------
    id : int
        Its number.
    name : str or None
        What people call it; one with a name is kept by all policies.
    source : {"trained", "imported"}
        Where it comes from.
    estimator, strategy : str
        What learned, and what chose its labels.
    n_labels : int
        How many labels trained it.
    created : float
        When, in seconds since 1970.
    score : Estimate or None
        How good it is on the monitor images.
    is_current, is_accepted, is_deleted : bool
        Whether it is in use; took over when it was made; has no files any more.
    reason : str
        Why it was accepted or not, in words.
    n_bytes : int
        What its files take on disk.
    needed_for : str or None
        Why it cannot be deleted, in words; None if it can.
    """

    id: int
    name: str | None
    source: str
    estimator: str
    strategy: str
    n_labels: int
    created: float
    score: Estimate | None
    is_current: bool
    is_accepted: bool
    is_deleted: bool
    reason: str
    n_bytes: int
    needed_for: str | None


class CheckpointsMixin:
    """Models of a project as checkpoints; labels never roll back with them."""

    def models(self):
        """Return all models that were ever made or imported, the oldest first.

        Returns
        -------
        list of ModelInfo
        """
        with self._store.reading() as connection:
            rows = connection.execute(sa.select(model).order_by(model.c.id)).all()
            settings = _settings(connection)
            current = connection.scalar(sa.select(project.c.current_model))
        return [self._model_info(row, current, settings) for row in rows]

    def _model_info(self, row, current, settings):
        names = ("id", "estimator", "strategy", "n_labels", "created", "is_accepted", "reason")
        return ModelInfo(
            **{name: getattr(row, name) for name in names},
            name=row.metrics.get("name"),
            source=row.metrics.get("source", "trained"),
            score=self.score(row.id),
            is_current=row.id == current,
            is_deleted=is_deleted(row),
            n_bytes=size_of(self.place / row.path),
            needed_for=_need(row, current, settings),
        )

    def name_model(self, name, model_id=None):
        """Give a model a name, or take it away: save it as a checkpoint.

        Parameters
        ----------
        name : str or None
            Which no other model has. A model with a name is kept by :meth:`keep_models`.
        model_id : int, optional
            By default the model in use.

        Returns
        -------
        int
            The number of the model.
        """
        if name is not None and (not isinstance(name, str) or not name.strip()):
            raise ValueError(f"the name of a model must be a text that is not blank; got {name!r}.")
        with self._store.writing() as connection:
            model_id = _current_or(connection, model_id)
            row = read_row(connection, model_id)
            check_free(connection, name, model_id)
            say(connection, row, name=name)
        return model_id

    def restore_model(self, model_id):
        """Use a model again, by its number or name. Labels stay as they are.

        Parameters
        ----------
        model_id : int or str
            The model.

        Returns
        -------
        int
            Its number.
        """
        with self._store.reading() as connection:
            row = read_row(connection, model_id)
        self.use_model(row.id)
        return row.id

    def _model_folder(self, model_id):
        with self._store.reading() as connection:
            row = connection.execute(sa.select(model).where(model.c.id == model_id)).first()
        if row is not None and is_deleted(row):
            raise ProjectError(
                f"the files of model {model_id} were deleted. Use another model, or train again."
            )
        return super()._model_folder(model_id)

    def delete_model(self, model_id):
        """Delete the files of a model that nothing needs; its scores stay in the history.

        Parameters
        ----------
        model_id : int or str
            The number or the name of the model.

        Returns
        -------
        int
            How many bytes are free now.

        Raises
        ------
        ProjectError
            If it is in use, or trainings begin with it.
        """
        job = self._job
        if job is not None and job.state == "running":
            raise ProjectError("a training is running, and may need the model. Wait for it.")
        with self._store.writing() as connection:
            row = read_row(connection, model_id)
            need = _need(row, *_in_use(connection))
            if need is not None:
                raise ProjectError(f"model {row.id} cannot be deleted: {need}")
            say(connection, row, deleted=time.time())
        return _remove_files(self.place / row.path)

    def keep_models(self, last):
        """Say how many models without a name are kept: the last ones, also after each training.

        Parameters
        ----------
        last : int or None
            At least 1; None keeps all, which is how projects begin.

        Returns
        -------
        int
            How many bytes are free now.
        """
        is_count = isinstance(last, int) and not isinstance(last, bool) and last >= 1
        if last is not None and not is_count:
            raise ValueError(f"last must be None or an integer of at least 1; got {last!r}.")
        with self._store.writing() as connection:
            settings = _settings(connection) | {"keep_models": last}
            connection.execute(sa.update(project).values(settings=settings))
        return prune(self._store, self.place)


def prune(store, place):
    """Delete models that the policy of a project does not keep; return how many bytes they took."""
    with store.writing() as connection:
        current, settings = _in_use(connection)
        last = settings.get("keep_models")
        if last is None:
            return 0
        rows = connection.execute(sa.select(model).order_by(model.c.id.desc())).all()
        rows = [row for row in rows if not is_deleted(row) and row.metrics.get("name") is None]
        spare = [row for row in rows[last:] if _need(row, current, settings) is None]
        for row in spare:
            say(connection, row, deleted=time.time())
    return sum(_remove_files(place / row.path) for row in spare)


def read_row(connection, model_id):
    """Return the row of a model by its number or name, or raise a KeyError."""
    for row in connection.execute(sa.select(model)):
        if row.id == model_id or (isinstance(model_id, str) and _name(row) == model_id):
            return row
    raise KeyError(f"the project has no model {model_id!r}")


def say(connection, row, **facts):
    """Note something about a model."""
    metrics = {**row.metrics, **facts}
    connection.execute(sa.update(model).where(model.c.id == row.id).values(metrics=metrics))


def check_free(connection, name, model_id=None):
    """Raise if another model has a name already."""
    for row in connection.execute(sa.select(model)):
        if name is not None and row.id != model_id and _name(row) == name:
            raise ValueError(f"model {row.id} is called {name!r} already. Choose another name.")


def is_deleted(row):
    """Return whether a model has no files any more."""
    return "deleted" in row.metrics


def size_of(folder):
    """Return how many bytes the files of a folder take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _name(row):
    return row.metrics.get("name")


def _settings(connection):
    return connection.scalar(sa.select(project.c.settings))


def _in_use(connection):
    return connection.scalar(sa.select(project.c.current_model)), _settings(connection)


def _current_or(connection, model_id):
    if model_id is not None:
        return model_id
    current, _ = _in_use(connection)
    if current is None:
        raise ProjectError("the project has no model yet. Make one by train.")
    return current


def _need(row, current, settings):
    """Return why a model is needed, in words, or None."""
    if row.id == current:
        return "it is in use. Use another model first."
    chosen = settings.get("model")
    weights = str(chosen.get("weights", "")) if isinstance(chosen, dict) else ""
    if weights.startswith(f"{row.path}/"):
        return "trainings begin with its weights. Choose another model by set_model first."
    return None


def _remove_files(folder):
    """Remove what makes a model large; return how many bytes that were."""
    before = size_of(folder)
    for path in folder.iterdir():
        if path.name in SMALL:
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return before - size_of(folder)
