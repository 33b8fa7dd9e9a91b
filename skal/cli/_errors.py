"""Errors of the user's, in one line; and what else a person should look at."""

import warnings
from contextlib import contextmanager

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


def tell(message):
    """Print what a person should look at, beside what was asked for."""
    typer.echo(f"Note: {message}", err=True)


@contextmanager
def warnings_told():
    """Print warnings of the library as notes, without the lines of code that they come from."""
    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        show = warnings.showwarning

        def tell_or_show(message, category, *where):
            if issubclass(category, UserWarning):
                tell(message)
            else:
                show(message, category, *where)

        warnings.showwarning = tell_or_show
        yield
