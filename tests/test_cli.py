"""The command line: what it prints, and one line for each thing that can go wrong."""

import gzip
import json
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import skal
from skal.cli import app
from skal.datasets import load_dataset
from skal.experiments import demo as demo_module
from skal.experiments.demo import SETTINGS, Settings, demo_data, demo_strategies

FAST = ["demo", "--seeds", "2", "--jobs", "1"]


@pytest.fixture
def small(monkeypatch):
    """Make the demo small, and restore it afterwards."""
    tiny = Settings(60, 50, n_initial=12, n_instances=5, n_queries=2)
    monkeypatch.setattr(demo_module, "SETTINGS", dict.fromkeys(SETTINGS, tiny))


def _run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def _write_idx(folder, n=80):
    rng = np.random.RandomState(0)
    for part in ("train", "t10k"):
        labels = np.arange(n, dtype=np.uint8) % 4
        images = rng.randint(0, 99, (n, 4, 4)).astype(np.uint8) + 40 * labels[:, None, None]
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
            content = bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()
            (folder / f"{part}-{kind}-ubyte.gz").write_bytes(gzip.compress(content))
    return folder


def test_version_is_that_of_the_package():
    assert _run("--version").output == f"skal {skal.__version__}\n"


def test_help_names_the_command_and_its_options():
    assert "demo" in _run("--help").output
    shown = _run("demo", "--help").output
    for option in ("data", "dataset", "output", "seeds", "jobs", "seed", "resume", "quiet"):
        assert f"--{option}" in shown


def test_help_loads_no_heavy_library():
    script = (
        "import sys; from skal.cli import app; app(['demo', '--help'], standalone_mode=False); "
        "sys.exit(', '.join({'numpy', 'sklearn', 'pandas', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.stderr.decode().strip() == ""


@pytest.mark.usefixtures("small")
def test_demo_prints_a_table_and_says_where_the_files_are(tmp_path):
    result = _run(*FAST, "--output", tmp_path / "out")
    assert result.exit_code == 0, result.output
    for name in demo_strategies():
        assert f"\n{name} " in result.stdout
    assert "labels to 90 %" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines() if "-----" in line) <= 100
    for name in ("learning_curves.png", "efficiency_comparison.png", "comparison_table.csv"):
        assert f"{tmp_path}/out/comparison_results/{name}" in result.stdout
        assert (tmp_path / "out" / "comparison_results" / name).stat().st_size > 500
    assert (tmp_path / "out" / "hybrid" / "seed_1" / "iteration_2").is_dir()


@pytest.mark.usefixtures("small")
def test_quiet_prints_the_table_only(tmp_path):
    result = _run(*FAST, "--quiet", "--output", tmp_path / "out")
    assert result.stdout.startswith("strategy ")
    assert result.stderr == ""


@pytest.mark.usefixtures("small")
def test_first_seed_can_be_chosen(tmp_path):
    _run(*FAST, "--quiet", "--seed", 7, "--output", tmp_path / "out")
    assert json.loads((tmp_path / "out" / "config.json").read_text())["seeds"] == [7, 8]


@pytest.mark.usefixtures("small")
def test_output_in_use_is_one_line_and_resume_goes_on(tmp_path):
    first = _run(*FAST, "--quiet", "--output", tmp_path / "out")
    again = _run(*FAST, "--quiet", "--output", tmp_path / "out")
    assert again.exit_code == 1
    assert again.stderr.count("\n") == 1
    assert "is not empty" in again.stderr
    assert "--resume" in again.stderr
    resumed = _run(*FAST, "--quiet", "--resume", "--output", tmp_path / "out")
    assert (resumed.exit_code, resumed.stdout) == (0, first.stdout)
    other = _run(*FAST, "--quiet", "--resume", "--seed", 1, "--output", tmp_path / "out")
    assert other.exit_code == 1
    assert "What differs: seeds." in other.stderr


@pytest.mark.usefixtures("small")
def test_idx_data_are_reduced_and_that_is_said(tmp_path):
    data = _write_idx(tmp_path)
    result = _run(*FAST, "--data", data, "--dataset", "fashion_mnist", "--output", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "60 of 80 to choose from" in result.stdout
    assert "50 of 80 to test on" in result.stdout


def test_reduced_data_are_the_same_each_time_with_all_classes_by_their_share(tmp_path, small):
    whole = load_dataset("mnist", _write_idx(tmp_path))
    first, second = demo_data(whole), demo_data(whole)
    np.testing.assert_array_equal(first.X_train, second.X_train)
    assert np.bincount(first.y_train).tolist() == [15, 15, 15, 15]
    assert len(first.X_test) == 50


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dataset", "mnist"], "mnist is read from files: name their folder with --data."),
        (["--dataset", "mnist", "--data", "/nowhere"], "there is no folder /nowhere."),
        (["--data", "/nowhere"], "digits need no --data"),
        (["--jobs", "0"], "--jobs must be"),
    ],
)
def test_wrong_arguments_are_one_line(arguments, message):
    result = _run("demo", *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {message}")
    assert result.stderr.count("\n") == 1


def test_damaged_data_are_one_line(tmp_path):
    (_write_idx(tmp_path) / "train-images-idx3-ubyte.gz").write_bytes(b"damaged")
    result = _run("demo", "--dataset", "mnist", "--data", tmp_path)
    assert result.exit_code == 1
    assert "truncated or no gzip file" in result.stderr
    assert result.stderr.count("\n") == 1


def test_output_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    result = _run("demo", "--quiet", "--output", tmp_path / "file")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: cannot write {tmp_path}/file: File exists")
    assert result.stderr.count("\n") == 1
