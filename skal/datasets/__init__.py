"""Data sets to try strategies on, and what makes them worse: noise in images and in labels."""

from ._corrupt import corrupt
from ._labels import corrupt_labels
from ._load import Dataset, load_dataset
from ._reduce import reduce_dataset

__all__ = ["Dataset", "corrupt", "corrupt_labels", "load_dataset", "reduce_dataset"]
