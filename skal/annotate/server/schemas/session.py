"""Who is here, with which program, and what it allows."""

from typing import Literal

from .common import Name, Out, Relpath

Role = Literal["owner", "annotator"]


class Root(Out):
    """A folder that the program may look into; its whole path is shown to the owner only."""

    root_id: str
    name: str
    path: str | None


class Limits(Out):
    """What the server refuses to exceed."""

    max_pixels: int
    max_body_bytes: int
    max_batch_decisions: int
    max_queue: int
    max_page: int
    image_sizes: list[int]
    raw_max_side: int


class Session(Out):
    """What the screen needs before anything else."""

    version: str
    role: Role
    annotator: str
    is_annotator_fixed: bool
    device: str
    is_read_only: bool
    roots: list[Root]
    limits: Limits
    project_id: str | None
    can_upload: Literal[False] = False
    instance_id: str


class FolderEntry(Out):
    """A folder below another; `n_images` counts what lies directly in it, up to a thousand."""

    name: str
    relpath: str
    n_images: int
    has_project: bool


class FolderListing(Out):
    """A folder of images to be, with those below it."""

    root_id: str
    relpath: Relpath
    name: Name
    parent: str | None
    n_images: int
    has_more_images: bool
    folders: list[FolderEntry]
    has_more_folders: bool
