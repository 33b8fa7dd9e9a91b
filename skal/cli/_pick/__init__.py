"""``skal pick``: particles in micrographs, one file a command."""

import typer

from .._options import WITH_UNDERSCORES
from ._convert import convert
from ._predict import predict
from ._run import run
from ._run_all import run_all
from ._score import score
from ._self_train import self_train
from ._train import train

pick = typer.Typer(
    help="Particles in cryo-EM micrographs: learn to pick them from few labels.",
    no_args_is_help=True,
    context_settings=WITH_UNDERSCORES,
)
for command in (run, run_all, train, predict, score, convert, self_train):
    pick.command()(command)
