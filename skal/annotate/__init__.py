"""Annotation of images with active learning: the engine behind the labeling app, for notebooks too.

A :class:`Project` is a folder of images, the labels that people give them, the models that learn
from these, and the queue of what to label next.
"""

try:
    import sqlalchemy as _sqlalchemy  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"skal.annotate needs sqlalchemy, which cannot be imported ({error}). Install what "
        f'annotation needs: pip install "skal[annotate]".'
    ) from error

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
