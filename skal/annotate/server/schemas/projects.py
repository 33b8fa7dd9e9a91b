"""Projects as cards, and how they are made."""

from typing import Annotated, Literal

from pydantic import Field

from .common import In, Interval, ModelName, Name, Out, Relpath, StrategyName

Status = Literal["open", "closed", "missing", "elsewhere", "unusable", "trashed"]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


class ProjectCard(Out):
    """A project as it stands in the list."""

    id: str
    name: str
    task: Literal["classification"] = "classification"
    status: Status
    message: str = Field("", description="Why it cannot be opened, and what to do.")
    n_items: int
    n_labeled: int
    estimate: Interval | None
    disk_bytes: int
    created: float
    last_opened: float | None
    trashed: float | None


class ProjectList(Out):
    """All projects that this computer knows, the last opened first; those in the trash too."""

    projects: list[ProjectCard]


class NewSettings(In):
    """How a project learns; what is left out is recommended."""

    strategy: StrategyName = "margin"
    model: ModelName = "logistic"
    batch_size: Annotated[int, Field(ge=1, le=1000)] = 32
    monitor_share: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    image_size: Annotated[int, Field(ge=8, le=512)] = 64
    random_state: Seed = 0


class NewProject(In):
    """A project to make of a folder; the images stay where they are."""

    root_id: str
    relpath: Relpath
    labels: Annotated[list[Name], Field(max_length=1000)]
    name: Name | None = None
    settings: NewSettings = NewSettings()


class ProjectPatch(In):
    """What can be said of a project anew."""

    name: Name


class DuplicateSettings(In):
    """A new project on another folder, with the labels and settings of one that is there."""

    root_id: str
    relpath: Relpath
    name: Name | None = None


class Unreadable(Out):
    """A file that is not asked for."""

    relpath: str
    reason: str


class UnreadableList(Out):
    """The files that are not asked for, and why."""

    files: list[Unreadable]
    n: int
