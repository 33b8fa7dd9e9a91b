"""Errors as RFC 9457 writes them, with what was expected, what came, and what to do."""

import errno
import logging
import uuid
from contextlib import contextmanager

import sqlalchemy as sa
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ...exceptions import ConflictError, ProjectError
from .schemas.common import FieldProblem, Problem

MEDIA_TYPE = "application/problem+json"
RESPONSES: dict = {
    "default": {
        "description": "An error, in words.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
LOG = logging.getLogger("skal.annotate")
LONGEST_FOUND = 200  # characters of what came that an error repeats
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


class ProblemError(Exception):
    """An error that the client is told.

    Parameters
    ----------
    status : int
        Of HTTP.
    name : str
        What the type ends with: stable, for programs.
    detail : str
        What is wrong, for people.
    expected, found, fix : str, optional
        In words.
    fields : list of FieldProblem, optional
        Where fields of a request are wrong.
    headers : dict, optional
        To send along.
    """

    def __init__(
        self, status, name, detail, *, expected=None, found=None, fix=None, fields=(), headers=None
    ):
        super().__init__(detail)
        self.headers = headers
        self.problem = Problem(
            type=f"/problems/{name}",
            title=name.replace("-", " ").capitalize(),
            status=status,
            detail=detail,
            expected=expected,
            found=found,
            fix=fix,
            fields=list(fields),
        )

    def response(self):
        """Return it as a response."""
        content = self.problem.model_dump(mode="json")
        return JSONResponse(content, self.problem.status, self.headers, MEDIA_TYPE)


@contextmanager
def explained(name="refused"):
    """Tell the client what the engine refuses, of a ValueError under this name."""
    try:
        yield
    except (ConflictError, ProjectError):
        raise
    except KeyError as error:
        raise ProblemError(404, "not-found", f"{error.args[0]}.") from error
    except ValueError as error:
        raise ProblemError(409, name, str(error)) from error


def problem_of(error):
    """Return the ProblemError that says what an error is, or None where it is a bug."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, ConflictError):
        return ProblemError(409, "conflict", str(error))
    if isinstance(error, ProjectError):
        return ProblemError(409, "project-unusable", str(error))
    if isinstance(error, sa.exc.DBAPIError):
        return _of_database(error)
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return disk_full()
    return None


def disk_full():
    """Return the error that says that the disk is full."""
    return ProblemError(
        507,
        "disk-full",
        "The disk is full: this was not stored. All that was acknowledged before is safe.",
        expected="room for a few kilobytes",
        found="no room",
        fix="Make room on the disk of the project, then send it again.",
    )


def _of_database(error):
    text = str(error.orig)
    if "full" in text or "disk I/O error" in text:
        return disk_full()
    if "locked" in text:
        return ProblemError(
            503, "busy", "The database is busy.", fix="Send it again.", headers={"Retry-After": "1"}
        )
    if "readonly" in text:
        return ProblemError(
            403,
            "read-only",
            "The project cannot be written to.",
            expected="write access to the folder of the project",
            found="none",
            fix="Give write access, or start skal annotate with --read-only.",
        )
    return None


def add_handlers(app):
    """Let an app answer every error with a problem."""
    for kind in (ProblemError, ConflictError, ProjectError, sa.exc.DBAPIError, OSError, Exception):
        app.add_exception_handler(kind, _known_or_bug)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)


def _known_or_bug(request, error):
    known = problem_of(error)
    if known is not None:
        return known.response()
    number = uuid.uuid4().hex[:12]
    LOG.error("error %s", number, exc_info=error)
    return ProblemError(
        500,
        "internal",
        f"Something went wrong in skal: error {number}. Nothing that was acknowledged is lost.",
        fix="Try again; if it stays, report the lines of this number in the terminal as a bug.",
    ).response()


def _plain(request, error):
    names = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}
    name = names.get(error.status_code, "refused")
    return ProblemError(
        error.status_code, name, f"{error.detail}.", headers=error.headers
    ).response()


def _invalid(request, error):
    fields = [_field(found) for found in error.errors()[:20]]
    first = fields[0]
    return ProblemError(
        422,
        "invalid",
        f"{first.field}: {first.expected}",
        expected=first.expected,
        found=first.found,
        fix=first.fix,
        fields=fields,
    ).response()


def _field(found):
    name = ".".join(str(part) for part in found["loc"][1:]) or str(found["loc"][0])
    value = "nothing" if found["type"] == "missing" else repr(found.get("input"))
    if len(value) > LONGEST_FOUND:
        value = f"{value[:LONGEST_FOUND]}…"
    fix = f"Send {name!r} as the description of the interface says."
    return FieldProblem(field=name, expected=found["msg"], found=value, fix=fix)
