"""Images with and without labels: who is what, and what their masks are."""

import numpy as np
import pandas as pd
import pytest
from made_micrographs import write_discs

from skal.experiments.partly_labeled import load_partly_labeled
from skal.micrographs import find_micrographs, make_mask, read_micrograph


@pytest.fixture
def images(tmp_path):
    """Return the paths of ten images, and their picks."""
    picks = write_discs(tmp_path / "m", [f"i{k}.npy" for k in range(10)], side=32, n_particles=3)
    return find_micrographs([tmp_path / "m"]), picks


def positions(paths, X):
    """Return which images an array holds."""
    known = [read_micrograph(path).image for path in paths]
    return [next(i for i, image in enumerate(known) if (image == x).all()) for x in X]


def test_every_image_is_in_one_part(images):
    paths, picks = images
    data = load_partly_labeled(paths, picks, n_labeled=0.5, test_size=0.2, random_state=0)
    parts = [positions(paths, X) for X in (data.X, data.X_unlabeled, data.X_test)]
    assert [len(part) for part in parts] == [4, 4, 2]
    assert sorted(i for part in parts for i in part) == list(range(10))
    assert "4 images of 32 x 32 pixels with labels" in repr(data)


def test_masks_are_those_of_their_images(images):
    paths, picks = images
    data = load_partly_labeled(paths, picks, radius_px=3, n_labeled=4, test_size=0.1)
    for X, y in ((data.X, data.y), (data.X_test, data.y_test)):
        for i, mask in zip(positions(paths, X), y, strict=True):
            own = picks[picks["micrograph"] == paths[i].name]
            np.testing.assert_array_equal(mask, make_mask(own, (32, 32), diameter_px=6))
    assert (data.X.dtype, data.y.dtype) == (np.float32, np.int8)


def test_further_images_have_no_labels(images):
    paths, picks = images
    data = load_partly_labeled(paths[:8], picks, unlabeled=paths[8:], n_labeled=7)
    assert set(positions(paths, data.X_unlabeled)) > {8, 9}
    assert len(data.X_unlabeled) == 3


def test_more_labels_are_the_same_and_others(images):
    paths, picks = images
    few, many, other = (
        positions(paths, load_partly_labeled(paths, picks, n_labeled=n, random_state=seed).X)
        for n, seed in ((2, 0), (5, 0), (5, 1))
    )
    assert set(few) < set(many)
    assert set(many) != set(other)


def test_the_radius_is_that_of_the_picks_or_ten(images):
    paths, picks = images
    own = load_partly_labeled(paths, picks).y.mean()
    ten = load_partly_labeled(paths, picks.drop(columns="diameter"), random_state=0).y.mean()
    assert own < ten
    assert len(load_partly_labeled(paths, picks).X_unlabeled) == 0


def test_an_image_without_picks_has_no_particles_and_names_are_matched(images):
    paths, picks = images
    picks = picks.assign(micrograph=picks["micrograph"].str.replace(".npy", ".mrc"))
    with pytest.warns(UserWarning, match=r"1 micrographs have no picks .* 'i3\.npy'"):
        data = load_partly_labeled(paths, picks[picks["micrograph"] != "i3.mrc"])
    assert [i for i, mask in enumerate(data.y) if not mask.any()] == [3]


def test_bytes_stay_bytes(tmp_path):
    picks = write_discs(tmp_path, ["a.png", "b.png"])
    paths = find_micrographs([tmp_path])
    assert load_partly_labeled(paths, picks).X.dtype == np.uint8
    more = write_discs(tmp_path, ["c.mrc"])
    data = load_partly_labeled(find_micrographs([tmp_path]), pd.concat([picks, more]))
    assert data.X.dtype == np.float32
    np.testing.assert_array_equal(data.X[0], read_micrograph(paths[0]).image)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_labeled": 11}, "at most the 10 there are"),
        ({"n_labeled": 9, "test_size": 0.2}, "at most the 8 there are"),
        ({"n_labeled": 0}, "at least 1"),
        ({"radius_px": 0.5}, "at least 2 pixels wide"),
    ],
)
def test_what_cannot_be_is_said(images, options, message):
    with pytest.raises(ValueError, match=message):
        load_partly_labeled(*images, **options)


def test_images_must_have_one_shape(images):
    paths, picks = images
    write_discs(paths[0].parent, ["z.mrc"], side=64)
    with pytest.raises(ValueError, match="all images must have one shape"):
        load_partly_labeled([*paths, paths[0].parent / "z.mrc"], picks)
