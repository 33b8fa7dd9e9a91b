"""Planning ahead of need, in a thread of its own: a hand that labels does not wait."""

import threading
from concurrent.futures import ThreadPoolExecutor


class Planner:
    """Plans one round at a time."""

    def __init__(self):
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="planner")
        self._turn, self._future = threading.Lock(), None

    def is_busy(self):
        """Return whether a plan is being made, or has failed and nobody has been told."""
        with self._turn:
            return self._future is not None and not self._is_settled()

    def _is_settled(self):
        return self._future.done() and self._future.exception() is None

    def begin(self, connection, plan):
        """Begin to plan from a connection, which is closed then, unless a plan is being made."""
        with self._turn:
            if self._future is not None and not self._is_settled():
                connection.close()
                return
            self._future = self._threads.submit(_run, connection, plan)

    def wait(self):
        """Wait for the plan that is being made; return whether there was one with images.

        Raises
        ------
        Exception
            What went wrong in planning. The next call begins afresh.
        """
        with self._turn:
            if self._future is None or self._is_settled():
                return False
            future = self._future
        try:
            return future.result() > 0
        finally:
            self._forget(future)

    def _forget(self, future):
        with self._turn:
            if self._future is future:
                self._future = None

    def close(self):
        """Wait for the plan that is being made, and make no more."""
        self._threads.shutdown(cancel_futures=True)


def _run(connection, plan):
    with connection:
        return plan(connection)
