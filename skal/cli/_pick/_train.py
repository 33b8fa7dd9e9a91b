"""``skal pick train``: a picker that learns from micrographs that somebody has picked."""

from pathlib import Path
from typing import Annotated

import typer

from .._errors import fail, one_line, warnings_told
from .._options import option
from ._options import (
    OUTPUT,
    PARTICLES,
    TRAINING,
    BatchSize,
    Border,
    Depth,
    Device,
    Diameter,
    LearningRate,
    Micrographs,
    MultiGpu,
    PatchSize,
    Picks,
    Quiet,
    Width,
    WorkingDiameter,
    check_threshold,
    device_of,
)


def train(
    micrographs: Micrographs,
    picks: Picks,
    output: Annotated[Path, option(OUTPUT, "The folder of the picker.")] = Path("picker"),
    diameter: Diameter = None,
    working_diameter: WorkingDiameter = 16.0,
    border: Border = 0.0,
    threshold: Annotated[
        str,
        option(
            PARTICLES,
            "The least score of a pick, or auto: the one that finds the given picks best, lower "
            "where many particles were not picked.",
        ),
    ] = "0.5",
    epochs: Annotated[int, option(TRAINING, "Epochs of the training.", min=1)] = 50,
    min_steps: Annotated[
        int, option(TRAINING, "Train for more epochs, if they are fewer steps than this.", min=0)
    ] = 300,
    val_split: Annotated[
        float,
        option(TRAINING, "Share of micrographs held out, to keep the best epoch.", min=0, max=0.9),
    ] = 0.0,
    batch_size: BatchSize = 16,
    learning_rate: LearningRate = 0.001,
    width: Width = 16,
    depth: Depth = 3,
    patch_size: PatchSize = 128,
    multi_gpu: MultiGpu = False,
    device: Device = "auto",
    seed: Annotated[int, option(TRAINING, "Seed of the net and its training.", min=0)] = 42,
    quiet: Quiet = False,
) -> None:
    """Learn to pick particles from a few picked micrographs.

    Micrographs that no pick names are taken as without particles.
    skal pick train micrographs --picks picks.star --diameter 180 --output picker
    """
    from ...exceptions import DivergenceError
    from ...micrographs import ParticlePicker, find_micrographs, read_picks
    from ...micrographs.picker import check_place
    from ...nets import AttentionUNetSegmenter

    segmenter = AttentionUNetSegmenter(
        width=width,
        depth=depth,
        patch_size=patch_size,
        max_epochs=epochs,
        min_steps=min_steps,
        validation_fraction=val_split,
        batch_size=batch_size,
        lr=learning_rate,
        random_state=seed,
        verbose=int(not quiet),
    )
    picker = ParticlePicker(
        segmenter,
        diameter_px=diameter,
        working_diameter_px=working_diameter,
        threshold=_threshold(threshold),
        border_px=border,
    )
    try:
        check_place(output)
        segmenter.set_params(device=device_of(device, multi_gpu))
        paths = find_micrographs(micrographs)
        with warnings_told():
            picker.fit(paths, read_picks(picks)).save(output)
    except (OSError, ValueError, ImportError, DivergenceError) as error:
        fail(one_line(error, diameter_px="--diameter"))
    typer.echo(
        f"{len(paths)} micrographs learned, diameter {picker.diameter_px_:g} px, threshold "
        f"{picker.threshold_:.2g}"
    )
    if not quiet:
        typer.echo(f"Picker  {output}")


def _threshold(text):
    if text == "auto":
        return text
    try:
        threshold = float(text)
    except ValueError:
        fail(f"--threshold must be a number or auto; got {text!r}.")
    check_threshold(threshold)
    return threshold
