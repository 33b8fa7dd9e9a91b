"""The description of the interface: whole, the same each time, and made without a server."""

import json
import subprocess
import sys

from skal.annotate.server.openapi import make_openapi


def test_every_route_names_what_it_gives_and_how_it_fails():
    description = make_openapi()
    for path, methods in description["paths"].items():
        for method, route in methods.items():
            good = [status for status in route["responses"] if status.startswith("2")]
            assert len(good) == 1, (path, method)
            assert "default" in route["responses"], (path, method)
            if good != ["204"] and path != "/api/v1/projects/{project_id}/scan":
                (content,) = {route["responses"][good[0]]["content"] is not None}
                assert content


def test_names_of_routes_are_unique_and_all_references_lead_somewhere():
    description = make_openapi()
    names = [r["operationId"] for ms in description["paths"].values() for r in ms.values()]
    assert len(set(names)) == len(names)
    known = description["components"]["schemas"]
    references = json.dumps(description).split('"#/components/schemas/')[1:]
    assert {text.partition('"')[0] for text in references} <= set(known)
    assert {"Problem", "EventMessage"} <= set(known)


def test_the_description_is_printed_the_same_each_time():
    command = [sys.executable, "-m", "skal.annotate.server.openapi"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert json.loads(found) == json.loads(json.dumps(make_openapi()))
