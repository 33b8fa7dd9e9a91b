"""Files of models: what is in them, whether they are safe, and how projects use and write them."""

from ._features import describe_images, load_skops, read_images
from ._imported import ImportedModel, is_imported
from ._inspect import inspect_model
from ._predict import predict_file
from ._report import ClassSuggestion, ModelFileReport, ModelProblem, suggest_labels

__all__ = [
    "ClassSuggestion",
    "ImportedModel",
    "ModelFileReport",
    "ModelProblem",
    "describe_images",
    "inspect_model",
    "is_imported",
    "load_skops",
    "predict_file",
    "read_images",
    "suggest_labels",
]
