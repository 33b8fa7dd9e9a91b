"""``skal pick score`` and ``convert``: tables of picks, and what can go wrong with them."""

import json

import numpy as np
import pandas as pd
import pytest
from made_micrographs import write_discs
from typer.testing import CliRunner

from skal.cli import app
from skal.micrographs import flip_picks, read_picks, score_picks, write_picks

HEIGHT = 64


def _run(*arguments):
    return CliRunner().invoke(app, ["pick", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path):
    """Return a folder with micrographs, the truth, and picks of which a few are wrong."""
    truth = write_discs(tmp_path / "m", ["a.mrc", "b.mrc"])
    write_picks(truth, tmp_path / "truth.csv")
    found = truth.drop(columns="diameter").assign(x=truth["x"] + 2, score=0.9)[:-3]
    found["micrograph"] = found["micrograph"].str.replace(".mrc", ".png")
    wrong = pd.DataFrame({"micrograph": ["a.png"], "x": [0.0], "y": [0.0], "score": [0.95]})
    write_picks(pd.concat([found, wrong]), tmp_path / "picks.star")
    return tmp_path


def _numbers(result):
    """Return the numbers of a printed table."""
    assert result.exit_code == 0, result.output
    lines = [line for line in result.stdout.splitlines() if line.startswith(("mean", "all"))]
    return [[float(value) for value in line.split()[3:]] for line in lines]


# score ---------------------------------------------------------------------------------------


def test_scores_are_those_of_the_library(folder):
    result = _run("score", folder / "picks.star", folder / "truth.csv", "--each")
    truth = read_picks(folder / "truth.csv").replace({".mrc": ""}, regex=True)
    picks = read_picks(folder / "picks.star").replace({".png": ""}, regex=True)
    scores = score_picks(picks, truth)
    macro = [scores.precision, scores.recall, scores.f1_score]
    micro = [scores.micro_precision, scores.micro_recall, scores.micro_f1_score]
    np.testing.assert_allclose(_numbers(result), [macro, micro], atol=6e-5)
    assert "15 of 16 picks match one of 18 particles on 2 micrographs" in result.stdout
    assert f"average precision       {scores.average_precision:.4f}" in result.stdout
    for name, row in scores.per_micrograph.iterrows():
        line = next(line for line in result.stdout.splitlines() if line.startswith(f"{name} "))
        assert float(line.split()[-1]) == pytest.approx(row["f1_score"], abs=6e-5)
    assert result.stderr == ""


def test_a_small_radius_matches_none_and_the_hungarian_method_is_known(folder):
    places = [folder / "picks.star", folder / "truth.csv"]
    assert _numbers(_run("score", *places, "--radius", 1.5)) == [[0, 0, 0], [0, 0, 0]]
    result = _run("score", *places, "--radius", 2.5, "--method", "hungarian")
    assert "15 of 16 picks match" in result.stdout
    assert _run("score", *places, "--method", "best").exit_code == 2


def test_picks_without_scores_have_no_average_precision(folder):
    write_picks(read_picks(folder / "picks.star"), folder / "picks.json")
    result = _run("score", folder / "picks.json", folder / "truth.csv")
    assert "average precision       -, as not all picks have scores" in result.stdout


def test_names_that_only_one_of_both_has_are_told(folder):
    picks = read_picks(folder / "picks.star")
    picks = picks[picks["micrograph"] == "a.png"]
    other = picks[:2].assign(micrograph="z.png")
    write_picks(pd.concat([picks, other]), folder / "some.csv")
    result = _run("score", folder / "some.csv", folder / "truth.csv")
    assert "1 micrographs of the picks are not to be scored, and left out: 'z.png'" in result.stderr
    assert "1 of the 2 micrographs to score have no picks" in result.stderr
    assert "9 of 10 picks match one of 18 particles on 2 micrographs" in result.stdout
    words = ["--micrographs", folder / "m" / "a.mrc"]
    result = _run("score", folder / "some.csv", folder / "truth.csv", *words)
    assert "9 of 10 picks match one of 9 particles on 1 micrographs" in result.stdout
    assert "to score have no picks" not in result.stderr


def test_images_without_particles_count_if_they_are_named(folder):
    truth = read_picks(folder / "truth.csv")
    write_picks(truth[truth["micrograph"] == "a.mrc"], folder / "some.csv")
    words = ["--micrographs", folder / "m"]
    result = _run("score", folder / "picks.star", folder / "some.csv", *words)
    assert "9 of 16 picks match one of 9 particles on 2 micrographs" in result.stdout


def test_flipped_picks_are_told(folder):
    rng = np.random.RandomState(0)
    names = np.repeat(["a.mrc", "b.mrc"], 20)
    truth = pd.DataFrame({"micrograph": names, "x": rng.rand(40) * 60, "y": rng.rand(40) * 60})
    write_picks(truth, folder / "truth.csv")
    write_picks(flip_picks(truth, HEIGHT), folder / "flipped.csv")
    words = [folder / "flipped.csv", folder / "truth.csv", "--radius", 1, "--flip-check"]
    for place in (["--image-height", HEIGHT], ["--micrographs", folder / "m"]):
        result = _run("score", *words, *place)
        assert result.exit_code == 0, result.output
        assert "the picks are FLIPPED" in result.stderr
    words[0] = folder / "truth.csv"
    result = _run("score", *words, "--image-height", HEIGHT)
    assert "the picks are not flipped" in result.stderr
    truth[:5].to_csv(folder / "truth.csv", index=False)
    result = _run("score", *words, "--image-height", HEIGHT)
    assert "whether the picks are flipped is not decided" in result.stderr
    assert result.exit_code == 0


def test_no_particles_and_no_picks_are_all_right(tmp_path):
    (tmp_path / "truth.json").write_text('{"a.mrc": []}')
    words = [tmp_path / "truth.json", tmp_path / "truth.json", "--radius", 5]
    assert _numbers(_run("score", *words)) == [[1, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize(
    ("picks", "truth", "arguments", "message"),
    [
        ("a.mrc,1,1\n", "z.mrc,1,1\n", ["--radius", 3], "the picks are of none of the micrographs"),
        ("a.mrc,1,1\n", "a.mrc,1,1\n", [], "TRUTH does not tell the diameter"),
        ("a.mrc,1,1\n", "", ["--radius", 3], "there must be an annotated micrograph"),
        ("a.mrc,1,1\n", "a.mrc,1,1\n", ["--flip-check"], "--flip-check needs the height"),
        ("a.mrc,1,1\na.png,2,2\n", "a.mrc,1,1\n", ["--radius", 3], "stand for one micrograph"),
        ("a.mrc,1,1\n", "a.mrc,1,1\n", ["--radius", -3], "radius must be a positive number"),
        ("a.mrc,1,1\n", "a.mrc,1,1\n", ["--micrographs", "/nowhere"], "cannot read /nowhere"),
    ],
)
def test_what_cannot_be_scored_is_one_line(tmp_path, picks, truth, arguments, message):
    for name, rows in (("picks.csv", picks), ("truth.csv", truth)):
        (tmp_path / name).write_text("micrograph,x,y\n" + rows)
    result = _run("score", tmp_path / "picks.csv", tmp_path / "truth.csv", *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: "), result.stderr
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


# convert -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["out.csv", "out.star", "out.json", "out.tsv", "box", "cryoppp"])
def test_picks_are_the_same_in_every_format(folder, name):
    words = [] if "." in name else ["--format", name]
    result = _run("convert", folder / "truth.csv", folder / "new" / name, *words)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("18 picks on 2 micrographs")
    truth, found = read_picks(folder / "truth.csv"), read_picks(folder / "new" / name)
    np.testing.assert_allclose(found[["x", "y"]], truth[["x", "y"]], atol=0.51)


def test_micrographs_without_picks_are_kept(tmp_path):
    (tmp_path / "in.json").write_text('{"a.mrc": [[1, 2]], "b.mrc": []}')
    _run("convert", tmp_path / "in.json", tmp_path / "out.json", "--scale", 2)
    assert json.loads((tmp_path / "out.json").read_text()) == {"a.mrc": [[2.5, 4.5]], "b.mrc": []}
    result = _run("convert", tmp_path / "in.json", tmp_path / "boxes", "--format", "box")
    assert result.stderr.startswith("Error: boxes need the diameter of all picks")
    assert result.stderr.endswith("Add it with --diameter.\n")
    words = ["--format", "box", "--diameter", 4]
    assert _run("convert", tmp_path / "in.json", tmp_path / "boxes", *words).exit_code == 0
    assert (tmp_path / "boxes" / "a.box").read_text().split() == ["-1", "0", "4", "4"]
    assert (tmp_path / "boxes" / "b.box").read_text() == ""


def test_y_is_counted_from_the_first_row(folder):
    for place in (["--image-height", HEIGHT], ["--micrographs", folder / "m"]):
        words = ["--origin", "bottom_left", *place]
        result = _run("convert", folder / "truth.csv", folder / "out.csv", *words)
        assert result.exit_code == 0, result.output
        y = read_picks(folder / "truth.csv")["y"]
        np.testing.assert_allclose(read_picks(folder / "out.csv")["y"], HEIGHT - 1 - y)


def test_angstrom_become_pixels(tmp_path):
    (tmp_path / "in.csv").write_text("micrograph,x,y,diameter\na,30,60,90\n")
    words = ["--units", "angstrom", "--pixel_size", 3]
    assert _run("convert", tmp_path / "in.csv", tmp_path / "out.csv", *words).exit_code == 0
    found = read_picks(tmp_path / "out.csv")
    assert found[["x", "y", "diameter"]].to_numpy().tolist() == [[10, 20, 30]]


def test_picks_outside_are_told_and_kept(folder):
    (folder / "in.csv").write_text("micrograph,x,y\na,5,5\na,64,5\nz,1,1\n")
    words = ["--micrographs", folder / "m"]
    result = _run("convert", folder / "in.csv", folder / "out.csv", *words)
    assert "1 outside their image: a.mrc (1), 1 names match no image: 'z'" in result.stderr
    assert len(read_picks(folder / "out.csv")) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "eman2"], "format must be one of"),
        (["--input-format", "box"], "line 1 of"),
        (["--origin", "bottom_left"], "pass --image-height or --micrographs, or --origin "),
        (["--units", "angstrom"], "--units angstrom needs a pixel size"),
        (["--pixel-size", 2], "--pixel-size is for --units angstrom only"),
        (["--scale", 0], "--scale must be a positive number"),
        (["--image-height", 64, "--micrographs", "m"], "--image-height and --micrographs both"),
    ],
)
def test_what_cannot_be_converted_is_one_line(folder, arguments, message):
    result = _run("convert", folder / "truth.csv", folder / "out.csv", *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (folder / "out.csv").exists()


def test_ambiguous_and_unknown_files_are_one_line(tmp_path):
    (tmp_path / "in.txt").write_text("hello\n")
    result = _run("convert", tmp_path / "in.txt", tmp_path / "out.csv")
    assert "pass --input-format." in result.stderr
    result = _run("score", tmp_path / "in.txt", tmp_path / "in.txt")
    assert result.stderr.endswith("`skal pick convert` has options for such files.\n")
