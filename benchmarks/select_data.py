"""Methods that select a budget of labels in one query, on real images and over paired seeds.

Run ``python -m benchmarks.select_data --data FOLDER``; the table goes to
``benchmarks/results/select_data.md``. Whatever ends it, the same command goes on with the runs in
``--folder``. There each data set and budget has a folder of its own: they can be run one by one.
"""

import argparse
import math
from pathlib import Path

from skal.datasets import load_dataset
from skal.experiments import SelectionResult, select_data
from skal.experiments.selection import ALL_METHODS, FIRST_SHARE
from skal.experiments.selection_display import NAMES

from .harness import machine

DATASETS = ("mnist", "fashion_mnist", "cifar10")
BUDGETS = (256, 1024, 4096)
RESULTS = Path(__file__).parent / "results"


def to_markdown(result, sizes, command):
    """Return the tables of a SelectionResult.

    Parameters
    ----------
    result : SelectionResult
        What `select_data` returned.
    sizes : dict of str to (int, int)
        Images to select from and to test on, of each data set.
    command : str
        What made the result.
    """
    summary = result.summary()
    parts = ["# Methods that select a budget of labels in one query", _preface(result, command)]
    for name in result.datasets:
        n_pool, n_test = sizes[name]
        parts.append(
            f"## {NAMES.get(name, name)}\n\n{n_pool:,} images to select from, {n_test:,} test "
            f"images{_reduction(name, n_pool)}. `{_net(result.estimators[name])}`"
        )
        parts.append(_scores(summary.loc[name], result.budgets))
    parts.append("## Seconds of a query\n\n" + _seconds(summary, result))
    return "\n\n".join(parts) + "\n"


def _preface(result, command):
    share = f"{100 * FIRST_SHARE:g} %"
    return (
        f"Machine: {machine()}. Command: `{command}`.\n\n"
        f"The protocol of `skal select`: {share} of the budget drawn at random, a net trained on "
        f"them for 10 epochs, all others selected in one query, a new net trained from scratch on "
        f"the whole budget for 10 epochs. Mean test accuracy in % of {len(result.seeds)} seeds, "
        f"and in brackets the mean difference to random on the same seeds, in percentage points, "
        f"with its paired 95 % t interval, not corrected for the number of comparisons. Clusters "
        f"of the coreset methods: 20 % of the budget, fewer for coreset_true, whose true losses "
        f"the budget pays for."
    )


def _reduction(name, n_pool):
    is_reduced = name == "cifar10" and n_pool < 50_000
    return " (a subset of the 50,000 and 10,000 there are)" if is_reduced else ""


def _net(estimator):
    return " ".join(repr(estimator).split())


def _scores(table, budgets):
    methods = list(table.index.unique("method"))
    head = " | ".join(f"{budget:,} labels" for budget in budgets)
    lines = [f"| method | {head} |", "|---" * (1 + len(budgets)) + "|"]
    first = " | ".join(f"{100 * table.loc[budget, 'first_score'].mean():.2f}" for budget in budgets)
    for name in methods:
        cells = " | ".join(_cell(table.loc[budget, name]) for budget in budgets)
        lines.append(f"| {name} | {cells} |")
    lines.append(f"| (random labels of the first step alone) | {first} |")
    return "\n".join(lines)


def _cell(line):
    score = f"{100 * line['score']:.2f}"
    if line.name[-1] == "random" or "difference" not in line:
        return score
    low, high = 100 * line["difference_low"], 100 * line["difference_high"]
    interval = f" [{low:+.2f}, {high:+.2f}]" if math.isfinite(low) else ""
    return f"{score} ({100 * line['difference']:+.2f}{interval})"


def _seconds(summary, result):
    keys = list(result.cells)
    head = " | ".join(f"{NAMES.get(name, name)}, {budget:,}" for name, budget in keys)
    lines = [f"| method | {head} |", "|---" * (1 + len(keys)) + "|"]
    for method in result.methods:
        cells = " | ".join(f"{summary.loc[(*key, method), 'query_seconds']:.2f}" for key in keys)
        lines.append(f"| {method} | {cells} |")
    return "\n".join(lines)


def main():
    """Run or go on, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--datasets", nargs="+", default=list(DATASETS))
    parser.add_argument("--methods", nargs="+", default=list(ALL_METHODS))
    parser.add_argument("--budgets", nargs="+", type=int, default=list(BUDGETS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path("select_data_runs"))
    parser.add_argument("--output", type=Path, default=RESULTS / "select_data.md")
    options = parser.parse_args()
    command = f"python -m benchmarks.select_data --data FOLDER --seeds {options.seeds}"
    cells, estimators, sizes = {}, {}, {}
    for name in options.datasets:
        data = load_dataset(name, options.data)
        sizes[name] = len(data.X_train), len(data.X_test)
        for budget in options.budgets:
            part = _run(data, budget, options)
            cells |= part.cells
            estimators |= part.estimators
            whole = SelectionResult(cells, estimators, part.setting)
            if options.budgets[-1] == budget:  # tables have all budgets
                options.output.write_text(to_markdown(whole, sizes, command))
    print(whole)


def _run(data, budget, options):
    return select_data(
        data,
        options.methods,
        budget,
        seeds=options.seeds,
        device=options.device,
        n_jobs=options.jobs,
        folder=options.folder / f"{data.name}-{budget}",
        resume=True,
    )


if __name__ == "__main__":
    main()
