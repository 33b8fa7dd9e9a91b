"""``skal model``: files of models that may hold code, made into files that cannot."""

from pathlib import Path
from typing import Annotated

import typer

from ._errors import fail, one_line, tell
from ._options import WITH_UNDERSCORES

model = typer.Typer(
    help="Files of models.", no_args_is_help=True, context_settings=WITH_UNDERSCORES
)


@model.callback()
def about() -> None:
    """Files of models."""


@model.command()
def convert(
    source: Annotated[Path, typer.Argument(help="A .pt, .pth, .ckpt, .pkl or .joblib file.")],
    out: Annotated[Path, typer.Argument(help="The .safetensors or .skops file to write.")],
    trust: Annotated[
        bool,
        typer.Option(
            "--i-trust-this-file",
            help="Load whole models too, which RUNS THE CODE IN THE FILE as you.",
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace OUT if it exists.")
    ] = False,
    memory_gb: Annotated[float, typer.Option(help="Memory it may take, in GiB.", min=0.1)] = 16,
    seconds: Annotated[int, typer.Option(help="Time it may take.", min=1)] = 600,
) -> None:
    """Convert weights of torch into safetensors, and pickled estimators into skops.

    Only tensors are read, in a process with limits: skal model convert weights.pt out.safetensors
    """
    from .._limited import run_limited
    from ..exceptions import ModelFileError
    from ._converting import TARGET

    _check(source, out, overwrite)
    request = {"path": str(source.absolute()), "out": str(out.absolute()), "is_trusted": trust}
    try:
        done = run_limited(TARGET, request, memory=memory_gb * 2**30, seconds=seconds)
    except ModelFileError as error:
        fail(one_line(error))
    if done.get("left_out"):
        tell(f"left out, as they are no weights: {', '.join(done['left_out'][:10])}")
    what = f"{done['n']} tensors" if "n" in done else f"a {done['type']}"
    typer.echo(f"{out}: {what}")


def _check(source, out, overwrite):
    if not source.is_file():
        fail(f"there is no file {str(source)!r}.")
    if out.suffix not in (".safetensors", ".skops"):
        fail(f"OUT must end with .safetensors or .skops; got {str(out)!r}.")
    if out.exists() and not overwrite:
        fail(f"{str(out)!r} exists. Choose another name, or add --overwrite.")
    if not out.absolute().parent.is_dir():
        fail(f"there is no folder {str(out.absolute().parent)!r}. Make it first.")
