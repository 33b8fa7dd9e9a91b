"""What is written is read back the same, in every format that can be written."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skal.micrographs import micrograph_stem, read_picks, write_picks

pytest.importorskip("gemmi")

PATHS = {  # what each format is written to
    "star": "picks.star",
    "csv": "picks.csv",
    "topaz": "picks.tsv",
    "json": "coordinates.json",
    "cryoppp": "picks",
    "cbox": "picks",
    "box": "picks",
}
HELD = {  # the columns that a format holds, beyond the position
    "star": ["diameter", "score", "n", "note"],
    "csv": ["diameter", "score", "n", "note"],
    "topaz": ["score"],
    "json": [],
    "cryoppp": ["diameter", "score", "n", "note"],
    "cbox": ["diameter", "score"],
    "box": ["diameter", "score"],
}
CHARACTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/\\")
NAMES = st.text(CHARACTERS, min_size=1, max_size=12).filter(
    lambda name: micrograph_stem(name) == name and not name.startswith(".")
)
ANY = st.floats(-1e6, 1e6)
SHARES = st.integers(-(2**20), 2**20).map(lambda n: n / 1024)  # half a side is added without error
WHOLE = st.integers(-(2**20), 2**20).map(float)
SCORES = st.floats(allow_nan=True, allow_infinity=False)
POSITIONS = {"cbox": SHARES, "box": WHOLE}
DIAMETERS = {
    "cbox": st.integers(1, 4000).map(lambda n: n / 4),
    "box": st.integers(1, 400).map(lambda n: float(2 * n)),
}


@st.composite
def tables(draw, format):
    """Draw picks of up to three micrographs, with the columns that a format holds."""
    names = draw(st.lists(NAMES, max_size=3, unique=True))
    if format == "star":
        names = [name for name in names if not {"'", '"'} <= set(name)]
    position = POSITIONS.get(format, ANY)
    values = {
        "diameter": DIAMETERS.get(format, st.floats(0.1, 1e4)),
        "score": SCORES,
        "n": st.integers(-(2**60), 2**60),
        "note": st.sampled_from(["ice", "a b", "007", "1_0", "é"]),
    }
    row = st.tuples(st.sampled_from(names), position, position, *(values[n] for n in HELD[format]))
    rows = draw(st.lists(row, max_size=8)) if names else []
    return pd.DataFrame(rows, columns=["micrograph", "x", "y", *HELD[format]])


def expected_of(picks):
    """Return picks as they are read: known columns are floats, those without a value are gone."""
    picks = picks.astype(
        {n: "float" for n in picks.columns if n not in ("micrograph", "n", "note")}
    )
    empty = [name for name in ("diameter", "score") if name in picks and picks[name].isna().all()]
    return picks.astype({"micrograph": "str"}).drop(columns=empty if len(picks) else [])


def in_order(picks):
    """Return picks by micrograph: some formats keep the order within one only."""
    return picks.sort_values("micrograph", kind="stable", ignore_index=True)


@pytest.mark.parametrize("format", list(PATHS))
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_picks_are_read_as_they_were_written(format, data):
    picks = data.draw(tables(format))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PATHS[format]
        if len(picks) == 0 and path.suffix == "":
            return  # no micrograph, no file
        write_picks(picks, path, format=format)
        found = read_picks(path, format=format)
        assert set(found.attrs["micrographs"]) == set(picks["micrograph"])
        if len(picks) == 0:
            assert len(found) == 0
            return
        pd.testing.assert_frame_equal(in_order(found), in_order(expected_of(picks)))
        pd.testing.assert_frame_equal(read_picks(path), found)  # the format is told by content


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_star_opens_in_starfile(data):
    starfile = pytest.importorskip("starfile")
    picks = data.draw(tables("star"))
    picks = picks[~picks["micrograph"].str.contains("['\"#]|nan|NaN|<NA>", regex=True)]
    with tempfile.TemporaryDirectory() as folder:
        write_picks(picks, Path(folder) / "a.star")
        found = starfile.read(Path(folder) / "a.star", parse_as_string=["rlnMicrographName"])
    if len(picks):
        assert found["rlnMicrographName"].tolist() == picks["micrograph"].tolist()
        np.testing.assert_allclose(found["rlnCoordinateX"], picks["x"], rtol=1e-12)
        np.testing.assert_allclose(found["rlnCoordinateY"], picks["y"], rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(
    st.floats(-1e4, 1e4),
    st.floats(-1e4, 1e4),
    st.floats(1, 500),
)
def test_boxes_are_off_by_less_than_a_pixel(x, y, diameter):
    picks = pd.DataFrame({"micrograph": ["a"], "x": x, "y": y, "diameter": diameter})
    with tempfile.TemporaryDirectory() as folder:
        write_picks(picks, Path(folder) / "a.box")
        found = read_picks(Path(folder) / "a.box")
    assert abs(found["diameter"][0] - diameter) <= 0.5
    for name in "xy":  # the corner is rounded; that of the side moves no center
        assert abs(found[name][0] - picks[name][0]) <= 0.5
