"""``skal annotate``: label images in the browser, with a model that asks for those that help."""

import os
from pathlib import Path
from typing import Annotated

import typer

from ._errors import fail, one_line, tell
from ._options import option

SERVER, WHO = "Server", "Who may come"


def annotate(
    path: Annotated[
        Path | None,
        typer.Argument(help="A folder of images, or a project; without, the list of projects."),
    ] = None,
    labels: Annotated[
        str, typer.Option(help="Labels of a new project, with commas between them.")
    ] = "",
    project: Annotated[
        str | None,
        typer.Option(help="The name of a new project; without PATH, the project to open."),
    ] = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Show only: nothing is changed.")
    ] = False,
    max_pixels: Annotated[
        float, typer.Option(min=1, help="The largest image that is read, in million pixels.")
    ] = 120,
    root: Annotated[
        list[Path] | None,
        option(SERVER, "A folder to choose images from; by default your own.", "--root"),
    ] = None,
    port: Annotated[
        int, option(SERVER, "Where to listen; 0: where it was last, or any.", min=0, max=65535)
    ] = 0,
    host: Annotated[str, option(SERVER, "What to listen on.")] = "127.0.0.1",
    no_browser: Annotated[
        bool, option(SERVER, "Print the address, and open no browser.", "--no-browser")
    ] = False,
    url: Annotated[
        bool, option(SERVER, "Print the address of the server that runs, and end.", "--url")
    ] = False,
    selfcheck: Annotated[
        bool, option(SERVER, "Check that the page is whole, and end.", "--selfcheck")
    ] = False,
    annotator: Annotated[
        list[str] | None, option(WHO, "Print an address for somebody who only labels.")
    ] = None,
    allow_host: Annotated[
        list[str] | None, option(WHO, "A further name that this server is called by.")
    ] = None,
    behind_proxy: Annotated[
        bool, option(WHO, "Believe what a proxy on this computer says.", "--behind-proxy")
    ] = False,
    no_token: Annotated[
        bool, option(WHO, "Let every program of this computer in.", "--no-token")
    ] = False,
) -> None:
    """Label images in the browser, with a model that asks for those that help most."""
    from ..exceptions import ProjectError

    try:
        if selfcheck:
            _check_page()
        elif url:
            _print_url()
        else:
            _check_options(path, no_token, host)
            _set_max_pixels(max_pixels)
            options = {
                "host": host,
                "port": port,
                "needs_token": not no_token,
                "hosts": allow_host or [],
                "annotators": annotator or [],
                "opens_browser": not no_browser,
                "is_read_only": read_only,
                "trusts_proxy": behind_proxy,
            }
            _serve(path, _names(labels), project, root, options)
    except (ProjectError, ValueError, OSError, ImportError) as error:
        fail(one_line(error))


def _check_page():
    from ..annotate.server.static import find_problems

    problems = find_problems()
    if problems:
        fail("; ".join(problems))
    typer.echo("The page is whole.")


def _print_url():
    from ..annotate.server.instances import running
    from ..annotate.server.registry import data_folder

    found = running(data_folder())
    if not found:
        fail("no skal annotate runs. Start one: skal annotate FOLDER.")
    typer.echo(found[0]["url"])


def _check_options(path, no_token, host):
    from ..annotate.server.addresses import is_loopback

    if no_token and not is_loopback(host):
        fail(
            f"--no-token is for this computer alone; got --host {host}, which others reach. Leave "
            f"--no-token out."
        )
    if path is not None and not path.exists():
        fail(f"there is nothing at {path}. Give a folder of images, or that of a project.")
    if path is not None and not path.is_dir():
        fail(f"{path} is a file. Give the folder that it is in.")


def _set_max_pixels(million):
    from ..annotate._images import MAX_PIXELS_SETTING

    os.environ[MAX_PIXELS_SETTING] = str(int(million * 1e6))


def _names(labels):
    return [name.strip() for name in labels.split(",") if name.strip()]


def _serve(path, labels, name, roots, options):
    from ..annotate.server.instances import server_of
    from ..annotate.server.registry import Registry, data_folder

    registry = Registry(data_folder())
    place = _place_of(registry, path, name)
    entry = None if place is None else registry.add(place)
    running = None if entry is None else server_of(registry.folder, entry.id)
    if running is not None:
        tell("the project is open already, in a skal annotate that runs: use that.")
        typer.echo(running["url"])
        return
    _run(registry, _Wanted(path, labels, name, entry), roots, options)


class _Wanted:
    """The project to begin with: one that is there, or a new one."""

    def __init__(self, path, labels, name, entry):
        self.path, self.labels, self.name, self.entry = path, labels, name, entry

    def open(self, workspace):
        """Open or make it, and return its id, or None where none is asked for."""
        if self.entry is not None:
            opened = workspace.opened(self.entry.id)
            self._tell_of_others(opened.project)
            return self.entry.id
        if self.path is None:
            return None
        if workspace.is_read_only:
            fail("--read-only shows a project that is there; make one without it first.")
        return workspace.make(self.path.absolute(), self.labels, self.name).id

    def _tell_of_others(self, project):
        known = {c.name for c in project.classes}
        if self.labels and not set(self.labels) <= known:
            tell(
                f"the project is there already, with the labels {', '.join(sorted(known))}. Add "
                f"others on the screen."
            )


def _place_of(registry, path, name):
    """Return the folder of the project that is asked for, or None where there is none yet."""
    from ..annotate._store import FILE

    if path is not None:
        path = path.absolute()
        for place in (path, path.with_name(f"{path.name}.skal")):
            if (place / FILE).exists():
                return place
        return next((Path(e.place) for e in registry.entries() if _is_of(e, path)), None)
    return None if name is None else _place_by_name(registry, name)


def _is_of(entry, folder):
    """Return whether a project is one of a folder of images, kept elsewhere."""
    from ..annotate.server.peek import Peeked, peek

    found = peek(entry.place)
    return isinstance(found, Peeked) and entry.trashed is None and found.root == str(folder)


def _place_by_name(registry, name):
    from ..annotate.server.peek import Peeked, peek

    found = {e.place: peek(e.place) for e in registry.entries() if e.trashed is None}
    known = {place: p.name for place, p in found.items() if isinstance(p, Peeked)}
    places = [place for place, known_name in known.items() if known_name == name]
    if not places:
        fail(
            f"no project is called {name!r}; there are {sorted(set(known.values())) or 'none'}. To "
            f"make one: skal annotate FOLDER --project {name}."
        )
    return Path(places[0])


def _run(registry, wanted, roots, options):
    from ..annotate.server.folders import make_root
    from ..annotate.server.problems import ProblemError
    from ..annotate.server.serve import Options, Server

    chosen = [make_root(folder) for folder in roots or [Path.home()]]
    server = Server(registry, chosen, Options(**options))
    try:
        server.workspace.first_project = wanted.open(server.workspace)
    except BaseException as error:
        server.close()
        if isinstance(error, ProblemError):
            fail(" ".join(filter(None, [error.problem.detail, error.problem.fix])))
        raise
    if server.advice():
        tell(server.advice())
    try:
        server.run(lambda address: _announce(server, address))
    except KeyboardInterrupt:  # how people end it
        typer.echo("Stopped. All labels are on disk.")


def _announce(server, address):
    typer.echo(f"skal annotate is at {address}")
    for name, own in server.urls_of_annotators().items():
        typer.echo(f"For {name}: {own}")
    typer.echo("Ctrl-C ends it.")
