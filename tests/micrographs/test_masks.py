"""Masks of particles, drawn from picks."""

import numpy as np
import pandas as pd
import pytest

from skal.micrographs import make_mask


def some_picks(n=12, width=30, height=20):
    rng = np.random.RandomState(0)
    x, y = rng.uniform(-5, width + 5, n), rng.uniform(-5, height + 5, n)
    return pd.DataFrame({"x": x, "y": y, "diameter": rng.uniform(4, 15, n)})


def slow_mask(picks, shape, scale, kind):
    mask = np.zeros(shape)
    for row in range(shape[0]):
        for column in range(shape[1]):
            for x, y, diameter in picks[["x", "y", "diameter"]].to_numpy():
                distance, radius = np.hypot(column - x, row - y), scale * diameter / 2
                value = np.exp(-0.5 * (distance / (radius / 2)) ** 2)
                if kind == "disc":
                    value = distance <= radius
                mask[row, column] = max(mask[row, column], value)
    return mask


@pytest.mark.parametrize("kind", ["disc", "gaussian"])
@pytest.mark.parametrize("scale", [1.0, 0.6])
def test_masks_are_those_of_the_slow_drawing(kind, scale):
    picks = some_picks()
    mask = make_mask(picks, (20, 30), radius_scale=scale, kind=kind)
    assert mask.dtype == (np.uint8 if kind == "disc" else np.float32)
    np.testing.assert_allclose(mask, slow_mask(picks, (20, 30), scale, kind), atol=5e-4)


def test_x_is_the_column():
    mask = make_mask(pd.DataFrame({"x": [30], "y": [10]}), (20, 50), diameter_px=7)
    rows, columns = np.nonzero(mask)
    assert (columns.mean(), rows.mean()) == (30, 10)


def test_a_diameter_overrides_the_column():
    picks = some_picks()
    expected = make_mask(picks.assign(diameter=9), (20, 30))
    assert np.array_equal(make_mask(picks, (20, 30), diameter_px=9), expected)


def test_no_picks_are_an_empty_mask():
    picks = some_picks().iloc[:0]
    assert make_mask(picks, (5, 6)).shape == (5, 6)
    assert not make_mask(picks, (5, 6)).any()


def test_what_cannot_be_drawn_is_refused():
    picks = some_picks()
    with pytest.raises(ValueError, match=r"of one micrograph; got 12, 'a' and 'b'"):
        make_mask(picks.assign(micrograph=list("abcdefghijkl")), (5, 5))
    with pytest.raises(ValueError, match="no column diameter"):
        make_mask(picks[["x", "y"]], (5, 5))
    with pytest.raises(ValueError, match="at least 2 pixels wide to be drawn; got 1"):
        make_mask(picks, (5, 5), diameter_px=2, radius_scale=0.5)
    with pytest.raises(ValueError, match="kind must be one of disc, gaussian; got 'square'"):
        make_mask(picks, (5, 5), kind="square")
    with pytest.raises(ValueError, match="y is missing among x, diameter"):
        make_mask(picks[["x", "diameter"]], (5, 5))
    with pytest.raises(ValueError, match=r"must be finite; got \[ 1. nan\] in row 1"):
        make_mask(pd.DataFrame({"x": [1.0, 1.0], "y": [2.0, np.nan]}), (5, 5), diameter_px=5)
    with pytest.raises(TypeError, match="data frame with columns x and y; got a list"):
        make_mask([[1, 2]], (5, 5), diameter_px=5)
    with pytest.raises(ValueError, match="positive numbers of pixels; got -3"):
        make_mask(picks, (5, 5), diameter_px=-3)
