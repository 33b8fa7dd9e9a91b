"""The formats of picks as other programs write them, and what is wrong with files that fail."""

import json

import numpy as np
import pandas as pd
import pytest

from skal.exceptions import FormatError
from skal.micrographs import read_picks, write_picks
from skal.micrographs.formats import check_destination

pytest.importorskip("gemmi")

LOOP = "data_\n\nloop_\n_rlnMicrographName #1\n_rlnCoordinateX #2\n_rlnCoordinateY #3\n"
CBOX = (
    "data_global\n\n_cbox_format_version 1.0\n\ndata_cryolo\n\nloop_\n_CoordinateX #1\n"
    "_CoordinateY #2\n_Width #3\n_Height #4\n_Confidence #5\n_EstWidth #6\n_NumBoxes #7\n"
)
CRYOTRANSFORMER = (
    "Micrograph_Name    X_Coordinate    Y_Coordinate    Class_Number    AnglePsi    "
    "Confidence_Score\n"
)


def read_text(folder, text, name="a.txt", **options):
    content = text if isinstance(text, bytes) else text.encode()
    (folder / name).write_bytes(content)
    return read_picks(folder / name, **options)


def rows_of(picks):
    return list(picks[["micrograph", "x", "y"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    "text",
    [
        LOOP + "m/a.mrc 1.5 2\nb.mrc 3 -4e1\n",
        LOOP.replace(" #1", "").replace(" #2", "").replace(" #3", "")
        + "a.mrc\t1.5\t2\nb.mrc\t3\t-40.0\n",
        "# version 30001\n\n" + LOOP.replace("data_", "data_particles") + " a.mrc 1.5 2 # one\n"
        "b.mrc   3   -40\n",
        (LOOP + "a.mrc 1.5 2\nb.mrc 3 -40\n").replace("\n", "\r\n"),
        "\ufeff" + LOOP + "\"a.mrc\" 1.5 2\n'b.mrc' 3 -40\n",
        LOOP + "a.mrc 1.5 2\n\ndata_more" + LOOP[5:] + "b.mrc 3 -40\n",
        "data_x\n_rlnMicrographName a.mrc\n_rlnCoordinateX 1.5\n_rlnCoordinateY 2\n" + "data_y"
        "\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\nb.mrc 3 -40\n",
    ],
)
def test_star_in_all_its_spellings(tmp_path, text):
    picks = read_text(tmp_path, text)
    assert rows_of(picks) == [("a.mrc", 1.5, 2), ("b.mrc", 3, -40)]
    assert picks.attrs["micrographs"] == ("a.mrc", "b.mrc")


def test_star_with_letters_beyond_ascii_and_backslashes(tmp_path):
    picks = read_text(tmp_path, LOOP + "ä.mrc 1 2\nd:\\00000a\\日本.mrc 3 4\n")
    assert list(picks["micrograph"]) == ["ä.mrc", "日本.mrc"]
    text = LOOP.replace("#3", "#3\n_note #4") + "a.mrc 1 2 f:\\00000a\n"
    assert read_text(tmp_path, text)["note"][0] == "f:\\00000a"


def test_star_keeps_other_columns_under_their_names(tmp_path):
    loop = LOOP + "_rlnAutopickFigureOfMerit #4\n_rlnClassNumber #5\n_rlnImageName #6\n"
    picks = read_text(tmp_path, loop + "a.mrc 1 2 0.5 7 000001@b.mrcs\n")
    assert picks.iloc[0].to_dict() == {
        "micrograph": "a.mrc",
        "x": 1.0,
        "y": 2.0,
        "score": 0.5,
        "rlnClassNumber": 7,
        "rlnImageName": "000001@b.mrcs",
    }


def test_star_tells_the_pixel_size_of_each_optics_group(tmp_path):
    optics = "data_optics\n\nloop_\n_rlnOpticsGroup\n_rlnMicrographPixelSize\n1 0.5\n2 0.75\n\n"
    loop = LOOP.replace("data_", "data_particles") + "_rlnOpticsGroup #4\n"
    picks = read_text(tmp_path, optics + loop + "a 1 2 2\nb 1 2 1\n")
    assert list(picks["pixel_size_angstrom"]) == [0.75, 0.5]
    write_picks(picks, tmp_path / "b.star")
    pd.testing.assert_frame_equal(read_picks(tmp_path / "b.star"), picks)


def test_star_without_names_is_named_by_its_file(tmp_path):
    text = "data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n1 2\n"
    for name in ("mic_7_autopick.star", "mic_7_manualpick.star", "mic_7.star"):
        assert rows_of(read_text(tmp_path, text, name)) == [("mic_7", 1, 2)]


def test_box_gives_corners_and_cryotransformer_centers(tmp_path):
    box = read_text(tmp_path, "10 20 8 8\n11\t21 8 8\n", "a.box")
    assert rows_of(box) == [("a", 14, 24), ("a", 15, 25)]
    assert list(box["diameter"]) == [8, 8]
    text = CRYOTRANSFORMER + "a b.mrc\t14.5\t75.0\t-9999\t-9999\t0.25\n"
    centers = read_text(tmp_path, text, "a_vitpicker.box", image_height=100)
    assert rows_of(centers) == [("a b.mrc", 14.5, 24)]
    assert list(centers["score"]) == [0.25]
    assert list(centers["Class_Number"]) == [-9999]


def test_box_with_scores_and_without_sides(tmp_path):
    picks = read_text(tmp_path, "10 20 0 0 0.5\n", "a.box")
    assert picks.columns.tolist() == ["micrograph", "x", "y", "score"]
    assert picks.iloc[0].tolist() == ["a", 10, 20, 0.5]


def test_an_empty_box_file_is_a_micrograph_without_particles(tmp_path):
    picks = read_text(tmp_path, "", "a.box")
    assert len(picks) == 0
    assert picks.attrs["micrographs"] == ("a",)


def test_cbox_gives_corners_and_values_that_are_not_known(tmp_path):
    picks = read_text(tmp_path, CBOX + "10.5 20 8 8 0.5 7.5 <NA>\n-1 0 8 6 <NA> 8 <NA>\n", "a.cbox")
    assert rows_of(picks) == [("a", 14.5, 24), ("a", 3, 3)]
    assert list(picks["diameter"]) == [8, 8]
    np.testing.assert_array_equal(picks["score"], [0.5, np.nan])
    assert picks.columns.tolist() == ["micrograph", "x", "y", "diameter", "score", "EstWidth"]


def test_topaz_and_cryoppp_and_a_plain_table(tmp_path):
    topaz = read_text(tmp_path, "image_name\tx_coord\ty_coord\tscore\na b\t1\t2\t-0.5\n")
    assert topaz.iloc[0].tolist() == ["a b", 1, 2, -0.5]
    text = "X-Coordinate,Y-Coordinate,Diameter,Angle-Psi\n1,2,108,-9\n"
    cryoppp = read_text(tmp_path, text, "mic.csv")
    assert cryoppp.iloc[0].to_dict() == {
        "micrograph": "mic",
        "x": 1,
        "y": 2,
        "diameter": 108,
        "Angle-Psi": -9,
    }
    plain = read_text(tmp_path, 'x,note,micrograph,y\n1,"a,b",c.mrc,2\n')
    assert plain.iloc[0].tolist() == ["c.mrc", 1, 2, "a,b"]


def test_topaz_leaves_extensions_out(tmp_path):
    picks = pd.DataFrame({"micrograph": ["a.mrc", "b.c.tif"], "x": 1.0, "y": 2.0, "diameter": 9.0})
    write_picks(picks, tmp_path / "a.tsv")
    assert (tmp_path / "a.tsv").read_text() == (
        "image_name\tx_coord\ty_coord\na\t1.0\t2.0\nb.c\t1.0\t2.0\n"
    )


def test_coordinates_json_keeps_micrographs_without_particles(tmp_path):
    picks = read_text(tmp_path, '{"a.png": [[1, 2.5]], "b.png": [], "c.png": [[3, 4]]}')
    assert rows_of(picks) == [("a.png", 1, 2.5), ("c.png", 3, 4)]
    assert picks.attrs["micrographs"] == ("a.png", "b.png", "c.png")
    path = tmp_path / "coordinates.json"
    write_picks(picks, path, micrographs=picks.attrs["micrographs"])
    expected = {"a.png": [[1, 2.5]], "b.png": [], "c.png": [[3, 4]]}
    assert json.loads(path.read_text()) == expected
    write_picks(picks[picks["micrograph"] == "c.png"], path)  # no claim about the others
    assert json.loads(path.read_text()) == {"c.png": [[3, 4]]}


def test_boxes_of_eman2(tmp_path):
    text = '{"boxes": [[10, 20, "manual"], [1.5, 2, "auto"]], "ctf": [1.2]}'
    picks = read_text(tmp_path, text, "mic_1_info.json")
    assert rows_of(picks) == [("mic_1", 10, 20), ("mic_1", 1.5, 2)]


def cs_records(**changes):
    fields = [
        ("uid", "<u8"),
        ("location/micrograph_path", "S60"),
        ("location/micrograph_shape", "<u4", (2,)),
        ("location/center_x_frac", "<f4"),
        ("location/center_y_frac", "<f4"),
        ("location/micrograph_psize_A", "<f4"),
    ]
    name = b"J1/imported/000001281467243737059_mic.mrc"
    records = np.array([(2**63 + 1, name, (100, 200), 0.25, 0.75, 0.5)] * 2, fields)
    for name, value in changes.items():
        records[f"location/{name}"] = value
    return records


def test_cryosparc_counts_rows_from_the_last_one(tmp_path):
    with open(tmp_path / "a.cs", "wb") as file:
        np.save(file, cs_records())
    picks = read_picks(tmp_path / "a.cs")
    assert rows_of(picks) == [("000001281467243737059_mic.mrc", 50, 24)] * 2
    assert list(picks["uid"]) == [2**63 + 1] * 2
    assert list(picks["pixel_size_angstrom"]) == [0.5, 0.5]
    assert picks.attrs == {"micrographs": ("000001281467243737059_mic.mrc",)}
    assert list(read_picks(tmp_path / "a.cs", origin="top_left")["y"]) == [75, 75]
    assert list(read_picks(tmp_path / "a.cs", image_height=90)["y"]) == [14, 14]


def test_nothing_is_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([object()]), allow_pickle=True)
    with pytest.raises(FormatError, match=r"a\.npy .*cannot be loaded without running code"):
        read_picks(tmp_path / "a.npy")


def test_cryosparc_with_other_types_names_them(tmp_path):
    fields = [("location/micrograph_path", "<f4"), *cs_records().dtype.descr[2:5]]
    records = np.zeros(1, fields)
    np.save(tmp_path / "a.npy", records)
    with pytest.raises(FormatError, match=r"another type .*micrograph_path': 'float32'"):
        read_picks(tmp_path / "a.npy")


def test_cryosparc_without_positions_names_them(tmp_path):
    np.save(tmp_path / "a.npy", cs_records()[["uid", "location/center_x_frac"]])
    with pytest.raises(FormatError, match=r"micrograph_path.*center_y_frac.*passthrough"):
        read_picks(tmp_path / "a.npy")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"a\.txt is empty"),
        ("# nothing\n", r"a\.txt is empty"),
        ("1 2 3\n", r"no format of picks that skal knows; it begins with '1 2 3'"),
        ("x,y\n1,2\n", r"no format of picks.*Name the columns"),
        (b"\xff\xfe1\x00", r"no text in UTF-8: byte 0 is 0xff"),
        (b"\x93NUMPY\x01\x00 broken", r"cannot be loaded"),
        ("micrograph,x,y,X-Coordinate,Y-Coordinate\n", r"can be csv or cryoppp.*format='csv'"),
        ('{"boxes": [[1, 2]]}', r"can be json or eman2"),
        ('{"a": 1}', r"no format of picks"),
        ("[[1, 2]]", r"no format of picks"),
        ('{"a": [[1, 2]', r"a\.txt is damaged: .*line 1"),
        ('{"a": [[1, 2]], "a": []}', r"names that come twice: 'a'"),
        ('{"a": [[1, 2], [3]]}', r"pick 2 of 'a' must be two numbers.*got \[3\]"),
        ('{"\\ud800": [[1, 2]]}', r"must name the micrograph of each pick, without control"),
        ('{"a": [[1, "2"]]}', r"pick 1 of 'a' must be two numbers"),
        ('{"a": [[1, NaN]]}', r"y of pick 1 must be a finite number; got 'nan'"),
        (LOOP + "a 1\n", r"no STAR file: 3:.*Wrong number of values"),
        (LOOP + "data_1.mrc 1 2\n", r"no STAR file: .*begin with data_ or _ must be quoted"),
        (LOOP + "a 1 ice\n", r"y of pick 1 must be a number; got 'ice'"),
        (LOOP + "a inf 1\n", r"x of pick 1 must be a finite number; got 'inf'"),
        (LOOP + "a 1 <NA>\n", r"y of pick 1 must be a finite number; got '<NA>'"),
        (LOOP + "'' 1 2\n", r"must name the micrograph of each pick.*got ''"),
        (LOOP.replace("Y", "Z"), r"no table has _rlnCoordinateX and _rlnCoordinateY; found data_"),
        (LOOP + "_x #4\na 1 2 3\n", r"two columns for \['x'\]"),
        (LOOP.replace("Micrograph", "Image") + "a 1 2\n", r"no _rlnMicrographName"),
        (CBOX.replace("_Width", "_W"), r"no CBOX file: data_cryolo must have \['Width'\]"),
        (CBOX + "1 2 x 4 5 6 7\n", r"Width of pick 1 must be a number; got 'x'"),
        ("1 2 3 4\n1 2 3\n", r"they have 3 or 4 numbers"),
        ("1 2 3 4\n1 2 1_0 4\n", r"line 2 of .* must be numbers"),
        (LOOP + "a 1_0 1\n", r"x of pick 1 must be a number; got '1_0'"),
        ("1 2 3 4\n1 2 x 4\n", r"line 2 of .* must be numbers.*'1 2 x 4'"),
        ("micrograph,x,y\na,1\n", r"pick 1 must have 3 values, as the header has; got 2"),
        ("micrograph,x,y\na,1,2\nb,,2\n", r"x of pick 2 must be a finite number; got ''"),
        ("micrograph,x,y,x\n", r"columns of .* must differ"),
        ('micrograph,x,y\n"a,1,2\n', r"a\.txt"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        read_text(tmp_path, text)


@pytest.mark.parametrize(
    ("format", "message"),
    [
        ("star", "no STAR file"),
        ("cbox", "no STAR file"),
        ("box", "must be numbers"),
        ("topaz", "must have the columns"),
        ("cryoppp", "must have the columns"),
        ("cryotransformer", "must have the columns"),
        ("json", "is damaged"),
        ("eman2", "is damaged"),
        ("cryosparc", "cannot be loaded"),
    ],
)
def test_a_format_that_is_named_is_taken_at_its_word(tmp_path, format, message):
    with pytest.raises(FormatError, match=message):
        read_text(tmp_path, "micrograph,x,y\na,1,2\n", format=format)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "spa"}, "format must be one of star"),
        ({"origin": "left"}, "origin must be one of top_left"),
        ({"units": "nm"}, "units must be one of px"),
        ({"units": "angstrom"}, "needs a pixel size"),
        ({"units": "angstrom", "pixel_size_angstrom": 0}, "needs a pixel size"),
        ({"pixel_size_angstrom": 1.5}, "is for units='angstrom' only"),
        ({"origin": "bottom_left"}, "image_height, or origin='top_left'"),
        ({"origin": "bottom_left", "image_height": {"b": 9}}, "lacks 1: 'a'"),
    ],
)
def test_options_are_checked(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        read_text(tmp_path, "micrograph,x,y\na,1,2\n", **options)


def test_angstrom_become_pixels_and_rows_are_counted_from_the_top(tmp_path):
    text = "micrograph,x,y,diameter\na.mrc,15,3,30\nb,15,3,30\n"
    picks = read_text(
        tmp_path,
        text,
        units="angstrom",
        pixel_size_angstrom=1.5,
        origin="bottom_left",
        image_height={"m/a.tif": 10, "b": 20},
    )
    assert rows_of(picks) == [("a.mrc", 10, 7), ("b", 10, 17)]
    assert list(picks["diameter"]) == [20, 20]
    assert picks.attrs["micrographs"] == ("a.mrc", "b")


def test_a_folder_of_files_is_one_table(tmp_path):
    for name, text in (("a", "0 0 2 2\n"), ("b", ""), ("c", "2 2 2 2\n4 4 2 2\n")):
        (tmp_path / f"{name}.box").write_text(text)
    (tmp_path / "._a.box").write_bytes(b"\0")  # what macOS leaves
    (tmp_path / "a.png").write_bytes(b"")
    picks = read_picks(tmp_path)
    assert rows_of(picks) == [("a", 1, 1), ("c", 3, 3), ("c", 5, 5)]
    assert picks.attrs["micrographs"] == ("a", "b", "c")
    assert picks.index.tolist() == [0, 1, 2]


def test_a_folder_of_several_kinds_is_not_guessed_at(tmp_path):
    (tmp_path / "a.box").write_text("0 0 2 2\n")
    (tmp_path / "a.star").write_text(LOOP + "a 1 2\n")
    with pytest.raises(FormatError, match=r"several kinds: \.box, \.star.*format='box'"):
        read_picks(tmp_path)
    assert rows_of(read_picks(tmp_path, format="star")) == [("a", 1, 2)]


def test_a_folder_without_picks_or_with_picks_twice(tmp_path):
    with pytest.raises(FormatError, match=r"no files of picks, \.box, "):
        read_picks(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"{name}.star").write_text(LOOP + "c.mrc 1 2\n")
    with pytest.raises(
        FormatError, match=r"a\.star and b\.star .* both have the picks of 'c\.mrc'"
    ):
        read_picks(tmp_path)
    with pytest.raises(FormatError, match=r"cannot read .*: No such file"):
        read_picks(tmp_path / "none.star")


def picks_of(*names, **columns):
    values = {"x": 1.0, "y": 2.0, "diameter": 4.0, **columns}
    return pd.DataFrame({"micrograph": list(names), **values})


@pytest.mark.parametrize(
    ("picks", "path", "options", "message"),
    [
        (picks_of("a"), "a.xyz", {}, "format must be one of star.*extension"),
        (picks_of("a"), "a.json", {"format": "eman2"}, "format must be one of star"),
        (picks_of("a").drop(columns="x"), "a.csv", {}, r"\['x'\] are missing"),
        (picks_of("a", x=np.nan), "a.csv", {}, "x must be finite"),
        (picks_of("a/b"), "a.csv", {}, "without folders and control characters; got 'a/b'"),
        (picks_of("a\n"), "a.star", {}, "without folders and control characters"),
        (picks_of(""), "a.star", {}, "without folders and control characters"),
        (picks_of("a"), "a.json", {"micrographs": ["\ud800"]}, "without folders and control"),
        (picks_of("a"), "a.json", {"micrographs": ["b/c"]}, "without folders"),
        (picks_of("""a'b"c"""), "a.star", {}, "both kinds of quotes"),
        (picks_of("a").rename(columns={"diameter": "my column"}), "a.star", {}, "without spaces"),
        (picks_of("a").drop(columns="diameter"), "a.box", {}, r"assign\(diameter=diameter_px\)"),
        (picks_of("a", diameter=0.0), "a.cbox", {}, r"assign\(diameter=diameter_px\)"),
        (picks_of("a", "b"), "a.box", {}, "stands for the micrograph 'a'; got picks of 'a', 'b'"),
        (picks_of("b"), "a.box", {}, "stands for the micrograph 'a'; got picks of 'b'"),
        (picks_of("a.mrc", "a.png"), "a", {"format": "box"}, "stand for one micrograph"),
        (picks_of("a.mrc", "a.png"), "a.tsv", {}, "stand for one micrograph"),
        (picks_of(".a"), "a", {"format": "box"}, "begin with a dot"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, picks, path, options, message):
    with pytest.raises(ValueError, match=message):
        write_picks(picks, tmp_path / path, **options)
    assert not list(tmp_path.iterdir())


def test_files_of_other_micrographs_are_not_mixed_in(tmp_path):
    write_picks(picks_of("a.mrc", "b.mrc"), tmp_path / "boxes", format="box", micrographs=["c.mrc"])
    names = sorted(path.name for path in (tmp_path / "boxes").iterdir())
    assert names == ["a.box", "b.box", "c.box"]
    assert (tmp_path / "boxes/c.box").read_text() == ""
    with pytest.raises(ValueError, match=r"files of other micrographs.*'b\.box', 'c\.box'"):
        write_picks(picks_of("a.mrc"), tmp_path / "boxes", format="box")


def test_files_without_picks_say_that_nothing_was_found(tmp_path):
    nothing = picks_of().drop(columns="diameter")
    for format in ("box", "cbox", "cryoppp"):
        write_picks(nothing, tmp_path / format, format=format, micrographs=["a.mrc"])
        picks = read_picks(tmp_path / format)
        assert len(picks) == 0
        assert picks.attrs["micrographs"] == ("a",)


@pytest.mark.parametrize(
    ("name", "format", "names", "message"),
    [
        ("picks.txt", None, ["a"], "format must be one of"),
        ("picks", None, ["a"], "format must be one of"),
        ("picks.box", None, ["a", "b"], "stands for the micrograph"),
        ("boxes", "box", ["a"], "has files of other micrographs"),
    ],
)
def test_a_wrong_destination_is_told_before_there_are_picks(tmp_path, name, format, names, message):
    (tmp_path / "boxes").mkdir()
    (tmp_path / "boxes" / "z.box").write_text("")
    with pytest.raises(ValueError, match=message):
        check_destination(tmp_path / name, format, names)
    picks = pd.DataFrame({"micrograph": names, "x": 1.0, "y": 2.0, "diameter": 4.0})
    with pytest.raises(ValueError, match=message):
        write_picks(picks, tmp_path / name, format=format)
    check_destination(tmp_path / "picks.star", None, names)
    check_destination(tmp_path / "others", "box", names)
