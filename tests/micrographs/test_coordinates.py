"""Positions of picks: flips, scales, and what is found when they are checked."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from skal.micrographs import (
    check_picks,
    detect_flip,
    flip_picks,
    micrograph_stem,
    read_picks,
    scale_picks,
)


def picks_of(names, x, y, **columns):
    return pd.DataFrame({"micrograph": names, "x": x, "y": y, **columns})


def random_picks():
    """Return 40 picks on a coarse grid; none lies on one of an image of 100 rows when flipped."""
    cells = np.random.RandomState(0).permutation(400)[:40]
    return picks_of("a.mrc", cells % 20 * 5 + 1.0, cells // 20 * 5 + 1.0)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a.mrc", "a"),
        ("J1/imported/000001281467243737059_a.MRC", "a"),
        ("d:\\data\\a.b.tiff", "a.b"),
        ("a.mrc.gz", "a"),
        ("a.mrc_15.00Apx.mrc", "a.mrc_15.00Apx"),
        ("20210210_154050", "20210210_154050"),
        ("a.gz", "a"),
        (".mrc", ".mrc"),
        ("a.mrcs.bz2", "a"),
        ("a.txt", "a.txt"),
        ("000001281467243737059_", "000001281467243737059_"),
    ],
)
def test_stems(name, stem):
    assert micrograph_stem(name) == stem


def test_pixels_keep_their_place_when_an_image_is_binned_or_flipped():
    image = np.zeros((8, 12))
    image[4:6, 8:10] = 1  # one pixel at (4, 2) after binning by 2
    picks = picks_of(["a"], [8.5], [4.5], diameter=[2.0], pixel_size_angstrom=[0.5])
    binned = image.reshape(4, 2, 6, 2).mean(axis=(1, 3))
    small = scale_picks(picks, 0.5)
    assert binned[int(small["y"][0]), int(small["x"][0])] == 1
    assert small.iloc[0].to_dict() == {
        "micrograph": "a",
        "x": 4.0,
        "y": 2.0,
        "diameter": 1.0,
        "pixel_size_angstrom": 1.0,
    }
    pd.testing.assert_frame_equal(scale_picks(small, 2), picks)
    flipped = flip_picks(small, 4)
    assert binned[::-1][int(flipped["y"][0]), int(flipped["x"][0])] == 1
    pd.testing.assert_frame_equal(flip_picks(flipped, {"m/a.tif": 4}), small)


@pytest.mark.parametrize("factor", [0, -1, np.nan, np.inf])
def test_factors_must_be_positive(factor):
    with pytest.raises(ValueError, match="factor must be a positive number"):
        scale_picks(picks_of(["a"], [1], [1]), factor)


def test_picks_are_inside_up_to_the_edges_of_pixels():
    x = [-0.5, -0.51, 3.49, 3.5, 1, 1]
    y = [0, 0, 0, 0, 2.49, 2.5]
    inside, report = check_picks(picks_of("a.mrc", x, y), {"a.png": (3, 4)})
    assert list(inside["x"]) == [-0.5, 3.49, 1]
    assert list(inside["micrograph"]) == ["a.png"] * 3
    assert list(report.outside["x"]) == [-0.51, 3.5, 1]
    assert report.outside[["height", "width"]].to_numpy().tolist() == [[3, 4]] * 3
    assert not report.is_clean
    assert "3 outside their image: a.png (3)" in str(report)


def test_names_are_matched_and_what_does_not_match_is_listed():
    picks = picks_of(["x/000001281467243737059_a.mrc", "b", "c", "c"], 1.0, 1.0)
    inside, report = check_picks(picks, {"a.png": (9, 9), "b": (9, 9), "d.png": (9, 9)})
    assert list(inside["micrograph"]) == ["a.png", "b"]
    assert (report.unknown, report.without_picks) == (("c",), ("d.png",))
    assert len(report.outside) == 0


def test_a_clean_check_and_one_without_any_pick():
    picks = picks_of(["a"], [1.0], [1.0])
    inside, report = check_picks(picks, {"a": (9, 9)})
    pd.testing.assert_frame_equal(inside, picks)
    assert report.is_clean
    assert str(report) == "1 picks checked"
    inside, report = check_picks(picks[:0], {"a": (9, 9)})
    assert len(inside) == 0
    assert report.without_picks == ("a",)


def test_mixed_pixel_sizes_are_found():
    picks = picks_of(["a", "a"], 1.0, 1.0, pixel_size_angstrom=[0.5, np.nan])
    sizes = {"a": 0.5002, "b": 1.0, "c": None}
    shapes = dict.fromkeys(sizes, (9, 9))
    report = check_picks(picks, shapes, pixel_sizes_angstrom=sizes)[1]
    assert report.pixel_sizes_angstrom == (0.5, 1.0)
    assert "mixed pixel sizes: 0.5, 1 angstrom" in str(report)
    assert check_picks(picks, shapes)[1].pixel_sizes_angstrom == (0.5,)


def test_images_that_cannot_be_told_apart_are_refused():
    with pytest.raises(ValueError, match=r"'a\.mrc' and 'a\.png' stand for one micrograph"):
        check_picks(picks_of(["a"], 1.0, 1.0), {"a.mrc": (9, 9), "a.png": (9, 9)})


@pytest.mark.parametrize("is_flipped", [False, True])
@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_a_flip_is_told(is_flipped, noise):
    reference = random_picks()
    picks = reference.assign(x=reference["x"] + noise)[5:]
    picks = flip_picks(picks, 100) if is_flipped else picks
    result = detect_flip(picks, reference.assign(micrograph="m/a.png"), {"a.tif": 100}, 1.5)
    assert result.is_flipped is is_flipped
    shares = (result.share, result.share_flipped)
    assert max(shares) == 1
    assert min(shares) < 0.5
    assert (shares[1] > shares[0]) == is_flipped


def slow_matches(points, reference, radius):
    """Match the nearest pair of all, remove both, and so on."""
    points, reference, n_matched = list(points), list(reference), 0
    while True:
        pairs = [(np.hypot(*np.subtract(p, r)), p, r) for p in points for r in reference]
        pairs = [pair for pair in pairs if pair[0] <= radius]
        if not pairs:
            return n_matched
        _, p, r = min(pairs)
        points.remove(p)
        reference.remove(r)
        n_matched += 1


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_those_of_one_to_one_matches(seed):
    random = np.random.RandomState(seed)
    reference = picks_of(np.repeat(["a", "b"], 20), *random.uniform(0, 30, (2, 40)))
    picks = picks_of(np.repeat(["b", "c"], 30), *random.uniform(0, 30, (2, 60)))
    picks.loc[:14, ["x", "y"]] = reference.loc[20:34, ["x", "y"]].to_numpy() + 0.1
    result = detect_flip(picks, reference, 10**6, 3)
    ours = list(zip(picks["x"][:30], picks["y"][:30], strict=True))
    theirs = list(zip(reference["x"][20:], reference["y"][20:], strict=True))
    assert result.share == slow_matches(ours, theirs, 3) / 30
    assert (result.is_flipped, result.share_flipped) == (False, 0)


@pytest.mark.parametrize(("n_picks", "is_decided"), [(10, False), (11, True)])
def test_few_picks_do_not_decide(n_picks, is_decided):
    picks = random_picks()[:n_picks]
    if is_decided:
        assert not detect_flip(picks, picks, 10**6, 1).is_flipped
        return
    with pytest.raises(
        ValueError, match=r"of 10 picks, 10 match .* as they are, and 0 only flipped"
    ):
        detect_flip(picks, picks, 10**6, 1)


def test_picks_that_match_both_ways_or_none_do_not_decide():
    reference = random_picks()
    symmetric = pd.concat([reference, flip_picks(reference, 100)], ignore_index=True)
    with pytest.raises(ValueError, match="is not decided"):
        detect_flip(symmetric, symmetric, 100, 1)
    with pytest.raises(ValueError, match="0 match the reference only as they are, and 0 only"):
        detect_flip(reference, reference.assign(x=10**4), 100, 1)
    with pytest.raises(ValueError, match=r"in common; picks are of 'a', the reference is of 'b'"):
        detect_flip(reference, reference.assign(micrograph="b"), 100, 1)


def test_a_flip_of_real_picks_is_told(data_dir):
    picks = read_picks(data_dir / "cryoem/empiar10017/picks.csv")
    names = picks["micrograph"].unique()[:2]
    ours = picks[picks["micrograph"].isin(names)]
    ours = ours.sample(frac=0.5, random_state=0)
    result = detect_flip(flip_picks(ours, 1024), picks, 1024, 13.5)
    assert result.is_flipped
    assert result.share_flipped == 1
    inside, report = check_picks(picks, dict.fromkeys(picks["micrograph"].unique(), (1024, 1024)))
    assert report.is_clean
    assert len(inside) == 9227


def test_importing_micrographs_loads_no_optional_library():
    heavy = ["torch", "matplotlib", "mrcfile", "starfile", "gemmi", "PIL", "skimage"]
    code = f"import sys, skal.micrographs; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
