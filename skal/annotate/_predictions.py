"""What a model said about every image when it was trained: a file of numbers, no code."""

from dataclasses import dataclass

import numpy as np

from .._files import write_bytes

FILE = "predictions.safetensors"


@dataclass(frozen=True)
class Predictions:
    """Class probabilities of images.

    Attributes
    ----------
    ids : ndarray of int64 of shape (n,)
        Numbers of images, ascending.
    proba : ndarray of float32 of shape (n, n_classes)
        Rows sum to 1.
    classes : ndarray of int64 of shape (n_classes,)
        Numbers of labels.
    """

    ids: np.ndarray
    proba: np.ndarray
    classes: np.ndarray

    def write(self, folder, name=FILE):
        """Write them into a file of a folder."""
        from safetensors.numpy import save

        values = {"ids": self.ids, "proba": self.proba, "classes": self.classes}
        write_bytes(folder / name, save({k: np.ascontiguousarray(v) for k, v in values.items()}))

    @classmethod
    def read(cls, folder, name=FILE):
        """Return what was written into a file of a folder."""
        from safetensors.numpy import load

        return cls(**load((folder / name).read_bytes()))

    def known(self, ids):
        """Return which of some images have predictions."""
        return np.isin(ids, self.ids)

    def of(self, ids):
        """Return the probabilities of images that all have them."""
        return self.proba[np.searchsorted(self.ids, ids)]

    def best(self, ids):
        """Return the number of the most probable label of each image."""
        return self.classes[self.of(ids).argmax(axis=1)]
