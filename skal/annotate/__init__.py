"""Annotation of images with active learning: the engine behind the labeling app, for notebooks too.

A :class:`Project` is a folder of images, the labels that people give them, the models that learn
from these, and the queue of what to label next.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._bulk import AcceptPreview
    from ._classes import LabelClass
    from ._decisions import Decision
    from ._items import Item
    from ._monitor import Estimate
    from ._pacing import Pace, StopHint
    from ._questions import Neighbor, Question, Why
    from ._report import Bin, ClassReport, Interval, ModelReport
    from ._review import Filter, Page, ReviewItem
    from ._scan import ScanReport
    from ._scan_job import ScanJob
    from ._training import TrainingJob
    from .project import Project

__all__ = [
    "AcceptPreview",
    "Bin",
    "ClassReport",
    "Decision",
    "Estimate",
    "Filter",
    "Interval",
    "Item",
    "LabelClass",
    "ModelReport",
    "Neighbor",
    "Pace",
    "Page",
    "Project",
    "Question",
    "ReviewItem",
    "ScanJob",
    "ScanReport",
    "StopHint",
    "TrainingJob",
    "Why",
]

_HOMES = {
    "AcceptPreview": "._bulk",
    "Bin": "._report",
    "ClassReport": "._report",
    "Decision": "._decisions",
    "Estimate": "._monitor",
    "Filter": "._review",
    "Interval": "._report",
    "Item": "._items",
    "LabelClass": "._classes",
    "ModelReport": "._report",
    "Neighbor": "._questions",
    "Pace": "._pacing",
    "Page": "._review",
    "Project": ".project",
    "Question": "._questions",
    "ReviewItem": "._review",
    "ScanJob": "._scan_job",
    "ScanReport": "._scan",
    "StopHint": "._pacing",
    "TrainingJob": "._training",
    "Why": "._questions",
}


def __getattr__(name):
    """Import the public names at their first use: processes that only decode images need none."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        import sqlalchemy  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"skal.annotate needs sqlalchemy, which cannot be imported ({error}). Install what "
            f'annotation needs: pip install "skal[annotate]".'
        ) from error
    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__():
    return sorted([*globals(), *__all__])
