"""Loading data sets, from files that the tests write and from real ones where there are any."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from skal.datasets import load_dataset
from skal.exceptions import DatasetError

REAL = Path(os.environ.get("SKAL_DATA_DIR", Path(__file__).parents[3] / "shared" / "data"))
IMAGES = np.arange(5 * 3 * 2, dtype=np.uint8).reshape(5, 3, 2)
LABELS = np.array([0, 1, 2, 1, 0], dtype=np.uint8)


def idx_bytes(array):
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def write_files(folder, compress=True):
    folder.mkdir(parents=True, exist_ok=True)
    for part, n in (("train", 5), ("t10k", 2)):
        for kind, array in (("images-idx3", IMAGES[:n]), ("labels-idx1", LABELS[:n])):
            content = idx_bytes(array)
            path = folder / f"{part}-{kind}-ubyte{'.gz' if compress else ''}"
            path.write_bytes(gzip.compress(content) if compress else content)
    return folder


def test_digits_come_without_a_folder():
    data = load_dataset("digits")
    assert data.X_train.shape == (1257, 64)
    assert data.X_test.shape == (540, 64)
    assert data.image_shape == (8, 8)
    assert data.X_train.dtype == np.float32
    assert (data.X_train.min(), data.X_train.max()) == (0, 1)


def test_digits_are_split_the_same_way_each_time_with_all_classes_by_their_share():
    first, second = load_dataset("digits"), load_dataset("digits")
    np.testing.assert_array_equal(first.X_test, second.X_test)
    assert np.ptp(np.bincount(first.y_test)) <= 3


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("place", [".", "raw", "MNIST/raw"])
def test_idx_files_are_found_below_the_folder(tmp_path, place, compress):
    write_files(tmp_path / place, compress)
    data = load_dataset("mnist", tmp_path)
    assert data.image_shape == (3, 2)
    np.testing.assert_allclose(data.X_train, IMAGES.reshape(5, 6) / 255, rtol=1e-6)
    np.testing.assert_array_equal(data.y_train, LABELS)
    np.testing.assert_array_equal(data.y_test, LABELS[:2])
    assert data.X_train.dtype == np.float32


def test_each_data_set_is_read_from_its_own_folder(tmp_path):
    write_files(tmp_path / "MNIST" / "raw")
    with pytest.raises(FileNotFoundError, match="train-images-idx3-ubyte"):
        load_dataset("fashion_mnist", tmp_path)


def test_files_may_be_read_only(tmp_path):
    for path in write_files(tmp_path).iterdir():
        path.chmod(0o400)
    tmp_path.chmod(0o500)
    assert len(load_dataset("mnist", str(tmp_path)).X_train) == 5
    tmp_path.chmod(0o700)


def test_repr_says_what_it_holds(tmp_path):
    assert repr(load_dataset("mnist", write_files(tmp_path))) == (
        "Dataset('mnist': 5 train and 2 test images, 3 x 2 pixels, 3 classes)"
    )


def test_unknown_name_lists_those_that_exist():
    with pytest.raises(ValueError, match="digits, mnist, fashion_mnist, cifar10; got 'cifar'"):
        load_dataset("cifar")


def test_idx_data_need_a_folder():
    with pytest.raises(ValueError, match=r"pass folder.*torchvision"):
        load_dataset("mnist")


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere.*torchvision"):
        load_dataset("mnist", tmp_path / "nowhere")


def test_missing_file_is_named_with_where_to_get_it(tmp_path):
    (write_files(tmp_path) / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError, match=r"t10k-labels-idx1-ubyte .*MNIST.*download=True"):
        load_dataset("mnist", tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (idx_bytes(IMAGES)[:-1], "promises 30 values .* but 29 follow"),
        (idx_bytes(IMAGES) + b"!", "promises 30 values .* but 31 follow"),
        (idx_bytes(IMAGES)[:9], "ends within its header"),
        (b"", "begins with nothing"),
        (idx_bytes(LABELS), "begins with 00 00 08 01"),
        (bytes([0, 0, 13]) + idx_bytes(IMAGES)[3:], "begins with 00 00 0d 03"),
        (idx_bytes(IMAGES[:4]), "5 labels for 4 images"),
    ],
)
def test_damaged_files_are_refused(tmp_path, content, message):
    (write_files(tmp_path, compress=False) / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        load_dataset("mnist", tmp_path)


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b"no gzip", lambda b: b[:10]])
def test_damaged_gzip_files_are_refused(tmp_path, damage):
    path = write_files(tmp_path) / "train-images-idx3-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DatasetError, match="truncated or no gzip file"):
        load_dataset("mnist", tmp_path)


def test_images_of_different_sizes_are_refused(tmp_path):
    path = write_files(tmp_path, compress=False) / "t10k-images-idx3-ubyte"
    path.write_bytes(idx_bytes(IMAGES[:2, :2]))
    with pytest.raises(DatasetError, match="do not go together"):
        load_dataset("mnist", tmp_path)


@pytest.mark.skipif(not REAL.is_dir(), reason="no real data: set SKAL_DATA_DIR")
@pytest.mark.parametrize(
    ("name", "folder"), [("mnist", "MNIST"), ("fashion_mnist", "FashionMNIST")]
)
def test_real_data_are_read(name, folder):
    data = load_dataset(name, REAL / folder)
    assert data.X_train.shape == (60_000, 784)
    assert data.X_test.shape == (10_000, 784)
    assert data.image_shape == (28, 28)
    assert data.X_train.max() == 1
    np.testing.assert_array_equal(np.unique(data.y_test), np.arange(10))


def test_images_keep_their_shape_where_asked(tmp_path):
    data = load_dataset("mnist", write_files(tmp_path), flatten=False)
    assert data.X_train.shape == (5, 3, 2)
    np.testing.assert_allclose(data.X_test, IMAGES[:2] / 255, rtol=1e-6)
    rows = load_dataset("mnist", tmp_path)
    np.testing.assert_array_equal(rows.X_train.reshape(-1, *rows.image_shape), data.X_train)
