"""What identifies a comparison, as JSON: folders with the same description hold the same runs."""

import math
import platform
import re
from importlib.metadata import version

import joblib
import numpy as np
import pandas as pd

from .._data import n_rows

LIBRARIES = ("numpy", "scipy", "scikit-learn", "modAL-python", "torch", "skorch")


def describe(value):
    """Return what tells a value from others, made of JSON types only."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [describe(item) for item in value]
    if isinstance(value, dict):
        return {str(key): describe(item) for key, item in value.items()}
    if hasattr(value, "get_params") and not isinstance(value, type):
        return _describe_estimator(value)
    if hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return f"{type(value).__qualname__} {joblib.hash(value)}"


def _describe_estimator(estimator):
    params = estimator.get_params(deep=False)
    name = f"{type(estimator).__module__}.{type(estimator).__qualname__}"
    # a module's private file may be renamed without any change to what it computes
    return {
        "class": re.sub(r"\._\w+", "", name),
        **{key: describe(params[key]) for key in sorted(params)},
    }


def describe_data(data):
    """Return the length and a hash of samples or labels."""
    if data is None:
        return None
    return {"n_samples": n_rows(data), "hash": joblib.hash(_values(data))}


def _values(data):
    """Return what a pandas object holds; its own hash changes when a column is looked up."""
    if isinstance(data, pd.DataFrame):
        return [list(map(str, data.columns)), pd.util.hash_pandas_object(data, index=False).values]
    if isinstance(data, pd.Series):
        return pd.util.hash_pandas_object(data, index=False).values
    return data


def count_to_label(n_samples, test_size, n_labels_spent=0):
    """Return how many labels a run can get: those of all samples that no seed holds out."""
    n_test = 0 if test_size is None else test_size
    if isinstance(n_test, float):
        n_test = math.ceil(n_test * n_samples)  # as scikit-learn's train_test_split has it
    return n_samples - n_test + n_labels_spent


def count_of_config(config):
    """Return `count_to_label` of a comparison's config."""
    n_samples = config["data"]["X"]["n_samples"]
    return count_to_label(n_samples, config["test_size"], config.get("n_labels_spent", 0))


def versions():
    """Return the versions that decide whether a run can be repeated bit for bit."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def differences(first, second, prefix=""):
    """Return the dotted names of all keys that differ between two nested dicts."""
    keys = sorted(set(first) | set(second))
    found = []
    for key in keys:
        a, b = first.get(key), second.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            found += differences(a, b, f"{prefix}{key}.")
        elif a != b or (key in first) != (key in second):
            found.append(f"{prefix}{key}")
    return found
