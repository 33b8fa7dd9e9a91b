"""Servers of annotation for tests: the app in this process, with a project of small images."""

import time
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


def wait_until(is_so, timeout=180):
    """Return what a function returns, as soon as that is true."""
    end = time.monotonic() + timeout
    while not (found := is_so()):
        assert time.monotonic() < end, "it did not come to be so"
        time.sleep(0.02)
    return found


class Client(TestClient):
    """A client with a token and the content type that changes need."""

    def __init__(self, app, token=OWNER, **kwargs):
        super().__init__(
            app,
            base_url=f"http://127.0.0.1:{PORT}",
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            raise_server_exceptions=False,
            **kwargs,
        )

    def ask(self, method, path, status=200, **kwargs):
        """Return what a route gives, which must have this status."""
        found = self.request(method, f"{API}{path}", **kwargs)
        assert found.status_code == status, (found.status_code, found.text)
        return found.json() if found.content else None


class Labeler:
    """Somebody who labels in a project over the interface."""

    def __init__(self, client, project, opened):
        self.client, self.project, self.opened = client, project, opened
        self.app = client.app

    def get(self, path, status=200, **kwargs):
        """Return what a route of the project gives."""
        return self.client.ask("GET", f"{self.project}{path}", status, **kwargs)

    def post(self, path, status=200, *, json=None, **kwargs):
        """Return what a route of the project gives that changes something."""
        return self.client.ask(
            "POST", f"{self.project}{path}", status, json={} if json is None else json, **kwargs
        )

    def label(self, item_id, label_id=1, status=200, *, headers=None, **more):
        """Give an image a label."""
        body = {"kind": "label", "key": new_key(), "item_id": item_id, "label_id": label_id}
        return self.post("/decisions", status, json=body | more, headers=headers)

    def act(self, kind, status=200, **more):
        """Do something else about an image."""
        return self.post("/decisions", status, json={"kind": kind, "key": new_key()} | more)

    def questions(self, n=8):
        """Return what is asked next."""
        return self.get(f"/queue?n={n}")["questions"]

    def answer(self, n, truth=None, n_labels=2):
        """Label what is asked for, so often, by the truth or in turn."""
        for i in range(n):
            asked = self.questions(1)
            if not asked:
                return
            item = asked[0]["item"]
            label = 1 + i % n_labels if truth is None else truth(item)
            self.label(item["id"], label)


@contextmanager
def serving(tmp_path, *, is_read_only=False, page=None, roots=None, tokens=None, decoders=None):
    """Give the app of a new workspace, and the workspace."""
    (tmp_path / "data").mkdir(exist_ok=True, mode=0o700)
    workspace = Workspace(
        Registry(tmp_path / "data"),
        [make_root(root) for root in roots or [tmp_path]],
        Hub("test"),
        decoders or Decoders(1),
        is_read_only=is_read_only,
    )
    tokens = tokens or Tokens(OWNER, {ANNOTATOR: "ann"})
    try:
        yield make_app(workspace, tokens, Hosts(PORT), page=page or tmp_path / "page"), workspace
    finally:
        workspace.close()


def make_project(client, workspace, relpath="images", labels=("a", "b"), **more):
    """Make a project over the interface, wait until its images are known, and return its card."""
    body = {"root_id": next(iter(workspace._roots)), "relpath": relpath, "labels": list(labels)}
    card = client.ask("POST", "/projects", 201, json=body | more)
    opened = workspace.opened(card["id"])
    wait_until(lambda: opened.project.scan_job.state != "running")
    wait_until(lambda: opened.background._thread is None)
    return card


@contextmanager
def labeling(tmp_path, n_images=40, *, images=None, labels=("a", "b"), settings=None, **kwargs):
    """Give somebody who labels small images in a project."""
    save_images(tmp_path / "images", blobs(n_images, len(labels))[0] if images is None else images)
    with serving(tmp_path, **kwargs) as (app, workspace), Client(app) as client:
        card = make_project(client, workspace, labels=labels, settings=settings or {})
        yield Labeler(client, f"/projects/{card['id']}", workspace.opened(card["id"]))
