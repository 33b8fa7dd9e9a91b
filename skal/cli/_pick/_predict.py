"""``skal pick predict``: particles of micrographs, by a picker that has learned."""

from pathlib import Path
from typing import Annotated

import typer

from .._errors import fail, one_line
from .._options import option
from ._options import (
    OUTPUT,
    PARTICLES,
    Device,
    Format,
    Micrographs,
    Quiet,
    check_threshold,
    device_of,
)


def predict(
    model: Annotated[
        Path,
        typer.Argument(
            help="The folder of a picker, or of any net of skal, such as an iteration of `skal "
            "pick run`; then its --diameter and --working-diameter are needed.",
            show_default=False,
        ),
    ],
    micrographs: Micrographs,
    output: Annotated[
        Path,
        option(OUTPUT, "File of picks, or the folder of formats that have a file a micrograph."),
    ] = Path("picks.star"),
    format: Format = None,
    overlay: Annotated[
        Path | None, option(OUTPUT, "Folder for a picture of each micrograph with its picks.")
    ] = None,
    threshold: Annotated[
        float | None,
        option(PARTICLES, "The least score of a pick.", show_default="that of the picker, 0.5"),
    ] = None,
    diameter: Annotated[
        float | None, option(PARTICLES, "Diameter of a particle in pixels, for a net.", min=1)
    ] = None,
    working_diameter: Annotated[
        float | None,
        option(
            PARTICLES, "The diameter that the net has learned.", min=4, show_default="16, of a net"
        ),
    ] = None,
    border: Annotated[
        float | None,
        option(
            PARTICLES, "Pixels along the edges to leave out.", min=0, show_default="of the picker"
        ),
    ] = None,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Pick the particles of micrographs.

    Micrographs that cannot be read are named, and the others picked; the exit code is then 1.
    skal pick predict picker micrographs --output picks.star --overlay pictures
    """
    from ..._files import make_folder
    from ...micrographs import find_micrographs, write_picks
    from ...micrographs.formats import check_destination

    check_threshold(threshold)
    of_net = {"diameter": diameter, "working_diameter": working_diameter, "border": border}
    try:
        picker = _load(model, of_net, device_of(device))
        picker.threshold_ = picker.threshold_ if threshold is None else threshold
        paths = find_micrographs(micrographs)
        check_destination(output, format, [path.name for path in paths])
        for folder in [output.parent, *([overlay] if overlay else [])]:
            make_folder(folder)
        picks, names, problems = _pick_all(picker, paths, overlay, quiet)
        if names:
            write_picks(picks, output, format=format, micrographs=names)
    except (OSError, ValueError, ImportError) as error:
        fail(one_line(error))
    if not quiet:
        typer.echo(f"{len(picks)} picks on {len(names)} micrographs")
        typer.echo(f"Picks  {output}" if names else "Nothing was written.")
    if problems:
        listed = "".join(f"\n  {problem}" for problem in problems)
        fail(f"{len(problems)} of {len(paths)} micrographs could not be picked:{listed}")


def _load(model, of_net, device):
    """Return the picker in a folder, or one around the net that is there."""
    from ...micrographs import ParticlePicker
    from ...nets import NetSegmenter

    given = {name: value for name, value in of_net.items() if value is not None}
    options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
    if (model / "picker.json").is_file() or not (model / "net.json").is_file():
        picker = ParticlePicker.load(model, device=device)
        if given:
            raise ValueError(
                f"{model} is a picker, which knows what it needs: leave out {options}."
            )
        return picker
    if "diameter" not in given:
        raise ValueError(
            f"{model} is a net, which does not tell the size of particles: give --diameter, and "
            f"--working-diameter and --border as it was trained with."
        )
    segmenter = NetSegmenter.load(model, device=device)
    return ParticlePicker.from_segmenter(segmenter, **{f"{k}_px": v for k, v in given.items()})


def _pick_all(picker, paths, overlay, quiet):
    """Return all picks, the names of their micrographs, and what was wrong with other ones."""
    import pandas as pd
    from tqdm.auto import tqdm

    from ...micrographs import read_micrograph

    tables, names, problems = [], [], []
    for path in tqdm(paths, unit="micrograph", disable=quiet):
        try:
            micrograph = read_micrograph(path)
            found = picker.predict([micrograph])
        except (OSError, ValueError) as error:
            problems.append(f"{path.name}: {one_line(error)}")
            continue
        tables.append(found)
        names.append(micrograph.name)
        if overlay is not None:
            _draw(micrograph, found, overlay)
    filled = [table for table in tables if len(table)] or tables[:1]
    return pd.concat(filled, ignore_index=True) if filled else (), names, problems


def _draw(micrograph, picks, folder):
    """Write a picture of a micrograph with its picks."""
    from matplotlib import pyplot as plt

    from ..._files import write_bytes
    from ...experiments._pictures import png
    from ...micrographs import micrograph_stem, plot_picks

    figure = plot_picks(micrograph.image, picks).figure
    write_bytes(folder / f"{micrograph_stem(micrograph.name)}.png", png(figure))
    plt.close(figure)
