"""Picks on the micrographs that they are of, and what may be wrong with them."""

import warnings

from ._checks import check_columns, validate_points
from ._names import listed, micrograph_stem
from .coordinates import check_picks


def validate_picks(picks):
    """Return picks as a copy whose only attribute names the micrographs that they speak of."""
    validate_points(picks)
    check_columns(picks, ["micrograph"])
    if not len(picks):
        raise ValueError("there must be picks of the micrographs; got an empty table.")
    wrong = [name for name in picks["micrograph"].unique() if not isinstance(name, str)]
    if wrong:
        raise ValueError(f"names of micrographs must be text; got {listed(wrong)}. Correct them.")
    looked_at = picks.attrs.get("micrographs", ())
    picks = picks.copy(deep=False)
    picks.attrs = {"micrographs": tuple(looked_at)}
    return picks


def on_images(picks, shapes, pixel_sizes_angstrom=None):
    """Return the picks in the area of their image, and a report; raise where there are none.

    Parameters
    ----------
    picks : pandas.DataFrame
        As :func:`validate_picks` returns them.
    shapes : dict of str to tuple
        (H, W) of each image.
    pixel_sizes_angstrom : dict of str to (float or None), optional
        What the images' files say.

    Returns
    -------
    pandas.DataFrame
        Micrographs have the names of `shapes`.
    PicksReport
    """
    there, report = check_picks(picks, shapes, pixel_sizes_angstrom=pixel_sizes_angstrom)
    if not len(there):
        n_outside = len(report.outside)
        raise ValueError(
            f"no pick is on any of the {len(shapes)} micrographs, {listed(list(shapes))}: of "
            f"{len(picks)} picks, {n_outside} are outside their image, and "
            f"{len(picks) - n_outside} are on other micrographs, {listed(report.unknown) or 'none'}"
            f". Pass the picks of these micrographs."
        )
    there.attrs = {}  # they would be copied with each group
    return there, report


def by_micrograph(picks, names):
    """Return a table for each micrograph, empty where it has no picks."""
    groups = dict(list(picks.groupby("micrograph")))
    return {name: groups.get(name, picks[:0]) for name in names}


def warn_of(report, looked_at, stacklevel):
    """Warn of what may be a mistake.

    Parameters
    ----------
    report : PicksReport
    looked_at : sequence of str
        Micrographs that somebody has looked at, whether they have picks or not.
    stacklevel : int
        1 is the caller's own line.
    """
    known = {micrograph_stem(name) for name in looked_at}
    silent = [name for name in report.without_picks if micrograph_stem(name) not in known]
    problems = []
    if len(report.outside):
        problems.append(
            f"{len(report.outside)} of {report.n_picks} picks are outside their micrograph and "
            f"left out, of {listed(list(report.outside['micrograph'].unique()))}: are they of "
            f"images of another size?"
        )
    if len(report.pixel_sizes_angstrom) > 1:
        sizes = ", ".join(f"{size:g}" for size in report.pixel_sizes_angstrom)
        problems.append(
            f"pixels of picks and micrographs are {sizes} angstrom wide, but positions and the "
            f"diameter in pixels are right for one size only: scale_picks brings picks to another."
        )
    if silent:
        problems.append(
            f"{len(silent)} micrographs have no picks and count as free of particles: "
            f"{listed(silent)}. Leave out those that nobody has looked at."
        )
    if problems:
        warnings.warn(" ".join(problems), UserWarning, stacklevel=stacklevel + 1)


def check_masks(masks):
    """Raise unless there are pixels of particles and of background."""
    if not any((mask == 1).any() for mask in masks):
        raise ValueError(
            "there is nothing to learn: all picks are in the border. Pass a smaller border_px."
        )
    if not any((mask == 0).any() for mask in masks):
        raise ValueError(
            "there is no background to learn: particles cover all of the micrographs. Is the "
            "diameter in pixels, not in angstrom?"
        )
