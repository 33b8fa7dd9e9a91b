"""How good picks are: one-to-one matches with true particles, and scores made of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from sklearn.metrics import average_precision_score

from .._rates import rates
from ._checks import (
    check_columns,
    check_one_micrograph,
    check_positive,
    validate_diameters,
    validate_points,
)
from ._matching import METHODS, match_greedy, match_hungarian, near_pairs

__all__ = ["PickScores", "best_threshold", "match_picks", "score_picks"]

MAX_THRESHOLDS = 200  # that best_threshold tries


@dataclass(frozen=True, eq=False)
class PickScores:
    """How good picks are, as :func:`score_picks` found.

    Parameters
    ----------
    precision, recall, f1_score : float
        Means over all annotated micrographs, each of which counts the same. The mean of F1 is not
        the F1 of the means.
    average_precision : float
        The area under the curve of precision over recall of all micrographs together, as the
        threshold of the score falls; NaN where some picks have no score.
    micro_precision, micro_recall, micro_f1_score : float
        Of all particles together, whatever their micrograph.
    per_micrograph : pandas.DataFrame
        A row a micrograph, by name: n_picks, n_truth, n_matched, precision, recall, f1_score.
    """

    precision: float
    recall: float
    f1_score: float
    average_precision: float
    micro_precision: float
    micro_recall: float
    micro_f1_score: float
    per_micrograph: pd.DataFrame


def match_picks(picks, truth, radius, method="greedy"):
    """Match the picks of one micrograph with its true particles, one to one.

    Parameters
    ----------
    picks, truth : pandas.DataFrame
        Columns x and y, in pixels.
    radius : float or array-like of shape (n_truth,)
        How far from a true particle a pick may be, in pixels, that distance included.
    method : {"greedy", "hungarian"}, default="greedy"
        "greedy" matches the nearest pair first, then the nearest of what is left. It looks at
        scores only to choose between picks at the same place. "hungarian" matches as many as can
        be, and of such matches chooses the one with the smallest sum of squared distances.

    Returns
    -------
    pairs : ndarray of int of shape (n_matched, 2)
        Positions of rows in `picks` and in `truth`, ordered by the first.
    distances : ndarray of shape (n_matched,)
        How far apart each pair is, in pixels.

    Examples
    --------
    >>> picks = pd.DataFrame({"x": [0.0, 4.0], "y": [0.0, 0.0]})
    >>> truth = pd.DataFrame({"x": [3.0, 9.0], "y": [0.0, 0.0]})
    >>> match_picks(picks, truth, radius=5)
    (array([[1, 0]]), array([1.]))
    >>> match_picks(picks, truth, radius=5, method="hungarian")
    (array([[0, 0],
           [1, 1]]), array([3., 5.]))
    """
    _check_method(method)
    check_one_micrograph(picks)
    check_one_micrograph(truth, "truth")
    pairs, distances, ties = _near(picks, truth, radius)
    return _match(pairs, distances, ties, method)


def _check_method(method):
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}; got {method!r}.")


def _near(picks, truth, radius):
    """Return pairs that are near enough, their distances, and what decides between equals."""
    points, true = validate_points(picks), validate_points(truth, "truth")
    radius = np.broadcast_to(np.asarray(radius, dtype=np.float64), len(true))
    if not (radius > 0).all():
        raise ValueError(f"radius must be positive; got {radius.min()}.")
    pairs, distances = near_pairs(points, true, radius)
    # places, not rows, so that the order of the tables does not matter
    ties = [*points[pairs[:, 0]].T, *true[pairs[:, 1]].T]
    if "score" in picks:
        ties.append(-picks["score"].to_numpy(dtype=np.float64)[pairs[:, 0]])
    return pairs, distances, ties


def _match(pairs, distances, ties, method):
    hungarian = method == "hungarian"
    rows = match_hungarian(pairs, distances) if hungarian else match_greedy(pairs, distances, *ties)
    rows = rows[np.argsort(pairs[rows, 0])]
    return pairs[rows], distances[rows]


def score_picks(picks, truth, radius=None, method="greedy", micrographs=None, iou=None):
    """Score picks by their one-to-one matches with true particles.

    All annotated micrographs count. One without picks has recall and precision 0, unless it has no
    particles either: then all its scores are 1. A second pick of one particle is a false one.

    Parameters
    ----------
    picks : pandas.DataFrame
        Columns micrograph, x, y; score for the average precision.
    truth : pandas.DataFrame
        Columns micrograph, x, y, and diameter unless a radius is given.
    radius : float, default=None
        How far from a true particle a pick may be, in pixels; None is half its diameter.
    method : {"greedy", "hungarian"}, default="greedy"
        How to match; see :func:`match_picks`.
    micrographs : sequence of str, default=None
        Names of the annotated micrographs, among them those without particles; picks and particles
        on others are left out. None takes those in `truth`, and picks on others are an error.
    iou : float in (0, 1), default=None
        Instead of a radius: the least intersection over union of two discs of the diameter of the
        true particle, one around it and one around the pick. Half a diameter is an IoU of 0.24.

    Returns
    -------
    PickScores
        Means over micrographs, totals, average precision, and a row for each micrograph.

    Raises
    ------
    ValueError
        If a column is missing, picks are on micrographs that are not known to be annotated, or both
        `radius` and `iou` are given.

    Notes
    -----
    The average precision ranks picks that were matched once, all of them: a pick does not gain or
    lose its particle as the threshold moves.

    Examples
    --------
    >>> truth = pd.DataFrame({"micrograph": ["a", "b"], "x": [5, 5], "y": [5, 5], "diameter": 4})
    >>> picks = pd.DataFrame({"micrograph": "a", "x": [6, 5], "y": [5, 9], "score": [0.9, 0.8]})
    >>> scores = score_picks(picks, truth)
    >>> scores.f1_score, scores.micro_precision, scores.average_precision
    (0.333..., 0.5, 0.5)
    >>> scores.per_micrograph[["n_picks", "n_truth", "n_matched"]]
                n_picks  n_truth  n_matched
    micrograph
    a                 2        1          1
    b                 0        1          0
    """
    _check_method(method)
    parts = _by_micrograph(picks, truth, radius, micrographs, iou)
    is_true = [_is_matched(part, method) for part in parts.values()]
    counts = np.array(
        [
            (len(hits), len(part.truth), hits.sum())
            for part, hits in zip(parts.values(), is_true, strict=True)
        ]
    )
    table = _table(list(parts), counts)
    return PickScores(
        *(float(table[name].mean()) for name in ("precision", "recall", "f1_score")),
        _average_precision(parts, is_true, counts[:, 1].sum()),
        *(float(rate) for rate in rates(counts[:, 2].sum(), *counts[:, :2].sum(axis=0))),
        table,
    )


@dataclass
class _Part:
    """Picks and particles of one micrograph."""

    picks: pd.DataFrame
    truth: pd.DataFrame
    radius: np.ndarray

    def near(self):
        return _near(self.picks, self.truth, self.radius)


def _by_micrograph(picks, truth, radius, micrographs, iou=None):
    """Return the parts of picks and truth by the names of the annotated micrographs."""
    check_columns(picks, ["micrograph", "x", "y"])
    check_columns(truth, ["micrograph", "x", "y"], "truth")
    if radius is not None:
        check_positive(radius, "radius")
    if radius is not None and iou is not None:
        raise ValueError(f"give radius or iou, not both; got {radius=} and {iou=}.")
    names = _annotated(picks, truth, micrographs)
    diameter = None if radius is None else 2 * radius
    share = 0.5 if iou is None else _distance_at(iou)
    parts = {}
    for name in names:
        own_picks, own = (table[table["micrograph"] == name] for table in (picks, truth))
        parts[name] = _Part(own_picks, own, validate_diameters(own, diameter, "truth") * share)
    return parts


def _distance_at(iou):
    """Return how far apart, in diameters, two equal discs of an intersection over union are."""
    if not 0 < iou < 1:
        raise ValueError(f"iou must be between 0 and 1; got {iou!r}.")
    return brentq(lambda distance: _disc_iou(distance) - iou, 0, 1)


def _disc_iou(distance):
    """Return the intersection over union of two discs of diameter 1 so far apart."""
    lens = (np.arccos(distance) - distance * np.sqrt(1 - distance**2)) / 2
    return lens / (np.pi / 2 - lens)


def _annotated(picks, truth, micrographs):
    if micrographs is None:
        names = truth["micrograph"].unique()
        others = picks.loc[~picks["micrograph"].isin(names), "micrograph"].unique()
        if len(others):
            raise ValueError(
                f"all picks must be on annotated micrographs; {len(others)} have no particles in "
                f"truth, {others[0]!r} for one. Pass micrographs=, the names of all that are "
                "annotated; or correct the names, if they should be the same."
            )
    else:
        names = list(dict.fromkeys(micrographs))
    if not len(names):
        raise ValueError("there must be an annotated micrograph to score; got none.")
    return names


def _is_matched(part, method):
    hits = np.zeros(len(part.picks), bool)
    hits[_match(*part.near(), method)[0][:, 0]] = True
    return hits


def _table(names, counts):
    n_picks, n_truth, n_matched = counts.T
    precision, recall, f1_score = rates(n_matched, n_picks, n_truth)
    columns = {
        "n_picks": n_picks,
        "n_truth": n_truth,
        "n_matched": n_matched,
        "precision": precision,
        "recall": recall,
        "f1_score": f1_score,
    }
    return pd.DataFrame(columns, index=pd.Index(names, name="micrograph"))


def _average_precision(parts, is_true, n_truth):
    if not all("score" in part.picks for part in parts.values()):
        return float("nan")
    scores = np.concatenate([part.picks["score"] for part in parts.values()])
    if not np.isfinite(scores).all():
        return float("nan")
    hits = np.concatenate(is_true)
    if not hits.any():
        return 0.0 if n_truth else float("nan")
    # scikit-learn takes the matched ones for all there are to find
    return float(average_precision_score(hits, scores) * hits.sum() / n_truth)


def best_threshold(picks, truth, radius=None, method="greedy", micrographs=None):
    """Return the threshold of the score that gives the best F1.

    Choose it on micrographs that are not used to report scores, from picks that were found with a
    low threshold.

    Parameters
    ----------
    picks : pandas.DataFrame
        Columns micrograph, x, y, score.
    truth, radius, method, micrographs
        As :func:`score_picks` takes them.

    Returns
    -------
    float
        Picks with a score of at least this are to be kept. F1 is the mean over micrographs, matched
        anew at each threshold. Up to 200 thresholds are tried: every score, or evenly spaced
        quantiles of them. Of equally good ones the highest is chosen.

    Examples
    --------
    >>> truth = pd.DataFrame({"micrograph": "a", "x": [5, 15], "y": [5, 5], "diameter": 4})
    >>> found = {"x": [5, 15, 30], "y": [5, 5, 5], "score": [0.9, 0.4, 0.2]}
    >>> best_threshold(pd.DataFrame(found).assign(micrograph="a"), truth)
    0.4
    """
    _check_method(method)
    check_columns(picks, ["score"])
    parts = _by_micrograph(picks, truth, radius, micrographs)
    thresholds = _candidates(np.concatenate([part.picks["score"] for part in parts.values()]))
    f1 = np.mean([_f1_scores(part, thresholds, method) for part in parts.values()], axis=0)
    return float(thresholds[np.argmax(f1)])


def _candidates(scores):
    """Return the thresholds to try, from the highest to the lowest."""
    if not len(scores):
        raise ValueError("there must be picks to choose a threshold; got none.")
    if not np.isfinite(scores).all():
        raise ValueError("the scores of picks must be finite; got NaN or infinity.")
    distinct = np.unique(scores)
    if len(distinct) > MAX_THRESHOLDS:
        at = np.linspace(0, 1, MAX_THRESHOLDS)
        distinct = np.unique(np.quantile(scores, at, method="nearest"))
    return distinct[::-1]


def _f1_scores(part, thresholds, method):
    """Return the F1 of one micrograph at every threshold."""
    pairs, distances, ties = part.near()
    scores = part.picks["score"].to_numpy(dtype=np.float64)
    n_matched = []
    for threshold in thresholds:
        kept = scores[pairs[:, 0]] >= threshold
        matched, _ = _match(pairs[kept], distances[kept], [tie[kept] for tie in ties], method)
        n_matched.append(len(matched))
    n_picks = (scores >= thresholds[:, None]).sum(axis=1)
    return rates(n_matched, n_picks, np.full(len(thresholds), len(part.truth)))[2]
