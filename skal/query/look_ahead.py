"""Strategies that try what a label would change."""

import copy
from numbers import Integral
from typing import ClassVar

import numpy as np
from sklearn.base import clone

from .._compat import Interval, StrOptions
from .._data import n_rows, sample_shape, stack_rows, take_rows
from .._random import seed_estimator
from .._threads import one_thread_if_small
from .._warm_start import enable_warm_start
from . import scores
from .base import QueryStrategy, Selection, positions_without
from .pool import Reduction, labeled_samples

LOSSES = {"log": scores.entropy, "binary": scores.least_confidence}


class ExpectedErrorReduction(QueryStrategy):
    """Choose the samples whose label would leave the model with the smallest expected error [1]_.

    For each candidate and each class, a copy of the model is trained with the candidate so labeled,
    and asked how unsure it is of the rest of the pool; the classes count by the probabilities that
    the model gives them now. It aims at what the other strategies stand in for, and costs
    ``n_candidates * n_classes`` trainings a query: for models that train in milliseconds.

    It fits learners that hold labeled data and a single classifier of scikit-learn's kind; others
    are refused with a TypeError, since they cannot be trained again. Neither the learner nor its
    estimator is touched. Training gets the sample weights that the learner keeps, and no other
    keyword arguments.

    Parameters
    ----------
    loss : {"log", "binary"}, default="log"
        The expected error of a prediction: ``"log"``, its entropy, or ``"binary"``, the probability
        that its class is wrong.
    n_candidates : int or None, default=50
        How many samples of the pool are tried, drawn at random; None tries all. No more than these
        can be chosen: a larger `n_instances` is refused with a ValueError.
    n_evaluation : int or None, default=500
        On how many samples of the pool the error is measured, drawn at random; None takes all.
    warm_start : bool, default=False
        Whether each training goes on from the learner's fitted model, which is faster for models
        that are fitted step by step, such as ``LogisticRegression``, and stops elsewhere by as much
        as their tolerance allows. Models without such a parameter are refused with a ValueError,
        and forests, which would only add trees.
    random_state : int, RandomState instance or None, default=None
        Seeds both draws, and estimators without a seed, all copies alike; None inherits the
        learner's.

    Notes
    -----
    Scores are minus the expected error of a sample: in nats for ``"log"``, else in [0, 1]. A
    candidate does not count in its own error. Classes of probability 0 are not tried. A batch is
    the best candidates one by one; they may be alike.

    Time is that of n_candidates * n_classes trainings, each with predictions for n_evaluation
    samples; memory is a copy of the labeled data, and one of the samples to predict.

    References
    ----------
    .. [1] Roy and McCallum (2001), "Toward optimal active learning through sampling estimation of
       error reduction", ICML, eq. 3 and 4, and section 2.1.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skal import ActiveLearner
    >>> learner = ActiveLearner(
    ...     GaussianNB(), ExpectedErrorReduction(random_state=0),
    ...     X_training=[[0.0], [1.0], [4.0], [5.0]], y_training=[0, 0, 1, 1])
    >>> learner.query([[-1.0], [2.4], [2.5], [2.6], [9.0]], n_instances=2)[0]
    array([2, 3])
    """

    _parameter_constraints: ClassVar = {
        "loss": [StrOptions(set(LOSSES))],
        "n_candidates": [Interval(Integral, 1, None, closed="left"), None],
        "n_evaluation": [Interval(Integral, 1, None, closed="left"), None],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
    }

    needs_labeled_data: ClassVar = True  # the contract's checks ask

    def __init__(
        self,
        loss="log",
        *,
        n_candidates=50,
        n_evaluation=500,
        warm_start=False,
        random_state=None,
    ):
        self.loss = loss
        self.n_candidates = n_candidates
        self.n_evaluation = n_evaluation
        self.warm_start = warm_start
        self.random_state = random_state

    def reductions(self):
        return (Reduction("proba", np.asarray),)

    def _select(self, pool, n_instances, chosen):
        rng = pool.rng(self.random_state, "ExpectedErrorReduction")
        free = positions_without(chosen, pool.n_samples)
        candidates = _drawn(free, self.n_candidates, rng)
        self._check_enough(candidates, n_instances)
        proba = pool.reduce(*self.reductions())[candidates]
        trainer = _Trainer(pool, rng.randint(np.iinfo(np.int32).max), self.warm_start)
        rest = _Rest(pool.X, _drawn(free, self.n_evaluation, rng), LOSSES[self.loss])
        with one_thread_if_small(trainer.n_operations):
            errors = [
                _expected_error(trainer, rest, row, chances)
                for row, chances in zip(candidates, proba, strict=True)
            ]
        best = scores.top_k(-np.array(errors), n_instances)
        return Selection(candidates[best], -np.array(errors)[best])

    def _check_enough(self, candidates, n_instances):
        if n_instances > len(candidates):
            raise ValueError(
                f"n_instances must be at most n_candidates, the number of samples that "
                f"ExpectedErrorReduction tries; got {n_instances=} and "
                f"n_candidates={self.n_candidates}. Ask for fewer, or raise n_candidates, which "
                f"takes as much longer."
            )


def _drawn(rows, n_drawn, rng):
    """Return so many of `rows`, in order; all of them if None or if there are no more."""
    if n_drawn is None or n_drawn >= len(rows):
        return rows
    return np.sort(rng.choice(rows, n_drawn, replace=False))


def _expected_error(trainer, rest, row, chances):
    """Return the mean error over the labels that a sample may get."""
    X = trainer.samples_with(row)
    return sum(
        chance * rest.error(trainer.trained(X, label), row)
        for chance, label in zip(chances, trainer.classes, strict=True)
        if chance > 0
    )


class _Rest:
    """The samples that errors are measured on."""

    def __init__(self, X, rows, loss):
        self.rows, self.loss = rows, loss
        self.X = take_rows(X, rows)

    def error(self, model, row):
        """Return the mean expected error of a model, that of the candidate itself left out."""
        losses = self.loss(model.predict_proba(self.X))[self.rows != row]
        return losses.mean() if len(losses) else 0.0


class _Trainer:
    """Trains copies of the model of a learner with one more sample."""

    def __init__(self, pool, seed, warm_start):
        self.template = _copied(pool)
        seed_estimator(self.template, seed, pool.n_labeled)
        if warm_start:
            self.template = _warm_copy(pool.model)
        self.classes = pool.model.classes_
        self.X_pool, self.learner = pool.X, pool.learner
        self.X = labeled_samples(pool.learner)
        y = getattr(pool.learner, "y_training", None)
        if self.X is None or y is None:
            raise pool.type_error(
                "labeled data to train the model again",
                "comes without. It fits learners that hold the data they learned from, such as "
                "ActiveLearner(estimator, X_training=X, y_training=y)",
            )
        self.y = np.asarray(y)

    @property
    def n_operations(self):
        """About how many multiply-adds a linear model takes for one pass over the data."""
        shape = sample_shape(self.X)
        if isinstance(shape, dict) or len(shape) != 1:
            return np.inf  # images: a net does far more
        return n_rows(self.X) * shape[0] * len(self.classes)

    def samples_with(self, row):
        """Return the labeled samples followed by one of the pool."""
        return stack_rows(self.X, take_rows(self.X_pool, [row]))

    def trained(self, X, label):
        """Return a copy of the model, trained on `X`, the last of which has this label."""
        y = np.concatenate([self.y, np.reshape(label, (1, *self.y.shape[1:]))])
        model = copy.deepcopy(self.template)
        model.fit(X, y, **self._weights())
        return model

    def _weights(self):
        weights = getattr(getattr(self.learner, "labeled_", None), "sample_weight", None)
        return {} if weights is None else {"sample_weight": np.append(weights, 1.0)}


def _copied(pool):
    """Return an unfitted copy of the model of a pool."""
    fits = "It fits classifiers of scikit-learn's kind, one a learner"
    if hasattr(pool.model, "learner_list"):
        raise pool.type_error("one model to train again", f"has several. {fits}")
    try:
        return clone(pool.model)
    except TypeError as error:
        raise pool.type_error(
            "a model to train again", f"cannot be cloned ({error}). {fits}"
        ) from error


def _warm_copy(model):
    """Return a copy of a fitted model that goes on from there when it is fitted again."""
    model = copy.deepcopy(model)
    if any(name.rpartition("__")[2] == "n_estimators" for name in model.get_params()):
        raise ValueError(
            f"warm_start=True would only add trees or members to {type(model).__name__}, not train "
            f"those that it has. Use warm_start=False."
        )
    enable_warm_start(model)
    return model
