"""When the model learns by itself, and what is told of a training. Labeling never waits for it."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor, TimeoutError

from .. import _screen, _settings
from . import learned
from .problems import ProblemError
from .schemas.events import JobEvent
from .schemas.state import Job, Progress

LOG = logging.getLogger("skal.annotate")
TELL_EVERY = 0.25  # seconds
PATIENCE = 2.0  # seconds that a request waits for a training to begin
PREPARING = 0  # the number of a training that has none yet


class Scheduler:
    """Begins trainings by the policy of a project, and follows them.

    Parameters
    ----------
    opened : OpenProject
    """

    def __init__(self, opened):
        self._opened = opened
        self._worker = ThreadPoolExecutor(1, "skal-scheduler")
        self._turn, self._is_noted = threading.Lock(), threading.Event()
        self._timer = None
        self._is_closed = self._is_beginning = False
        self._trained_round, self._trained_revision = 1, 0
        self._followed = self._follower = None
        self._began = self._told = 0.0

    def start(self):
        """Find out what was learned already, and whether it is time to learn."""
        with self._opened.store.reading() as connection:
            last = next(iter(_screen.read_jobs(connection, 1)), None)
            if last is not None:
                self._trained_revision = last.label_revision
                before = _screen.n_answered_until(connection, last.label_revision)
                self._trained_round = self._round(before)
        self.note()

    def close(self):
        """Begin no more trainings; the one that runs ends with the project."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._worker.shutdown(cancel_futures=True)

    @property
    def is_running(self):
        """Whether a training runs or is being prepared."""
        return self._is_beginning or (
            self._followed is not None and self._followed.state == "running"
        )

    def note(self):
        """Look soon whether it is time to learn."""
        if self._is_closed or self._opened.is_read_only or self._is_noted.is_set():
            return
        self._is_noted.set()
        try:
            self._worker.submit(self._consider)
        except RuntimeError:  # closed in between
            self._is_noted.clear()

    def begin(self):
        """Begin a training now, and return it, or raise a problem that says why there is none."""
        self._check_can_begin()
        begun = self._worker.submit(self._begin)
        try:
            begun.result(PATIENCE)
        except TimeoutError:  # images are still being looked at
            return self._preparing()
        return learned.current_job(self._opened)

    def cancel(self):
        """Let the training that runs end, and return it."""
        job = self._followed
        if job is None or job.state != "running":
            raise ProblemError(
                409, "no-training", "No training runs.", fix="Nothing has to be cancelled."
            )
        job.cancel()
        return learned.current_job(self._opened)

    def followed(self, number):
        """Return the training of a number if it is the one that runs, or None."""
        job = self._followed
        is_it = job is not None and job.id == number and job.state == "running"
        return job if is_it else None

    @property
    def n_epochs(self):
        """How many epochs a net learns for, or None for what has none."""
        return getattr(self._opened.project.estimator, "max_epochs", None)

    def eta(self):
        """Return the seconds that the training goes on, where its progress tells it."""
        job = self._followed
        if job is None or job.state != "running":
            return None
        share = _share(job.progress, self.n_epochs)
        elapsed = time.monotonic() - self._began
        return None if not share else elapsed * (1 - share) / share

    # Whether --------------------------------------------------------------------------------

    def _consider(self):
        self._is_noted.clear()
        if self._is_closed or self.is_running:
            return
        try:
            if self._is_due() and self._missing() is None and not self._is_disk_low():
                self._begin()
        except Exception:  # labeling goes on; the training says itself why it failed
            LOG.exception("a training could not be begun")

    def _is_due(self):
        policy = self._opened.project.settings["auto_train"]
        kind = policy["policy"]
        if kind == "manual":
            return False
        if kind == "batch":
            return self._round() > self._trained_round or self._is_all_answered()
        with self._opened.store.reading() as connection:
            n_new = _screen.n_labels_since(connection, self._trained_revision)
            last = _screen.last_decision_time(connection)
        if kind == "every":
            return n_new >= policy["every"]
        return n_new > 0 and self._is_idle(policy["idle_s"], last)

    def _is_idle(self, idle_s, last):
        left = idle_s - (time.time() - (last or 0))
        if left <= 0:
            return True
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(left + 0.05, self.note)
        self._timer.daemon = True
        self._timer.start()
        return False

    def _is_all_answered(self):
        """Return whether the last images are answered, which may end no round."""
        tally = self._opened.tallies.now()
        n_items = self._opened.statuses()[0].get("ok", 0)
        is_new = tally.training_revision > self._trained_revision
        return is_new and 0 < n_items <= tally.n_answered

    def _round(self, n_answered=None):
        if n_answered is None:
            n_answered = self._opened.tallies.now().n_answered
        settings = self._opened.project.settings
        return _settings.round_mark(settings, n_answered, n_answered + 1)[0]

    def _missing(self):
        return self._opened.project.warming_up()

    def _is_disk_low(self):
        from .opened import LOW_DISK

        return self._opened.free_disk() < LOW_DISK

    def _check_can_begin(self):
        if self.is_running:
            raise ProblemError(
                409, "training-runs", "A training runs.", fix="Wait for it, or cancel it."
            )
        missing = self._missing()
        if missing is not None:
            raise ProblemError(
                409,
                "too-few-labels",
                f"There are too few labels to learn from. {missing}",
                expected="two labels of each class, and ten in all",
                found=missing,
                fix="Label on.",
            )
        if self._is_disk_low():
            raise ProblemError(
                507,
                "disk-low",
                "The disk is nearly full: no new models are made. Labels are kept.",
                expected="500 MB of free space",
                found=f"{self._opened.free_disk() / 1e6:.0f} MB",
                fix="Make room on the disk of the project.",
            )

    # How ------------------------------------------------------------------------------------

    def _begin(self):
        with self._turn:
            if self.is_running or self._is_closed:
                return
            self._is_beginning = True
        try:
            self._trained_round = self._round()
            self._trained_revision = self._opened.tallies.now().revision
            self._began = time.monotonic()
            self._opened.publish(JobEvent(project_id=self._opened.id, job=self._preparing()))
            self._followed = self._opened.project.train(wait=False, on_progress=self._progress)
        finally:
            self._is_beginning = False
        self._follower = threading.Thread(target=self._follow, name="skal-follower", daemon=True)
        self._follower.start()

    def _progress(self, _):
        if time.monotonic() - self._told > TELL_EVERY:
            self._told = time.monotonic()
            self._tell()

    def _follow(self):
        self._tell()
        job = self._followed.wait()
        if self._is_closed:
            return
        self._tell()
        if job.state == "done":
            self._opened.noticed_model()
        self.note()

    def _tell(self):
        job = learned.current_job(self._opened)
        if job is not None:
            self._opened.publish(JobEvent(project_id=self._opened.id, job=job))

    def _preparing(self):
        return Job(
            id=PREPARING,
            state="running",
            progress=Progress(phase="preparing"),
            message="",
            model_id=None,
            is_accepted=None,
            created=time.time(),
            ended=None,
            n_new_labels=0,
        )


def _share(progress, n_epochs):
    """Return how much of a training is done, or None where it cannot be told."""
    if "n_done" in progress and progress.get("n"):
        return progress["n_done"] / progress["n"] if progress["phase"] == "predicting" else None
    if "epoch" in progress and n_epochs:
        return min(1.0, progress["epoch"] / n_epochs)
    return None
