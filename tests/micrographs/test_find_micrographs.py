"""Files of micrographs found in folders, and images in NumPy's files."""

import gzip

import numpy as np
import pytest

from skal.exceptions import FormatError
from skal.micrographs import (
    find_micrographs,
    micrograph_stem,
    read_micrograph,
    read_shape,
    read_stack,
    write_micrograph,
)


def write(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"content")
    return folder


def test_files_stay_in_order_and_folders_are_sorted(tmp_path):
    one = write(tmp_path / "one", "b.mrc", "a.TIF", "notes.txt", "._b.mrc", "c.mrc.gz")
    (one / "d.png").mkdir()
    two = write(tmp_path / "two", "x.data", "e.npy")
    found = find_micrographs([two / "x.data", one, str(two / "e.npy"), one / "b.mrc"])
    assert [path.name for path in found] == ["x.data", "a.TIF", "b.mrc", "c.mrc.gz", "e.npy"]


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(FormatError, match=r"has no micrographs: no file ends in \.mrc"):
        find_micrographs([write(tmp_path / "empty", "notes.txt")])
    with pytest.raises(FormatError, match=r"cannot read .*missing\.mrc"):
        find_micrographs([tmp_path / "missing.mrc"])


def test_two_files_of_one_name_are_refused(tmp_path):
    one, two = write(tmp_path / "one", "a.mrc"), write(tmp_path / "two", "a.png")
    with pytest.raises(ValueError, match="stand for one micrograph"):
        find_micrographs([one, two])


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_npy_keeps_values_and_type(tmp_path, dtype):
    image = np.arange(35).reshape(5, 7).astype(dtype)
    np.save(tmp_path / "a.npy", image)
    found = read_micrograph(tmp_path / "a.npy")
    assert found.image.dtype == dtype
    assert (found.name, found.pixel_size_angstrom) == ("a.npy", None)
    np.testing.assert_array_equal(found.image, image)
    assert micrograph_stem("folder/a.npy") == "a"


def test_channels_of_npy_are_averaged_and_stacks_are_stacks(tmp_path):
    image = np.random.RandomState(0).rand(5, 7, 3).astype(np.float32)
    np.save(tmp_path / "color.npy", image)
    found = read_micrograph(tmp_path / "color.npy").image
    np.testing.assert_allclose(found, image.mean(axis=-1), rtol=1e-6)
    np.save(tmp_path / "stack.npy", np.zeros((4, 5, 7)))
    assert read_stack(tmp_path / "stack.npy").shape == (4, 5, 7)
    with pytest.raises(FormatError, match="is a stack of 4 images, not one"):
        read_micrograph(tmp_path / "stack.npy")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(5), "must hold an image"),
        (np.zeros((5, 7), complex), "must hold an image"),
        (np.zeros((0, 7)), "must hold an image"),
        (np.array([[None]]), "without running code"),
    ],
)
def test_npy_of_something_else_is_refused(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(FormatError, match=message):
        read_micrograph(tmp_path / "a.npy")


def test_a_truncated_npy_is_damaged(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((9, 9)))
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-9])
    with pytest.raises(FormatError, match="is damaged"):
        read_micrograph(tmp_path / "a.npy")


@pytest.mark.parametrize("name", ["a.mrc", "a.png", "a.npy", "a.mrc.gz"])
def test_the_shape_is_that_of_the_image(tmp_path, name):
    image = np.zeros((5, 7), np.uint8)
    np.save(tmp_path / "a.npy", image)
    write_micrograph(tmp_path / "a.png", image)
    write_micrograph(tmp_path / "a.mrc", image.astype(np.int8))
    (tmp_path / "a.mrc.gz").write_bytes(gzip.compress((tmp_path / "a.mrc").read_bytes()))
    assert read_shape(tmp_path / name) == (5, 7)
