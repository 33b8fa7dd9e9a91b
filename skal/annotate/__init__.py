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

from ._checkpoints import ModelInfo
from ._choices import ModelChoice, ModelSetting
from ._classes import LabelClass
from ._decisions import Decision
from ._export_model import ExportedModel
from ._items import Item
from ._monitor import Estimate
from ._questions import Neighbor, Question, Why
from ._scan import ScanReport
from ._training import TrainingJob
from .project import Project

__all__ = [
    "Decision",
    "Estimate",
    "ExportedModel",
    "Item",
    "LabelClass",
    "ModelChoice",
    "ModelInfo",
    "ModelSetting",
    "Neighbor",
    "Project",
    "Question",
    "ScanReport",
    "TrainingJob",
    "Why",
]
