"""CIFAR-10: the Python batches that torchvision leaves, their archive, or a subset as npz."""

import io
import pickle
import tarfile
import zipfile

import numpy as np

from ..exceptions import DatasetError

FOLDER, ARCHIVE, SUBSET = "cifar-10-batches-py", "cifar-10-python.tar.gz", "cifar10_subset.npz"
BATCHES = {"train": [f"data_batch_{i}" for i in range(1, 6)], "test": ["test_batch"]}
SHAPE = (3, 32, 32)  # channels first, as the batches store a row
SUBSET_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
# what the pickle of an array names, under the names that numpy 1 and 2 have for it
ARRAY_GLOBALS = {
    ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
    ("numpy._core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): lambda text, _: text.encode("latin1"),  # bytes, from a Python 3
}


def find_cifar(folder):
    """Return the path of the best copy in `folder`, or None: all images before a subset."""
    places = [folder, folder / "cifar10"]
    for name in (FOLDER, ARCHIVE, SUBSET):
        for place in places:
            if (place / name).exists():
                return place / name
    return folder if all((folder / name).is_file() for name in _all_batches()) else None


def read_cifar(path):
    """Read images and labels of both parts, from what `find_cifar` found.

    Returns
    -------
    dict of str to (ndarray of uint8 of shape (n, 3, 32, 32), ndarray of int of shape (n,))
        The parts ``"train"`` and ``"test"``.

    Raises
    ------
    DatasetError
        If a file is damaged or holds something else.
    FileNotFoundError
        If a batch is missing.
    """
    if path.name == SUBSET:
        return _read_subset(path)
    contents = _archive_contents(path) if path.name == ARCHIVE else _folder_contents(path)
    return {part: _read_part(path, contents, names) for part, names in BATCHES.items()}


def _all_batches():
    return [name for names in BATCHES.values() for name in names]


def _folder_contents(folder):
    for name in _all_batches():
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"{folder / name} is missing: CIFAR-10 has the batches "
                f"{', '.join(_all_batches())}. Get the folder again."
            )
    return {name: (folder / name).read_bytes() for name in _all_batches()}


def _archive_contents(path):
    try:
        with tarfile.open(path) as archive:
            return {name: archive.extractfile(f"{FOLDER}/{name}").read() for name in _all_batches()}
    except (tarfile.TarError, EOFError, OSError, KeyError, AttributeError) as error:
        raise DatasetError(
            f"{path} is truncated or not the archive of CIFAR-10 ({error}). Get the file again."
        ) from error


class _ArrayUnpickler(pickle.Unpickler):
    """An unpickler that knows arrays and plain values only, so that no file can run code."""

    def find_class(self, module, name):
        if (module, name) not in ARRAY_GLOBALS:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which no batch needs")
        return ARRAY_GLOBALS[module, name]


def _read_part(path, contents, names):
    images, labels = zip(*(_read_batch(path / name, contents[name]) for name in names), strict=True)
    return np.concatenate(images).reshape(-1, *SHAPE), np.concatenate(labels).astype(np.intp)


def _read_batch(path, content):
    try:
        batch = _ArrayUnpickler(io.BytesIO(content), encoding="latin1").load()
        images, labels = np.asarray(batch["data"]), np.asarray(batch["labels"])
    # a damaged pickle can fail in any of these ways
    except (pickle.UnpicklingError, EOFError, ValueError, KeyError, IndexError, TypeError) as error:
        raise DatasetError(
            f"{path} is damaged or no batch of CIFAR-10 ({error}). Get the file again."
        ) from error
    _check_arrays(path, images, labels, (len(labels), np.prod(SHAPE)))
    return images, labels


def _read_subset(path):
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
            x_train, y_train, x_test, y_test = (file[name] for name in SUBSET_ARRAYS)
    except (zipfile.BadZipFile, EOFError, ValueError, KeyError, OSError) as error:
        raise DatasetError(
            f"{path} is damaged or lacks an array: expected {', '.join(SUBSET_ARRAYS)} ({error})."
        ) from error
    for images, labels in ((x_train, y_train), (x_test, y_test)):
        _check_arrays(path, images, labels, (len(labels), 32, 32, 3))
    return {
        "train": (_channels_first(x_train), y_train.astype(np.intp)),
        "test": (_channels_first(x_test), y_test.astype(np.intp)),
    }


def _channels_first(images):
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))


def _check_arrays(path, images, labels, shape):
    if images.dtype != np.uint8 or images.shape != shape or labels.ndim != 1:
        raise DatasetError(
            f"{path} must hold a label for each image, and images of uint8 and shape "
            f"{tuple(map(int, shape))}; got {images.dtype} of shape {images.shape}."
        )
