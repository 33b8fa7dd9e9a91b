"""Options that several commands of ``skal pick`` share."""

from pathlib import Path
from typing import Annotated

import typer

from .._errors import fail
from .._options import option

STRATEGIES = "uncertainty, entropy, margin, diversity, hybrid, random"
FORMATS = "star, box, cbox, topaz, csv, cryoppp, json"
DATA, PARTICLES, QUERIES = "Data", "Particles", "Queries"
TRAINING, OUTPUT = "Training", "Output and runs"

Micrographs = Annotated[
    list[Path],
    typer.Argument(
        help="Files or folders of micrographs: MRC, TIFF, PNG, JPEG, npy.", show_default=False
    ),
]
Picks = Annotated[Path, option(DATA, "File or folder of picks (STAR, BOX, CBOX, CSV, JSON, ...).")]
Diameter = Annotated[
    float | None,
    option(PARTICLES, "Diameter of a particle, in pixels.", min=1, show_default="of the picks"),
]
WorkingDiameter = Annotated[
    float, option(PARTICLES, "Micrographs are made smaller until it is this.", min=4)
]
Border = Annotated[float, option(PARTICLES, "Pixels along the edges to leave out.", min=0)]
BatchSize = Annotated[int, option(TRAINING, "Patches of a training step.", min=1)]
LearningRate = Annotated[float, option(TRAINING, "Learning rate.")]
Width = Annotated[int, option(TRAINING, "Channels of the first level; the README has 64.", min=1)]
Depth = Annotated[
    int, option(TRAINING, "How many times images are halved; the README has 4.", min=1, max=6)
]
PatchSize = Annotated[int, option(TRAINING, "Side of training patches.", min=16)]
MultiGpu = Annotated[
    bool, option(TRAINING, "Split each batch over all CUDA devices.", "--multi-gpu")
]
Device = Annotated[str, option(TRAINING, "auto, cpu, cuda, cuda:1 or mps.")]
Seed = Annotated[int, option(OUTPUT, "The first seed.", min=0)]
Resume = Annotated[bool, option(OUTPUT, "Go on with what is in the folder.", "--resume")]
Quiet = Annotated[bool, option(OUTPUT, "Print no progress.", "--quiet")]
Format = Annotated[
    str | None, option(OUTPUT, f"One of {FORMATS}.", show_default="by the ending of the file")
]


def check_threshold(threshold):
    """End with an error unless a threshold is None or in (0, 1]."""
    if threshold is not None and not 0 < threshold <= 1:
        fail(f"--threshold must be above 0 and at most 1; got {threshold:g}.")


def device_of(device, multi_gpu=False):
    """Return the device that nets are given, or raise a ValueError if it is not there."""
    from ...experiments._devices import check_device
    from ...nets._seeds import choose_device

    if not multi_gpu:
        check_device(device)
        return device
    try:
        choose_device("all")
    except ValueError as error:
        raise ValueError("--multi-gpu needs CUDA devices, but torch finds none.") from error
    return "all"


def shapes_of(paths):
    """Return the shapes of micrographs by name."""
    from ...micrographs import read_shape

    return {path.name: read_shape(path) for path in paths}
