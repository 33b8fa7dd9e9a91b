"""What self-training adds to a few labeled images, on real data.

Run ``python -m benchmarks.self_training --data FOLDER``; it writes
``benchmarks/results/self_training.md`` after each cell.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import torch
from joblib import Parallel, delayed
from scipy import stats
from sklearn.base import clone

from skal.nets import AttentionUNetSegmenter
from skal.self_training import SelfTrainingSegmenter

from .harness import machine
from .picking_curves import NET, empiar, nuclei

RESULTS = Path(__file__).parent / "results" / "self_training.md"
RETRAIN = {"max_epochs": 1, "min_steps": 75}
N_UNLABELED, N_TEST = 40, 40  # of the nuclei
CELLS = [("nuclei", n) for n in (1, 3, 10)] + [("empiar", n) for n in (1, 3)]
TITLES = {
    "nuclei": "nuclei (Data Science Bowl 2018)",
    "empiar": "EMPIAR-10017 with Gaussian noise of five times its deviation",
}


def one_run(task, n_labeled, n_test, seed):
    """Return F1 scores on test images, and how many pseudo-labels the last kept model had.

    Of a net trained on all labels, of one that left out what the gate needs, and of the net that
    self-training kept.
    """
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    order = np.random.RandomState(seed).permutation(len(task.X))
    test, labeled = order[:n_test], order[n_test : n_test + n_labeled]
    rest = order[n_test + n_labeled :][:N_UNLABELED]
    net = AttentionUNetSegmenter(**NET | {"loss": "bce", "random_state": seed})
    X, y = task.X[labeled], task.y[labeled]
    plain = clone(net).fit(X, y).score(task.X[test], task.y[test])
    model = SelfTrainingSegmenter(net, retrain_params=RETRAIN, random_state=seed)
    scores = []
    for iteration in model.iter_fit(X, y, task.X[rest]):
        if iteration.record["iteration"] == 0:
            scores.append(model.score(task.X[test], task.y[test]))
    scores.append(model.score(task.X[test], task.y[test]))
    kept = [record for record in model.history_ if record["kept"]]
    return [plain, *scores, kept[-1]["iteration"]]


def row(name, n_labeled, runs):
    """Return a line of the table."""
    plain, held, trained, kept = np.transpose(runs)
    return (
        f"| {TITLES[name]} | {n_labeled} | {plain.mean():.3f} | {held.mean():.3f} | "
        f"{trained.mean():.3f} | {_interval(trained - held)} | {_interval(trained - plain)} | "
        f"{', '.join(str(int(k)) for k in kept)} |"
    )


def _interval(differences):
    half = stats.t.ppf(0.975, len(differences) - 1) * stats.sem(differences)
    mean = differences.mean()
    return f"{mean:+.3f} [{mean - half:+.3f}, {mean + half:+.3f}]"


INTRODUCTION = """# What self-training adds

Machine: {machine}. Command: `python -m benchmarks.self_training`. {seeds} paired seeds, each with
other images to label and to test on. F1 of the pixels of test images (40 nuclei images, 4
micrographs); up to 40 images without labels. `SelfTrainingSegmenter` with its defaults (thresholds
0.95 and 0.05, three iterations of 75 more steps, the gate), and a U-Net with attention gates as in
[picking_curves](picking_curves.md), but with cross-entropy, whose probabilities these thresholds
are meant for. The gate holds out an image, of a single
image a strip; the net of all labels holds out nothing. Intervals are 95 %, paired.

| data | labeled | all labels | gate's labels held out | self-trained | gain over held out | gain over all labels | iteration kept, by seed |
|---|---|---|---|---|---|---|---|
"""  # noqa: E501


def main():
    """Run, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--n-jobs", type=int, default=2)
    arguments = parser.parse_args()
    tasks = {"nuclei": nuclei(arguments.data), "empiar": empiar(arguments.data, noise=5.0)}
    rows = []
    for name, n_labeled in CELLS:
        n_test = N_TEST if name == "nuclei" else 4
        runs = Parallel(arguments.n_jobs)(
            delayed(one_run)(tasks[name], n_labeled, n_test, seed)
            for seed in range(arguments.seeds)
        )
        rows.append(row(name, n_labeled, runs))
        text = INTRODUCTION.format(machine=machine(), seeds=arguments.seeds)
        RESULTS.write_text(text + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
