"""Models of a project as files for elsewhere: a ZIP file with a card that says how to use them."""

import copy
import io
import json
import time
import zipfile
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from .. import __version__
from .._files import write_bytes
from ..exceptions import ModelFileError
from . import _checkpoints, _features, _model_card, _models, _schema, _to_onnx
from .model_files import ImportedModel, _skops

FOLDER, CARD = "model", "README.md"
FORMATS = ("safetensors", "skops", "onnx")
N_CHECKED = 64  # images on which an ONNX file must say what the model says
OWN_PARAMS = ("n_hidden", "stem", "dropout", "conv_dropout")


@dataclass(frozen=True)
class ExportedModel:
    """A file that a model was exported into.

    Attributes
    ----------
    path : str
        The ZIP file.
    format : {"safetensors", "skops", "onnx"}
        Of the model in it.
    files : list of str
        What it holds.
    n_bytes : int
        Its size.
    card : str
        What it says of the model, as Markdown.
    """

    path: str
    format: str
    files: list
    n_bytes: int
    card: str


@dataclass(frozen=True)
class Facts:
    """All that is said of an exported model.

    Attributes
    ----------
    row : Row
        Of the database.
    project : str
        Its name.
    names : list of str
        Of the labels, in the order of the model's classes.
    score : Estimate or None
        On the monitor images.
    is_net : bool
        Whether it sees images; others see features of them.
    image_size : int
        The side of images in pixels.
    title : str
        What kind of model it is.
    remark : dict
        What stands in the file of the model.
    """

    row: object
    project: str
    names: list
    score: object
    is_net: bool
    image_size: int
    title: str
    remark: dict


def export_model(project, path, format, model_id):
    """Write a model into a ZIP file; see :meth:`Project.export_model`."""
    row = _row(project, model_id)
    estimator = project.load_model(row.id)
    if isinstance(estimator, ImportedModel):
        raise ModelFileError(
            f"model {row.id} was imported, and is not changed: its own file is what to pass on. "
            f"Train, and export the model that comes out."
        )
    format = _check_format(format, _models.is_net(estimator))
    if path.suffix.lower() != ".zip":
        raise ValueError(f"path must be that of a .zip file; got {str(path)!r}.")
    facts = _facts(project, row, estimator)
    make = {"safetensors": _as_weights, "skops": _as_skops, "onnx": _as_onnx}[format]
    files, check = make(project, estimator, facts)
    card = _model_card.write_card(facts, format, sorted([*files, CARD]), check)
    return _write_zip(path, format, {**files, CARD: card.encode()}, card)


def _row(project, model_id):
    with project._store.reading() as connection:
        model_id = _checkpoints._current_or(connection, model_id)
        return _checkpoints.read_row(connection, model_id)


def _check_format(format, is_net):
    if format is None:
        return "safetensors" if is_net else "skops"
    if format not in FORMATS:
        raise ValueError(f"format must be one of {FORMATS}; got {format!r}.")
    if (format == "safetensors") != is_net and format != "onnx":
        expected = "safetensors" if is_net else "skops"
        raise ModelFileError(
            f"this model cannot be written as {format}: nets are safetensors and models of "
            f"scikit-learn are skops. Choose {expected!r} or 'onnx'."
        )
    return format


def _facts(project, row, estimator):
    with project._store.reading() as connection:
        rows = connection.execute(sa.select(_schema.label_class.c.id, _schema.label_class.c.name))
        by_id = {found.id: found.name for found in rows}
    names = [by_id[int(i)] for i in estimator.classes_]
    is_net = _models.is_net(estimator)
    size = project._image_size
    title = type(estimator).__name__ if is_net else _skops.name_of(estimator)
    remark = {"classes": names, "input_shape": [3, size, size] if is_net else [_features.WIDTH]}
    remark |= {"version": __version__, "created": time.strftime("%Y-%m-%d")}
    if is_net:
        remark |= {"standardize": _statistics(estimator), "params": _own_params(estimator)}
    return Facts(row, project.name, names, project.score(row.id), is_net, size, title, remark)


def _statistics(net):
    reader = net.reader_
    if reader.mean is None:
        return None
    return [np.ravel(part).astype(float).tolist() for part in (reader.mean, reader.std)]


def _own_params(net):
    params = net.get_params(deep=False)
    return {name: params[name] for name in OWN_PARAMS if name in params}


def _as_weights(project, net, facts):
    """Return the files of a net whose classes are names, and nothing to check."""
    import hashlib

    from safetensors.torch import load, save

    net = copy.copy(net).set_params(weights=None)  # where it began is no part of it
    net.classes_ = np.array(facts.names)
    files = net.to_files()
    tensors = load(files["weights.safetensors"])
    weights = save(tensors, metadata={"format": "pt", "skal": json.dumps(facts.remark)})
    described = {**files["net.json"], "weights_sha256": hashlib.sha256(weights).hexdigest()}
    return {"weights.safetensors": weights, "net.json": _json(described)}, None


def _as_skops(project, estimator, facts):
    """Return the file of a pipeline that takes features of images, and nothing to check."""
    import skops.io

    content = skops.io.dumps(_pipeline(project, estimator, facts))
    return {"model.skops": _skops.with_remark(content, facts.remark)}, None


def _as_onnx(project, estimator, facts):
    """Return an ONNX file, and how it compares with the model."""
    ids = _some_images(project)
    if facts.is_net:
        content = _to_onnx.of_net(estimator, facts.image_size, facts.remark)
        X = project._inputs_of(estimator, ids)
    else:
        content = _to_onnx.of_pipeline(_pipeline(project, estimator, facts), facts.remark)
        X = _features.read_features(project.place, ids)
    expected = estimator.predict_proba(project._inputs_of(estimator, ids))
    check = _to_onnx.check_same(content, X, expected, _is_stepwise(estimator))
    return {"model.onnx": content}, check


def _is_stepwise(estimator):
    """Return whether probabilities jump where an image is a little different: trees, neighbors."""
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.tree import DecisionTreeClassifier

    kinds = ExtraTreesClassifier, RandomForestClassifier, KNeighborsClassifier
    last = estimator[-1] if hasattr(estimator, "steps") else estimator
    return isinstance(last, (*kinds, DecisionTreeClassifier))


def _some_images(project):
    with project._store.reading() as connection:
        from ._items import read_names

        ids = sorted(read_names(connection))
    return [ids[i] for i in np.unique(np.linspace(0, len(ids) - 1, N_CHECKED).round().astype(int))]


def _pipeline(project, estimator, facts):
    """Return a model with the axes of the embedding before it, whose classes are names."""
    from sklearn.pipeline import make_pipeline

    named = copy.deepcopy(estimator)
    last = named.steps[-1][1] if hasattr(named, "steps") else named
    last.classes_ = np.array(facts.names)
    ids = _some_images(project)
    X = project._inputs_of(estimator, ids)
    guesses = np.array(facts.names)[np.asarray(estimator.predict_proba(X)).argmax(axis=1)]
    if not np.array_equal(named.predict(X), guesses):
        raise ModelFileError(
            f"the classes of {facts.title} cannot be given the names of labels. Load the model by "
            f"project.load_model(), and write it in a way that its author knows."
        )
    return make_pipeline(_axes(project), named)


def _axes(project):
    """Return the axes of the embedding as a PCA, which all libraries know."""
    from sklearn.decomposition import PCA

    basis = _features.read_basis(project.place)
    axes = PCA(n_components=len(basis["axes"]))
    axes.mean_, axes.components_ = basis["mean"], basis["axes"]
    axes.n_components_, axes.n_features_in_ = basis["axes"].shape
    axes.explained_variance_ = np.ones(axes.n_components_, np.float32)
    axes.explained_variance_ratio_ = axes.singular_values_ = axes.explained_variance_
    axes.noise_variance_, axes.n_samples_ = 0.0, 0
    return axes


def _json(value):
    return f"{json.dumps(value, indent=1)}\n".encode()


def _write_zip(path, format, files, card):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(f"{FOLDER}/{name}", files[name])
    content = buffer.getvalue()
    write_bytes(path, content)
    return ExportedModel(str(path), format, sorted(files), len(content), card)
