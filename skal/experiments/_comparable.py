"""Which runs can be compared, and what is done about those that differ."""

from collections import Counter
from dataclasses import dataclass, field, replace

from ..exceptions import RunFolderError
from ._describe import count_of_config, differences
from ._folders import CONFIG, FULL_DATA
from .result import ComparisonResult

DATA = ("data", "test_size", "dataset", "train_data_dir", "val_data_dir")
# what tells a run from others, where it is kept, and what is planned beside it: no settings
NO_SETTINGS = {"strategy", "acquisition_function", "seed", "strategies", "seeds", "baseline"}
NO_SETTINGS |= {"full_data", "save_models", "output_dir", "versions", "score_name", *DATA}


@dataclass(eq=False)
class Comparable:
    """Runs that can be compared, and what was done to make them so.

    Parameters
    ----------
    runs : dict of (str, int) to FoundRun
        The run of each strategy and seed, those with all labels too.
    repeats : list of (FoundRun, FoundRun)
        Runs of the same strategy and seed: the one that is compared, and another.
    result : ComparisonResult
        The comparison.
    notes : list of str
        What differs between the runs, and what was done with it.
    has_seeds : bool
        Whether the seeds are those of the runs, rather than numbers of folders.
    """

    runs: dict
    repeats: list = field(default_factory=list)
    result: ComparisonResult | None = None
    notes: list = field(default_factory=list)
    has_seeds: bool = True


def make_comparable(found, baseline, n_samples):
    """Return runs as a comparison.

    Parameters
    ----------
    found : list of FoundRun
        The runs.
    baseline : str or None
        The strategy to compare with; None takes that of the configs, else ``"random"``.
    n_samples : int or None
        How many labels there are to get; None takes what the configs say.

    Raises
    ------
    RunFolderError
        If the runs cannot be compared; what differs is named.
    """
    compared = Comparable({}, has_seeds=all(run.seed is not None for run in found))
    runs = _pair_without_seeds(_drop_empty(found, compared.notes), compared.notes)
    _check_data(runs, compared.notes)
    _check_one_score(runs)
    _check_strategies(runs)
    _sort_out_repeats(runs, compared)
    _keep_common_seeds(compared)
    _note_settings(compared)
    _make_result(compared, baseline, n_samples)
    _note_labels(compared)
    return compared


def _drop_empty(found, notes):
    for run in found:
        if run.unfinished is not None:
            notes.append(f"{run.unfinished} is not whole and is left out.")
        if not run.records:
            notes.append(f"{run.path} has no whole round and is left out.")
    runs = [run for run in found if run.records]
    if not any(run.strategy != FULL_DATA for run in runs):
        raise RunFolderError(
            f"no run has a whole round yet; got {len(found)}, such as {found[0].path}. Compare "
            f"runs when their first round is done."
        )
    return runs


def _pair_without_seeds(runs, notes):
    """Return runs with seeds: where none is recorded, runs of one folder belong together."""
    unknown = [run for run in runs if run.seed is None]
    if not unknown:
        return runs
    if len(unknown) < len(runs):
        raise RunFolderError(
            f"{unknown[0].path / CONFIG} records no seed, but those of other runs do, so that runs "
            f"cannot be paired. Record the seed of every run, or of none."
        )
    folders = list(dict.fromkeys(run.path.parent for run in runs))
    notes.append("No seeds are recorded: runs in the same folder are taken as one seed.")
    return [replace(run, seed=folders.index(run.path.parent)) for run in runs]


def _check_data(runs, notes):
    recorded = [run for run in runs if _part(run.config, DATA)]
    for run in recorded[1:]:
        first, own = _part(recorded[0].config, DATA), _part(run.config, DATA)
        shared = [key for key in first if key in own]
        keys = differences({k: first[k] for k in shared}, {k: own[k] for k in shared})
        if keys:
            raise RunFolderError(
                f"{run.path / CONFIG} and {recorded[0].path / CONFIG} are of different data, which "
                f"cannot be compared. What differs: {', '.join(keys)}."
            )
    if len(recorded) < len(runs):
        who = "Not all runs record their" if recorded else "No run records its"
        notes.append(f"{who} data: whether all have the same cannot be told.")


def _part(config, keys):
    return {key: config[key] for key in keys if key in config}


def _check_one_score(runs):
    for run in runs[1:]:
        if run.score_name != runs[0].score_name:
            raise RunFolderError(
                f"{run.path} is scored by {run.score_name}, but {runs[0].path} by "
                f"{runs[0].score_name}. Compare runs with the same score."
            )


def _check_strategies(runs):
    """Raise where one name stands for two strategies."""
    first = {}
    for run in runs:
        other = first.setdefault(run.strategy, run)
        one, two = definition(other), definition(run)
        if one is not None and two is not None and one != two:
            raise RunFolderError(
                f"{run.strategy!r} in {run.path / CONFIG} is not the strategy of that name in "
                f"{other.path / CONFIG}. Rename the folder of one of them."
            )


def definition(run):
    """Return what the config says of the run's strategy; None where it says nothing."""
    strategies = run.config.get("strategies")
    return strategies.get(run.strategy) if isinstance(strategies, dict) else None


def _sort_out_repeats(runs, compared):
    for run in runs:
        key = (run.strategy, run.seed)
        first = compared.runs.setdefault(key, run)
        if first is run:
            continue
        keys = differences(settings(first), settings(run))
        if keys:
            raise RunFolderError(
                f"{first.path} and {run.path} are both {run.name}, with other settings: "
                f"{', '.join(keys)}. Leave one of them out, or rename the folder of its strategy."
            )
        compared.repeats.append((first, run))


def _keep_common_seeds(compared):
    """Leave out seeds that a strategy lacks: strategies are compared seed by seed."""
    seeds = {}
    for name, seed in compared.runs:
        if name != FULL_DATA:
            seeds.setdefault(name, []).append(seed)
    common = set.intersection(*map(set, seeds.values()))
    listed = "; ".join(f"{name}: {list_seeds(of)}" for name, of in seeds.items())
    if not common:
        raise RunFolderError(f"no seed has runs of all strategies ({listed}). Compare paired runs.")
    if any(set(of) != common for of in seeds.values()):
        compared.notes.append(
            f"Strategies have different seeds ({listed}): only {list_seeds(common)} are compared."
        )
    full = {seed for name, seed in compared.runs if name == FULL_DATA}
    if full and not common <= full:
        compared.notes.append("Not all seeds have a model of all labels: those there are left out.")
    kept = {
        (name, seed): run
        for (name, seed), run in compared.runs.items()
        if seed in common and (name != FULL_DATA or common <= full)
    }
    compared.runs = dict(sorted(kept.items(), key=_planned_order(kept)))


def _planned_order(runs):
    """Return a key that sorts strategies as their config lists them, and then by seed."""
    own = [run.config for run in runs.values() if definition(run) is not None]
    planned = [name for config in own for name in config["strategies"]]
    names = list(dict.fromkeys([*planned, *(name for name, _ in runs)]))
    return lambda item: (names.index(item[0][0]), item[0][1])


def list_seeds(seeds):
    """Return seeds as words: ``seed 3``, ``seeds 3, 5`` or ``seeds 3 to 5``."""
    seeds = sorted(seeds)
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"seeds {seeds[0]} to {seeds[-1]}"
    return f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"


def settings(run):
    """Return the settings that all runs of a comparison should share."""
    return {key: value for key, value in run.config.items() if key not in NO_SETTINGS}


def _note_settings(compared):
    first, *others = [run for run in compared.runs.values() if run.config] or [None]
    keys = {key for run in others for key in differences(settings(first), settings(run))}
    if keys:
        compared.notes.append(
            f"Settings differ between runs, so what is compared is not the strategies alone: "
            f"{', '.join(sorted(keys))}."
        )


def _make_result(compared, baseline, n_samples):
    records = {key: run.records for key, run in compared.runs.items()}
    most = max(rounds[-1]["n_labels"] for rounds in records.values())
    if n_samples is not None and n_samples < most:
        raise RunFolderError(
            f"n_samples must be at least the {most} labels that were used; got {n_samples}."
        )
    score_name = next(iter(compared.runs.values())).score_name
    result = ComparisonResult(records, None, score_name, n_samples or _count_samples(compared))
    result.baseline = _find_baseline(compared, result.strategies, baseline)
    is_decided = any("full_data" in run.config for run in compared.runs.values())
    if result.baseline is not None and not result.has_full_data and not is_decided:
        _take_full_data_from_baseline(result, compared.notes)
    compared.result = result


def _take_full_data_from_baseline(result, notes):
    """Make the baseline's last round the model of all labels, where that is what it is."""
    last = {seed: result.records[result.baseline, seed][-1] for seed in result.seeds}
    if all(record["n_labels"] == result.n_samples for record in last.values()):
        result.records.update({(FULL_DATA, seed): [record] for seed, record in last.items()})
        notes.append(f"The score with all labels is that of the last round of {result.baseline}.")


def _find_baseline(compared, names, baseline):
    if baseline is not None:
        if baseline not in names:
            raise RunFolderError(
                f"baseline must be one of the strategies {', '.join(names)}; got {baseline!r}."
            )
        return baseline
    planned = dict.fromkeys(run.config.get("baseline", "random") for run in compared.runs.values())
    if list(planned) == [None]:
        return None
    return next((name for name in (*planned, "random") if name in names), None)


def _count_samples(compared):
    """Return how many labels there are to get, from the configs; None where they do not tell."""
    run = max(compared.runs.values(), key=lambda run: len(run.records))
    config = run.config
    if "data" in config and "test_size" in config:
        return count_of_config(config)
    if not all(isinstance(config.get(key), float) for key in ("initial_ratio", "query_ratio")):
        return None
    share = config["initial_ratio"] + (len(run.records) - 1) * config["query_ratio"]
    if share <= 0:
        return None
    n_samples = round(run.records[-1]["n_labels"] / min(share, 1.0))
    compared.notes.append(
        f"There are {n_samples:,} samples to label, as computed from initial_ratio and query_ratio "
        f"in {run.path / CONFIG}: give n_samples for the number itself."
    )
    return n_samples


def _note_labels(compared):
    result = compared.result
    curves = {
        run.name: tuple(record["n_labels"] for record in run.records)
        for key, run in compared.runs.items()
        if key[0] != FULL_DATA
    }
    try:
        low, high = result.common_labels
    except ValueError as error:
        raise RunFolderError(str(error)) from error
    usual = Counter(curves.values()).most_common(1)[0][0]
    other = [f"{name} {_span(n)}" for name, n in curves.items() if n != usual]
    if other:
        more = f" and {len(other) - 3} more" if len(other) > 3 else ""
        compared.notes.append(
            f"Labels are spent differently ({', '.join(other[:3])}{more}; most runs "
            f"{_span(usual)}): compared are {low} to {high} labels, on straight lines between "
            f"rounds."
        )


def _span(n_labels):
    return f"{n_labels[0]} to {n_labels[-1]} in {len(n_labels)} rounds"
