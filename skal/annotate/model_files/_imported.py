"""A model of somebody else as a classifier of a project: its classes are labels of the project."""

import hashlib
import json
import multiprocessing
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from ..._files import make_folder, write_bytes, write_json
from ..._limited import MEMORY, limit_process
from ...exceptions import ModelFileError
from . import _nets, _onnx, _skops
from ._report import ModelFileReport

FACTS = "imported.json"
FILES = {"safetensors": "weights.safetensors", "skops": "model.skops", "onnx": "model.onnx"}


class ImportedModel(ClassifierMixin, BaseEstimator):
    """A model from a file, whose classes are labels of a project.

    It does not learn: `fit` reads the file.

    Parameters
    ----------
    path : str
        The file; a saved model has a copy.
    report : dict
        What was found in it, see :meth:`ModelFileReport.as_dict`.
    label_ids : list of int or None
        The number of the label that each class of the model is; None where it is ignored.

    Attributes
    ----------
    classes_ : ndarray of int
        Numbers of labels, ascending.
    """

    def __init__(self, path, report, label_ids):
        self.path = path
        self.report = report
        self.label_ids = label_ids

    @property
    def sees_images(self):
        """Whether it takes images; others take features."""
        return self.report["sees"] == "images"

    def fit(self, X=None, y=None):
        """Read the file. Nothing is learned.

        Returns
        -------
        self
        """
        if multiprocessing.parent_process() is not None:
            limit_process(MEMORY)
        content = Path(self.path).read_bytes()
        if hashlib.sha256(content).hexdigest() != self.report["sha256"]:
            raise ModelFileError(f"{self.path!r} has changed since it was looked at. Look again.")
        self._set_classes(self.label_ids)
        self.content_, self.model_ = self._prepare(content)
        return self

    def _set_classes(self, label_ids):
        self.label_ids_ = list(label_ids)
        self.classes_ = np.unique([i for i in label_ids if i is not None])

    def _prepare(self, content):
        """Return what to keep of a file, and a function that predicts."""
        report = ModelFileReport.from_dict(self.report)
        if report.format == "safetensors":
            order = sorted(range(len(self.label_ids)), key=self._place)
            self._set_classes([self.label_ids[i] for i in order])
            return _nets.prepare(content, report, order)
        load = _onnx_model if report.format == "onnx" else _skops_model
        return {FILES[report.format]: content}, load(content, report)

    def _place(self, i):
        """Return what to sort a class by: in trainings, classes are ascending numbers of labels."""
        label_id = self.label_ids[i]
        return (1, i) if label_id is None else (0, label_id)

    def predict_proba(self, X):
        """Return the probabilities of labels.

        Parameters
        ----------
        X : ndarray
            Images of uint8 of shape (n, size, size, 3), or features of shape (n, 756).

        Returns
        -------
        ndarray of float32 of shape (n, n_labels)
            What the model says of classes that are no labels is left out, and the rest scaled to
            sum to 1; where it says nothing of the rest, all labels are as probable.
        """
        return mapped(self.model_(X), self.label_ids_, self.classes_)

    def predict(self, X):
        """Return the number of the most probable label of each sample."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def save(self, folder):
        """Write the model into a folder, which is made."""
        folder = make_folder(Path(folder))
        for name, content in self.content_.items():
            (write_bytes if isinstance(content, bytes) else write_json)(folder / name, content)
        write_json(folder / FACTS, {"report": self.report, "label_ids": self.label_ids_})

    @classmethod
    def load(cls, folder):
        """Return the model that was saved into a folder."""
        facts = json.loads((Path(folder) / FACTS).read_text())
        report = facts["report"]
        file = Path(folder) / FILES[report["format"]]
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        model = cls(str(file), {**report, "sha256": digest}, facts["label_ids"])
        if report["format"] != "safetensors":
            return model.fit()
        model._set_classes(model.label_ids)
        model.content_, model.model_ = {}, _nets.load(folder)
        return model


def is_imported(folder):
    """Return whether a folder holds a model that was imported."""
    return (folder / FACTS).is_file()


def mapped(proba, label_ids, classes):
    """Return probabilities of labels, from those of a model's classes.

    Parameters
    ----------
    proba : ndarray of shape (n, n_classes)
        Of the model.
    label_ids : list of int or None
        The label of each class.
    classes : ndarray of int
        Labels, ascending.
    """
    if proba.ndim != 2 or proba.shape[1] != len(label_ids):
        raise ModelFileError(
            f"the model gave numbers of shape {proba.shape}; expected a column for each of its "
            f"{len(label_ids)} classes."
        )
    if not np.isfinite(proba).all():
        raise ModelFileError("the model gave numbers that are not finite. Its weights are broken.")
    out = np.zeros((len(proba), len(classes)))
    for column, label_id in enumerate(label_ids):
        if label_id is not None:
            out[:, np.searchsorted(classes, label_id)] += proba[:, column]
    total = out.sum(axis=1, keepdims=True)
    is_empty = total < 1e-12
    scaled = np.where(is_empty, 1 / len(classes), out / np.where(is_empty, 1, total))
    return scaled.astype(np.float32)


def _skops_model(content, report):
    estimator = _skops.load(content, "the file")
    return lambda X: np.asarray(estimator.predict_proba(X))


def _onnx_model(content, report):
    """Return a function that runs an ONNX model, which was looked at before."""
    parsed = _onnx.parse(content, "the file")
    _onnx.check_safe(parsed, "the file")
    session = _onnx.start_session(content)
    output = _onnx.output_of(parsed).name
    del parsed

    def predict(X):
        (values,) = session.run([output], {report.net["input"]: as_input(X, report)})
        return as_probabilities(values)

    return predict


def as_input(X, report):
    """Return samples as an ONNX model takes them."""
    if report.sees == "features":
        return np.asarray(X, np.float32)
    images = np.asarray(X, np.uint8)
    if report.input_shape[0] == 1:
        images = to_gray(images)
    if not report.net["takes_bytes"]:
        images = images.astype(np.float32) / 255
        if report.standardize is not None:
            mean, std = (np.asarray(part, np.float32) for part in report.standardize)
            images = (images - mean) / std
    is_first = report.net["layout"] == "channels_first"
    return np.ascontiguousarray(np.moveaxis(images, 3, 1) if is_first else images)


def to_gray(images):
    """Return images of three channels as gray ones of one."""
    gray = images.astype(np.float32) @ np.asarray(_nets.LUMA, np.float32)
    return np.round(gray)[..., None].astype(np.uint8)


def as_probabilities(values):
    """Return what a model says as probabilities: logits become such."""
    values = np.asarray(values, np.float64)
    if (values >= 0).all() and np.allclose(values.sum(axis=1), 1, atol=1e-3):
        return values
    shifted = np.exp(values - values.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
