"""How options are declared and written."""

import typer

# --n_query is --n-query, as research scripts write it
WITH_UNDERSCORES = {"token_normalize_func": lambda token: token.replace("_", "-")}


def option(panel, text, *names, **kwargs):
    """Return an option that the help shows in a panel."""
    return typer.Option(*names, help=text, rich_help_panel=panel, **kwargs)
