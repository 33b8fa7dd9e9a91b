"""How time and memory of each strategy grow with the pool, from 10,000 to 1,000,000 samples.

Run ``python -m benchmarks.query_growth``; the table goes to ``benchmarks/results/query_growth.md``.
"""

import argparse
import time
import tracemalloc
from pathlib import Path

import numpy as np

from skal.query import (
    BADGE,
    BALD,
    BatchBALD,
    CoreSet,
    DensityWeighted,
    Entropy,
    Hybrid,
    KMeansDiversity,
    LeastConfidence,
    Margin,
    Prefilter,
    ProbCover,
    RandomSampling,
    RankedBatch,
    SensitivitySampling,
    TypiClust,
    VariationRatio,
)

from .harness import blobs, machine, probabilities

D, C, N_DRAWS, N_LABELED, N_INSTANCES = 64, 10, 10, 200, 100
SIZES = 10_000, 100_000, 1_000_000
QUADRATIC = "grows with the square of the pool"
STRATEGIES = {
    "RandomSampling": (RandomSampling(random_state=0), 3),
    "Margin": (Margin(), 3),
    "Entropy": (Entropy(), 3),
    "Margin, stochastic": (Margin(stochastic="power", random_state=0), 3),
    "BALD": (BALD(), 3),
    "VariationRatio": (VariationRatio(), 3),
    "BatchBALD": (BatchBALD(n_configurations=200, random_state=0), 2),
    "CoreSet": (CoreSet(), 3),
    "KMeansDiversity": (KMeansDiversity(random_state=0), 3),
    "TypiClust": (TypiClust(random_state=0), 3),
    "ProbCover": (ProbCover(4.0), 1),
    "SensitivitySampling": (SensitivitySampling(100, random_state=0), 3),
    "BADGE": (BADGE(random_state=0), 3),
    "Hybrid of Margin and CoreSet": (Hybrid(Margin(), CoreSet()), 3),
    "RankedBatch": (RankedBatch(), 3),
    "DensityWeighted": (DensityWeighted(LeastConfidence()), 2),
    "CoreSet of the 10 % by Margin": (Prefilter(CoreSet()), 3),
}


class Known:
    """A classifier whose probabilities and draws are known, so that only the strategy is timed.

    Samples begin with their position, which is how a block is known.
    """

    def __init__(self, n):
        self.proba = probabilities(n, C)
        self.classes_ = np.arange(C)

    def predict_proba(self, X):
        return self.proba[X[:, 0].astype(np.intp)]

    def sample_proba(self, X, n_samples):
        proba = self.predict_proba(X)
        others = np.random.RandomState(0).permutation(C * N_DRAWS).reshape(N_DRAWS, C) % C
        return np.stack([0.7 * proba + 0.3 * proba[:, order] for order in others])


class Learner:
    """What a strategy asks of a learner: a model and its labeled samples."""

    random_state = 0

    def __init__(self, model, X):
        self.model, self.X_training = model, X
        self.predict_proba, self.sample_proba = model.predict_proba, model.sample_proba
        self.classes_ = model.classes_


def pool(n):
    """Return a learner and a pool whose embedding is blobs; position in the first column."""
    X = blobs(n + N_LABELED, D)
    X[:, 0] = np.arange(len(X)) - N_LABELED  # float32 counts to 16,777,216
    return Embedded(n, X[:N_LABELED]), X[N_LABELED:]


class Embedded(Learner):
    """A learner whose embedding leaves out the position."""

    def __init__(self, n, X):
        super().__init__(Known(n), X)

    def embed(self, X):
        return X[:, 1:]


def measure(strategy, learner, X):
    """Return the seconds of the faster of two queries, and the peak memory of one in MB."""
    seconds = min(_seconds(strategy, learner, X) for _ in range(2))
    tracemalloc.start()
    strategy(learner, X, N_INSTANCES)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return seconds, peak


def _seconds(strategy, learner, X):
    start = time.perf_counter()
    strategy(learner, X, N_INSTANCES)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", default=Path(__file__).parent / "results" / "query_growth.md")
    arguments = parser.parse_args()
    pools = [pool(n) for n in SIZES]
    lines = [_line(name, *STRATEGIES[name], pools) for name in STRATEGIES]
    text = (
        f"# How strategies grow with the pool\n\nMachine: {machine()}. Command: `python -m "
        f"benchmarks.query_growth`. Seconds of one query of {N_INSTANCES} samples, the better of "
        f"two, and in brackets the peak memory of the query in MB, from pools of {D - 1} features "
        f"beside {N_LABELED} labeled samples, {C} classes, {N_DRAWS} draws; the model is free. The "
        f"embedding itself takes {4 * (D - 1)} bytes a sample and the probabilities {4 * C}, both "
        f"counted. `growth` is the exponent between the last two sizes: 1 is linear. `-`: "
        f"{QUADRATIC}, or holds all draws; narrow the pool with `Prefilter`.\n\n"
        f"| strategy | {' | '.join(f'{n:,}' for n in SIZES)} | growth |\n|---|---|---|---|---|\n"
        + "\n".join(lines)
        + "\n"
    )
    Path(arguments.output).write_text(text)


def _line(name, strategy, n_sizes, pools):
    found = [measure(strategy, *p) for p in pools[:n_sizes]]
    cells = [f"{seconds:.3f} ({peak:.0f})" for seconds, peak in found]
    cells += ["-"] * (len(SIZES) - n_sizes)
    growth = "-" if n_sizes == 1 else f"{np.log10(found[-1][0] / found[-2][0]):.2f}"
    line = f"| {name} | {' | '.join(cells)} | {growth} |"
    print(line, flush=True)
    return line


if __name__ == "__main__":
    main()
