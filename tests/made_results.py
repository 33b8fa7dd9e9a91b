"""Results of comparisons with curves that can be worked out by hand."""

from skal.experiments import ComparisonResult


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
