"""A fitted picker in a folder: what its net writes, and the rest as JSON."""

import json
from pathlib import Path

import numpy as np

from .._files import make_folder, write_folder
from ..exceptions import SavedNetError
from ._names import listed

FILE, FORMAT = "picker.json", 1
FILES = {FILE, "net.json", "weights.safetensors"}  # the others are those of a net


def check_place(folder):
    """Raise where saving a picker would remove other files than those of a picker."""
    folder = Path(folder)
    others = {path.name for path in folder.iterdir()} - FILES if folder.is_dir() else set()
    if others:
        raise FileExistsError(
            f"{folder} holds {listed(sorted(others))}, which saving a picker would remove. Choose "
            f"another folder."
        )


def save_picker(picker, folder):
    """Write a picker and its net into a folder, in place of what is there."""
    if not hasattr(picker.segmenter_, "to_files"):
        raise TypeError(
            f"a picker can be saved if its segmenter is one of skal.nets; "
            f"{type(picker.segmenter_).__name__} has no to_files."
        )
    files = {FILE: _to_json(picker), **picker.segmenter_.to_files()}
    make_folder(folder.parent)
    write_folder(folder, files)


def _to_json(picker):
    params = picker.get_params(deep=False)
    del params["segmenter"]
    return {
        "format": FORMAT,
        # numbers of numpy are none of JSON's
        "params": {k: v.item() if isinstance(v, np.generic) else v for k, v in params.items()},
        "fitted": {"diameter_px": picker.diameter_px_, "threshold": float(picker.threshold_)},
    }


def read_picker(cls, folder):
    """Return a picker as it was saved, without its segmenter."""
    try:
        saved = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SavedNetError(
            f"{str(folder)!r} holds no saved picker: {FILE} is missing or broken ({error})."
        ) from error
    if saved.get("format") != FORMAT:
        raise SavedNetError(
            f"{str(folder)!r} was saved in format {saved.get('format')!r}; this version reads "
            f"{FORMAT}. Install the version of skal that saved it."
        )
    picker = cls(**saved["params"])
    picker.diameter_px_ = saved["fitted"]["diameter_px"]
    picker.threshold_ = saved["fitted"]["threshold"]
    return picker
