"""The picker: what it learns from, and where its picks are."""

import weakref

import numpy as np
import pandas as pd
import pytest
from drawn_particles import Shown, bumps, distances, grid, partly_picked, picks_at, shown, write
from hypothesis import given, settings
from hypothesis import strategies as st
from segmenters import PixelSegmenter
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skal.micrographs import (
    ParticlePicker,
    _sources,
    best_threshold,
    read_micrograph,
    score_picks,
)
from skal.micrographs._working import is_within, move_picks, pixels_within, working_shape

FEW = settings(max_examples=100, deadline=None, derandomize=True)
SIZES = st.tuples(st.integers(5, 400), st.integers(5, 400))


# Where things are --------------------------------------------------------------------------


@pytest.mark.parametrize("diameter", [9.0, 16.0, 23.7, 40.0, 61.3])
@pytest.mark.parametrize("shape", [(256, 256), (200, 331), (333, 250), (307, 307)])
def test_picks_are_where_particles_are_in_pixels_of_the_original(shape, diameter):
    truth = grid(shape, diameter)
    image = bumps(truth, shape, diameter)
    picker = ParticlePicker(Shown(), diameter_px=diameter).fit({"a": image}, truth)
    found = picker.predict({"a": image})
    assert len(found) == len(truth)
    working_pixel = max(1, diameter / 16)
    assert distances(found, truth).max() < 0.1 * working_pixel
    assert (found["diameter"] == diameter).all()


@FEW
@given(SIZES, SIZES, st.floats(-1, 500), st.floats(-1, 500))
def test_moved_picks_come_back(shape, other, x, y):
    picks = picks_at([x, y])
    there = move_picks(picks, shape, other)
    assert there["x"][0] == pytest.approx((x + 0.5) * other[1] / shape[1] - 0.5)
    pd.testing.assert_frame_equal(move_picks(there, other, shape), picks, rtol=1e-9, atol=1e-9)


@FEW
@given(SIZES, st.floats(0.05, 1), st.floats(0, 200))
def test_pixels_of_a_copy_are_within_where_their_centers_are(shape, factor, border):
    small = working_shape(shape, factor)
    rows, columns = np.indices(small)
    centers = picks_at(np.stack([columns.ravel(), rows.ravel()], axis=1))
    slow = is_within(move_picks(centers, small, shape), shape, border)
    np.testing.assert_array_equal(
        pixels_within(small, shape, border), slow.to_numpy().reshape(small)
    )


def test_masks_are_discs_around_picks_at_working_size():
    shape, truth = (150, 210), picks_at([20.3, 31.8], [133.0, 90.4], [207.0, 4.0])
    picker = ParticlePicker(diameter_px=30, working_diameter_px=12, radius_scale=0.75)
    X, y = picker.prepare({"a": np.zeros(shape)}, truth)
    assert X.shape == y.shape == (1, 60, 84)
    rows, columns = np.indices((60, 84))
    slow = np.zeros((60, 84))
    for at in 0.4 * (truth[["x", "y"]].to_numpy() + 0.5) - 0.5:
        slow[np.hypot(columns - at[0], rows - at[1]) <= 0.75 * 6] = 1
    np.testing.assert_array_equal(y[0], slow)
    assert (X.dtype, y.dtype) == (np.float32, np.int8)


def test_small_particles_are_not_enlarged():
    X, _ = ParticlePicker(diameter_px=8).prepare({"a": np.zeros((50, 60))}, picks_at([20, 20]))
    assert X.shape == (1, 50, 60)


def test_working_picks_are_where_masks_are():
    truth = grid((260, 311), 40)
    picker = ParticlePicker(diameter_px=40)
    _, y = picker.prepare({"a": np.zeros((260, 311))}, truth)
    moved = picker.working_picks({"a": np.zeros((260, 311))}, truth)
    assert set(moved["micrograph"]) == {"0"}
    assert moved["diameter"].to_numpy() == pytest.approx(16, rel=0.01)
    assert (y[0, moved["y"].round().astype(int), moved["x"].round().astype(int)] == 1).all()
    back = move_picks(moved, y.shape[1:], (260, 311))
    np.testing.assert_allclose(back[["x", "y"]], truth[["x", "y"]])


# Several micrographs -----------------------------------------------------------------------


def test_micrographs_of_other_sizes_are_continued_and_that_is_not_learned():
    wide, tall = np.random.RandomState(0).rand(40, 90), np.random.RandomState(1).rand(70, 50)
    picks = pd.concat([picks_at([60, 20], name="wide"), picks_at([20, 60], name="tall")])
    X, y = ParticlePicker(diameter_px=10).prepare({"wide": wide, "tall": tall}, picks)
    assert X.shape == y.shape == (2, 70, 90)
    np.testing.assert_allclose(X[0, :40], wide, atol=1e-6)
    np.testing.assert_allclose(X[1, :, :50], tall, atol=1e-6)
    np.testing.assert_allclose(X[1, :, 50:], tall[:, :-41:-1], atol=1e-6)
    assert (y[0, 40:] == -1).all()
    assert (y[0, :40] >= 0).all()
    assert (y[1, :, 50:] == -1).all()
    assert (y[1, :, :50] >= 0).all()
    assert np.argwhere(y == 1)[[0, -1], 0].tolist() == [0, 1]


def test_each_size_is_picked_by_itself():
    shapes = {"a": (200, 300), "b": (331, 250), "c": (160, 160)}
    truths = {name: grid(shape, 24).assign(micrograph=name) for name, shape in shapes.items()}
    images = {name: bumps(truths[name], shape, 24) for name, shape in shapes.items()}
    truth = pd.concat(truths.values())
    picker = ParticlePicker(Shown(), diameter_px=24).fit(images, truth)
    found = picker.predict(images)
    for name, table in truths.items():
        assert distances(found[found["micrograph"] == name], table).max() < 0.2
    assert picker.score(images, truth) == 1


def test_names_are_matched_without_folders_endings_and_numbers():
    images = {"deep/mic_1.mrc": np.zeros((60, 60)), "mic_2": np.zeros((60, 60))}
    picks = pd.concat(
        [
            picks_at([30, 30], name="J3/imported/000001281467243737059_mic_1.tif"),
            picks_at([20, 40], name="mic_2.mrc"),
            picks_at([20, 40], name="mic_3.mrc"),
        ]
    )
    _, y = ParticlePicker(diameter_px=10).prepare(images, picks)
    assert [mask[30, 30] for mask in y] == [1, 0]
    assert [mask[40, 20] for mask in y] == [0, 1]
    working = ParticlePicker(diameter_px=10).working_picks(images, picks)
    assert working["micrograph"].tolist() == ["0", "1"]


def test_picks_have_the_names_that_were_given():
    picker = shown(grid((200, 300), 10), diameter_px=10)
    images = {"b/mic.mrc": bumps(picks_at([50, 50]), (99, 99), 10), "empty": np.zeros((50, 50))}
    assert set(picker.predict(images)["micrograph"]) == {"b/mic.mrc"}


def test_a_micrograph_without_picks_holds_no_particles():
    images = {"a": np.zeros((40, 40)), "b": np.zeros((40, 40)), "c": np.zeros((40, 40))}
    picks, picker = picks_at([20, 20], diameter=8), ParticlePicker()
    with pytest.warns(UserWarning, match=r"2 micrographs have no picks .* 'b', 'c'\. Leave out"):
        _, y = picker.prepare(images, picks)
    assert [int((mask == 1).sum()) > 0 for mask in y] == [True, False, False]
    assert (y >= 0).all()
    picks.attrs["micrographs"] = ["a.mrc", "b.mrc", "c.mrc"]  # as read_picks says what files name
    np.testing.assert_array_equal(picker.prepare(images, picks)[1], y)


def test_files_are_read_one_at_a_time(tmp_path, monkeypatch):
    truth = grid((90, 120), 12)
    paths = [write(tmp_path, f"{name}.tif", bumps(truth, (90, 120), 12)) for name in "abcde"]
    picks = pd.concat([truth.assign(micrograph=f"{name}.mrc") for name in "abcde"])
    alive, most = weakref.WeakSet(), []

    def reading(path):
        micrograph = read_micrograph(path)
        alive.add(micrograph)
        most.append(len(alive))
        return micrograph

    monkeypatch.setattr(_sources, "read_micrograph", reading)
    picker = ParticlePicker(Shown(), diameter_px=12).fit(paths, picks)
    found = picker.predict([str(path) for path in paths])
    assert len(most) == 10
    assert max(most) == 1
    assert found.groupby("micrograph").size().to_dict() == {p.name: len(truth) for p in paths}
    in_memory = picker.predict([read_micrograph(path) for path in paths])
    pd.testing.assert_frame_equal(found, in_memory)


# Borders -----------------------------------------------------------------------------------


@pytest.mark.parametrize("diameter", [10, 32, 50])
def test_the_border_is_neither_learned_nor_picked_nor_scored(diameter):
    shape, border = (400, 500), 70
    truth = grid(shape, diameter)
    image = bumps(truth, shape, diameter)
    picker = ParticlePicker(Shown(), diameter_px=diameter, border_px=border).fit(
        {"a": image}, truth
    )
    x, y = truth["x"], truth["y"]
    inner = truth[(x >= 69.5) & (x <= 429.5) & (y >= 69.5) & (y <= 329.5)]
    found = picker.predict({"a": image})
    assert 0 < len(found) == len(inner) < len(truth)
    assert distances(found, inner).max() < 0.1 * max(1, diameter / 16)
    assert picker.score({"a": image}, truth) == 1
    assert len(picker.working_picks({"a": image}, truth)) == len(inner)
    edge = round(70 * min(1, 16 / diameter))
    mask = picker.segmenter_.y_[0]
    assert (mask[edge:-edge, edge:-edge] >= 0).all()
    assert (mask == -1).sum() == mask.size - mask[edge:-edge, edge:-edge].size


def test_the_working_border_leaves_out_the_picks_that_the_border_does():
    picker = ParticlePicker(diameter_px=32, border_px=40)
    shape = (320, 320)
    truth = picks_at(*[[x, 160] for x in (0, 39.4, 39.6, 100, 279.4, 279.6)])
    inner = picker.working_picks({"a": np.zeros(shape)}, truth)
    border = picker.working_border_px
    moved = move_picks(truth, shape, (160, 160))
    by_working_border = moved[moved["x"].between(border, 159 - border)]
    np.testing.assert_allclose(inner["x"], by_working_border["x"])
    assert len(inner) == 3


def test_without_a_border_particles_at_the_very_edge_count():
    picks = picks_at([-0.4, 10.0], [39.4, 20.0], [20, 20])
    assert len(ParticlePicker(diameter_px=9).working_picks({"a": np.zeros((40, 40))}, picks)) == 3


# Thresholds --------------------------------------------------------------------------------


def test_where_few_particles_are_picked_the_best_threshold_is_low():
    images, some, every = partly_picked(0.3)
    settings = {"diameter_px": 14, "radius_scale": 0.5}
    fixed = ParticlePicker(PixelSegmenter(sigma=2), **settings).fit(images, some)
    auto = clone(fixed).set_params(threshold="auto").fit(images, some)
    assert fixed.threshold_ == 0.5
    assert 0.05 <= auto.threshold_ < 0.5
    assert auto.score(images, every) > fixed.score(images, every) + 0.3


def test_the_best_threshold_is_that_of_the_training_picks():
    images, some, _ = partly_picked(0.5)
    picker = ParticlePicker(PixelSegmenter(sigma=2), diameter_px=14, threshold="auto")
    picker.fit(images, some)
    low = clone(picker).set_params(threshold=0.05).fit(images, some)
    found = low.predict(images)
    expected = best_threshold(found, some)
    assert picker.threshold_ == expected
    kept = found[found["score"] >= expected].reset_index(drop=True)
    pd.testing.assert_frame_equal(picker.predict(images), kept)


def test_the_best_threshold_counts_what_is_found_where_nothing_was_picked():
    truth = grid((200, 300), 10)
    weak = 0.6 * bumps(truth, (200, 300), 10)
    images = {"a": bumps(truth, (200, 300), 10), "empty": weak}
    truth.attrs["micrographs"] = ["a", "empty"]
    picker = ParticlePicker(Shown(), diameter_px=10, threshold="auto").fit(images, truth)
    assert set(picker.predict(images)["micrograph"]) == {"a"}


def test_a_threshold_that_cannot_be_found_is_an_error():
    picker = ParticlePicker(Shown(), diameter_px=10, threshold="auto")
    with pytest.raises(ValueError, match=r"no threshold can be found.*Train it for longer"):
        picker.fit({"a": np.zeros((50, 50))}, picks_at([20, 20]))
    with pytest.raises(NotFittedError):
        picker.predict({"a": np.zeros((50, 50))})


def test_no_picks_are_an_empty_table():
    picker = shown(grid((200, 300), 10), diameter_px=10)
    found = picker.predict({"a": np.zeros((50, 50)), "b": np.zeros((50, 50))})
    assert list(found) == ["micrograph", "x", "y", "score", "diameter"]
    assert len(found) == 0
    assert (found.dtypes.iloc[1:] == np.float64).all()


def test_the_best_pick_is_first():
    truth = grid((200, 300), 20)
    image = bumps(truth, (200, 300), 20) * np.linspace(0.6, 1, 300)
    picker = ParticlePicker(Shown(), diameter_px=20, threshold=0.3).fit({"a": image}, truth)
    found = picker.predict({"a": image})
    assert len(found) == len(truth)
    assert found["score"].is_monotonic_decreasing
    assert found["x"].iloc[0] > 200


def test_score_is_that_of_picks_and_particles():
    truth = grid((200, 300), 20)
    image = bumps(truth.iloc[5:], (200, 300), 20)
    picker = ParticlePicker(Shown(), diameter_px=20).fit({"a": image}, truth)
    expected = score_picks(picker.predict({"a": image}), truth.assign(diameter=20)).f1_score
    assert picker.score({"a.mrc": image}, truth) == expected < 1


# Diameters ---------------------------------------------------------------------------------


def test_the_diameter_is_the_median_of_the_picks():
    picks = picks_at([10, 10], [20, 20], [30, 30], [35, 35], diameter=[8.0, 9.0, 12.0, np.nan])
    picker = ParticlePicker(Shown()).fit({"a": bumps(picks, (50, 50), 9)}, picks)
    assert picker.diameter_px_ == 9
    assert (
        clone(picker).set_params(diameter_px=11).fit({"a": np.zeros((50, 50))}, picks).diameter_px_
        == 11
    )


def test_a_fitted_picker_keeps_its_diameter_when_it_prepares_others():
    picks = picks_at([20, 20], diameter=10.0)
    image = np.zeros((50, 50))
    picker = ParticlePicker(Shown()).fit({"a": image}, picks)
    assert picker.prepare({"a": image}, picks.assign(diameter=40.0))[0].shape == (1, 50, 50)
    assert picker.diameter_px_ == 10
    assert picker.fit({"a": image}, picks.assign(diameter=40.0)).diameter_px_ == 40
    unfitted = ParticlePicker()
    assert unfitted.prepare({"a": image}, picks.assign(diameter=40.0))[0].shape == (1, 20, 20)
    assert unfitted.prepare({"a": image}, picks)[0].shape == (1, 50, 50)


# As an estimator ---------------------------------------------------------------------------


def test_it_is_an_estimator():
    picker = ParticlePicker(PixelSegmenter(sigma=2.0), diameter_px=20, border_px=3)
    assert picker.get_params()["segmenter__sigma"] == 2.0
    copy = clone(picker).set_params(segmenter__sigma=3.0)
    assert (copy.segmenter.sigma, picker.segmenter.sigma) == (3.0, 2.0)
    assert repr(picker).startswith("ParticlePicker(border_px=3, diameter_px=20,")


def test_fit_changes_neither_the_segmenter_nor_the_picks():
    images, some, _ = partly_picked(0.5)
    some.attrs["micrographs"] = ["0", "1"]
    before = some.copy()
    segmenter = PixelSegmenter()
    picker = ParticlePicker(segmenter, diameter_px=14).fit(images, some)
    assert not hasattr(segmenter, "coef_")
    assert picker.get_params()["segmenter"] is segmenter
    pd.testing.assert_frame_equal(some, before)
    assert some.attrs == {"micrographs": ["0", "1"]}
