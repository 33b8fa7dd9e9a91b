"""The methods of a comparison in words, with nothing in them that the runs do not say."""

import re
from itertools import pairwise

from ._checklist import HELD_OUT, SAME_START
from ._comparable import definition, list_seeds, settings
from ._describe import differences
from ._folders import FULL_DATA
from ._statistics import CONFIDENCE

HASH = re.compile(r"\S+ [0-9a-f]{32}")  # how `describe` writes what it has no words for
# settings of `compare` that have sentences of their own
SAID = {"estimator", "n_initial", "initial", "n_instances", "n_queries", "scoring"}
SAID |= {"n_labels_spent", "use_query_weights"}
INITIAL = {"random": "drawn at random", "stratified": "drawn at random, stratified by class"}


def make_methods(compared, checks):
    """Return the methods section as Markdown.

    Parameters
    ----------
    compared : Comparable
        The comparison.
    checks : list of Check
        What is known of it.

    Returns
    -------
    str
    """
    runs = [run for (name, _), run in compared.runs.items() if name != FULL_DATA]
    shared = _shared_settings(runs)
    is_true = {check.title: check.is_true for check in checks}
    sentences = [
        _strategies(compared.result, runs),
        _labels(compared.result, runs, shared),
        _model(shared),
        _other_settings(shared),
        _seeds(compared, is_true[SAME_START]),
        _evaluation(compared.result, runs, is_true[HELD_OUT]),
        _statistics(compared),
    ]
    return "# Methods\n\n" + "\n".join(text for text in sentences if text) + "\n"


def _shared_settings(runs):
    """Return the settings that are recorded by all runs and the same in all."""
    first = settings(runs[0])
    keys = {key.split(".")[0] for run in runs[1:] for key in differences(first, settings(run))}
    return {key: value for key, value in first.items() if key not in keys}


def _strategies(result, runs):
    definitions = {run.strategy: definition(run) for run in runs}
    names = [
        name
        + (" (the baseline)" if name == result.baseline else "")
        + (f", `{described(definitions[name])}`" if definitions[name] else "")
        for name in result.strategies
    ]
    return f"Query strategies that were compared: {'; '.join(names)}."


def _labels(result, runs, shared):
    counts = [[record["n_labels"] for record in run.records] for run in runs]
    text = f"Runs began with {_at(result, counts, 0)}"
    if (initial := shared.get("initial")) is not None:
        text += f", {INITIAL[initial] if initial in [*INITIAL] else f'by `{described(initial)}`'}"
    steps = [after - before for n in counts for before, after in pairwise(n)]
    if steps:
        queries = _span([len(n) - 1 for n in counts])
        each = "the only query" if queries == "1" else f"each of {queries} queries"
        text += f"; {each} added {_span(steps)}, up to {_at(result, counts, -1)}"
    spent = shared.get("n_labels_spent")
    return f"{text}.{f' These numbers include {spent:,} labels spent before.' if spent else ''}"


def _at(result, counts, end):
    """Return how many labels runs begin or end with, and what share that is."""
    labels = [n[end] for n in counts]
    share = ""
    if result.n_samples is not None and len(set(labels)) == 1:
        share = f" ({100 * labels[0] / result.n_samples:.3g} %)"
    return f"{_span(labels)} label{'' if labels == [1] * len(labels) else 's'}{share}"


def _span(values):
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _model(shared):
    if not _is_own(shared):
        return ""
    model = described(_without_strategy(shared["estimator"]))
    weights = ", with the weights of the queries" if shared.get("use_query_weights") else ""
    return f"After each query the model, `{model}`, was trained on all labels so far{weights}."


def _without_strategy(estimator):
    """Return a learner without its query strategy: runs have strategies of their own."""
    return {key: value for key, value in estimator.items() if key != "query_strategy"}


def _is_own(shared):
    """Return whether settings are those of `compare`."""
    return isinstance(shared.get("estimator"), dict)


def _other_settings(shared):
    said = SAID if _is_own(shared) else ()
    known = [f"{k}={described(v)}" for k, v in shared.items() if k not in said and _is_said(v)]
    return f"All runs had the settings {', '.join(known)}." if known else ""


def _seeds(compared, is_same_start):
    seeds = compared.result.seeds
    text = f"Every strategy ran with {list_seeds(seeds)}." if compared.has_seeds else ""
    if is_same_start and (compared.has_seeds or len(seeds) == 1):
        each = " of each seed" if len(seeds) > 1 else ""
        text += f" All strategies{each} began with the same labels."
    return text.strip()


def _evaluation(result, runs, is_held_out):
    data, test_size = (_shared(runs, key) for key in ("data", "test_size"))
    where = ""
    if isinstance(data, dict) and data.get("X_test"):
        n_test = data["X_test"]["n_samples"]
        where = f", on {n_test:,} test sample{'' if n_test == 1 else 's'}, the same in all runs"
    elif test_size is not None:
        share = f"{100 * test_size:g} %" if isinstance(test_size, float) else f"{test_size:,}"
        where = f", on {share} of the samples, which each seed held out anew"
    queried = " No query chose any of them." if where and is_held_out else ""
    return f"The score is {result.score_name}{where}.{queried}"


def _shared(runs, key):
    """Return what all configs say of a key; None where they differ or one says nothing."""
    values = [run.config.get(key) for run in runs]
    return values[0] if all(value == values[0] for value in values) else None


def _statistics(compared):
    result, n_seeds = compared.result, len(compared.result.seeds)
    low, high = result.common_labels
    text = f"AUC is the area under the learning curve from {low:,} to {high:,} labels, divided by "
    text += "that range."
    if n_seeds > 1:
        runs, pairs = ("seeds", "seed") if compared.has_seeds else ("runs", "folder")
        text += f" Scores are means over {n_seeds} {runs} with {100 * CONFIDENCE:g} % t intervals"
        if result.baseline is not None:
            text += f"; differences to {result.baseline} are paired by {pairs}, not corrected for "
            text += "the number of strategies"
        text += "."
    if result.has_full_data:
        text += f" Models of all labels scored {result.full_scores.mean():.3f}."
    return text


def described(value):
    """Return what `describe` wrote as Python would write it, without what is unset.

    Examples
    --------
    >>> described({"class": "skal.query.Hybrid", "share": 0.7, "first": {"class": "skal.Margin"}})
    'Hybrid(share=0.7, first=Margin())'
    """
    if isinstance(value, list):
        return f"[{', '.join(map(described, value))}]"
    if not isinstance(value, dict):
        return repr(value)
    params = [f"{k}={described(v)}" for k, v in value.items() if k != "class" and _is_said(v)]
    if "class" not in value:
        return f"{{{', '.join(params)}}}"
    return f"{value['class'].rpartition('.')[2]}({', '.join(params)})"


def _is_said(value):
    """Return whether a setting says something: it is set, and can be written in words."""
    is_unset = value is None or value is False or value in ("deprecated", "", [], {})
    return not is_unset and not (isinstance(value, str) and HASH.fullmatch(value))
