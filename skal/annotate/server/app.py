"""The app: routes, guards and errors put together."""

from contextlib import asynccontextmanager

from fastapi import FastAPI

from ... import __version__
from . import static
from .guard import Guard
from .problems import add_handlers
from .routes import make_router


def make_app(workspace, tokens, hosts, *, page=static.FOLDER):
    """Return the guarded app of a workspace.

    Parameters
    ----------
    workspace : Workspace
        Its projects; it is closed when the app ends.
    tokens : Tokens
        Who may ask.
    hosts : Hosts
        By which names.
    page : pathlib.Path
        The folder of the front end.

    Returns
    -------
    Guard
        An ASGI app.
    """

    @asynccontextmanager
    async def lifespan(_):
        yield
        workspace.hub.close()
        workspace.close()

    app = FastAPI(
        title="skal annotate",
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.workspace = workspace
    add_handlers(app)
    app.include_router(make_router())
    app.include_router(static.make_router(page))
    _settle(app)
    return Guard(app, tokens, hosts)


def _settle(app):
    """Let routes be made ready now, not by the first requests, which come in several threads."""
    scope = {"type": "http", "method": "GET", "path": "/", "root_path": "", "headers": []}
    for route in app.routes:
        route.matches(dict(scope))
