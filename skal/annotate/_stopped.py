"""What a net has learned so far, kept after each epoch, so that a training can be gone on with."""

import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path

from .._files import new_folder, read_json, write_json
from ..exceptions import ProjectError

FOLDER, STATE, NET = "stopped", "state.json", "net"
FREE_BYTES = 500_000_000  # below which nothing is written that is not a label


@dataclass(frozen=True)
class StoppedTraining:
    """A training of a net that did not come to its end.

    Attributes
    ----------
    epoch, n_epochs : int
        How many epochs are done, and of how many.
    n_labels : int
        How many labels it learns from.
    """

    epoch: int
    n_epochs: int
    n_labels: int

    def __str__(self):
        return f"Stopped at epoch {self.epoch}/{self.n_epochs}"


def has_room(folder):
    """Return whether the disk of a folder has room for more than labels."""
    return shutil.disk_usage(folder).free >= FREE_BYTES


def check_room(folder):
    """Raise if the disk of a folder is nearly full."""
    if not has_room(folder):
        raise ProjectError(
            f"the disk of {str(folder)!r} has less than {FREE_BYTES // 10**6} MB left, which are "
            f"kept for labels. Make room, and train again."
        )


def write(folder, estimator, state):
    """Write a net that is being trained, in place of the epoch before."""
    with new_folder(folder) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the callback that calls this is not kept
        estimator.save(temporary / NET)
        write_json(temporary / STATE, state)


def read(folder):
    """Return the state that was written last, or None."""
    return read_json(Path(folder) / STATE)


def stopped(folder):
    """Return what is known of a training that was stopped, or None."""
    state = read(folder)
    if state is None:
        return None
    return StoppedTraining(state["epoch"], state["n_epochs"], len(state["ids"]))


def load(folder, estimator, n_epochs, epoch):
    """Return the net that was written last, to be trained for the epochs that are left.

    What its optimizer knew is not kept: it begins anew, from these weights.
    """
    own = estimator.get_params(deep=False)
    module = {"module": own["module"]} if "module" in own else {}
    net = type(estimator).load(Path(folder) / NET, **module)
    return net.set_params(warm_start=True, max_epochs=max(1, n_epochs - epoch))


def follow(estimator, callback):
    """Let a callback follow a net that was loaded, whose callbacks are there already."""
    net = estimator.net_
    net.callbacks = [*(net.callbacks or []), ("progress", callback)]
    net.initialize_callbacks()


def discard(folder):
    """Remove what was written."""
    shutil.rmtree(folder, ignore_errors=True)
