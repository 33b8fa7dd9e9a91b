"""Samples with their labels and weights, which a learner grows, corrects and draws from."""

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from pandas.api.types import infer_dtype
from sklearn.utils import check_array, check_consistent_length

from .._data import is_dict, n_rows, sample_shape, stack_rows, take_rows

MAX_DRAWS = 100  # the data may well have a single class


class LabeledData(NamedTuple):
    """Labeled samples; every method returns a new one."""

    X: Any
    y: Any
    sample_weight: np.ndarray | None = None

    @property
    def n_samples(self):
        return n_rows(self.X)

    def extended(self, new):
        """Return these samples followed by `new`; rows without a weight get 1."""
        if sample_shape(self.X) != sample_shape(new.X):
            raise ValueError(
                f"the new samples have shape {sample_shape(new.X)} each, the labeled data of this "
                f"learner {sample_shape(self.X)}. Pass samples with the same features."
            )
        weight = None
        if self.sample_weight is not None or new.sample_weight is not None:
            weight = np.concatenate([self._weight_or_ones(), new._weight_or_ones()])
        return LabeledData(stack_rows(self.X, new.X), _stack_labels(self.y, new.y), weight)

    def take(self, indices):
        """Return the samples at `indices`."""
        weight = None if self.sample_weight is None else np.asarray(self.sample_weight)[indices]
        return LabeledData(take_rows(self.X, indices), take_rows(self.y, indices), weight)

    def relabeled(self, indices, y):
        """Return the same samples with new labels at `indices`."""
        indices = self.checked_indices(indices)
        if n_rows(y) != len(indices):
            raise ValueError(
                f"relabel needs one label for each index; got {n_rows(y)} labels for "
                f"{len(indices)} indices."
            )
        source = np.arange(self.n_samples)
        source[indices] = self.n_samples + np.arange(len(indices))
        both = _stack_labels(_as_plain(self.y), _as_plain(y))  # a longer string is not cut
        return self._replace(y=take_rows(both, source))

    def without(self, indices):
        """Return the samples that are not at `indices`."""
        indices = self.checked_indices(indices)
        return self.take(np.setdiff1d(np.arange(self.n_samples), indices))

    def checked_indices(self, indices):
        """Return `indices` as an integer array, or raise if one is not a labeled sample."""
        indices = np.atleast_1d(indices)
        if indices.ndim != 1:
            raise ValueError(f"indices must have one dimension; got shape {indices.shape}.")
        if not len(indices):
            return indices.astype(np.intp)  # an empty list has no type
        if indices.dtype.kind not in "iu":
            raise TypeError(f"indices must be integers; got an array of {indices.dtype}.")
        unknown = indices[(indices < 0) | (indices >= self.n_samples)]
        if len(unknown):
            raise ValueError(
                f"indices must be positions in the labeled data, in [0, {self.n_samples}); got "
                f"{unknown.tolist()}."
            )
        return indices

    def bootstrapped(self, rng):
        """Return as many samples, drawn with replacement.

        A draw that no classifier could be trained on, of a single class or without weight, is
        drawn again.
        """
        for _ in range(MAX_DRAWS):
            drawn = self.take(rng.randint(self.n_samples, size=self.n_samples))
            has_weight = drawn.sample_weight is None or drawn.sample_weight.any()
            if has_weight and _is_diverse(drawn.y):
                break
        return drawn

    def _weight_or_ones(self):
        return np.ones(self.n_samples) if self.sample_weight is None else self.sample_weight


def validate_labeled(X, y, sample_weight, all_finite):
    """Return the data as given, or raise if they cannot be samples with their labels.

    Only what no estimator can mean is refused here: no samples, lengths that differ, and, with
    `all_finite`, NaN and infinity. Everything else is the estimator's to judge.
    """
    if y is None:
        raise ValueError(
            "this learner requires y to be passed, but the target y is None. Pass the labels of X."
        )
    X, y = as_rows(X), as_rows(y)
    for name, data in (("X", X), ("y", y)):
        check_values(name, data, all_finite)
    if n_rows(X) != n_rows(y):
        raise ValueError(
            f"X and y must have the same number of samples; got inconsistent numbers: {n_rows(X)} "
            f"samples and {n_rows(y)} labels."
        )
    if sample_weight is not None:
        sample_weight = np.asarray(sample_weight, dtype=np.float64)
        check_consistent_length(X, sample_weight)
    return LabeledData(X, y, sample_weight)


def _stack_labels(known, new):
    """Return the labels `known` followed by the labels `new`."""
    new = _in_columns_as(known, new)
    if sample_shape(known) != sample_shape(new):
        raise ValueError(
            f"the new labels have shape {sample_shape(new)} each, those of this learner "
            f"{sample_shape(known)}. Pass labels of the same kind."
        )
    if _are_words(known) != _are_words(new):  # numpy would turn the numbers into words
        words, numbers = "words", "numbers"
        raise TypeError(
            f"labels must be all numbers or all words: this learner holds "
            f"{words if _are_words(known) else numbers}, the new labels are "
            f"{words if _are_words(new) else numbers}."
        )
    return stack_rows(known, new)


def _are_words(y):
    """Return whether labels are texts."""
    if sp.issparse(y):
        return False
    y = np.asarray(y)
    is_object = y.dtype == object and y.ndim == 1
    return y.dtype.kind in "US" or (is_object and infer_dtype(y, skipna=True) == "string")


def _as_plain(y):
    """Return labels without what a data frame or a series adds to them."""
    return y if sp.issparse(y) else np.asarray(y)


def _in_columns_as(known, y):
    """Return `y` as a column if the known labels are one, and in one dimension if they are not."""
    if np.ndim(known) == 2 and np.shape(known)[1] == 1 and np.ndim(y) == 1:
        return np.reshape(y, (-1, 1))
    is_column = np.ndim(known) == 1 and np.ndim(y) == 2 and np.shape(y)[1] == 1
    return np.ravel(y) if is_column else y


def _is_diverse(y):
    y = np.asarray(y)
    return y.ndim != 1 or (y != y[0]).any()


def as_rows(data):
    """Return data whose rows can be counted and taken, as an array if need be."""
    is_counted = data is None or hasattr(data, "__len__") or hasattr(data, "shape")
    return data if is_counted else np.asarray(data)


def check_values(name, data, all_finite):
    """Raise if values are NaN or infinite although that is not allowed, or no array at all."""
    if is_dict(data):
        for key, value in data.items():
            check_values(f"{name}[{key!r}]", value, all_finite)
        check_consistent_length(*data.values())
        return
    _check_cells(name, data)
    check_array(
        data,
        accept_sparse=("csr", "csc", "coo", "bsr"),  # others cannot be searched for NaN
        ensure_2d=False,
        allow_nd=True,
        dtype=None,
        ensure_all_finite=all_finite,
        ensure_min_features=0,
        input_name=name,
    )


def _check_cells(name, data):
    """Raise if a table of objects holds a dict, which a bootstrap or a round might not meet."""
    if not isinstance(data, np.ndarray) or data.dtype != object or data.ndim != 2:
        return
    if any(isinstance(value, dict) for value in data.flat):
        raise TypeError(
            f"argument must be a string or a number: {name} holds a dict. Turn its values into "
            f"columns first."
        )
