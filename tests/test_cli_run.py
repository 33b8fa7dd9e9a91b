"""``skal run``: every option of its kind, on digits, and one line for what can go wrong."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from skal.cli import app

TINY = [
    *("run", "--dataset", "digits", "--models", "mlp", "--num-valid", "20", "--n-pool", "200"),
    *("--n-test", "100", "--n-init-labeled", "20", "--n-query", "10", "--n-round", "1"),
    *("--epochs", "3", "--seeds", "1", "--device", "cpu", "--jobs", "1"),
]
SEED_OPTIONS = "dataset data-dir num-valid batch-size epochs num-workers seed model lr strategy"
SEED_OPTIONS += " n-init-labeled n-query n-round noise noise-rate wandb experiment debug log-level"
OUR_OPTIONS = "label-noise label-noise-rate noise-strength noise-splits seeds device download"
OUR_OPTIONS += " optimizer augment mixed-precision n-pool n-test full-data output resume jobs"
OUR_OPTIONS += " track project log-format quiet models strategies"


def _run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_help_names_every_option():
    shown = _run("run", "--help").output
    for option in f"{SEED_OPTIONS} {OUR_OPTIONS}".split():
        assert f"--{option}" in shown, option


def test_help_loads_no_heavy_library():
    script = (
        "import sys; from skal.cli import app; app(['run', '--help'], standalone_mode=False); "
        "sys.exit(', '.join({'numpy', 'sklearn', 'pandas', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.stderr.decode().strip() == ""


def test_a_run_prints_tables_and_says_where_the_files_are(tmp_path):
    result = _run(*TINY, "--strategies", "random,bald", "--output", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "Test accuracy with 50 labels, 20 of them for validation" in result.stdout
    for name in ("learning_curves.png", "test_error.png", "strategies.csv"):
        assert str(tmp_path / "out" / "comparison_results" / name) in result.stdout
    log = (tmp_path / "out" / "training.log").read_text()
    assert "INFO begin mlp-none" in log
    assert "WARNING the first nets are trained for 3 steps only" in log


def test_options_may_be_written_with_underscores(tmp_path):
    options = [option.replace("-", "_") if option[:2] == "--" else option for option in TINY]
    options = [option.replace("__", "--", 1) for option in options]
    result = _run(*options, "--noise", "salt_and_pepper", "--quiet", "--output", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Test accuracy")
    assert result.stderr == ""
    assert json.loads((tmp_path / "out" / "settings.json").read_text())["n_init_labeled"] == 20


def test_a_run_in_use_is_one_line_and_resume_goes_on(tmp_path):
    first = _run(*TINY, "--quiet", "--output", tmp_path / "out")
    again = _run(*TINY, "--quiet", "--output", tmp_path / "out")
    assert again.exit_code == 1
    assert again.stderr.count("\n") == 1
    assert "is not empty" in again.stderr
    assert "--resume" in again.stderr
    resumed = _run(*TINY, "--quiet", "--resume", "--output", tmp_path / "out")
    assert resumed.stdout == first.stdout
    other = _run(*TINY, "--resume", "--lr", "0.1", "--output", tmp_path / "out")
    assert other.exit_code == 1
    assert "What differs: lr." in other.stderr


def test_experiment_is_the_setting_of_the_report_and_given_options_win(tmp_path):
    result = _run(
        *("run", "--experiment", "--debug", "--dataset", "digits", "--model", "mlp"),
        *("--epochs", "1", "--quiet", "--jobs", "1", "--output", tmp_path / "out"),
    )
    assert result.exit_code == 0, result.output
    settings = json.loads((tmp_path / "out" / "settings.json").read_text())
    assert settings["strategies"] == ["random", "entropy", "bald"]
    assert settings["noises"] == ["none", "gaussian", "salt_and_pepper"]
    assert (settings["models"], settings["epochs"]) == (["mlp"], 1)
    assert (settings["n_init_labeled"], settings["n_query"]) == (50, 20)  # reduced by --debug
    assert (
        "DEBUG mlp-gaussian, bald, seed 43, 140 labels: accuracy"
        in (tmp_path / "out" / "training.log").read_text()
    )


def test_runs_can_be_followed(tmp_path):
    pytest.importorskip("tensorboard")
    result = _run(*TINY, "--track", "tensorboard", "--quiet", "--output", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert list((tmp_path / "out" / "tensorboard" / "mlp-none" / "random").rglob("events*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "alexnet"], "models must be of lenet"),
        (["--strategy", "clairvoyance"], "strategies must be of random"),
        (["--noise", "rain"], "noises must be of none"),
        (["--dataset", "imagenet"], "dataset must be of mnist"),
        (["--dataset", "mnist", "--data-dir", "/nowhere"], "there is no folder /nowhere."),
        (["--n-query", "9999"], "the labels to spend must be at most the images there are"),
        (["--device", "abacus"], "device must be auto"),
        (["--jobs", "0"], "--jobs must be"),
        (["--log-level", "LOUD"], "--log-level must be"),
        (["--track", "sacred"], "tool must be one of"),
        (["--lr", "0"], "lr must be positive"),
    ],
)
def test_wrong_arguments_are_one_line(tmp_path, arguments, message):
    result = _run(*TINY, *arguments, "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {message}")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_missing_data_say_how_to_get_them(tmp_path):
    result = _run("run", "--data-dir", tmp_path, "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert "--download fetches them" in result.stderr
    assert "torchvision.datasets.MNIST" in result.stderr


def test_damaged_data_are_one_line(tmp_path):
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (tmp_path / f"{name}-ubyte").write_bytes(b"damaged")
    result = _run("run", "--data-dir", tmp_path, "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert "is no idx file of unsigned bytes" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_diverging_net_is_one_line(tmp_path):
    result = _run(*TINY, "--lr", "1e30", "--quiet", "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert "diverged" in result.stderr
    assert result.stderr.count("\n") == 1


def test_mnist_runs_as_the_seed_writes_it(data_dir, tmp_path):
    result = _run(
        *("run", "--dataset", "mnist", "--data_dir", data_dir, "--num_valid", "50"),
        *("--batch_size", "64", "--epochs", "2", "--num_workers", "0", "--seed", "42"),
        *("--model", "lenet", "--lr", "0.001", "--strategy", "bald", "--n_init_labeled", "50"),
        *("--n_query", "20", "--n_round", "1", "--noise", "gaussian", "--noise_rate", "0.1"),
        *("--no-wandb", "--seeds", "1", "--n-pool", "300", "--n-test", "200"),
        *("--output", tmp_path / "out"),
    )
    assert result.exit_code == 0, result.output
    assert "lenet  gaussian" in result.stdout
