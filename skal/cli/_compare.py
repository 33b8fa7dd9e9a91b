"""``skal compare``: what runs in folders show, checked and written for a paper."""

from pathlib import Path
from typing import Annotated

import typer

from ._errors import fail, one_line

RESULTS = "comparison_results"


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Folders of experiments, strategies or single runs, of any number of seeds.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            help="Where tables, plots and texts go.",
            show_default=f"{RESULTS} in RUNS; of several folders, here",
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(help="The strategy to compare with.", show_default="that of the runs, random"),
    ] = None,
    n_samples: Annotated[
        int | None,
        typer.Option(
            min=1, help="How many samples there are to label.", show_default="what the runs say"
        ),
    ] = None,
) -> None:
    """Compare runs in folders: curves, tables, a methods section, a checklist.

    Folders are as the other commands write them, or plain ones:
    STRATEGY/iteration_K/metrics.json with an f1_score, beside it
    labeled_indices.json. A run that is there twice is compared once, and
    tells whether results can be reproduced.
    """
    from ..exceptions import RunFolderError
    from ..experiments import RunReport

    place = output or (runs[0] / RESULTS if len(runs) == 1 else Path(RESULTS))
    try:
        report = RunReport.from_folders(runs, baseline=baseline, n_samples=n_samples)
        report.write(place)
    except (OSError, RunFolderError) as error:
        fail(one_line(error, n_samples="--n-samples"))
    typer.echo(str(report))
    _print_places(place)


def _print_places(place):
    typer.echo(f"\nPlots   {place / 'learning_curves.png'}")
    typer.echo(f"        {place / 'efficiency_comparison.png'}")
    typer.echo(f"Tables  {place / 'comparison_table.tex'} (and .csv, .json, curves.csv)")
    typer.echo(f"Texts   {place / 'methods.md'}")
    typer.echo(f"        {place / 'checklist.md'}")
