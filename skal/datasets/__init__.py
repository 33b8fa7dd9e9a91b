"""Data sets to try strategies on."""

from ._load import Dataset, load_dataset

__all__ = ["Dataset", "load_dataset"]
