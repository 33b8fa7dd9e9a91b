"""How fast skal chooses, against the fastest peers and against bare limits.

Run ``pip install -r benchmarks/requirements.txt`` and then ``python -m benchmarks.query_speed``;
the table goes to ``benchmarks/results/query_speed.md``.
"""

import argparse
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.utils import check_X_y

from skal import ActiveLearner, ActiveLearningLoop
from skal.query import (
    BADGE,
    BatchBALD,
    CoreSet,
    DensityWeighted,
    Entropy,
    LeastConfidence,
    Margin,
    ProbCover,
    RankedBatch,
    SensitivitySampling,
    TypiClust,
)
from skal.query._clusters import (
    MAX_ITERATIONS,
    RoundedClusters,
    mean_neighbor_distances,
)

from .harness import blobs, machine, measure, probabilities, to_markdown

N_LABELED, N_INSTANCES = 100, 100


class Known:
    """A classifier whose probabilities are known, so that only the strategy is timed."""

    def __init__(self, proba):
        self.proba = proba

    def predict_proba(self, X, **kwargs):
        return self.proba


def top_k(n, c=10):
    """Scores and the best 100 of an n x c matrix of probabilities."""
    from modAL.uncertainty import entropy_sampling, margin_sampling, uncertainty_sampling

    proba = probabilities(n, c)
    model = Known(proba)
    pairs = [
        (Entropy(), entropy_sampling),
        (Margin(), margin_sampling),
        (LeastConfidence(), uncertainty_sampling),
    ]
    for ours, theirs in pairs:
        peers = {
            "modAL": lambda theirs=theirs: theirs(model, proba, n_instances=N_INSTANCES),
            "limit: read once": lambda: proba.sum(),
        }
        yield from measure(
            f"{type(ours).__name__} top 100, {n:,} x {c}",
            lambda ours=ours: ours(model, proba, N_INSTANCES),
            peers,
        )


def core_set(n, d, peers=("scikit-activeml", "ALiPy")):
    """Greedy k-center, 100 picks beside 100 labeled samples."""
    X = blobs(n, d)
    y = np.zeros(N_LABELED)
    learner = ActiveLearner(None, CoreSet(), X_training=X[:N_LABELED], y_training=y)
    run = {"scikit-activeml": _skactiveml, "ALiPy": _alipy}
    limit = np.empty(n, np.float32)

    def passes():
        for row in range(N_INSTANCES):
            np.dot(X, X[row], out=limit)

    yield from measure(
        f"CoreSet 100 picks, {n:,} x {d}",
        lambda: learner.query(X[N_LABELED:], N_INSTANCES),
        {**{p: run[p](X) for p in peers}, "limit: 100 passes of sgemv": passes},
    )


def _skactiveml(X):
    from skactiveml.pool import CoreSet as Peer

    y = np.full(len(X), np.nan)
    y[:N_LABELED] = 0
    peer = Peer(random_state=0)
    return lambda: peer.query(X, y, batch_size=N_INSTANCES)


def _alipy(X):
    from alipy.query_strategy.query_labels import QueryInstanceCoresetGreedy

    labeled, unlabeled = list(range(N_LABELED)), set(range(N_LABELED, len(X)))
    peer = QueryInstanceCoresetGreedy(X, np.zeros(len(X), int), np.arange(len(X)))
    return lambda: peer.select(labeled, unlabeled, batch_size=N_INSTANCES)


def k_means(n, d, k):
    """Clusters of the pool and the distance of each sample to its center's sample."""
    from sklearn.cluster import KMeans

    X = blobs(n, d)
    seeds = np.random.RandomState(0)
    ours = _inertia(X, RoundedClusters(X, k, seeds).labels)
    peer = KMeans(
        k, n_init=1, max_iter=MAX_ITERATIONS, random_state=0
    )  # to convergence it takes 10 x
    theirs = peer.fit(X).inertia_
    losses = np.ones(n)
    sampling = SensitivitySampling(k, loss=losses.__getitem__, random_state=0)
    yield from measure(
        f"clusters for SensitivitySampling, {n:,} x {d}, k={k}",
        lambda: RoundedClusters(X, k, seeds),
        {f"scikit-learn KMeans, {MAX_ITERATIONS} iterations": lambda: peer.fit(X)},
        note=f"inertia {100 * (ours / theirs - 1):+.1f} %",
    )
    yield from measure(
        f"SensitivitySampling 100 of {n:,} x {d}, k={k}",
        lambda: sampling(None, X, N_INSTANCES),
        {"its clusters alone": lambda: RoundedClusters(X, k, seeds)},
    )


def _inertia(X, labels):
    sums = np.stack([np.bincount(labels, column) for column in X.T.astype(np.float64)])
    return np.square(X, dtype=np.float64).sum() - (np.square(sums) / np.bincount(labels)).sum()


def badge(n, peers, d=512, c=10):
    """k-means++ on gradient embeddings, 100 picks."""
    X, proba = blobs(n, d), probabilities(n, c, seed=1)
    run = {"scikit-activeml": _skactiveml_badge, "plain D² loop, factored": _plain_badge}
    limit = np.empty(n, np.float32)

    def passes():
        for row in range(N_INSTANCES):
            np.dot(X, X[row], out=limit)
            np.dot(proba, proba[row], out=limit)

    model, strategy = Known(proba), BADGE(random_state=0)
    yield from measure(
        f"BADGE 100 picks, {n:,} x {c} x {d}",
        lambda: strategy(model, X, N_INSTANCES),
        {**{p: run[p](X, proba) for p in peers}, "limit: 100 passes of sgemv": passes},
    )


def _skactiveml_badge(X, proba):
    from skactiveml.base import SkactivemlClassifier
    from skactiveml.pool import Badge as Peer

    class Ready(SkactivemlClassifier):
        def fit(self, X, y, sample_weight=None):
            return self

        def predict_proba(self, X):
            return proba

    y, classifier = np.full(len(X), np.nan), Ready(classes=list(range(proba.shape[1])))
    peer = Peer(random_state=0)
    return lambda: peer.query(X, y, classifier, fit_clf=False, batch_size=N_INSTANCES)


def _plain_badge(X, proba):
    """k-means++ as it is written, on factored distances: one pass over the pool a pick."""

    def run():
        A = proba.copy()
        A[np.arange(len(A)), proba.argmax(axis=1)] -= 1
        norms = np.einsum("ij,ij->i", A, A) * np.einsum("ij,ij->i", X, X)
        rng, row, nearest = np.random.default_rng(0), int(norms.argmax()), np.inf
        for _ in range(N_INSTANCES - 1):
            squared = norms + norms[row] - 2 * (X @ X[row]) * (A @ A[row])
            nearest = np.minimum(nearest, np.maximum(squared, 0))
            nearest[row] = 0
            cumulated = np.cumsum(nearest, dtype=np.float64)
            row = int(np.searchsorted(cumulated, rng.random() * cumulated[-1]))

    return run


class KnownDraws:
    """A model whose draws are known."""

    def __init__(self, proba):
        self.proba = proba
        self.classes_ = np.arange(proba.shape[2])

    def sample_proba(self, X, n_draws):
        return self.proba


def batch_bald(n, n_draws=20, c=10, b=10, n_configurations=1000, peers=("scikit-activeml",)):
    """Joint mutual information, with as many sampled configurations for both."""
    shared = probabilities(n, c, seed=99).astype(np.float64)
    proba = [0.7 * shared + 0.3 * probabilities(n, c, seed) for seed in range(n_draws)]
    proba, X = np.stack(proba), np.zeros((n, 1))
    strategy, model = (
        BatchBALD(n_configurations=n_configurations, random_state=0),
        KnownDraws(proba),
    )
    P = proba.astype(np.float32)
    J = np.random.default_rng(0).random((n_configurations, n_draws), dtype=np.float32)

    def products():
        for _ in range(b):
            for start in range(0, n, 256):
                J @ P[:, start : start + 256].reshape(n_draws, -1)

    run = {"scikit-activeml": _skactiveml_batch_bald}
    yield from measure(
        f"BatchBALD {b} picks, {n:,} x {c}, {n_draws} draws, {n_configurations} configurations",
        lambda: strategy(model, X, b),
        {
            **{p: run[p](proba, b, n_configurations) for p in peers},
            "limit: all matrix products": products,
        },
    )


def _skactiveml_batch_bald(proba, b, n_configurations):
    from skactiveml.pool._bald import batch_bald as peer

    return lambda: peer(proba.copy(), b, n_MC_samples=n_configurations, random_state=0)


class Rated(Known):
    """A learner of known probabilities that holds labeled data, for skal and for modAL."""

    on_transformed = False

    def __init__(self, proba, X_training):
        super().__init__(proba)
        self.X_training = X_training


def ranked_batch(n=20_000, d=64, n_labeled=200, max_pairs=15):
    """Ranked batch, 100 picks beside 200 labeled samples; both choose the same."""
    from modAL.batch import uncertainty_batch_sampling

    X, X_pool = np.split(blobs(n + n_labeled, d), [n_labeled])
    learner = Rated(probabilities(n, 10), X)
    limit = np.empty(n, np.float32)

    def ours():
        return RankedBatch()(learner, X_pool, N_INSTANCES)

    def theirs():
        return uncertainty_batch_sampling(learner, X_pool, n_instances=N_INSTANCES)

    def passes():
        X_pool @ X.T
        for row in range(N_INSTANCES):
            np.dot(X_pool, X_pool[row], out=limit)

    n_same = len(set(ours()) & set(theirs()))
    yield from measure(
        f"RankedBatch 100 picks, {n:,} x {d}, {n_labeled} labeled",
        ours,
        {"modAL": theirs, "limit: one product with the labeled, 100 passes of sgemv": passes},
        max_pairs=max_pairs,
        note=f"{n_same} of {N_INSTANCES} picks are the same",
    )


def density(n=20_000, d=64, max_pairs=15):
    """Information density of a pool."""
    from modAL.density import information_density

    X = blobs(n, d)
    model = Known(probabilities(n, 10))
    yield from measure(
        f"DensityWeighted, {n:,} x {d}",
        lambda: DensityWeighted(LeastConfidence())(model, X, N_INSTANCES),
        {"modAL": lambda: information_density(X)},
        max_pairs=max_pairs,
    )


def typi_clust(n=50_000, d=128, max_pairs=15):
    """The most typical samples of 100 clusters, with nothing labeled."""
    from skactiveml.pool import TypiClust as Peer

    X, y = blobs(n, d), np.full(n, np.nan)
    yield from measure(
        f"TypiClust 100 picks, {n:,} x {d}",
        lambda: TypiClust(random_state=0)(None, X, N_INSTANCES),
        {"scikit-activeml": lambda: Peer(random_state=0, k=20).query(X, y, batch_size=N_INSTANCES)},
        max_pairs=max_pairs,
    )


def neighbors(n=20_000, d=128, n_neighbors=20):
    """How near each sample's 20 nearest others are: what TypiClust asks within a cluster."""
    from sklearn.neighbors import NearestNeighbors

    X = blobs(n, d)
    peer = NearestNeighbors(n_neighbors=n_neighbors, algorithm="brute").fit(X)

    def products():
        for start in range(0, n, 4096):
            X[start : start + 4096] @ X.T

    yield from measure(
        f"distances to the {n_neighbors} nearest, {n:,} x {d}",
        lambda: mean_neighbor_distances(X, n_neighbors),
        {
            "scikit-learn NearestNeighbors, brute": lambda: peer.kneighbors(),
            "limit: all matrix products": products,
        },
    )


def prob_cover(n=5000, d=128, max_pairs=15):
    """100 balls of a known radius, with nothing labeled."""
    from skactiveml.pool import ProbCover as Peer

    X, y = blobs(n, d), np.full(n, np.nan)
    first, second = np.random.default_rng(0).integers(0, n, (2, 4000))
    delta = float(np.quantile(np.linalg.norm(X[first] - X[second], axis=1), 0.005))

    def theirs():
        Peer(random_state=0, n_classes=10, deltas=[delta]).query(X, y, batch_size=N_INSTANCES)

    yield from measure(
        f"ProbCover 100 picks, {n:,} x {d}",
        lambda: ProbCover(delta)(None, X, N_INSTANCES),
        {"scikit-activeml": theirs},
        max_pairs=max_pairs,
    )


def learner_loop(n=20_000, d=100, c=10, n_queries=100, n_instances=10, max_pairs=15):
    """A run of 100 queries of 10 samples with a logistic regression; both choose the same."""
    X, y, first = _task(n, d, c)
    loop = ActiveLearningLoop(
        ActiveLearner(LogisticRegression(max_iter=200), LeastConfidence()),
        n_initial=len(first),
        initial=lambda learner, X, n_instances: first,
        n_instances=n_instances,
        n_queries=n_queries,
    )
    theirs = _modal_run(X, y, first, n_queries, n_instances)
    same = set(loop.fit(X, y).labeled_indices_) == set(theirs())
    yield from measure(
        f"loop of {n_queries} x {n_instances}, {n:,} x {d}, LogisticRegression",
        lambda: loop.fit(X, y),
        {"modAL": theirs},
        max_pairs=max_pairs,
        note="same picks" if same else "DIFFERENT picks",
    )


def learner_loop_on_a_busy_machine():
    """The same while another process keeps one core busy, as on most people's machines."""
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        for timing in learner_loop(max_pairs=5):
            timing.case += ", one core busy"
            yield timing
    finally:
        busy.kill()


def _task(n, d, c):
    rng = np.random.default_rng(0)
    W, X = rng.standard_normal((d, c)), rng.standard_normal((n, d))
    y = (X @ W / np.sqrt(d) * 2 + rng.gumbel(size=(n, c))).argmax(axis=1)
    return X, y, np.concatenate([np.flatnonzero(y == k)[:5] for k in range(c)])


def _modal_run(X, y, first, n_queries, n_instances):
    """Return modAL's loop; it needs one renamed argument to run on today's scikit-learn at all."""
    import modAL.models.base as base
    from modAL.models import ActiveLearner as Peer

    base.check_X_y = lambda X, y, force_all_finite=True, **kwargs: check_X_y(
        X, y, ensure_all_finite=force_all_finite, **kwargs
    )

    def run():
        learner = Peer(LogisticRegression(max_iter=200), X_training=X[first], y_training=y[first])
        left, chosen = np.delete(np.arange(len(X)), first), list(first)
        X_pool, y_pool = X[left], y[left]
        for _ in range(n_queries):
            indices, instances = learner.query(X_pool, n_instances=n_instances)
            learner.teach(instances, y_pool[indices])
            chosen += left[indices].tolist()
            X_pool, y_pool, left = (np.delete(a, indices, 0) for a in (X_pool, y_pool, left))
        return chosen

    return run


def overhead(n=100_000, d=100):
    """A query against the model's own predict_proba: the difference is what skal costs."""
    X = blobs(n, d)
    y = np.arange(n) % 10
    for strategy in (Margin(), Entropy(), LeastConfidence()):
        learner = ActiveLearner(
            LogisticRegression(max_iter=50, tol=1e-2),
            strategy,
            X_training=X[:500],
            y_training=y[:500],
        )
        model = learner.estimator
        timings = measure(
            f"query with {type(strategy).__name__}, {n:,} x {d}",
            lambda learner=learner: learner.query(X, N_INSTANCES),
            {"the model's own predict_proba": lambda model=model: model.predict_proba(X)},
            n_pairs=15,
            max_pairs=40,
        )
        for timing in timings:
            timing.note = f"{1000 * (timing.skal_s - timing.peer_s):.1f} ms more"
        yield from timings


CASES = {
    "loop": [learner_loop, learner_loop_on_a_busy_machine],
    "overhead": [overhead],
    "top_k": [lambda: top_k(1_000_000), lambda: top_k(10_000_000)],
    "core_set": [
        lambda: core_set(10_000, 64),
        lambda: core_set(50_000, 64),
        lambda: core_set(50_000, 512),
        lambda: core_set(200_000, 512, peers=("scikit-activeml",)),
    ],
    "k_means": [
        lambda: k_means(10_000, 64, 100),
        lambda: k_means(100_000, 64, 100),
        lambda: k_means(1_000_000, 64, 100),
    ],
    "batch_bald": [lambda: batch_bald(1000), lambda: batch_bald(4000)],
    "badge": [
        lambda: badge(10_000, ("scikit-activeml", "plain D² loop, factored")),
        lambda: badge(100_000, ("plain D² loop, factored",)),
    ],
    "ranked_batch": [ranked_batch],
    "density": [density],
    "typi_clust": [typi_clust],
    "neighbors": [neighbors],
    "prob_cover": [prob_cover],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="*", default=list(CASES), choices=list(CASES))
    parser.add_argument("--output", default=Path(__file__).parent / "results" / "query_speed.md")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")  # the peers' own
    timings = []
    for run in (run for name in arguments.cases for run in CASES[name]):
        for timing in run():
            timings.append(timing)
            print(to_markdown([timing]).splitlines()[-1], flush=True)
    text = (
        f"# How fast skal chooses\n\nMachine: {machine()}. Command: `python -m "
        f"benchmarks.query_speed`. Skal and the peer in turn; a ratio above 1 means that skal is "
        f"faster; `other cores` is what other processes used of the machine, at most.\n\n"
        f"{to_markdown(timings)}\n"
    )
    Path(arguments.output).parent.mkdir(exist_ok=True)
    Path(arguments.output).write_text(text)


if __name__ == "__main__":
    main()
