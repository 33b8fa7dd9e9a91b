"""Errors that callers may want to catch.

::

    ValueError
    ├── DatasetError    a file of a data set is not what it should be
    └── ResumeError     a run folder belongs to another comparison, or is not finished
"""

__all__ = ["DatasetError", "ResumeError"]


class DatasetError(ValueError):
    """A file of a data set is not what it should be."""


class ResumeError(ValueError):
    """A run folder belongs to another comparison, or is not finished."""
