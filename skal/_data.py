"""Rows of anything that people keep samples in.

Arrays of any rank, data frames, sparse matrices, lists, memory maps, torch tensors and dicts of
these are all a sequence of samples along their first axis.
"""

import numpy as np
import pandas as pd
import scipy.sparse as sp

INDEXABLE = ("csr", "csc", "lil", "dok")  # sparse formats whose rows can be taken


def is_dict(X):
    """Return whether `X` is a dict of arrays; scipy's DOK matrices are dicts too, but not these."""
    return isinstance(X, dict) and not sp.issparse(X)


def n_rows(X):
    """Return the number of samples in `X`."""
    if is_dict(X):
        return n_rows(next(iter(X.values()))) if X else 0
    return X.shape[0] if hasattr(X, "shape") else len(X)


def take_rows(X, indices):
    """Return the samples at `indices`, in the kind of container that `X` is.

    Parameters
    ----------
    X : array-like, data frame, sparse matrix, list or dict of these
    indices : int, or sequence of int
        A single integer gives a single sample (for a sparse matrix, a matrix of one row).
    """
    if is_dict(X):
        return {key: take_rows(value, indices) for key, value in X.items()}
    if hasattr(X, "iloc"):
        return X.iloc[indices]
    if sp.issparse(X):
        return (X if X.format in INDEXABLE else X.tocsr())[indices]
    if isinstance(X, list | tuple):
        if np.ndim(indices) == 0:
            return X[indices]
        is_mask = np.asarray(indices).dtype == bool
        return [X[i] for i in (np.flatnonzero(indices) if is_mask else indices)]
    return X[indices]


def slice_rows(X, rows):
    """Return the samples of the slice `rows`, without a copy where the container allows it."""
    if is_dict(X):
        return {key: slice_rows(value, rows) for key, value in X.items()}
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    return X.tocsr()[rows] if sp.issparse(X) else X[rows]


def stack_rows(first, second):
    """Return the samples of `first` followed by those of `second`."""
    if is_dict(first):
        return {key: stack_rows(first[key], second[key]) for key in first}
    if isinstance(first, list) and isinstance(second, list):
        return first + second
    if sp.issparse(first) or sp.issparse(second):
        return sp.vstack([first, second]).tocsr()
    if isinstance(first, pd.DataFrame):
        return pd.concat([first, _as_frame_like(first, second)])
    if isinstance(first, pd.Series) and isinstance(second, pd.Series):
        return pd.concat([first, second])
    if hasattr(first, "new_empty"):  # a torch tensor
        import torch

        return torch.cat([first, torch.as_tensor(second)])
    return np.concatenate([np.asarray(first), np.asarray(second)])


def _as_frame_like(frame, rows):
    if not isinstance(rows, pd.DataFrame):
        rows = pd.DataFrame(np.asarray(rows), columns=frame.columns)
    if list(rows.columns) != list(frame.columns):
        raise ValueError(
            f"the new samples must have the columns of the labeled data, in the same order: "
            f"expected {list(frame.columns)}, got {list(rows.columns)}."
        )
    return rows.astype(_shared_categories(frame, rows)) if frame.columns.is_unique else rows


def _shared_categories(frame, rows):
    """Return the categorical types of `frame` that fit `rows`; stacking others gives objects."""
    return {
        name: dtype
        for name, dtype in frame.dtypes.items()
        if isinstance(dtype, pd.CategoricalDtype)
        and rows[name].dropna().isin(dtype.categories).all()
    }


def sample_shape(X):
    """Return the shape of one sample: `()` for a text or a number, `(n_features,)` for a row."""
    if is_dict(X):
        return {key: sample_shape(value) for key, value in X.items()}
    if hasattr(X, "shape"):
        return tuple(X.shape[1:])
    return np.shape(X[0]) if len(X) else ()
