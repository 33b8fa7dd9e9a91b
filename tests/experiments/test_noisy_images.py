"""Nets and strategies on noisy images: small synthetic ones, and MNIST where it is."""

import json
import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from skal.datasets import Dataset, reduce_dataset
from skal.exceptions import ResumeError
from skal.experiments._noisy_plots import draw_curves, draw_errors
from skal.experiments.noisy_images import (
    STRATEGIES,
    Settings,
    load_images,
    make_splits,
    run_noisy_images,
)

SMALL = Settings(
    models=("mlp",),
    strategies=("random", "entropy"),
    num_valid=12,
    n_init_labeled=12,
    n_query=6,
    n_round=2,
    epochs=5,
    batch_size=8,
    lr=0.01,
    seeds=(0, 1),
    device="cpu",
)


def images(n, seed):
    """Return gray images of 8 x 8 pixels, each with one bright quarter: its class."""
    rng = np.random.RandomState(seed)
    y = np.arange(n) % 4
    X = rng.uniform(0, 0.4, (n, 8, 8)).astype(np.float32)
    for i, label in enumerate(y):
        row, column = 4 * (label // 2), 4 * (label % 2)
        X[i, row : row + 4, column : column + 4] += 0.5
    return X, y


DATA = Dataset("mnist", *images(120, 0), *images(60, 1), (8, 8))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return a whole experiment of two nets and two kinds of noise, and its folder."""
    folder = tmp_path_factory.mktemp("finished")
    settings = replace(SMALL, models=("mlp", "cnn"), noises=("none", "salt_and_pepper"))
    return run_noisy_images(settings, DATA, folder, progress=False), folder


def test_every_net_and_noise_is_a_comparison_in_its_folder(finished):
    result, folder = finished
    assert result.models == ["mlp", "cnn"]
    assert result.noises == ["none", "salt_and_pepper"]
    for model, noise in result.cells:
        assert (folder / f"{model}-{noise}" / "entropy" / "seed_1" / "iteration_2").is_dir()
    assert not (folder / "mlp-none" / "full_data").exists()


def test_tables_and_plots_stand_beside_the_comparisons(finished):
    _, folder = finished
    names = {path.name for path in (folder / "comparison_results").iterdir()}
    assert names == {
        *("curves.csv", "strategies.csv", "models.csv", "noise.csv", "results.txt"),
        *("learning_curves.png", "test_error.png"),
    }
    table = pd.read_csv(folder / "comparison_results" / "strategies.csv")
    assert len(table) == 8
    assert json.loads((folder / "settings.json").read_text())["models"] == ["mlp", "cnn"]


def test_nets_learn_the_quarters(finished):
    result, _ = finished
    accuracy = result.strategy_table()["accuracy"]
    assert min(accuracy["mlp", "none", name] for name in SMALL.strategies) > 0.9


def test_validation_labels_count_and_that_is_said(finished):
    result, _ = finished
    assert sorted(result.curves()["n_labels"].unique()) == [24, 30, 36]
    assert "with 36 labels, 12 of them for validation" in str(result)


def test_differences_are_paired_by_seed(finished):
    result, _ = finished
    final = result.final_accuracy()
    nets = final["cnn", "none", "entropy"] - final["mlp", "none", "entropy"]
    row = result.model_table().loc["cnn", "none", "entropy"]
    assert row["difference"] == pytest.approx(nets.mean())
    half = 12.7062 * nets.std(ddof=1) / np.sqrt(2)  # Student's t for two seeds
    assert row["difference_high"] - row["difference"] == pytest.approx(half, rel=1e-4)
    noise = final["mlp", "salt_and_pepper", "random"] - final["mlp", "none", "random"]
    table = result.noise_table()
    assert table.loc["mlp", "salt_and_pepper", "random"]["difference"] == pytest.approx(
        noise.mean()
    )
    assert len(table) == 4


def test_the_text_is_narrow_and_names_every_cell(finished):
    text = str(finished[0])
    assert max(map(len, text.splitlines())) <= 100
    for word in ("cnn", "salt_and_pepper", "entropy", "against random", "Accuracy against mlp"):
        assert word in text


def test_plots_have_a_panel_for_each_cell_with_one_scale(finished):
    figure = draw_curves(finished[0])
    assert [ax.get_title(loc="left") for ax in figure.axes] == [
        *("mlp, no noise", "mlp, salt and pepper"),
        *("cnn, no noise", "cnn, salt and pepper"),
    ]
    assert len({ax.get_ylim() for ax in figure.axes}) == 1
    errors = draw_errors(finished[0])
    assert [ax.get_title(loc="left") for ax in errors.axes] == ["no noise", "salt and pepper"]
    names = [label.get_text() for label in errors.axes[0].get_yticklabels()]
    assert names == ["mlp", "cnn", "random", "entropy", "random", "entropy"]


def test_resuming_gives_the_result_of_an_uninterrupted_run(finished, tmp_path):
    import shutil

    result, folder = finished
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    shutil.rmtree(copy / "mlp-none" / "entropy" / "seed_1" / "iteration_2")
    shutil.rmtree(copy / "cnn-salt_and_pepper")
    settings = replace(SMALL, models=("mlp", "cnn"), noises=("none", "salt_and_pepper"))
    resumed = run_noisy_images(settings, DATA, copy, resume=True, progress=False)
    columns = ["model", "noise", "strategy", "seed", "n_labels", "score"]
    assert resumed.curves()[columns].equals(result.curves()[columns])


def test_other_settings_cannot_be_resumed_and_a_folder_in_use_is_refused(finished):
    _, folder = finished
    with pytest.raises(FileExistsError, match="is not empty"):
        run_noisy_images(SMALL, DATA, folder, progress=False)
    with pytest.raises(ResumeError, match="What differs: models, noises"):
        run_noisy_images(SMALL, DATA, folder, resume=True, progress=False)


def test_a_folder_of_something_else_is_not_resumed(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ResumeError, match="no experiment"):
        run_noisy_images(SMALL, DATA, tmp_path, resume=True, progress=False)


def test_the_number_of_jobs_does_not_change_a_bit():
    one, two = (
        run_noisy_images(replace(SMALL, n_round=1, epochs=2), DATA, n_jobs=n, progress=False)
        for n in (1, 2)
    )
    columns = ["strategy", "seed", "n_labels", "score"]
    assert one.curves()[columns].equals(two.curves()[columns])


def test_every_strategy_runs_with_a_net():
    settings = replace(SMALL, strategies=tuple(STRATEGIES), seeds=(0,), n_round=1, epochs=1)
    result = run_noisy_images(settings, DATA, progress=False)
    assert len(result.curves()) == 2 * len(STRATEGIES)


def test_a_single_seed_without_random_has_no_intervals():
    settings = replace(SMALL, strategies=("entropy",), seeds=(3,), n_round=1, num_valid=0)
    result = run_noisy_images(settings, DATA, progress=False)
    assert "difference" not in result.strategy_table()
    assert "One seed" in str(result)
    assert "for validation" not in str(result)
    draw_curves(result)
    draw_errors(result)


def test_a_model_of_all_labels_is_trained_where_asked():
    settings = replace(SMALL, full_data=True, n_round=0, seeds=(0,))
    result = run_noisy_images(settings, DATA, progress=False)
    assert result.cells["mlp", "none"].full_scores[0] > 0.9


# Data ----------------------------------------------------------------------------------------


def test_splits_hold_every_image_once_with_classes_by_their_share():
    splits = make_splits(DATA, SMALL, "none")
    X = np.concatenate([splits["train"][0], splits["valid"][0]])
    assert sorted(map(bytes, X)) == sorted(map(bytes, DATA.X_train))
    assert np.bincount(splits["valid"][1]).tolist() == [3, 3, 3, 3]
    assert splits["test"][0] is DATA.X_test


def test_splits_without_validation_are_whole():
    splits = make_splits(DATA, replace(SMALL, num_valid=0), "gaussian")
    assert len(splits["train"][0]) == 120
    assert len(splits["valid"][0]) == 0


@pytest.mark.parametrize("chosen", [("train",), ("valid", "test"), ("train", "valid", "test")])
def test_only_the_splits_asked_for_get_noise(chosen):
    clean = make_splits(DATA, SMALL, "none")
    settings = replace(SMALL, noise_splits=chosen, noise_rate=0.5)
    noisy = make_splits(DATA, settings, "gaussian")
    for name, (X, y) in noisy.items():
        changed = (X != clean[name][0]).any(axis=(1, 2)).sum()
        assert changed == (round(0.5 * len(X)) if name in chosen else 0)
        np.testing.assert_array_equal(y, clean[name][1])


def test_noise_is_the_same_each_time_and_differs_from_split_to_split():
    settings = replace(SMALL, noise_rate=1)
    first, again = (make_splits(DATA, settings, "gaussian") for _ in range(2))
    np.testing.assert_array_equal(first["train"][0], again["train"][0])
    clean = make_splits(DATA, settings, "none")
    noise = [first[name][0][:9] - clean[name][0][:9] for name in ("train", "test")]
    assert not np.allclose(*noise)


def test_salt_is_white_in_images_with_colors():
    X = np.full((40, 3, 6, 6), 0.5, np.float32)
    y = np.arange(40) % 4
    data = Dataset("cifar10", X, y, X, y, (3, 6, 6))
    noisy = make_splits(data, replace(SMALL, noise_rate=1), "salt_and_pepper")["test"][0]
    assert (np.ptp(noisy, axis=1) == 0).all()
    assert {0, 1} < set(np.unique(noisy))


@pytest.mark.parametrize("kind", ["uniform", "pairs", "adversarial"])
def test_wrong_labels_are_those_of_training_and_validation_never_of_the_test(kind):
    settings = replace(SMALL, label_noise=kind, label_noise_rate=0.25)
    clean, noisy = make_splits(DATA, SMALL, "none"), make_splits(DATA, settings, "none")
    n_wrong = [int((noisy[name][1] != clean[name][1]).sum()) for name in clean]
    assert n_wrong == [27, 3, 0]


def test_a_reduced_data_set_keeps_the_shares_of_classes():
    reduced = reduce_dataset(DATA, 40, 20)
    assert np.bincount(reduced.y_train).tolist() == [10] * 4
    assert np.bincount(reduced.y_test).tolist() == [5] * 4
    assert reduce_dataset(DATA, None, 999).X_test.shape == DATA.X_test.shape


# Settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"models": ("alexnet",)}, "models must be of lenet, .*; got alexnet"),
        ({"strategies": ()}, "strategies must be of random, .*; got none"),
        ({"strategies": ("random", "random")}, "each at most once"),
        ({"noises": ("rain",)}, "noises must be of none, .*; got rain"),
        ({"label_noise": "typos"}, "label_noise must be of none, .*; got typos"),
        ({"optimizer": "lbfgs"}, "optimizer must be of adam"),
        ({"num_valid": -1}, "num_valid must be at least 0; got -1"),
        ({"n_query": 0}, "n_query must be at least 1; got 0"),
        ({"lr": 0}, "lr must be positive; got 0"),
        ({"noises": ("gaussian",), "noise_strength": -1}, "strength of gaussian noise"),
        ({"label_noise_rate": 2}, r"share in \[0, 1\]; got 2"),
    ],
)
def test_wrong_settings_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(SMALL, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_query": 700}, "num_valid = 1424, but there are 1257"),
        ({"n_init_labeled": 9}, "n_init_labeled must be at least 10, one image of each class"),
        ({"num_valid": 5}, "num_valid must be at least 10"),
        ({"models": ("mlp", "lenet")}, "LeNetClassifier needs images of at least 16 x 16"),
        ({"device": "abacus"}, "device must be auto, cpu, cuda or mps.*got 'abacus'"),
    ],
)
def test_what_the_data_or_the_machine_cannot_give_is_said_before_the_run(changes, message):
    with pytest.raises(ValueError, match=message):
        load_images(replace(SMALL, dataset="digits", **changes))


def test_nets_that_will_be_trained_too_little_are_a_warning_in_the_log(caplog):
    settings = replace(SMALL, n_round=0, epochs=1, seeds=(0,), strategies=("random",))
    with caplog.at_level(logging.INFO, "skal.run"):
        run_noisy_images(settings, DATA, progress=False)
    assert "trained for 2 steps only" in caplog.text


def test_following_runs_needs_a_folder():
    with pytest.raises(ValueError, match="need a folder"):
        run_noisy_images(SMALL, DATA, track="tensorboard")


# Real data -----------------------------------------------------------------------------------


def test_lenet_learns_mnist_from_few_labels(data_dir):
    settings = Settings(
        strategies=("random", "bald"),
        num_valid=20,
        n_init_labeled=60,
        n_query=40,
        n_round=1,
        epochs=20,
        batch_size=16,
        n_pool=500,
        n_test=500,
        seeds=(0,),
        device="cpu",
    )
    result = run_noisy_images(settings, load_images(settings, data_dir), progress=False)
    assert (result.final_accuracy() > 0.6).all(axis=None)


@pytest.mark.parametrize(("name", "shape"), [("fashion_mnist", (28, 28)), ("cifar10", (3, 32, 32))])
def test_other_images_run_too(data_dir, name, shape):
    settings = replace(
        SMALL,
        dataset=name,
        models=("lenet",),
        noises=("gaussian",),
        epochs=1,
        seeds=(0,),
        n_pool=200,
        n_test=100,
        n_round=1,
    )
    dataset = load_images(settings, data_dir)
    assert dataset.image_shape == shape
    assert len(run_noisy_images(settings, dataset, progress=False).curves()) == 4
