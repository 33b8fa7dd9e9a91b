"""``skal pick convert``: picks in the format, and the pixels, of another program."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .._errors import fail, one_line, tell
from ._options import FORMATS, shapes_of

INPUT_FORMATS = f"{FORMATS}, eman2, cryotransformer, cryosparc"


class Origin(StrEnum):
    """Where y is 0."""

    TOP_LEFT = "top_left"
    BOTTOM_LEFT = "bottom_left"


class Units(StrEnum):
    """What positions are given in."""

    PX = "px"
    ANGSTROM = "angstrom"


def convert(
    picks: Annotated[
        Path, typer.Argument(metavar="IN", help="File or folder of picks.", show_default=False)
    ],
    output: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help="File, or folder of formats that have a file a micrograph.",
            show_default=False,
        ),
    ],
    format: Annotated[
        str | None,
        typer.Option(help=f"Of OUT: {FORMATS}.", show_default="by the ending of the file"),
    ] = None,
    input_format: Annotated[
        str | None,
        typer.Option(help=f"Of IN: {INPUT_FORMATS}.", show_default="by the content of the file"),
    ] = None,
    origin: Annotated[
        Origin | None,
        typer.Option(
            help="Where y is 0 in IN; in OUT that is the top left.",
            show_default="as IN's program has it",
        ),
    ] = None,
    image_height: Annotated[
        int | None, typer.Option(min=1, help="Rows of the images, to count y from the last.")
    ] = None,
    micrographs: Annotated[
        list[Path] | None,
        typer.Option(
            help="Files or folders of the images, in place of their height; picks outside are told."
        ),
    ] = None,
    units: Annotated[
        Units, typer.Option(help="What positions and diameters in IN are given in.")
    ] = Units.PX,
    pixel_size: Annotated[
        float | None, typer.Option(help="Side of a pixel of the images, for angstrom.")
    ] = None,
    scale: Annotated[
        float, typer.Option(help="OUT is for images so many times as large: 0.25 if binned by 4.")
    ] = 1.0,
    diameter: Annotated[
        float | None,
        typer.Option(
            min=1, help="Diameter in pixels of OUT, which boxes need.", show_default="that in IN"
        ),
    ] = None,
) -> None:
    """Write picks in the format of another program.

    skal pick convert picks.cs picks.star
    skal pick convert coordinates.json boxes --format box --diameter 180 --scale 0.25
    """
    from ..._files import make_folder
    from ...micrographs import find_micrographs, read_picks, scale_picks, write_picks

    if image_height is not None and micrographs:
        fail("--image-height and --micrographs both tell the height of images: give one of them.")
    try:
        shapes = shapes_of(find_micrographs(micrographs or []))
        table = read_picks(
            picks,
            format=input_format,
            origin=origin and origin.value,
            image_height=image_height or {name: shape[0] for name, shape in shapes.items()} or None,
            units=units.value,
            pixel_size_angstrom=pixel_size,
        )
        _tell_outside(table, shapes)
        names = table.attrs["micrographs"]
        table = scale_picks(table, scale) if scale != 1 else table
        table = table if diameter is None else table.assign(diameter=diameter)
        make_folder(output.parent)
        write_picks(table, output, format=format, micrographs=names)
    except (OSError, ValueError, ImportError) as error:
        fail(_as_options(error))
    typer.echo(f"{len(table)} picks on {len(names)} micrographs  {output}")


def _tell_outside(picks, shapes):
    from ...micrographs import check_picks

    if shapes:
        _, report = check_picks(picks, shapes)
        if len(report.outside) or report.unknown:
            tell(", ".join(str(report).split("\n")) + ".")


def _as_options(error):
    """Return an error's message with the options that the arguments in it come from."""
    return one_line(
        error,
        **{
            "Say which: format=": "Say which: --input-format ",
            "example format=": "example --input-format ",
            "pass format=": "pass --input-format",
            "pass image_height, or origin=": "pass --image-height or --micrographs, or --origin ",
            "units='angstrom'": "--units angstrom",
            "pixel_size_angstrom": "--pixel-size",
            "factor must": "--scale must",
            "Add it: picks.assign(diameter=diameter_px).": "Add it with --diameter.",
        },
    )
