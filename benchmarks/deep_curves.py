"""How many labels networks need on MNIST, by strategy: Bayesian active learning, reproduced.

Run ``python -m benchmarks.deep_curves --data FOLDER --runs FOLDER``, where the first holds MNIST;
stopped, it goes on where ``--runs`` names the same folder. ``--parts`` runs some parts only and
leaves the others' sections of ``benchmarks/results/deep_curves.md`` as they are. ``--tune`` prints
what the settings below were chosen by: the accuracy of random samples, on other seeds.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
import torch

from skal.datasets import load_dataset
from skal.experiments import compare
from skal.metrics import labels_to_target
from skal.nets import LeNetClassifier
from skal.query import BALD, BatchBALD, Prefilter, RandomSampling, VariationRatio

from .harness import machine

N_LOOKED_AT = 10_000  # random samples of the pool that a query scores, as Gal et al. (2017) do
SETTINGS = {
    "plain": {"max_epochs": 100, "dropout": 0.5},
    "augmented": {"max_epochs": 200, "dropout": 0.25, "augment": "affine"},
}
TUNING_GRIDS = {
    "plain": {"max_epochs": (50, 100), "dropout": (0.25, 0.5)},
    "augmented": {"max_epochs": (100, 200), "dropout": (0.25, 0.5), "augment": ("affine",)},
}
TUNING_LABELS = (50, 200)
TUNING_SEEDS = range(1000, 1003)
STRATEGIES = {
    "random": RandomSampling(),
    "BALD": BALD(20),
    "variation ratio": VariationRatio(20),
    "BatchBALD": BatchBALD(50, n_configurations=500),
}
TARGETS = (0.90, 0.95, 0.97)
RESULTS = Path(__file__).parent / "results" / "deep_curves.md"


def mnist(folder):
    """Return the 60,000 images to choose from and the 10,000 to test on, with their labels."""
    data = load_dataset("mnist", folder)
    shape = (-1, *data.image_shape)
    return data.X_train.reshape(shape), data.y_train, data.X_test.reshape(shape), data.y_test


def repeated(X, y, n_times=4, scale=0.1):
    """Return each image several times, each time with other noise."""
    rng = np.random.default_rng(0)
    X = np.tile(X, (n_times, 1, 1))
    for start in range(0, len(X), 10_000):
        block = X[start : start + 10_000]
        block += scale * rng.standard_normal(block.shape, dtype=np.float32)
    return X, np.tile(y, n_times)


def looking_at_some(strategy):
    """Return a strategy that scores a random part of the pool."""
    if isinstance(strategy, RandomSampling):
        return strategy
    return Prefilter(strategy, keep=N_LOOKED_AT, by=RandomSampling())


def run(name, setting, data, arguments, strategies=tuple(STRATEGIES), n_queries=26):
    """Compare strategies with one setting of the net."""
    X, y, X_test, y_test = data
    folder = arguments.runs / name
    return compare(
        {key: looking_at_some(STRATEGIES[key]) for key in strategies},
        net(**setting),
        X,
        y,
        X_test=X_test,
        y_test=y_test,
        n_initial=20,
        n_instances=10,
        n_queries=n_queries,
        seeds=arguments.seeds,
        full_data=False,
        n_jobs=arguments.n_jobs,
        folder=folder,
        resume=folder.exists(),
    )


def net(**params):
    return LeNetClassifier(mixed_precision=True, **params)


def tune(data, part):
    """Print the accuracy of random samples for each setting, mean of three other seeds."""
    grid = TUNING_GRIDS[part]
    for values in itertools.product(*grid.values()):
        setting = dict(zip(grid, values, strict=True))
        scores = [
            [_score_of_random(setting, n, seed, *data) for seed in TUNING_SEEDS]
            for n in TUNING_LABELS
        ]
        print(setting, np.mean(scores, axis=1).round(4), flush=True)


def _score_of_random(setting, n_labels, seed, X, y, X_test, y_test):
    rows = np.random.RandomState(seed).permutation(len(X))[:n_labels]
    model = net(**setting, random_state=seed).fit(X[rows], y[rows])
    return model.score(X_test[::5], y_test[::5])


def section(title, result):
    """Return a markdown table of the labels that each strategy needs for each accuracy."""
    header = " | ".join(f"labels to {target:.0%}" for target in TARGETS)
    lines = [
        f"## {title}",
        "",
        f"Machine: {machine()}.",
        "",
        f"| strategy | {header} | final accuracy | area, difference to random, 95 % interval |",
        "|---" * (len(TARGETS) + 3) + "|",
    ]
    summary = result.summary()
    for name in result.strategies:
        cells = [_labels(result, name, target) for target in TARGETS]
        row = summary.loc[name]
        difference = "-" if name == "random" else (
            f"{row.area_difference:+.4f} "
            f"[{row.area_difference_low:+.4f}, {row.area_difference_high:+.4f}]"
        )  # fmt: skip
        lines.append(f"| {name} | {' | '.join(cells)} | {row.final_score:.4f} | {difference} |")
    return "\n".join(lines) + "\n"


def _labels(result, name, target):
    """Return the median over seeds, and each seed, of the labels needed for an accuracy."""
    needed = [labels_to_target(*result.curve(name, seed), target) for seed in result.seeds]
    each = ", ".join(f"{n:.0f}" if np.isfinite(n) else "-" for n in sorted(needed))
    median = np.median(needed)
    return f"**{median:.0f}** ({each})" if np.isfinite(median) else f"**-** ({each})"


INTRODUCTION = """# Labels that networks need on MNIST

Command: `python -m benchmarks.deep_curves`. {seeds} paired seeds: the same 20 initial labels, two a
class, and the same seeds of the net for all strategies; 10 labels a query; a LeNet trained from
scratch each time, with Adam, on labeled data alone, no validation labels, and scored on all 10,000
test images. A query looks at 10,000 random images of the pool. Labels are counted on straight lines
between rounds; the median over the seeds is bold, `-` where it is not reached with the labels
spent. BALD and variation ratio take 20 passes with dropout, BatchBALD 50. Nets have
`mixed_precision=True`: bfloat16 on processors that can, else float32. Epochs and dropout are those
with which 50 and 200 random labels gave the best mean accuracy on other seeds (`--tune` tries what
it names): {settings}.
"""


def update_results(sections, seeds, path=RESULTS):
    """Write the sections, with those that the file already has under other titles."""
    old = path.read_text().split("\n## ")[1:] if path.exists() else []
    kept = {part.split("\n", 1)[0]: "## " + part.rstrip() + "\n" for part in old}
    kept |= {part.split("\n", 1)[0].removeprefix("## "): part for part in sections}
    settings = "; ".join(f"{part}: {values}" for part, values in SETTINGS.items())
    header = INTRODUCTION.format(seeds=seeds, settings=settings)
    path.write_text("\n".join([header, *kept.values()]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=Path("deep_curves_runs"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--tune", choices=list(TUNING_GRIDS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # one process a core trains small batches faster than two threads do
    data = mnist(arguments.data)
    if arguments.tune:
        tune(data, arguments.tune)
        return
    arguments.runs.mkdir(exist_ok=True)
    for part in arguments.parts:
        update_results([section(*PARTS[part](data, arguments))], arguments.seeds)


def _plain(data, arguments):
    return "MNIST", run("plain", SETTINGS["plain"], data, arguments)


def _augmented(data, arguments):
    title = "MNIST, small shifts, rotations and scales of training images for all strategies"
    names = ("random", "variation ratio", "BatchBALD")
    return title, run("augmented", SETTINGS["augmented"], data, arguments, names, n_queries=16)


def _repeated(data, arguments):
    X, y, X_test, y_test = data
    data = (*repeated(X, y), X_test, y_test)
    names = ("random", "BALD", "BatchBALD")
    result = run("repeated", SETTINGS["plain"], data, arguments, names, n_queries=15)
    return "Repeated MNIST: each image four times, with Gaussian noise of 0.1", result


PARTS = {"plain": _plain, "augmented": _augmented, "repeated": _repeated}


if __name__ == "__main__":
    main()
