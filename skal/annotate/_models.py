"""Models by name, and on disk: weights as safetensors, scikit-learn models as skops."""

import hashlib
from pathlib import Path

from .._files import write_bytes
from ..exceptions import ProjectError

FOLDER, SKOPS, NET = "models", "model.skops", "net"


def _logistic():
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=2000)


def _cnn():
    from ..nets import CNNClassifier

    return CNNClassifier()


def _resnet18():
    from ..nets import ResNet18Classifier

    return ResNet18Classifier()


MODELS = {"logistic": _logistic, "cnn": _cnn, "resnet18": _resnet18}


def make_model(model):
    """Return an unfitted estimator by its name, or one that is given as it is."""
    if hasattr(model, "fit") and hasattr(model, "predict_proba"):
        return model
    if not isinstance(model, str) or model not in MODELS:
        raise ValueError(
            f"model must be a classifier with predict_proba, or one of {sorted(MODELS)}; got "
            f"{model!r}."
        )
    return MODELS[model]()


def sees_images(estimator):
    """Return whether an estimator learns from images; others learn from embeddings."""
    return any(c.__module__.startswith("skal.nets.") for c in type(estimator).__mro__)


def save_model(estimator, folder):
    """Write a fitted estimator into a folder."""
    if sees_images(estimator):
        estimator.save(folder / NET)
        return
    import skops.io

    write_bytes(folder / SKOPS, skops.io.dumps(estimator))


def load_model(folder):
    """Return the fitted estimator in a folder. Nothing is unpickled.

    Raises
    ------
    ProjectError
        If it holds types that skops does not know to be safe.
    """
    if (folder / NET).is_dir():
        from ..nets import NetClassifier

        return NetClassifier.load(folder / NET)
    import skops.io

    content = (folder / SKOPS).read_bytes()
    unknown = skops.io.get_untrusted_types(data=content)
    if unknown:
        raise ProjectError(
            f"{str(folder)!r} holds a model of types that are not known to be safe: {unknown}. "
            f"Look at them, and load it by skops.io.load with trusted={unknown} if they are yours."
        )
    return skops.io.loads(content)


def digest(folder):
    """Return the SHA-256 of all files of a folder, with their names."""
    total = hashlib.sha256()
    for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
        total.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()
