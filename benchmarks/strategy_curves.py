"""What each strategy gains on real data, at small and at large budgets, against a tuned baseline.

Run ``pip install -e '.[stats]'`` and then ``python -m benchmarks.strategy_curves --data FOLDER``,
where the folder holds ``MNIST``, ``FashionMNIST``, ``cifar10`` and ``cryoem/empiar10017``. It takes
about an hour on two cores, goes on after a stop where ``--runs`` names the same folder, and writes
``benchmarks/results/strategy_curves.md``.
"""

import argparse
import warnings
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from autorank import autorank
from scipy import stats
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skal.datasets import load_dataset
from skal.experiments import ComparisonResult, compare
from skal.query import (
    BADGE,
    BALD,
    BatchBALD,
    ConsensusEntropy,
    CoreSet,
    DensityWeighted,
    Entropy,
    ExpectedErrorReduction,
    GreedyFeature,
    GreedyTarget,
    Hybrid,
    KMeansDiversity,
    LeastConfidence,
    Margin,
    MaxDisagreement,
    MaxStandardDeviation,
    MeanStandardDeviation,
    Prefilter,
    ProbCover,
    RandomSampling,
    RankedBatch,
    SensitivitySampling,
    TypiClust,
    VariationRatio,
    VoteEntropy,
)

from .harness import machine

SEEDS = range(10)
TUNING_SEEDS = range(1000, 1005)  # other draws than those that are reported
N_POOL, N_TEST = 2000, 1000
PATCH_PX = 28  # a particle of 27 px diameter fills it


@dataclass
class Data:
    """A data set: a pool, and a test set of its own."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray

    @property
    def n_classes(self):
        return len(np.unique(self.y))


# Data ----------------------------------------------------------------------------------------


def read_data(folder):
    """Return the data sets by name; images are flattened to raw pixels."""
    folder = Path(folder)
    return {
        "wine": _split(load_wine()),
        "breast cancer": _split(load_breast_cancer()),
        "digits": _of(load_dataset("digits")),
        "MNIST": _of(load_dataset("mnist", folder)),
        "Fashion-MNIST": _of(load_dataset("fashion_mnist", folder)),
        "CIFAR-10": _cifar10(folder / "cifar10" / "cifar10_subset.npz"),
        "particles": _particles(folder / "cryoem" / "empiar10017"),
    }


def _split(bunch):
    stratify = bunch.target if len(np.unique(bunch.target)) < 10 else None
    X, X_test, y, y_test = train_test_split(
        bunch.data, bunch.target, test_size=0.3, stratify=stratify, random_state=0
    )
    return Data(X, y, X_test, y_test)


def _of(dataset):
    return _subset(dataset.X_train, dataset.y_train, dataset.X_test, dataset.y_test)


def _cifar10(path):
    """Images of 32 x 32, averaged to 16 x 16."""
    with np.load(path) as stored:
        X, X_test = (_halved(stored[f"x_{part}"]) for part in ("train", "test"))
        return _subset(X, stored["y_train"], X_test, stored["y_test"])


def _halved(images):
    quarters = images.reshape(-1, 16, 2, 16, 2, 3).mean(axis=(2, 4)) / 255
    return quarters.reshape(len(images), -1)


def _particles(folder):
    """Patches about picks and about places far from all picks; test patches are of the last 4."""
    from PIL import Image

    rng, patches = np.random.RandomState(0), {False: [], True: []}
    picks = pd.read_csv(folder / "picks.csv")
    names = sorted(picks.micrograph.unique())
    for name, group in picks.groupby("micrograph"):
        image = np.asarray(Image.open(folder / name), np.float32) / 255
        centers = group[["x", "y"]].to_numpy()
        elsewhere = rng.uniform(60, image.shape[0] - 60, (4 * len(centers), 2))
        gaps = np.linalg.norm(elsewhere[:, None] - centers, axis=2).min(axis=1)
        elsewhere = elsewhere[gaps > PATCH_PX][: len(centers)]
        is_test = name in names[-4:]
        for places, label in ((centers, 1), (elsewhere, 0)):
            patches[is_test] += [(p, label) for p in _patches(image, places)]
    (X, y), (X_test, y_test) = (
        (np.stack([p for p, _ in patches[t]]), np.array([label for _, label in patches[t]]))
        for t in (False, True)
    )
    return _subset(X, y, X_test, y_test)


def _patches(image, places):
    half = PATCH_PX // 2
    for x, y in np.rint(places).astype(int):
        patch = image[y - half : y + half, x - half : x + half]
        if patch.shape == (PATCH_PX, PATCH_PX):
            yield patch.ravel()


def _subset(X, y, X_test, y_test):
    rng = np.random.RandomState(0)
    rows = rng.permutation(len(X))[:N_POOL]
    test = rng.permutation(len(X_test))[:N_TEST]
    return Data(np.asarray(X[rows], np.float32), y[rows], X_test[test], y_test[test])


# Models and strategies -----------------------------------------------------------------------


def linear(c):
    """Logistic regression on standardized features."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=200, tol=1e-3))


def forest(min_samples_leaf):
    """A random forest of 50 trees, whose trees are the opinions of Bayesian strategies."""
    return RandomForestClassifier(50, min_samples_leaf=min_samples_leaf)


def linear_strategies(n_instances, n_classes, budget):
    """Strategies for models with probabilities and an embedding."""
    strategies = {
        "random": RandomSampling(),
        "least confidence": LeastConfidence(),
        "margin": Margin(),
        "entropy": Entropy(),
        "margin, power": Margin(stochastic="power"),
        "margin, softmax": Margin(stochastic="softmax"),
        "core-set": CoreSet(),
        "k-means": KMeansDiversity(),
        "TypiClust": TypiClust(),
        "ProbCover": ProbCover(),
        "sensitivity": SensitivitySampling(max(n_instances, n_classes), replacement=False),
        "BADGE": BADGE(),
        "hybrid margin + core-set": Hybrid(Margin(), CoreSet()),
        "ranked batch": RankedBatch(),
        "density-weighted": DensityWeighted(LeastConfidence()),
        "core-set of the 20 % by margin": Prefilter(CoreSet(), keep=0.2),
        "BADGE of the 20 % by margin": Prefilter(BADGE(), keep=0.2),
    }
    if budget == "small" and n_classes <= 3:  # elsewhere a query takes minutes
        strategies["expected error"] = ExpectedErrorReduction(n_candidates=20, n_evaluation=100)
    return strategies


def forest_strategies(n_instances, n_classes, budget):
    """Strategies that ask several opinions, and their competitors."""
    strategies = {
        "random": RandomSampling(),
        "margin": Margin(),
        "entropy": Entropy(),
        "vote entropy": VoteEntropy(),
        "consensus entropy": ConsensusEntropy(),
        "max disagreement": MaxDisagreement(),
        "BALD": BALD(),
        "BALD, power": BALD(stochastic="power"),
        "variation ratio": VariationRatio(),
        "mean standard deviation": MeanStandardDeviation(),
        "TypiClust": TypiClust(),
        "BADGE": BADGE(),
    }
    if budget == "small":  # the joint entropies of 100 picks take minutes
        strategies["BatchBALD"] = BatchBALD(n_configurations=500)
    return strategies


MODELS = {
    "logistic regression": (linear, (1e-3, 1e-2, 1e-1, 1.0), linear_strategies),
    "random forest": (forest, (1, 2, 4), forest_strategies),
}


def protocol(name, data, budget):
    """Return how many labels there are at first and a query, and how many queries."""
    c = data.n_classes
    if budget == "small":
        return {"n_initial": 2 * c, "n_instances": c, "n_queries": 10}
    step = 20 if name == "breast cancer" else 100
    return {"n_initial": step, "n_instances": step, "n_queries": 6}


# Runs ----------------------------------------------------------------------------------------


def run_setting(name, data, model, budget, folder, n_jobs):
    """Tune the model by random sampling, and compare all strategies with it."""
    build, values, strategies = MODELS[model]
    plan = protocol(name, data, budget)
    target = folder / f"{name} {model} {budget}".replace(" ", "_")
    if (target / "done").exists():
        return ComparisonResult.from_folder(target / "runs"), (target / "done").read_text()
    shared = {"X_test": data.X_test, "y_test": data.y_test, "n_jobs": n_jobs, **plan}
    best = max(values, key=lambda value: _area_of_random(build(value), data, shared))
    named = strategies(plan["n_instances"], data.n_classes, budget)
    runs = target / "runs"
    result = compare(
        named, build(best), data.X, data.y, seeds=SEEDS, folder=runs, resume=runs.exists(), **shared
    )
    (target / "done").write_text(str(best))
    return result, str(best)


def _area_of_random(estimator, data, shared):
    strategies = {"random": RandomSampling()}
    result = compare(
        strategies, estimator, data.X, data.y, seeds=TUNING_SEEDS, progress=False, **shared
    )
    return result.areas()["random"].mean()


def run_regression(folder, n_jobs):
    """Compare the strategies for regressors on diabetes; score is R²."""
    data = _split(load_diabetes())
    strategies = {
        "random": RandomSampling(),
        "max standard deviation": MaxStandardDeviation(),
        "greedy feature": GreedyFeature(),
        "greedy target": GreedyTarget(),
        "greedy target both": GreedyTarget("both"),
    }
    target = folder / "diabetes"
    process = GaussianProcessRegressor(RBF(3.0) + WhiteKernel(), normalize_y=True)
    return compare(
        strategies, make_pipeline(StandardScaler(), process), data.X, data.y, X_test=data.X_test,
        y_test=data.y_test, n_initial=10, initial="random", n_instances=5, n_queries=18,
        seeds=range(30), folder=target, resume=target.exists(), n_jobs=n_jobs,
    )  # fmt: skip


# Tables --------------------------------------------------------------------------------------


def to_table(results):
    """Return a markdown table over data sets: differences to random, wins, ties, losses, ranks."""
    differences = _differences(results)
    names = [n for n in next(iter(differences.values())).columns if n != "random"]
    everywhere = [n for n in names if all(n in d for d in differences.values())]
    ranks = _ranks(results, ["random", *everywhere])
    rows = [_row(name, differences, ranks) for name in names]
    rows.sort(key=lambda row: row[0])
    header = f"| strategy | mean rank | mean, points | wins-ties-losses | {' | '.join(results)} |"
    rank = ranks.rankdf.meanrank["random"]
    baseline = f"| random | {rank:.1f} | 0 | - |" + " 0 |" * len(results)
    lines = [header, "|---" * (4 + len(results)) + "|", *(line for _, line in rows), baseline]
    return "\n".join(lines), ranks


def _differences(results):
    """Return by how many points the area of each run lies above that of random sampling."""
    return {
        name: 100 * result.areas().sub(result.areas()["random"], axis=0)
        for name, result in results.items()
    }


def _ranks(results, names):
    means = pd.DataFrame({data: r.areas()[names].mean() for data, r in results.items()}).T
    with warnings.catch_warnings(), redirect_stdout(None):
        warnings.simplefilter("ignore")
        return autorank(means.reset_index(drop=True), force_mode="nonparametric")


def _row(name, differences, ranks):
    cells, outcomes, per_seed = [], np.zeros(3, int), []
    for difference in differences.values():
        if name not in difference:
            cells.append("-")
            continue
        mean, half = _interval(difference[name])
        outcome = 0 if mean > half else 2 if mean < -half else 1
        outcomes[outcome] += 1
        cells.append(("**{}**" if outcome != 1 else "{}").format(f"{mean:+.1f} ± {half:.1f}"))
        per_seed.append(difference[name].to_numpy())
    mean, half = _interval(np.mean(per_seed, axis=0))
    in_all = len(per_seed) == len(differences)
    rank = ranks.rankdf.meanrank[name] if in_all else np.inf
    first = f"{rank:.1f}" if in_all else "-"
    wins = "-".join(map(str, outcomes))
    text = f"| {name} | {first} | {mean:+.2f} ± {half:.2f} | {wins} | {' | '.join(cells)} |"
    return rank, text


def _interval(values):
    """Return the mean and half the width of its 95 % t interval."""
    n = len(values)
    half = stats.t.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n)
    return np.mean(values), half


def section(model, budget, results, tuned):
    table, ranks = to_table(results)
    verdict = (
        f"Friedman's test of the mean ranks over {len(results)} data sets: p = {ranks.pvalue:.2g}; "
        f"ranks that differ by less than {ranks.cd:.1f} are not told apart (Nemenyi)"
    )
    values = ", ".join(f"{name} {value}" for name, value in tuned.items())
    parameter = "C" if model == "logistic regression" else "min_samples_leaf"
    title = f"## {model.capitalize()}, {budget} budgets"
    return f"{title}\n\n{table}\n\n{worth(results)}\n\n{verdict}. Tuned `{parameter}`: {values}.\n"


def worth(results):
    """Return a sentence on which strategies gain over the data sets that all of them ran on."""
    better, worse, alike = [], [], []
    differences = _differences(results)
    for name in next(iter(differences.values())).columns:
        if name == "random" or not all(name in d for d in differences.values()):
            continue
        mean, half = _interval(np.mean([d[name].to_numpy() for d in differences.values()], axis=0))
        (better if mean > half else worse if mean < -half else alike).append(name)
    said = {
        "Worth it on average": better,
        "not told from random": alike,
        "worse than random": worse,
    }
    lists = {what: ", ".join(f"*{name}*" for name in names) for what, names in said.items()}
    return "; ".join(f"{what}: {names or 'none'}" for what, names in lists.items()) + "."


INTRODUCTION = """# What each strategy gains

Machine: {machine}. Command: `python -m benchmarks.strategy_curves`. Points of accuracy that the
area under the learning curve, divided by its width, lies above that of random sampling: mean of ten
paired seeds and its 95 % interval, bold where the interval leaves out 0. `wins-ties-losses` counts
data sets, by those intervals; they are not corrected for the number of strategies. `mean, points`
averages over the data sets, and its interval is over seeds, for these data sets. Ranks are of the
mean areas, 1 the best; a strategy without a rank did not run everywhere.

Small budgets start at 2 labels a class and ask for 1 a class, ten times. Large ones start at 100
and ask for 100, six times (breast cancer: 20 and 20; wine is too small). Both start stratified.
Pools have at most 2,000 samples, test sets at most 1,000, of their own; images are raw pixels,
those of CIFAR-10 averaged to 16 x 16.
The model's parameter is tuned for random sampling, on other seeds, for each data set and budget.
Particles are patches of micrographs, two of three about a pick and the others background; the test
patches are of other micrographs.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=Path("strategy_curves_runs"))
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--budgets", nargs="*", default=["small", "large"])
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent / "results" / "strategy_curves.md"
    )
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    arguments.runs.mkdir(exist_ok=True)
    datasets = read_data(arguments.data)
    text = [INTRODUCTION.format(machine=machine())]
    for model in arguments.models:
        for budget in arguments.budgets:
            names = [n for n in datasets if (n, budget) != ("wine", "large")]
            found = {
                n: run_setting(n, datasets[n], model, budget, arguments.runs, arguments.n_jobs)
                for n in names
            }
            results = {name: result for name, (result, _) in found.items()}
            text.append(section(model, budget, results, {n: v for n, (_, v) in found.items()}))
    if arguments.models == list(MODELS):
        text.append(_regression_section(run_regression(arguments.runs, arguments.n_jobs)))
    arguments.output.write_text("\n".join(text))


def _regression_section(result):
    areas = result.areas()
    lines = ["| strategy | R², area | difference to random |", "|---|---|---|"]
    for name in areas:
        mean, half = _interval(areas[name] - areas["random"])
        difference = "-" if name == "random" else f"{mean:+.3f} ± {half:.3f}"
        lines.append(f"| {name} | {areas[name].mean():.3f} | {difference} |")
    return (
        "## Regression: diabetes, a Gaussian process\n\n10 labels at first, then 5 a query up to "
        "100; 30 paired seeds.\n\n" + "\n".join(lines) + "\n"
    )


if __name__ == "__main__":
    main()
