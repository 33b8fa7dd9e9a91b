"""Run folders: what is where, and which rounds in them are whole.

::

    <folder>/config.json                     the comparison
    <folder>/<strategy>/seed_<s>/config.json, training.log
    <folder>/<strategy>/seed_<s>/test_indices.json, where seeds hold out samples to test on
    <folder>/<strategy>/seed_<s>/iteration_<k>/metrics.json, labeled_indices.json, model.skops
                                             (of a net, weights.safetensors and net.json)
    <folder>/full_data/seed_<s>/...          the same, of a model that knows all labels
    <folder>/comparison_results/...          tables, plots, methods, checklist

Everything but ``training.log``, which only grows, is written at once and whole.
"""

import logging
import shutil
import warnings
from pathlib import Path

from .._files import (
    TEMPORARY,
    make_folder,
    read_json,
    remove_unfinished,
    write_folder,
    write_json,
    writing,
)
from ..exceptions import ResumeError
from ._describe import differences, versions

CONFIG = "config.json"
FULL_DATA = "full_data"
RESULTS = "comparison_results"
METRICS, INDICES, MODEL, LOG = "metrics.json", "labeled_indices.json", "model.skops", "training.log"
TEST = "test_indices.json"
WEIGHTS = "query_weights"
METRIC_KEYS = ("round", "n_labels", "score", "fit_seconds", "query_seconds", "is_last")


def open_comparison(folder, config, resume):
    """Return the folder of a comparison as a path, made and described by its config.

    Raises
    ------
    FileExistsError
        If the folder holds something and `resume` is False.
    ResumeError
        If `resume` is True, but the folder holds another comparison or something else.
    OSError
        If it cannot be written.
    """
    folder = make_folder(Path(folder))
    with writing(folder):
        remove_unfinished(folder)
    if any(folder.iterdir()):
        _check_resumable(folder, config, resume)
    else:
        write_json(folder / CONFIG, {**config, "versions": versions()})
    return folder


def read_config(folder):
    """Return the config of a comparison's folder."""
    config = read_json(Path(folder) / CONFIG)
    if not isinstance(config, dict) or "strategies" not in config:
        raise ResumeError(
            f"{folder} holds no comparison: it has no readable {CONFIG}. Give the folder that "
            f"compare has written, or an empty one for a new comparison."
        )
    return config


def _check_resumable(folder, config, resume):
    if not resume:
        raise FileExistsError(
            f"the output folder {folder} is not empty. Choose another folder, or resume the "
            f"comparison in it with resume=True."
        )
    found = read_config(folder)
    found_versions = found.pop("versions", {})
    keys = differences(found, config)
    if keys:
        raise ResumeError(
            f"{folder} holds a comparison with other settings, so it cannot be resumed. What "
            f"differs: {', '.join(keys)}. Use the same settings, or another folder."
        )
    keys = differences(found_versions, versions())
    if keys:
        warnings.warn(
            f"{folder} was begun with other versions of {', '.join(keys)}; the rounds to come may "
            f"differ from those of an uninterrupted run. Start anew for a run of one piece.",
            UserWarning,
            stacklevel=4,
        )


class RunFolder:
    """The folder of one strategy and one seed.

    Parameters
    ----------
    folder : pathlib.Path
        The comparison's folder.
    strategy : str
        The strategy's name.
    seed : int
        The seed.
    """

    def __init__(self, folder, strategy, seed):
        self.name = f"{strategy}, seed {seed}"
        self.path = folder / strategy / f"seed_{seed}"

    def open(self, config):
        """Make the folder, remove what is not whole, and return the records of whole rounds."""
        make_folder(self.path)
        with writing(self.path):
            remove_unfinished(self.path)
            records = self.read()
            self._remove_from(len(records))
        if read_json(self.path / CONFIG) is None:
            write_json(self.path / CONFIG, config)
        self.log(f"resumed after round {len(records) - 1}" if records else f"started {self.name}")
        return records

    def read(self):
        """Return the records of all whole rounds from the first on, without a gap."""
        records = []
        while (record := _read_iteration(self._iteration(len(records)))) is not None:
            if record["round"] != len(records):
                break
            records.append(record)
        return records

    def save(self, record, labeled, model):
        """Write a finished round.

        Parameters
        ----------
        record : dict
            What `read` shall return.
        labeled : list of int
            All indices labeled so far.
        model : dict of str to (bytes or JSON value)
            The files of the round's model; empty to keep none.
        """
        files = {
            METRICS: {key: record[key] for key in METRIC_KEYS} | record.get("metrics", {}),
            INDICES: {"labeled": labeled, "new": record["indices"]},
        }
        if WEIGHTS in record:
            files[INDICES][WEIGHTS] = record[WEIGHTS]
        write_folder(self._iteration(record["round"]), files | model)
        self.log(
            "round {round}: {n_labels} labels, score {score:.4f}, fit {fit_seconds:.3f} s, "
            "query {query_seconds:.3f} s".format(**record)
        )

    def save_test(self, indices):
        """Write which samples this seed has held out to test on."""
        write_json(self.path / TEST, indices)

    def last_iteration(self):
        """Return the folder of the last whole round."""
        return self._iteration(len(self.read()) - 1)

    def log(self, message):
        """Append a line to the log, which can be followed while the run goes on."""
        with writing(self.path / LOG):
            handler = logging.FileHandler(self.path / LOG, encoding="utf-8")
            try:
                handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
                record = logging.LogRecord("skal", logging.INFO, "", 0, message, None, None)
                handler.emit(record)
            finally:
                handler.close()

    def _iteration(self, number):
        return self.path / f"iteration_{number}"

    def _remove_from(self, n_whole):
        """Remove rounds after a gap: they will be run again, with the same result."""
        for path in self.path.glob("iteration_*"):
            number = path.name.removeprefix("iteration_")
            if number.isdigit() and int(number) >= n_whole:
                shutil.rmtree(path)


def _read_iteration(path):
    """Return the record of a round, or None where it is not whole."""
    metrics, indices = read_json(path / METRICS), read_json(path / INDICES)
    if not isinstance(metrics, dict) or not isinstance(indices, dict):
        return None
    if any(metrics.get(key) is None for key in METRIC_KEYS) or "new" not in indices:
        return None
    record = {key: metrics.pop(key) for key in METRIC_KEYS} | {"indices": indices["new"]}
    if WEIGHTS in indices:
        record[WEIGHTS] = indices[WEIGHTS]
    return record | {"metrics": metrics} if metrics else record


def check_name(name):
    """Raise unless a strategy's name can be the name of its folder."""
    is_text = isinstance(name, str) and name.isprintable() and name == name.strip()
    if (
        not is_text
        or not name
        or set(name) & set('/\\:*?"<>|')
        or name.startswith((".", TEMPORARY))
    ):
        raise ValueError(
            f"a strategy's name is also its folder's: expected a text without slashes or other "
            f"signs that files cannot have; got {name!r}."
        )
    if name in (FULL_DATA, RESULTS, CONFIG):
        raise ValueError(f"{name!r} is taken by a folder of the comparison. Use another name.")
