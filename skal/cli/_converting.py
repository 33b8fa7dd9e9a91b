"""Files that may hold code, made into files that cannot; runs in a process with limits."""

from pathlib import Path

from .._files import write_bytes
from ..exceptions import ModelFileError

TARGET = "skal.cli._converting:convert_here"
OLDEST_TORCH = (2, 10)  # older ones have holes in the loading of weights
NESTED = ("state_dict", "model_state_dict", "model_state", "model", "net", "weights", "params")


def convert_here(request):
    """Convert a file, and say what was written.

    Parameters
    ----------
    request : dict
        ``path``, ``out``, and ``is_trusted``: whether code in the file may run.

    Returns
    -------
    dict
        ``n`` tensors, ``left_out`` names, or the ``type`` of an estimator.
    """
    path, out = Path(request["path"]), Path(request["out"])
    if out.suffix == ".skops":
        return _to_skops(path, out, request["is_trusted"])
    return _to_safetensors(path, out, request["is_trusted"])


def _to_safetensors(path, out, is_trusted):
    import torch
    from safetensors.torch import save

    state, left_out = _state_of(_load(path, is_trusted))
    tensors = {
        name: value.detach().to("cpu").contiguous().clone()
        for name, value in state.items()
        if isinstance(value, torch.Tensor)
    }
    if not tensors:
        raise ModelFileError(f"{path.name!r} holds no weights.")
    write_bytes(out, save(tensors, metadata={"format": "pt"}))
    return {"n": len(tensors), "left_out": left_out}


def _load(path, is_trusted):
    """Return what ``torch.save`` wrote; without trust, only tensors and what holds them."""
    import pickle

    import torch

    version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    if version < OLDEST_TORCH:
        raise ModelFileError(
            f"weights are read by torch 2.10 or newer; this is {torch.__version__}. Upgrade torch."
        )
    try:
        return torch.load(path, map_location="cpu", weights_only=not is_trusted)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise ModelFileError(
            f"{path.name!r} cannot be read: {_reason(error)}. If it holds a whole model instead of "
            f"weights, and you know where it comes from, add --i-trust-this-file: that runs the "
            f"code in it."
        ) from error


def _reason(error):
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    wanted = [line for line in lines if "Unsupported" in line or "GLOBAL" in line]
    return ([*wanted, *lines, type(error).__name__])[0][:200].rstrip(".")


def _state_of(value):
    """Return the weights within what was saved, and the names of what is left out."""
    import torch

    if isinstance(value, torch.nn.Module):
        return value.state_dict(), []
    if not isinstance(value, dict):
        raise ModelFileError(f"the file holds a {type(value).__name__}; expected weights by name.")
    is_flat = any(isinstance(part, torch.Tensor) for part in value.values())
    inner = [name for name in NESTED if isinstance(value.get(name), dict | torch.nn.Module)]
    if inner and not is_flat:
        state, deeper = _state_of(value[inner[0]])
        return state, sorted([*(str(n) for n in value if n != inner[0]), *deeper])
    state = {str(n): part for n, part in value.items() if isinstance(part, torch.Tensor)}
    return state, sorted(str(name) for name in value if str(name) not in state)


def _to_skops(path, out, is_trusted):
    if not is_trusted:
        raise ModelFileError(
            f"estimators of scikit-learn in {path.suffix} files are pickles, which run code when "
            f"they are read. If you know where {path.name!r} comes from, add --i-trust-this-file."
        )
    import joblib
    import skops.io

    try:
        estimator = joblib.load(path)
    except Exception as error:  # whatever the code in it raises
        raise ModelFileError(
            f"{path.name!r} cannot be read ({type(error).__name__}: {error})."
        ) from error
    write_bytes(out, skops.io.dumps(estimator))
    return {"type": type(estimator).__name__}
