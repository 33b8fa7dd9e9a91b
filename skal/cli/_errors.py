"""Errors of the user's, in one line."""

import typer


def one_line(error, **flags):
    """Return an error's message with the names that the command line has for arguments.

    Parameters
    ----------
    error : Exception
        What the library raised.
    **flags
        Names of arguments, and the options that they are.
    """
    text = (getattr(error, "strerror", None) or str(error)).splitlines()[0]
    for name, flag in {"resume=True": "--resume", "download=True": "--download", **flags}.items():
        text = text.replace(name, flag)
    return text


def fail(message):
    """Print a message as an error, and end with code 1."""
    typer.echo(f"Error: {message}", err=True)
    raise typer.Exit(1)
