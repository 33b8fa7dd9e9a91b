"""Errors that callers may want to catch.

::

    ArithmeticError
    └── DivergenceError  the training of a net diverged
    ValueError
    ├── ConflictError   somebody else has answered an image since it was shown
    ├── DatasetError    a file of a data set is not what it should be
    ├── FormatError     a file of micrographs or of picks is not what it should be
    ├── ProjectError    a project of annotation is damaged, newer than skal, or open elsewhere
    ├── ResumeError     a run folder belongs to another comparison, or is not finished
    ├── RunFolderError  run folders are damaged, or their runs cannot be compared
    └── SavedNetError   a folder holds no net that this version can load
"""

__all__ = [
    "ConflictError",
    "DatasetError",
    "DivergenceError",
    "FormatError",
    "ProjectError",
    "ResumeError",
    "RunFolderError",
    "SavedNetError",
]


class ConflictError(ValueError):
    """Somebody else has answered an image since it was shown."""


class DatasetError(ValueError):
    """A file of a data set is not what it should be."""


class DivergenceError(ArithmeticError):
    """The training of a net diverged: its loss or its weights are no longer finite."""


class FormatError(ValueError):
    """A file of micrographs or of picks is not there, or not what it should be."""


class ProjectError(ValueError):
    """A project of annotation is damaged, newer than this skal, or open elsewhere."""


class ResumeError(ValueError):
    """A run folder belongs to another comparison, or is not finished."""


class RunFolderError(ValueError):
    """Run folders are damaged, or their runs cannot be compared."""


class SavedNetError(ValueError):
    """A folder holds no net that this version can load."""
