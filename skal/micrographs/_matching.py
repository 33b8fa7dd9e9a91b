"""One-to-one matches of points, from the pairs that are near enough."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

METHODS = ("greedy", "hungarian")


def near_pairs(points, truth, radius):
    """Return all pairs at most `radius` apart, and their distances.

    Parameters
    ----------
    points : ndarray of shape (n_points, 2)
    truth : ndarray of shape (n_truth, 2)
    radius : ndarray of shape (n_truth,)
        How near to each true point is near enough.

    Returns
    -------
    pairs : ndarray of int of shape (n_pairs, 2)
        Positions in `points` and in `truth`.
    distances : ndarray of shape (n_pairs,)
    """
    if not len(points) or not len(truth):
        return np.empty((0, 2), np.intp), np.empty(0)
    reach = radius.max() * (1 + 1e-9)  # the exact comparison is ours
    near = cKDTree(points).sparse_distance_matrix(cKDTree(truth), reach, output_type="ndarray")
    pairs = np.stack([near["i"], near["j"]], axis=1)
    distances = np.hypot(*(points[pairs[:, 0]] - truth[pairs[:, 1]]).T)
    kept = distances <= radius[pairs[:, 1]]
    return pairs[kept], distances[kept]


def match_greedy(pairs, distances, *ties):
    """Return which pairs match where the nearest pair always goes first.

    Parameters
    ----------
    pairs, distances : ndarray
        As :func:`near_pairs` returns them.
    *ties : ndarray of shape (n_pairs,)
        What decides, smallest first, among pairs that are equally far apart.
    """
    matched = []
    points_left, truth_left = set(pairs[:, 0].tolist()), set(pairs[:, 1].tolist())
    order = np.lexsort([*reversed(ties), distances])
    for row, (point, true) in zip(order, pairs[order].tolist(), strict=True):
        if point in points_left and true in truth_left:
            points_left.remove(point)
            truth_left.remove(true)
            matched.append(row)
    return np.array(matched, np.intp)


def match_hungarian(pairs, distances):
    """Return which pairs match: as many as can be, at the smallest sum of squared distances.

    What is not connected by near pairs cannot compete, so each connected part is solved alone.
    """
    if not len(pairs):
        return np.empty(0, np.intp)
    parts = _connected_parts(pairs)
    return np.concatenate([_assign(pairs, distances, rows) for rows in parts])


def _connected_parts(pairs):
    """Return the rows of `pairs` that belong to each connected part of the graph."""
    n_points = pairs[:, 0].max() + 1
    n = n_points + pairs[:, 1].max() + 1
    edges = coo_array((np.ones(len(pairs)), (pairs[:, 0], n_points + pairs[:, 1])), shape=(n, n))
    label = connected_components(edges, directed=False)[1][pairs[:, 0]]
    order = np.argsort(label, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(label[order])) + 1)


def _assign(pairs, distances, rows):
    """Return the rows that match within one connected part."""
    if len(rows) == 1:
        return rows
    _, points = np.unique(pairs[rows, 0], return_inverse=True)
    _, truth = np.unique(pairs[rows, 1], return_inverse=True)
    shape = points.max() + 1, truth.max() + 1
    squared = distances[rows] ** 2
    # one forbidden pair costs more than all allowed ones: none is taken that could be spared
    costs = np.full(shape, 1 + 2 * min(shape) * squared.max())
    costs[points, truth] = squared
    row_of = np.full(shape, -1)
    row_of[points, truth] = rows
    taken = row_of[linear_sum_assignment(costs)]
    return taken[taken >= 0]
