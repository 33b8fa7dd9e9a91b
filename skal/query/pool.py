"""What a query strategy may ask about the unlabeled samples, and the only place that runs a model.

A strategy never calls the model itself. It names the views that it reads, and how it reduces
each, and the pool computes all of them in one pass over blocks of samples: a hybrid of an
uncertainty and a diversity strategy costs one pass of the model, not two.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from modAL.models.base import BaseCommittee, BaseLearner
from sklearn import get_config
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from .._data import n_rows, sample_shape, slice_rows, take_rows
from .._random import round_rng
from . import _nets
from ._members import AVERAGING, draw_proba, has_members, n_draws, vote_classes
from ._pixels import is_dense

DRAWS_BYTES = 2**27  # of blocks with draws: larger ones take twice the time
MAX_EMBEDDING_BYTES = 2**33  # 8 GiB: a sparse matrix larger than this is not made dense


@dataclass(frozen=True)
class Reduction:
    """A view of the pool, and a function that reduces each block of it.

    Parameters
    ----------
    view : {"proba", "embedding", "sample_proba", "votes", "prediction", "std"}
        What the model is asked for; see :class:`Pool`.
    function : callable
        Takes a block of the view and returns an array with one row a sample of the block.
    n_draws : int, optional
        How many draws of a Bayesian model ``sample_proba`` and ``votes`` take. Ensembles and
        committees give one draw a member, whatever this says.
    takes_pixels : bool, default=False
        Whether the function takes blocks in which every pixel has a class too, of shape
        (..., n, n_classes, H, W).
    """

    view: str
    function: Callable[[Any], Any]
    n_draws: int | None = None
    takes_pixels: bool = False


def _whole(block):
    return block


class Pool:
    """Lazy views of the unlabeled samples, as one learner sees them.

    Every view and every reduction is computed at most once, in blocks of rows that respect
    scikit-learn's ``working_memory``.

    Parameters
    ----------
    learner : learner, committee or fitted estimator
        Who looks at the pool: a learner of skal or modAL, or any scikit-learn estimator.
    X : array-like, data frame, sparse matrix or list
        The unlabeled samples.
    strategy : QueryStrategy, optional
        Who asks: its reductions share one pass, and errors name it.
    loss_of : callable, optional
        Takes positions in the pool that was queried and returns the model's true losses there,
        from labels that are uncovered for it. Only an :class:`~skal.ActiveLearningLoop` gives it,
        and counts these labels.

    Attributes
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Class probabilities.
    embedding : ndarray of float32 of shape (n_samples, n_features)
        The penultimate layer of a net, the transformed features of a pipeline, else the samples
        themselves, flattened.
    labeled_embedding : ndarray of float32 of shape (n_labeled, n_features)
        The same for the learner's labeled data; no rows where there are none.
    prediction, std : ndarray of shape (n_samples,)
        Predicted values of a regressor, and their standard deviations.
    n_samples, n_labeled : int
        How many samples are in the pool, and how many the learner holds labels for.
    """

    def __init__(self, learner, X, strategy=None, loss_of=None):
        self.learner = learner
        self.X = X
        self.loss_of = loss_of
        self.n_samples = n_rows(X)
        self._asker = "this query" if strategy is None else type(strategy).__name__
        self._strategy = strategy
        self._results = {}

    def __len__(self):
        return self.n_samples

    def __repr__(self):
        return f"Pool(n_samples={self.n_samples}, n_labeled={self.n_labeled})"

    # Views ---------------------------------------------------------------------------------

    @property
    def proba(self):
        return self.reduce(Reduction("proba", _whole))

    @property
    def embedding(self):
        return self.reduce(EMBEDDING)

    @property
    def prediction(self):
        return self.reduce(PREDICTION)

    def sample_proba(self, n_draws=None):
        """Return class probabilities of each draw, of shape (n_draws, n_samples, n_classes).

        All draws are held at once; a strategy reduces them block by block instead.
        """
        return self.reduce(Reduction("sample_proba", _samples_first, n_draws)).swapaxes(0, 1)

    @property
    def std(self):
        return self.reduce(Reduction("std", _whole))

    @cached_property
    def labeled_embedding(self):
        X = labeled_samples(self.learner)
        if X is None:
            return np.empty((0, self.embedding.shape[1]), np.float32)
        return self._embed(X)

    def reduce(self, reduction):
        """Return the result of a reduction; all that wait for the model share this pass."""
        if reduction not in self._results:
            asked = dict.fromkeys([*self._asked(), reduction])
            self._run([r for r in asked if r not in self._results])
        return self._results[reduction]

    def _asked(self):
        """Return what the strategy will ask for."""
        return () if self._strategy is None else self._strategy.reductions()

    def subset(self, rows, strategy, shared=()):
        """Return the pool of some of the samples, as the same learner sees them.

        Parameters
        ----------
        rows : ndarray of int
            Positions in this pool.
        strategy : QueryStrategy
            Who asks.
        shared : sequence of Reduction, default=()
            What is computed for this whole pool, and taken from there.

        Returns
        -------
        Pool
        """
        return _Subset(self, rows, strategy, shared)

    # The pass ------------------------------------------------------------------------------

    def _run(self, reductions):
        parts = {reduction: [] for reduction in reductions}
        blocks = list(self._blocks({(r.view, r.n_draws) for r in reductions}))
        X = self.X.tocsr() if sp.issparse(self.X) and len(blocks) > 1 else self.X
        # the mean and the votes of an ensemble come from its draws, where they are asked for too
        draws_first = sorted(reductions, key=lambda r: r.view != "sample_proba")
        views = {reduction.view for reduction in reductions}
        for rows in blocks:
            block = _Block(self, slice_rows(X, rows) if rows else X, views)
            for reduction in draws_first:
                view = self._read(block, reduction)
                parts[reduction].append(reduction.function(view))
        for reduction, results in parts.items():
            self._results[reduction] = results[0] if len(results) == 1 else np.concatenate(results)

    def _blocks(self, views):
        """Return slices of rows that fit the working memory; one None means all at once."""
        width = sum(self._width(view, draws) for view, draws in views)
        row_bytes = 8 * (width + int(np.prod(_flat_shape(sample_shape(self.X)))))
        most = int(get_config()["working_memory"] * 2**20)
        if self._n_pixels > 1 or any(needs_draws(view) for view, _ in views):
            most = min(most, DRAWS_BYTES)
        size = max(1, most // row_bytes)
        return [None] if size >= self.n_samples else gen_batches(self.n_samples, size)

    def _width(self, view, draws):
        """Return about how many numbers one sample of a view takes."""
        classes = getattr(self.model, "classes_", None)  # None too: a committee without labels
        n_classes = 1 if classes is None else len(classes)
        draws = n_draws(last_step(self.model), draws) if needs_draws(view) else 1
        return draws * self._n_pixels * (1 if view == "votes" else n_classes)

    @cached_property
    def _n_pixels(self):
        """About how many classes the model gives a sample: one, or one a pixel."""
        shape, model = sample_shape(self.X), last_step(self.model)
        if isinstance(model, BaseCommittee):
            model = last_step(_unwrapped(model.learner_list[0]))
        is_dense = len(shape) > 1 and hasattr(model, "predict_proba") and not is_classifier(model)
        return int(np.prod(shape[-2:])) if is_dense else 1

    def _read(self, block, reduction):
        try:
            view = block.read(reduction.view, reduction.n_draws)
        except NotFittedError as error:
            raise NotFittedError(
                f"{self._asker} asks a model that has seen no labels yet. Teach the learner some "
                f"labeled samples first, or choose them with RandomSampling, CoreSet or "
                f"KMeansDiversity, which need no model."
            ) from error
        if is_dense(reduction.view, view) and not reduction.takes_pixels:
            raise self.type_error(
                "one class a sample",
                "gives each pixel a class. It fits strategies that score samples, such as Entropy "
                "and BALD, or that look at embeddings, such as CoreSet, and mixtures of these",
            )
        return view

    # What stands behind the views ----------------------------------------------------------

    @cached_property
    def model(self):
        """The committee, or the fitted estimator of the learner."""
        return _unwrapped(self.learner)

    @property
    def _model_name(self):
        return type(self.model).__name__

    @property
    def n_labeled(self):
        X = labeled_samples(self.learner)
        return 0 if X is None else n_rows(X)

    def rng(self, random_state, role):
        """Return the generator of one role in this round.

        Parameters
        ----------
        random_state : int, RandomState instance or None
            None inherits the learner's.
        role : str
            What the draws are for.
        """
        seed = getattr(self.learner, "random_state", None) if random_state is None else random_state
        return round_rng(seed, self.n_labeled, role)

    @cached_property
    def draw_seed(self):
        """The seed of a net's draws in this query: all blocks see the same draws."""
        return int(self.rng(None, "draws").randint(2**31 - 1))

    def positions(self, rows):
        """Return the positions of samples in the pool that was queried; this may be a part."""
        return rows

    def type_error(self, needs, has):
        """Return the error for a model that cannot give a view."""
        return TypeError(f"{self._asker} needs {needs}, but {self._model_name} {has}.")

    def _embed(self, X):
        return _Block(self, X).embedding()


EMBEDDING = Reduction("embedding", _whole)
PREDICTION = Reduction("prediction", _whole)


class _Subset(Pool):
    """Some samples of another pool, which the model sees again only for what is not known."""

    def __init__(self, pool, rows, strategy, shared):
        super().__init__(pool.learner, take_rows(pool.X, rows), strategy, pool.loss_of)
        self._all, self._rows, self._shared = pool, rows, tuple(shared)

    @cached_property
    def labeled_embedding(self):
        return self._all.labeled_embedding if self.n_labeled else super().labeled_embedding

    @cached_property
    def draw_seed(self):
        return self._all.draw_seed

    def positions(self, rows):
        return self._all.positions(self._rows[rows])

    def reduce(self, reduction):
        if self._is_shared(reduction):
            return self._all.reduce(reduction)[self._rows]
        return super().reduce(reduction)

    def _asked(self):
        return [r for r in super()._asked() if not self._is_shared(r)]

    def _is_shared(self, reduction):
        return reduction in self._shared or reduction in self._all._results


class _Block:
    """A block of samples, and what the model says about them, each asked at most once.

    `views` are all that will be asked: a net gives probabilities and embeddings in one pass.
    """

    def __init__(self, pool, X, views=()):
        self._pool = pool
        self._model = pool.model
        self._X = X
        self._views = views
        self._known = {}

    def read(self, view, draws=None):
        if has_members(self._final):
            draws = None  # one a member, whatever was asked for
        if (view, draws) not in self._known:
            read = getattr(self, view)
            self._known[view, draws] = read(draws) if needs_draws(view) else read()
        return self._known[view, draws]

    def proba(self):
        """Return class probabilities; of a committee, the mean over its members."""
        if isinstance(self._model, BaseCommittee) and hasattr(self._model, "vote_proba"):
            return self.read("sample_proba").mean(axis=0)
        if isinstance(self._final, AVERAGING) and ("sample_proba", None) in self._known:
            return self.read("sample_proba").mean(axis=0)
        if not hasattr(self._final, "predict_proba"):
            raise self._pool.type_error(
                "class probabilities",
                "has no predict_proba. It fits classifiers with probabilities (for an SVC, wrap "
                "it in CalibratedClassifierCV)",
            )
        if "embedding" in self._views and _nets.can_do_both(self._final):
            proba, self._embedded = _nets.predict_proba_and_embed(self._final, self._features)
            return self._checked(proba)
        return self._checked(self._final.predict_proba(self._features))

    def _checked(self, proba):
        if isinstance(proba, list) or np.ndim(proba) not in (2, 4) or _is_multilabel(self._final):
            raise self._pool.type_error(
                "one class a sample",
                "predicts several outputs. It fits single-label classifiers; for multilabel ones "
                "use the functions of modAL.multilabel",
            )
        return np.asarray(proba)

    def sample_proba(self, draws):
        return draw_proba(self._pool, self._final, self._features, draws)

    def votes(self, draws):
        if isinstance(self._model, BaseCommittee):
            return vote_classes(self._pool, self._model, self._features)
        return self.read("sample_proba", draws).argmax(axis=2)

    def prediction(self):
        if ("std", None) in self._known:
            return self._prediction
        if hasattr(self._final, "classes_"):
            raise self._pool.type_error("predicted values", "predicts classes. It fits regressors")
        return self._one_value(self._final.predict(self._features))

    def std(self):
        try:
            prediction, std = self._final.predict(self._features, return_std=True)
        except TypeError as error:
            raise self._pool.type_error(
                "the standard deviation of predictions",
                "gives none. It fits regressors such as GaussianProcessRegressor, BayesianRidge "
                "and CommitteeRegressor",
            ) from error
        self._prediction = self._one_value(prediction)
        return self._one_value(std)

    def _one_value(self, values):
        values = np.asarray(values)
        if values.size != len(values):
            raise self._pool.type_error(
                "one value a sample", "predicts several. It fits regressors of one output"
            )
        return values.reshape(-1)

    def embedding(self):
        """Return float32 features of shape (n, d)."""
        if "proba" in self._views and _nets.can_do_both(self._final):
            self.read("proba")  # it leaves the embedding
        return _as_dense_rows(self._embedded, self._pool)

    @cached_property
    def _embedded(self):
        if _nets.can_embed(self._final):
            return _nets.embed(self._final, self._features)
        return self._features

    @property
    def _final(self):
        """The last step of a fitted pipeline, else the model itself."""
        return last_step(self._model)

    @cached_property
    def _features(self):
        """The samples as the last step of the pipeline sees them; transformed once a block."""
        model, X = self._model, self._X
        while _is_fitted_pipeline(model):
            X = model[:-1].transform(X) if len(model) > 1 else X
            model = _unwrapped(model[-1])
        return X


def needs_draws(view):
    """Return whether a view is of the draws of a model."""
    return view in ("sample_proba", "votes")


def last_step(model):
    """Return the last step of a fitted pipeline, also of one in another, else the model itself."""
    while _is_fitted_pipeline(model):
        model = _unwrapped(model[-1])
    return model


def _unwrapped(model):
    """Return the estimator that predicts for a learner or a search."""
    while True:
        if isinstance(model, BaseLearner):
            model = model.estimator
        elif hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        else:
            return model


def _is_fitted_pipeline(model):
    if not isinstance(model, Pipeline):
        return False
    try:
        check_is_fitted(model)
    except NotFittedError:
        return False  # a cold start: there is nothing to transform with yet
    return True


def _samples_first(block):
    return np.ascontiguousarray(np.swapaxes(block, 0, 1))


def labeled_samples(learner):
    """Return the samples that a learner holds labels for, or None."""
    X = getattr(learner, "X_training", None)
    return None if X is None or n_rows(X) == 0 else X


def labeled_targets(pool):
    """Return the targets that a regressor's learner holds, as float64; none where it has none."""
    y = None if labeled_samples(pool.learner) is None else getattr(pool.learner, "y_training", None)
    return np.empty(0) if y is None else np.asarray(y, np.float64).reshape(-1)


def _flat_shape(shape):
    return (1,) if isinstance(shape, dict) or not shape else shape


def _is_multilabel(model):
    is_chain = isinstance(getattr(model, "classes_", None), list)
    is_network = getattr(model, "out_activation_", None) == "logistic" and model.n_outputs_ > 1
    return is_chain or is_network or getattr(model, "multilabel_", False)


def _as_dense_rows(X, pool):
    """Return `X` as float32 rows, each sample flattened."""
    if sp.issparse(X):
        n_rows_in_all = max(pool.n_samples, X.shape[0])  # X may be a block of the pool
        n_bytes = 4 * n_rows_in_all * X.shape[1]
        if n_bytes > MAX_EMBEDDING_BYTES:
            raise ValueError(
                f"the embedding would take {n_bytes / 2**30:.0f} GiB: the features are sparse, of "
                f"shape {(n_rows_in_all, X.shape[1])}. Put a TruncatedSVD before the last step of "
                f"the pipeline."
            )
        X = X.astype(np.float32).toarray()
    try:
        with np.errstate(over="ignore"):  # what float32 cannot hold is infinity, and refused
            rows = np.asarray(X, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{pool._asker} measures distances and needs numbers, but the samples are not numeric "
            f"({error}). Use a pipeline that turns them into numbers, and teach it first."
        ) from error
    rows = np.ascontiguousarray(rows.reshape(len(rows), -1))
    _check_finite(rows, pool)
    return rows


def _check_finite(rows, pool):
    flat = rows.ravel()
    with np.errstate(over="ignore"):  # a sum of squares may overflow: only then look at each row
        is_finite = np.isfinite(flat @ flat)
    if not is_finite:
        bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if len(bad):
            raise ValueError(
                f"{pool._asker} measures distances in float32, but the features of {len(bad)} "
                f"samples hold NaN, infinity or larger numbers, the first at index {bad[0]}. "
                f"Impute or scale them in a pipeline."
            )
