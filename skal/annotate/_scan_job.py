"""A look at the folder of images, which may take long: also in the background."""

import threading

from ._child import CancelledError


class ScanJob:
    """A scan of the folder, and a look at what is new there, while people label.

    Attributes
    ----------
    state : {"running", "done", "failed", "cancelled"}
        How it stands.
    phase : {"listing", "scanning", "embedding"}
        What it does: list all names, read every file, tell what images look like.
    n_done, n : int
        How many files of the phase are done, and of how many.
    message : str
        Why it failed, in words.
    report : ScanReport or None
        What the scan has found, once all files are read.
    """

    def __init__(self, look, on_progress=None):
        self._look, self._on_progress = look, on_progress
        self._cancelled, self._thread, self._error = threading.Event(), None, None
        self.state, self.message, self.report = "running", "", None
        self.phase, self.n_done, self.n = "listing", 0, 0

    def __repr__(self):
        return f"ScanJob({self.state!r}, {self.phase}, {self.n_done} of {self.n})"

    def start(self):
        """Begin in a thread.

        Returns
        -------
        self
        """
        self._thread = threading.Thread(target=self._do, daemon=True)
        self._thread.start()
        return self

    def run(self):
        """Do it here and now.

        Returns
        -------
        self
        """
        self._do()
        if self._error is not None:
            raise self._error
        return self

    def _do(self):
        try:
            self._look(self)
        except CancelledError:
            self.state = "cancelled"
        except Exception as error:  # run raises it; a thread has nobody above it to tell
            self._error, self.message = error, f"{type(error).__name__}: {error}"
            self.state = "failed"
        except BaseException:
            self.state = "cancelled"
            raise
        else:
            self.state = "done"

    def tell(self, phase, n_done, n):
        """Note how far it is; raise CancelledError if nobody wants it any more."""
        self.phase, self.n_done, self.n = phase, n_done, n
        if self._on_progress is not None:
            self._on_progress(phase, n_done, n)
        if self._cancelled.is_set():
            raise CancelledError

    def wait(self, timeout=None):
        """Wait until it has ended, or for so many seconds.

        Returns
        -------
        self
        """
        if self._thread is not None:
            self._thread.join(timeout)
        return self

    def cancel(self):
        """Let it end after the files in hand; a later scan goes on from there."""
        self._cancelled.set()
