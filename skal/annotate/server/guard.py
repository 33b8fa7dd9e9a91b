"""What stands before every route: who may ask, from where, and with what.

The loopback address is no protection: every page in the same browser reaches it, and so does every
program. There are no cookies, which all ports of an address share: each request carries a token.
"""

import time
from collections import OrderedDict
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException

from .limits import MAX_BODY, WITHIN, WRONG_TOKENS
from .problems import ProblemError
from .tokens import Identity

API, HEALTH = "/api/", "/api/v1/health"
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
STATIC_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'none'"
)
API_POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
MOST_ADDRESSES = 1000


class Guard:
    """An ASGI app around another: refuses what must not reach it.

    Parameters
    ----------
    app : ASGI app
    tokens : Tokens
    hosts : Hosts
        The names that requests may have in their Host header.
    """

    def __init__(self, app, tokens, hosts):
        self.app, self._tokens, self._hosts = app, tokens, hosts
        self._tries = Tries(WRONG_TOKENS, WITHIN)

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:  # there are no web sockets
            await send({"type": "websocket.close", "code": 1008})

    async def _serve(self, scope, receive, send):
        is_api = scope["path"].startswith(API)
        send = _with_headers(send, is_api)
        try:
            self._check(scope, is_api)
        except ProblemError as error:
            await error.response()(scope, receive, send)
            return
        await self.app(scope, Body(receive, MAX_BODY).receive, send)

    def _check(self, scope, is_api):
        headers = scope["headers"]
        host = _only(headers, b"host")
        self._hosts.check(host)
        if not is_api:
            return
        check_origin(headers, host, scope["method"])
        if scope["path"] != HEALTH:
            scope["skal_identity"] = self._identify(scope)
        if scope["method"] in CHANGING:
            check_content_type(headers)
        check_length(headers)

    def _identify(self, scope):
        if self._tokens.is_open:
            return Identity("owner")
        client = (scope.get("client") or ("unknown",))[0]
        header = _only(scope["headers"], b"authorization")
        scheme, _, token = (header or "").partition(" ")
        if header is None or scheme.lower() != "bearer" or not token:
            raise _unauthorized("no token")
        found = self._tokens.find(token.strip())
        if found is None:
            self._tries.count(client)
            raise _unauthorized("another token")
        return found


class Tries:
    """Counts wrong tokens by address."""

    def __init__(self, most, within):
        self._most, self._within = most, within
        self._of: OrderedDict = OrderedDict()

    def count(self, client):
        """Count a wrong token, or raise where there are too many."""
        now = time.monotonic()
        tries = [t for t in self._of.pop(client, []) if now - t < self._within]
        self._of[client] = [*tries, now][-self._most - 1 :]
        if len(self._of) > MOST_ADDRESSES:
            self._of.popitem(last=False)
        if len(tries) >= self._most:
            raise ProblemError(
                429,
                "too-many-tries",
                "Too many wrong tokens.",
                expected="the token of the address that skal annotate has printed",
                found=f"{len(tries)} wrong ones",
                fix="Open that address; skal annotate --url prints it again.",
                headers={"Retry-After": str(int(self._within))},
            )


class Hosts:
    """The names by which this server may be called: others may be tricks of foreign pages.

    Parameters
    ----------
    port : int
        Where it listens.
    host : str
        What it is bound to.
    more : list of str
        Further names, with a port or, for any, without.
    """

    def __init__(self, port, host="127.0.0.1", more=()):
        names = {"127.0.0.1", "localhost", "[::1]"}
        if host not in ("", "0.0.0.0", "::"):
            names.add(f"[{host}]" if ":" in host else host.lower())
        self._exact = {f"{name}:{port}" for name in names}
        if port == 80:
            self._exact |= names
        self._free = set()
        for name in more:
            _, port_of_name = split_host(name.lower())
            (self._exact if port_of_name else self._free).add(name.lower())

    def check(self, host):
        """Raise unless a Host header has a name that is allowed."""
        host = (host or "").lower()
        if host in self._exact or split_host(host)[0] in self._free:
            return
        raise ProblemError(
            421,
            "wrong-host",
            "This server does not answer to this name.",
            expected="the address that skal annotate has printed",
            found=repr(host[:100]),
            fix="Open that address, or start skal annotate with --allow-host NAME.",
        )


def split_host(host):
    """Return the name and the port, which may be empty, of a Host header."""
    name, colon, port = host.rpartition(":")
    if colon and port.isdigit() and not name.endswith(":"):
        return name, port
    return host, ""


def check_origin(headers, host, method):
    """Raise where a page of another origin, or of another port, has sent a request."""
    origin = _only(headers, b"origin")
    if origin is not None and not _is_same(origin, host):
        raise _cross_origin(origin)
    site = _only(headers, b"sec-fetch-site")
    allowed = ("same-origin", "none") if method in ("GET", "HEAD") else ("same-origin",)
    if site is not None and site not in allowed:
        raise _cross_origin(f"Sec-Fetch-Site: {site}")


def _is_same(origin, host):
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc.lower() == (host or "").lower()


def _cross_origin(found):
    return ProblemError(
        403,
        "cross-origin",
        "Another page has sent this request.",
        expected="a request of skal's own page",
        found=found[:100],
        fix="Use the page at the address that skal annotate has printed.",
    )


def check_content_type(headers):
    """Raise unless what is sent is JSON: pages of others cannot send that unasked."""
    found = _only(headers, b"content-type") or ""
    if found.partition(";")[0].strip().lower() == "application/json":
        return
    fix = "Send JSON, and say so."
    if found.startswith("multipart/") or found.startswith("application/octet-stream"):
        fix = "Nothing can be uploaded yet: name a folder that the program can read."
    raise ProblemError(
        415,
        "unsupported-type",
        "This kind of content is not taken.",
        expected="Content-Type: application/json",
        found=found[:100] or "nothing",
        fix=fix,
    )


def check_length(headers):
    """Raise where more is announced than a request may have."""
    found = _only(headers, b"content-length")
    if found is None:
        return
    if not found.isdigit() or int(found) > MAX_BODY:
        raise too_large(found)


def too_large(found):
    """Return the error that says that a request is too large."""
    return ProblemError(
        413,
        "too-large",
        "The request is too large.",
        expected=f"at most {MAX_BODY} bytes",
        found=f"{str(found)[:30]} bytes",
        fix="Send it in several parts.",
        headers={"Connection": "close"},
    )


class Body:
    """Counts what a client sends: what is announced may be a lie, or missing."""

    def __init__(self, receive, most):
        self._receive, self._most = receive, most
        self._n_bytes = 0

    async def receive(self):
        """Return the next message of the client, or raise where it has sent too much."""
        message = await self._receive()
        self._n_bytes += len(message.get("body", b""))
        if self._n_bytes > self._most:  # of what a route reads, only this error passes unchanged
            raise HTTPException(413, f"The request is larger than {self._most} bytes")
        return message


def _only(headers, name):
    """Return the value of a header that may be there once, or None."""
    found = [value for key, value in headers if key == name]
    if len(found) > 1:
        raise ProblemError(
            400,
            "bad-request",
            f"The header {name.decode()!r} is there {len(found)} times.",
            fix="Send it once.",
        )
    return found[0].decode("latin-1") if found else None


def _unauthorized(found):
    return ProblemError(
        401,
        "unauthorized",
        "This needs the token of this start of skal annotate.",
        expected="Authorization: Bearer TOKEN",
        found=found,
        fix="Open the address that skal annotate has printed; skal annotate --url prints it again.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _with_headers(send, is_api):
    """Return what sends with the headers that every answer has."""
    more = HEADERS | {"Content-Security-Policy": API_POLICY if is_api else STATIC_POLICY}
    pairs = [(name.lower().encode(), value.encode()) for name, value in more.items()]

    async def send_with_headers(message):
        if message["type"] == "http.response.start":
            kept = list(message.get("headers", []))
            if is_api and not any(name.lower() == b"cache-control" for name, _ in kept):
                kept.append((b"cache-control", b"no-store"))
            message = message | {"headers": kept + pairs}
        await send(message)

    return send_with_headers
