"""The real files of other programs are all read, or what they lack is named."""

import numpy as np
import pandas as pd
import pytest

from skal.exceptions import FormatError
from skal.micrographs import read_picks, scale_picks, write_picks

pytest.importorskip("gemmi")


@pytest.mark.parametrize(
    ("name", "n_picks", "first"),
    [
        ("star/cryosegnet_sample.star", 629, ("Falcon_2012_06_12-14_33_35_0.mrc", 3752, 693)),
        (
            "star/Ucsf_stack_1142_DW_autopick.star",
            45,
            ("Ucsf_stack_1142_DW", 839.125024, 19.979167),
        ),
        ("star/starfile_one_loop.star", 16, ("tomo_ts01.mrc_15.00Apx.mrc", 1572.444, 1084.5)),
        ("star/starfile_rln3.1_data_style.star", 4, ("0001_sum.mrc", 587, 1268)),
        ("star/starfile_single_line_end_of_multiblock.star", 3, ("0001_sum.mrc", 587, 1268)),
        ("star/starfile_single_line_middle_of_multiblock.star", 2, ("0001_sum.mrc", 587, 1268)),
        ("cbox/2d_particles.cbox", 3, ("2d_particles", 24.1877, 40.459892)),
        (
            "cbox/ActLifeact_03047.cbox",
            56,
            ("ActLifeact_03047", 654.0931981279252, 3469.789672386895),
        ),
        (
            "cbox/TcdA1-0018_frames_sum.cbox",
            120,
            ("TcdA1-0018_frames_sum", 3810.3671875, 3984.455551147461),
        ),
        ("box/2d_left.box", 3, ("2d_left", 24, 40)),
    ],
)
def test_files_of_other_programs(data_dir, name, n_picks, first):
    picks = read_picks(data_dir / "cryoem/formats" / name)
    assert len(picks) == n_picks
    assert picks["micrograph"][0] == first[0]
    np.testing.assert_allclose(picks.loc[0, ["x", "y"]].astype(float), first[1:], rtol=1e-12)


def test_relion_with_optics_groups(data_dir):
    picks = read_picks(data_dir / "cryoem/formats/star/cryosegnet_sample2.star")
    assert len(picks) == 2
    assert picks["micrograph"][0].startswith("000001281467243737059_PDE5A_apo_17")
    assert "rlnDefocusU" in picks


def test_scores_and_columns_of_cryolo(data_dir):
    picks = read_picks(data_dir / "cryoem/formats/cbox/TcdA1-0018_frames_sum.cbox")
    assert picks.columns.tolist() == [
        *("micrograph", "x", "y", "diameter", "score", "EstWidth", "EstHeight"),
    ]
    assert picks["score"][0] == 0.6578449010848999
    filament = read_picks(data_dir / "cryoem/formats/cbox/ActLifeact_03047.cbox")
    assert "filamentid" in filament


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("star/starfile_postprocess.star", "no table has _rlnCoordinateX.*data_general, data_fsc"),
        ("box/2d_corrupt_has_string.box", "line 2 .*'sixty_three 62 0 0'"),
        ("box/2d_corrupt_unqual_columns.box", "3 or 4 numbers"),
    ],
)
def test_what_real_files_lack(data_dir, name, message):
    with pytest.raises(FormatError, match=message):
        read_picks(data_dir / "cryoem/formats" / name)


def test_every_star_file_has_picks_but_one(data_dir):
    files = {path.name for path in (data_dir / "cryoem/formats/star").iterdir()}
    for name in files - {"starfile_postprocess.star"}:
        assert len(read_picks(data_dir / "cryoem/formats/star" / name)) > 0


def test_one_set_of_picks_in_four_formats(data_dir, tmp_path):
    folder = data_dir / "cryoem/empiar10017"
    table = read_picks(folder / "picks.csv")
    assert len(table) == 9227
    star = read_picks(folder / "picks.star")
    pd.testing.assert_frame_equal(star, table[["micrograph", "x", "y"]])
    boxes = read_picks(folder / "box")
    by_name = table.sort_values("micrograph", kind="stable", ignore_index=True)
    assert (boxes["micrograph"] + ".png" == by_name["micrograph"]).all()
    assert abs(boxes[["x", "y"]] - by_name[["x", "y"]]).max(axis=None) <= 0.5
    assert (boxes["diameter"] == 27).all()
    write_picks(table, tmp_path / "box", format="box")
    for path in (folder / "box").iterdir():
        ours = (tmp_path / "box" / path.name).read_text()
        assert ours.split() == path.read_text().split()


def test_cryoppp_and_binned_picks_are_the_same(data_dir):
    name = "Falcon_2012_06_12-14_33_35_0"
    full = read_picks(data_dir / f"cryoem/empiar10017/fullres/{name}.csv")
    assert full["micrograph"].unique().tolist() == [name]
    assert (full["diameter"] == 108).all()
    binned = read_picks(data_dir / "cryoem/empiar10017/picks.csv")
    binned = binned[binned["micrograph"] == f"{name}.png"]
    by_position = full.sort_values(["x", "y"])[["x", "y"]].to_numpy()
    expected = binned.sort_values(["x_4096", "y_4096"])[["x_4096", "y_4096"]].to_numpy()
    np.testing.assert_array_equal(by_position, expected)
    back = scale_picks(full, 0.25).sort_values(["x", "y"])
    by_x = binned.sort_values(["x", "y"])
    for name in ("x", "y", "diameter"):
        np.testing.assert_allclose(back[name], by_x[name])
