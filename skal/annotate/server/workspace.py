"""The projects and folders of one server."""

import logging
import os
import shutil
import threading
import time
from pathlib import Path

from ... import __version__
from ..._files import TEMPORARY
from ...exceptions import ProjectError
from .. import _features, _store
from .._images import max_pixels
from .._models import FOLDER as MODELS
from ..project import Project
from . import folders, learned
from .limits import MAX_ACTIONS, MAX_BODY, MAX_PAGE, MAX_QUEUE, RAW_MAX_SIDE
from .opened import OpenProject
from .peek import Peeked, disk_use, is_open_elsewhere, peek
from .pictures import SIZES, Cache
from .problems import ProblemError, explained
from .schemas.common import Interval
from .schemas.events import ProjectsEvent
from .schemas.projects import ProjectCard
from .schemas.session import Limits, Root, Session

LOG = logging.getLogger("skal.annotate")
REASONS = {  # what the message of the engine says, and what the client is told by
    "open elsewhere": "project-elsewhere",
    "newer skal": "project-newer",
    "damaged": "project-damaged",
    "cannot be read as a database": "project-damaged",
    "holds no project": "project-missing",
    "there is no folder": "project-missing",
}
DATABASE = (_store.FILE, f"{_store.FILE}-wal", f"{_store.FILE}-shm", _store.LOCK, _store.BACKUPS)
OURS = (*DATABASE, _features.FILE, _features.BASIS, MODELS)


class Workspace:
    """What a server works on.

    Parameters
    ----------
    registry : Registry
        The projects that are known.
    roots : list of RootFolder
        The folders that may be looked into.
    hub : Hub
        Where news go.
    decoders : Decoders
        What decodes images.
    is_read_only : bool, default=False
        Whether nothing may be changed.
    """

    def __init__(self, registry, roots, hub, decoders, *, is_read_only=False):
        self.registry, self.hub, self.decoders = registry, hub, decoders
        self.is_read_only = is_read_only
        self.pictures = Cache()
        self.first_project = None
        self._roots = {root.id: root for root in roots}
        self._opened: dict = {}
        self._turn = threading.RLock()

    def close(self):
        """Close all projects, and end what decodes images."""
        with self._turn:
            for project_id in list(self._opened):
                self._close(project_id)
        self.decoders.close()

    # Who and where --------------------------------------------------------------------------

    def session(self, identity, annotator):
        """Return what the screen needs before anything else."""
        is_owner = identity.role == "owner"
        roots = [
            Root(root_id=r.id, name=r.path.name or str(r.path), path=str(r.path))
            for r in self._roots.values()
        ]
        return Session(
            version=__version__,
            role=identity.role,
            annotator=annotator,
            is_annotator_fixed=identity.annotator is not None,
            device=device(),
            is_read_only=self.is_read_only,
            roots=roots if is_owner else [],
            limits=Limits(
                max_pixels=max_pixels(),
                max_body_bytes=MAX_BODY,
                max_batch_decisions=MAX_ACTIONS,
                max_queue=MAX_QUEUE,
                max_page=MAX_PAGE,
                image_sizes=list(SIZES),
                raw_max_side=RAW_MAX_SIDE,
            ),
            project_id=self.first_project,
            instance_id=self.hub.instance_id,
        )

    def root(self, root_id):
        """Return a folder that may be looked into."""
        if root_id in self._roots:
            return self._roots[root_id]
        raise ProblemError(
            404,
            "not-found",
            "There is no such root.",
            expected="one of those of the session",
            found=root_id,
            fix="Ask for the session anew, or start skal annotate with --root FOLDER.",
        )

    # Projects -------------------------------------------------------------------------------

    def cards(self):
        """Return all projects as they stand in the list, the last opened first."""
        return [self._card(entry) for entry in self.registry.entries()]

    def create(self, body):
        """Make a project of a folder below a root, and open it."""
        folder = folders.inside(self.root(body.root_id), body.relpath)
        entry = self.make(folder, body.labels, body.name, body.settings.model_dump())
        return self._card(entry)

    def make(self, folder, labels, name=None, settings=None):
        """Make a project of a folder, open it, and return its entry."""
        settings = dict(settings or {})
        batch_size = settings.pop("batch_size", None)
        place = self._place_for(folder)
        with explained("project-refused"):
            project = Project.create(folder, labels, place, name=name, wait=False, **settings)
        if batch_size is not None:
            project.change_settings(batch_size=batch_size)
        with self._turn:
            entry = self.registry.add(project.place)
            self._begin(entry, project)
        return self.registry.find(entry.id)

    def _place_for(self, folder):
        """Return where to keep a project: beside its images, if one may write there."""
        place = Path(f"{folder}.skal")
        if (place / _store.FILE).exists():
            raise ProblemError(
                409,
                "project-exists",
                f"There is a project of {folder.name!r} already.",
                expected="a folder without a project",
                found=place.name,
                fix="Open it from the list of projects.",
            )
        if os.access(place.parent, os.W_OK):
            return place
        own = self.registry.folder / "projects"
        own.mkdir(exist_ok=True, mode=0o700)
        names = (f"{folder.name}{end}.skal" for end in ("", *(f"-{i}" for i in range(2, 1000))))
        return next(own / name for name in names if not (own / name).exists())

    def duplicate(self, project_id, body):
        """Make a project of another folder with the labels and settings of one that is known."""
        source = self.opened(project_id).project
        folder = folders.inside(self.root(body.root_id), body.relpath)
        kept = source.settings
        names = ("strategy", "model", "batch_size", "monitor_share", "image_size")
        settings = {name: kept[name] for name in names if kept.get(name) is not None}
        active = [c for c in source.classes if not c.is_archived]
        settings["random_state"] = source.random_state
        entry = self.make(folder, [c.name for c in active], body.name, settings)
        made = self.opened(entry.id).project
        made.change_settings(auto_train=kept["auto_train"], predictions=kept["predictions"])
        for label in active:
            made.recolor_label(label.name, label.color)
        return self._card(entry)

    def opened(self, project_id):
        """Return a project that is open; it is opened if need be."""
        found = self._opened.get(project_id)
        if found is not None:
            return found
        entry = self._entry(project_id)
        if entry.trashed is not None:
            raise ProblemError(
                409, "project-trashed", "The project is in the trash.", fix="Restore it first."
            )
        with self._turn:
            if project_id not in self._opened:
                self._begin(entry, self._load(entry))
            return self._opened[project_id]

    def _load(self, entry):
        try:
            return Project.open(entry.place, wait=False)
        except ProjectError as error:
            text = str(error)
            name = next((v for k, v in REASONS.items() if k in text), "project-unusable")
            raise ProblemError(409, name, text) from error

    def _begin(self, entry, project):
        opened = OpenProject(entry.id, project, self.hub, self.is_read_only)
        self._opened[entry.id] = opened
        if not self.is_read_only:
            self.registry.change(entry.id, last_opened=time.time())
        opened.start()
        self.hub.publish(ProjectsEvent())

    def open(self, project_id):
        """Open a project, and return its card."""
        self.opened(project_id)
        return self.card(project_id)

    def close_project(self, project_id):
        """Close a project, and return its card."""
        with self._turn:
            self._close(project_id)
        return self.card(project_id)

    def _close(self, project_id):
        opened = self._opened.pop(project_id, None)
        if opened is None:
            return
        if not self.is_read_only:
            found = learned.estimate(opened)
            self.registry.change(project_id, estimate=found and found.model_dump())
        opened.close()
        self.hub.publish(ProjectsEvent())

    def rename(self, project_id, name):
        """Give a project another name, and return its card."""
        with explained("project-refused"):
            self.opened(project_id).project.rename(name)
        self.hub.publish(ProjectsEvent())
        return self.card(project_id)

    def trash(self, project_id):
        """Close a project and put it into the trash, and return its card."""
        self._entry(project_id)
        with self._turn:
            self._close(project_id)
            self.registry.change(project_id, trashed=time.time())
        self.hub.publish(ProjectsEvent())
        return self.card(project_id)

    def restore(self, project_id):
        """Take a project back from the trash, and return its card."""
        self._entry(project_id)
        self.registry.change(project_id, trashed=None)
        self.hub.publish(ProjectsEvent())
        return self.card(project_id)

    def purge(self, project_id):
        """Delete a project in the trash for good: what is ours in its folder, never images."""
        entry = self._entry(project_id)
        if entry.trashed is None:
            raise ProblemError(
                409,
                "project-not-trashed",
                "Only projects in the trash are deleted.",
                fix="Put it into the trash first.",
            )
        place = Path(entry.place)
        if is_open_elsewhere(place):
            raise ProblemError(
                409, "project-elsewhere", "It is open elsewhere.", fix="Close it there first."
            )
        with self._turn:
            _delete(place)
            self.registry.remove(project_id)
        self.hub.publish(ProjectsEvent())

    # Cards ----------------------------------------------------------------------------------

    def card(self, project_id):
        """Return a project as it stands in the list."""
        return self._card(self._entry(project_id))

    def _card(self, entry):
        opened = self._opened.get(entry.id)
        found = peek(entry.place)
        message = found if isinstance(found, str) else ""
        nothing = Peeked(Path(entry.place).stem, 0, 0, 0.0, "")
        shown = found if isinstance(found, Peeked) else nothing
        kept = Interval(**entry.estimate) if entry.estimate else None
        return ProjectCard(
            id=entry.id,
            name=shown.name,
            status=self._status(entry, opened, message),
            message=message,
            n_items=shown.n_items,
            n_labeled=shown.n_labeled,
            estimate=learned.estimate(opened) if opened else kept,
            disk_bytes=disk_use(entry.place),
            created=shown.created,
            last_opened=entry.last_opened,
            trashed=entry.trashed,
        )

    def _status(self, entry, opened, message):
        if entry.trashed is not None:
            return "trashed"
        if opened is not None:
            return "open"
        if message:
            return "unusable" if Path(entry.place).is_dir() else "missing"
        return "elsewhere" if is_open_elsewhere(entry.place) else "closed"

    def _entry(self, project_id):
        entry = self.registry.find(project_id)
        if entry is not None:
            return entry
        raise ProblemError(
            404,
            "not-found",
            "There is no such project.",
            expected="a project of the list",
            found=project_id,
            fix="Ask for the list of projects anew.",
        )


def _delete(place):
    """Delete what skal has written into the folder of a project; what is not skal's stays."""
    if place.is_symlink() or not place.is_dir():
        return
    for path in list(place.iterdir()):
        if path.name not in OURS and not path.name.startswith(TEMPORARY):
            LOG.warning("a file that is not skal's stays in the folder of a deleted project")
        elif path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if not any(place.iterdir()):
        place.rmdir()


def device():
    """Return what nets learn on, as far as it can be told without loading torch."""
    return "GPU" if Path("/dev/nvidiactl").exists() else "CPU"
