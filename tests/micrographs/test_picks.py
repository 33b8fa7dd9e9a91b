"""Picks found in score maps and in images."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from skal.micrographs import find_picks, log_picks, make_mask, match_picks, score_picks

FEW = settings(max_examples=50, deadline=None, derandomize=True)
METHODS = pytest.mark.parametrize("method", ["peaks", "components"])


def picks_at(*points):
    return pd.DataFrame(points, columns=["x", "y"], dtype=float)


def places(picks):
    """Return the places of picks, to whole pixels, in reading order."""
    return sorted((round(y), round(x)) for x, y in picks[["x", "y"]].to_numpy())


def apart(n, diameter, shape, seed=0, factor=1.05):
    """Return n random points that are no nearer than particles of a diameter can be."""
    rng, points = np.random.RandomState(seed), []
    while len(points) < n:
        at = rng.uniform(diameter, np.array(shape[::-1]) - diameter)
        if all(np.hypot(*(at - other)) > factor * diameter for other in points):
            points.append(at)
    return picks_at(*points)


def slow_peaks(values, threshold, min_distance):
    """Take the highest pixel left, if it is higher than its neighbors, and clear around it."""
    kept = []
    for flat in np.argsort(-values, axis=None):
        y, x = np.unravel_index(flat, values.shape)
        around = values[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
        far = all(np.hypot(y - v, x - u) > min_distance for v, u in kept)
        if values[y, x] >= threshold and values[y, x] == around.max() and far:
            kept.append((y, x))
    return kept


@pytest.mark.parametrize("seed", range(4))
def test_peaks_are_those_of_the_slow_search(seed):
    score_map = np.random.RandomState(seed).rand(40, 50)
    diameter = 8.0
    smooth = ndimage.gaussian_filter(score_map.astype(np.float32), diameter / 6, truncate=3)
    slow = slow_peaks(smooth, 0.55, 0.6 * diameter)
    picks = find_picks(score_map, diameter, threshold=0.55)
    found = {tuple(at) for at in picks[["y", "x"]].round().to_numpy().astype(int)}
    # moved by less than a pixel, a few pairs come to the other side of the least distance
    assert len(found ^ set(slow)) <= 0.12 * len(slow)
    assert picks["score"].is_monotonic_decreasing


@pytest.mark.parametrize("kind", ["disc", "gaussian"])
@pytest.mark.parametrize("diameter", [8, 13, 40])
def test_centers_are_finer_than_a_pixel(kind, diameter):
    truth = apart(20, diameter, (400, 300))
    picks = find_picks(make_mask(truth, (400, 300), diameter_px=diameter, kind=kind), diameter)
    scores = score_picks(picks.assign(micrograph="a"), truth.assign(micrograph="a"), radius=0.4)
    assert scores.f1_score == 1


@METHODS
def test_x_is_the_column_and_all_columns_are_there(method):
    truth = picks_at((100, 20), (30, 50))
    score_map = 0.9 * make_mask(truth, (80, 150), diameter_px=15)
    picks = find_picks(score_map, 15, method=method)
    assert places(picks) == [(20, 100), (50, 30)]
    assert list(picks) == ["x", "y", "score", "diameter"]
    assert (picks["diameter"] == 15).all()
    assert picks["score"].between(0.88, 0.9001).all()


def test_particles_that_touch_stay_apart_as_peaks_and_merge_as_components():
    touching = picks_at((30, 30), (50, 30), (40, 30 + np.sqrt(300)))
    score_map = make_mask(touching, (80, 80), diameter_px=20)
    assert places(find_picks(score_map, 20)) == [(30, 30), (30, 50), (47, 40)]
    assert places(find_picks(score_map, 20, method="components")) == [(36, 40)]


@pytest.mark.parametrize("radius_scale", [0.5, 0.7, 1.0, 1.5])
def test_discs_drawn_smaller_or_larger_are_found_once(radius_scale):
    truth = apart(10, 24, (200, 200), factor=1.6)
    score_map = make_mask(truth, (200, 200), diameter_px=24, radius_scale=radius_scale)
    picks = find_picks(score_map, 24)
    scores = score_picks(picks.assign(micrograph="a"), truth.assign(micrograph="a"), radius=0.5)
    assert scores.f1_score == 1


def test_particles_cut_by_an_edge_are_found_in_the_image():
    truth = picks_at((0, 20), (39, 0), (25, 39.4))
    picks = find_picks(make_mask(truth, (40, 40), diameter_px=12), 12)
    assert len(match_picks(picks, truth, 3)[0]) == len(picks) == 3


def test_a_flat_top_is_one_peak_at_its_center():
    picks = find_picks(np.ones((31, 41)), 5)
    assert picks[["x", "y", "score"]].to_numpy().tolist() == [[20, 15, 1]]


def test_a_step_below_something_higher_is_no_peak():
    score_map = np.full((60, 60), 0.6)
    score_map[30:35, 30:35] = 0.9
    assert places(find_picks(score_map, 6)) == [(32, 32)]


@METHODS
def test_an_empty_map_has_no_picks(method):
    picks = find_picks(np.zeros((20, 20)), 5, method=method)
    assert list(picks) == ["x", "y", "score", "diameter"]
    assert not len(picks)
    assert picks["x"].dtype == float


@METHODS
def test_no_picks_are_near_the_border(method):
    truth = picks_at((10, 30), (11, 60), (80, 88), (80, 89))
    score_map = make_mask(truth.iloc[:3], (100, 120), diameter_px=9)
    assert len(find_picks(score_map, 9, method=method)) == 3
    near = find_picks(score_map, 9, method=method, border=11)
    assert places(near) == [(60, 11), (88, 80)]
    assert places(find_picks(score_map, 9, method=method, border=12)) == []


def slow_components(is_set):
    """Return the sets of pixels that are connected, by walking from each."""
    left = {tuple(at) for at in np.argwhere(is_set)}
    while left:
        found, open_ends = set(), [left.pop()]
        while open_ends:
            y, x = open_ends.pop()
            found.add((y, x))
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            open_ends.extend(near)
        yield sorted(found)


@pytest.mark.parametrize("seed", range(3))
def test_components_are_those_of_the_slow_walk(seed):
    score_map = ndimage.gaussian_filter(np.random.RandomState(seed).rand(40, 40), 1)
    threshold = np.quantile(score_map, 0.75)
    picks = find_picks(score_map, 5, threshold=threshold, method="components")
    parts = [part for part in slow_components(score_map >= threshold) if len(part) >= 10]
    slow = [[*np.mean(p, axis=0)[::-1], np.mean([score_map[at] for at in p])] for p in parts]
    assert len(slow) > 3
    found = picks[["x", "y", "score"]].to_numpy()
    np.testing.assert_allclose(found, sorted(slow, key=lambda p: -p[2]), rtol=1e-5)


@FEW
@METHODS
@given(arrays(np.float32, (12, 15), elements=st.floats(0, 1, width=32)), st.floats(2, 20))
def test_picks_are_in_the_image_and_apart_and_scores_in_range(method, score_map, diameter):
    picks = find_picks(score_map, diameter, threshold=0.3, method=method)
    assert picks["x"].between(0, 14).all()
    assert picks["y"].between(0, 11).all()
    assert picks["score"].between(0.3, 1).all()
    if method == "peaks" and len(picks) > 1:
        points = picks[["x", "y"]].to_numpy()
        distances = np.hypot(*(points[:, None] - points).T)
        assert distances[np.triu_indices(len(points), 1)].min() > 0.6 * diameter


def spots(truth, shape, sigma, height=-3.0, noise=0.5):
    """Return an image of Gaussian spots in white noise."""
    image = np.random.RandomState(0).normal(0, noise, shape)
    rows, columns = np.indices(shape)
    for x, y in truth[["x", "y"]].to_numpy():
        image += height * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2))
    return image


def test_dark_blobs_are_found_where_they_are():
    truth = apart(30, 20, (200, 300))
    picks = log_picks(spots(truth, (200, 300), 5), 20)
    scores = score_picks(picks.assign(micrograph="a"), truth.assign(micrograph="a"), radius=1)
    assert scores.f1_score > 0.95


@pytest.mark.parametrize("height", [-3, 3])
def test_polarity_is_told_by_the_longer_tail(height):
    truth = apart(30, 20, (200, 300))
    image = spots(truth, (200, 300), 5, height)
    known, wrong = ("dark", "bright") if height < 0 else ("bright", "dark")
    auto = log_picks(image, 20, polarity="auto")
    pd.testing.assert_frame_equal(auto, log_picks(image, 20, polarity=known))
    best = {p: log_picks(image, 20, polarity=p, threshold=0)["score"].max() for p in (known, wrong)}
    assert best[known] > 1.5 * best[wrong]


def test_bright_blobs_are_dark_ones_of_the_inverted_image():
    image = spots(apart(20, 20, (150, 150)), (150, 150), 5)
    dark, bright = log_picks(image, 20), log_picks(-image, 20, polarity="bright")
    pd.testing.assert_frame_equal(dark, bright, rtol=1e-4)


def test_brightness_and_contrast_do_not_matter():
    image = spots(apart(20, 20, (150, 150)), (150, 150), 5)
    other = log_picks(7 * image + 30_000, 20)
    assert places(other) == places(log_picks(image, 20))


def test_a_slope_is_no_particle():
    image = spots(apart(20, 20, (200, 200)), (200, 200), 5)
    slope = np.linspace(0, 60, 200)
    expected = log_picks(image, 20, border=20, threshold=3)
    found = log_picks(image + slope, 20, border=20, threshold=3)
    assert places(found) == places(expected)


def test_padding_within_the_border_does_not_set_the_scale():
    image = spots(apart(20, 20, (200, 200), factor=1.2), (200, 200), 5)
    padded = np.pad(image, 60, mode="reflect")
    padded[:8] += 500 * np.random.RandomState(0).normal(size=padded.shape[1])
    found = log_picks(padded, 20, border=60, threshold=3)
    moved = found.assign(x=found["x"] - 60, y=found["y"] - 60)
    assert places(moved) == places(log_picks(image, 20, threshold=3))


@pytest.mark.parametrize("value", [0, 0.1, 1e6])
def test_a_constant_image_has_no_picks(value):
    assert not len(log_picks(np.full((30, 30), value), 9, threshold=0))


def test_what_cannot_be_searched_is_refused():
    empty = np.zeros((30, 30))
    with pytest.raises(ValueError, match=r"must be in \[0, 1\]; got values from -3 to 2.*logits"):
        find_picks(np.array([[-3.0, 2.0]]), 5)
    with pytest.raises(ValueError, match=r"threshold must be in \(0, 1\]; got 0"):
        find_picks(empty, 5, threshold=0)
    with pytest.raises(ValueError, match="method must be one of peaks, components; got 'nms'"):
        find_picks(empty, 5, method="nms")
    with pytest.raises(ValueError, match="diameter_px must be a positive number; got 0"):
        find_picks(empty, 0)
    with pytest.raises(ValueError, match="border=15 for an image of 30 x 30 pixels"):
        log_picks(empty, 5, border=15)
    with pytest.raises(ValueError, match="polarity must be one of dark, bright, auto; got 'black'"):
        log_picks(empty, 5, polarity="black")
    with pytest.raises(ValueError, match="score_map must be an array of shape"):
        find_picks(np.zeros((2, 3, 3)), 5)
