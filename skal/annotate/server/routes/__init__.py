"""The routes, one file a subject: types validate, the library computes, a model goes back."""

from fastapi import APIRouter

from ..problems import RESPONSES
from . import (
    decisions,
    events,
    files,
    images,
    items,
    labels,
    learning,
    projects,
    session,
    state,
)

API = "/api/v1"


def make_router():
    """Return all routes below the version of the interface."""
    router = APIRouter(prefix=API, responses=RESPONSES)
    for part in (
        session,
        projects,
        state,
        items,
        images,
        decisions,
        labels,
        learning,
        files,
        events,
    ):
        router.include_router(part.router)
    return router
