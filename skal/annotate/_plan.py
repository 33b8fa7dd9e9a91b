"""What to ask next: a mixture of what a strategy wants and of random monitor images.

Nothing here knows of files or of the database: arrays go in, a list of what to ask comes out.
"""

from dataclasses import dataclass, replace

import numpy as np

from .._random import round_rng
from ..query import CoreSet, Entropy, LeastConfidence, Margin, ScoreStrategy, TypiClust
from . import _words
from ._strategies import SavedPool, name_of, parts_of

SPARE = 4  # candidates for each place in the queue, of which near-duplicates are left out
SPARE_SCORED = 100  # of strategies that score: more candidates cost them nothing
CLASS_CAP = 0.6  # the largest share of a queue that the model may give one class
ALIKE_QUANTILE, ALIKE_AT_LEAST, N_PAIRS = 0.999, 0.9, 20_000
MOST_FOR_CLUSTERS = 3_000  # images, and labels, that a cold start clusters; it draws so many
MOST_PAIRS, AT_LEAST = 10**8, 2_000  # distances that a strategy computes, and images it may see


@dataclass(frozen=True)
class View:
    """What is known of a project when a queue is planned.

    Attributes
    ----------
    ids : ndarray of int of shape (n,)
        Images that the strategy may ask for.
    X : ndarray of float32 of shape (n, d), or None
        Their embeddings, once there are any.
    proba : ndarray of shape (n, n_classes) or None
        Their class probabilities, once there is a model.
    near_X : ndarray of float32 of shape (m, d)
        Embeddings of images that are labeled or being labeled.
    n_queued : int
        How many of these, at the end, are being labeled.
    monitor_ids : ndarray of int
        Monitor images that were not asked for, in the order of the permutation.
    class_names : list of str
        Of the columns of `proba`.
    seed, round_number : int
        Of all draws.
    """

    ids: np.ndarray
    X: np.ndarray | None
    proba: np.ndarray | None
    near_X: np.ndarray | None
    n_queued: int
    monitor_ids: np.ndarray
    class_names: list
    seed: int
    round_number: int


@dataclass(frozen=True)
class Planned:
    """A place in the queue."""

    item_id: int
    slice: str
    strategy: str
    score: float | None
    percentile: float | None
    reason: str


def plan_round(view, strategy, n, monitor_share):
    """Return what to ask next.

    Parameters
    ----------
    view : View
        What is known.
    strategy : QueryStrategy
        What chooses, once there is a model.
    n : int
        How long the queue should be.
    monitor_share : float
        The share of monitor images in it.

    Returns
    -------
    list of Planned
        In the order to ask; shorter than `n` if the pool is used up.
    """
    n_monitor = min(round(monitor_share * n), len(view.monitor_ids))
    n_chosen = min(n - n_monitor, len(view.ids))
    n_monitor = min(n - n_chosen, len(view.monitor_ids))  # more, where nothing else is left
    chosen = _choose(view, strategy, n_chosen) if n_chosen else []
    monitor = [
        Planned(int(i), "monitor", "random", None, None, _words.MONITOR)
        for i in view.monitor_ids[:n_monitor]
    ]
    return _mixed(chosen, monitor, round_rng(view.seed, view.round_number, "places"))


def _mixed(chosen, monitor, rng):
    """Return both lists as one, each in its order, with random places."""
    places = rng.permutation(len(chosen) + len(monitor))[: len(monitor)]
    rest, checks = iter(chosen), iter(monitor)
    total = range(len(chosen) + len(monitor))
    return [next(checks) if i in places else next(rest) for i in total]


def _choose(view, strategy, n):
    if view.X is None:
        return _at_random(view, n, _words.NO_EMBEDDINGS)
    if view.proba is None:
        return _cold_start(view, n)
    view = _drawn(view, strategy, n)
    pool = _pool(view, np.arange(len(view.ids)))
    parts = parts_of(strategy)
    measures = [_measure(part, pool) for _, part in parts]
    taken, planned = [], []
    for i, (_, part) in enumerate(parts):
        share = n - len(planned) if i == len(parts) - 1 else max(1, round(parts[i][0] * n))
        share = min(share, n - len(planned))
        if share:
            rows, scores = _candidates(part, pool, share, taken)
            kept = _without_alike(view, rows, share, taken, n)
            found = dict(zip(rows, scores, strict=True))
            planned += _explained(view, measures, parts, i, kept, found)
            taken += kept
    return planned


def _drawn(view, strategy, n):
    """Return a view of so many images, at random, as a strategy can compare in about a second."""
    if all(isinstance(part, ScoreStrategy) for _, part in parts_of(strategy)):
        return view
    most = max(AT_LEAST, MOST_PAIRS // max(len(view.near_X), SPARE * n))
    if len(view.ids) <= most:
        return view
    rows = round_rng(view.seed, view.round_number, "part").permutation(len(view.ids))[:most]
    rows = np.sort(rows)
    return replace(view, ids=view.ids[rows], X=view.X[rows], proba=view.proba[rows])


def _at_random(view, n, reason):
    rows = round_rng(view.seed, view.round_number, "random").permutation(len(view.ids))[:n]
    return [Planned(int(view.ids[i]), "strategy", "random", None, None, reason) for i in rows]


def _cold_start(view, n):
    """Ask for typical images of groups that have no labels yet."""
    rng = round_rng(view.seed, view.round_number, "cold start")
    rows = np.sort(rng.permutation(len(view.ids))[:MOST_FOR_CLUSTERS])
    near = np.sort(rng.permutation(len(view.near_X))[:MOST_FOR_CLUSTERS])
    view = replace(view, near_X=view.near_X[near])
    selection = TypiClust().select(_pool(view, rows), n)
    return [
        Planned(int(view.ids[rows[i]]), "strategy", "typiclust", _finite(s), None, _words.TYPICAL)
        for i, s in zip(selection.indices, selection.scores, strict=True)
    ]


def _pool(view, rows):
    proba = None if view.proba is None else view.proba[rows]
    return SavedPool(view.X[rows], view.near_X, proba, view.seed + view.round_number)


def _candidates(part, pool, n, taken):
    """Return more rows than are needed, best first, and their scores."""
    spare = SPARE_SCORED if isinstance(part, ScoreStrategy) else SPARE
    most = min(spare * n, pool.n_samples - len(taken))
    selection = part.select(pool, most, chosen=taken)
    scores = [None] * most if selection.scores is None else selection.scores
    return selection.indices.tolist(), list(scores)


def _without_alike(view, rows, n, taken, n_queue):
    """Return the first rows that are neither near-duplicates nor too many of one class.

    Rows that were left out follow where there are too few others.
    """
    queued = view.near_X[len(view.near_X) - view.n_queued :]
    seen = unit(np.concatenate([queued, view.X[taken]]))
    most_alike = alike_threshold(view.X, view.seed)
    guesses = view.proba.argmax(axis=1)
    n_of = np.bincount(guesses[taken], minlength=view.proba.shape[1])
    cap = max(1, round(CLASS_CAP * n_queue))
    kept, left_out = [], []
    for row in rows:
        if len(kept) == n:
            break
        direction = unit(view.X[row : row + 1])
        is_alike = len(seen) > 0 and (seen @ direction.T).max() > most_alike
        if is_alike or n_of[guesses[row]] >= cap:
            left_out.append(row)
            continue
        kept.append(row)
        n_of[guesses[row]] += 1
        seen = np.concatenate([seen, direction])
    return kept + left_out[: n - len(kept)]


def alike_threshold(X, seed):
    """Return the cosine of embeddings above which two images of a project are near-duplicates."""
    rng = round_rng(seed, 0, "pairs")
    first, second = rng.randint(len(X), size=(2, N_PAIRS))
    is_pair = first != second
    if not is_pair.any():
        return ALIKE_AT_LEAST
    cosines = (unit(X[first[is_pair]]) * unit(X[second[is_pair]])).sum(axis=1)
    return max(ALIKE_AT_LEAST, float(np.quantile(cosines, ALIKE_QUANTILE)))


def unit(X):
    """Return rows of length 1; those of length 0 stay."""
    return X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)


# Reasons ------------------------------------------------------------------------------------


def _explained(view, measures, parts, i, rows, scores):
    """Return places in the queue with their reasons in words and numbers."""
    weights = [weight for weight, _ in parts]
    names = [name_of(part) for _, part in parts]
    planned = []
    for row in rows:
        ahead = [None if m is None else 100 * float((m < m[row]).mean()) for m in measures]
        facts = _words.Facts(names[i], ahead[i], _guess(view, row), _measured(measures[i], row))
        facts = facts.with_rank(measures[i], row)
        reason = _words.mixture(_words.reason(facts), i, names, weights, ahead)
        score = _finite(scores[row])
        strategy = names[i] if len(parts) == 1 else f"hybrid: {names[i]}"
        planned.append(Planned(int(view.ids[row]), "strategy", strategy, score, ahead[i], reason))
    return planned


def _measure(part, pool):
    """Return by what a strategy ranks the whole pool, or None where it does not."""
    ranks = (LeastConfidence, Margin, Entropy, CoreSet)
    return part.score(pool) if isinstance(part, ranks) else None


def _measured(measure, row):
    return None if measure is None else float(measure[row])


def _guess(view, row):
    """Return the two most probable classes with their probabilities, and how many there are."""
    order = np.argsort(-view.proba[row], kind="stable")[:2]
    return [(view.class_names[i], float(view.proba[row, i])) for i in order]


def _finite(score):
    return float(score) if score is not None and np.isfinite(score) else None
