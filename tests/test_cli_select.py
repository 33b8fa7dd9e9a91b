"""``skal select``: lists with spaces, one line for each thing that can go wrong, and its files."""

import subprocess
import sys

import pandas as pd
import pytest
from typer.testing import CliRunner

from skal.cli import app
from skal.cli._select import _repeat_options
from skal.experiments import selection

DIGITS = ["--datasets", "digits", "--budget", "40", "--runs", "2", "--device", "cpu"]


def _run(*arguments):
    return CliRunner().invoke(app, ["select", *map(str, arguments)])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("select") / "out"
    return folder, _run(*DIGITS, "--methods", "margin", "random", "--output", folder)


def test_tables_are_printed_and_it_says_where_the_files_are(finished):
    folder, result = finished
    assert result.exit_code == 0, result.output
    assert "Dataset('digits': 1257 train" in result.stdout
    assert "digits: 8 labels at random" in result.stdout
    for name in ("active_learning_results.png", "active_learning_results.txt"):
        assert f"{folder}/{name}" in result.stdout
        assert (folder / name).is_file()
    frame = pd.read_csv(folder / "active_learning_results.csv", comment="#")
    assert frame["method"].tolist() == ["margin", "margin", "random", "random"]


def test_lists_may_have_spaces_or_commas_or_repeat_the_option(finished):
    folder, first = finished
    again = [*DIGITS, "--quiet", "--resume", "--output", folder]
    for methods in (["--methods", "margin,random"], ["--methods=margin", "--methods", "random"]):
        result = _run(*again, *methods)
        assert result.exit_code == 0, result.output
        assert result.stdout in first.stdout
        assert result.stderr == ""


def test_options_are_repeated_before_further_values_of_lists_only():
    words = ["--budget", "256", "1024", "--runs", "5", "--quick", "--budget=9", "10"]
    repeated = _repeat_options(words, ["--budget"])
    assert " ".join(repeated) == (
        "--budget 256 --budget 1024 --runs 5 --quick --budget=9 --budget 10"
    )


def test_help_names_all_options_and_loads_no_heavy_library():
    script = (
        "import sys; from skal.cli import app; app(['select', '--help'], standalone_mode=False); "
        "sys.exit(', '.join({'numpy', 'sklearn', 'pandas', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=False, env={"COLUMNS": "100"}
    )
    assert done.stderr.decode().strip() == ""
    shown = done.stdout.decode()
    for option in ("datasets", "methods", "budget", "runs", "quick", "weighted", "data"):
        assert f"--{option}" in shown
    for option in ("download", "output", "jobs", "seed", "device", "resume", "quiet"):
        assert f"--{option}" in shown


def test_quick_takes_1000_labels_of_mnist_twice_unless_told_otherwise(monkeypatch):
    asked = {}

    def select_data(loaded, methods, budgets, **options):
        asked.update(options, names=[data.name for data in loaded], budgets=budgets)
        raise OSError("enough")

    monkeypatch.setattr(selection, "select_data", select_data)
    _run("--quick", "--datasets", "digits", "--budget", 50, "--quiet")
    assert (asked["names"], asked["budgets"]) == (["digits"], [50])
    assert list(asked["seeds"]) == [0, 1]


def test_quick_on_real_data(data_dir, tmp_path):
    methods = ["--methods", "margin", "random", "--budget", 100, "--runs", 1]
    result = _run("--quick", "--data", data_dir, "--output", tmp_path / "out", *methods)
    assert result.exit_code == 0, result.output
    assert "Dataset('mnist': 10000 train and 10000 test images" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--methods", "coreset", "bald"], "--methods must be of coreset"),
        (["--budget", "1257"], "--budget must be smaller than the training sets: of digits's 1257"),
        (["--budget", "5"], "--budget must be integers from 10 on"),
        (["--datasets", "digits", "digits"], "--datasets must be one or more, each once"),
        (["--datasets", "imagenet"], "--datasets must be of"),
        (["--datasets", "mnist", "--data", "/nowhere"], "there is no folder /nowhere."),
        (["--device", "abacus"], "device must be auto, cpu"),
        (["--jobs", "0"], "--jobs must be"),
    ],
)
def test_wrong_arguments_are_one_line(arguments, message):
    result = _run(*([] if "--datasets" in arguments else ["--datasets", "digits"]), *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {message}")
    assert result.stderr.count("\n") == 1


def test_missing_data_say_how_to_get_them(tmp_path):
    result = _run("--data", tmp_path)
    assert result.exit_code == 1
    assert "train-images-idx3-ubyte (or train-images-idx3-ubyte.gz) is missing" in result.stderr
    assert "--download fetches" in result.stderr


def test_output_in_use_is_one_line(finished):
    result = _run(*DIGITS, "--methods", "margin", "random", "--quiet", "--output", finished[0])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "is not empty" in result.stderr
    assert "--resume" in result.stderr
