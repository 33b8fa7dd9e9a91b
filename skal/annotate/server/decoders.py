"""The decoders of a server: started when needed, replaced when they hang or crash."""

import json
import os
import subprocess
import sys
import threading

import anyio

from .._images import UnreadableImageError

TIMEOUT = 30.0  # seconds that an image may take
COMMAND = (sys.executable, "-m", "skal.annotate.server.decoding")


class Decoders:
    """At most so many processes that decode images.

    Parameters
    ----------
    n : int, optional
        By default one for each core, at most four.
    timeout : float
        Seconds after which a decoder is killed.
    """

    def __init__(self, n=None, timeout=TIMEOUT):
        self.n = n or min(4, os.cpu_count() or 1)
        self._timeout, self._turn = timeout, threading.Lock()
        self._idle: list = []
        self._limiter = None
        self._is_closed = False

    async def run(self, function, *arguments):
        """Run a function that decodes in a thread, when there is a decoder to spare."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self.n)
        return await anyio.to_thread.run_sync(function, *arguments, limiter=self._limiter)

    def warm_up(self):
        """Start the first decoder, so that the first image does not wait for it."""
        self._give(_Decoder(self._timeout))

    def decode(self, request):
        """Return headers and bytes, or raise UnreadableImageError with the reason.

        Parameters
        ----------
        request : dict
            As :func:`decoding.decode` takes it.
        """
        decoder = self._take()
        try:
            facts, content = decoder.ask(request)
        except BaseException:
            decoder.end()
            raise
        self._give(decoder)
        if "problem" in facts:
            raise UnreadableImageError(facts["problem"])
        return facts, content

    def close(self):
        """End all decoders."""
        with self._turn:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for decoder in idle:
            decoder.end()

    def _take(self):
        with self._turn:
            if self._idle:
                return self._idle.pop()
        return _Decoder(self._timeout)

    def _give(self, decoder):
        with self._turn:
            if not self._is_closed:
                self._idle.append(decoder)
                return
        decoder.end()


class _Decoder:
    def __init__(self, timeout):
        one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._timeout = timeout
        self._process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | one | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            start_new_session=True,  # Ctrl-C is for the server, which ends its decoders
        )

    def ask(self, request):
        late = threading.Event()
        timer = threading.Timer(self._timeout, self._kill, [late])
        timer.start()
        try:
            return self._talk(request)
        except (EOFError, BrokenPipeError, ValueError) as error:
            reason = (
                f"it took longer than {self._timeout:.0f} seconds"
                if late.is_set()
                else "the process that read it broke down, perhaps because memory ran out"
            )
            raise UnreadableImageError(f"it cannot be shown: {reason}") from error
        finally:
            timer.cancel()

    def _talk(self, request):
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        facts = json.loads(line)
        content = self._process.stdout.read(facts["n_bytes"])
        if len(content) < facts["n_bytes"]:
            raise EOFError
        return facts, content

    def _kill(self, late):
        late.set()
        self._process.kill()

    def end(self):
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            try:
                stream.close()
            except BrokenPipeError:  # what was to be written is not wanted any more
                pass
        self._process.wait()
