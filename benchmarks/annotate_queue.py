"""What the labeling app's queue costs in accuracy, and whether its score keeps its promise.

The queue of the app is a mixture: nine tenths of what the strategy wants, without near-duplicates
and with at most 60 % of one predicted class, and one tenth of monitor images, which train nothing. A
scripted annotator reads the true labels of Fashion-MNIST. Run ``python -m benchmarks.annotate_queue
--data FOLDER``, where the folder is that of ``FashionMNIST``; the table goes to
``benchmarks/results/annotate_queue.md``.
"""

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from scipy import stats

from skal.annotate import _features, _monitor
from skal.annotate._models import make_model
from skal.annotate._plan import View, plan_round
from skal.datasets import load_dataset
from skal.query import Margin

from .harness import machine

N_TRAIN, N_TEST = 8_000, 3_000  # images that pools are drawn from, and that all are judged by
N_POOL, N_ROUNDS, ROUND, SHARE = 4_000, 20, 32, 0.1
SHOWN = 5, 10, 20  # rounds
N_SEEDS = 8
SMALL_POOL, SMALL_ROUNDS, SMALL_SHARE, N_RUNS = 1_000, 6, 0.2, 520
NAMES = [str(i) for i in range(10)]


def describe_all(images):
    """Return the features of gray images, as the app computes them of files."""
    from PIL import Image

    side = _features.SIDE, _features.SIDE

    def describe(image):
        large = Image.fromarray(image).convert("RGB").resize(side, Image.Resampling.BOX)
        return _features.describe(np.asarray(large))

    with ThreadPoolExecutor(1) as threads:
        return np.stack(list(threads.map(describe, images))).astype(np.float64)


class Case:
    """A pool of images, drawn by a seed, and the test images, on the axes of this pool."""

    def __init__(self, data, seed, n_pool, share):
        rng = np.random.RandomState(seed)
        rows = rng.permutation(len(data["y"]))[:n_pool]
        basis = _features._fit(data["X"][rows])
        self.X, self.y = _features._transform(data["X"][rows], basis), data["y"][rows]
        self.X_test, self.y_test = _features._transform(data["X_test"], basis), data["y_test"]
        self.monitor = rng.permutation(n_pool)[: round(share * n_pool)]
        self.seed, self.share = seed, share

    def fit(self, rows):
        """Return the app's default model of some labels, or None where a class is missing."""
        if len(np.unique(self.y[rows])) < 10 or np.bincount(self.y[rows]).min() < 2:
            return None
        return make_model("logistic").fit(self.X[rows], self.y[rows])

    def accuracy(self, model):
        """Return the share of test images that a model gets right."""
        return float((model.predict(self.X_test) == self.y_test).mean())


def view(case, labeled, asked, monitor, model, n_round):
    """Return what the app knows when it plans."""
    free = np.setdiff1d(np.arange(len(case.y)), np.concatenate([labeled, monitor]))
    proba = None if model is None else model.predict_proba(case.X[free])
    waiting = monitor[~np.isin(monitor, asked)]
    near = case.X[labeled]
    return View(free, case.X[free], proba, near, 0, waiting, NAMES, case.seed, n_round)


def app(case, n_rounds):
    """Label by the app's queue; yield the model and the monitor labels after each round."""
    labeled, asked, model = np.empty(0, int), np.empty(0, int), None
    for i in range(n_rounds):
        known = view(case, labeled, asked, case.monitor, model, i)
        planned = plan_round(known, Margin(), ROUND, case.share)
        ids = {kind: [p.item_id for p in planned if p.slice == kind] for kind in SLICES}
        labeled = np.append(labeled, ids["strategy"]).astype(int)
        asked = np.append(asked, ids["monitor"]).astype(int)
        model = case.fit(labeled) or model
        yield model, labeled, asked


SLICES = "strategy", "monitor"


def pure(case, sizes):
    """Label what the strategy wants most from the whole pool, as many a round; yield models."""
    labeled, model = np.empty(0, int), None
    nothing = np.empty(0, int)
    for i, size in enumerate(sizes):
        n = size - len(labeled)
        known = view(case, labeled, nothing, nothing, model, i)
        if model is None:  # a cold start as that of the app
            rows = [p.item_id for p in plan_round(known, Margin(), n, 0)]
        else:
            top = np.sort(known.proba, axis=1)
            rows = known.ids[np.argsort(top[:, -1] - top[:, -2], kind="stable")[:n]]
        labeled = np.append(labeled, rows).astype(int)
        model = case.fit(labeled) or model
        yield model


def at_random(case, sizes):
    """Label images at random; yield models."""
    order = np.random.RandomState([case.seed, 1]).permutation(len(case.y))
    model = None
    for size in sizes:
        model = case.fit(order[:size]) or model
        yield model


def curves(data, seed):
    """Return accuracies after each round: of the app's queue, the pure strategy, and random."""
    case = Case(data, seed, N_POOL, SHARE)
    models = list(app(case, N_ROUNDS))
    sizes = [len(labeled) for _, labeled, _ in models]
    ours = [case.accuracy(models[i - 1][0]) for i in SHOWN]
    others = [list(run(case, sizes)) for run in (pure, at_random)]
    scores = [[case.accuracy(run[i - 1]) for i in SHOWN] for run in others]
    return np.array([ours, *scores]), [sizes[i - 1] for i in SHOWN]


def covers(data, seed):
    """Return whether the interval of the score holds the accuracy on test images, and its n."""
    case = Case(data, seed, SMALL_POOL, SMALL_SHARE)
    *_, (model, _, asked) = app(case, SMALL_ROUNDS)
    if model is None:
        return None
    n_right = int((model.predict(case.X[asked]) == case.y[asked]).sum())
    low, high = _monitor.wilson(n_right, len(asked))
    truth = case.accuracy(model)
    return low <= truth <= high, len(asked), n_right / len(asked) - truth


def interval(differences):
    """Return the mean of paired differences in points, and its 95 % t interval, in words."""
    points = 100 * np.asarray(differences)
    half = stats.t.ppf(0.975, len(points) - 1) * stats.sem(points)
    return f"{points.mean():+.1f} ({points.mean() - half:+.1f} to {points.mean() + half:+.1f})"


def read(folder):
    """Return features and labels of the images that all is drawn from."""
    found = load_dataset("fashion_mnist", folder, flatten=False)
    parts = (found.X_train, found.X_test)
    X, X_test = (np.round(255 * part).astype(np.uint8) for part in parts)
    y, y_test = found.y_train, found.y_test
    rng = np.random.RandomState(0)
    rows, rows_test = rng.permutation(len(y))[:N_TRAIN], rng.permutation(len(y_test))[:N_TEST]
    return {
        "X": describe_all(X[rows]),
        "y": y[rows].astype(int),
        "X_test": describe_all(X_test[rows_test]),
        "y_test": y_test[rows_test].astype(int),
    }


def main():
    """Run all, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    options = parser.parse_args()
    start = time.time()
    data = read(options.data)
    found = [curves(data, seed) for seed in range(N_SEEDS)]
    scores, sizes = np.array([s for s, _ in found]), np.array([n for _, n in found])
    runs = [run for seed in range(N_RUNS) if (run := covers(data, 1000 + seed)) is not None]
    text = write(scores, sizes, runs, time.time() - start)
    (options.out / "annotate_queue.md").write_text(text)
    print(text)


def write(scores, sizes, runs, seconds):
    """Return the table as Markdown."""
    head = f"""# The queue of the labeling app

{machine()} Command: `python -m benchmarks.annotate_queue --data FashionMNIST`, {seconds / 60:.0f}
minutes on one core.

Fashion-MNIST, 10 labels. Pools of {N_POOL:,} images, drawn by seed from {N_TRAIN:,} of the training
part; accuracy on {N_TEST:,} images of the test part. The model is the app's default, a logistic
regression on its cheap embeddings; it is trained after each of {N_ROUNDS} rounds of {ROUND} images.
`app`: the queue as people get it, with {SHARE:.0%} monitor images, which train nothing, and without
near-duplicates. `pure`: the smallest margins of the whole pool, nothing else. Both begin by
`TypiClust`. All are compared at equal numbers of labels that train. Differences are means of
{len(scores)} paired seeds in points, with 95 % t intervals.

| training labels | app | pure margin | random | app - pure | app - random |
|---|---|---|---|---|---|
"""
    rows = []
    for i in range(len(SHOWN)):
        ours, pure_, random = scores[:, :, i].T
        means = " | ".join(f"{100 * s.mean():.1f}" for s in (ours, pure_, random))
        n = f"{sizes[:, i].min()}"
        rows.append(f"| {n} | {means} | {interval(ours - pure_)} | {interval(ours - random)} |")
    hits, n, gaps = (np.array(values, float) for values in zip(*runs, strict=True))
    low, high = _monitor.wilson(int(hits.sum()), len(hits))
    return (
        head
        + "\n".join(rows)
        + f"""

## Whether the score keeps its promise

{len(hits)} projects of {SMALL_POOL:,} images, {SMALL_ROUNDS} rounds with {SMALL_SHARE:.0%} monitor
images (n = {n.min():.0f} to {n.max():.0f} of them at the end). The 95 % interval of the score holds
the accuracy on the {N_TEST:,} test images in {100 * hits.mean():.1f} % of them (95 % interval
{100 * low:.1f} to {100 * high:.1f} %). The score is off by {100 * gaps.mean():+.2f} points on
average (standard error {100 * stats.sem(gaps):.2f}).
"""
    )


if __name__ == "__main__":
    main()
