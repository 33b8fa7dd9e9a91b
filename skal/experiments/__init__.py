"""Strategies compared: run over paired seeds, resumed, summarized, plotted."""

from .compare import compare
from .displays import EfficiencyDisplay, LearningCurveDisplay
from .report import RunReport
from .result import ComparisonResult
from .selection import select_data
from .selection_display import SelectionDisplay
from .selection_result import SelectionResult

__all__ = [
    "ComparisonResult",
    "EfficiencyDisplay",
    "LearningCurveDisplay",
    "RunReport",
    "SelectionDisplay",
    "SelectionResult",
    "compare",
    "select_data",
]
