"""What the picker says of data that may be a mistake, and of data that is one."""

import numpy as np
import pandas as pd
import pytest
from drawn_particles import Shown, bumps, grid, picks_at, shown, write
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skal.micrographs import ParticlePicker


def test_picks_outside_are_counted_and_left_out():
    images = {"a": np.zeros((40, 50)), "b": np.zeros((40, 50))}
    picks = pd.concat([picks_at([20, 20], [49, 39]), picks_at([30, 30], name="b")])
    beyond = pd.concat([picks_at([20, 40], [50, 20]), picks_at([-1, 3], name="b")])
    picker = ParticlePicker(Shown(), diameter_px=8).fit(images, picks)
    message = r"3 of 6 picks are outside their micrograph and left out, of 'a', 'b': are they"
    with pytest.warns(UserWarning, match=message) as record:
        other = clone(picker).fit(images, pd.concat([picks, beyond]))
    assert record[0].filename == __file__
    np.testing.assert_array_equal(other.segmenter_.y_, picker.segmenter_.y_)
    with pytest.warns(UserWarning, match="3 of 6 picks") as record:
        score = picker.score(images, pd.concat([picks, beyond]))
    assert record[0].filename == __file__
    assert score == picker.score(images, picks)
    with pytest.warns(UserWarning, match="3 of 6 picks") as record:
        picker.prepare(images, pd.concat([picks, beyond]))
    assert record[0].filename == __file__


def test_mixed_pixel_sizes_are_told(tmp_path):
    pytest.importorskip("mrcfile")
    truth = grid((90, 120), 12)
    image = bumps(truth, (90, 120), 12)
    paths = [
        write(tmp_path, "a.mrc", image, pixel_size_angstrom=1.06),
        write(tmp_path, "b.mrc", image, pixel_size_angstrom=4.24),
    ]
    picks = pd.concat([truth.assign(micrograph=name) for name in "ab"])
    picker = ParticlePicker(Shown(), diameter_px=12)
    with pytest.warns(UserWarning, match=r"are 1\.06, 4\.24 angstrom wide"):
        picker.fit(paths, picks)
    picker.fit(paths[:1], picks.assign(pixel_size_angstrom=1.06))
    with pytest.warns(UserWarning, match=r"are 1\.06, 2\.12 angstrom wide"):
        picker.fit(paths[:1], picks.assign(pixel_size_angstrom=2.12))


IMAGE = np.zeros((40, 40))
GOOD = picks_at([20.0, 20.0], diameter=8.0)


@pytest.mark.parametrize(
    ("images", "picks", "error", "message"),
    [
        ({"a": IMAGE}, GOOD[:0], ValueError, "there must be picks .* an empty table"),
        ({"b": IMAGE}, GOOD, ValueError, "1 are on other micrographs, 'a'. Pass the picks of"),
        ({"a": IMAGE}, GOOD.assign(x=99), ValueError, "of 1 picks, 1 are outside their image"),
        ({"a": IMAGE}, GOOD.drop(columns="diameter"), ValueError, "diameter of particles is not"),
        ({"a": IMAGE}, GOOD.assign(diameter=np.nan), ValueError, "diameter of particles is not"),
        ({"a": IMAGE}, GOOD.assign(diameter=-3.0), ValueError, "median diameter .* positive"),
        ({"a": IMAGE}, GOOD.assign(diameter=200.0), ValueError, "in pixels, not in angstrom"),
        ({"a": IMAGE}, GOOD.drop(columns="y"), ValueError, "columns x, y; y is missing"),
        ({"a": IMAGE}, GOOD.drop(columns="micrograph"), ValueError, "micrograph is missing"),
        ({"a": IMAGE}, GOOD.assign(micrograph=7), ValueError, "names .* must be text; got"),
        ({"a": IMAGE}, GOOD.assign(x="left"), ValueError, "x and y of picks must be numbers"),
        ({"a": IMAGE}, GOOD.assign(x=np.nan), ValueError, "x and y of picks must be finite"),
        ({"a": IMAGE}, GOOD.to_dict(), TypeError, "picks must be a data frame"),
        ({}, GOOD, ValueError, "there must be a micrograph; got none"),
        ([], GOOD, ValueError, "there must be a micrograph; got none"),
        ("a.mrc", GOOD, TypeError, "Put a single one into a list"),
        (IMAGE, GOOD, TypeError, "Put a single one into a list"),
        ([IMAGE], GOOD, TypeError, "Arrays need names"),
        ({"a.mrc": IMAGE, "x/a.png": IMAGE}, GOOD, ValueError, "stand for one micrograph"),
        (["x/a.mrc", "y/a.mrc"], GOOD, ValueError, "two micrographs are called 'a.mrc'"),
        ({"a": np.zeros((4, 40, 40))}, GOOD, ValueError, r"micrograph 'a': .*\(height, width\)"),
        ({"a": IMAGE, "b": IMAGE * np.nan}, GOOD, ValueError, "micrograph 'b': image must be fin"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_is_an_error(images, picks, error, message):
    with pytest.raises(error, match=message):
        ParticlePicker(Shown()).fit(images, picks)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"threshold": 0.0}, "'threshold'"),
        ({"threshold": "best"}, "'threshold'"),
        ({"diameter_px": 0}, "'diameter_px'"),
        ({"working_diameter_px": 3}, "'working_diameter_px'"),
        ({"border_px": -1}, "'border_px'"),
        ({"border_px": 25}, r"micrograph 'a': border .* got border=25 for an image of 40 x 40"),
        ({"border_px": 15}, "all picks are in the border"),
    ],
)
def test_parameters_are_checked(params, message):
    picks = picks_at([3, 3], diameter=8.0)
    with pytest.raises(ValueError, match=message):
        ParticlePicker(Shown(), **params).fit({"a": IMAGE}, picks)


def test_score_refuses_picks_of_other_micrographs():
    picker = shown(grid((200, 300), 10), diameter_px=10)
    with pytest.raises(ValueError, match="no pick is on any of the 1 micrographs, 'b'"):
        picker.score({"b": IMAGE}, GOOD)


@pytest.mark.parametrize("method", ["predict", "predict_map", "save"])
def test_an_unfitted_picker_says_so(method):
    with pytest.raises(NotFittedError):
        getattr(ParticlePicker(), method)("x")
