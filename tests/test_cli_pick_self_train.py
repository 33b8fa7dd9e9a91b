"""``skal pick self-train``: the options of seed 2, what is written, and what can go wrong."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from made_micrographs import TINY, write_discs
from typer.testing import CliRunner

from skal.cli import app
from skal.experiments import self_training
from skal.micrographs import write_picks
from skal.nets import NetSegmenter
from skal.nets._seeds import IS_DETERMINISTIC

SEED_OPTIONS = "image-dir coords-file output-dir initial-epochs self-training-iterations "
SEED_OPTIONS += "retrain-epochs batch-size learning-rate device multi-gpu"
SMALL = [
    *("--initial-epochs", 30, "--self-training-iterations", 2, "--retrain-epochs", 4, *TINY),
    *("--learning-rate", 0.05, "--labeled-ratio", 0.5, "--val-split", 0.3),
    *("--positive-threshold", 0.6, "--negative-threshold", 0.49, "--particle-radius", 5),
]


def _run(*arguments):
    return CliRunner().invoke(app, ["pick", "self-train", *map(str, arguments)])


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Return the options that name images, in NumPy's format, and coordinates.json."""
    folder = tmp_path_factory.mktemp("data")
    picks = write_discs(folder / "images", [f"i{k}.npy" for k in range(8)], side=32, n_particles=4)
    write_picks(picks, folder / "coordinates.json")
    return ["--image-dir", folder / "images", "--coords-file", folder / "coordinates.json"]


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished") / "out"
    return folder, _run(*data, *SMALL, "--output-dir", folder)


def _metrics(folder):
    paths = sorted(folder.glob("iteration_*/metrics.json"))
    found = [json.loads(path.read_text()) for path in paths]
    return [{k: v for k, v in metrics.items() if k != "fit_seconds"} for metrics in found]


def test_help_names_every_option_of_the_readme():
    shown = "".join(_run("--help").output.split())
    assert [o for o in SEED_OPTIONS.split() if f"--{o}"[:20] not in shown] == []


def test_a_run_writes_the_folders_of_the_readme_and_prints_the_scores(finished):
    folder, result = finished
    assert result.exit_code == 0, result.output
    assert "PartlyLabeled(4 images of 32 x 32 pixels with labels" in result.stdout
    assert "best is iteration" in result.stdout
    assert "iteration  precision  recall  f1_score" in result.stdout
    iterations = ["iteration_0_supervised", "iteration_1_selftrain", "iteration_2_selftrain"]
    assert sorted(path.name for path in folder.glob("iteration_*")) == iterations
    for name in iterations:
        assert (folder / name / "visualization.png").is_file()
    assert "iteration 2:" in (folder / "training.log").read_text()
    assert NetSegmenter.load(folder / "final_model").predict(np.zeros((1, 32, 32))).shape


def test_iterations_that_train_nothing_are_told(data, tmp_path):
    words = [*data, *SMALL, "--positive-threshold", 1, "--negative-threshold", 0, "--decay", 0]
    result = _run(*words, "--initial-epochs", 1, "--output-dir", tmp_path / "out", "--quiet")
    assert result.exit_code == 0, result.output
    assert result.stderr == (
        "Note: 2 iterations trained nothing: too few pixels are sure. Train longer, or move "
        "--positive-threshold and --negative-threshold.\n"
    )


def test_every_option_reaches_the_segmenter(finished):
    config = json.loads((finished[0] / "config.json").read_text())["segmenter"]
    wanted = {"n_iterations": 2, "positive_threshold": 0.6, "negative_threshold": 0.49}
    wanted |= {"decay": 0.02, "validation_fraction": 0.3, "random_state": 42, "stop_early": False}
    wanted |= {"retrain_params": {"max_epochs": 4}, "trust_background": False}
    assert {name: config[name] for name in wanted} == wanted
    net = {"width": 2, "depth": 1, "max_epochs": 30, "lr": 0.05, "batch_size": 4, "device": "cpu"}
    net |= {"loss": "focal_dice", "patch_size": 32}
    assert {name: config["estimator"][name] for name in net} == net


def test_a_run_that_was_killed_goes_on(data, finished, tmp_path, monkeypatch):
    words = [*data, *SMALL, "--output-dir", tmp_path / "out", "--quiet"]
    save, n_saved = self_training._Run.save, 0

    def fail_later(run, iteration):
        nonlocal n_saved
        n_saved += 1
        if n_saved == 2:
            raise KeyboardInterrupt
        save(run, iteration)

    with monkeypatch.context() as patched:
        patched.setattr(self_training._Run, "save", fail_later)
        assert _run(*words).exit_code != 0
    assert len(_metrics(tmp_path / "out")) == 1
    again = _run(*words)
    assert "is not empty" in again.stderr
    assert "--resume" in again.stderr
    resumed = _run(*words, "--resume")
    assert resumed.exit_code == 0, resumed.output
    assert resumed.stderr == ""
    assert _metrics(tmp_path / "out") == _metrics(finished[0])
    assert resumed.stdout in finished[1].stdout
    other = _run(*words, "--resume", "--decay", 0.1)
    assert "What differs: segmenter.decay" in other.stderr


@pytest.mark.parametrize("loss", ["focal_dice", "focal-dice", "bce"])
def test_losses_and_their_weight_are_kept_over_a_kill(data, tmp_path, loss):
    words = ["--loss", loss, "--pos_weight", 3, "--n_labeled", 3, "--seed", 1]
    words = [word for word in SMALL if word not in ("--labeled-ratio", 0.5)] + words
    words += [*data, "--output_dir", tmp_path / "out", "--quiet"]
    first = _run(*words)
    assert first.exit_code == 0, first.output
    shutil.rmtree(tmp_path / "out" / "iteration_2_selftrain")
    again = _run(*words, "--resume")
    assert again.exit_code == 0, again.output
    assert again.stdout == first.stdout
    assert again.stderr == ""
    other = _run(*words, "--resume", "--pos-weight", 4)
    assert "What differs: segmenter.estimator.loss" in other.stderr


def test_nondeterministic_algorithms_are_allowed_for_this_run_only(data, tmp_path, monkeypatch):
    seen = []

    def run_self_training(*arguments, **options):
        seen.append(IS_DETERMINISTIC.get())
        raise OSError("enough")

    monkeypatch.setattr(self_training, "run_self_training", run_self_training)
    for words in ([], ["--no-deterministic"], ["--deterministic"]):
        assert "Error: enough" in _run(*data, *SMALL, *words).stderr
    assert seen == [True, False, True]
    assert IS_DETERMINISTIC.get()


def test_the_command_of_the_readme_is_understood(data, tmp_path, monkeypatch):
    asked = {}

    def run_self_training(segmenter, X, y, folder, X_unlabeled, **options):
        asked.update(segmenter=segmenter, n=len(X), share=y.mean(), n_unlabeled=len(X_unlabeled))
        raise OSError("enough")

    monkeypatch.setattr(self_training, "run_self_training", run_self_training)
    words = ["--initial-epochs", 100, "--self-training-iterations", 3, "--retrain-epochs", 30]
    words += ["--batch-size", 128, "--learning-rate", 0.001, "--device", "cuda:0", "--multi-gpu"]
    assert "--multi-gpu needs CUDA devices" in _run(*data, *words).stderr
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    result = _run(*data, "--output-dir", tmp_path / "out", *words)
    assert "the picks tell no diameter: --particle-radius is 10 pixels" in result.stderr
    assert (asked["n"], asked["n_unlabeled"]) == (8, 0)
    assert asked["share"] > 0.3
    assert asked["segmenter"].estimator.device == "all"
    assert asked["segmenter"].estimator.batch_size == 128


def test_images_that_nobody_has_labeled_are_learned_from(data, tmp_path, monkeypatch):
    asked = {}

    def run_self_training(segmenter, X, y, folder, X_unlabeled, **options):
        asked.update(n=len(X), n_unlabeled=len(X_unlabeled))
        raise OSError("enough")

    monkeypatch.setattr(self_training, "run_self_training", run_self_training)
    write_discs(tmp_path / "more", ["z1.npy", "z2.npy"], side=32, n_particles=4)
    assert "Error: enough" in _run(*data, *SMALL, "--unlabeled-dir", tmp_path / "more").stderr
    assert asked == {"n": 4, "n_unlabeled": 4 + 2}
    write_discs(tmp_path / "more", ["i0.npy"], side=32)
    result = _run(*data, *SMALL, "--unlabeled-dir", tmp_path / "more")
    assert "stand for one micrograph" in result.stderr


def test_the_ablation_is_a_table(data, tmp_path):
    words = [*data, *SMALL, "--initial-epochs", 2, "--retrain-epochs", 1, "--ablation"]
    words += ["--seeds", 2, "--test-split", 0.3, "--output-dir", tmp_path / "out"]
    result = _run(*words)
    assert result.exit_code == 0, result.output
    assert "| Focal+Dice | adaptive |" in result.stdout
    assert "2 to test on" in result.stdout
    frame = pd.read_csv(tmp_path / "out" / "ablation.csv")
    assert frame["estimator"].tolist() == ["BCE"] * 6 + ["Focal+Dice"] * 6
    assert sorted(frame["seed"].unique()) == [42, 43]
    assert (tmp_path / "out" / "ablation.tex").is_file()
    assert "is not empty" in _run(*words).stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--n-labeled", 3], "--n-labeled and --labeled-ratio say the same"),
        (["--particle-radius", 1, "--coords-file", "/nowhere"], "cannot read /nowhere"),
        (["--image-dir", "/nowhere"], "cannot read /nowhere"),
        (["--pos-weight", 0], "--pos-weight must be above 0"),
        (["--ablation", "--resume"], "an ablation is not resumed"),
        (["--ablation", "--decay", 0], "--decay must be above 0"),
        (["--device", "abacus"], "device must be auto, cpu, cuda or mps"),
    ],
)
def test_wrong_arguments_are_one_line(data, tmp_path, arguments, message):
    result = _run(*data, *SMALL, *arguments, "--output-dir", tmp_path / "out", "--quiet")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"other.npy": [[5, 5]]}', "no pick is on any of the 8 micrographs"),
        ('{"i0.npy": [[500, 5]]}', "no pick is on any of the 8 micrographs"),
        ("{}", "there must be picks of the micrographs"),
        ('{"i0.npy": [[5]]}', "has no format of picks that skal knows"),
        ("", "is empty"),
    ],
)
def test_labels_that_do_not_fit_are_one_line(data, tmp_path, text, message):
    (tmp_path / "c.json").write_text(text)
    result = _run(
        *data, *SMALL, "--coords-file", tmp_path / "c.json", "--output-dir", tmp_path / "o"
    )
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "o").exists()


def test_labeled_images_without_any_particle_are_one_line(data, tmp_path):
    (tmp_path / "c.json").write_text('{"i0.npy": [[5, 5]]}')
    words = [*data, "--coords-file", tmp_path / "c.json", *SMALL, "--output-dir", tmp_path / "o"]
    messages = {_run(*words, "--seed", seed).stderr.splitlines()[-1] for seed in range(6)}
    assert any("y must hold labels of at least two classes" in message for message in messages)
