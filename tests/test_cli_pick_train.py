"""``skal pick train`` and ``predict``: from picked micrographs to picks, and what can go wrong."""

import gc
import json
import weakref

import numpy as np
import pandas as pd
import pytest
from made_micrographs import TINY, disc_micrograph, write_data, write_discs
from typer.testing import CliRunner

from skal import micrographs
from skal.cli import app
from skal.micrographs import ParticlePicker, read_picks, write_picks

LEARNING = ["--working-diameter", 10, "--epochs", 1, *TINY, "--width", 4, "--learning-rate", 0.02]


def _run(*arguments):
    return CliRunner().invoke(app, ["pick", *map(str, arguments)])


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def trained(data):
    """Return the folder of a picker that has learned, and what training printed."""
    words = [data / "train", "--picks", data / "picks.csv", "--min-steps", 80, *LEARNING]
    return data / "picker", _run("train", *words, "--output", data / "picker")


@pytest.fixture(scope="module")
def net(data):
    """Return an iteration of ``skal pick run``."""
    places = ["--train-data-dir", data / "train", "--val-data-dir", data / "val"]
    words = ["--num-iterations", 1, "--initial-epochs", 1, "--working-diameter", 10, *TINY]
    result = _run("run", *places, "--picks", data / "picks.csv", *words, "--output-dir", data / "r")
    assert result.exit_code == 0, result.output
    return data / "r" / "uncertainty" / "seed_42" / "iteration_0"


# train ---------------------------------------------------------------------------------------


def test_training_prints_what_was_learned_and_saves_it(trained):
    folder, result = trained
    assert result.exit_code == 0, result.output
    assert "4 micrographs learned, diameter 10 px, threshold 0.5" in result.stdout
    assert str(folder) in result.stdout
    assert result.stderr == ""
    picker = ParticlePicker.load(folder)
    params = picker.segmenter_.get_params()
    wanted = {"width": 4, "depth": 1, "patch_size": 32, "min_steps": 80, "random_state": 42}
    assert {name: params[name] for name in wanted} == wanted
    assert picker.working_diameter_px == 10


def test_options_may_have_underscores_and_the_threshold_may_be_found(data, tmp_path):
    words = ["--working_diameter", 10, "--epochs", 1, *TINY, "--min_steps", 2, "--val_split", 0.5]
    words += [
        "--picks",
        data / "picks.csv",
        "--threshold",
        "auto",
        "--output",
        tmp_path / "new" / "p",
    ]
    result = _run("train", data / "train" / "t0.mrc", data / "train" / "t1.mrc", *words, "--quiet")
    assert result.exit_code == 0, result.output
    assert "diameter 10 px, threshold" in result.stdout
    assert len(result.stdout.splitlines()) == 1
    picker = ParticlePicker.load(tmp_path / "new" / "p")
    assert picker.threshold == "auto"
    assert picker.segmenter_.validation_fraction == 0.5


def test_picks_outside_are_told_and_left_out(data, tmp_path):
    picks = read_picks(data / "picks.csv")
    far = pd.DataFrame({"micrograph": ["t0.mrc"], "x": [64.0], "y": [5.0], "diameter": [10.0]})
    write_picks(pd.concat([picks, far]), tmp_path / "picks.star")
    words = ["--picks", tmp_path / "picks.star", "--min-steps", 1, *LEARNING]
    result = _run("train", data / "train", *words, "--output", tmp_path / "picker")
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("Note: 1 of 55 picks are outside their micrograph")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("picks", "arguments", "message"),
    [
        (
            "micrograph,x,y,diameter\nother.mrc,5,5,8\n",
            [],
            "no pick is on any of the 4 micrographs",
        ),
        ("micrograph,x,y,diameter\nt0.mrc,99,5,8\n", [], "no pick is on any of the 4 micrographs"),
        ("micrograph,x,y,diameter\n", [], "there must be picks of the micrographs"),
        ("micrograph,x,y\nt0.mrc,5,5\n", [], "the diameter of particles is not known"),
        ("micrograph,x,y\nt0.mrc,5,five\n", [], "picks.csv: y of pick 1 must be a number"),
        ("micrograph,x,y\nt0.mrc,5,5\n", ["--threshold", "often"], "--threshold must be a number"),
        ("micrograph,x,y\nt0.mrc,5,5\n", ["--threshold", "0"], "--threshold must be above 0"),
        ("micrograph,x,y\nt0.mrc,5,5\n", ["--diameter", 8, "--border", 40], "border must be"),
        ("micrograph,x,y\nt0.mrc,5,5\n", ["--device", "abacus"], "device must be auto, cpu"),
        ("micrograph,x,y\nt0.mrc,5,5\n", ["--diameter", 8, "--learning-rate", 0], "The 'lr'"),
    ],
)
def test_what_cannot_be_learned_is_one_line(data, tmp_path, picks, arguments, message):
    (tmp_path / "picks.csv").write_text(picks)
    words = [data / "train", "--picks", tmp_path / "picks.csv", *LEARNING, *arguments, "--quiet"]
    result = _run("train", *words, "--output", tmp_path / "picker")
    assert result.exit_code == 1
    error = result.stderr.splitlines()[-1]
    assert error.startswith("Error: ")
    assert message in error
    assert not (tmp_path / "picker").exists()


def test_the_diameter_can_be_given(data, tmp_path):
    (tmp_path / "picks.csv").write_text("micrograph,x,y\nt0.mrc,9,9\n")
    words = [data / "train", "--picks", tmp_path / "picks.csv", "--min-steps", 1, *LEARNING]
    refused = _run("train", *words, "--output", tmp_path / "picker")
    assert "Pass --diameter" in refused.stderr
    result = _run("train", *words, "--diameter", 10, "--output", tmp_path / "picker")
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("Note: 3 micrographs have no picks and count as free of")


def test_other_folders_are_not_replaced(data, tmp_path):
    (tmp_path / "thesis.tex").write_text("years")
    words = [data / "train", "--picks", data / "picks.csv", *LEARNING]
    result = _run("train", *words, "--output", tmp_path)
    assert result.exit_code == 1
    assert "which saving a picker would remove" in result.stderr
    assert (tmp_path / "thesis.tex").exists()


# predict -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["picks.star", "picks.csv", "picks.json", "picks.tsv", "boxes"])
def test_particles_are_found_and_written_in_any_format(data, trained, tmp_path, name):
    output = tmp_path / "new" / name
    words = ["--format", "box"] if name == "boxes" else []
    result = _run("predict", trained[0], data / "val", *words, "--output", output, "--quiet")
    assert result.exit_code == 0, result.output
    assert result.output == ""
    written = read_picks(output)
    picker = ParticlePicker.load(trained[0], device="cpu")
    found = picker.predict([data / "val" / "v0.mrc", data / "val" / "v1.mrc"])
    assert len(written) == len(found) > 10
    tolerance = 1 if name == "boxes" else 1e-9
    np.testing.assert_allclose(written[["x", "y"]], found[["x", "y"]], atol=tolerance)


def test_the_discs_are_found(data, trained, tmp_path):
    result = _run("predict", trained[0], data / "val", "--output", tmp_path / "picks.star")
    assert "micrographs\nPicks  " in result.stdout
    score = _run(
        "score", tmp_path / "picks.star", data / "picks.csv", "--micrographs", data / "val"
    )
    f1 = float(score.stdout.split("mean of micrographs")[1].split()[2])
    assert f1 > 0.8


def test_pictures_of_picks_are_drawn(data, trained, tmp_path):
    words = ["--overlay", tmp_path / "pictures", "--output", tmp_path / "picks.star"]
    result = _run("predict", trained[0], data / "val", *words)
    assert result.exit_code == 0, result.output
    pictures = sorted((tmp_path / "pictures").iterdir())
    assert [path.name for path in pictures] == ["v0.png", "v1.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)


def test_a_higher_threshold_leaves_fewer_picks(data, trained, tmp_path):
    def picks(threshold):
        words = ["--threshold", threshold, "--output", tmp_path / "picks.csv"]
        assert _run("predict", trained[0], data / "val", *words).exit_code == 0
        return read_picks(tmp_path / "picks.csv")

    middle = picks(0.1)["score"].median()
    assert 0 < len(picks(middle)) < len(picks(0.1))
    assert (picks(middle)["score"] >= middle - 1e-6).all()
    assert len(picks(1)) == 0


def test_unreadable_micrographs_are_named_and_the_others_picked(data, trained, tmp_path):
    write_discs(tmp_path / "m", ["a.png", "b.mrc", "c.npy", "d.mrc"], 7)
    content = (tmp_path / "m" / "b.mrc").read_bytes()
    (tmp_path / "m" / "b.mrc").write_bytes(content[: len(content) // 2])
    np.save(tmp_path / "m" / "c.npy", np.full((64, 64), np.nan))
    (tmp_path / "m" / "e.tif").write_bytes(b"")
    words = [tmp_path / "m", "--output", tmp_path / "picks.json", "--quiet"]
    result = _run("predict", trained[0], *words)
    assert result.exit_code == 1
    assert result.stdout == ""
    first, *others = result.stderr.splitlines()
    assert first == "Error: 3 of 5 micrographs could not be picked:"
    assert [line.split(":")[0] for line in others] == ["  b.mrc", "  c.npy", "  e.tif"]
    assert list(json.loads((tmp_path / "picks.json").read_text())) == ["a.png", "d.mrc"]


def test_where_none_can_be_read_nothing_is_written(trained, tmp_path):
    (tmp_path / "a.mrc").write_bytes(b"no")
    result = _run("predict", trained[0], tmp_path / "a.mrc", "--output", tmp_path / "picks.star")
    assert result.exit_code == 1
    assert "Nothing was written." in result.stdout
    assert not (tmp_path / "picks.star").exists()


def test_no_particle_is_no_error(trained, tmp_path):
    np.save(tmp_path / "empty.npy", np.random.RandomState(0).normal(size=(64, 64)))
    words = ["--overlay", tmp_path, "--output", tmp_path / "picks.star", "--threshold", 1]
    result = _run("predict", trained[0], tmp_path / "empty.npy", *words)
    assert result.exit_code == 0, result.output
    assert "0 picks on 1 micrographs" in result.stdout
    assert len(read_picks(tmp_path / "picks.star")) == 0


def test_an_iteration_of_a_run_picks_with_the_sizes_it_needs(data, net, tmp_path):
    words = [net, data / "val", "--output", tmp_path / "picks.csv", "--device", "cpu"]
    refused = _run("predict", *words)
    assert "does not tell the size of particles: give --diameter" in refused.stderr
    sizes = ["--diameter", 10, "--working-diameter", 10, "--border", 4, "--threshold", 0.01]
    result = _run("predict", *words, *sizes)
    assert result.exit_code == 0, result.output
    assert (read_picks(tmp_path / "picks.csv")["x"].between(4, 59)).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--threshold", 0], "--threshold must be above 0"),
        (["--threshold", 1.5], "--threshold must be above 0"),
        (["--output", "picks.txt"], "format must be one of"),
        (["--format", "eman2"], "format must be one of"),
        (["--format", "box", "--output", "picks.box"], "stands for the micrograph"),
        (["--diameter", 10], "is a picker, which knows what it needs: leave out --diameter"),
    ],
)
def test_wrong_arguments_are_one_line(data, trained, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    result = _run("predict", trained[0], data / "val", *arguments, "--quiet")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_there_is_one_line(data, trained, tmp_path):
    result = _run("predict", tmp_path / "nowhere", data / "val")
    assert "holds no saved picker" in result.stderr
    result = _run("predict", trained[0], tmp_path / "nowhere")
    assert "cannot read" in result.stderr
    result = _run("predict", trained[0], tmp_path)
    assert "has no micrographs" in result.stderr


def test_one_image_is_in_memory_at_a_time(trained, tmp_path, monkeypatch):
    references, alive, read = [], [], micrographs.read_micrograph

    def counting(path):
        gc.collect()
        alive.append(sum(reference() is not None for reference in references))
        found = read(path)
        references.append(weakref.ref(found))
        return found

    monkeypatch.setattr(micrographs, "read_micrograph", counting)
    for seed in range(4):
        np.save(tmp_path / f"{seed}.npy", disc_micrograph(seed)[0])
    result = _run("predict", trained[0], tmp_path, "--output", tmp_path / "picks.star")
    assert result.exit_code == 0, result.output
    assert len(alive) == 4
    assert max(alive) <= 1  # the one before, until its name is taken
