"""Who may do what: tokens of 256 bits, made anew at every start."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

N_BYTES = 32


@dataclass(frozen=True)
class Identity:
    """Who asks.

    Attributes
    ----------
    role : {"owner", "annotator"}
    annotator : str or None
        The name that goes with the token; None where the client may give one.
    """

    role: str
    annotator: str | None = None


class Tokens:
    """The tokens of one start. Only their digests are kept here.

    Parameters
    ----------
    owner : str, optional
        The owner's token; by default a new one.
    annotators : dict of str to str, optional
        The names of annotators by their tokens.
    is_open : bool, default=False
        Whether everybody is the owner.
    """

    def __init__(self, owner=None, annotators=None, *, is_open=False):
        self.is_open = is_open
        known = {owner or make_token(): Identity("owner")}
        for token, name in (annotators or {}).items():
            known[token] = Identity("annotator", name)
        self._known = [(_digest(token), identity) for token, identity in known.items()]

    def find(self, token):
        """Return whose token it is, or None; it takes as long for any token."""
        digest, found = _digest(token), None
        for known, identity in self._known:
            if hmac.compare_digest(known, digest):
                found = identity
        return found


def make_token():
    """Return a new token of 256 bits, in letters that addresses may hold."""
    return secrets.token_urlsafe(N_BYTES)


def _digest(token):
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
