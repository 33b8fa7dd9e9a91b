"""Batches of images and masks: read one by one, and checked."""

import numpy as np
import pytest

from skal.exceptions import FormatError
from skal.micrographs import read_batches


def save(folder, name="batch_0.npz", images=None, masks=None, **arrays):
    images = np.zeros((2, 3, 4), np.uint8) if images is None else images
    masks = np.zeros((2, 3, 4), np.uint8) if masks is None else masks
    np.savez(folder / name, images=images, masks=masks, **arrays)


def test_files_come_in_the_order_of_their_numbers_and_when_asked_for(tmp_path):
    for i in (10, 2, 1):
        save(tmp_path, f"batch_{i}.npz", images=np.full((2, 3, 4), i, np.uint8))
    (tmp_path / "other.npz").write_bytes(b"")
    batches = read_batches(tmp_path)
    (tmp_path / "batch_10.npz").write_bytes(b"")  # not read yet
    assert len(batches) == 3
    assert repr(batches) == "Batches(3 files)"
    assert [int(images[0, 0, 0]) for images, _ in batches[:2]] == [1, 2]
    with pytest.raises(FormatError, match=r"batch_10\.npz is truncated or no npz file"):
        batches[-1]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_channels_are_averaged_to_one(tmp_path, dtype):
    images = np.random.RandomState(0).randint(0, 255, (2, 3, 4, 3)).astype(dtype)
    masks = np.random.RandomState(0).randint(-1, 2, (2, 3, 4)).astype(np.int8)
    save(tmp_path, images=images, masks=masks)
    found, labels = read_batches(tmp_path)[0]
    assert found.dtype == dtype
    mean = images.astype(float).mean(axis=-1)
    np.testing.assert_allclose(found, np.rint(mean) if found.dtype.kind == "u" else mean, rtol=1e-6)
    assert labels.dtype == np.int8
    np.testing.assert_array_equal(labels, masks)


@pytest.mark.parametrize("n_channels", [None, 1, 3])
def test_gray_images_stay_as_they_are(tmp_path, n_channels):
    gray = np.random.RandomState(0).randint(0, 256, (2, 3, 4)).astype(np.uint8)
    images = gray if n_channels is None else np.repeat(gray[..., None], n_channels, axis=-1)
    save(tmp_path, images=images, masks=gray > 9)
    found, labels = read_batches(tmp_path)[0]
    np.testing.assert_array_equal(found, gray)
    np.testing.assert_array_equal(labels, gray > 9)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"masks": np.zeros((2, 4, 3))}, r"\(2, 3, 4\) and \(2, 4, 3\)"),
        ({"masks": np.zeros((1, 3, 4))}, r"\(2, 3, 4\) and \(1, 3, 4\)"),
        ({"images": np.zeros((2, 3, 4, 5))}, r"images must have shape .*\(2, 3, 4, 5\)"),
        ({"images": np.zeros((3, 4))}, r"images must have shape .*\(3, 4\)"),
        ({"images": np.zeros((2, 3, 4), complex)}, "must be uint8 or float; got complex128"),
        ({"masks": np.full((2, 3, 4), 255)}, r"1 particle, 0 background, -1 ignore; got \[255\]"),
        ({"masks": np.full((2, 3, 4), 0.5)}, r"got \[0\.5\]"),
        ({"images": np.array([object()])}, "cannot be loaded without running code"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, arrays, message):
    save(tmp_path, **arrays)
    with pytest.raises(FormatError, match=rf"batch_0\.npz.*{message}"):
        read_batches(tmp_path)[0]


def test_missing_arrays_and_files_are_named(tmp_path):
    with pytest.raises(FormatError, match=r"no files batch_\*\.npz"):
        read_batches(tmp_path)
    with pytest.raises(FormatError, match=r"cannot read .*: No such file"):
        read_batches(tmp_path / "none")
    np.savez(tmp_path / "batch_0.npz", images=np.zeros((1, 2, 2)))
    with pytest.raises(FormatError, match=r"needs the arrays .*\['masks'\] are missing"):
        read_batches(tmp_path)[0]
    save(tmp_path)
    content = (tmp_path / "batch_0.npz").read_bytes()
    (tmp_path / "batch_0.npz").write_bytes(content[:180] + b"\xff" * 9 + content[189:])
    with pytest.raises(FormatError, match=r"batch_0\.npz is damaged.*CRC"):
        read_batches(tmp_path)[0]
