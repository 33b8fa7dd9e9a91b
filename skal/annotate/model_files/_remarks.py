"""What skal writes into a file of a model beside its weights, and what others may have."""

import json

KEY = "skal"  # of remarks in safetensors and ONNX files
MEMBER = "skal.json"  # in skops files, which are ZIP files
CLASS_KEYS = ("classes", "class_names", "labels", "names", "id2label")
MAX_CLASSES = 10_000
OWN_PARAMS = {"n_hidden": int, "stem": str, "dropout": float, "conv_dropout": float}


def read_remarks(remarks):
    """Return what skal has written, as far as it is what skal writes.

    Parameters
    ----------
    remarks : dict of str to str
        Of the file, which may be anybody's.

    Returns
    -------
    dict
        ``classes``, ``input_shape``, ``standardize`` and ``params``, each where it is whole.
    """
    said = _json(remarks.get(KEY, ""))
    said = said if isinstance(said, dict) else {}
    found = {"classes": _classes(said.get("classes"))}
    if found["classes"] is None:
        found["classes"] = next(
            filter(None, (_classes(_json(remarks.get(k, ""))) for k in CLASS_KEYS)), None
        )
    found["input_shape"] = _shape(said.get("input_shape"))
    found["standardize"] = _statistics(said.get("standardize"))
    params = said.get("params")
    params = params if isinstance(params, dict) else {}
    found["params"] = {k: v for k, v in params.items() if type(v) is OWN_PARAMS.get(k)}
    return {name: value for name, value in found.items() if value}


def _json(text):
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _classes(value):
    if isinstance(value, dict):  # as id2label has them: by their position
        try:
            value = [value[key] for key in sorted(value, key=int)]
        except ValueError:
            return None
    if not isinstance(value, list) or not 2 <= len(value) <= MAX_CLASSES:
        return None
    names = [str(name) for name in value if isinstance(name, str | int)]
    return names if len(set(names)) == len(value) else None


def _shape(value):
    is_shape = isinstance(value, list) and len(value) in (1, 3)
    return value if is_shape and all(type(v) is int and 0 < v < 10_000 for v in value) else None


def _statistics(value):
    if not isinstance(value, list) or len(value) != 2:
        return None
    is_numbers = all(
        isinstance(part, list) and all(isinstance(v, int | float) for v in part) for part in value
    )
    is_whole = is_numbers and len(value[0]) == len(value[1]) and all(v > 0 for v in value[1])
    return value if is_whole and value[0] else None
