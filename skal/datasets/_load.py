"""Data sets by name, split into train and test."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from ..exceptions import DatasetError
from ._cifar import find_cifar, read_cifar
from ._download import download_dataset
from ._idx import read_idx

IDX_FOLDERS = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"}  # as torchvision names them
TORCHVISION_NAMES = {**IDX_FOLDERS, "cifar10": "CIFAR10"}
NAMES = ("digits", *TORCHVISION_NAMES)
IDX_FILES = [
    f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")
]


@dataclass(frozen=True, repr=False)
class Dataset:
    """Samples and labels, split into train and test.

    Attributes
    ----------
    name : str
        The name that it was loaded by.
    X_train, X_test : ndarray of float32
        Images, values in [0, 1]: one flattened image a row, of shape (n_samples, n_features), or
        with ``flatten=False`` of shape (n_samples, \\*image_shape).
    y_train, y_test : ndarray of int of shape (n_samples,)
        The class of each.
    image_shape : tuple of int
        Height and width of an image, after the number of channels where it has colors:
        ``X_train[0].reshape(image_shape)`` is the image.
    """

    name: str
    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    image_shape: tuple[int, ...]

    def __repr__(self):
        *channels, height, width = self.image_shape
        colors = f", {channels[0]} channels" if channels else ""
        return (
            f"Dataset({self.name!r}: {len(self.X_train)} train and {len(self.X_test)} test images, "
            f"{height} x {width} pixels{colors}, {len(np.unique(self.y_train))} classes)"
        )


def load_dataset(name, folder=None, *, download=False, flatten=True):
    """Load a data set of small images.

    Parameters
    ----------
    name : {"digits", "mnist", "fashion_mnist", "cifar10"}
        ``"digits"`` comes with scikit-learn; 30 % of it, the same share of each class, are the
        test set. The others are read from `folder` with their own test sets.
    folder : str or path, optional
        Where the files are. Of MNIST and Fashion-MNIST the four idx files, such as
        ``train-images-idx3-ubyte`` or the same with ``.gz``: in the folder itself, in ``raw/``, or
        in ``MNIST/raw/`` or ``FashionMNIST/raw/`` as torchvision leaves them. Of CIFAR-10 the
        folder ``cifar-10-batches-py``, its archive ``cifar-10-python.tar.gz``, or
        ``cifar10_subset.npz`` (arrays ``x_train``, ``y_train``, ``x_test``, ``y_test``, images of
        shape (n, 32, 32, 3)): in the folder itself or in ``cifar10/``. The folder is only read.
    download : bool, default=False
        Whether torchvision may download files that are not there into `folder`, which is made
        where it does not exist. Nothing is written where the files are found.
    flatten : bool, default=True
        Whether each image is a row of features; False keeps arrays of shape (n, height, width),
        or (n, 3, height, width) where there are colors, as the image nets of :mod:`skal.nets` take
        them. A net takes rows too, with the data set's ``image_shape``.

    Returns
    -------
    Dataset

    Raises
    ------
    FileNotFoundError
        If the folder or one of the files is missing.
    DatasetError
        If a file is damaged, or not what its name says.
    OSError
        If a download fails, or the folder cannot be written.
    ImportError
        If a download is needed and torchvision cannot be imported.

    Examples
    --------
    >>> load_dataset("digits")
    Dataset('digits': 1257 train and 540 test images, 8 x 8 pixels, 10 classes)
    >>> load_dataset("digits", flatten=False).X_train.shape
    (1257, 8, 8)
    """
    if name not in NAMES:
        raise ValueError(f"name must be one of {', '.join(NAMES)}; got {name!r}.")
    if name == "digits":
        return _made(name, _digits(), (8, 8), flatten)
    if folder is None:
        raise ValueError(f"{name} is read from files: pass folder. {_where_to_get(name)}")
    folder = Path(folder)
    if download and not _is_there(name, folder):
        download_dataset(TORCHVISION_NAMES[name], folder)
    _check_folder(name, folder)
    parts = _cifar(name, folder) if name == "cifar10" else _idx(name, folder)
    return _made(name, parts, parts["train"][0].shape[1:], flatten)


def _made(name, parts, image_shape, flatten):
    """Return a Dataset from images and labels of both parts; images of bytes are scaled."""
    arrays = []
    for part in ("train", "test"):
        images, labels = parts[part]
        if images.dtype == np.uint8:
            images = images.astype(np.float32)
            images /= 255
        shape = (-1,) if flatten else image_shape
        arrays += [images.reshape(len(images), *shape), labels]
    return Dataset(name, *arrays, tuple(map(int, image_shape)))


def _digits():
    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype(np.float32)  # values are 0 to 16
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.3, stratify=y, random_state=0
    )
    return {"train": (X_train, y_train), "test": (X_test, y_test)}


def _is_there(name, folder):
    if name == "cifar10":
        return find_cifar(folder) is not None
    return all(_find_idx(name, folder, file_name) for file_name in IDX_FILES)


def _check_folder(name, folder):
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}. {_where_to_get(name)}")


def _cifar(name, folder):
    path = find_cifar(folder)
    if path is None:
        raise FileNotFoundError(
            f"CIFAR-10 is missing: looked for cifar-10-batches-py/, cifar-10-python.tar.gz and "
            f"cifar10_subset.npz in {folder} and in cifar10/ below it. {_where_to_get(name)}"
        )
    return read_cifar(path)


def _idx(name, folder):
    train, test = _idx_part(name, folder, "train"), _idx_part(name, folder, "t10k")
    if test[0].shape[1:] != train[0].shape[1:]:
        raise DatasetError(
            f"the images of {folder} do not go together: {train[0].shape[1:]} pixels for training, "
            f"{test[0].shape[1:]} for testing."
        )
    return {"train": train, "test": test}


def _idx_part(name, folder, part):
    """Return images and labels of one part, ``train`` or ``t10k``."""
    images = read_idx(_idx_path(name, folder, f"{part}-images-idx3-ubyte"), n_axes=3)
    path = _idx_path(name, folder, f"{part}-labels-idx1-ubyte")
    labels = read_idx(path, n_axes=1)
    if len(labels) != len(images):
        raise DatasetError(
            f"{path} has {len(labels)} labels for {len(images)} images. Get both files again."
        )
    return images, labels.astype(np.intp)


def _idx_path(name, folder, file_name):
    path = _find_idx(name, folder, file_name)
    if path is None:
        raise FileNotFoundError(
            f"{file_name} (or {file_name}.gz) is missing: looked in {folder}, raw/ and "
            f"{IDX_FOLDERS[name]}/raw/ below it. {_where_to_get(name)}"
        )
    return path


def _find_idx(name, folder, file_name):
    for place in (folder, folder / "raw", folder / IDX_FOLDERS[name] / "raw"):
        for path in (place / file_name, place / f"{file_name}.gz"):
            if path.is_file():
                return path
    return None


def _where_to_get(name):
    return (
        f"The files are those of torchvision.datasets.{TORCHVISION_NAMES[name]}; download=True "
        f"fetches them into the folder where there is a network."
    )
