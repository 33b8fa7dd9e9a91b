"""Paired timings: skal and a peer in turn, in one process, with what others used of the machine."""

import gc
import os
import platform
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

BUSY = 0.35  # cores used by other processes above which a pair is measured again
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Timing:
    """What a pair of implementations took, in seconds."""

    case: str
    peer: str
    skal_s: float
    peer_s: float
    ratio: float
    ratio_of_bests: float
    n_pairs: int
    other_cores: float
    note: str = ""


def measure(case, ours, peers, *, n_pairs=5, max_pairs=15, budget=120.0, note=""):
    """Time `ours` against each of `peers` in turn, and return a Timing for each.

    Parameters
    ----------
    case : str
        What is measured, and at which size.
    ours : callable
        Runs skal once.
    peers : dict of str to callable
        Run a peer once each.
    n_pairs : int, default=5
        How many undisturbed pairs to collect; the first pair is a warm-up where it is short.
    max_pairs : int, default=15
        How many pairs to try, disturbed ones included.
    budget : float, default=120.0
        Seconds after which what there is must do.
    """
    return [
        _against(case, ours, name, peer, n_pairs, max_pairs, budget, note)
        for name, peer in peers.items()
    ]


def _against(case, ours, name, peer, n_pairs, max_pairs, budget, note):
    start, pairs = time.perf_counter(), []
    first = _pair(ours, peer)
    if max(first[:2]) > 5:
        pairs.append(first)
    for _ in range(max_pairs):
        clean = [p for p in pairs if p[2] <= BUSY]
        if len(clean) >= n_pairs or (time.perf_counter() - start > budget and pairs):
            break
        pairs.append(_pair(ours, peer))
    used = [p for p in pairs if p[2] <= BUSY] or pairs
    mine, theirs, others = zip(*used, strict=True)
    return Timing(
        case,
        name,
        statistics.median(mine),
        statistics.median(theirs),
        statistics.median(t / m for m, t in zip(mine, theirs, strict=True)),
        min(theirs) / min(mine),
        len(used),
        max(others),
        note,
    )


def _pair(ours, peer):
    busy, own, wall = _busy(), _own(), time.perf_counter()
    mine, theirs = _seconds(ours), _seconds(peer)
    wall = time.perf_counter() - wall
    return mine, theirs, max(0.0, (_busy() - busy - _own() + own) / wall)


def _seconds(run):
    gc.collect()
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _busy():
    fields = [int(x) for x in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / TICKS


def _own():
    return sum(os.times()[:4])


def machine():
    """Return one line that names the machine and the libraries."""
    import sklearn

    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return (
        f"{os.cpu_count()} cores of {model}; Python {platform.python_version()}, "
        f"numpy {np.__version__}, scikit-learn {sklearn.__version__}"
    )


def to_markdown(timings):
    """Return a table of timings; `ratio` above 1 means that skal is faster."""
    lines = [
        "| case | against | skal, s | peer, s | ratio (median) | ratio of bests | pairs "
        "| other cores | note |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {t.case} | {t.peer} | {t.skal_s:.4g} | {t.peer_s:.4g} | {t.ratio:.2f} "
        f"| {t.ratio_of_bests:.2f} | {t.n_pairs} | {t.other_cores:.2f} | {t.note} |"
        for t in timings
    ]
    return "\n".join(lines)


def blobs(n, d, seed=0, n_blobs=50):
    """Return data like embeddings: blobs of uneven sizes through a ReLU, float32."""
    rng = np.random.default_rng(seed)
    centers = rng.standard_normal((n_blobs, d), dtype=np.float32)
    labels = rng.choice(n_blobs, n, p=rng.dirichlet(np.ones(n_blobs)))
    X = rng.standard_normal((n, d), dtype=np.float32)
    X *= 0.7
    X += centers[labels]
    return np.maximum(X, 0, out=X)


def probabilities(n, c, seed=0):
    """Return softmax of noise, float32."""
    z = np.random.default_rng(seed).standard_normal((n, c), dtype=np.float32) * 2.5
    z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=z)
    return z / z.sum(axis=1, keepdims=True)
