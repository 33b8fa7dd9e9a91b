"""Strategies on several devices: each in a process of its own, as ``skal pick run``."""

import os
import subprocess
import sys
import time
from collections import deque

from tqdm.auto import tqdm

from ..._files import make_folder

CHILD = "skal.cli._pick._child"
POLL_SECONDS = 0.2
VISIBLE = "CUDA_VISIBLE_DEVICES"


def check_devices(text):
    """Return the names of devices in a text, or raise a ValueError."""
    import torch

    devices = text.replace(",", " ").split()
    n_cuda = torch.cuda.device_count()
    known = {"cpu", "mps", *(f"cuda:{i}" for i in range(n_cuda)), *(["cuda"] if n_cuda else [])}
    if not devices or not set(devices) <= known:
        raise ValueError(f"--devices must be of {', '.join(sorted(known))}; got {text!r}.")
    return devices


def run_strategies(folders, devices, options):
    """Run strategies, each on the next device that is free, and wait for all of them.

    Parameters
    ----------
    folders : dict of str to pathlib.Path
        Where each strategy's run goes; what it prints goes into a file ``.log`` beside it.
    devices : list of str
        One that comes twice runs two strategies at once.
    options : dict
        Those of ``skal pick run``, by name, but for the strategy and the device.

    Raises
    ------
    FileExistsError
        If there are runs already, and they are not to be resumed.
    ValueError
        If strategies failed, after all others have ended.
    """
    output, is_resumed = options["output_dir"], options["resume"]
    _check_output(output, is_resumed)
    make_folder(output)

    def start(name, device):
        own = {**options, "acquisition_function": name, "output_dir": folders[name]}
        return _start(own, device, _log(folders[name]))

    ended = run_on_devices(list(folders), devices, start)
    bar = tqdm(ended, total=len(folders), unit="strategy", disable=options["quiet"])
    failed = [name for name, code in bar if code]
    if failed:
        reasons = "; ".join(f"{name}: {_last_line(_log(folders[name]))}" for name in failed)
        raise ValueError(
            f"{len(failed)} of {len(folders)} strategies failed: {reasons} (more in "
            f"{_log(folders[failed[0]])}; --resume goes on)."
        )


def _check_output(output, is_resumed):
    is_used = output.is_dir() and any(output.iterdir())
    if is_used and not is_resumed:
        raise FileExistsError(
            f"the output folder {output} is not empty. Choose another folder, or go on with what "
            f"is in it with --resume."
        )
    if (output / "config.json").exists():
        raise ValueError(
            f"{output} holds strategies that were run in turn: go on with --resume, without "
            f"--devices."
        )


def run_on_devices(names, devices, start):
    """Start a process for each name on the next device that is free, and wait for it.

    Parameters
    ----------
    names : list of str
    devices : list of str
    start : callable
        Called as ``start(name, device)``; returns a :class:`subprocess.Popen`.

    Yields
    ------
    name : str
    code : int
        With which its process has ended.
    """
    waiting, running = deque(names), {}
    try:
        while waiting or running:
            for slot, device in enumerate(devices):
                if waiting and slot not in running:
                    name = waiting.popleft()
                    running[slot] = name, start(name, device)
            for slot, (name, process) in list(running.items()):
                if process.poll() is not None:
                    del running[slot]
                    yield name, _end(process)
            time.sleep(POLL_SECONDS)
    finally:
        for _, process in running.values():
            process.kill()
            _end(process)


def _end(process):
    """Return the code with which a process ends, and close its pipes."""
    with process:
        return process.wait()


def _start(options, device, log):
    name, environment = _visible(device)
    arguments = as_arguments({**options, "device": name, "quiet": True})
    with open(log, "wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", CHILD, "pick", "run", *arguments],
            stdin=subprocess.PIPE,  # it closes when this process ends, and the child ends too
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
        )


def _visible(device):
    """Return the device as a process calls it that sees no other one, and its environment.

    So all runs have the same settings, and can go on with another device.
    """
    kind, _, number = device.partition(":")
    if kind != "cuda":
        return device, {}
    visible = os.environ.get(VISIBLE)
    number = int(number or 0)
    return "cuda", {VISIBLE: visible.split(",")[number] if visible else str(number)}


def as_arguments(options):
    """Return options by name as words of a command line."""
    words = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(flag)
        elif value is not None and value is not False:
            words += [flag, str(value)]
    return words


def _log(folder):
    return folder.with_name(f"{folder.name}.log")


def _last_line(log):
    lines = log.read_text(errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "no message").rstrip(".")
