"""``skal select``: methods that select all data to label in one query."""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from ._errors import fail, one_line

DATASETS = ("mnist", "fashion_mnist", "cifar10")
BUDGET, RUNS = 1024, 10
QUICK_BUDGET, QUICK_RUNS = 1000, 2
QUICK_POOL = 10_000  # images to select from


class SpacedLists(TyperCommand):
    """A command whose list options take several values in a row: ``--budget 256 1024``."""

    def parse_args(self, ctx, args):
        """Repeat the option before each further value."""
        lists = [option for param in self.params if param.multiple for option in param.opts]
        return super().parse_args(ctx, _repeat_options(args, lists))


def _repeat_options(args, options):
    repeated, option, n_values = [], None, 0
    for word in args:
        if word.startswith("-"):
            option, _, value = word.partition("=")
            n_values = int(bool(value))
        elif option in options and n_values:
            repeated.append(option)
        repeated.append(word)
        n_values += not word.startswith("-")
    return repeated


def select(
    datasets: Annotated[
        list[str] | None,
        typer.Option(
            help="One or more of mnist, fashion_mnist, cifar10, digits.",
            show_default=" ".join(DATASETS),
        ),
    ] = None,
    methods: Annotated[
        list[str] | None,
        typer.Option(
            help="One or more of coreset, coreset_loss, coreset_true, margin, entropy, random, "
            "k_center, badge.",
            show_default="all but coreset_true and badge",
        ),
    ] = None,
    budget: Annotated[
        list[int] | None,
        typer.Option(
            help="Labels in all, a fifth of them at random; one or more numbers.",
            show_default="1024",
        ),
    ] = None,
    runs: Annotated[
        int | None,
        typer.Option(
            min=1, help="How many paired runs, each with its own seed.", show_default="10"
        ),
    ] = None,
    weighted: Annotated[
        bool, typer.Option("--weighted", help="Train on the weights of the coreset methods.")
    ] = False,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help=f"See that it works: MNIST, 1,000 labels, 2 runs, unless they are given, and "
            f"{QUICK_POOL:,} images to select from.",
        ),
    ] = False,
    data: Annotated[Path, typer.Option(help="Folder with the files of the data sets.")] = Path(
        "data"
    ),
    download: Annotated[
        bool, typer.Option("--download", help="Download data that are not in the folder.")
    ] = False,
    output: Annotated[Path, typer.Option(help="Where runs, tables and the plot go.")] = Path(
        "skal-select"
    ),
    jobs: Annotated[int, typer.Option(help="How many runs at a time; -1 is one per core.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run in OUTPUT.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the tables only.")] = False,
) -> None:
    """Label some images at random, select the others in one query: which method is best?

    skal select --datasets mnist cifar10 --methods coreset margin random --budget 256 1024
    """
    from ..exceptions import DivergenceError, ResumeError
    from ..experiments.selection import METHODS, check_selection, select_data

    if jobs == 0:
        fail("--jobs must be a number of runs from 1 on, or -1 for one per core; got 0.")
    names = _split(datasets) or (["mnist"] if quick else list(DATASETS))
    methods = _split(methods) or list(METHODS)
    budget = budget or [QUICK_BUDGET if quick else BUDGET]
    runs = runs or (QUICK_RUNS if quick else RUNS)
    try:
        loaded = _load(names, data, download, quick, quiet)
        check_selection(loaded, methods, budget, device=device)
    except (OSError, ImportError, ValueError) as error:
        fail(_as_options(one_line(error)))
    try:
        result = select_data(
            loaded,
            methods,
            budget,
            seeds=range(seed, seed + runs),
            weighted=weighted,
            device=device,
            n_jobs=jobs,
            folder=output,
            resume=resume,
            progress=not quiet,
        )
    except (OSError, DivergenceError, ResumeError) as error:
        fail(one_line(error))
    typer.echo(str(result))
    if not quiet:
        _print_places(output)


def _split(values):
    """Return names, which may also stand in one word with commas between."""
    return [part for value in values or () for part in value.replace(",", " ").split()]


def _as_options(text):
    """Return an error's message with the option that its argument comes from."""
    options = {"budgets must": "--budget must", "methods must": "--methods must"}
    options |= {"datasets must": "--datasets must", "name must be one": "--datasets must be"}
    for name, option in options.items():
        text = text.replace(name, option)
    return text


def _load(names, folder, download, quick, quiet):
    from ..datasets import load_dataset, reduce_dataset

    datasets = []
    for name in names:
        whole = load_dataset(name, folder, download=download)
        datasets.append(reduce_dataset(whole, QUICK_POOL if quick else None, None))
        if not quiet:
            typer.echo(repr(datasets[-1]))
    return datasets


def _print_places(output):
    typer.echo(f"\nPlot    {output / 'active_learning_results.png'}")
    typer.echo(f"Tables  {output / 'active_learning_results.txt'} (and .csv, all runs)")
    typer.echo(f"Runs    {output}/DATASET/budget_K/METHOD/seed_N/")
