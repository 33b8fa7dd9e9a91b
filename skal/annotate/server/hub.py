"""News for all who listen, from any thread."""

import asyncio
import itertools
import threading
import time
from collections import deque

from .problems import ProblemError
from .schemas.events import EventMessage, Hello

PING_EVERY = 15.0  # seconds
MOST_WAITING, MOST_LISTENERS = 200, 64


class Hub:
    """Tells listeners what happens. One that is too slow is told to fetch everything anew.

    Parameters
    ----------
    instance_id : str
        Names this start of the server.
    """

    def __init__(self, instance_id):
        self.instance_id = instance_id
        self._listeners: set = set()
        self._turn, self._numbers = threading.Lock(), itertools.count(1)
        self._is_closed = False

    def publish(self, event):
        """Tell an event to all."""
        with self._turn:
            frame = _frame(next(self._numbers), event)
            for listener in self._listeners:
                listener.tell(frame)

    def close(self):
        """Let all streams end."""
        with self._turn:
            self._is_closed = True
            for listener in self._listeners:
                listener.tell(None)

    def stream(self):
        """Return the frames of a stream, which ends with the server; call it in the event loop."""
        return self._frames(self._join())

    async def _frames(self, listener):
        try:
            yield _frame(0, Hello(instance_id=self.instance_id))
            while not self._is_closed:
                frames = await listener.take(PING_EVERY)
                if frames is None:
                    frames = [_frame(0, Hello(instance_id=self.instance_id))]
                for frame in frames or [b": ping\n\n"]:
                    yield frame
        finally:
            with self._turn:
                self._listeners.discard(listener)

    def _join(self):
        listener = _Listener(asyncio.get_running_loop())
        with self._turn:
            if len(self._listeners) >= MOST_LISTENERS:
                raise ProblemError(
                    503,
                    "busy",
                    f"{MOST_LISTENERS} windows listen already.",
                    fix="Close windows of skal annotate that you do not need.",
                )
            self._listeners.add(listener)
        return listener


class _Listener:
    """What waits for one client."""

    def __init__(self, loop):
        self._loop, self._news, self._frames = loop, asyncio.Event(), deque()
        self._is_behind = False

    def tell(self, frame):
        """Add a frame, or None to wake up; called in any thread."""
        if frame is not None and len(self._frames) >= MOST_WAITING:
            self._is_behind = True
        elif frame is not None:
            self._frames.append(frame)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def take(self, timeout):
        """Return the frames that wait, [] after a while without any, None where some are lost."""
        deadline = time.monotonic() + timeout
        try:
            await asyncio.wait_for(self._news.wait(), deadline - time.monotonic())
        except TimeoutError:
            return []
        self._news.clear()
        if self._is_behind:
            self._is_behind = False
            self._frames.clear()
            return None
        return [self._frames.popleft() for _ in range(len(self._frames))]


def _frame(number, event):
    data = EventMessage(event=event).model_dump_json()
    head = f"id: {number}\n" if number else ""
    return f"{head}event: {event.type}\ndata: {data}\n\n".encode()
