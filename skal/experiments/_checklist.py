"""What should be true before results are published, checked in the folders of the runs."""

from dataclasses import dataclass, field

from ._comparable import list_seeds
from ._folders import FULL_DATA

SAME_START = "Same initial labeled set for all strategies"
HELD_OUT = "Validation or test set held out, never queried"
MARKS = {True: "[x]", False: "[ ]", None: "[?]"}


@dataclass(frozen=True)
class Check:
    """One line of a checklist.

    Parameters
    ----------
    title : str
        What should be true.
    is_true : bool or None
        Whether it is; None where the folders do not tell.
    reason : str
        Why, in numbers.
    details : list of str
        What the reason is made of, one a line.
    """

    title: str
    is_true: bool | None
    reason: str
    details: list[str] = field(default_factory=list)

    def __str__(self):
        """Return the line, with ``[x]``, ``[ ]`` or ``[?]``, and the details below."""
        head = f"{MARKS[self.is_true]} {self.title}: {self.reason}"
        return "\n".join([head, *(f"    - {line}" for line in self.details)])


def make_checklist(compared, found, planned):
    """Return the checks of a comparison.

    Parameters
    ----------
    compared : Comparable
        The comparison.
    found : list of FoundRun
        All runs there are.
    planned : list of pathlib.Path
        The runs there should be.

    Returns
    -------
    list of Check
    """
    runs = [run for (name, _), run in compared.runs.items() if name != FULL_DATA]
    return [
        Check("All strategies completed, with all iterations", *_completed(found, planned)),
        Check("Same random seeds for all strategies", *_same_seeds(found)),
        Check(SAME_START, *_same_start(runs)),
        Check(HELD_OUT, *_held_out(runs)),
        Check("Learning curves rise", *_rise(runs)),
        Check(
            f"Active learning outperforms {compared.result.baseline or 'random'}",
            *_outperforms(compared.result),
        ),
        Check("Results reproducible", *_reproducible(compared.repeats)),
    ]


def _completed(found, planned):
    paths = {run.path for run in found}
    missing = [
        f"{path.parent.name}/{path.name} is missing" for path in planned if path not in paths
    ]
    runs = [run for run in found if run.strategy != FULL_DATA]
    missing += [f"{run.name} is not finished" for run in runs if run.is_finished is False]
    if missing:
        return False, _some(missing)
    silent = [run.name for run in runs if run.is_finished is None]
    if silent:
        return None, f"how many iterations were planned is not recorded ({_some(silent)})"
    rounds = " or ".join(map(str, sorted({len(run.records) for run in runs})))
    n_strategies = len({run.strategy for run in runs})
    return True, f"strategies: {n_strategies}, iterations of each: {rounds}"


def _same_seeds(found):
    seeds = {}
    for run in found:
        if run.strategy != FULL_DATA:
            seeds.setdefault(run.strategy, set()).add(run.seed)
    if any(None in of for of in seeds.values()):
        return None, "not all seeds are recorded"
    everyone = set.union(*seeds.values())
    lacking = [
        f"{name} lacks {list_seeds(everyone - of)}" for name, of in seeds.items() if of != everyone
    ]
    return not lacking, _some(lacking) or list_seeds(everyone)


def _same_start(runs):
    if len({run.strategy for run in runs}) == 1:
        return None, "there is one strategy"
    starts = {}
    for run in runs:
        starts.setdefault(run.seed, {})[run.strategy] = frozenset(run.records[0]["indices"])
    differing = [
        f"seed {seed}: {name} begins with other samples than {next(iter(sets))}"
        for seed, sets in starts.items()
        for name, indices in sets.items()
        if indices != next(iter(sets.values()))
    ]
    n_initial = sorted({len(indices) for sets in starts.values() for indices in sets.values()})
    sizes = " or ".join(map(str, n_initial))
    return not differing, _some(differing) or f"the same {sizes} samples, seed by seed"


def _held_out(runs):
    silent, wrong = [], []
    for run in runs:
        data, labeled = run.config.get("data"), _labeled(run)
        if run.test_indices is not None:
            queried = labeled.intersection(run.test_indices)
            wrong += [f"{run.name} has labeled {len(queried)} test samples"] if queried else []
        elif isinstance(data, dict) and data.get("X_test"):
            wrong += _wrong_beside_a_test_set(run, data, labeled)
        else:
            silent.append(run.name)
    if wrong:
        return False, _some(wrong)
    if silent:
        who = "" if len(silent) == len(runs) else f" ({_some(silent)})"
        return None, f"cannot be told: what was tested on is not recorded{who}"
    return True, "no labeled sample is one of the test data"


def _wrong_beside_a_test_set(run, data, labeled):
    """Return what is wrong with a run that had test data of their own, which cannot be queried."""
    wrong = []
    if data["X_test"] == data["X"]:
        wrong.append(f"{run.name} was tested on the data it queried")
    if labeled and not 0 <= min(labeled) <= max(labeled) < data["X"]["n_samples"]:
        wrong.append(f"{run.name} has labeled samples that are not in its data")
    return wrong


def _labeled(run):
    return {i for record in run.records for i in record["indices"]}


def _rise(runs):
    if all(len(run.records) == 1 for run in runs):
        return None, "there is one iteration"
    falling = [run.name for run in runs if run.records[-1]["score"] <= run.records[0]["score"]]
    text = f"{len(runs) - len(falling)} of {len(runs)} runs end higher than they began"
    return not falling, f"{text}, not {_some(falling)}" if falling else text


def _outperforms(result):
    if result.baseline is None:
        return None, "there is no baseline to compare with"
    if len(result.strategies) == 1:
        return None, "there is no strategy but the baseline"
    if len(result.seeds) == 1:
        return None, "not told by one seed"
    rows = result.summary().drop(index=result.baseline)
    verdicts = {name: _verdict(row) for name, row in rows.iterrows()}
    words = {True: "yes", False: "no, it is worse", None: "not told"}
    details = [
        f"{name}: {words[verdicts[name]]}, {_interval(row)}" for name, row in rows.iterrows()
    ]
    reason = "difference of the area under the curve, with its 95 % paired interval"
    return _all_of(verdicts.values()), reason, details


def _all_of(verdicts):
    """Return False where one is False, else None where one is None, else True."""
    return False if False in verdicts else (None if None in verdicts else True)


def _verdict(row):
    """Return whether an interval lies above 0 (True) or below (False)."""
    if row["area_difference_low"] > 0:
        return True
    return False if row["area_difference_high"] < 0 else None


def _interval(row):
    mean, low, high = row[["area_difference", "area_difference_low", "area_difference_high"]]
    return f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"


def _reproducible(repeats):
    if not repeats:
        return None, "not checked, as no run was made twice with the same seed"
    differing = [
        f"{first.name} differs from iteration {number} on"
        for first, second in repeats
        if (number := _first_difference(first, second)) is not None
    ]
    names = [first.name for first, _ in repeats]
    return not differing, _some(differing) or f"the same labels and scores in {_some(names)}"


def _first_difference(first, second):
    """Return the first iteration in which two runs differ; None where they agree."""
    for one, two in zip(first.records, second.records, strict=False):
        if (one["indices"], one["score"]) != (two["indices"], two["score"]):
            return one["round"]
    return None


def _some(texts):
    """Return texts in a row, of many the first three."""
    return "; ".join(texts[:3]) + (f"; and {len(texts) - 3} more" if len(texts) > 3 else "")
