"""Test errors of strategies and nets on noisy images, beside a published report's.

Run ``python -m benchmarks.noisy_images --data FOLDER --runs FOLDER``; stopped, it goes on where
``--runs`` names the same folder. ``--cells`` runs some cells only and keeps the rows of the others
in ``benchmarks/results/noisy_images.md``. Each cell is what ``skal run`` runs.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from skal.experiments.noisy_images import Settings, load_images, run_noisy_images

from .harness import machine

RESULTS = Path(__file__).parent / "results" / "noisy_images.md"
STRATEGIES = ("random", "entropy", "bald")
LENET = Settings(
    strategies=STRATEGIES,
    num_valid=0,
    n_init_labeled=100,
    n_query=100,
    n_round=10,
    epochs=50,
    seeds=(0, 1, 2),
    n_pool=20_000,
)
RESNET = replace(LENET, models=("resnet18",), n_round=4, epochs=20, n_pool=5_000, n_test=2_000)
CELLS = {
    f"{dataset}-{noise}-lenet": replace(LENET, dataset=dataset, noises=(noise,))
    for dataset in ("mnist", "fashion_mnist", "cifar10")
    for noise in ("none", "gaussian", "salt_and_pepper")
} | {"mnist-none-resnet18": RESNET}
REPORTED = {  # test errors in percent: random, entropy, BALD; 1,100 labels and 300 for validation
    "mnist-none-lenet": "71.2, 80.9, 79.2",
    "mnist-none-resnet18": "6.84, 8.63, 6.83",
}
INTRODUCTION = """# Test errors on noisy images

Command: `python -m benchmarks.noisy_images`; each row is one `skal run`. Test error in percent,
mean of 3 seeds, with half of a 95 % t interval; against random on the same seeds a paired one.
100 labels at first, 10 queries of 100, trained from scratch each time with Adam (0.001, batches of
64), no validation labels, the last epoch. What is smaller than in the report that is beside the
rows (github.com/lucapantea/active-learning): it asked 100 times for 10 and trained 100 epochs,
with 300 labels for validation besides, and chose from all images. Here: {reductions}. A tenth of
the images has the noise, of those to choose from and of those to test on. The report's nets were
trained by SGD at 0.001 without momentum, and its BALD had its sign reversed.

| cell | machine | labels | random | entropy | BALD | entropy against random | BALD against random | report: random, entropy, BALD |
|---|---|---|---|---|---|---|---|---|
"""  # noqa: E501
REDUCTIONS = (
    "LeNet with 50 epochs and 20,000 images to choose from; ResNet18 with 4 queries, 20 epochs, "
    "5,000 images to choose from and 2,000 to test on"
)


def row(name, table, net, noise):
    """Return a line of the table."""
    rows = {strategy: table.loc[net, noise, strategy] for strategy in STRATEGIES}
    errors = [
        f"{100 * r['error']:.2f} ± {100 * r['accuracy_half_width']:.2f}" for r in rows.values()
    ]
    against = [_signed(rows[strategy]) for strategy in STRATEGIES[1:]]
    n_labels = int(rows["random"]["n_labels"])
    cells = [name, machine(), f"{n_labels:,}", *errors, *against, REPORTED.get(name, "-")]
    return f"| {' | '.join(cells)} |"


def _signed(r):
    """Return the difference in error, which is minus that in accuracy."""
    difference, low, high = (
        -100 * r[key] for key in ("difference", "difference_high", "difference_low")
    )
    return f"{difference:+.2f} [{low:+.2f}, {high:+.2f}]"


def update_results(name, line, path=RESULTS):
    """Write a row, with those of other cells that the file already has."""
    old = path.read_text().splitlines() if path.exists() else []
    rows = {text.split("|")[1].strip(): text for text in old if text.startswith("| ")}
    rows |= {name: line}
    kept = [rows[cell] for cell in CELLS if cell in rows]
    path.write_text(INTRODUCTION.format(reductions=REDUCTIONS) + "\n".join(kept) + "\n")


def main():
    """Run or go on, and write the table after each cell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=Path("noisy_images_runs"))
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--cells", nargs="*", default=list(CELLS), choices=list(CELLS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in arguments.cells:
        settings, folder = CELLS[name], arguments.runs / name
        result = run_noisy_images(
            settings,
            load_images(settings, arguments.data),
            folder,
            resume=folder.exists(),
            n_jobs=arguments.n_jobs,
        )
        table = result.strategy_table()
        update_results(name, row(name, table, settings.models[0], settings.noises[0]))


if __name__ == "__main__":
    main()
