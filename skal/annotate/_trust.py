"""Types that skops files may hold beyond those that skops trusts, and what is checked of them.

Trees of scikit-learn are arrays that compiled code follows without looking: a crafted one could
make it read anywhere in memory. They are trusted only because they are looked at here, before
anything is predicted.
"""

import numpy as np

TRUSTED = (
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)


class BrokenModelError(ValueError):
    """A model holds trees that are not whole."""


def untrusted_types(content):
    """Return the types in a skops file that are not known to be safe."""
    import skops.io

    return sorted(set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED))


def load_trusted(content):
    """Return the estimator in a skops file that holds no other types than trusted ones."""
    import skops.io

    estimator = skops.io.loads(content, trusted=list(TRUSTED))
    check_trees(estimator)
    return estimator


def check_trees(estimator):
    """Raise unless all trees in an estimator lead to nodes and features that there are.

    Raises
    ------
    BrokenModelError
    """
    _walk(estimator, None, set())


def _walk(value, width, seen):
    """Look at all that a value holds; `width` is the number of features of what holds it."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if hasattr(value, "children_left") and hasattr(value, "node_count"):
        _check_tree(value, width)
    elif type(value).__name__ == "TreePredictor":
        _check_predictor(value.nodes, width)
    for part in _parts(value):
        is_pipeline = type(value).__name__ == "Pipeline"
        own = None if is_pipeline else getattr(value, "n_features_in_", None)
        _walk(part, _same(width, own), seen)


def _same(outer, inner):
    if outer is not None and inner is not None and outer != inner:
        raise BrokenModelError(f"a model of {outer} features holds one of {inner}.")
    return outer if inner is None else inner


def _parts(value):
    if isinstance(value, list | tuple | set):
        return list(value)
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, np.ndarray):
        return value.ravel().tolist() if value.dtype == object else []
    is_plain = isinstance(value, str | bytes | int | float | type(None) | type)
    return [] if is_plain else list(getattr(value, "__dict__", {}).values())


def _check_tree(tree, width):
    n = tree.node_count
    if n > tree.capacity:  # the arrays below end with the capacity
        raise BrokenModelError(f"a tree says that it has {n} nodes, and holds {tree.capacity}.")
    is_leaf = tree.children_left == -1
    _check_nodes(tree.children_left, tree.children_right, is_leaf, n)
    _check_features(tree.feature[~is_leaf], width)
    if width != tree.n_features:
        raise BrokenModelError(f"a tree of {tree.n_features} features is in a model of {width}.")


def _check_predictor(nodes, width):
    if nodes["is_categorical"].any():
        raise BrokenModelError("trees with categories are not supported.")
    is_leaf = nodes["is_leaf"].astype(bool)
    left, right = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
    _check_nodes(left, right, is_leaf, len(nodes))
    _check_features(nodes["feature_idx"][~is_leaf], width)


def _check_nodes(left, right, is_leaf, n):
    inner = np.flatnonzero(~is_leaf)
    children = np.stack([left[inner], right[inner]])
    if n == 0 or (children <= inner).any() or (children >= n).any():
        raise BrokenModelError("a tree has children that are not behind their parents.")


def _check_features(features, width):
    if width is None or (features < 0).any() or (features >= width).any():
        raise BrokenModelError("a tree asks for features that there are not.")
