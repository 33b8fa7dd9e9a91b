"""Search a query strategy as one searches any hyperparameter.

How much of a batch should uncertainty choose, and how much diversity? By which uncertainty, and in
batches of which size? ``GridSearchCV`` answers: a run of queries is an estimator, and strategies
have parameters. Every candidate spends the same 300 labels of a 2,000-image pool, in each of three
folds, and is judged on images that it could not query.

Run it on Fashion-MNIST (the four idx files in FOLDER), or without a folder on scikit-learn's
digits::

    python examples/search_hybrid.py FOLDER

It takes about half a minute on two cores and writes ``search_hybrid.png``.
"""

import argparse
import time

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline

from skal import ActiveLearner, ActiveLearningLoop
from skal.datasets import load_dataset
from skal.query import CoreSet, Entropy, Hybrid, LeastConfidence, Margin, RandomSampling
from skal.stopping import LabelBudget

N_IMAGES, N_INITIAL, N_LABELS = 3000, 50, 300
SHARES, BATCHES = [0.3, 0.5, 0.7, 1.0], [10, 50]
STRATEGIES = [LeastConfidence(), Margin(), Entropy()]


def load_images(folder):
    data = load_dataset("fashion_mnist", folder) if folder else load_dataset("digits")
    rows = np.random.RandomState(0).permutation(len(data.X_train))[:N_IMAGES]
    return data.X_train[rows], data.y_train[rows]


def search(X, y, n_jobs):
    model = make_pipeline(PCA(30, random_state=0), LogisticRegression(max_iter=1000))
    loop = ActiveLearningLoop(
        ActiveLearner(model, Hybrid(Margin(), CoreSet())),
        n_initial=N_INITIAL,
        initial="stratified",
        n_queries=None,
        stopping=LabelBudget(N_LABELS),
        random_state=0,
    )
    grid = [
        {
            "learner__query_strategy__first": STRATEGIES,
            "learner__query_strategy__share": SHARES,
            "n_instances": BATCHES,
        },
        {"learner__query_strategy": [RandomSampling()], "n_instances": BATCHES},
    ]
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    return GridSearchCV(loop, grid, cv=folds, n_jobs=n_jobs, verbose=1).fit(X, y)


def to_frame(search):
    results = pd.DataFrame(search.cv_results_)
    return pd.DataFrame(
        {
            "strategy": results.param_learner__query_strategy__first.map(
                lambda first: type(first).__name__, na_action="ignore"
            ).fillna("RandomSampling"),
            "share": results.param_learner__query_strategy__share,
            "batch": results.param_n_instances,
            "accuracy": results.mean_test_score,
            "fold_std": results.std_test_score,
        }
    )


def plot(results):
    """Draw a map of accuracies for each batch size, with random sampling in the titles."""
    found, random = results.dropna(subset="share"), results[results.share.isna()]
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    low, high = found.accuracy.min(), found.accuracy.max()
    for ax, batch in zip(figure.subplots(1, len(BATCHES)), BATCHES, strict=True):
        part = found[found.batch == batch].astype({"share": float})
        table = part.pivot(index="strategy", columns="share", values="accuracy")
        image = ax.imshow(table, vmin=low, vmax=high, cmap="viridis", aspect="auto")
        ax.set_xticks(range(len(table.columns)), [f"{share:.0%}" for share in table.columns])
        ax.set_yticks(range(len(table.index)), table.index)
        ax.set_xlabel("share of each batch chosen by uncertainty (rest: CoreSet)")
        baseline = random.accuracy[random.batch == batch].item()
        ax.set_title(f"batches of {batch}; random sampling {baseline:.3f}")
        for (i, j), accuracy in np.ndenumerate(table.to_numpy()):
            color = "white" if accuracy < (low + high) / 2 else "black"
            ax.text(j, i, f"{accuracy:.3f}", ha="center", va="center", color=color)
    figure.colorbar(image, ax=figure.axes, label=f"accuracy with {N_LABELS} labels, 3 folds")
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", help="where the idx files of Fashion-MNIST are")
    parser.add_argument("--output", default="search_hybrid.png")
    parser.add_argument("--jobs", type=int, default=-1)
    arguments = parser.parse_args()
    start = time.perf_counter()
    found = search(*load_images(arguments.folder), arguments.jobs)
    results = to_frame(found).sort_values("accuracy", ascending=False)
    print(results.to_string(index=False, float_format="%.3f"))
    print(f"best: {found.best_params_}, {time.perf_counter() - start:.0f} s")
    plot(results).savefig(arguments.output, dpi=150)


if __name__ == "__main__":
    main()
