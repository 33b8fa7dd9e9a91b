"""Picks of cryoSPARC: a NumPy file of records with positions as shares of the micrograph."""

import io

import numpy as np

from ..exceptions import FormatError
from ._numpy import loading
from ._table import make_picks

PATH, SHAPE = "location/micrograph_path", "location/micrograph_shape"
X, Y = "location/center_x_frac", "location/center_y_frac"
KINDS = {PATH: "SU", SHAPE: "iu", X: "f", Y: "f"}  # kinds of NumPy's types
OPTIONAL = {
    "score": "pick_stats/ncc_score",
    "pixel_size_angstrom": "location/micrograph_psize_A",
    "uid": "uid",
}


def read_cryosparc(path, content):
    """Return the picks of a .cs file; ``attrs["heights"]`` has the heights of micrographs."""
    records = _records(path, content)
    shape = records[SHAPE].reshape(-1, 2).astype(float)  # rows, columns
    columns = {
        "micrograph": [_text(name) for name in records[PATH].tolist()],
        "x": records[X].astype(float) * shape[:, 1],
        "y": records[Y].astype(float) * shape[:, 0],
        **{name: records[tag] for name, tag in OPTIONAL.items() if tag in records.dtype.names},
    }
    picks = make_picks(path, columns)
    picks.attrs["heights"] = dict(zip(picks["micrograph"], shape[:, 0].tolist(), strict=True))
    return picks


def _records(path, content):
    with loading(path):
        records = np.load(io.BytesIO(content), allow_pickle=False)
    dtype = records.dtype
    missing = [name for name in KINDS if name not in (dtype.names or ())]
    if missing:
        raise FormatError(
            f"{path} has no positions of picks: {missing} are missing. Pass the file of particles "
            f"that has them, often the one with 'passthrough' in its name."
        )
    wrong = [name for name, kinds in KINDS.items() if dtype[name].base.kind not in kinds]
    if wrong or dtype[SHAPE].shape != (2,):
        raise FormatError(
            f"{path} has fields of another type than cryoSPARC writes: "
            f"{ {name: str(dtype[name]) for name in wrong or [SHAPE]} }."
        )
    return records.reshape(-1)


def _text(name):
    return name.decode(errors="replace") if isinstance(name, bytes) else name
