"""What images and pick tables must be."""

import numpy as np
import pandas as pd


def validate_image(image, name="image"):
    """Return an image as float32, or raise where it is not one of finite numbers."""
    image = np.asarray(image)
    if image.ndim != 2 or not image.size:
        raise ValueError(
            f"{name} must be an array of shape (height, width); got shape {image.shape}. "
            "Pass one image at a time, and one channel."
        )
    if image.dtype.kind not in "buif":
        raise TypeError(f"{name} must hold real numbers; got an array of dtype {image.dtype}.")
    image = image.astype(np.float32, copy=False)
    if not np.isfinite(image).all():
        n_bad = image.size - np.count_nonzero(np.isfinite(image))
        raise ValueError(
            f"{name} must be finite; {n_bad} pixels are NaN or infinity, also once they are "
            "float32. Replace them first, by the median for example."
        )
    return image


def validate_points(picks, name="picks"):
    """Return x and y of picks as float64 of shape (n_picks, 2), or raise where they have none."""
    if not isinstance(picks, pd.DataFrame):
        raise TypeError(
            f"{name} must be a data frame with columns x and y; got a {type(picks).__name__}."
        )
    check_columns(picks, ["x", "y"], name)
    try:
        points = picks[["x", "y"]].to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"x and y of {name} must be numbers: {error}. Convert them.") from error
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(bad):
        raise ValueError(
            f"x and y of {name} must be finite; got {points[bad[0]]} in row {bad[0]}. Drop or "
            "correct such rows."
        )
    return points


def check_columns(picks, columns, name="picks"):
    """Raise where a pick table lacks a column."""
    missing = [column for column in columns if column not in picks]
    if missing:
        raise ValueError(
            f"{name} must have the columns {', '.join(columns)}; {', '.join(missing)} is missing "
            f"among {', '.join(map(str, picks.columns)) or 'none'}. Add it with {name}.assign(...)."
        )


def check_one_micrograph(picks, name="picks"):
    """Raise where a pick table names several micrographs."""
    if "micrograph" in picks and picks["micrograph"].nunique() > 1:
        names = picks["micrograph"].unique()
        raise ValueError(
            f"{name} must be of one micrograph; got {len(names)}, {names[0]!r} and {names[1]!r} "
            "among them. Pass the rows of one micrograph."
        )


def validate_diameters(picks, diameter_px=None, name="picks"):
    """Return the diameter of each pick as float64: `diameter_px`, or else the table's column."""
    if diameter_px is None and "diameter" not in picks:
        raise ValueError(
            f"the diameter of particles is not known: {name} have no column diameter. Pass a "
            f"diameter in pixels, or {name}.assign(diameter=...)."
        )
    given = picks["diameter"] if diameter_px is None else np.full(len(picks), diameter_px)
    diameters = np.asarray(given, dtype=np.float64)
    if not (np.isfinite(diameters) & (diameters > 0)).all():
        raise ValueError(f"diameters must be positive numbers of pixels; got {diameters.min()}.")
    return diameters


def check_positive(value, name):
    """Raise where a number is not positive and finite."""
    if not (np.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be a positive number; got {value}.")


def check_border(border, shape):
    """Raise where a border is negative or leaves nothing of an image."""
    if border < 0 or 2 * border >= min(shape):
        raise ValueError(
            f"border must be at least 0 and leave some of the image; got {border=} for an image "
            f"of {shape[1]} x {shape[0]} pixels."
        )
