"""The command line, ``skal``: one file a command, each a few lines over the library."""

from typing import Annotated

import typer

from .. import __version__
from ._annotate import annotate
from ._compare import compare
from ._demo import demo
from ._options import WITH_UNDERSCORES
from ._pick import pick
from ._run import run
from ._select import SpacedLists, select

app = typer.Typer(
    help="Active learning as part of scikit-learn.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a bug shows Python's own traceback
)


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


app.command()(annotate)
app.command()(demo)
app.command()(compare)
app.command(context_settings=WITH_UNDERSCORES)(run)
app.command(cls=SpacedLists)(select)
app.add_typer(pick, name="pick")
