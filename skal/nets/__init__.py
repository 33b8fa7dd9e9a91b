"""Networks as scikit-learn estimators, with skorch inside."""

from ._classifiers import CNNClassifier, LeNetClassifier, MLPClassifier, ResNet18Classifier
from ._dropout import sample_proba
from ._embed import embed, predict_proba_and_embed
from .classifier import NetClassifier

__all__ = [
    "CNNClassifier",
    "LeNetClassifier",
    "MLPClassifier",
    "NetClassifier",
    "ResNet18Classifier",
    "embed",
    "predict_proba_and_embed",
    "sample_proba",
]
