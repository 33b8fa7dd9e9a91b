"""Samples of any kind, a batch at a time, and what is refused."""

import mmap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from PIL import Image

from skal import ActiveLearner
from skal.nets import CNNClassifier, LeNetClassifier, MLPClassifier, NetClassifier
from skal.nets import _inputs as inputs
from skal.nets import _training as training
from skal.nets._modules import CNN
from skal.query import BALD, CoreSet, Hybrid


def written(folder, X):
    """Write images into a folder and return their paths."""
    paths = [folder / f"{i}.png" for i in range(len(X))]
    for path, image in zip(paths, X, strict=True):
        Image.fromarray(image).save(path)
    return paths


@pytest.mark.parametrize("kind", [list, np.array, lambda paths: [str(path) for path in paths]])
def test_images_are_read_from_paths(squares, tmp_path, kind):
    X, y = squares
    paths = kind(written(tmp_path, X))
    net = CNNClassifier(max_epochs=2, random_state=0).fit(X, y)
    same = CNNClassifier(max_epochs=2, random_state=0).fit(paths, y)
    np.testing.assert_allclose(net.predict_proba(X), same.predict_proba(paths), atol=1e-5)
    assert same.embed(paths[:3]).shape == (3, 128)


def test_a_learner_queries_among_paths(squares, tmp_path):
    X, y = squares
    paths = written(tmp_path, X)
    net, strategy = CNNClassifier(max_epochs=1), Hybrid(BALD(3), CoreSet())
    learner = ActiveLearner(net, strategy, paths[:20], y[:20], random_state=0)
    indices, instances = learner.query(paths[20:], 4)
    assert instances == [paths[20:][i] for i in indices]
    learner.teach(instances, y[20:][indices])


def test_images_of_mixed_sizes_are_refused(squares, tmp_path):
    X, y = squares
    paths = written(tmp_path, [*X[:4], X[4][:12]])
    with pytest.raises(ValueError, match=r"same size; expected 16 x 16 .*4\.png.* 16 x 12"):
        CNNClassifier(max_epochs=1).fit(paths, y[:5])


def test_colors_and_palettes_are_read(tmp_path):
    Image.fromarray(np.zeros((4, 5, 3), np.uint8)).convert("P").save(tmp_path / "a.png")
    assert inputs.read_image(tmp_path / "a.png").shape == (4, 5, 3)
    Image.fromarray(np.zeros((4, 5), np.uint8)).save(tmp_path / "b.png")
    assert inputs.read_image(tmp_path / "b.png").shape == (4, 5, 1)


def test_nothing_is_read_whole_from_a_memory_map(squares, tmp_path, monkeypatch):
    X, y = squares
    mapped = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.uint8, (3000, 16, 16))
    mapped[:60] = X
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    net = CNNClassifier(max_epochs=1, random_state=0).fit(mapped[:60], y)
    sizes, read = [], inputs.Reader.read

    def watch(self, X, rows, device="cpu"):
        batch = read(self, X, rows, device)
        sizes.append(len(batch))
        return batch

    monkeypatch.setattr(inputs.Reader, "read", watch)
    expected = net.predict_proba(X)
    assert np.array_equal(net.predict_proba(mapped)[:60], expected)
    assert max(sizes) <= training.INFERENCE_ROWS
    assert np.array_equal(mapped[:60], X)  # pages that were given back are still there


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="asks Linux")
@pytest.mark.parametrize(("mode", "is_given_back"), [("r", True), ("r+", True), ("c", False)])
def test_memory_is_given_back_where_nothing_can_be_lost(tmp_path, mode, is_given_back):
    np.save(tmp_path / "X.npy", np.arange(8_000_000))  # 61 MiB
    mapped = np.load(tmp_path / "X.npy", mmap_mode=mode)
    if mode != "r":
        mapped[:10] = -1
    view = np.asarray(mapped)[5:]  # as scikit-learn's validation gives it back
    view.sum()
    before = resident_mib()
    inputs.release_pages(view)
    assert (before - resident_mib() > 30) == is_given_back
    assert mapped[5] == (5 if mode == "r" else -1)


def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE / 2**20


def test_training_data_that_are_large_stay_where_they_are(squares, monkeypatch):
    X, y = squares
    held = CNNClassifier(max_epochs=2, random_state=0).fit(X, y)
    monkeypatch.setattr(training, "MAX_HELD_BYTES", 1000)
    read = CNNClassifier(max_epochs=2, random_state=0).fit(X, y)
    np.testing.assert_allclose(held.predict_proba(X), read.predict_proba(X), atol=1e-6)


def test_mean_and_standard_deviation_are_those_of_the_training_data():
    X = np.random.RandomState(0).normal([3, -100], [0.1, 5], (500, 4, 4, 2)).transpose(0, 3, 1, 2)
    reader = inputs.make_reader(X)
    reader.learn_statistics(X)
    np.testing.assert_allclose(reader.mean.ravel(), X.mean(axis=(0, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(reader.std.ravel(), X.std(axis=(0, 2, 3)), rtol=1e-4)
    batch = reader.read(X, slice(0, 500))
    assert abs(batch.mean()) < 1e-4
    assert abs(batch.std() - 1) < 1e-3


def test_constant_features_stay_finite():
    X = np.full((10, 3), 1e6)
    X[:, 1] = np.arange(10)
    net = MLPClassifier(max_epochs=1).fit(X, np.arange(10) % 2)
    assert np.isfinite(net.predict_proba(X)).all()


def test_statistics_are_not_learned_if_not_wanted(squares):
    X, y = squares
    assert CNNClassifier(standardize=False, max_epochs=1).fit(X, y).reader_.mean is None


@pytest.mark.parametrize(
    ("given", "layout", "shape"),
    [
        ((28, 28), "gray", (1, 28, 28)),
        ((3, 32, 32), "channels_first", (3, 32, 32)),
        ((32, 32, 3), "channels_last", (3, 32, 32)),
        ((1, 32, 3), "channels_first", (1, 32, 3)),
        ((5, 16, 16), "channels_first", (5, 16, 16)),
        ((7,), "rows", (7,)),
    ],
)
def test_layouts_are_recognized(given, layout, shape):
    reader = inputs.make_reader(np.zeros((2, *given)))
    assert (reader.layout, reader.shape) == (layout, shape)


def test_wrong_shapes_say_what_was_expected(squares):
    X, y = squares
    net = CNNClassifier(max_epochs=1).fit(X, y)
    with pytest.raises(ValueError, match=r"must have shape \(16, 16\) each.*channels"):
        net.predict(np.zeros((2, 3, 16, 16)))
    with pytest.raises(ValueError, match="as many pixels"):
        CNNClassifier(image_shape=(5, 5)).fit(X.reshape(60, -1), y)
    with pytest.raises(ValueError, match="at least 16 x 16 pixels; got 8 x 8"):
        LeNetClassifier().fit(X[:, :8, :8], y)
    with pytest.raises(ValueError, match=r"needs images.*image_shape"):
        LeNetClassifier().fit(X.reshape(60, -1), y)
    with pytest.raises(ValueError, match="X must be an array, as in fit; got paths"):
        net.predict(["a.png"])


def test_nan_in_images_is_refused_with_a_count(squares):
    X, y = squares
    bad = X.astype(float)
    bad[5:7, 0, 0] = np.nan
    with pytest.raises(ValueError, match=r"NaN or infinity.* in 2 samples"):
        CNNClassifier().fit(bad, y)


def test_sparse_matrices_are_refused():
    with pytest.raises(TypeError, match=r"toarray|[Ss]parse"):
        MLPClassifier().fit(sp.eye(4).tocsr(), [0, 1, 0, 1])


def test_data_frames_and_bfloat16_are_taken():
    X, y = pd.DataFrame(np.random.RandomState(0).rand(10, 2), columns=["a", "b"]), np.arange(10) % 2
    net = MLPClassifier(max_epochs=1).fit(X, y)
    assert list(net.feature_names_in_) == ["a", "b"]
    images = torch.rand(10, 8, 8).to(torch.bfloat16)
    assert CNNClassifier(max_epochs=1).fit(images, y).predict(images).shape == (10,)


def test_a_module_gets_what_it_has_arguments_for(squares):
    X, y = squares
    net = NetClassifier(CNN, dropout=0.25, max_epochs=1).fit(X, y)
    assert [layer.p for layer in net.net_.module_ if hasattr(layer, "p")] == [0.25, 0.25]
