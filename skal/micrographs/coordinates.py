"""Positions of picks: flipped, scaled, and checked against the images that they are of."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from ._matching import match_greedy, near_pairs
from ._names import by_stem, listed, micrograph_stem, stems_of, values_of

__all__ = [
    "FlipResult",
    "PicksReport",
    "check_picks",
    "detect_flip",
    "flip_picks",
    "micrograph_stem",
    "scale_picks",
]

SIGNIFICANCE = 0.001  # how rarely a flip may be told where there is none


def flip_picks(picks, heights):
    """Return picks whose rows are counted from the other end of the image.

    Parameters
    ----------
    picks : pandas.DataFrame
        With the columns ``micrograph`` and ``y``.
    heights : int or dict of str to int
        The number of rows of the images, by name if they differ.

    Returns
    -------
    pandas.DataFrame
        A copy with ``y = height - 1 - y``: the mirror image.
    """
    rows = values_of(picks["micrograph"], heights, "the heights of images")
    return picks.assign(y=rows - 1 - picks["y"].to_numpy(float))


def scale_picks(picks, factor):
    """Return picks for images that are larger or smaller by a factor.

    Parameters
    ----------
    picks : pandas.DataFrame
        With the columns ``x`` and ``y``, and ``diameter`` and ``pixel_size_angstrom`` if known.
    factor : float
        How many times as many pixels a side has: 0.25 after binning by 4.

    Returns
    -------
    pandas.DataFrame
        A copy with ``x = (x + 0.5) * factor - 0.5``, as the centers of pixels are integers and
        edges of images stay where they are; ``y`` likewise, ``diameter = diameter * factor`` and
        ``pixel_size_angstrom = pixel_size_angstrom / factor``.
    """
    if not (np.isfinite(factor) and factor > 0):
        raise ValueError(f"factor must be a positive number; got {factor!r}.")
    scaled = {name: (picks[name] + 0.5) * factor - 0.5 for name in ("x", "y")}
    if "diameter" in picks:
        scaled["diameter"] = picks["diameter"] * factor
    if "pixel_size_angstrom" in picks:
        scaled["pixel_size_angstrom"] = picks["pixel_size_angstrom"] / factor
    return picks.assign(**scaled)


@dataclass(frozen=True, eq=False)
class PicksReport:
    """What :func:`check_picks` has found.

    Attributes
    ----------
    n_picks : int
        The number of picks that were checked.
    outside : pandas.DataFrame
        Those outside their image, with its ``height`` and ``width``.
    unknown : tuple of str
        Names in the picks that match no image.
    without_picks : tuple of str
        Names of images that have no picks.
    pixel_sizes_angstrom : tuple of float
        The different sizes of pixels of picks and images; more than one are mixed.
    """

    n_picks: int
    outside: pd.DataFrame = field(repr=False)
    unknown: tuple[str, ...] = ()
    without_picks: tuple[str, ...] = ()
    pixel_sizes_angstrom: tuple[float, ...] = ()

    @property
    def is_clean(self):
        """Whether nothing was found that a person should look at."""
        is_mixed = len(self.pixel_sizes_angstrom) > 1
        return not (len(self.outside) or self.unknown or self.without_picks or is_mixed)

    def __str__(self):
        lines = [f"{self.n_picks} picks checked"]
        if len(self.outside):
            by_name = self.outside["micrograph"].value_counts()
            shares = [f"{name} ({count})" for name, count in by_name.head(3).items()]
            more = ", …" if len(by_name) > 3 else ""
            lines.append(f"{len(self.outside)} outside their image: {', '.join(shares)}{more}")
        for names, what in (
            (self.unknown, "names match no image"),
            (self.without_picks, "images have no picks"),
        ):
            if names:
                lines.append(f"{len(names)} {what}: {listed(names)}")
        if len(self.pixel_sizes_angstrom) > 1:
            sizes = ", ".join(f"{size:g}" for size in self.pixel_sizes_angstrom)
            lines.append(f"mixed pixel sizes: {sizes} angstrom")
        return "\n".join(lines)


def check_picks(picks, shapes, *, pixel_sizes_angstrom=None):
    """Keep the picks that are inside their image, and report all others.

    Parameters
    ----------
    picks : pandas.DataFrame
        As :func:`read_picks` returns them. A column ``pixel_size_angstrom`` is looked at.
    shapes : dict of str to tuple
        (H, W) of each image, by its name. Names are matched without folders, extension and
        cryoSPARC's number, see :func:`micrograph_stem`.
    pixel_sizes_angstrom : dict of str to float, optional
        The side of a pixel of each image, by its name; None where it is not known.

    Returns
    -------
    tuple of pandas.DataFrame and PicksReport
        The picks in the area of their image, from -0.5 to the last row or column + 0.5. They have
        the names of the images, so that both can be joined.

    Raises
    ------
    ValueError
        If two images cannot be told apart by name.

    Examples
    --------
    >>> import pandas as pd
    >>> from skal.micrographs import check_picks
    >>> picks = pd.DataFrame({"micrograph": ["a.mrc", "a.mrc", "b"], "x": [1, 9, 1], "y": 2})
    >>> inside, report = check_picks(picks, {"a.png": (4, 4), "c.png": (4, 4)})
    >>> inside
      micrograph  x  y
    0      a.png  1  2
    >>> print(report)
    3 picks checked
    1 outside their image: a.png (1)
    1 names match no image: 'b'
    1 images have no picks: 'c.png'
    """
    images = by_stem(shapes)
    names = stems_of(picks["micrograph"]).map(images)
    is_known = names.notna().to_numpy(bool)
    known = picks[is_known].assign(micrograph=names[is_known])
    size = np.array([shapes[name] for name in known["micrograph"]], float).reshape(-1, 2)
    is_inside = _is_inside(known, size)
    outside = known[~is_inside].assign(
        height=size[~is_inside, 0].astype(int), width=size[~is_inside, 1].astype(int)
    )
    has_picks = set(known["micrograph"])
    report = PicksReport(
        len(picks),
        outside,
        tuple(picks["micrograph"][~is_known].unique()),
        tuple(name for name in shapes if name not in has_picks),
        _distinct_sizes(picks, pixel_sizes_angstrom or {}),
    )
    return known[is_inside].reset_index(drop=True), report


def _is_inside(picks, size):
    position = picks[["y", "x"]].to_numpy(float)
    return ((position >= -0.5) & (position < size - 0.5)).all(axis=1)


def _distinct_sizes(picks, by_image):
    """Return the pixel sizes of picks and images that differ by more than headers round."""
    given = [size for size in by_image.values() if size is not None]
    of_picks = picks["pixel_size_angstrom"] if "pixel_size_angstrom" in picks else ()
    sizes = np.unique(np.array([*given, *of_picks], float))
    distinct = []
    for size in sizes[np.isfinite(sizes)].tolist():
        if not distinct or size > distinct[-1] * 1.001:
            distinct.append(size)
    return tuple(distinct)


class FlipResult(NamedTuple):
    """Whether picks are flipped, and how many match a reference as they are and flipped."""

    is_flipped: bool
    share: float
    share_flipped: float


def detect_flip(picks, reference, heights, radius):
    """Tell whether the rows of picks are counted from the other end than those of a reference.

    Programs differ in where `y` is 0, and picks of a flipped image look plausible.

    Parameters
    ----------
    picks : pandas.DataFrame
        The picks in question.
    reference : pandas.DataFrame
        Picks of some of the same micrographs that are known to lie on particles.
    heights : int or dict of str to int
        The number of rows of the images, by name if they differ.
    radius : float
        How far apart two picks of one particle may be, in pixels; half a diameter is usual.

    Returns
    -------
    FlipResult
        ``is_flipped``, and the shares of picks that match as they are and flipped: one to one,
        the nearest first, in the micrographs that both have.

    Raises
    ------
    ValueError
        If both have no micrograph in common, or the answer could be chance: an exact sign test on
        the picks that match only one way has p >= 0.001. Eleven that agree are enough.
    """
    ours, theirs = (_by_micrograph(table) for table in (picks, reference))
    common = sorted(set(ours) & set(theirs))
    if not common:
        raise ValueError(
            f"picks and reference must have a micrograph in common; picks are of "
            f"{listed(sorted(ours)) or 'none'}, the reference is of "
            f"{listed(sorted(theirs)) or 'none'}."
        )
    flipped = _by_micrograph(flip_picks(picks, heights))
    as_is, mirrored = (
        np.concatenate([_matched(side[name], theirs[name], radius) for name in common])
        for side in (ours, flipped)
    )
    _check_decided(as_is, mirrored)
    return FlipResult(
        bool(mirrored.sum() > as_is.sum()), float(as_is.mean()), float(mirrored.mean())
    )


def _by_micrograph(picks):
    stems = stems_of(picks["micrograph"])
    return {name: group[["x", "y"]].to_numpy(float) for name, group in picks.groupby(stems)}


def _matched(points, reference, radius):
    """Return which points have a partner of their own in the reference, the nearest taken first."""
    pairs, distances = near_pairs(points, reference, np.full(len(reference), float(radius)))
    is_matched = np.zeros(len(points), bool)
    is_matched[pairs[match_greedy(pairs, distances, *pairs.T), 0]] = True
    return is_matched


def _check_decided(as_is, mirrored):
    only = int((as_is & ~mirrored).sum()), int((mirrored & ~as_is).sum())
    if sum(only) == 0 or binomtest(only[0], sum(only)).pvalue >= SIGNIFICANCE:
        raise ValueError(
            f"whether the picks are flipped is not decided: of {len(as_is)} picks, {only[0]} match "
            f"the reference only as they are, and {only[1]} only flipped. Pass more picks, a "
            f"better reference or another radius."
        )
