"""``skal pick``: particles in micrographs."""

from pathlib import Path
from typing import Annotated

import typer

from ._errors import fail, one_line

pick = typer.Typer(
    help="Particles in cryo-EM micrographs: learn to pick them from few labels.",
    no_args_is_help=True,
)
STRATEGIES = "uncertainty, entropy, margin, diversity, hybrid, random"
DATA, PARTICLES, QUERIES = "Data", "Particles", "Queries"
TRAINING, OUTPUT = "Training", "Output and runs"


def _option(panel, text, *names, **kwargs):
    return typer.Option(*names, help=text, rich_help_panel=panel, **kwargs)


TrainDir = Annotated[
    Path, _option(DATA, "Training micrographs, or batch_*.npz files of images and masks.")
]
ValDir = Annotated[Path, _option(DATA, "Micrographs to judge by, which are never asked for.")]
Picks = Annotated[
    Path | None, _option(DATA, "File or folder of picks (STAR, BOX, CBOX, CSV, JSON, ...).")
]
Diameter = Annotated[
    float | None,
    _option(PARTICLES, "Diameter of a particle, in pixels.", min=1, show_default="of the picks"),
]
WorkingDiameter = Annotated[
    float, _option(PARTICLES, "Micrographs are made smaller until it is this.", min=4)
]
Border = Annotated[float, _option(PARTICLES, "Pixels along the edges to leave out.", min=0)]
InitialRatio = Annotated[
    float, _option(QUERIES, "Share of micrographs labeled at first.", min=0, max=1)
]
QueryRatio = Annotated[float, _option(QUERIES, "Share labeled by each query.", min=0, max=1)]
Iterations = Annotated[int, _option(QUERIES, "Trainings, the first included.", min=1)]
PatchQueries = Annotated[
    int | None,
    _option(
        QUERIES,
        "Ask for square parts of so many pixels, at working size.",
        min=16,
        show_default="whole micrographs",
    ),
]
InitialEpochs = Annotated[int, _option(TRAINING, "Epochs of the first training.", min=1)]
RetrainEpochs = Annotated[int, _option(TRAINING, "Epochs of each later one.", min=1)]
FromScratch = Annotated[
    bool,
    _option(TRAINING, "Train each time from scratch, for --initial-epochs.", "--from-scratch"),
]
BatchSize = Annotated[int, _option(TRAINING, "Patches of a training step.", min=1)]
LearningRate = Annotated[float, _option(TRAINING, "Learning rate.")]
Width = Annotated[int, _option(TRAINING, "Channels of the first level; the README has 64.", min=1)]
Depth = Annotated[
    int, _option(TRAINING, "How many times images are halved; the README has 4.", min=1, max=6)
]
PatchSize = Annotated[int, _option(TRAINING, "Side of training patches.", min=16)]
MultiGpu = Annotated[
    bool, _option(TRAINING, "Split each batch over all CUDA devices.", "--multi-gpu")
]
Device = Annotated[str, _option(TRAINING, "auto, cpu, cuda, cuda:1 or mps.")]
Seed = Annotated[int, _option(OUTPUT, "The first seed.", min=0)]
Seeds = Annotated[int, _option(OUTPUT, "How many seeds, from the first on.", min=1)]
Output = Annotated[Path, _option(OUTPUT, "Where runs, tables and plots go.")]
Resume = Annotated[bool, _option(OUTPUT, "Go on with what is in the folder.", "--resume")]
Jobs = Annotated[int, _option(OUTPUT, "How many runs at a time.", min=1)]
Quiet = Annotated[bool, _option(OUTPUT, "Print no progress.", "--quiet")]


@pick.command()
def run(
    train_data_dir: TrainDir,
    val_data_dir: ValDir,
    output_dir: Output = Path("experiments/active_learning"),
    acquisition_function: Annotated[
        str, _option(QUERIES, f"One or more, with commas: {STRATEGIES}.")
    ] = "uncertainty",
    picks: Picks = None,
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
    from ..exceptions import DivergenceError
    from ..experiments.picking import ACQUISITION_FUNCTIONS, load_picking_data, run_picking
    from ..micrographs import ParticlePicker
    from ..nets import AttentionUNetSegmenter

    names = acquisition_function.replace(",", " ").split()
    unknown = sorted(set(names) - set(ACQUISITION_FUNCTIONS))
    if unknown or not names:
        fail(f"--acquisition-function must be of {STRATEGIES}; got {acquisition_function!r}.")
    picker = ParticlePicker(
        diameter_px=diameter, working_diameter_px=working_diameter, border_px=border
    )
    segmenter = AttentionUNetSegmenter(
        width=width,
        depth=depth,
        patch_size=patch_size,
        max_epochs=initial_epochs,
        warm_epochs=retrain_epochs,
        batch_size=batch_size,
        lr=learning_rate,
        device="all" if multi_gpu else device,
    )
    try:
        data = load_picking_data(train_data_dir, val_data_dir, picks, picker)
        if not quiet:
            typer.echo(repr(data))
        result = run_picking(
            data,
            segmenter,
            names,
            n_iterations=num_iterations,
            initial_ratio=initial_ratio,
            query_ratio=query_ratio,
            patch_size=query_patches,
            warm_start=not from_scratch,
            seeds=range(seed, seed + seeds),
            folder=output_dir,
            resume=resume,
            n_jobs=jobs,
            progress=not quiet,
        )
    except (OSError, ValueError, ImportError, DivergenceError) as error:
        fail(one_line(error))
    typer.echo(result.summary().to_string(float_format=lambda x: f"{x:.4f}"))
    if not quiet:
        typer.echo(f"\nRuns, tables and plots  {output_dir}")
