"""CIFAR-10 in the forms that people have it in, from files that the tests write."""

import pickle
import struct
import tarfile

import numpy as np
import pytest

from skal.datasets import load_dataset
from skal.exceptions import DatasetError

RNG = np.random.RandomState(0)
ROWS = RNG.randint(0, 256, (12, 3072)).astype(np.uint8)
BATCHES = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]


def text(content):
    """Return the pickle of a Python 2 text, which Python 3 writes no more."""
    return b"T" + struct.pack("<i", len(content)) + content


def python_2_batch(images, labels):
    """Return a batch as Python 2 pickled it: so are the published files."""
    dtype = b"cnumpy\ndtype\n" + text(b"u1") + b"K\x00K\x01\x87R(K\x03" + text(b"|") + b"NNN"
    dtype += 2 * b"J\xff\xff\xff\xff" + b"K\x00tb"
    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00t" + text(b"b") + b"tR"
    array += (
        b"(K\x01(K%cM\x00\x0ct" % len(images) + dtype + b"\x89" + text(images.tobytes()) + b"tb"
    )
    numbers = b"".join(b"K%c" % label for label in labels)
    items = text(b"data") + array + text(b"labels") + b"(" + numbers + b"l"
    return b"\x80\x02}(" + items + b"u."


def write_batches(folder, dump=python_2_batch):
    """Write six batches of two images each, the last one for testing."""
    folder.mkdir(parents=True)
    for i, name in enumerate(BATCHES):
        (folder / name).write_bytes(dump(ROWS[2 * i : 2 * i + 2], [i, 9 - i]))
    return folder


def write_subset(folder):
    images = ROWS.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    labels = np.arange(12, dtype=np.uint8) % 3
    arrays = {"x_train": images[:10], "y_train": labels[:10]}
    arrays |= {"x_test": images[10:], "y_test": labels[10:]}
    folder.mkdir(exist_ok=True)
    np.savez(folder / "cifar10_subset.npz", **arrays, classes=np.array(["a", "b", "c"]))
    return folder / "cifar10_subset.npz"


@pytest.mark.parametrize("place", ["cifar-10-batches-py", "cifar10/cifar-10-batches-py"])
def test_batches_are_found_below_the_folder(tmp_path, place):
    write_batches(tmp_path / place)
    data = load_dataset("cifar10", tmp_path, flatten=False)
    assert data.image_shape == (3, 32, 32)
    np.testing.assert_allclose(data.X_train, ROWS[:10].reshape(-1, 3, 32, 32) / 255, rtol=1e-6)
    np.testing.assert_array_equal(data.y_train, [0, 9, 1, 8, 2, 7, 3, 6, 4, 5])
    np.testing.assert_array_equal(data.y_test, [5, 4])


def test_the_folder_may_be_that_of_the_batches_itself(tmp_path):
    folder = write_batches(tmp_path / "anything")
    assert len(load_dataset("cifar10", folder).X_train) == 10


def test_batches_that_python_3_has_pickled_anew_are_read_too(tmp_path):
    folder = write_batches(
        tmp_path / "new", lambda X, y: pickle.dumps({"data": X, "labels": y}, protocol=2)
    )
    np.testing.assert_allclose(load_dataset("cifar10", folder).X_test, ROWS[10:] / 255, rtol=1e-6)


def test_the_archive_is_read_without_being_unpacked(tmp_path):
    write_batches(tmp_path / "source" / "cifar-10-batches-py")
    (tmp_path / "data").mkdir()
    with tarfile.open(tmp_path / "data" / "cifar-10-python.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "source" / "cifar-10-batches-py", "cifar-10-batches-py")
    data = load_dataset("cifar10", tmp_path / "data")
    np.testing.assert_allclose(data.X_test, ROWS[10:] / 255, rtol=1e-6)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["cifar-10-python.tar.gz"]


@pytest.mark.parametrize("place", [".", "cifar10"])
def test_the_subset_has_the_same_images_as_the_batches(tmp_path, place):
    write_subset(tmp_path / place)
    data = load_dataset("cifar10", tmp_path)
    np.testing.assert_allclose(data.X_train, ROWS[:10] / 255, rtol=1e-6)
    assert repr(data) == (
        "Dataset('cifar10': 10 train and 2 test images, 32 x 32 pixels, 3 channels, 3 classes)"
    )


def test_all_images_are_preferred_to_a_subset(tmp_path):
    write_subset(tmp_path)
    write_batches(tmp_path / "cifar-10-batches-py")
    assert load_dataset("cifar10", tmp_path).y_test.tolist() == [5, 4]


def test_missing_files_are_named_with_where_they_were_looked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"cifar10_subset\.npz in .*download=True"):
        load_dataset("cifar10", tmp_path)
    (write_batches(tmp_path / "cifar-10-batches-py") / "data_batch_3").unlink()
    with pytest.raises(FileNotFoundError, match="data_batch_3 is missing"):
        load_dataset("cifar10", tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no pickle",
        pickle.dumps({"data": ROWS}, protocol=2),
        pickle.dumps({"data": ROWS, "labels": [0]}, protocol=2),
        pickle.dumps([1, 2], protocol=2),
        pickle.dumps({"data": ROWS, "labels": [0, 1]}, protocol=2)[:-40],
    ],
)
def test_a_damaged_batch_is_refused(tmp_path, content):
    (write_batches(tmp_path / "cifar-10-batches-py") / "test_batch").write_bytes(content)
    with pytest.raises(DatasetError, match="test_batch"):
        load_dataset("cifar10", tmp_path)


class _Malicious:
    def __reduce__(self):
        return print, ("this code must not run",)


def test_a_batch_cannot_run_code(tmp_path, capsys):
    folder = write_batches(tmp_path / "cifar-10-batches-py")
    (folder / "test_batch").write_bytes(pickle.dumps(_Malicious(), protocol=2))
    with pytest.raises(DatasetError, match=r"names (__builtin__|builtins)\.print"):
        load_dataset("cifar10", tmp_path)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", [b"", b"no zip file", b"PK\x03\x04 cut off"])
def test_a_damaged_subset_is_refused(tmp_path, content):
    write_subset(tmp_path).write_bytes(content)
    with pytest.raises(DatasetError, match=r"cifar10_subset\.npz is damaged"):
        load_dataset("cifar10", tmp_path)


def test_a_subset_of_other_images_is_refused(tmp_path):
    arrays = {f"{kind}_{part}": np.zeros(2) for kind in "xy" for part in ("train", "test")}
    np.savez(tmp_path / "cifar10_subset.npz", **arrays)
    with pytest.raises(DatasetError, match="images of uint8"):
        load_dataset("cifar10", tmp_path)


def test_a_damaged_archive_is_refused(tmp_path):
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(b"\x1f\x8b damaged")
    with pytest.raises(DatasetError, match="truncated or not the archive"):
        load_dataset("cifar10", tmp_path)


def test_real_images_are_read(data_dir):
    data = load_dataset("cifar10", data_dir, flatten=False)
    assert data.X_train.shape == (10_000, 3, 32, 32)
    assert np.bincount(data.y_test).tolist() == [200] * 10
    means = data.X_train.mean(axis=(0, 2, 3))
    np.testing.assert_allclose(means, [0.491, 0.482, 0.447], atol=0.005)  # as published
