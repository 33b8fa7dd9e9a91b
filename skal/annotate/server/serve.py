"""A server from start to end: its socket, its address, its token."""

import secrets
import socket
import threading
import webbrowser
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from . import instances, logs
from .addresses import is_loopback
from .app import make_app
from .decoders import Decoders
from .guard import Hosts
from .hub import Hub
from .limits import MAX_CONNECTIONS, MAX_HEADERS
from .tokens import Tokens, make_token
from .workspace import Workspace

SHUTDOWN = 3  # seconds that open requests have to end
TLS_ADVICE = (
    "This server can be reached from other computers, and what it sends is not encrypted. Put it "
    "behind a proxy with TLS and name that by --allow-host, or use ssh -L {port}:127.0.0.1:{port}."
)


@dataclass
class Options:
    """How to serve.

    Attributes
    ----------
    host, port : str, int
        Where to listen; port 0 is the one that was used last, or any.
    needs_token : bool
        Whether requests need one; they do except on loopback.
    hosts : list of str
        Further names that requests may be addressed to.
    annotators : list of str
        Who gets an address to label, and for nothing else.
    opens_browser, is_read_only, trusts_proxy : bool
    """

    host: str = "127.0.0.1"
    port: int = 0
    needs_token: bool = True
    hosts: list = field(default_factory=list)
    annotators: list = field(default_factory=list)
    opens_browser: bool = True
    is_read_only: bool = False
    trusts_proxy: bool = False


def bind(host, port, last=None):
    """Return a socket that listens.

    Parameters
    ----------
    host : str
    port : int
        With 0, `last` is tried first, then any.
    last : int, optional

    Raises
    ------
    OSError
        With a message that says what to do.
    """
    wanted = [port] if port else [p for p in (last, 0) if p is not None]
    for number in wanted:
        try:
            return _bound(host, number)
        except OSError as error:
            if number == wanted[-1]:
                raise OSError(error.errno, _why_not(host, number, error)) from error
    raise AssertionError("there is always a port to try")


def _bound(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(128)
    except BaseException:
        made.close()
        raise
    return made


def _why_not(host, port, error):
    if port:
        return (
            f"cannot listen on port {port} of {host}: {error.strerror}. Another program uses it: "
            f"choose another --port, or none for any that is free. If that is skal annotate, "
            f"skal annotate --url prints its address."
        )
    return f"cannot listen on {host}: {error.strerror}. Choose another --host, such as 127.0.0.1."


class Server:
    """A server that is ready to run.

    Parameters
    ----------
    registry : Registry
    roots : list of RootFolder
    options : Options
    """

    def __init__(self, registry, roots, options):
        self._registry, self._options = registry, options
        self._socket = bind(options.host, options.port, registry.port)
        self.port = self._socket.getsockname()[1]
        self.token = make_token()
        self._of_annotators = {name: make_token() for name in options.annotators}
        self._decoders = Decoders()
        self._decoders.warm_up()
        self._hub = Hub(secrets.token_hex(8))
        self.workspace = Workspace(
            registry, roots, self._hub, self._decoders, is_read_only=options.is_read_only
        )
        folders = [Path.home(), registry.folder, *(root.path for root in roots)]
        logs.start_logging([self.token, *self._of_annotators.values()], folders)

    @property
    def base(self):
        """The address without the token."""
        host = self._options.host
        if host in ("0.0.0.0", "::", ""):
            host = (self._options.hosts or ["127.0.0.1"])[0]
        name = f"[{host}]" if ":" in host and not host.startswith("[") else host
        has_port = name.rpartition(":")[2].isdigit() and not name.endswith("]")
        return f"http://{name}" if has_port else f"http://{name}:{self.port}"

    @property
    def url(self):
        """The address to open: the token stands where browsers send it to nobody."""
        return f"{self.base}/#token={self.token}" if self._options.needs_token else f"{self.base}/"

    def urls_of_annotators(self):
        """Return the address of each annotator, by name."""
        return {name: f"{self.base}/#token={t}" for name, t in self._of_annotators.items()}

    def advice(self):
        """Return what to say about a server that others reach, or None."""
        return None if is_loopback(self._options.host) else TLS_ADVICE.format(port=self.port)

    def close(self):
        """Close what was opened; for a server that does not come to run."""
        self.workspace.close()
        self._socket.close()

    def run(self, say=print):
        """Serve until Ctrl-C.

        Parameters
        ----------
        say : callable, default=print
            Takes what to tell when the server is ready.
        """
        own = f"http://127.0.0.1:{self.port}" if is_loopback(self._options.host) else self.base
        facts = {"url": self.url, "base": own, "port": self.port}
        facts["token"] = self.token if self._options.needs_token else None
        with instances.announced(self._registry.folder, facts) as page:
            if not self._options.is_read_only:
                self._registry.port = self.port
            server = _Uvicorn(self._config(), self._hub, lambda: self._ready(page, say))
            server.run(sockets=[self._socket])

    def _config(self):
        tokens = Tokens(
            self.token,
            {token: name for name, token in self._of_annotators.items()},
            is_open=not self._options.needs_token,
        )
        hosts = Hosts(self.port, self._options.host, self._options.hosts)
        return uvicorn.Config(
            make_app(self.workspace, tokens, hosts),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=self._options.trusts_proxy,
            ws="none",
            limit_concurrency=MAX_CONNECTIONS,
            h11_max_incomplete_event_size=MAX_HEADERS,
            timeout_graceful_shutdown=SHUTDOWN,
        )

    def _ready(self, page, say):
        say(self.url)
        if self._options.opens_browser:
            address = instances.page_of(page)
            threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()


class _Uvicorn(uvicorn.Server):
    """Tells when it is ready, and lets streams end before it waits for requests."""

    def __init__(self, config, hub, on_ready):
        super().__init__(config)
        self._hub, self._on_ready = hub, on_ready

    async def startup(self, sockets=None):
        """Start, and tell it."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets=None):
        """Let streams end, then all else."""
        self._hub.close()
        await super().shutdown(sockets)
