"""Trainings and models as the screen shows them."""

from .. import _screen
from .._monitor import MIN_N
from .problems import ProblemError, explained
from .schemas.common import Interval
from .schemas.learning import (
    CalibrationBin,
    ClassReport,
    Epoch,
    JobList,
    Measure,
    ModelList,
    ModelOut,
    ModelReport,
)
from .schemas.state import Job, ModelInUse, Progress

N_JOBS = 50


def interval(estimate):
    """Return an estimate as the interface has it, or None."""
    return None if estimate is None else Interval(**vars(estimate))


def estimate(opened, model_id=None):
    """Return how good a model is, by default the one in use, or None."""
    with explained():
        return interval(opened.project.score(model_id))


def in_use(opened):
    """Return the model whose predictions are shown, or None."""
    with opened.store.reading() as connection:
        row = _screen.current_model(connection)
        if row is None:
            return None
        n_behind = _screen.n_changed_since(connection, row.label_revision)
    names = ("id", "estimator", "strategy", "n_labels", "created")
    return ModelInUse(**{name: getattr(row, name) for name in names}, n_behind=n_behind)


def jobs(opened):
    """Return the last trainings, the newest first."""
    with opened.store.reading() as connection:
        rows = _screen.read_jobs(connection, N_JOBS)
        return JobList(jobs=[_job(opened, connection, row) for row in rows])


def current_job(opened):
    """Return the training that runs, or the last one, or None."""
    with opened.store.reading() as connection:
        rows = _screen.read_jobs(connection, 1)
        return _job(opened, connection, rows[0]) if rows else None


def _job(opened, connection, row):
    live = opened.scheduler.followed(row.id)
    state, progress = (live.state, live.progress) if live else (row.state, row.progress)
    message, *log = row.message.splitlines() or [""]
    known = {k: v for k, v in progress.items() if k in Progress.model_fields}
    known.setdefault("n_epochs", opened.scheduler.n_epochs if live else None)
    return Job(
        id=row.id,
        state=state if row.state == "running" else row.state,
        progress=Progress(**({"phase": "starting"} | known)),
        message=message,
        model_id=row.model_id,
        is_accepted=None if row.is_accepted is None else bool(row.is_accepted),
        created=row.created,
        ended=row.ended,
        eta_s=opened.scheduler.eta() if live else None,
        log=log,
        n_new_labels=_screen.n_labels_since(connection, row.label_revision),
    )


def models(opened):
    """Return all models, judged by the monitor labels that there are now."""
    with opened.store.reading() as connection:
        rows, current = _screen.read_models(connection)
    hint = opened.project.stop_hint()
    return ModelList(
        models=[_model(opened, row, current) for row in rows],
        min_monitor=MIN_N,
        stop_hint=None if hint is None else hint.message,
    )


def _model(opened, kept, current):
    is_net = (opened.project.place / kept.path / "net").is_dir()
    return ModelOut(
        id=kept.id,
        estimator=kept.estimator,
        strategy=kept.strategy,
        n_labels=kept.n_labels,
        estimate=estimate(opened, kept.id),
        is_accepted=kept.is_accepted,
        is_current=kept.id == current,
        reason=kept.reason,
        seconds=kept.metrics.get("seconds"),
        created=kept.created,
        label_revision=kept.label_revision,
        file_kind="safetensors" if is_net else "skops",
    )


def report(opened, model_id):
    """Return how good a model is in detail; what is measured is empty below 20 monitor labels."""
    with opened.store.reading() as connection:
        if _screen.read_model(connection, model_id) is None:
            raise _no_model(model_id)
    with explained():
        found = opened.project.report(model_id)
    ids = {c.name: c.id for c in opened.project.classes}
    confusion = found.confusion
    return ModelReport(
        model_id=model_id,
        estimate=interval(found.estimate),
        per_class=[_class_report(c, ids) for c in found.classes or []],
        confusion_label_ids=[ids[name] for name in found.labels] if found.classes else [],
        confusion=[] if confusion is None else confusion.tolist(),
        calibration=[_bin(b) for b in found.calibration or []],
        calibration_error=found.calibration_error,
        weighted_f1=_measure(found.weighted_f1),
        macro_f1=_measure(found.macro_f1),
        pool_predicted=found.pool_predicted,
        pool_confidence=found.pool_confidence,
        epochs=[Epoch(**row) for row in found.epochs],
        n=0 if found.estimate is None else found.estimate.n,
    )


def _no_model(model_id):
    return ProblemError(
        404,
        "not-found",
        f"The project has no model of number {model_id}.",
        expected="one of the list of models",
        found=str(model_id),
        fix="Ask for the list of models anew.",
    )


def _class_report(found, ids):
    names = ("n", "n_predicted", "precision", "recall", "f1")
    numbers = {name: getattr(found, name) for name in names}
    return ClassReport(label_id=ids[found.label], name=found.label, **numbers)


def _bin(found):
    numbers = {"mean_probability": found.confidence, "accuracy": found.accuracy}
    return CalibrationBin(low=found.low, high=found.high, n=found.n, **numbers)


def _measure(found):
    return None if found is None else Measure(**vars(found))
