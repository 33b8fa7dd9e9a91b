"""Work on files of strangers, in a process of its own that may not take much, and may crash.

What goes in and out is JSON: nothing of such a process is unpickled. Memory and time are capped
where the system can (POSIX); elsewhere, time alone.
"""

import importlib
import json
import os
import subprocess
import sys

from .exceptions import ModelFileError

MEMORY = 8 * 2**30  # bytes of addresses, of which importing torch takes half
SECONDS = 120


def run_limited(target, request, *, memory=MEMORY, seconds=SECONDS):
    """Call a function in a process with limits, and return what it returns.

    Parameters
    ----------
    target : str
        ``"package.module:function"``; it takes and returns what JSON can say.
    request : dict
        Its argument.
    memory : int, default=8 GiB
        How many bytes of addresses it may take.
    seconds : float, default=120
        How long it may take.

    Returns
    -------
    object

    Raises
    ------
    ModelFileError
        If the function refuses, takes too much, or ends its process.
    """
    command = [sys.executable, "-m", "skal._limited", target, str(int(memory)), str(int(seconds))]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=seconds,
            env=_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelFileError(
            f"reading the file took more than {seconds:g} seconds, and was ended. Use a smaller "
            f"model."
        ) from error
    return _answer(done, memory)


def _environment():
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    paths = os.pathsep.join(path for path in sys.path if path)
    return {**os.environ, **threads, "PYTHONPATH": paths, "CUDA_VISIBLE_DEVICES": ""}


def _answer(done, memory):
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = {}
    if done.returncode == 0 and "result" in answer:
        return answer["result"]
    if "refused" in answer:
        raise ModelFileError(answer["refused"])
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    last = f" ({lines[-1][:300]})" if lines else ""
    how = f"signal {-done.returncode}" if done.returncode < 0 else f"code {done.returncode}"
    raise ModelFileError(
        f"the process that read the file was ended by {how}{last}: the file is broken, or needs "
        f"more than {memory / 2**30:.3g} GiB of memory. Nothing of it was used."
    )


def limit_process(memory, seconds=None):
    """Cap what this process may take from now on, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _lower(resource, resource.RLIMIT_AS, memory)
    _lower(resource, resource.RLIMIT_CORE, 0)
    if seconds is not None:
        _lower(resource, resource.RLIMIT_CPU, seconds)


def _lower(resource, kind, value):
    _, most = resource.getrlimit(kind)
    value = value if most == resource.RLIM_INFINITY else min(value, most)
    resource.setrlimit(kind, (value, value))


def main(target, memory, seconds):
    """Answer one request: JSON from standard input, JSON to standard output."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    limit_process(memory, seconds)
    module, _, name = target.partition(":")
    request = json.loads(sys.stdin.read())
    try:
        answer = {"result": getattr(importlib.import_module(module), name)(request)}
    except ModelFileError as error:
        answer = {"refused": str(error)}
    except MemoryError:
        answer = {"refused": f"the file needs more than {memory / 2**30:.3g} GiB of memory."}
    with answers:
        json.dump(answer, answers)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
