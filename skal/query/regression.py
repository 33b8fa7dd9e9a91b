"""Strategies for regressors."""

from typing import ClassVar

import numpy as np

from .._compat import StrOptions
from ._distances import centered, row_blocks, squared_distances
from .base import QueryStrategy, ScoreStrategy, Selection
from .diversity import CoreSet, labeled_like
from .pool import EMBEDDING, PREDICTION, labeled_targets

CENTERS_AT_ONCE = 256
ROUNDING = 64 * np.finfo(np.float64).eps  # of predicted values, relative to the largest


class MaxStandardDeviation(ScoreStrategy):
    """Choose the samples whose prediction has the largest standard deviation.

    For regressors that give one: Gaussian processes, Bayesian linear models, and committees of
    regressors, where it is that of the members' predictions. Batches may hold near-duplicates, all
    as uncertain; :class:`Hybrid` or :class:`RankedBatch` spread them.

    Notes
    -----
    Scores are in the unit of the target. Time and memory are O(n) beyond the model's.

    References
    ----------
    .. [1] Seo, Wallat, Graepel and Obermayer (2000), "Gaussian process regression: active data
       selection and test point rejection", IJCNN; the criterion is MacKay's (1992).

    See Also
    --------
    GreedyTarget : Needs no standard deviation.

    Examples
    --------
    >>> from sklearn.gaussian_process import GaussianProcessRegressor
    >>> model = GaussianProcessRegressor().fit([[0.0], [1.0]], [0.0, 1.0])
    >>> MaxStandardDeviation()(model, [[0.1], [5.0], [0.5]], n_instances=2)
    array([1, 2])
    """

    view = "std"

    def score_block(self, block):
        return block


class GreedyFeature(CoreSet):
    """Choose the sample farthest from all labeled and chosen ones: greedy sampling, GSx [1]_.

    The picks are those of :class:`CoreSet`: with nothing labeled, the sample nearest to the mean of
    the pool, then always the one whose distance to the nearest labeled or chosen sample, in the
    embedding, is largest. It looks at no target, and suits the first labels of a regressor.

    Notes
    -----
    Scores, time and memory are those of :class:`CoreSet`: distances, at most O(n d (m + b)) for m
    labeled samples and b picks, O(n) and 8 MB.

    References
    ----------
    .. [1] Wu, Lin and Huang (2019), "Active learning for regression using greedy sampling",
       Information Sciences 474, section 2.1. There distances are of the features as they are; put
       a scaler into the pipeline where units differ.

    See Also
    --------
    GreedyTarget : Looks at the predictions too, once there is a model.

    Examples
    --------
    >>> GreedyFeature()(None, [[0.0], [1.0], [1.1], [9.0]], n_instances=3)
    array([2, 3, 0])
    """


class GreedyTarget(QueryStrategy):
    """Choose the sample whose predicted value is farthest from all labels: greedy sampling [1]_.

    Each pick has the largest distance of its predicted value to the nearest label or, of a sample
    that is chosen already, predicted value. With ``distance="both"``, that of the values is
    multiplied by that of the embeddings before the nearest is taken, which keeps the picks apart
    where predictions are alike, too.

    Parameters
    ----------
    distance : {"target", "both"}, default="target"
        ``"target"`` is GSy of the paper, ``"both"`` its improved greedy sampling, iGS.

    Notes
    -----
    Scores are the distances at the time of the pick, infinity for a first pick with nothing
    labeled, which is the sample whose predicted value is nearest to the mean of all. Time is
    O(n (m + b)) for m labeled samples and b picks, times d for ``"both"``; memory O(n) beyond the
    views.

    References
    ----------
    .. [1] Wu, Lin and Huang (2019), "Active learning for regression using greedy sampling",
       Information Sciences 474, sections 2.2 and 2.3.

    See Also
    --------
    GreedyFeature : Needs no model.
    MaxStandardDeviation : For models that say how sure they are.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from skal import ActiveLearner
    >>> from skal.query import GreedyTarget
    >>> learner = ActiveLearner(
    ...     LinearRegression(), GreedyTarget(), X_training=[[0.0], [1.0]], y_training=[0.0, 1.0])
    >>> learner.query([[0.4], [3.0], [2.9], [-1.0]], n_instances=2)[0]
    array([1, 3])
    """

    _parameter_constraints: ClassVar = {"distance": [StrOptions({"target", "both"})]}

    def __init__(self, distance="target"):
        self.distance = distance

    def reductions(self):
        return (PREDICTION,) if self.distance == "target" else (PREDICTION, EMBEDDING)

    def _select(self, pool, n_instances, chosen):
        targets = labeled_targets(pool)
        nearest = _NearestTarget(np.asarray(pool.prediction, np.float64), self._features(pool))
        nearest.add_labeled(targets)
        for row in chosen:
            nearest.add(row)
        first = []
        if not len(targets) and not len(chosen):
            first = [(nearest.most_central(), np.inf)]
            nearest.add(first[0][0])
        picks = (nearest.pick() for _ in range(n_instances - len(first)))
        rows, distances = zip(*first, *picks, strict=True)
        return Selection(np.array(rows, np.intp), np.array(distances, np.float64))

    def _features(self, pool):
        """Return the embeddings of pool and labeled data, about the origin, or None."""
        if self.distance == "target":
            return None
        return centered(pool.embedding, labeled_like(pool))


class _NearestTarget:
    """The distance of each predicted value to the nearest label, kept as labels are added."""

    def __init__(self, values, features):
        self.values = values
        self.rounding = ROUNDING * np.abs(values).max()  # models predict alike samples not quite so
        self.nearest = np.full(len(values), np.inf)
        self.is_free = np.ones(len(values), bool)
        if features is None:
            self.X = self.labeled = None
        else:
            self.X, self.labeled = features
            self.sq = np.einsum("ij,ij->i", self.X, self.X)

    def add_labeled(self, targets):
        """Take the distances to the labels."""
        if self.X is None and len(targets):
            self.nearest = _gaps_to_nearest(self.values, np.sort(targets))
            return
        for start in range(0, len(targets), CENTERS_AT_ONCE):
            part = slice(start, start + CENTERS_AT_ONCE)
            self._take(targets[part], self.labeled[part])

    def add(self, row):
        """Count a sample as labeled with its predicted value."""
        self.is_free[row] = False
        centers = None if self.X is None else self.X[row : row + 1]
        self._take(self.values[row : row + 1], centers)

    def _take(self, targets, centers):
        for rows in row_blocks(len(self.values), 4 * len(targets)):
            gaps = np.abs(self.values[rows, None] - targets)
            if centers is not None:
                sq = np.einsum("ij,ij->i", centers, centers)
                gaps *= np.sqrt(squared_distances(self.X[rows], self.sq[rows], centers, sq))
            self.nearest[rows] = np.minimum(self.nearest[rows], gaps.min(axis=1))

    def pick(self):
        """Return the position of the farthest sample, which counts as labeled now, and how far."""
        free = np.where(self.is_free, self.nearest, -np.inf)
        row = int((free >= free.max() - self.rounding).argmax())
        distance = self.nearest[row]
        self.add(row)
        return row, distance

    def most_central(self):
        """Return the position of the value nearest to the mean."""
        return int(np.abs(self.values - self.values.mean()).argmin())


def _gaps_to_nearest(values, ordered):
    """Return the distance of each value to the nearest of some numbers in ascending order."""
    place = np.searchsorted(ordered, values)
    above = ordered[np.minimum(place, len(ordered) - 1)]
    below = ordered[np.maximum(place - 1, 0)]
    return np.minimum(np.abs(values - below), np.abs(values - above))
