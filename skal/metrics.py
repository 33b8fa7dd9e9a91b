"""How good learning curves are, and pixel maps.

Of a curve: labels to reach a target, label efficiency, area. Of pixel maps: :func:`pixel_scores`.
A learning curve is two sequences: how many labels had been used after each round, and the score
of the model of that round. Larger scores are better.
"""

import numpy as np

from ._pixels import pixel_scores

__all__ = [
    "area_under_learning_curve",
    "label_efficiency",
    "label_efficiency_score",
    "labels_to_target",
    "pixel_scores",
]


def labels_to_target(n_labels, scores, target):
    """Return how many labels a learning curve needs to reach a score.

    Between two rounds the curve is a straight line. The first crossing counts, also where the
    curve falls below the target again.

    Parameters
    ----------
    n_labels : array-like of shape (n_rounds,)
        Labels used after each round, strictly increasing.
    scores : array-like of shape (n_rounds,)
        The score after each round, finite.
    target : float
        The score to reach; not NaN.

    Returns
    -------
    float
        Labels needed: ``n_labels[0]`` if the first round is there already, ``inf`` if no round
        is. It is never NaN.

    Raises
    ------
    ValueError
        If the lengths differ, the numbers of labels do not increase, or a value is NaN.

    Examples
    --------
    >>> labels_to_target([10, 20, 30], [0.5, 0.7, 0.9], target=0.8)
    25.0
    >>> labels_to_target([10, 20, 30], [0.5, 0.7, 0.9], target=0.95)
    inf
    """
    n_labels, scores = validate_curve(n_labels, scores)
    if np.isnan(target):
        raise ValueError("target must be a number; got nan.")
    reached = np.flatnonzero(scores >= target)
    if not len(reached):
        return float("inf")
    after = reached[0]
    if after == 0:
        return float(n_labels[0])
    before = after - 1
    share = (target - scores[before]) / (scores[after] - scores[before])
    return float(n_labels[before] + share * (n_labels[after] - n_labels[before]))


def area_under_learning_curve(n_labels, scores):
    """Return the area under a learning curve, on the scale of the score.

    It is the trapezoid area divided by the range of labels: the mean height of the curve. Curves
    can be compared by it where they span the same labels.

    Parameters
    ----------
    n_labels : array-like of shape (n_rounds,)
        Labels used after each round, strictly increasing.
    scores : array-like of shape (n_rounds,)
        The score after each round, finite.

    Returns
    -------
    float
        A value between the lowest and the highest score; of a single round, its score.

    Raises
    ------
    ValueError
        If the lengths differ, the numbers of labels do not increase, or a value is NaN.

    Examples
    --------
    >>> area_under_learning_curve([0, 10, 30], [0.0, 1.0, 1.0])
    0.8333333333333334
    """
    n_labels, scores = validate_curve(n_labels, scores)
    if len(scores) == 1:
        return float(scores[0])
    return float(np.trapezoid(scores, n_labels) / (n_labels[-1] - n_labels[0]))


def label_efficiency(n_labels, scores, baseline_n_labels, baseline_scores, target):
    """Return how many times fewer labels a learning curve needs than a baseline.

    Parameters
    ----------
    n_labels, scores : array-like of shape (n_rounds,)
        The learning curve; see :func:`labels_to_target`.
    baseline_n_labels, baseline_scores : array-like of shape (n_baseline_rounds,)
        The curve to compare with, most often that of random sampling.
    target : float
        The score to reach.

    Returns
    -------
    float
        The baseline's labels divided by the curve's own: 2 means half the labels, 1 as many.
        ``inf`` if only the baseline never reaches the target, 0 if only the curve never does, and
        NaN if neither does: such a pair says nothing about efficiency.

    Examples
    --------
    >>> label_efficiency([10, 20], [0.6, 0.8], [10, 40], [0.5, 0.8], target=0.8)
    2.0
    """
    own = labels_to_target(n_labels, scores, target)
    baseline = labels_to_target(baseline_n_labels, baseline_scores, target)
    if np.isinf(own) and np.isinf(baseline):
        return float("nan")
    if own == baseline:
        return 1.0
    return float("inf") if own == 0 else baseline / own


def label_efficiency_score(loop, X, y):
    """Score a fitted loop by the area under its learning curve on `X` and `y`.

    This is a scorer: ``GridSearchCV(loop, param_grid, scoring=label_efficiency_score)`` looks for
    the strategy that learns fastest, rather than for the one that ends highest. Every round's
    model is scored on the held-out fold.

    Parameters
    ----------
    loop : ActiveLearningLoop
        Fitted, with ``keep_estimators=True``.
    X, y : array-like
        Data that the loop has not seen.

    Returns
    -------
    float
        See :func:`area_under_learning_curve`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skal import ActiveLearner, ActiveLearningLoop
    >>> from skal.query import Margin, RandomSampling
    >>> loop = ActiveLearningLoop(
    ...     ActiveLearner(DecisionTreeClassifier()), keep_estimators=True, random_state=0)
    >>> grid = {"learner__query_strategy": [Margin(), RandomSampling()]}
    >>> search = GridSearchCV(loop, grid, scoring=label_efficiency_score, cv=3)
    >>> bool(search.fit(*load_iris(return_X_y=True)).best_score_ > 0.8)
    True
    """
    if not hasattr(loop, "staged_score"):
        raise TypeError(
            f"label_efficiency_score judges the rounds of a fitted ActiveLearningLoop; got a "
            f"{type(loop).__name__}. Give the search the loop itself as its estimator."
        )
    scores = list(loop.staged_score(X, y))
    return area_under_learning_curve([r["n_labels"] for r in loop.history_], scores)


def validate_curve(n_labels, scores):
    """Return a learning curve as two arrays of floats, or raise if it is none."""
    n_labels = np.asarray(n_labels, dtype=np.float64)
    scores = np.asarray(scores, dtype=np.float64)
    for name, values in (("n_labels", n_labels), ("scores", scores)):
        _check_values(name, values)
    if len(n_labels) != len(scores):
        raise ValueError(
            f"n_labels and scores must have the same length; got {len(n_labels)} and {len(scores)}."
        )
    steps = np.diff(n_labels)
    if (steps <= 0).any():
        i = int(np.argmax(steps <= 0))
        raise ValueError(
            f"n_labels must increase from round to round; got {n_labels[i]:g} followed by "
            f"{n_labels[i + 1]:g} in round {i + 1}. Sort the rounds, and pass one curve at a time."
        )
    return n_labels, scores


def _check_values(name, values):
    if values.ndim != 1 or not len(values):
        raise ValueError(
            f"{name} must be a sequence of at least one round; got an array of shape "
            f"{values.shape}."
        )
    if not np.isfinite(values).all():
        i = int(np.argmin(np.isfinite(values)))
        raise ValueError(f"{name} must be finite; got {values[i]} in round {i}.")
