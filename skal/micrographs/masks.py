"""Masks of particles, drawn from picks."""

import numpy as np

from ._checks import check_one_micrograph, check_positive, validate_diameters, validate_points

__all__ = ["make_mask"]

SIGMAS = 4  # beyond which a Gaussian is not drawn: exp(-8) = 0.0003
KINDS = ("disc", "gaussian")


def make_mask(picks, shape, *, diameter_px=None, radius_scale=1.0, kind="disc"):
    """Draw the particles of one micrograph as a mask.

    Where the image is smaller than the one that was picked, scale the picks first, their diameters
    too: the discs are drawn in the pixels of the picks.

    Parameters
    ----------
    picks : pandas.DataFrame
        Columns x and y, in pixels, of one micrograph. Particles may lie beyond the edges.
    shape : (int, int)
        Height and width of the mask.
    diameter_px : float, default=None
        The diameter of all particles; None takes each one's from the column `diameter`.
    radius_scale : float, default=1.0
        Draw particles by this factor smaller or larger. Discs below 1 keep neighbors apart.
    kind : {"disc", "gaussian"}, default="disc"
        Discs, whose pixels have their centers at most a radius away; or Gaussians whose standard
        deviation is half the radius, for nets that regress a map of centers.

    Returns
    -------
    ndarray of shape `shape`
        Of discs uint8: 1 in particles, 0 elsewhere. Of Gaussians float32 in [0, 1], the largest
        where several overlap.

    Raises
    ------
    ValueError
        If the picks are of several micrographs, of unknown diameter, or too small to be drawn.

    Examples
    --------
    >>> import pandas as pd
    >>> make_mask(pd.DataFrame({"x": [1.0], "y": [0.0]}), (2, 4), diameter_px=2)
    array([[1, 1, 1, 0],
           [0, 1, 0, 0]], dtype=uint8)
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}.")
    check_one_micrograph(picks)
    check_positive(radius_scale, "radius_scale")
    points = validate_points(picks)
    radii = validate_diameters(picks, diameter_px) * radius_scale / 2
    if len(radii) and radii.min() < 1:
        raise ValueError(
            f"particles must be at least 2 pixels wide to be drawn; got {2 * radii.min():.3g}. Use "
            "a larger image, or a larger radius_scale."
        )
    mask = np.zeros(shape, np.uint8 if kind == "disc" else np.float32)
    draw, reach = (_draw_disc, 1) if kind == "disc" else (_draw_gaussian, SIGMAS / 2)
    for (x, y), radius in zip(points, radii, strict=True):
        window = _window(x, y, radius * reach, shape)
        draw(mask[window], _squared_distances(x, y, window), radius)
    return mask


def _window(x, y, reach, shape):
    """Return the slices of the pixels around a point that are in the image."""
    return tuple(
        slice(max(0, int(np.floor(at - reach))), max(0, min(n, int(np.ceil(at + reach)) + 1)))
        for at, n in zip((y, x), shape, strict=True)
    )


def _squared_distances(x, y, window):
    rows, columns = np.ogrid[window]
    return (rows - y) ** 2 + (columns - x) ** 2


def _draw_disc(pixels, squared, radius):
    pixels[squared <= radius**2] = 1


def _draw_gaussian(pixels, squared, radius):
    np.maximum(pixels, np.exp(-2 * squared / radius**2), out=pixels, casting="same_kind")
