"""Trainings and models."""

from typing import Literal

from pydantic import Field

from .common import Interval, Out
from .state import Job


class JobList(Out):
    """Trainings, the newest first."""

    jobs: list[Job]


class ModelOut(Out):
    """A model, judged by the monitor labels that there are now."""

    id: int
    estimator: str
    strategy: str
    n_labels: int
    estimate: Interval | None
    is_accepted: bool
    is_current: bool
    reason: str
    seconds: float | None
    created: float
    label_revision: int
    file_kind: Literal["skops", "safetensors"]


class ModelList(Out):
    """All models, the oldest first: the points of the learning curve."""

    models: list[ModelOut]
    min_monitor: int = Field(description="Monitor labels below which there is no estimate.")
    stop_hint: str | None = Field(description="That more labels now change little, in words.")


class ClassReport(Out):
    """How good a model is at one class, on monitor images."""

    label_id: int
    name: str
    n: int
    n_predicted: int
    precision: float | None
    recall: float | None
    f1: float | None


class CalibrationBin(Out):
    """Of images whose best guess has a probability in a range: how often it is right."""

    low: float
    high: float
    n: int
    mean_probability: float | None
    accuracy: float | None


class Measure(Out):
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


class Epoch(Out):
    """A pass over the training images."""

    epoch: int
    train_loss: float | None = None
    valid_loss: float | None = None
    learning_rate: float | None = None


class ModelReport(Out):
    """A model on monitor images: all of it is None or empty below `min_monitor` labels."""

    model_id: int
    estimate: Interval | None
    per_class: list[ClassReport]
    confusion_label_ids: list[int]
    confusion: list[list[int]] = Field(description="Rows: what people say; columns: the model.")
    calibration: list[CalibrationBin]
    calibration_error: float | None = Field(description="The expected calibration error.")
    weighted_f1: Measure | None
    macro_f1: Measure | None
    pool_predicted: dict[str, int] = Field(
        description="Images of the pool by what is said of them."
    )
    pool_confidence: list[int] = Field(description="In each tenth of [0, 1], of the best guess.")
    epochs: list[Epoch] = Field(description="Of nets.")
    n: int
