"""A training as the project sees it: begun, followed, cancelled, and its model judged."""

import json
import multiprocessing
import os
import shutil
import signal
import threading
import time
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path

import sqlalchemy as sa
from sklearn.base import clone

from .._files import TEMPORARY, sync_folder
from . import _child, _models, _monitor, _stopped
from ._checkpoints import prune
from ._predictions import Predictions
from ._schema import job, model, project

GRACE = 5.0  # seconds from a cancel to a kill
MIN_BATCH = 8  # samples, below which a smaller batch saves nothing
SAVE_EVERY = 0.5  # seconds between two notes of progress in the database


class TrainingJob:
    """A training in a process of its own.

    Attributes
    ----------
    id : int
        Its number.
    state : {"running", "done", "failed", "cancelled", "interrupted"}
        How it stands.
    progress : dict
        What it has reported last: its phase, and an epoch with its loss or how many images are
        predicted.
    message : str
        How it ended, in words.
    model_id : int or None
        The model that it made.
    """

    def __init__(self, store, place, snapshot, facts, on_progress=None, on_model=None):
        self._store, self._place, self._facts = store, place, facts
        self._on_progress, self._on_model = on_progress, on_model
        self.state, self.progress, self.message, self.model_id = "running", {}, "", None
        row = {"kind": "train", "state": "running", "progress": {}, "message": ""}
        row |= {"label_revision": facts["label_revision"], "created": time.time()}
        with store.writing() as connection:
            self.id = connection.execute(sa.insert(job).values(row)).inserted_primary_key[0]
        self._temporary = place / _models.FOLDER / f"{TEMPORARY}{os.getpid()}-{self.id}"
        self._checkpoint = place / _models.FOLDER / _stopped.FOLDER
        kept = {"folder": str(self._temporary), "checkpoint": str(self._checkpoint), "facts": facts}
        self._snapshot = replace(snapshot, **kept)
        self._stopped_as, self._closing = "cancelled", threading.Lock()
        self._is_cancelled = multiprocessing.get_context("spawn").Event()
        try:
            self._start()
        except BaseException as error:  # such as an estimator that cannot be sent to a process
            self._end("failed", f"it could not be started: {error}")
            raise

    def _start(self):
        self._start_process()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _start_process(self):
        context = multiprocessing.get_context("spawn")
        self._pipe, other_end = context.Pipe(duplex=False)
        arguments = self._snapshot, other_end, self._is_cancelled
        self._process = context.Process(target=_child.main, args=arguments, daemon=True)
        self._saved, self._was_killed = 0.0, False
        self._process.start()
        other_end.close()

    def __repr__(self):
        return f"TrainingJob(id={self.id}, state={self.state!r}, message={self.message!r})"

    def wait(self, timeout=None):
        """Wait until it has ended, or for so many seconds.

        Returns
        -------
        self
        """
        self._watcher.join(timeout)
        return self

    def cancel(self):
        """Let it end: at the next batch, or within five seconds by force."""
        self._is_cancelled.set()
        killer = threading.Timer(GRACE, self._kill)
        killer.daemon = True
        killer.start()

    def _kill(self):
        with self._closing:
            if self._process is not None:
                self._process.kill()

    def interrupt(self):
        """End it now, because the project is closed."""
        self._stopped_as = "interrupted"
        self._is_cancelled.set()
        self._kill()
        self._watcher.join()

    def _watch(self):
        try:
            outcome, message = self._follow()
            while outcome == "failed" and self._can_be_smaller():
                self._close()
                self._make_smaller()
                outcome, message = self._follow()
            if outcome == "done":
                _stopped.discard(self._checkpoint)
                registered = self._store, self._place, self.id, self._temporary, self._facts
                self.model_id, message = register(*registered)
                if self._on_model is not None:
                    self._on_model()
        except Exception as error:  # a thread has nobody above it to tell
            outcome, message = "failed", f"{type(error).__name__}: {error}"
        self._close()
        self._end(outcome, message)

    def _can_be_smaller(self):
        """Return whether it has probably run out of memory, and may not with smaller batches."""
        estimator = self._snapshot.estimator
        return self._was_killed and _models.is_net(estimator) and estimator.batch_size > MIN_BATCH

    def _make_smaller(self):
        """Begin anew with half the batch size, from the last epoch that was kept."""
        estimator = clone(self._snapshot.estimator)
        estimator.set_params(batch_size=max(MIN_BATCH, estimator.batch_size // 2))
        state = _stopped.read(self._checkpoint)
        is_ours = state is not None and state["ids"] == self._snapshot.ids.tolist()
        self._snapshot = replace(self._snapshot, estimator=estimator, is_resumed=is_ours)
        self._note({"phase": "out of memory", "batch_size": estimator.batch_size})
        self._start_process()

    def _close(self):
        self._process.join(GRACE)
        with self._closing:
            self._process.kill()  # of one that has ended, nothing
            self._process.join()
            self._process.close()
            self._process = None
        self._pipe.close()
        shutil.rmtree(self._temporary, ignore_errors=True)

    def _follow(self):
        """Read what the child reports until it ends; return how it ended."""
        while True:
            ready = wait([self._pipe, self._process.sentinel])
            try:
                while self._pipe.poll():
                    kind, content = self._pipe.recv()
                    if kind != "progress":
                        return kind, content or kind
                    self._note(content)
            except EOFError:  # the child has closed its end: its exit code tells how it ended
                return self._died()
            if self._process.sentinel in ready:
                return self._died()

    def _died(self):
        self._process.join()  # its pipes close a little before it is gone
        if self._is_cancelled.is_set():
            return self._stopped_as, f"{self._stopped_as}: it was ended by force"
        code = self._process.exitcode
        self._was_killed = code == -signal.SIGKILL
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        return "failed", (
            f"The training process {how}, perhaps because memory ran out. The model in use and all "
            f"labels are as they were. In a script, put what starts a training below "
            f'`if __name__ == "__main__":`.'
        )

    def _note(self, progress):
        self.progress = progress
        if self._on_progress is not None:
            self._on_progress(progress)
        if time.monotonic() - self._saved > SAVE_EVERY:
            self._saved = time.monotonic()
            self._update(progress=progress)

    def _update(self, **values):
        with self._store.writing() as connection:
            connection.execute(sa.update(job).where(job.c.id == self.id).values(values))

    def _end(self, state, message):
        values = {"state": state, "message": message, "progress": self.progress}
        self._update(**values, model_id=self.model_id, ended=time.time())
        self.message, self.state = message, state


def register(store, place, number, temporary, facts):
    """Put a model in its place, then into the database, and judge it.

    Parameters
    ----------
    store : Store
        The database.
    place, temporary : pathlib.Path
        The folder of the project, and that of the model, which is moved.
    number : int
        Names its folder.
    facts : dict
        What is said of the model.

    Returns
    -------
    model_id : int
    reason : str
        Why it is used or not.
    """
    path = Path(_models.FOLDER) / str(number)
    os.replace(temporary, place / path)
    sync_folder(place / _models.FOLDER)
    new = Predictions.read(place / path)
    metrics = json.loads((place / path / _child.METRICS).read_text())
    row = facts | {"metrics": metrics, "path": path.as_posix(), "created": time.time()}
    row["sha256"] = _models.digest(place / path)
    with store.writing() as connection:
        old, revision = _current(connection, place)
        labels = _monitor.monitor_labels(connection)
        labels = labels.after(max(revision, _revision_seen(facts)))
        row["is_accepted"], row["reason"] = _monitor.judge(labels, old, new)
        model_id = connection.execute(sa.insert(model).values(row)).inserted_primary_key[0]
        if row["is_accepted"]:
            connection.execute(sa.update(project).values(current_model=model_id))
    prune(store, place)
    return model_id, row["reason"]


def _current(connection, place):
    """Return what the model in use says, and up to which event it knows monitor labels."""
    rows = sa.select(model).join(project, project.c.current_model == model.c.id)
    row = connection.execute(rows).mappings().first()
    if row is None:
        return None, 0
    return Predictions.read(place / row["path"]), _revision_seen(row)


def _revision_seen(facts):
    return facts["label_revision"] if facts.get("saw_monitor") else 0


def clean_up(store, place):
    """Say of trainings that a kill has ended that it did, and remove what they left."""
    values = {"state": "interrupted", "ended": time.time()}
    values["message"] = "The program ended during this training. Labels are as they were."
    with store.writing() as connection:
        connection.execute(sa.update(job).where(job.c.state == "running").values(values))
        kept = set(connection.scalars(sa.select(model.c.path)))
    folder = place / _models.FOLDER
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        is_ours = path.name.isdigit() or path.name.startswith(TEMPORARY)
        if is_ours and path.relative_to(place).as_posix() not in kept:
            shutil.rmtree(path)
