"""The search for images, and the look at them, in the background."""

import logging
import threading
import time

from .schemas.events import ScanEvent
from .schemas.state import Work

LOG = logging.getLogger("skal.annotate")
TELL_EVERY = 0.5  # seconds
IDLE = Work(phase="idle", n_done=0, n=None, message="")


class _Closing(Exception):
    """The project is closed meanwhile."""


class Background:
    """Searches the folder of a project for images and looks at them, one search at a time."""

    def __init__(self, opened):
        self._opened = opened
        self.scan = self.embedding = IDLE
        self._turn, self._closing = threading.Lock(), threading.Event()
        self._thread = None
        self._is_wanted, self._told = False, 0.0

    def start(self):
        """Begin a search; while one goes on, another is begun after it."""
        with self._turn:
            self._is_wanted = True
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="skal-scan", daemon=True)
                self._thread.start()

    def close(self):
        """Let the search end soon."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self):
        while self._take():
            try:
                self._search()
                self._look()
            except _Closing:
                return
            except Exception as error:  # nobody is above a thread: the screen has to tell it
                LOG.exception("the search for images failed")
                self._failed(error)

    def _take(self):
        with self._turn:
            wanted, self._is_wanted = self._is_wanted and not self._closing.is_set(), False
            if not wanted:
                self._thread = None
            return wanted

    def _search(self):
        folder = self._opened.project.folder
        if not folder.is_dir():
            raise FileNotFoundError(
                f"the folder of images is not there: {folder}. Put it back, or open the project "
                f"with the folder where they are now."
            )
        self._tell(scan=Work(phase="running", n_done=0, n=None, message=""))
        report = self._opened.project.scan()
        self._opened.forget_files()
        self._tell(scan=Work(phase="idle", n_done=report.n_images, n=report.n_images, message=""))
        if report.n_new:
            self._opened.plan_anew("scan")

    def _look(self):
        was_random = self._is_random()
        self._opened.project.embed(self._progress)
        self._opened.forget_files()
        self._tell(embedding=IDLE)
        if was_random:
            self._opened.plan_anew("embeddings")
        else:
            self._opened.prepare()

    def _is_random(self):
        """Return whether images are asked for at random, because none were looked at."""
        ids, _ = self._opened.project._embeddings()
        return len(ids) < 2

    def _progress(self, n_done, n):
        if self._closing.is_set():
            raise _Closing
        self.embedding = Work(phase="running", n_done=n_done, n=n, message="")
        if time.monotonic() - self._told > TELL_EVERY or n_done == n:
            self._tell()

    def _tell(self, scan=None, embedding=None):
        self.scan, self.embedding = scan or self.scan, embedding or self.embedding
        self._told = time.monotonic()
        self._opened.publish(
            ScanEvent(project_id=self._opened.id, scan=self.scan, embedding=self.embedding)
        )

    def _failed(self, error):
        work = Work(phase="failed", n_done=0, n=None, message=str(error))
        if self.scan.phase == "running":
            self._tell(scan=work)
        elif isinstance(error, FileNotFoundError):
            self._tell(scan=work)
        else:
            self._tell(embedding=work)
