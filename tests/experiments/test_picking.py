"""Active learning of particle picking: data from folders, runs in folders, numbers of rounds."""

import json

import numpy as np
import pandas as pd
import pytest
from drawn_particles import bumps, grid, picks_at, write
from segmenters import PixelSegmenter, blobs

from skal.exceptions import FormatError
from skal.experiments import ComparisonResult
from skal.experiments.picking import (
    ACQUISITION_FUNCTIONS,
    PickingData,
    PickingMetrics,
    load_picking_data,
    run_picking,
)
from skal.metrics import pixel_scores
from skal.micrographs import (
    ParticlePicker,
    extract_patches,
    find_picks,
    read_micrograph,
    score_picks,
    write_picks,
)
from skal.nets import NetSegmenter, UNetSegmenter
from skal.query import CoreSet, Entropy, Hybrid, LeastConfidence, Margin, RandomSampling

README_NAMES = ["uncertainty", "entropy", "margin", "diversity", "hybrid", "random"]
PIXELS = ["auc", "f1_score", "iou", "precision", "recall"]
PICKS = ["picks_average_precision", "picks_f1_score", "picks_precision", "picks_recall"]
SHAPES = {"train": [(60, 80)] * 3 + [(70, 75)], "val": [(60, 80), (50, 90)]}


@pytest.fixture
def folders(tmp_path):
    """Return a folder of micrographs to learn from, one to judge by, and a file of their picks."""
    tables = []
    for part, shapes in SHAPES.items():
        (tmp_path / part).mkdir()
        for i, shape in enumerate(shapes):
            truth = grid(shape, 10, seed=i).assign(micrograph=f"{part}_{i}.mrc", diameter=10.0)
            write(tmp_path / part, f"{part}_{i}.tif", bumps(truth, shape, 10))
            tables.append(truth)
    (tmp_path / "train" / "notes.txt").write_text("no micrograph")
    write_picks(pd.concat(tables), tmp_path / "picks.star")
    return tmp_path / "train", tmp_path / "val", tmp_path / "picks.star"


def write_batches(folder, sizes=(2, 3), seed=0, size=16):
    folder.mkdir()
    parts = []
    for k, n in enumerate(sizes):
        images, masks = blobs(n, size, seed=seed + k)
        images = (images.clip(0, 1) * 255).astype(np.uint8)
        masks[0, :4] = -1
        np.savez(folder / f"batch_{k}.npz", images=images, masks=masks.astype(np.int8))
        parts.append((images, masks))
    return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]


# Data --------------------------------------------------------------------------------------


def test_folders_of_micrographs_are_prepared_by_the_picker(folders):
    data = load_picking_data(*folders)
    assert repr(data) == ("PickingData(4 training and 2 validation micrographs of 70 x 80 pixels)")
    assert data.X_val.shape == data.y_val.shape == (2, 60, 90)
    first = read_micrograph(folders[0] / "train_0.tif").image
    np.testing.assert_allclose(data.X_train[0, :60], first, atol=1e-6)
    assert (data.y_train[0, 60:] == -1).all()
    assert set(np.unique(data.y_train)) == {-1, 0, 1}
    assert data.val_picks.groupby("micrograph").size().to_dict() == {
        str(i): len(grid(shape, 10, seed=i)) for i, shape in enumerate(SHAPES["val"])
    }


def test_the_picker_says_how_micrographs_are_prepared_and_is_not_changed(folders):
    picker = ParticlePicker(diameter_px=20, border_px=5)
    data = load_picking_data(*folders, picker)
    assert data.X_train.shape == (4, 56, 64)
    assert (data.y_train[:, :4] == -1).all()
    assert (data.y_train[:3, 4:-12, 4:-4] >= 0).all()
    assert not hasattr(picker, "diameter_px_")


def test_batches_keep_images_and_masks_of_all_files(tmp_path):
    images, masks = write_batches(tmp_path / "train")
    val_images, val_masks = write_batches(tmp_path / "val", sizes=(1, 1), seed=7)
    data = load_picking_data(tmp_path / "train", tmp_path / "val")
    np.testing.assert_array_equal(data.X_train, images)
    np.testing.assert_array_equal(data.y_train, masks)
    np.testing.assert_array_equal(data.X_val, val_images)
    np.testing.assert_array_equal(data.y_val, val_masks)
    assert (data.X_train.dtype, data.val_picks) == (np.uint8, None)


def test_what_cannot_be_loaded_is_told(folders, tmp_path):
    train, val, picks = folders
    with pytest.raises(FormatError, match=r"nowhere is no folder"):
        load_picking_data(tmp_path / "nowhere", val, picks)
    with pytest.raises(FormatError, match=r"picks\.star is no folder"):
        load_picking_data(train, picks, picks)
    with pytest.raises(ValueError, match=r"picks of the micrographs in .* are needed"):
        load_picking_data(train, val)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FormatError, match=r"empty has no micrographs: no file ends in \.mrc"):
        load_picking_data(train, tmp_path / "empty", picks)


def test_what_judges_is_never_among_what_is_learned(folders, tmp_path):
    train, val, picks = folders
    (val / "train_2.png").write_bytes(b"another ending")
    with pytest.raises(ValueError, match=r"1 micrographs are in both folders, train_2\.png for"):
        load_picking_data(train, val, picks)
    write_batches(tmp_path / "batches")
    with pytest.raises(ValueError, match="given twice"):
        load_picking_data(tmp_path / "batches", tmp_path / "train" / ".." / "batches")


def test_batches_that_do_not_fit_are_told(folders, tmp_path):
    write_batches(tmp_path / "batches")
    with pytest.raises(ValueError, match="leave out the picks"):
        load_picking_data(tmp_path / "batches", folders[1], folders[2])
    with pytest.raises(FormatError, match=r"has no files batch_\*\.npz"):
        load_picking_data(tmp_path / "batches", folders[1])
    write_batches(tmp_path / "other", sizes=(1,), size=20)
    (tmp_path / "other" / "batch_0.npz").rename(tmp_path / "batches" / "batch_9.npz")
    with pytest.raises(ValueError, match=r"must be of one size; got \[\(16, 16\), \(20, 20\)\]"):
        load_picking_data(tmp_path / "batches", tmp_path / "other")


# Runs --------------------------------------------------------------------------------------


class Watched(PixelSegmenter):
    """A segmenter that remembers what it has seen, and fails at a fit if told so."""

    seen, fails_at, n_fits = [], None, 0

    def fit(self, X, y, X_val=None, y_val=None):
        Watched.n_fits += 1
        if Watched.n_fits == Watched.fails_at:
            raise RuntimeError("the machine is gone")
        Watched.seen.append(X)
        return super().fit(X, y)


@pytest.fixture(autouse=True)
def forget():
    Watched.seen, Watched.fails_at, Watched.n_fits = [], None, 0


def data(n_train=10, n_val=3, noise=0.6):
    X, y = blobs(n_train + n_val, noise=noise)
    y[0, :3] = -1
    return PickingData(X[:n_train], y[:n_train], X[n_train:], y[n_train:])


def run(folder=None, strategies=README_NAMES, segmenter=None, given=None, **options):
    settings = {"n_iterations": 3, "initial_ratio": 0.2, "query_ratio": 0.2, "progress": False}
    segmenter = Watched() if segmenter is None else segmenter
    given = data() if given is None else given
    return run_picking(given, segmenter, strategies, folder=folder, **{**settings, **options})


def what_repeats(result):
    return {
        key: [(r["n_labels"], r["score"], r["indices"], r["metrics"]) for r in rounds]
        for key, rounds in result.records.items()
    }


def read(path):
    return json.loads(path.read_text())


def test_the_strategies_have_the_names_of_the_readme():
    assert list(ACQUISITION_FUNCTIONS) == README_NAMES
    kinds = (LeastConfidence, Entropy, Margin, CoreSet, Hybrid, RandomSampling)
    assert tuple(type(strategy) for strategy in ACQUISITION_FUNCTIONS.values()) == kinds
    hybrid = ACQUISITION_FUNCTIONS["hybrid"]
    assert (type(hybrid.first), type(hybrid.second)) == (LeastConfidence, CoreSet)
    assert hybrid.share == 0.7


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return the folder of a run of all strategies with a small net, its result and its data."""
    folder = tmp_path_factory.mktemp("picking") / "run"
    X, y = blobs(10, noise=0.3)
    truth = pd.concat([picks_at([9, 9], [20, 21], name=str(i), diameter=6.0) for i in range(2)])
    given = PickingData(X[:8], y[:8], X[8:], y[8:], truth)
    net = UNetSegmenter(width=2, depth=1, max_epochs=3, warm_epochs=2, patch_size=16)
    return folder, run(folder, segmenter=net, given=given, initial_ratio=0.25), given


def test_a_run_has_the_folders_of_the_readme(finished):
    folder, result, _ = finished
    assert {path.name for path in folder.iterdir()} == {
        *README_NAMES, "comparison_results", "config.json",
    }  # fmt: skip
    for name in README_NAMES:
        place = folder / name / "seed_42"
        iterations = {"iteration_0", "iteration_1", "iteration_2"}
        assert {path.name for path in place.iterdir()} == {
            *iterations, "config.json", "training.log",
        }  # fmt: skip
        for iteration in iterations:
            assert {path.name for path in (place / iteration).iterdir()} == {
                "labeled_indices.json", "metrics.json", "net.json", "weights.safetensors",
            }  # fmt: skip
    made = {path.name for path in (folder / "comparison_results").iterdir()}
    promised = {"learning_curves.png", "efficiency_comparison.png"}
    assert {*promised, "comparison_table.json", "comparison_table.tex"} <= made
    assert result.baseline == "random"
    again = ComparisonResult.from_folder(folder)
    assert again.score_name == result.score_name == "F1 of pixels"


def test_the_numbers_of_a_round_are_those_of_its_model(finished):
    folder, _, given = finished
    for name in ("hybrid", "random"):
        place = folder / name / "seed_42" / "iteration_2"
        metrics = read(place / "metrics.json")
        assert {*PIXELS, *PICKS, "score", "n_labels"} <= set(metrics)
        proba = NetSegmenter.load(place).predict_proba(given.X_val)[:, 1]
        expected = pixel_scores(given.y_val, proba)
        assert [metrics[key] for key in PIXELS] == pytest.approx([expected[key] for key in PIXELS])
        assert metrics["score"] == pytest.approx(metrics["f1_score"])
        found = [find_picks(p, 6.0).assign(micrograph=str(i)) for i, p in enumerate(proba)]
        scores = score_picks(pd.concat(found), given.val_picks, micrographs=["0", "1"])
        assert metrics["picks_f1_score"] == pytest.approx(scores.f1_score)
        assert metrics["picks_recall"] == pytest.approx(scores.recall)


def test_a_warm_start_goes_on_for_the_warm_epochs(finished, tmp_path):
    folder, _, given = finished
    net = UNetSegmenter(width=2, depth=1, max_epochs=3, warm_epochs=2, patch_size=16)
    run(tmp_path / "cold", ["random"], net, given, warm_start=False, seeds=(1,))
    for place, expected in (
        (folder / "random" / "seed_42", [3, 5, 7]),
        (tmp_path / "cold" / "random" / "seed_1", [3, 3, 3]),
    ):
        nets = [NetSegmenter.load(place / f"iteration_{k}") for k in range(3)]
        assert [len(net.history_) for net in nets] == expected


def test_labeled_indices_tell_what_was_asked(finished):
    folder, _, _ = finished
    for name in README_NAMES:
        rounds = [
            read(folder / name / "seed_42" / f"iteration_{k}" / "labeled_indices.json")
            for k in range(3)
        ]
        labeled = [indices["labeled"] for indices in rounds]
        assert [len(set(indices)) for indices in labeled] == [2, 4, 6]
        assert labeled[1][:2] == labeled[0]
        assert rounds[2]["new"] == labeled[2][4:]
        assert set(labeled[2]) <= set(range(8))


def test_all_strategies_begin_with_the_same_labels_of_a_seed():
    result = run(seeds=(1, 2, 3))
    first = {key: tuple(rounds[0]["indices"]) for key, rounds in result.records.items()}
    by_seed = [{first[name, seed] for name in README_NAMES} for seed in (1, 2, 3)]
    assert [len(sets) for sets in by_seed] == [1, 1, 1]
    assert len(set.union(*by_seed)) > 1


def test_for_two_classes_uncertainty_and_margin_ask_for_the_same():
    result = run(strategies=["uncertainty", "margin"])
    first, second = (what_repeats(result)[name, 42] for name in ("uncertainty", "margin"))
    assert first == second


def test_micrographs_that_judge_are_never_learned():
    given = data()
    run(strategies=["uncertainty", "random"], given=given, n_iterations=9)
    learned = {image.tobytes() for images in Watched.seen for image in images}
    assert learned == {image.tobytes() for image in given.X_train}
    assert not learned & {image.tobytes() for image in given.X_val}


def test_a_run_ends_where_all_are_labeled():
    result = run(strategies=["diversity", "random"], n_iterations=50, query_ratio=0.3)
    for rounds in result.records.values():
        assert [record["n_labels"] for record in rounds] == [2, 5, 8, 10]
    last = [rounds[-1]["score"] for rounds in result.records.values()]
    assert run(strategies=["random"], initial_ratio=1).records["random", 42][0]["n_labels"] == 10
    assert last[0] == pytest.approx(last[1], abs=0.02)


@pytest.mark.parametrize(("fails_at", "warm_start"), [(1, True), (2, False), (5, True)])
def test_a_run_that_broke_resumes_to_what_a_whole_one_gives(tmp_path, fails_at, warm_start):
    options = {"strategies": ["hybrid", "random"], "warm_start": warm_start}
    whole = run(tmp_path / "whole", **options)
    Watched.n_fits, Watched.fails_at = 0, fails_at
    with pytest.raises(RuntimeError, match="the machine is gone"):
        run(tmp_path / "broken", **options)
    with pytest.raises(FileExistsError, match="resume=True"):
        run(tmp_path / "broken", **options)
    resumed = run(tmp_path / "broken", resume=True, **options)
    assert what_repeats(resumed) == what_repeats(whole)


def test_patches_are_asked_for_and_whole_micrographs_judge():
    given = data()
    given.y_train[1] = -1
    result = run(given=given, patch_size=20, strategies=["entropy", "random"], n_iterations=99)
    parts = [extract_patches(image, None, 20).images for image in given.X_train]
    slow = {part.tobytes() for i, patches in enumerate(parts) for part in patches if i != 1}
    assert {image.tobytes() for images in Watched.seen for image in images} == slow
    assert result.records["entropy", 42][-1]["n_labels"] == len(slow) == 9 * 4
    assert result.records["entropy", 42][0]["n_labels"] == round(0.2 * 36)


def test_where_no_label_shows_a_particle_none_is_found():
    X, y = blobs(6, noise=0.2)
    y[:4] = 0
    net = UNetSegmenter(width=2, depth=1, max_epochs=1, patch_size=16)
    truth = pd.concat([picks_at([9, 9], name=name, diameter=6.0) for name in "01"])
    result = run(None, ["entropy"], net, PickingData(X[:4], y[:4], X[4:], y[4:], truth))
    for record in result.records["entropy", 42]:
        assert record["score"] == record["metrics"]["f1_score"] == 0
        assert record["metrics"]["auc"] == 0.5
        assert record["metrics"]["picks_f1_score"] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strategies": ["hybird", "random"]}, "uncertainty, entropy, .*; got hybird"),
        ({"n_iterations": 0}, "n_iterations must be an integer of at least 1; got 0"),
        ({"n_iterations": 2.5}, "n_iterations must be an integer"),
        ({"initial_ratio": 0.0}, r"initial_ratio must be a share in \(0, 1\]; got 0.0"),
        ({"query_ratio": 5}, r"query_ratio must be a share in \(0, 1\]; got 5"),
        ({"patch_size": 64}, "at least as large as a patch"),
    ],
)
def test_what_cannot_be_run_is_told(options, message):
    with pytest.raises(ValueError, match=message):
        run(**options)


def test_strategies_of_ones_own_have_ones_own_names():
    result = run(strategies={"mine": Entropy(reduce="top_k")})
    assert result.strategies == ["mine"]
    assert result.baseline is None


# Numbers -----------------------------------------------------------------------------------


class Maps:
    """A learner that takes images for maps."""

    classes_ = np.array([0, 1])

    def predict_proba(self, X):
        p = np.clip(X, 0, 1)
        return np.stack([1 - p, p], axis=1)


def test_picks_and_particles_without_a_label_do_not_count():
    truth = grid((60, 80), 10).assign(diameter=10.0, micrograph="0")
    maps = bumps(truth, (60, 80), 10)[None].astype(np.float32)
    masks = (maps > 0.5).astype(int)
    left = truth[truth["x"] < 20]
    metrics = PickingMetrics(left)(Maps(), maps, masks)
    assert (metrics["picks_precision"], metrics["picks_recall"]) == (len(left) / len(truth), 1)
    masks[0, :, 40:] = -1
    known = truth[truth["x"].round() < 40]
    metrics = PickingMetrics(left)(Maps(), maps, masks)
    assert (metrics["picks_precision"], metrics["picks_recall"]) == (len(left) / len(known), 1)
    metrics = PickingMetrics(truth)(Maps(), maps, masks)
    assert (metrics["picks_precision"], metrics["picks_recall"]) == (1, 1)


def test_without_particles_there_are_no_numbers_of_picks():
    masks = np.zeros((1, 20, 20), int)
    masks[0, 5:9, 5:9] = 1
    assert sorted(PickingMetrics(None)(Maps(), masks.astype(float), masks)) == PIXELS


def test_micrographs_of_other_sizes_are_judged_by_what_is_in_them(folders):
    """Their continuation mirrors particles, which nobody has picked."""
    data = load_picking_data(*folders)
    metrics = PickingMetrics(data.val_picks)(Maps(), data.X_val, data.y_val)
    assert metrics["picks_f1_score"] == 1
    assert metrics["picks_average_precision"] == pytest.approx(1)
