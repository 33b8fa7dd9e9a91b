"""A project as the screens around the image show it."""

from .. import _screen
from .._monitor import MIN_N
from .._strategies import name_of
from . import learned
from .opened import LOW_DISK
from .schemas.labeling import AnnotatorList
from .schemas.state import AutoTrain, ClassOut, ProjectState, Rate, Settings


def state(opened, annotator):
    """Return all that the screens around the image show."""
    tally, project = opened.tallies.now(), opened.project
    with opened.store.reading() as connection:
        seconds, n = _screen.pace(connection, annotator)
        n_undo, n_redo = _screen.count_steps(connection, annotator)
    estimate = learned.estimate(opened)
    free = opened.free_disk()
    return ProjectState(
        id=opened.id,
        name=project.name,
        revision=tally.revision,
        is_read_only=opened.is_read_only,
        counts=opened.counts(tally),
        classes=classes(opened),
        scan=opened.background.scan,
        embedding=opened.background.embedding,
        round=opened.round(tally),
        warming_up=project.warming_up(),
        job=learned.current_job(opened),
        model=learned.in_use(opened),
        estimate=estimate,
        no_estimate=None if estimate else _no_estimate(project, tally),
        settings=settings(opened),
        rate=Rate(seconds_per_decision=seconds, n_decisions=n),
        n_undo=n_undo,
        n_redo=n_redo,
        free_disk_bytes=free,
        is_disk_low=free < LOW_DISK,
    )


def _no_estimate(project, tally):
    """Return why there is no estimate yet, in words."""
    if project.settings.get("monitor_share") == 0:
        return "This project has no monitor images, so no model can be judged."
    if tally.n_monitor_labeled < MIN_N:
        n_left = MIN_N - tally.n_monitor_labeled
        return f"No estimate yet: {n_left} more random checks have to be labeled."
    return "No estimate yet: there is no model."


def settings(opened):
    """Return how a project learns and shows."""
    project = opened.project
    kept = project.settings
    return Settings(
        auto_train=AutoTrain(**kept["auto_train"]),
        batch_size=kept["batch_size"],
        predictions=kept["predictions"],
        strategy=kept.get("strategy") or name_of(project.strategy),
        model=kept.get("model") or type(project.estimator).__name__,
        monitor_share=kept["monitor_share"],
        image_size=kept["image_size"],
        random_state=project.random_state,
    )


def classes(opened):
    """Return all labels in their order, with how many images have them."""
    tally = opened.tallies.now()
    rows = opened.project.classes
    shown = _exemplars(opened, [c.id for c in rows])
    return [
        ClassOut(
            id=c.id,
            name=c.name,
            color=c.color,
            position=position,
            is_archived=c.is_archived,
            n_items=tally.labels[c.id],
            n_training=tally.training_labels[c.id],
            exemplar=shown.get(c.id),
        )
        for position, c in enumerate(rows)
    ]


def _exemplars(opened, label_ids):
    """Return the content key of an image with each label, where there is one."""
    items = {label_id: opened.tallies.example_of(label_id) for label_id in label_ids}
    with opened.store.reading() as connection:
        keys = _screen.read_content_keys(connection, [i for i in items.values() if i is not None])
    return {label_id: keys[i] for label_id, i in items.items() if i in keys}


def annotators(opened):
    """Return who has decided anything."""
    with opened.store.reading() as connection:
        return AnnotatorList(annotators=_screen.read_annotators(connection))
