"""``skal pick run``: active learning of particle picking, by one or more strategies."""

from pathlib import Path
from typing import Annotated

import typer

from .._errors import fail, one_line, warnings_told
from .._options import option
from ._options import (
    DATA,
    OUTPUT,
    QUERIES,
    STRATEGIES,
    TRAINING,
    BatchSize,
    Border,
    Depth,
    Device,
    Diameter,
    LearningRate,
    MultiGpu,
    PatchSize,
    Quiet,
    Resume,
    Seed,
    Width,
    WorkingDiameter,
    device_of,
)

TrainDir = Annotated[
    Path, option(DATA, "Training micrographs, or batch_*.npz files of images and masks.")
]
ValDir = Annotated[Path, option(DATA, "Micrographs to judge by, which are never asked for.")]
PicksIfAny = Annotated[
    Path | None, option(DATA, "File or folder of picks (STAR, BOX, CBOX, CSV, JSON, ...).")
]
InitialRatio = Annotated[
    float, option(QUERIES, "Share of micrographs labeled at first.", min=0, max=1)
]
QueryRatio = Annotated[float, option(QUERIES, "Share labeled by each query.", min=0, max=1)]
Iterations = Annotated[int, option(QUERIES, "Trainings, the first included.", min=1)]
PatchQueries = Annotated[
    int | None,
    option(
        QUERIES,
        "Ask for square parts of so many pixels, at working size.",
        min=16,
        show_default="whole micrographs",
    ),
]
InitialEpochs = Annotated[int, option(TRAINING, "Epochs of the first training.", min=1)]
RetrainEpochs = Annotated[int, option(TRAINING, "Epochs of each later one.", min=1)]
FromScratch = Annotated[
    bool,
    option(TRAINING, "Train each time from scratch, for --initial-epochs.", "--from-scratch"),
]
Seeds = Annotated[int, option(OUTPUT, "How many seeds, from the first on.", min=1)]
Output = Annotated[Path, option(OUTPUT, "Where runs, tables and plots go.")]
Jobs = Annotated[int, option(OUTPUT, "How many runs at a time.", min=1)]


def run(
    train_data_dir: TrainDir,
    val_data_dir: ValDir,
    output_dir: Output = Path("experiments/active_learning"),
    acquisition_function: Annotated[
        str, option(QUERIES, f"One or more, with commas: {STRATEGIES}.")
    ] = "uncertainty",
    picks: PicksIfAny = None,
    diameter: Diameter = None,
    working_diameter: WorkingDiameter = 16.0,
    border: Border = 0.0,
    num_iterations: Iterations = 10,
    initial_ratio: InitialRatio = 0.1,
    query_ratio: QueryRatio = 0.1,
    query_patches: PatchQueries = None,
    initial_epochs: InitialEpochs = 20,
    retrain_epochs: RetrainEpochs = 10,
    from_scratch: FromScratch = False,
    batch_size: BatchSize = 16,
    learning_rate: LearningRate = 0.001,
    width: Width = 16,
    depth: Depth = 3,
    patch_size: PatchSize = 128,
    multi_gpu: MultiGpu = False,
    device: Device = "auto",
    seed: Seed = 42,
    seeds: Seeds = 1,
    resume: Resume = False,
    jobs: Jobs = 1,
    quiet: Quiet = False,
) -> None:
    """Label the micrographs that a strategy asks for, and measure what is learned.

    skal pick run --train-data-dir train --val-data-dir val --picks picks.star
    """
    options = locals()
    result = compare_strategies(strategy_names(acquisition_function), options)
    typer.echo(result.summary().to_string(float_format=lambda x: f"{x:.4f}"))
    if not quiet:
        typer.echo(f"\nRuns, tables and plots  {output_dir}")


def strategy_names(text):
    """Return the acquisition functions in a text, or end with an error."""
    from ...experiments.picking import ACQUISITION_FUNCTIONS

    names = list(dict.fromkeys(text.replace("-", "_").replace(",", " ").split()))
    if not names or not set(names) <= set(ACQUISITION_FUNCTIONS):
        fail(f"--acquisition-function must be of {STRATEGIES}; got {text!r}.")
    return names


@warnings_told()
def compare_strategies(names, options):
    """Run strategies in one folder, with the options of :func:`run` as a dict."""
    from ...exceptions import DivergenceError
    from ...experiments.picking import load_picking_data, run_picking
    from ...micrographs import ParticlePicker

    picker = ParticlePicker(
        diameter_px=options["diameter"],
        working_diameter_px=options["working_diameter"],
        border_px=options["border"],
    )
    try:
        device = device_of(options["device"], options["multi_gpu"])
        data = load_picking_data(
            options["train_data_dir"], options["val_data_dir"], options["picks"], picker
        )
        if not options["quiet"]:
            typer.echo(repr(data))
        return run_picking(
            data,
            _segmenter(options, device),
            names,
            n_iterations=options["num_iterations"],
            initial_ratio=options["initial_ratio"],
            query_ratio=options["query_ratio"],
            patch_size=options["query_patches"],
            warm_start=not options["from_scratch"],
            seeds=range(options["seed"], options["seed"] + options["seeds"]),
            folder=options["output_dir"],
            resume=options["resume"],
            n_jobs=options["jobs"],
            progress=not options["quiet"],
        )
    except (OSError, ValueError, ImportError, DivergenceError) as error:
        fail(one_line(error, diameter_px="--diameter"))


def _segmenter(options, device):
    from ...nets import AttentionUNetSegmenter

    return AttentionUNetSegmenter(
        width=options["width"],
        depth=options["depth"],
        patch_size=options["patch_size"],
        max_epochs=options["initial_epochs"],
        warm_epochs=options["retrain_epochs"],
        batch_size=options["batch_size"],
        lr=options["learning_rate"],
        device=device,
    )
