"""Runs followed by TensorBoard, wandb or MLflow, each imported only where it is used."""

import os
from numbers import Real
from pathlib import Path
from typing import Any

TOOLS = ("tensorboard", "wandb", "mlflow")
PACKAGES = {"tensorboard": "tensorboard", "wandb": "wandb", "mlflow": "mlflow-skinny"}
ROUND_KEYS = ("score", "fit_seconds", "query_seconds")

__all__ = ["Tracker", "check_tool"]


class Tracker:
    """Send every round of a comparison, and every epoch of its nets, to a tracking tool.

    It is what :func:`skal.experiments.compare` takes as `on_round`; each pair of strategy and seed
    is a run of the tool. Rounds are sent with the number of labels as their step, epochs with the
    number of the epoch, as the net's skorch history has recorded them. To follow a net of your own,
    pass it skorch's ``WandbLogger``, ``TensorBoard`` or ``MlflowLogger`` as a callback. What is
    resumed after a kill becomes another run of wandb and MLflow.

    Parameters
    ----------
    tool : {"tensorboard", "wandb", "mlflow"}
        What to send to. wandb obeys its own environment variables: ``WANDB_MODE=offline`` sends
        nothing and keeps everything in `folder`. MLflow writes below `folder` unless
        ``MLFLOW_TRACKING_URI`` says otherwise.
    folder : str or path
        Where the tool writes what it writes.
    group : str, default=""
        What comes before the name of each run, such as the name of the net.
    project : str, default="skal"
        The project of wandb, the experiment of MLflow.

    Raises
    ------
    ImportError
        At its first use, if the tool is not installed; it says how to get it.
    """

    def __init__(self, tool, folder, *, group="", project="skal"):
        self.tool = tool
        self.folder = Path(folder)
        self.group = group
        self.project = project

    def __call__(self, strategy, seed, record, learner):
        """Send a round.

        Parameters
        ----------
        strategy : str
            The strategy's name.
        seed : int
            The seed.
        record : dict
            The record of the round.
        learner : ActiveLearner or Committee
            The learner at the end of the round.
        """
        key = (str(self.folder), self.group, strategy, seed)
        if key not in _OPEN:
            name = "/".join(filter(None, [self.group, strategy, f"seed_{seed}"]))
            check_tool(self.tool)
            _OPEN[key] = _LOGGERS[self.tool](self.folder, self.project, name)
        logger = _OPEN[key]
        for epoch, values in enumerate(_epochs(learner), start=1):
            logger.log_epoch(values, record["round"], epoch)
        logger.log_round({name: record[name] for name in ROUND_KEYS}, record)
        if record["is_last"]:
            _OPEN.pop(key).close()


def check_tool(tool):
    """Raise unless a tracking tool is known and installed."""
    if tool not in TOOLS:
        raise ValueError(f"tool must be one of {', '.join(TOOLS)}; got {tool!r}.")
    from importlib import import_module

    try:
        import_module(tool)
    except ImportError as error:
        raise ImportError(
            f"tracking with {tool} needs {PACKAGES[tool]}, which cannot be imported ({error}). "
            f"Install it: pip install {PACKAGES[tool]}, or all of them with pip install "
            f'"skal[tracking]".'
        ) from error


def _epochs(learner):
    """Return what a net has recorded in each epoch of its last training; of others nothing."""
    history = getattr(getattr(learner, "estimator", None), "history_", ())
    return [
        {key: float(v) for key, v in row.items() if isinstance(v, Real) and key != "epoch"}
        for row in history
    ]


class _TensorBoard:
    def __init__(self, folder, project, name):
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(folder / "tensorboard" / name))

    def log_epoch(self, values, number, epoch):
        for key, value in values.items():
            self.writer.add_scalar(f"round_{number}/{key}", value, epoch)

    def log_round(self, values, record):
        for key, value in values.items():
            self.writer.add_scalar(f"labels/{key}", value, record["n_labels"])
        self.writer.flush()

    def close(self):
        self.writer.close()


class _Wandb:
    def __init__(self, folder, project, name):
        import wandb

        folder.mkdir(parents=True, exist_ok=True)
        self.run = wandb.init(
            project=project,
            name=name,
            group=name.rpartition("/")[0],
            dir=str(folder),
            reinit="create_new",
        )
        self.run.define_metric("n_labels")
        self.run.define_metric("labels/*", step_metric="n_labels")

    def log_epoch(self, values, number, epoch):
        self.run.log({"round": number, "epoch": epoch, **values})

    def log_round(self, values, record):
        self.run.log(
            {"n_labels": record["n_labels"], **{f"labels/{key}": v for key, v in values.items()}}
        )

    def close(self):
        self.run.finish()


class _Mlflow:
    def __init__(self, folder, project, name):
        from mlflow import MlflowClient

        folder.mkdir(parents=True, exist_ok=True)
        uri = os.environ.get("MLFLOW_TRACKING_URI")
        if not uri:  # files need no database, which mlflow-skinny does not bring
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
            uri = (folder / "mlruns").resolve().as_uri()
        self.client = MlflowClient(uri)
        experiment = self.client.get_experiment_by_name(project)
        number = experiment.experiment_id if experiment else self.client.create_experiment(project)
        self.run_id = self.client.create_run(number, run_name=name).info.run_id

    def log_epoch(self, values, number, epoch):
        for key, value in values.items():
            self.client.log_metric(self.run_id, f"round_{number}/{key}", value, step=epoch)

    def log_round(self, values, record):
        for key, value in values.items():
            self.client.log_metric(self.run_id, f"labels/{key}", value, step=record["n_labels"])

    def close(self):
        self.client.set_terminated(self.run_id)


_LOGGERS = {"tensorboard": _TensorBoard, "wandb": _Wandb, "mlflow": _Mlflow}
_OPEN: dict[tuple, Any] = {}  # the runs of this process that have not ended
