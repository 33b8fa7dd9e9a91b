"""Models by name, and on disk: weights as safetensors, scikit-learn models as skops."""

import hashlib
from pathlib import Path

from .._files import write_bytes
from ..exceptions import ProjectError
from ._choices import find_choice, names
from ._trust import load_trusted, untrusted_types
from .model_files import ImportedModel, is_imported

FOLDER, SKOPS, NET = "models", "model.skops", "net"


def make_model(model):
    """Return an unfitted estimator.

    Parameters
    ----------
    model : str, dict or classifier
        A name; ``{"name": ..., setting: value}``; or a classifier, which is returned as it is.
    """
    if hasattr(model, "fit") and hasattr(model, "predict_proba"):
        return model
    name, settings = _name_and_settings(model)
    choice = find_choice(name) if isinstance(name, str) else None
    if choice is None:
        raise ValueError(
            f"model must be a classifier with predict_proba, or one of {names()}, or a dict with "
            f"such a name and settings; got {model!r}."
        )
    made = choice.make_estimator(settings)
    if not (hasattr(made, "fit") and hasattr(made, "predict_proba")):
        raise TypeError(
            f"the model {name!r} must be a classifier with fit and predict_proba; its package "
            f"made {made!r}."
        )
    return made


def _name_and_settings(model):
    if not isinstance(model, dict):
        return model, {}
    return model.get("name"), {k: v for k, v in model.items() if k != "name"}


def is_net(estimator):
    """Return whether an estimator is a net of skal."""
    return any(c.__module__.startswith("skal.nets.") for c in type(estimator).__mro__)


def sees_images(estimator):
    """Return whether an estimator learns from images; others learn from embeddings.

    Nets of skal do, and other classifiers with a true attribute ``sees_images``.
    """
    return is_net(estimator) or bool(getattr(estimator, "sees_images", False))


def save_model(estimator, folder):
    """Write a fitted estimator into a folder."""
    if is_net(estimator) or isinstance(estimator, ImportedModel):
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
    if is_imported(folder / NET):
        return ImportedModel.load(folder / NET)
    if (folder / NET).is_dir():
        from ..nets import NetClassifier

        return NetClassifier.load(folder / NET)
    content = (folder / SKOPS).read_bytes()
    unknown = untrusted_types(content)
    if unknown:
        raise ProjectError(
            f"{str(folder)!r} holds a model of types that are not known to be safe: {unknown}. "
            f"Look at them, and load it by skops.io.load with trusted={unknown} if they are yours."
        )
    return load_trusted(content)


def digest(folder):
    """Return the SHA-256 of all files of a folder, with their names."""
    total = hashlib.sha256()
    for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
        total.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()
