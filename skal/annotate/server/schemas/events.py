"""What the stream of events says."""

from typing import Annotated, Literal

from pydantic import Field

from .common import Interval, Out
from .state import Counts, Job, ModelInUse, Round, Work


class Hello(Out):
    """The first message of a stream: fetch what you show anew."""

    type: Literal["hello"] = "hello"
    instance_id: str


class JobEvent(Out):
    """A training has begun, gone on, or ended."""

    type: Literal["job"] = "job"
    project_id: str
    job: Job


class ModelEvent(Out):
    """Another model is in use, or there is a new one that is not."""

    type: Literal["model"] = "model"
    project_id: str
    model: ModelInUse | None
    estimate: Interval | None


class QueueEvent(Out):
    """What was not handed out yet was planned anew: fetch beyond the prefetched window."""

    type: Literal["queue"] = "queue"
    project_id: str
    reason: Literal["model", "embeddings", "scan", "settings", "labels"]


class CountsEvent(Out):
    """Decisions were made, perhaps by others."""

    type: Literal["counts"] = "counts"
    project_id: str
    revision: int
    counts: Counts
    round: Round


class ScanEvent(Out):
    """The folder is being searched, or images are being looked at."""

    type: Literal["scan"] = "scan"
    project_id: str
    scan: Work
    embedding: Work


class ClassesEvent(Out):
    """Labels or settings have changed: fetch the state."""

    type: Literal["classes"] = "classes"
    project_id: str


class ProjectsEvent(Out):
    """The list of projects has changed: fetch it."""

    type: Literal["projects"] = "projects"


Event = Annotated[
    Hello
    | JobEvent
    | ModelEvent
    | QueueEvent
    | CountsEvent
    | ScanEvent
    | ClassesEvent
    | ProjectsEvent,
    Field(discriminator="type"),
]


class EventMessage(Out):
    """The `data` of each message of the stream."""

    event: Event
