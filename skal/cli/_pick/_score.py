"""``skal pick score``: picks against true particles."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .._errors import fail, one_line, tell
from ._options import shapes_of


class Method(StrEnum):
    """How picks are matched."""

    GREEDY = "greedy"
    HUNGARIAN = "hungarian"


def score(
    picks: Annotated[Path, typer.Argument(help="File or folder of picks.", show_default=False)],
    truth: Annotated[
        Path, typer.Argument(help="File or folder of the true particles.", show_default=False)
    ],
    radius: Annotated[
        float | None,
        typer.Option(
            help="How far from a particle a pick may be, in pixels.",
            show_default="half the diameter of each in TRUTH",
        ),
    ] = None,
    iou: Annotated[
        float | None,
        typer.Option(help="Instead: the least intersection over union of the discs of both."),
    ] = None,
    method: Annotated[
        Method, typer.Option(help="Match nearest pairs first, or as many as can be.")
    ] = Method.GREEDY,
    each: Annotated[bool, typer.Option("--each", help="A line for each micrograph.")] = False,
    flip_check: Annotated[
        bool,
        typer.Option(
            "--flip-check",
            help="Tell whether the picks count y from the other end of the image; needs its "
            "height or the micrographs.",
        ),
    ] = False,
    image_height: Annotated[
        int | None, typer.Option(min=1, help="Rows of the images, for --flip-check.")
    ] = None,
    micrographs: Annotated[
        list[Path] | None,
        typer.Option(
            help="Files or folders of the images to score, those without particles too.",
            show_default="all in TRUTH",
        ),
    ] = None,
) -> None:
    """Score picks by one-to-one matches with true particles.

    Names of micrographs are matched without folders and endings.
    skal pick score picks.star truth.csv --radius 90
    """
    from ...micrographs import find_micrographs, read_picks, score_picks

    if flip_check and image_height is None and not micrographs:
        fail("--flip-check needs the height of the images: give --image-height or --micrographs.")
    try:
        paths = find_micrographs(micrographs or [])
        names = [path.name for path in paths] or None
        found, known, names = _matched(read_picks(picks), read_picks(truth), names)
        _check_radius(known, radius)
        scores = score_picks(found, known, radius, method.value, names, iou)
        if flip_check:
            _tell_flip(found, known, image_height or _heights(paths), radius)
    except (OSError, ValueError, ImportError) as error:
        fail(one_line(error) + _hint(error))
    if each:
        typer.echo(scores.per_micrograph.to_string(float_format="{:.4f}".format) + "\n")
    typer.echo(_summary(scores))


def _matched(picks, truth, names):
    """Return picks and particles under the same names, and these: the micrographs to score."""
    from ...micrographs._names import by_stem, stems_of

    scored = by_stem(truth.attrs["micrographs"] if names is None else names)
    by_stem(truth.attrs["micrographs"])
    _tell_names(by_stem(picks.attrs["micrographs"]), scored)
    tables = (table.assign(micrograph=stems_of(table["micrograph"])) for table in (picks, truth))
    found, known = (table[table["micrograph"].isin(scored)] for table in tables)
    return found, known, list(scored)


def _tell_names(picked, scored):
    """Tell which micrographs have picks or are to be scored, but not both."""
    from ...micrographs._names import listed

    unknown = [name for stem, name in picked.items() if stem not in scored]
    missing = [name for stem, name in scored.items() if stem not in picked]
    if not scored:
        return  # an error of its own
    if picked and len(unknown) == len(picked):
        raise ValueError(
            f"the picks are of none of the micrographs to score: they are of {listed(unknown)}, "
            f"to score are {listed(missing)}."
        )
    if unknown:
        tell(
            f"{len(unknown)} micrographs of the picks are not to be scored, and left out: "
            f"{listed(unknown)}."
        )
    if missing:
        tell(
            f"{len(missing)} of the {len(scored)} micrographs to score have no picks, so that all "
            f"their particles are missed: {listed(missing)}. --micrographs says which to score."
        )


def _check_radius(truth, radius):
    if radius is None and ("diameter" not in truth or truth["diameter"].isna().any()):
        raise ValueError(
            "TRUTH does not tell the diameter of all particles: give --radius, in pixels. Half a "
            "diameter is usual."
        )


def _hint(error):
    is_of_reading = "format=" in str(error) or "image_height" in str(error)
    return " `skal pick convert` has options for such files." if is_of_reading else ""


def _heights(paths):
    return {name: shape[0] for name, shape in shapes_of(paths).items()}


def _tell_flip(picks, truth, heights, radius):
    from ...micrographs import detect_flip

    radius = truth["diameter"].median() / 2 if radius is None else radius
    try:
        result = detect_flip(picks, truth, heights, radius)
    except ValueError as error:
        tell(one_line(error))
        return
    shares = (
        f"{result.share:.0%} of the picks match as they are, {result.share_flipped:.0%} with y "
        f"counted from the other end"
    )
    if result.is_flipped:
        tell(
            f"the picks are FLIPPED: {shares}. `skal pick convert` flips "
            f"them with --origin bottom_left."
        )
    else:
        tell(f"the picks are not flipped: {shares}.")


def _summary(scores):
    per = scores.per_micrograph
    rows = [
        ("", "precision", "recall", "F1"),
        ("mean of micrographs", scores.precision, scores.recall, scores.f1_score),
        (
            "all particles together",
            *(scores.micro_precision, scores.micro_recall, scores.micro_f1_score),
        ),
    ]
    lines = ["".join([f"{name:24}", *(_cell(value) for value in row)]) for name, *row in rows]
    average = scores.average_precision
    precision = "-, as not all picks have scores" if average != average else f"{average:.4f}"
    return "\n".join(
        [
            f"{per['n_matched'].sum()} of {per['n_picks'].sum()} picks match one of "
            f"{per['n_truth'].sum()} particles on {len(per)} micrographs\n",
            *lines,
            f"\n{'average precision':24}{precision}",
        ]
    )


def _cell(value):
    return f"{value:>11}" if isinstance(value, str) else f"{value:11.4f}"
