"""Networks as scikit-learn estimators, with skorch inside."""

from ._classifiers import CNNClassifier, LeNetClassifier, MLPClassifier
from ._dropout import sample_proba
from ._embed import embed, predict_proba_and_embed
from ._photo_classifiers import (
    EfficientNetB0Classifier,
    ResNet18Classifier,
    ResNet50Classifier,
    ViTB16Classifier,
)
from ._segmenters import AttentionUNetSegmenter, UNetSegmenter
from .classifier import NetClassifier
from .losses import DiceLoss, FocalDiceLoss, FocalLoss
from .segmenter import NetSegmenter

__all__ = [
    "AttentionUNetSegmenter",
    "CNNClassifier",
    "DiceLoss",
    "EfficientNetB0Classifier",
    "FocalDiceLoss",
    "FocalLoss",
    "LeNetClassifier",
    "MLPClassifier",
    "NetClassifier",
    "NetSegmenter",
    "ResNet18Classifier",
    "ResNet50Classifier",
    "UNetSegmenter",
    "ViTB16Classifier",
    "embed",
    "predict_proba_and_embed",
    "sample_proba",
]
