"""Networks as scikit-learn estimators, with skorch inside."""

from ._classifiers import CNNClassifier, LeNetClassifier, MLPClassifier, ResNet18Classifier
from ._dropout import sample_proba
from ._embed import embed, predict_proba_and_embed
from ._segmenters import AttentionUNetSegmenter, UNetSegmenter
from .classifier import NetClassifier
from .losses import DiceLoss, FocalDiceLoss, FocalLoss
from .segmenter import NetSegmenter

__all__ = [
    "AttentionUNetSegmenter",
    "CNNClassifier",
    "DiceLoss",
    "FocalDiceLoss",
    "FocalLoss",
    "LeNetClassifier",
    "MLPClassifier",
    "NetClassifier",
    "NetSegmenter",
    "ResNet18Classifier",
    "UNetSegmenter",
    "embed",
    "predict_proba_and_embed",
    "sample_proba",
]
