"""A project that is open, as it stands."""

from typing import Annotated, Literal

from pydantic import Field

from .common import In, Interval, ModelName, Out, StrategyName


class Counts(Out):
    """How many images there are, by what is said of them."""

    n_items: int
    n_labeled: int
    n_skipped: int
    n_unsure: int
    n_excluded: int
    n_unanswered: int
    n_flagged: int
    n_monitor: int
    n_monitor_labeled: int
    n_unreadable: int
    n_duplicates: int


class ClassOut(Out):
    """A label: its number never changes, all else may."""

    id: int
    name: str
    color: str
    position: int
    is_archived: bool
    n_items: int
    n_training: int = Field(description="Of `n_items`, those that are no monitor images.")
    exemplar: str | None = Field(description="The content key of an image with this label.")


class Round(Out):
    """A batch of answers, after which the model learns if the policy says so."""

    number: int
    n_done: int
    size: int


class Work(Out):
    """Something that goes on in the background."""

    phase: Literal["idle", "running", "failed"]
    n_done: int
    n: int | None
    message: str


class Progress(Out):
    """What a training has reported last."""

    phase: str
    epoch: int | None = None
    n_epochs: int | None = None
    train_loss: float | None = None
    n_done: int | None = None
    n: int | None = None


class Job(Out):
    """A training."""

    id: int
    state: Literal["running", "done", "failed", "cancelled", "interrupted"]
    progress: Progress
    message: str
    model_id: int | None
    is_accepted: bool | None = Field(description="Whether its model took over; None if none.")
    created: float
    ended: float | None
    eta_s: float | None = Field(None, description="Seconds to go, where that can be told.")
    log: list[str] = Field([], description="The last lines of what went wrong.")
    n_new_labels: int = Field(description="Training labels given since it began.")


class ModelInUse(Out):
    """The model whose predictions are shown, and how old it is."""

    id: int
    estimator: str
    strategy: str
    n_labels: int
    created: float
    n_behind: int = Field(description="Changes of training labels since it was trained.")


class Rate(Out):
    """The pace of the one who asks: pauses over a minute are left out; None before 8 decisions."""

    seconds_per_decision: float | None
    n_decisions: int


class AutoTrain(In):
    """When the model learns by itself.

    At the end of each batch, after `every` new labels, when nobody has labeled for `idle_s`
    seconds, or never.
    """

    policy: Literal["batch", "every", "idle", "manual"] = "batch"
    every: Annotated[int, Field(ge=1, le=10_000)] = 32
    idle_s: Annotated[int, Field(ge=1, le=3600)] = 20


class Settings(Out):
    """How a project learns and shows."""

    auto_train: AutoTrain
    batch_size: int
    predictions: Literal["visible", "blind"]
    strategy: str = Field(description="A name, or that of a class given from Python.")
    model: str
    monitor_share: float
    image_size: int
    random_state: int


class SettingsPatch(In):
    """What to change; what is left out stays."""

    auto_train: AutoTrain | None = None
    batch_size: Annotated[int, Field(ge=1, le=1000)] | None = None
    predictions: Literal["visible", "blind"] | None = None
    strategy: StrategyName | None = None
    model: ModelName | None = None


class ProjectState(Out):
    """All that the screens around the image show."""

    id: str
    name: str
    task: Literal["classification"] = "classification"
    revision: int = Field(description="The number of the last event.")
    is_read_only: bool
    counts: Counts
    classes: list[ClassOut]
    scan: Work
    embedding: Work
    round: Round
    warming_up: str | None
    job: Job | None = Field(description="The training that runs, or the last one.")
    model: ModelInUse | None
    estimate: Interval | None
    no_estimate: str | None = Field(description="Why there is no estimate, in words.")
    settings: Settings
    rate: Rate
    n_undo: int
    n_redo: int
    free_disk_bytes: int
    is_disk_low: bool
