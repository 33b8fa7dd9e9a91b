"""Self-training: a segmenter that also learns from its own sure predictions."""

import copy
import time
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from ._compat import HasMethods, Interval
from ._held_out import pixel_f1
from ._labeled_images import make_labeled_images
from ._pseudo_labels import IGNORE, PseudoLabels, merge_labels, relaxed
from ._random import round_rng, seed_estimator
from ._warm_start import enable_warm_start

__all__ = ["Iteration", "SelfTrainingSegmenter"]

BLOCK_PIXELS = 2**23  # of images predicted at once


@dataclass(frozen=True)
class Iteration:
    """What one iteration of self-training made.

    Attributes
    ----------
    record : dict
        As in ``history_``.
    estimator : segmenter or None
        The model trained in this iteration, whether kept or not; None where there was nothing new
        to train on.
    pseudo_labels : ndarray of int of shape (n_images, H, W) or None
        What it was trained on besides human labels: of the images of `X`, then of `X_unlabeled`;
        -1 where there is none. None in the supervised phase.
    X_val, y_val : ndarray
        Images and labels that judge it; -1 is ignored.
    proba : ndarray of shape (n_val, n_classes, H, W) or None
        The class probabilities of `X_val` by the model.
    """

    record: dict
    estimator: Any = None
    pseudo_labels: Any = None
    X_val: Any = None
    y_val: Any = None
    proba: Any = None


def _estimator_has(method):
    def check(segmenter):
        return hasattr(getattr(segmenter, "estimator_", segmenter.estimator), method)

    return check


class SelfTrainingSegmenter(MetaEstimatorMixin, BaseEstimator):
    """Train a segmenter on human labels, then also on its own sure predictions.

    A first model learns the human labels. In each iteration the best model so far predicts all
    pixels without a label, those it is sure enough of get its prediction as a pseudo-label [1]_,
    and it is trained again on human and pseudo-labels. The new model is kept only where it scores
    higher on human labels that no model was trained on: self-training can also make a model worse,
    and often gains little after the first iteration.

    A class has a threshold of its own, since a model is seldom as sure of rare particles as of
    background. Each iteration relaxes the thresholds, with ``decay=0`` they are static.

    Parameters
    ----------
    estimator : segmenter
        What learns: ``fit(X, y)`` with labels of -1 ignored, ``predict_proba(X)`` of shape
        (n, n_classes, H, W), and ``classes_``. It is cloned. One that has a parameter
        ``warm_start`` is not trained from scratch in an iteration, but goes on. One whose ``fit``
        takes ``X_val`` and ``y_val`` gets the validation images.
    n_iterations : int, default=3
        How many iterations follow the supervised phase at most.
    positive_threshold : float or dict of int to float, default=0.95
        The probability, in (0.5, 1], from which on a pixel is surely of a class other than the
        first; a dict holds one for each of these classes.
    negative_threshold : float, default=0.05
        A pixel is surely of the first class, the background, where all other classes together have
        at most this probability, in [0, 0.5).
    decay : float, default=0.02
        By how much each iteration after the first relaxes both thresholds.
    positive_floor : float, default=0.8
        Below which no positive threshold is relaxed. One that begins below stays as it is.
    negative_ceiling : float, default=0.2
        Above which the negative threshold is not relaxed. One that begins above stays as it is.
    max_pseudo_ratio : float or None, default=2.0
        How many pseudo-labels there are at most for each human label. The surest pixels are kept,
        and as many for each human label in all classes: pseudo-labels have the class shares of
        human labels, and a class with few sure pixels leaves few for the others too. None keeps all
        sure pixels, whatever their shares.
    retrain_params : dict, default=None
        Parameters that the estimator gets for the iterations, such as ``{"max_epochs": 30}``.
    validation_fraction : float, default=0.1
        The share of labeled images that are held out to judge the iterations by, at least one,
        where `fit` gets no ``X_val``. Where there is no such image to spare, because only one is
        labeled or only one has a class, it is the share of rows or columns: a strip of all labeled
        images is held out, whose pixels get no label and no pseudo-label in training. Such a strip
        says nothing about other images, and objects cut by its border are on both sides.
    trust_background : bool, default=True
        Whether human background is background. If not, it serves the supervised phase only; then
        it counts as unlabeled, as in learning from positive and unlabeled data, and the model may
        find in it what people overlooked. Validation still takes it as it is.
    stop_early : bool, default=True
        Whether to end after an iteration that does not help. If not, the next one tries again from
        the best model, with relaxed thresholds.
    warm_start : bool, default=False
        Whether the supervised phase of the next `fit` goes on from the model of this one.
    random_state : int, RandomState instance or None, default=None
        Draws validation images and among equally sure pixels, and seeds the estimator.

    Attributes
    ----------
    estimator_ : segmenter
        The best model.
    classes_ : ndarray of int of shape (n_classes,)
        The labels in `y`, without -1.
    history_ : list of dict
        A record for each iteration, the supervised phase first: ``iteration``, ``stage``
        ("supervised" or "selftrain"), ``positive_threshold`` and ``negative_threshold`` (None in
        the supervised phase), ``n_sure`` (a dict of class to the number of pixels that reach its
        threshold), ``n_pseudo`` (the same, of pixels that get a pseudo-label), ``score`` (the F1
        score of validation pixels, of several classes the mean without background; None where
        nothing was trained), ``kept`` and ``fit_seconds``.
    pseudo_labels_ : ndarray of int of shape (n_images, H, W)
        The pseudo-labels that the best model was trained on: of the images of `X`, then of
        `X_unlabeled`; -1 where there is none. Human labels are not among them.
    n_features_in_ : int
        How many numbers an image holds.

    Notes
    -----
    The score is a choice among models, not an estimate: judge the best model on other images.
    An iteration needs pseudo-labels, and a label of every class; one that has not, because no
    pixel is sure enough, trains nothing and counts as one that does not help. Without any
    unlabeled pixel there is nothing but the supervised phase.

    A net that was trained briefly, or with a focal loss, may never be 95 % sure of background.
    Where ``n_sure`` is 0 for a class, train longer, or move its threshold.

    Thresholds of both sides that relax by iteration, with human background not trusted, follow the
    Cryopick self-training script; there the thresholds end at 0.91 and 0.09.

    References
    ----------
    .. [1] Lee (2013), "Pseudo-label: the simple and efficient semi-supervised learning method for
       deep neural networks", ICML workshop on challenges in representation learning.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> class PixelSegmenter(BaseEstimator):
    ...     def fit(self, X, y):
    ...         self.model_ = LogisticRegression().fit(X[y >= 0].reshape(-1, 1), y[y >= 0])
    ...         self.classes_ = self.model_.classes_
    ...         return self
    ...     def predict_proba(self, X):
    ...         proba = self.model_.predict_proba(X.reshape(-1, 1)).reshape(*X.shape, -1)
    ...         return np.moveaxis(proba, -1, 1)
    >>> rng = np.random.RandomState(0)
    >>> truth = (np.indices((6, 16, 16)).sum(axis=0) % 8 < 2).astype(int)
    >>> X, y = truth + rng.normal(0, 0.3, truth.shape), truth.copy()
    >>> y[3:] = -1
    >>> segmenter = SelfTrainingSegmenter(PixelSegmenter(), random_state=0).fit(X, y)
    >>> [record["stage"] for record in segmenter.history_[:2]]
    ['supervised', 'selftrain']
    """

    _parameter_constraints: ClassVar = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "n_iterations": [Interval(Integral, 0, None, closed="left")],
        "positive_threshold": [Interval(Real, 0.5, 1, closed="right"), dict],
        "negative_threshold": [Interval(Real, 0, 0.5, closed="left")],
        "decay": [Interval(Real, 0, 0.5, closed="left")],
        "positive_floor": [Interval(Real, 0.5, 1, closed="right")],
        "negative_ceiling": [Interval(Real, 0, 0.5, closed="left")],
        "max_pseudo_ratio": [Interval(Real, 0, None, closed="neither"), None],
        "retrain_params": [dict, None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "trust_background": ["boolean"],
        "stop_early": ["boolean"],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator,
        *,
        n_iterations=3,
        positive_threshold=0.95,
        negative_threshold=0.05,
        decay=0.02,
        positive_floor=0.8,
        negative_ceiling=0.2,
        max_pseudo_ratio=2.0,
        retrain_params=None,
        validation_fraction=0.1,
        trust_background=True,
        stop_early=True,
        warm_start=False,
        random_state=None,
    ):
        self.estimator = estimator
        self.n_iterations = n_iterations
        self.positive_threshold = positive_threshold
        self.negative_threshold = negative_threshold
        self.decay = decay
        self.positive_floor = positive_floor
        self.negative_ceiling = negative_ceiling
        self.max_pseudo_ratio = max_pseudo_ratio
        self.retrain_params = retrain_params
        self.validation_fraction = validation_fraction
        self.trust_background = trust_background
        self.stop_early = stop_early
        self.warm_start = warm_start
        self.random_state = random_state

    # Training ------------------------------------------------------------------------------

    def fit(self, X, y, X_unlabeled=None, X_val=None, y_val=None):
        """Train on human labels, then on sure predictions too.

        Parameters
        ----------
        X : ndarray of shape (n, H, W) or (n, C, H, W)
            Images.
        y : ndarray of int of shape (n, H, W)
            Labels from 0 on; -1 where there is none.
        X_unlabeled : ndarray of shape (m, H, W) or (m, C, H, W), default=None
            Images without any label.
        X_val, y_val : ndarray, default=None
            Images and labels that judge the iterations, in place of ``validation_fraction``.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If shapes do not fit, labels are no classes, or hold fewer than two of them, or there
            is no way to hold out pixels of every class.
        """
        for _ in self.iter_fit(X, y, X_unlabeled, X_val, y_val):
            pass
        return self

    def iter_fit(self, X, y, X_unlabeled=None, X_val=None, y_val=None, *, done=()):
        """Train like `fit`, and yield an :class:`Iteration` when each ends.

        Between two iterations the segmenter can be used: it predicts with the best model so far.

        Parameters
        ----------
        X, y, X_unlabeled, X_val, y_val
            As for `fit`.
        done : sequence of Iteration, default=()
            What an earlier run with the same arguments has finished; the run goes on after it. Of
            these only the last one kept needs an estimator and pseudo-labels, the others a record.

        Yields
        ------
        Iteration
            One that is not in `done`; ``history_`` holds the records of all.
        """
        self._validate_params()
        data = make_labeled_images(self, X, y, X_unlabeled, X_val, y_val)
        previous = getattr(self, "estimator_", None) if self.warm_start else None
        self.classes_, self.n_features_in_ = data.classes, int(np.prod(np.shape(X)[1:]))
        self._least_probabilities(1)  # what is wrong with these is said before hours of training
        clone(self.estimator).set_params(**(self.retrain_params or {}))
        self.history_ = [dict(iteration.record) for iteration in done]
        for iteration in done:
            if iteration.record["kept"]:
                self._keep(iteration, data)
        if not done:
            yield self._train(data, previous)
        while not self._is_over(data):
            yield self._iterate(data)

    def _is_over(self, data):
        n_done, last = len(self.history_) - 1, self.history_[-1]
        is_in_vain = self.stop_early and not last["kept"]
        return n_done == self.n_iterations or is_in_vain or not data.has_unlabeled

    def _iterate(self, data):
        sure = self._sure_pixels(data)
        pseudo = sure.labels(self.classes_, *data.layout)
        merged = merge_labels(data.trusted, pseudo)
        is_known = all((merged == label).any() for label in self.classes_)
        if is_known and (pseudo != IGNORE).any():
            return self._train(data, self.estimator_, pseudo, sure.n_sure)
        record = self._record(pseudo, sure.n_sure)
        return self._recorded(Iteration(record, pseudo_labels=pseudo), data)

    def _train(self, data, previous, pseudo=None, n_sure=None):
        """Train the model of the next iteration; without pseudo-labels, the first."""
        start = time.perf_counter()
        model = self._begin(previous, len(self.history_))
        if has_fit_parameter(model, "X_val"):
            model.fit(*data.training_set(pseudo), X_val=data.X_val, y_val=data.y_val)
        else:
            model.fit(*data.training_set(pseudo))
        if not np.array_equal(model.classes_, self.classes_):
            raise ValueError(
                f"the estimator's classes_ must be the labels in y without -1, "
                f"{self.classes_.tolist()}; got {np.asarray(model.classes_).tolist()}."
            )
        seconds = time.perf_counter() - start
        proba = np.asarray(model.predict_proba(data.X_val))
        score = pixel_f1(data.y_val, self.classes_[proba.argmax(axis=1)], self.classes_)
        record = self._record(pseudo, n_sure, score, seconds)
        return self._recorded(Iteration(record, model, pseudo, data.X_val, data.y_val, proba), data)

    def _begin(self, previous, iteration):
        """Return what to train: a fresh estimator, or the previous model if that can go on."""
        model = clone(self.estimator)
        seed_estimator(model, self.random_state, iteration)
        changes = self.retrain_params or {}
        params = model.get_params()
        if previous is not None and any(k.rpartition("__")[2] == "warm_start" for k in params):
            own = {k: params[k] for k in params if k in changes or k.endswith("random_state")}
            model = copy.deepcopy(previous).set_params(**own)
            enable_warm_start(model)
        return model.set_params(**changes) if iteration else model

    def _record(self, pseudo, n_sure, score=None, seconds=0.0):
        iteration = len(self.history_)
        positive, negative = self._thresholds(iteration) if iteration else (None, None)
        best = max((r["score"] for r in self.history_ if r["kept"]), default=-np.inf)
        return {
            "iteration": iteration,
            "stage": "selftrain" if iteration else "supervised",
            "positive_threshold": positive,
            "negative_threshold": negative,
            "n_sure": self._by_class(n_sure or [0] * len(self.classes_)),
            "n_pseudo": self._by_class([np.sum(pseudo == label) for label in self.classes_]),
            "score": score,
            "kept": score is not None and score > best,
            "fit_seconds": seconds,
        }

    def _by_class(self, counts):
        return {int(c): int(n) for c, n in zip(self.classes_, counts, strict=True)}

    def _recorded(self, iteration, data):
        """Return an iteration that has ended, having kept its model if that is the best."""
        self.history_.append(iteration.record)
        if iteration.record["kept"]:
            self._keep(iteration, data)
        return iteration

    def _keep(self, iteration, data):
        pseudo = iteration.pseudo_labels
        self.estimator_ = iteration.estimator
        self.pseudo_labels_ = data.no_labels() if pseudo is None else pseudo

    # Pseudo-labels -------------------------------------------------------------------------

    def _thresholds(self, iteration):
        """Return the thresholds of an iteration: of the positive classes, and the negative one."""
        step = self.decay * (iteration - 1)

        def positive(threshold):
            return relaxed(threshold, -step, self.positive_floor)

        given = self.positive_threshold
        is_dict = isinstance(given, dict)
        above = {int(c): positive(given[c]) for c in given} if is_dict else positive(given)
        return above, relaxed(self.negative_threshold, step, self.negative_ceiling)

    def _least_probabilities(self, iteration):
        """Return the probability from which on a pixel gets each class."""
        positive, negative = self._thresholds(iteration)
        others = [int(c) for c in self.classes_[1:]]
        if not isinstance(positive, dict):
            positive = dict.fromkeys(others, positive)
        if set(positive) != set(others) or not all(0.5 < p <= 1 for p in positive.values()):
            raise ValueError(
                f"positive_threshold must hold a probability in (0.5, 1] for each class but the "
                f"first, {others}; got {self.positive_threshold}."
            )
        return [1 - negative, *(positive[c] for c in others)]

    def _sure_pixels(self, data):
        """Return the pixels without a label of which the best model is sure."""
        iteration = len(self.history_)
        sure = PseudoLabels(
            self._least_probabilities(iteration),
            data.n_human,
            self.max_pseudo_ratio,
            round_rng(self.random_state, iteration, "pseudo-labels"),
        )
        for rows, images, eligible in data.unlabeled_blocks(BLOCK_PIXELS // len(self.classes_)):
            sure.add(np.asarray(self.estimator_.predict_proba(images)), eligible, rows.start)
        return sure

    # Predicting ----------------------------------------------------------------------------

    def _model(self):
        check_is_fitted(self)
        return self.estimator_

    @available_if(_estimator_has("predict"))
    def predict(self, X):
        """Return the class of each pixel, of shape (n, H, W), by the best model."""
        return self._model().predict(X)

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X):
        """Return class probabilities, of shape (n, n_classes, H, W), by the best model."""
        return self._model().predict_proba(X)

    @available_if(_estimator_has("embed"))
    def embed(self, X):
        """Return embeddings of images, of shape (n, n_features), by the best model."""
        return self._model().embed(X)

    @available_if(_estimator_has("predict_proba_and_embed"))
    def predict_proba_and_embed(self, X):
        """Return class probabilities and embeddings, in one pass of the best model."""
        return self._model().predict_proba_and_embed(X)

    @available_if(_estimator_has("sample_proba"))
    def sample_proba(self, X, n_samples=20):
        """Return draws of class probabilities, the draws first, by the best model."""
        return self._model().sample_proba(X, n_samples)

    @available_if(_estimator_has("score"))
    def score(self, X, y):
        """Score the best model as the estimator does."""
        return self._model().score(X, y)

    # scikit-learn --------------------------------------------------------------------------

    def __sklearn_is_fitted__(self):
        return hasattr(self, "estimator_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.target_tags = inner.target_tags
        tags.classifier_tags = inner.classifier_tags
        tags.input_tags = inner.input_tags
        return tags
