"""A fitted net in a folder: weights as safetensors, everything else as JSON. No code is read."""

import hashlib
import json
import warnings
from pathlib import Path

import numpy as np
from safetensors.torch import load, save

from .._files import write_bytes, write_json
from ..exceptions import SavedNetError
from ._seeds import choose_device, seeded

FORMAT = 1
WEIGHTS, PARAMETERS = "weights.safetensors", "net.json"


def save_net(net, folder):
    """Write a fitted net into a folder, which is made."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = files_of_net(net)
    write_bytes(folder / WEIGHTS, files[WEIGHTS])
    write_json(folder / PARAMETERS, files[PARAMETERS])


def files_of_net(net):
    """Return what is written of a fitted net: bytes and a JSON value, by file name."""
    state = net.net_.module_.state_dict()
    weights = save({k: v.detach().cpu().contiguous().clone() for k, v in state.items()})
    described = json.loads(json.dumps(_describe(net), default=_plain))
    return {WEIGHTS: weights, PARAMETERS: described | {"weights_sha256": _digest(weights)}}


def _digest(content):
    return hashlib.sha256(content).hexdigest()


def _describe(net):
    params = net.get_params(deep=False)
    kept = {name: value for name, value in params.items() if _is_plain(value)}
    left_out = sorted(set(params) - set(kept) - {"module", "random_state"})
    if left_out:
        warnings.warn(
            f"{left_out} cannot be written as JSON and are left out: the saved net predicts the "
            f"same, but trains with their defaults. Set them again after loading.",
            UserWarning,
            stacklevel=4,
        )
    names = getattr(net, "feature_names_in_", None)
    reader = {name: _plain(value) for name, value in vars(net.reader_).items()}
    return {
        "format": FORMAT,
        "class": type(net).__name__,
        "params": kept,
        "classes": {"dtype": net.classes_.dtype.str, "values": net.classes_.tolist()},
        "reader": reader,
        "n_features_in": net.n_features_in_,
        "feature_names_in": None if names is None else list(names),
        "draw_seed": net.draw_seed_,
        "history": [{k: v for k, v in e.items() if k != "batches"} for e in net.history_],
    }


def _is_plain(value):
    try:
        json.dumps(value, default=_plain)
    except TypeError:
        return False
    return True


def _plain(value):
    """Return numbers and arrays of numpy, and paths, as JSON has them."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, str | bool | tuple | list):
        return value
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def load_net(cls, folder, module, device):
    """Return the net in a folder; see :meth:`skal.nets.NetClassifier.load`."""
    folder = Path(folder)
    saved = _read(folder)
    kind = {c.__name__: c for c in _family(cls)}.get(saved["class"])
    if kind is None:
        raise SavedNetError(
            f"{str(folder)!r} holds a {saved['class']}, which is no {cls.__name__}. Load it by "
            f"{saved['class']}.load."
        )
    net = kind(**_constructor_arguments(kind, saved, module, device))
    _restore(net, saved, folder)
    return net


def _family(cls):
    return [cls, *(c for child in cls.__subclasses__() for c in _family(child))]


def _read(folder):
    try:
        saved = json.loads((folder / PARAMETERS).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError) as error:
        raise SavedNetError(
            f"{str(folder)!r} holds no saved net: {PARAMETERS} is missing or broken ({error})."
        ) from error
    if saved.get("format") != FORMAT:
        raise SavedNetError(
            f"{str(folder)!r} was saved in format {saved.get('format')!r}; this version reads "
            f"{FORMAT}. Install the version of skal that saved it."
        )
    return saved


def _read_weights(folder, digest):
    content = (folder / WEIGHTS).read_bytes() if (folder / WEIGHTS).is_file() else b""
    if _digest(content) != digest:
        raise SavedNetError(
            f"{str(folder)!r} holds no whole net: {WEIGHTS} is missing, damaged or of another net "
            f"than {PARAMETERS}. Save the net again."
        )
    return load(content)


def _constructor_arguments(kind, saved, module, device):
    arguments = dict(saved["params"])
    if device is not None:
        arguments["device"] = device
    if "module" not in kind._get_param_names():
        return arguments
    if module is None:
        raise TypeError(
            "a saved net of your own module needs the module to be loaded, since no code is kept: "
            "NetClassifier.load(folder, module=YourModule)."
        )
    return {**arguments, "module": module}


def _restore(net, saved, folder):
    classes, reader = saved["classes"], dict(saved["reader"])
    net.classes_ = np.array(classes["values"], dtype=np.dtype(classes["dtype"]))
    for name in ("given_shape", "shape"):
        reader[name] = tuple(reader[name])
    for name in ("mean", "std"):
        reader[name] = None if reader[name] is None else np.array(reader[name], np.float32)
    net.reader_ = net._reader_type(**reader)
    net.n_features_in_, net.draw_seed_ = saved["n_features_in"], saved["draw_seed"]
    if saved["feature_names_in"] is not None:
        net.feature_names_in_ = np.array(saved["feature_names_in"], dtype=object)
    device = choose_device(net.device)
    with seeded(0, device):
        fitted = net._make_net(device).initialize()
    fitted.module_.load_state_dict(_read_weights(folder, saved["weights_sha256"]))
    for epoch in saved["history"]:
        fitted.history.new_epoch()
        fitted.history[-1].update(epoch)
    net.net_ = fitted
