"""Runs found in folders, whoever has written them.

Two layouts are read: that of `compare`, see `_folders`, and a plain one without seeds in its paths,
``<folder>/<strategy>/iteration_<k>/metrics.json`` with an ``f1_score``, beside it
``labeled_indices.json`` with a list of all indices labeled so far. Nothing is written here.
"""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

from .._files import TEMPORARY
from ..exceptions import RunFolderError
from ._folders import CONFIG, INDICES, METRICS, RESULTS, TEST, WEIGHTS

LAYOUT = "FOLDER/STRATEGY/seed_N/iteration_K or FOLDER/STRATEGY/iteration_K"
SECONDS = ("fit_seconds", "query_seconds")


@dataclass(frozen=True, eq=False)
class FoundRun:
    """One run of a strategy, as its folder tells it.

    Parameters
    ----------
    path : pathlib.Path
        Its folder.
    strategy : str
        The strategy's name: that of its folder.
    seed : int or None
        The seed; None where neither the config nor the folder's name tells it.
    config : dict
        What its ``config.json`` says; empty where there is none.
    score_name : str
        What its score is.
    records : list of dict
        Its whole rounds, as in ComparisonResult.
    unfinished : pathlib.Path or None
        A last round that is not whole.
    test_indices : list of int or None
        The samples that were held out to test on; None where they are not recorded.
    """

    path: Path
    strategy: str
    seed: int | None
    config: dict
    score_name: str
    records: list
    unfinished: Path | None
    test_indices: list | None

    @property
    def name(self):
        """What to call the run in messages."""
        return self.strategy if self.seed is None else f"{self.strategy}, seed {self.seed}"

    @property
    def is_finished(self):
        """Whether all rounds are there that were to be; None where that is not recorded."""
        if not self.records or self.unfinished:
            return False
        n_rounds = self.config.get("num_iterations")
        if not isinstance(n_rounds, int):
            return self.records[-1]["is_last"]
        return len(self.records) >= n_rounds


def find_runs(folders):
    """Return the runs of all folders: of experiments, of strategies, or of single runs.

    Raises
    ------
    RunFolderError
        If a folder holds no runs, or a file in it is damaged.
    """
    paths = [path for folder in folders for path in _find_in(Path(folder))]
    return [_read_run(path) for path in dict.fromkeys(paths)]


def planned_runs(folders):
    """Return the path of each run that the configs of experiment folders speak of."""
    planned = []
    for folder in map(Path, folders):
        config = _read_config(folder)
        seeds, names = config.get("seeds"), config.get("strategies")
        if isinstance(seeds, list) and isinstance(names, dict) and "seed" not in config:
            planned += [
                folder.resolve() / name / f"seed_{seed}" for name in names for seed in seeds
            ]
    return planned


def _find_in(folder):
    if not folder.is_dir():
        raise RunFolderError(f"there is no folder {folder}. Name the folders of runs: {LAYOUT}.")
    paths = _run_folders(folder.resolve(), depth=2)
    if not paths:
        deeper = [child.name for child in _folders_in(folder) if _run_folders(child, depth=2)]
        hint = f"Name those of {', '.join(deeper)}" if deeper else "Name the folders of runs"
        raise RunFolderError(f"{folder} holds no runs: expected {LAYOUT}. {hint}.")
    return paths


def _run_folders(folder, depth):
    """Return the folders that hold rounds: this one, or those up to `depth` below."""
    if any(folder.glob("iteration_*")):
        return [folder]
    if depth == 0:
        return []
    return [path for child in _folders_in(folder) for path in _run_folders(child, depth - 1)]


def _folders_in(folder):
    """Return the folders in a folder by name, seed_10 after seed_9."""
    found = [
        path
        for path in folder.iterdir()
        if path.is_dir() and path.name != RESULTS and not path.name.startswith((".", TEMPORARY))
    ]
    return sorted(found, key=lambda path: [_number_or_text(part) for part in _parts(path.name)])


def _parts(name):
    return re.findall(r"\d+|\D+", name)


def _number_or_text(part):
    return (0, int(part), "") if part.isdigit() else (1, 0, part)


def _read_run(path):
    config = _read_config(path)
    records, score_name, unfinished = _read_rounds(path)
    of_seed = re.fullmatch(r"seed_(\d+)", path.name)
    seed = config.get("seed", int(of_seed[1]) if of_seed else None)
    if not isinstance(seed, int | None):
        raise RunFolderError(f"seed in {path / CONFIG} must be an integer; got {_short(seed)}.")
    return FoundRun(
        path=path,
        strategy=path.parent.name if of_seed else path.name,
        seed=seed,
        config=config,
        score_name=config.get("score_name", score_name),
        records=records,
        unfinished=unfinished,
        test_indices=_read(path / TEST) if (path / TEST).exists() else None,
    )


def _read_config(folder):
    """Return the config in a folder; empty where there is none."""
    path = folder / CONFIG
    config = _read(path) if path.exists() else {}
    if not isinstance(config, dict):
        raise RunFolderError(f"{path} must hold settings by name; got {_short(config)}.")
    return config


def _read_rounds(path):
    """Return the whole rounds, the name of their score, and a last round that is not whole."""
    numbers = sorted(_numbers_of_rounds(path))
    records, names, labeled = [], [], []
    for number in numbers:
        place = path / f"iteration_{number}"
        if number != len(records):
            raise RunFolderError(
                f"{path / f'iteration_{len(records)}'} is missing, but {place.name} is there. "
                f"Restore it, or run it again."
            )
        try:
            metrics, indices = _read(place / METRICS), _read(place / INDICES)
        except RunFolderError:
            if number != numbers[-1]:
                raise
            return records, _one_name(path, names), place
        record, name = _record(place, number, metrics, indices, labeled)
        _check_growth(place, record, records)
        labeled = _labeled(indices)
        records.append(record)
        names.append(name)
    return records, _one_name(path, names), None


def _numbers_of_rounds(path):
    for place in path.glob("iteration_*"):
        number = place.name.removeprefix("iteration_")
        if number.isdigit():
            yield int(number)


def _record(place, number, metrics, indices, before):
    """Return a round as ComparisonResult has it, and the name of its score."""
    labeled = _labeled(indices)
    if not isinstance(labeled, list) or not all(isinstance(i, int) for i in labeled):
        raise RunFolderError(
            f"{place / INDICES} must hold the indices of all labeled samples, as a list or under "
            f'"labeled"; got {_short(indices)}.'
        )
    name, score = _score(place / METRICS, metrics)
    n_labels = metrics.get("n_labels", len(labeled))
    if not isinstance(n_labels, int):
        raise RunFolderError(
            f"n_labels in {place / METRICS} must be an integer; got {_short(n_labels)}."
        )
    own = indices if isinstance(indices, dict) else {}
    known = set(before)
    return {
        "round": number,
        "n_labels": n_labels,
        "score": score,
        **{key: math.nan if metrics.get(key) is None else metrics[key] for key in SECONDS},
        "indices": own.get("new", [i for i in labeled if i not in known]),
        "is_last": metrics.get("is_last"),
        **({WEIGHTS: own[WEIGHTS]} if WEIGHTS in own else {}),
    }, name


def _labeled(indices):
    return indices.get("labeled") if isinstance(indices, dict) else indices


def _score(path, metrics):
    """Return what the score is called and its value."""
    found = metrics if isinstance(metrics, dict) else {}
    for key, name in (("score", "score"), ("f1_score", "F1")):
        score = found.get(key)
        if isinstance(score, int | float) and math.isfinite(score):
            return name, float(score)
    raise RunFolderError(
        f'{path} must hold a "score" or an "f1_score" that is a finite number; got '
        f"{_short(metrics)}."
    )


def _check_growth(place, record, records):
    if records and record["n_labels"] <= records[-1]["n_labels"]:
        raise RunFolderError(
            f"{place / INDICES} must hold more labels than the round before; got "
            f"{record['n_labels']} after {records[-1]['n_labels']}. Remove rounds without a query."
        )


def _one_name(path, names):
    if len(set(names)) > 1:
        raise RunFolderError(f"{path} holds rounds with different scores: {', '.join(set(names))}.")
    return names[0] if names else "score"


def _read(path):
    """Return the value of a JSON file, or raise an error that names it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RunFolderError(f"{path} is missing. Restore it, or run the round again.") from error
    except OSError as error:
        raise RunFolderError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise RunFolderError(f"{path} is damaged: it is no JSON ({error}).") from error


def _short(value):
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
