"""A project that is open, and what goes on with it in the background."""

import shutil

from .. import _items, _screen, _settings
from .._tally import Tallies
from .background import Background
from .facts import FactsCache
from .problems import ProblemError, explained
from .scheduler import Scheduler
from .schemas.events import ClassesEvent, CountsEvent, ModelEvent, QueueEvent
from .schemas.projects import Unreadable, UnreadableList
from .schemas.state import Counts, Round

LOW_DISK = 500 * 2**20  # bytes: below, there are no new models, but labels are kept


class OpenProject:
    """A project with what the server knows of it.

    Parameters
    ----------
    project_id : str
        In the list of projects.
    project : Project
    hub : Hub
        What is told of it goes there.
    is_read_only : bool
        Whether nothing may be changed.
    """

    def __init__(self, project_id, project, hub, is_read_only=False):
        self.id, self.project, self.hub = project_id, project, hub
        self.is_read_only = is_read_only
        self.store = project._store
        self.tallies, self.facts = Tallies(self.store), FactsCache()
        self._statuses = None
        self.background, self.scheduler = Background(self), Scheduler(self)

    def start(self):
        """Begin what goes on in the background."""
        if not self.is_read_only:
            self.background.start()
            self.scheduler.start()

    def close(self):
        """End what goes on in the background, and close the project."""
        self.scheduler.close()
        self.background.close()
        self.project.close()

    def publish(self, event):
        """Tell all who listen."""
        self.hub.publish(event)

    # Numbers --------------------------------------------------------------------------------

    def statuses(self):
        """Return how many files have which status, and how many images are monitor images."""
        if self._statuses is None:
            with self.store.reading() as connection:
                self._statuses = _screen.status_counts(connection)
        return self._statuses

    def forget_files(self):
        """Count images anew the next time, because files were looked at."""
        self._statuses = None
        self.tallies.forget()

    def counts(self, tally):
        """Return how many images there are, by what is said of them."""
        by_status, n_monitor = self.statuses()
        n_items = by_status.get("ok", 0)
        answers = tally.answers
        n_skipped = answers["skip"]
        return Counts(
            n_items=n_items,
            n_labeled=answers["label"],
            n_skipped=n_skipped,
            n_unsure=answers["unsure"],
            n_excluded=answers["exclude"],
            n_unanswered=n_items - tally.n_answered - n_skipped,
            n_flagged=tally.n_flagged,
            n_monitor=n_monitor,
            n_monitor_labeled=tally.n_monitor_labeled,
            n_unreadable=by_status.get("unreadable", 0),
            n_duplicates=by_status.get("duplicate", 0),
        )

    def round(self, tally):
        """Return where the batch of answers stands."""
        n_items = self.statuses()[0].get("ok", 0)
        mark = _settings.round_mark(self.project.settings, tally.n_answered, n_items)
        return Round(number=mark[0], n_done=mark[1], size=mark[2])

    def free_disk(self):
        """Return how many bytes are free where the project is."""
        return shutil.disk_usage(self.project.place).free

    # Changes --------------------------------------------------------------------------------

    def noticed_decisions(self):
        """Tell what decisions have changed, and learn if it is time to."""
        tally = self.tallies.now()
        counts, round_ = self.counts(tally), self.round(tally)
        self.publish(
            CountsEvent(project_id=self.id, revision=tally.revision, counts=counts, round=round_)
        )
        self.scheduler.note()
        return tally, counts, round_

    def noticed_model(self):
        """Tell that another model is in use, and plan the queue with it."""
        from . import learned

        model, estimate = learned.in_use(self), learned.estimate(self)
        self.publish(ModelEvent(project_id=self.id, model=model, estimate=estimate))
        self.plan_anew("model")

    def plan_anew(self, reason):
        """Plan what was not handed out with what is known now, and tell it."""
        self.project.plan_anew()
        self.publish(QueueEvent(project_id=self.id, reason=reason))
        self.prepare()

    def prepare(self):
        """Plan a round ahead, in the background."""
        if not self.is_read_only:
            self.project.prepare()

    def change_settings(self, patch):
        """Change how the project learns and shows."""
        changes = patch.model_dump(exclude_none=True)
        with explained():
            self.project.change_settings(**changes)
        self.publish(ClassesEvent(project_id=self.id))
        if {"strategy", "batch_size"} & set(changes):
            self.plan_anew("settings")
        self.scheduler.note()

    def mark_unreadable(self, item_id, reason):
        """Write down that an image cannot be shown, so that it is not asked for again."""
        if self.is_read_only:
            return
        with self.store.writing() as connection:
            _items.mark_unreadable(connection, item_id, reason)
        self.forget_files()
        self.noticed_decisions()

    # Labels ---------------------------------------------------------------------------------

    def add_label(self, name, color):
        """Add a label, with a color of its own if one is given."""
        with explained("label-refused"):
            self.project.add_label(name)
            if color is not None:
                self.project.recolor_label(name, color)
        self._noticed_labels()

    def change_label(self, label_id, patch):
        """Rename, recolor or archive a label."""
        name = self._label_name(label_id)
        with explained("label-refused"):
            if patch.color is not None:
                self.project.recolor_label(name, patch.color)
            if patch.is_archived is not None:
                self.project.archive_label(name, patch.is_archived)
            if patch.name is not None:
                self.project.rename_label(name, patch.name)
        self._noticed_labels()

    def order_labels(self, label_ids):
        """Put the labels into another order."""
        names = [self._label_name(label_id) for label_id in label_ids]
        with explained("label-refused"):
            self.project.order_labels(names)
        self._noticed_labels()

    def merge_label(self, label_id, into_id, annotator, key):
        """Give all images of a label another one, and archive it."""
        name, into = self._label_name(label_id), self._label_name(into_id)
        with explained("label-refused"):
            self.project.merge_label(name, into, annotator=annotator, key=key)
        self._noticed_labels()
        self.noticed_decisions()

    def delete_label(self, label_id, annotator, key):
        """Take a label from all its images, and archive it."""
        name = self._label_name(label_id)
        with explained("label-refused"):
            self.project.delete_label(name, annotator=annotator, key=key)
        self._noticed_labels()
        self.noticed_decisions()

    def _label_name(self, label_id):
        names = {c.id: c.name for c in self.project.classes}
        if label_id not in names:
            raise ProblemError(
                404,
                "not-found",
                f"The project has no label of number {label_id}.",
                expected=f"one of {sorted(names)}",
                found=str(label_id),
                fix="Fetch the labels anew: it may have been deleted.",
            )
        return names[label_id]

    def _noticed_labels(self):
        self.publish(ClassesEvent(project_id=self.id))
        self.scheduler.note()

    # Learning -------------------------------------------------------------------------------

    def train(self):
        """Begin a training by hand."""
        return self.scheduler.begin()

    def cancel(self):
        """Let the training that runs end."""
        return self.scheduler.cancel()

    def use_model(self, model_id):
        """Use a model from now on."""
        with explained():
            self.project.use_model(model_id)
        self.noticed_model()

    def unreadable(self):
        """Return the files that are not asked for, and why."""
        found = [Unreadable(relpath=k, reason=v) for k, v in self.project.unreadable().items()]
        return UnreadableList(files=found[:1000], n=len(found))
