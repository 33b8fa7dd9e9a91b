"""Picks of files, and what is said of those that fit no micrograph."""

import typer


def shapes_of(paths):
    """Return the shapes of micrographs by name."""
    from ...micrographs import read_shape

    return {path.name: read_shape(path) for path in paths}


def tell(message):
    """Print what a person should look at, beside what was asked for."""
    typer.echo(f"Note: {message}", err=True)


def picks_on(paths, picks):
    """Return the picks that are on micrographs, and tell what is with the others.

    Parameters
    ----------
    paths : list of pathlib.Path
        The micrographs.
    picks : pandas.DataFrame

    Raises
    ------
    ValueError
        If no pick is on any of them.
    """
    from ...micrographs import check_picks

    inside, report = check_picks(picks, shapes_of(paths))
    found = ", ".join(str(report).split("\n"))
    if not len(inside):
        raise ValueError(f"no pick is on any of the {len(paths)} micrographs: {found}.")
    if not report.is_clean:
        tell(f"{found}.")
    return inside
