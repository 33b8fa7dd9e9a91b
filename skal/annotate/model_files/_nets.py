"""Weights of a stranger as a saved net of skal, in the order of a project's labels."""

import hashlib
import tempfile
from pathlib import Path

import numpy as np

from ..._files import write_bytes, write_json
from ...exceptions import ModelFileError
from . import _architectures

LUMA = (0.299, 0.587, 0.114)  # how bright red, green and blue are
WEIGHTS, PARAMETERS = "weights.safetensors", "net.json"
FIRST_LAYERS = {"mlp": None, "cnn": "0", "lenet": "0", "vit_b_16": "conv_proj"}
LAST_LAYERS = {"mlp": "4", "cnn": "14", "lenet": "13", "vit_b_16": "heads.head"}
LAST_LAYERS |= {"efficientnet_b0": "classifier.1", "resnet18": "fc.1", "resnet50": "fc.1"}
FIRST_LAYERS |= {"efficientnet_b0": "features.0.0", "resnet18": "conv1", "resnet50": "conv1"}


def prepare(content, report, order):
    """Return the files of a net, and a function that predicts.

    Parameters
    ----------
    content : bytes
        Of a safetensors file.
    report : ModelFileReport
        Of the file.
    order : list of int
        The classes of the model in the order that they are to have.

    Returns
    -------
    files : dict of str to (bytes or JSON value)
        Weights for images of three channels, and parameters.
    predict : callable
    """
    from safetensors import SafetensorError
    from safetensors.torch import load as load_tensors
    from safetensors.torch import save

    try:
        tensors = load_tensors(content)
    except SafetensorError as error:
        raise ModelFileError(f"the file is no whole safetensors file: {error}") from error
    names = _architectures.clean_names(tensors)
    state = {names[name]: value.float() for name, value in tensors.items()}
    state = _with_counters(_in_color(_ordered(state, report, order), report))
    weights = save({name: value.contiguous() for name, value in state.items()})
    files = {WEIGHTS: weights, PARAMETERS: _parameters(report, weights)}
    with tempfile.TemporaryDirectory() as folder:
        write_bytes(Path(folder) / WEIGHTS, weights)
        write_json(Path(folder) / PARAMETERS, files[PARAMETERS])
        return files, load(folder)


def load(folder):
    """Return a function that predicts by the net in a folder."""
    from ...nets import NetClassifier

    return NetClassifier.load(folder, device="cpu").predict_proba


def _ordered(state, report, order):
    layer = LAST_LAYERS[report.architecture]
    names = [f"{layer}.{part}" for part in ("weight", "bias")]
    return {**state, **{name: state[name][order] for name in names}}


def _in_color(state, report):
    """Return weights whose first layer takes colors by their brightness instead of gray."""
    import torch

    if report.input_shape[0] != 1:
        return state
    luma = torch.tensor(LUMA)
    layer = FIRST_LAYERS[report.architecture]
    if layer is None:  # of rows: all pixels of red, then of green and of blue
        weight = state["1.weight"]
        return {**state, "1.weight": torch.cat([weight * part for part in luma], dim=1)}
    name = f"{layer}.weight"
    return {**state, name: state[name] * luma[None, :, None, None]}


def _with_counters(state):
    """Return weights with the counters of batch norms, which some files do without."""
    import torch

    means = [name for name in state if name.endswith("running_mean")]
    counters = {name.replace("running_mean", "num_batches_tracked") for name in means}
    whole = {name: torch.tensor(0) for name in counters if name not in state}
    return {**state, **whole, **{n: state[n].long() for n in counters if n in state}}


def _parameters(report, weights):
    """Return what skal writes beside the weights of a net of its own."""
    _, height, width = report.input_shape
    standardize = standardize_in_color(report)
    params = {**report.net["params"], "standardize": standardize or False}
    mean, std = [None, None] if standardize is None else standardize
    shaped = [None if v is None else np.reshape(v, (-1, 1, 1)).tolist() for v in (mean, std)]
    reader = {
        "layout": "channels_last",
        "given_shape": [height, width, 3],
        "shape": [3, height, width],
        "mean": shaped[0],
        "std": shaped[1],
    }
    n_classes = len(report.classes)
    return {
        "format": 1,
        "class": report.net["estimator"],
        "params": params,
        "classes": {"dtype": "<i8", "values": list(range(n_classes))},
        "reader": reader,
        "n_features_in": 3 * height * width,
        "feature_names_in": None,
        "draw_seed": 0,
        "history": [],
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
    }


def standardize_in_color(report):
    """Return means and deviations of three channels, or None."""
    if report.standardize is None:
        return None
    return [list(part) * (3 if len(part) == 1 else 1) for part in report.standardize]
