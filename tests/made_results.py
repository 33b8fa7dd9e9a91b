"""Results of comparisons with curves that can be worked out by hand, also as folders of runs."""

import json

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from skal.experiments import ComparisonResult, compare
from skal.query import Margin, RandomSampling


def make_result(curves, full=1.0, n_labels=(10, 20, 30), baseline="random"):
    """Return a result from the scores of each strategy and seed."""
    records = {
        (name, seed): [
            {
                "round": i,
                "n_labels": n,
                "score": score,
                "fit_seconds": 0.5,
                "query_seconds": 0.25 * (i > 0),
                "indices": [i],
                "is_last": i == len(scores) - 1,
            }
            for i, (n, score) in enumerate(zip(n_labels, scores, strict=True))
        ]
        for name, seeds in curves.items()
        for seed, scores in enumerate(seeds)
    }
    for seed in range(len(curves[next(iter(curves))])):
        records["full_data", seed] = [{"score": full, "round": 0, "n_labels": 99}]
    return ComparisonResult(records, baseline, "accuracy")


TWO = {
    "random": [[0.5, 0.7, 0.9], [0.5, 0.6, 0.8], [0.5, 0.7, 0.9]],
    "good": [[0.5, 0.9, 1.0], [0.5, 0.7, 0.9], [0.5, 0.7, 0.9]],
}


def write_run(folder, scores, n_labels=(10, 20, 30), first=0, score="f1_score", **config):
    """Write a run in the plain layout; it labels `first`, `first` + 1, and so on."""
    folder.mkdir(parents=True)
    if config:
        (folder / "config.json").write_text(json.dumps(config))
    for i, (value, n) in enumerate(zip(scores, n_labels, strict=True)):
        iteration = folder / f"iteration_{i}"
        iteration.mkdir()
        (iteration / "metrics.json").write_text(json.dumps({score: value}))
        labeled = list(range(first, first + n))
        (iteration / "labeled_indices.json").write_text(json.dumps(labeled))
    return folder


def write_runs(folder, curves, **config):
    """Write a run for each strategy and seed, with its seed in a path like that of `compare`."""
    for name, seeds in curves.items():
        for seed, scores in enumerate(seeds):
            write_run(folder / name / f"seed_{seed}", scores, seed=seed, **config)
    return folder


def compare_iris(folder, **options):
    """Compare two strategies on the iris data, by runs of four rounds."""
    settings = {"n_initial": 6, "n_instances": 4, "n_queries": 3, "seeds": 2, "progress": False}
    strategies = {"random": RandomSampling(), "margin": Margin()}
    estimator, data = LogisticRegression(max_iter=1000), load_iris(return_X_y=True)
    return compare(strategies, estimator, *data, folder=folder, **{**settings, **options})
