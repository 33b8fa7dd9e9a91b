"""Samples as a fitted estimator's last step sees them."""

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.ensemble import (
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.pipeline import Pipeline

HETEROGENEOUS = VotingClassifier | VotingRegressor | StackingClassifier | StackingRegressor


def transform_without_estimating(estimator, X):
    """Return `X` through all steps of a pipeline but the last.

    The pipelines in a voting or stacking ensemble each transform, and the results stand side by
    side. Without a pipeline `X` comes back as it is.
    """
    members = estimator.estimators_ if isinstance(estimator, HETEROGENEOUS) else [estimator]
    transformed = [_transform(m, X) for m in members if isinstance(m, Pipeline)]
    return side_by_side(transformed) if transformed else X


def _transform(pipeline, X):
    return pipeline[:-1].transform(X) if len(pipeline) > 1 else X


def side_by_side(blocks):
    """Return the columns of all blocks, next to each other."""
    if len(blocks) == 1:
        return blocks[0]
    if any(sp.issparse(block) for block in blocks):
        return sp.hstack(blocks).tocsr()
    if all(isinstance(block, pd.DataFrame) for block in blocks):
        return pd.concat(blocks, axis=1)
    stacked = np.hstack([np.asarray(block) for block in blocks])
    return stacked.tolist() if isinstance(blocks[0], list) else stacked
