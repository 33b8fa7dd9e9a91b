"""The description of the interface: ``python -m skal.annotate.server.openapi > openapi.json``."""

import json
import sys

from fastapi import FastAPI

from ... import __version__
from .routes import make_router
from .schemas.common import Problem
from .schemas.events import EventMessage


def make_openapi():
    """Return the description of all routes and of what they take and give."""
    app = FastAPI(
        title="skal annotate", version=__version__, generate_unique_id_function=lambda r: r.name
    )
    app.include_router(make_router())
    return with_shared_schemas(app.openapi())


def with_shared_schemas(description):
    """Add what no route names as its response: errors, and the messages of the stream."""
    schemas = description["components"]["schemas"]
    for model in (Problem, EventMessage):
        made = model.model_json_schema(
            mode="serialization", ref_template="#/components/schemas/{model}"
        )
        for name, schema in made.pop("$defs", {}).items():
            schemas.setdefault(name, schema)
        schemas.setdefault(model.__name__, made)
    description["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    description["security"] = [{"token": []}]
    return description


if __name__ == "__main__":
    json.dump(make_openapi(), sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")
