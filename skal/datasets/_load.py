"""Data sets by name, split into train and test."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from ..exceptions import DatasetError
from ._idx import read_idx

IDX_FOLDERS = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"}  # as torchvision names them
NAMES = ("digits", *IDX_FOLDERS)


@dataclass(frozen=True, repr=False)
class Dataset:
    """Samples and labels, split into train and test.

    Attributes
    ----------
    name : str
        The name that it was loaded by.
    X_train, X_test : ndarray of float32 of shape (n_samples, n_features)
        One flattened image a row, values in [0, 1].
    y_train, y_test : ndarray of int of shape (n_samples,)
        The class of each.
    image_shape : tuple of int
        Height and width of an image: ``X_train[0].reshape(image_shape)`` can be shown.
    """

    name: str
    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    image_shape: tuple[int, int]

    def __repr__(self):
        height, width = self.image_shape
        return (
            f"Dataset({self.name!r}: {len(self.X_train)} train and {len(self.X_test)} test images, "
            f"{height} x {width} pixels, {len(np.unique(self.y_train))} classes)"
        )


def load_dataset(name, folder=None):
    """Load a data set of small images.

    Parameters
    ----------
    name : {"digits", "mnist", "fashion_mnist"}
        ``"digits"`` comes with scikit-learn; 30 % of it, the same share of each class, are the
        test set. The others are read from `folder` with their own test sets.
    folder : str or path, optional
        Where the four idx files are, such as ``train-images-idx3-ubyte`` or the same with
        ``.gz``: in the folder itself, in ``raw/``, or in ``MNIST/raw/`` or ``FashionMNIST/raw/``
        as torchvision leaves them. Nothing is downloaded or written.

    Returns
    -------
    Dataset

    Raises
    ------
    FileNotFoundError
        If the folder or one of the files is missing.
    DatasetError
        If a file is damaged, or not what its name says.

    Examples
    --------
    >>> load_dataset("digits")
    Dataset('digits': 1257 train and 540 test images, 8 x 8 pixels, 10 classes)
    """
    if name not in NAMES:
        raise ValueError(f"name must be one of {', '.join(NAMES)}; got {name!r}.")
    return _load_digits() if name == "digits" else _load_idx(name, folder)


def _load_digits():
    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype(np.float32)  # values are 0 to 16
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.3, stratify=y, random_state=0
    )
    return Dataset("digits", X_train, y_train, X_test, y_test, (8, 8))


def _load_idx(name, folder):
    if folder is None:
        raise ValueError(f"{name} is read from files: pass folder. {_where_to_get(name)}")
    X_train, y_train, image_shape = _read_part(name, Path(folder), "train")
    X_test, y_test, test_shape = _read_part(name, Path(folder), "t10k")
    if test_shape != image_shape:
        raise DatasetError(
            f"the images of {folder} do not go together: {image_shape} pixels for training, "
            f"{test_shape} for testing."
        )
    return Dataset(name, X_train, y_train, X_test, y_test, image_shape)


def _read_part(name, folder, part):
    """Return samples, labels and the image shape of one part, ``train`` or ``t10k``."""
    images = read_idx(_find(name, folder, f"{part}-images-idx3-ubyte"), n_axes=3)
    path = _find(name, folder, f"{part}-labels-idx1-ubyte")
    labels = read_idx(path, n_axes=1)
    if len(labels) != len(images):
        raise DatasetError(
            f"{path} has {len(labels)} labels for {len(images)} images. Get both files again."
        )
    X = images.reshape(len(images), -1).astype(np.float32)
    X /= 255
    return X, labels.astype(np.intp), images.shape[1:]


def _find(name, folder, file_name):
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}. {_where_to_get(name)}")
    for place in (folder, folder / "raw", folder / IDX_FOLDERS[name] / "raw"):
        for path in (place / file_name, place / f"{file_name}.gz"):
            if path.is_file():
                return path
    raise FileNotFoundError(
        f"{file_name} (or {file_name}.gz) is missing: looked in {folder}, raw/ and "
        f"{IDX_FOLDERS[name]}/raw/ below it. {_where_to_get(name)}"
    )


def _where_to_get(name):
    dataset = IDX_FOLDERS[name]
    return f'torchvision.datasets.{dataset}("FOLDER", download=True) fetches the files into FOLDER.'
