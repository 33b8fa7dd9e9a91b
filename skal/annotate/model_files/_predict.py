"""Predictions of a model of somebody else, in a process with limits."""

from pathlib import Path

import numpy as np

from ..._limited import run_limited
from ._imported import ImportedModel
from ._report import ModelFileReport

TARGET = "skal.annotate.model_files._predict:predict_here"


def predict_file(path, report, rows, root, **limits):
    """Return what the model in a file says of a few images, of its own classes.

    Parameters
    ----------
    path : path
        The file.
    report : ModelFileReport
        What was found in it.
    rows : list of str or ndarray
        Paths of images, or features.
    root : path
        The folder that all paths must be in.
    **limits
        As for :func:`inspect_model`.

    Returns
    -------
    ndarray of shape (n, n_classes)
    """
    request = {"path": str(Path(path).absolute()), "report": report.as_dict(), "root": str(root)}
    request["rows"] = rows if isinstance(rows, list) else np.asarray(rows, float).tolist()
    return np.array(run_limited(TARGET, request, **limits))


def predict_here(request):
    """Predict in this process."""
    from .._child import read_rows

    report, rows = ModelFileReport.from_dict(request["report"]), request["rows"]
    if report.sees == "images":
        X = read_rows(rows, request["root"], report.input_shape[1])
    else:
        X = np.array(rows, np.float32)
    ids = list(range(len(report.classes)))
    model = ImportedModel(request["path"], request["report"], ids).fit()
    return model.predict_proba(X).tolist()
