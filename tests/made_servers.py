"""Servers of annotation for tests: the app in this process, with a project of small images."""

import uuid
from contextlib import contextmanager

from made_projects import blobs, save_images
from starlette.testclient import TestClient

from skal.annotate.server.app import make_app
from skal.annotate.server.decoders import Decoders
from skal.annotate.server.folders import make_root
from skal.annotate.server.guard import Hosts
from skal.annotate.server.hub import Hub
from skal.annotate.server.registry import Registry
from skal.annotate.server.tokens import Tokens
from skal.annotate.server.workspace import Workspace

OWNER, ANNOTATOR = "o" * 43, "a" * 43
PORT = 8765
API = "/api/v1"


def new_key():
    """Return a key for one action."""
    return uuid.uuid4().hex


class Client(TestClient):
    """A client with the owner's token and the content type that changes need."""

    def __init__(self, app, token=OWNER, **kwargs):
        super().__init__(
            app,
            base_url=f"http://127.0.0.1:{PORT}",
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            **kwargs,
        )

    def ask(self, method, path, status=200, **kwargs):
        """Return what a route gives, which must have this status."""
        found = self.request(method, f"{API}{path}", **kwargs)
        assert found.status_code == status, (found.status_code, found.text)
        return found.json() if found.content else None


@contextmanager
def serving(tmp_path, *, is_read_only=False, page=None, roots=None):
    """Give the app of a new workspace, and the workspace."""
    (tmp_path / "data").mkdir(exist_ok=True, mode=0o700)
    workspace = Workspace(
        Registry(tmp_path / "data"),
        [make_root(root) for root in roots or [tmp_path]],
        Hub("test"),
        Decoders(1),
        is_read_only=is_read_only,
    )
    tokens = Tokens(OWNER, {ANNOTATOR: "ann"})
    try:
        yield make_app(workspace, tokens, Hosts(PORT), page=page or tmp_path / "page"), workspace
    finally:
        workspace.close()


@contextmanager
def labeling(tmp_path, n_images=40, **kwargs):
    """Give a client and the id of a project of small images that is open."""
    images, _ = blobs(n_images)
    save_images(tmp_path / "images", images)
    with serving(tmp_path, **kwargs) as (app, workspace), Client(app) as client:
        body = {"root_id": next(iter(workspace._roots)), "relpath": "images", "labels": ["a", "b"]}
        card = client.ask("POST", "/projects", 201, json=body)
        yield client, f"/projects/{card['id']}", workspace.opened(card["id"])
