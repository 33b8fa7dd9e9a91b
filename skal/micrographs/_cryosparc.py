"""Picks of cryoSPARC: a NumPy file of records with positions as shares of the micrograph."""

import io

import numpy as np

from ..exceptions import FormatError
from ._table import make_picks

MAGIC = b"\x93NUMPY"
PATH, SHAPE = "location/micrograph_path", "location/micrograph_shape"
X, Y = "location/center_x_frac", "location/center_y_frac"
OPTIONAL = {
    "score": "pick_stats/ncc_score",
    "pixel_size_angstrom": "location/micrograph_psize_A",
    "uid": "uid",
}


def read_cryosparc(path, content):
    """Return the picks of a .cs file, with the height of each one's micrograph."""
    records = _records(path, content)
    shape = records[SHAPE].reshape(-1, 2).astype(float)  # rows, columns
    columns = {
        "micrograph": [_text(name) for name in records[PATH].tolist()],
        "x": records[X].astype(float) * shape[:, 1],
        "y": records[Y].astype(float) * shape[:, 0],
        **{name: records[tag] for name, tag in OPTIONAL.items() if tag in records.dtype.names},
        "image_height": shape[:, 0].astype(int),
    }
    return make_picks(path, columns)


def _records(path, content):
    try:
        records = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise FormatError(
            f"{path} cannot be loaded without running code from it: {error}. Export the particles "
            f"from cryoSPARC again."
        ) from error
    names = records.dtype.names or ()
    missing = [name for name in (PATH, SHAPE, X, Y) if name not in names]
    if missing:
        raise FormatError(
            f"{path} has no positions of picks: {missing} are missing. Pass the file of particles "
            f"that has them, often the one with 'passthrough' in its name."
        )
    return records.reshape(-1)


def _text(name):
    return name.decode() if isinstance(name, bytes) else name
