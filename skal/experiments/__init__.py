"""Strategies compared: run over paired seeds, resumed, summarized, plotted."""

from .compare import compare
from .displays import EfficiencyDisplay, LearningCurveDisplay
from .result import ComparisonResult

__all__ = ["ComparisonResult", "EfficiencyDisplay", "LearningCurveDisplay", "compare"]
