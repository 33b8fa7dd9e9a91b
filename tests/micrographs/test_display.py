"""Pictures of picks."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from skal.micrographs import plot_picks


def picks_at(*points):
    return pd.DataFrame(points, columns=["x", "y"], dtype=float).assign(diameter=10.0)


@pytest.fixture
def ax():
    return Figure().subplots()


def offsets(ax):
    return [collection.get_offsets().tolist() for collection in ax.collections]


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_circles_tell_what_matched(ax):
    image = np.random.RandomState(0).rand(60, 80)
    truth = picks_at((20, 20), (70, 50))
    returned = plot_picks(image, picks_at((22, 21), (40, 30)), truth, ax)
    assert returned is ax
    assert offsets(ax) == [[[22, 21]], [[40, 30]], [[70, 50]]]
    assert labels(ax) == ["matched 1", "false 1", "missed 1"]
    colors = [tuple(collection.get_edgecolor()[0]) for collection in ax.collections]
    assert len(set(colors)) == 3


def test_without_truth_all_picks_look_alike(ax):
    plot_picks(np.zeros((60, 80)), picks_at((22, 21), (40, 30)), ax=ax)
    assert labels(ax) == ["picked 2"]


def test_circles_are_as_wide_as_particles_and_y_points_down(ax):
    plot_picks(np.random.RandomState(0).rand(60, 80), picks_at((22, 21)), ax=ax)
    assert ax.collections[0].get_widths().tolist() == [10]
    assert ax.get_xlim() == (-0.5, 79.5)
    assert ax.get_ylim() == (59.5, -0.5)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x (px)", "y (px)")


def test_contrast_does_not_follow_hot_pixels(ax):
    image = np.random.RandomState(0).rand(60, 80)
    image[5, 5] = 1e6
    plot_picks(image, picks_at(), ax=ax)
    assert ax.images[0].get_clim()[1] <= 1


def test_large_images_are_drawn_smaller_where_they_are(ax):
    image = np.zeros((2500, 4099))
    image[1000:1002, 3000:3002] = 1
    plot_picks(image, picks_at((3000.5, 1000.5)), ax=ax)
    shown = ax.images[0].get_array()
    left, right, bottom, top = ax.images[0].get_extent()
    assert max(shown.shape) <= 2048
    row, column = np.unravel_index(shown.argmax(), shown.shape)
    assert left + (column + 0.5) * (right - left) / shown.shape[1] == pytest.approx(3000.5, abs=1)
    assert top + (row + 0.5) * (bottom - top) / shown.shape[0] == pytest.approx(1000.5, abs=1)
    assert ax.get_xlim() == (-0.5, 4098.5)


def test_picks_of_several_micrographs_are_refused(ax):
    with pytest.raises(ValueError, match="of one micrograph; got 2"):
        plot_picks(np.zeros((9, 9)), picks_at((1, 1), (2, 2)).assign(micrograph=["a", "b"]), ax=ax)


def test_picks_need_a_diameter_to_be_drawn(ax):
    with pytest.raises(ValueError, match=r"picks have no column diameter.*picks\.assign"):
        plot_picks(np.zeros((9, 9)), picks_at((1, 1))[["x", "y"]], ax=ax)


def test_importing_micrographs_loads_nothing_heavy():
    heavy = ["torch", "matplotlib", "skorch", "PIL", "skimage", "modAL"]
    code = f"import skal.micrographs, sys; print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
