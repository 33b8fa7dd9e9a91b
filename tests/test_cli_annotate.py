"""``skal annotate`` from the terminal: what it prints, and what it says when it cannot."""

import errno
import json
import re
import socket
import subprocess
import sys
import urllib.error

import pytest
from killing import Running
from made_projects import gray_images, save_images
from typer.testing import CliRunner

from skal.annotate import Project, _store
from skal.cli import app


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("SKAL_ANNOTATE_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def images(tmp_path):
    return save_images(tmp_path / "images", gray_images(8))


def fails(*arguments):
    """Return what a command prints that must end with an error."""
    result = CliRunner().invoke(app, ["annotate", *map(str, arguments), "--no-browser"])
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


def test_a_server_starts_labels_reopens_and_ends_cleanly(data, images, monkeypatch):
    server = Running(images, data)
    try:
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}", server.token)
        state = server.ask("GET", f"/projects/{server.project}/state")
        assert [c["name"] for c in state["classes"]] == ["a", "b"]
        server.act({"kind": "label", "key": "key-00001", "item_id": 1, "label_id": 1})
        printed = CliRunner().invoke(app, ["annotate", "--url"])
        assert printed.output.strip() == f"{server.base}/#token={server.token}"
        again = CliRunner().invoke(app, ["annotate", str(images), "--no-browser"])
        assert again.exit_code == 0
        assert printed.output.strip() in again.output
        assert "open already" in again.output
        assert server.token not in json.dumps(state)
    finally:
        assert server.stop() == 0
    assert "Stopped" in server.log.read_text()
    assert "no skal annotate runs" in fails("--url")
    assert not list((data / "annotate" / "servers").glob("*.json"))
    second = Running(images, data, labels=None)
    try:
        assert second.base == server.base  # browsers keep what is unsent by the port
        assert second.token != server.token
        counts = second.ask("GET", f"/projects/{second.project}/state")["counts"]
        assert counts["n_labeled"] == 1
        second.token = server.token
        with pytest.raises(urllib.error.HTTPError, match="401"):
            second.ask("GET", "/session")
    finally:
        second.stop()


def test_a_port_that_is_taken_is_told_with_what_to_do(data, images):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        said = fails(images, "--labels", "a", "--port", other.getsockname()[1])
    assert "Another program uses it" in said
    assert "choose another --port" in said


def test_what_is_not_there_is_told(data, tmp_path):
    assert "there is nothing at" in fails(tmp_path / "none")
    (tmp_path / "a.png").write_bytes(b"")
    assert "is a file" in fails(tmp_path / "a.png")
    assert "no project is called 'x'" in fails("--project", "x")
    assert "a root must be a folder" in fails("--root", tmp_path / "none")


def test_no_token_is_refused_where_others_reach(data, images):
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        assert "for this computer alone" in fails(images, "--host", host, "--no-token")


def test_a_project_that_a_notebook_has_open_is_told(data, images):
    with Project.create(images, ["a"]):
        assert "open elsewhere" in fails(images)


def test_a_project_of_a_newer_version_or_a_damaged_one_is_told(data, images):
    import sqlite3

    Project.create(images, ["a"]).close()
    place = images.parent / "images.skal"
    connection = sqlite3.connect(place / "project.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert "pip install -U skal" in fails(images)
    (place / "project.sqlite").write_bytes(b"x" * 5000)
    assert "backups" in fails(images)


def test_a_network_file_system_is_told(data, images, monkeypatch):
    monkeypatch.setattr("skal.annotate._file_systems._file_system_of", lambda _: "nfs4")
    assert "network file system (nfs4)" in fails(images, "--labels", "a")


def test_only_a_project_that_is_there_can_be_shown_read_only(data, images):
    assert "make one without it first" in fails(images, "--read-only")


def test_the_page_is_checked(data, monkeypatch, tmp_path):
    from skal.annotate.server import static

    monkeypatch.setattr(static.find_problems, "__defaults__", (tmp_path / "none",))
    result = CliRunner().invoke(app, ["annotate", "--selfcheck"])
    assert result.exit_code == 1
    assert "there is no page" in result.output


def test_an_annotator_has_an_address_and_the_owner_another(data, images):
    server = Running(images, data, "--annotator", "Zoë", "--annotator", "Ann")
    try:
        text = server.log.read_text()
        tokens = re.findall(r"#token=(\S+)", text)
        assert len(set(tokens)) == 3
        assert "For Zoë:" in text
        own = server.token
        server.token = tokens[1]
        assert server.ask("GET", "/session")["annotator"] == "Zoë"
        server.token = own
    finally:
        server.stop()


def test_no_torch_is_loaded_on_the_way_to_the_first_image(tmp_path):
    code = """
import sys
from fastapi import FastAPI
import skal.cli, skal.annotate.server.serve, skal.annotate.server.app
from skal.annotate import Project, _store
print([m for m in ("torch", "torchvision", "skorch", "matplotlib") if m in sys.modules])
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_command_line_itself_loads_no_server():
    code = "import sys, skal.cli; print([m for m in ('fastapi', 'sqlalchemy') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_disk_that_cannot_be_written_to_is_told(data, images, monkeypatch):
    Project.create(images, ["a"]).close()
    take = _store._take
    monkeypatch.setattr(_store, "_take", lambda lock, folder: take(Refusing(), folder))
    said = fails(images)
    assert "cannot be written to (Read-only file system)" in said
    assert "copy the folder" in said


class Refusing:
    """A lock on a disk that cannot be written to."""

    def acquire(self, timeout):
        raise OSError(errno.EROFS, "Read-only file system")

    def release(self):
        pass
