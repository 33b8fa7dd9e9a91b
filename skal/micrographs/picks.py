"""Picks found in score maps, and in micrographs without any learning."""

import numpy as np
import pandas as pd
from scipy import ndimage
from scipy.spatial import cKDTree
from scipy.stats import skew

from ._checks import check_border, check_positive, validate_image
from .filters import clipped_statistics, filter_isotropic

__all__ = ["find_picks", "log_picks"]

METHODS = ("peaks", "components")
POLARITIES = ("dark", "bright", "auto")
# All lengths below are shares of the diameter of a particle.
MIN_DISTANCE = 0.6  # between picks; above 0.577, the way to the gap amid three that touch
SMOOTHING = 1 / 6  # standard deviation of the Gaussian that smooths score maps
BLOB = 1 / 4  # standard deviation of the Laplacian of Gaussian
BACKGROUND = 2.2  # standard deviation of the blur that stands for the background
MIN_AREA = 10  # pixels of a component
TOUCHING = np.ones((3, 3))  # pixels touch at corners too


def find_picks(score_map, diameter_px, *, threshold=0.5, method="peaks", border=0):
    """Find particles in a map of how probable they are.

    Parameters
    ----------
    score_map : array-like of shape (H, W)
        Values in [0, 1], such as the probability that a pixel is in a particle.
    diameter_px : float
        The diameter of a particle, in pixels of the map.
    threshold : float, default=0.5
        The least score of a pick, in [0, 1]. Nets that learned from incomplete labels need a lower
        one: see :func:`best_threshold`.
    method : {"peaks", "components"}, default="peaks"
        "peaks" smooths the map by a Gaussian with a standard deviation of a sixth of the diameter
        and takes its peaks, the best first, none within 0.6 diameters of a better one; particles
        that touch stay apart. "components" takes the centers of mass of connected pixels at or
        above the threshold, 8 neighbors each, that are at least 10 pixels large, as segmentation
        pipelines often do; it merges particles that touch.
    border : float, default=0
        No picks nearer to an edge than this, in pixels.

    Returns
    -------
    pandas.DataFrame
        Columns x and y, finer than a pixel; score, of peaks the smoothed map's, of components the
        mean over their pixels; and diameter. The best are first. A column `micrograph` is left to
        the caller: ``find_picks(...).assign(micrograph=name)``.

    Raises
    ------
    ValueError
        If values are not in [0, 1], or an argument is out of range.

    Examples
    --------
    >>> score_map = np.zeros((30, 40))
    >>> score_map[10:15, 20:25] = 1
    >>> find_picks(score_map, 5)[["x", "y"]]
          x     y
    0  22.0  12.0
    """
    score_map = validate_image(score_map, "score_map")
    check_positive(diameter_px, "diameter_px")
    check_border(border, score_map.shape)
    _check_choice(method, METHODS, "method")
    _check_probabilities(score_map, threshold)
    find = _find_peaks if method == "peaks" else _find_components
    found = find(score_map, diameter_px, threshold)
    return _pick_table(*found, diameter_px, border, score_map.shape)


def log_picks(image, diameter_px, *, threshold=1.5, polarity="dark", border=0):
    """Find particles as blobs, by the Laplacian of Gaussian, without any learning.

    A baseline that labels must beat. A wide blur is subtracted from the image, then the Laplacian
    of a Gaussian with a standard deviation of a quarter of the diameter responds to blobs.

    Parameters
    ----------
    image : array-like of shape (H, W)
        Real numbers.
    diameter_px : float
        The diameter of a particle, in pixels. For hollow particles, such as capsids, pass more
        than it is: the response of a small Gaussian has its peaks in their shells.
    threshold : float, default=1.5
        The least score of a pick.
    polarity : {"dark", "bright", "auto"}, default="dark"
        Whether particles are darker or brighter than the background. Underfocused micrographs have
        dark ones, unless they were inverted. "auto" follows the longer tail of the response, which
        tells solid particles well, but hollow ones not.
    border : float, default=0
        No picks nearer to an edge than this, in pixels; what is there does not set the scale of
        scores either. Leave out edges that a program has padded.

    Returns
    -------
    pandas.DataFrame
        Columns x, y, score and diameter, the best first; no two are within 0.6 diameters. A score
        is the response in standard deviations of the image's responses, outliers clipped: it has
        no upper bound.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> rows, columns = np.indices((64, 64))
    >>> image = -np.exp(-((columns - 20.25) ** 2 + (rows - 40) ** 2) / 18)
    >>> log_picks(image, 12, threshold=4)[["x", "y"]].round(2)
           x     y
    0  20.25  40.0
    """
    image = validate_image(image)
    check_positive(diameter_px, "diameter_px")
    check_border(border, image.shape)
    _check_choice(polarity, POLARITIES, "polarity")
    response = _blob_response(image, diameter_px)
    inner = response[_inside(border, image.shape)]
    mean, std = clipped_statistics(inner)
    if not std:
        return _pick_table(np.empty((0, 2)), np.empty(0), diameter_px, border, image.shape)
    if polarity == "bright" or (polarity == "auto" and skew(inner, axis=None) < 0):
        response, mean = -response, -mean
    found = _peaks((response - mean) / std, threshold, MIN_DISTANCE * diameter_px)
    return _pick_table(*found, diameter_px, border, image.shape)


def _check_choice(value, choices, name):
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}; got {value!r}.")


def _check_probabilities(score_map, threshold):
    if score_map.min() < 0 or score_map.max() > 1:
        raise ValueError(
            f"score_map must be in [0, 1]; got values from {score_map.min():.4g} to "
            f"{score_map.max():.4g}. Pass probabilities, not logits."
        )
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must be in (0, 1]; got {threshold}.")


def _blob_response(image, diameter_px):
    """Return the response to blobs, positive where they are dark."""

    def response(squared):  # of squared frequencies, in periods per pixel
        scale = 2 * np.pi**2 * diameter_px**2 * squared
        return -scale * np.exp(-(BLOB**2) * scale) * -np.expm1(-(BACKGROUND**2) * scale)

    return filter_isotropic(image - image.mean(dtype=np.float64).astype(np.float32), response)


def _inside(border, shape):
    border = int(np.ceil(border))
    return tuple(slice(border, n - border) for n in shape)


def _find_peaks(score_map, diameter_px, threshold):
    smooth = ndimage.gaussian_filter(score_map, SMOOTHING * diameter_px, truncate=3)
    points, scores = _peaks(smooth, threshold, MIN_DISTANCE * diameter_px)
    return points, scores.clip(0, 1)


def _peaks(values, threshold, min_distance):
    """Return x, y and height of peaks, none at most `min_distance` from a higher one.

    A flat top is one peak, at its center.
    """
    labels, n_labels = ndimage.label(_is_peak(values, threshold), TOUCHING)
    if not n_labels:
        return np.empty((0, 2)), np.empty(0)
    flat = np.flatnonzero(labels)
    _, first, sizes = np.unique(labels.ravel()[flat], return_index=True, return_counts=True)
    rows, columns = np.unravel_index(flat[first], values.shape)
    points = np.stack([columns + _offset(values, rows, columns, 1), rows], axis=1)
    points[:, 1] += _offset(values, rows, columns, 0)
    is_flat = sizes > 2  # of two pixels, the parabola finds the middle
    if is_flat.any():
        centers = ndimage.center_of_mass(labels > 0, labels, 1 + np.flatnonzero(is_flat))
        points[is_flat] = np.array(centers)[:, ::-1]
    points = points.clip(0, np.array(values.shape[::-1]) - 1)  # a parabola may end beyond an edge
    return _thin_out(points, values[rows, columns], min_distance)


def _is_peak(values, threshold):
    """Return where values reach the threshold, and no neighbor of a flat top is higher than it."""
    is_top = (values == ndimage.maximum_filter(values, 3)) & (values >= threshold)
    others = np.where(is_top, -np.inf, values)
    is_step = is_top & (ndimage.maximum_filter(others, 3) == values)  # its like has a higher one
    if not is_step.any():
        return is_top
    labels, _ = ndimage.label(is_top, TOUCHING)
    return is_top & ~np.isin(labels, np.unique(labels[is_step]))


def _offset(values, rows, columns, axis):
    """Return how far from its pixel each peak is, by a parabola through three pixels."""
    step = (axis == 0, axis == 1)
    top = np.pad(values, 1, mode="edge")
    at = rows + 1, columns + 1
    before, here, after = (
        top[at[0] + sign * step[0], at[1] + sign * step[1]].astype(np.float64)
        for sign in (-1, 0, 1)
    )
    curvature = 2 * here - before - after
    slope = (after - before) / 2
    return np.divide(slope, curvature, out=np.zeros_like(slope), where=curvature > 0)


def _thin_out(points, scores, min_distance):
    """Return points without those that are at most `min_distance` from a better one that is kept.

    Of equal scores the upper one goes first, then the left one.
    """
    tree = cKDTree(points)
    is_left = np.ones(len(points), bool)
    kept = []
    for i in np.lexsort([points[:, 0], points[:, 1], -scores]):
        if is_left[i]:
            kept.append(i)
            is_left[tree.query_ball_point(points[i], min_distance)] = False
    return points[kept], scores[kept]


def _find_components(score_map, diameter_px, threshold):
    labels, n_labels = ndimage.label(score_map >= threshold, TOUCHING)
    areas = np.bincount(labels.ravel(), minlength=n_labels + 1)
    large = 1 + np.flatnonzero(areas[1:] >= MIN_AREA)
    if not len(large):
        return np.empty((0, 2)), np.empty(0)
    centers = np.array(ndimage.center_of_mass(labels > 0, labels, large))
    scores = ndimage.mean(score_map, labels, large)
    order = np.argsort(-scores, kind="stable")
    return centers[order][:, ::-1], scores[order]


def _pick_table(points, scores, diameter_px, border, shape):
    """Return a table of picks, the best first, without those near the edges."""
    last = np.array(shape[::-1]) - 1
    kept = ((points >= border) & (points <= last - border)).all(axis=1)
    columns = {"x": points[kept, 0], "y": points[kept, 1], "score": scores[kept]}
    table = pd.DataFrame({name: np.asarray(v, np.float64) for name, v in columns.items()})
    return table.assign(diameter=float(diameter_px))
