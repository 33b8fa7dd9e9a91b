"""``skal pick run-all``: all acquisition functions, in turn or one a device."""

from pathlib import Path
from typing import Annotated

import typer

from .._errors import fail, one_line
from .._options import option
from ._options import (
    OUTPUT,
    QUERIES,
    STRATEGIES,
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
)
from ._run import (
    FromScratch,
    InitialEpochs,
    InitialRatio,
    Iterations,
    Jobs,
    Output,
    PatchQueries,
    PicksIfAny,
    QueryRatio,
    RetrainEpochs,
    Seeds,
    TrainDir,
    ValDir,
    compare_strategies,
    strategy_names,
)

RESULTS = "comparison_results"


def run_all(
    train_data_dir: TrainDir,
    val_data_dir: ValDir,
    output_dir: Output = Path("experiments/active_learning"),
    acquisition_functions: Annotated[
        str,
        option(
            QUERIES,
            "Some of them, with commas.",
            "--acquisition-functions",
            "--acquisition-function",
        ),
    ] = STRATEGIES,
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
    devices: Annotated[
        str | None,
        option(
            OUTPUT,
            "Run a strategy on each at once, such as cuda:0,cuda:1: each in a process and in a "
            "folder of its own.",
            show_default="one strategy after the other",
        ),
    ] = None,
    seed: Seed = 42,
    seeds: Seeds = 1,
    resume: Resume = False,
    jobs: Jobs = 1,
    quiet: Quiet = False,
) -> None:
    """Run all acquisition functions as `skal pick run` does, and compare them.

    skal pick run-all --train-data-dir train --val-data-dir val --picks picks.star
    """
    options = locals()
    names = strategy_names(options.pop("acquisition_functions"))
    if options.pop("devices"):
        folders = _run_on_devices(names, devices, options)
    else:
        compare_strategies(names, options)
        folders = [output_dir]
    typer.echo(str(_report(folders, output_dir / RESULTS)))
    if not quiet:
        typer.echo(f"\nTables, plots, methods, checklist  {output_dir / RESULTS}")


def _report(folders, place):
    from ...exceptions import RunFolderError
    from ...experiments import RunReport

    try:
        report = RunReport.from_folders(folders)
        report.write(place)
    except (OSError, RunFolderError) as error:
        fail(one_line(error))
    return report


def _run_on_devices(names, devices, options):
    """Run each strategy in a process and a folder of its own, and return the folders."""
    from ._devices import check_devices, run_strategies

    if options.pop("device") != "auto" or options.pop("multi_gpu"):
        fail("--devices says where strategies run: leave out --device and --multi-gpu.")
    try:
        devices = check_devices(devices)
        folders = {name: options["output_dir"] / name for name in names}
        run_strategies(folders, devices, options)
    except (OSError, ValueError) as error:
        fail(one_line(error))
    return list(folders.values())
