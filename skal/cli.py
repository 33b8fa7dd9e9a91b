"""The command line: ``skal demo``. Every command is a few lines over the library."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from . import __version__

app = typer.Typer(
    help="Active learning as part of scikit-learn.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a bug shows Python's own traceback
)


class DatasetName(StrEnum):
    """The data sets of the demo."""

    DIGITS = "digits"
    MNIST = "mnist"
    FASHION_MNIST = "fashion_mnist"


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"skal {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Active learning as part of scikit-learn."""


@app.command()
def demo(
    dataset: Annotated[
        DatasetName, typer.Option(help="What to learn; digits needs no files.")
    ] = DatasetName.DIGITS,
    data: Annotated[
        Path | None, typer.Option(help="Folder with the idx files of mnist or fashion_mnist.")
    ] = None,
    output: Annotated[Path, typer.Option(help="Where runs, tables and plots go.")] = Path(
        "skal-demo"
    ),
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.")] = 10,
    jobs: Annotated[
        int | None,
        typer.Option(help="How many runs at a time; -1 is one per core. [default: up to 4]"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run in OUTPUT.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print the table only, without progress.")
    ] = False,
) -> None:
    """Compare query strategies: which needs the fewest labels?"""
    from joblib import cpu_count

    from .datasets import load_dataset
    from .exceptions import DatasetError, ResumeError
    from .experiments.demo import reduce_dataset, run_demo

    _check_options(dataset, data, jobs)
    try:
        whole = load_dataset(dataset.value, data)
        reduced = reduce_dataset(whole)
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
    except (OSError, DatasetError, ResumeError) as error:
        _fail(_one_line(error))
    typer.echo(str(result))
    if not quiet:
        _print_places(output)


def _check_options(dataset, data, jobs):
    if jobs == 0:
        _fail("--jobs must be a number of runs from 1 on, or -1 for one per core; got 0.")
    if dataset is DatasetName.DIGITS and data is not None:
        _fail("digits need no --data: name what is there, --dataset mnist or fashion_mnist.")
    if dataset is not DatasetName.DIGITS and data is None:
        _fail(f"{dataset.value} is read from files: name their folder with --data.")


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
    typer.echo(f"Tables  {results / 'comparison_table.csv'} (and .json, curves.csv)")
    typer.echo(f"Runs    {output}/STRATEGY/seed_N/")


def _one_line(error):
    """Return an error's message with the names that the command line has for arguments."""
    text = (getattr(error, "strerror", None) or str(error)).splitlines()[0]
    return text.replace("resume=True", "--resume")


def _fail(message):
    typer.echo(f"Error: {message}", err=True)
    raise typer.Exit(1)
