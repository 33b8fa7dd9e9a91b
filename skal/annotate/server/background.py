"""The search for images, and the look at them, as the screen follows it."""

import logging
import threading

from .schemas.events import ScanEvent
from .schemas.state import Work

LOG = logging.getLogger("skal.annotate")
LOOK_EVERY = 0.3  # seconds
IDLE = Work(phase="idle", n_done=0, n=None, message="")


class Background:
    """Follows the search of a project for images, and begins others.

    Parameters
    ----------
    opened : OpenProject
    """

    def __init__(self, opened):
        self._opened = opened
        self.scan = self.embedding = IDLE
        self._turn, self._closing = threading.Lock(), threading.Event()
        self._thread, self._is_wanted = None, False

    def start(self):
        """Search the folder; while a search goes on, another is begun after it."""
        with self._turn:
            self._is_wanted = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="skal-scan", daemon=True)
                self._thread.start()

    def close(self):
        """Let the search end soon."""
        self._closing.set()
        job, thread = self._opened.project.scan_job, self._thread
        if job is not None:
            job.cancel()
        if thread is not None:
            thread.join()

    def _run(self):
        while self._take():
            try:
                self._follow(self._begun())
            except Exception as error:  # nobody is above a thread: the screen has to tell it
                LOG.exception("the search for images failed")
                self._failed(f"{type(error).__name__}: {error}")

    def _take(self):
        with self._turn:
            job = self._opened.project.scan_job
            goes_on = job is not None and job.state == "running"
            wanted = (self._is_wanted or goes_on) and not self._closing.is_set()
            self._is_wanted = False
            if not wanted:
                self._thread = None
            return wanted

    def _begun(self):
        """Return the search that goes on, since the project was opened, or one that is begun."""
        project = self._opened.project
        job = project.scan_job
        if job is not None and job.state == "running":
            return job
        if not project.folder.is_dir():
            raise FileNotFoundError(
                f"the folder of images is not there: {project.folder}. Put it back; all labels "
                f"are kept."
            )
        return project.scan(wait=False, embed=True)

    def _follow(self, job):
        seen, was_random = None, self._is_random()
        while job.state == "running" and not self._closing.is_set():
            if (now := (job.phase, job.n_done, job.n)) != seen:
                seen = now
                self._noticed(job)
            job.wait(LOOK_EVERY)
        if self._closing.is_set():
            return
        if job.state == "failed":
            self._failed(job.message, job.phase)
            return
        self.scan = self.embedding = IDLE
        self._opened.forget_files()
        self._tell()
        self._opened.noticed_decisions()
        if was_random and not self._is_random():
            self._opened.plan_anew("embeddings")
        elif job.report is not None and job.report.n_new:
            self._opened.plan_anew("scan")
        else:
            self._opened.prepare()

    def _is_random(self):
        """Return whether images are asked for at random, because too few were looked at."""
        ids, _ = self._opened.project._embeddings()
        return len(ids) < 2

    def _noticed(self, job):
        work = Work(phase="running", n_done=job.n_done, n=job.n or None, message=job.phase)
        is_look = job.phase == "embedding"
        self.scan, self.embedding = (IDLE, work) if is_look else (work, IDLE)
        if not is_look:
            self._opened.forget_files()
            self._opened.noticed_decisions()
        self._tell()

    def _tell(self):
        self._opened.publish(
            ScanEvent(project_id=self._opened.id, scan=self.scan, embedding=self.embedding)
        )

    def _failed(self, message, phase="listing"):
        work = Work(phase="failed", n_done=0, n=None, message=message)
        is_look = phase == "embedding"
        self.scan, self.embedding = (IDLE, work) if is_look else (work, IDLE)
        self._opened.forget_files()
        self._tell()
