"""``skal demo``: compare query strategies on digits or MNIST-like images."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ._errors import fail, one_line


class DatasetName(StrEnum):
    """The data sets of the demo."""

    DIGITS = "digits"
    MNIST = "mnist"
    FASHION_MNIST = "fashion_mnist"


def demo(
    dataset: Annotated[
        DatasetName, typer.Option(help="What to learn; digits needs no files.")
    ] = DatasetName.DIGITS,
    data: Annotated[
        Path | None, typer.Option(help="Folder with the idx files of mnist or fashion_mnist.")
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Download data that are not in the folder.")
    ] = False,
    output: Annotated[Path, typer.Option(help="Where runs, tables and plots go.")] = Path(
        "skal-demo"
    ),
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.")] = 10,
    jobs: Annotated[
        int | None,
        typer.Option(help="How many runs at a time; -1 is one per core.", show_default="up to 4"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run in OUTPUT.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print the table only, without progress.")
    ] = False,
) -> None:
    """Compare query strategies: which needs the fewest labels?"""
    from joblib import cpu_count

    from ..datasets import load_dataset
    from ..exceptions import DatasetError, ResumeError
    from ..experiments.demo import demo_data, run_demo

    _check_options(dataset, data, jobs)
    try:
        whole = load_dataset(dataset.value, data, download=download)
        reduced = demo_data(whole)
        if not quiet:
            _print_sizes(whole, reduced, seeds)
        result = run_demo(
            reduced,
            range(seed, seed + seeds),
            folder=output,
            resume=resume,
            n_jobs=min(4, cpu_count()) if jobs is None else jobs,
            progress=not quiet,
        )
    except (OSError, ImportError, DatasetError, ResumeError) as error:
        fail(one_line(error))
    typer.echo(str(result))
    if not quiet:
        _print_places(output)


def _check_options(dataset, data, jobs):
    if jobs == 0:
        fail("--jobs must be a number of runs from 1 on, or -1 for one per core; got 0.")
    if dataset is DatasetName.DIGITS and data is not None:
        fail("digits need no --data: name what is there, --dataset mnist or fashion_mnist.")
    if dataset is not DatasetName.DIGITS and data is None:
        fail(f"{dataset.value} is read from files: name their folder with --data.")


def _print_sizes(whole, reduced, n_seeds):
    typer.echo(repr(reduced))
    if len(reduced.X_train) < len(whole.X_train):
        typer.echo(
            f"Reduced to a fixed random subset, the same share of each class: "
            f"{len(reduced.X_train)} of {len(whole.X_train)} to choose from,\n"
            f"{len(reduced.X_test)} of {len(whole.X_test)} to test on."
        )
    typer.echo(f"Each strategy runs with {n_seeds} seed{'s' if n_seeds > 1 else ''}.\n")


def _print_places(output):
    results = output / "comparison_results"
    typer.echo(f"\nPlots   {results / 'learning_curves.png'}")
    typer.echo(f"        {results / 'efficiency_comparison.png'}")
    typer.echo(f"Tables  {results / 'comparison_table.csv'} (and .tex, .json, curves.csv)")
    typer.echo(f"Texts   {results / 'methods.md'}, checklist.md")
    typer.echo(f"Runs    {output}/STRATEGY/seed_N/")
