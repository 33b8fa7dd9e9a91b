"""What must not reach the server does not, what must not leave it stays: a test for each threat."""

import io
import json
import logging
import os
import struct
import zlib

import numpy as np
import pytest
from made_projects import gray_images, save_images
from made_servers import (
    ANNOTATOR,
    API,
    OWNER,
    PORT,
    Client,
    labeling,
    make_project,
    new_key,
    serving,
    wait_until,
)
from PIL import Image
from starlette.testclient import TestClient

from skal.annotate import Project
from skal.annotate.server.folders import make_root
from skal.annotate.server.guard import Hosts
from skal.annotate.server.limits import MAX_BODY, WRONG_TOKENS
from skal.annotate.server.logs import Redacting
from skal.annotate.server.openapi import make_openapi
from skal.annotate.server.problems import ProblemError
from skal.annotate.server.registry import Registry, data_folder
from skal.annotate.server.tokens import Tokens, make_token
from skal.exceptions import ProjectError

BASE = f"http://127.0.0.1:{PORT}"


@pytest.fixture
def labeler(tmp_path):
    with labeling(tmp_path, n_images=12) as made:
        yield made


@pytest.fixture
def stranger(labeler):
    """A client that sends nothing of its own accord."""
    return TestClient(labeler.app, base_url=BASE, raise_server_exceptions=False)


def bearer(token=OWNER, **more):
    return {"Authorization": f"Bearer {token}", **more}


def _routes():
    """Yield the method and path of every route, with something for each parameter."""
    for path, methods in make_openapi()["paths"].items():
        made = path.replace("{project_id}", "p").replace("{content_key}", "0" * 64)
        made = made.replace("{item_id}", "1").replace("{label_id}", "1").replace("{model_id}", "1")
        for method in methods:
            yield method.upper(), made


ROUTES = list(_routes())


# Models that run code -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/octet-stream"])
def test_t1_no_route_takes_a_file_so_no_pickle_can_be_brought(labeler, tmp_path, kind):
    for method, path in ROUTES:
        if method in ("POST", "PUT", "PATCH"):
            headers = bearer(**{"Content-Type": kind})
            response = labeler.client.request(method, path, content=b"\x80\x04.", headers=headers)
            assert response.status_code == 415, path
            assert "uploaded" in response.json()["fix"]


def test_t2_a_model_of_unknown_types_is_not_loaded_by_the_server(labeler):
    from made_projects import give_model

    model_id = give_model(labeler.opened.project, [[0.5, 0.5]] * 12)
    folder = labeler.opened.project.place / "models" / str(model_id)
    (folder / "model.skops").write_bytes(b"no model at all")
    assert labeler.get("/models")["models"][0]["id"] == model_id
    problem = labeler.get(f"/models/{model_id}/download", 409)
    assert "changed since" in problem["detail"]


# Paths ----------------------------------------------------------------------------------------

EVIL = [
    "..",
    "../images",
    "images/..",
    "images/../../etc",
    "/",
    "/etc",
    "//etc",
    "images//x",
    "./images",
    "images/.",
    "images/",
    "\\\\server\\share",
    "..\\..\\etc",
    "images\\..",
    "C:\\Windows",
    "images\x00",
    "images\n",
    "\x7f",
    "%2e%2e/%2e%2e",
    "..%2f..",
    "....//",
    ". ./",
    "link",
    "link/deeper",
    "circle",
    "images/" + "x" * 300,
    "~",
    "~root",
    "$HOME",
    "file:///etc",
    "images;rm",
    "con",
    "\u2025/\u2025",
    "\uff0e\uff0e/x",
]


@pytest.mark.parametrize("relpath", EVIL)
def test_t4_no_name_leaves_the_roots(tmp_path, relpath):
    root = tmp_path / "root"
    save_images(root / "images", gray_images(2))
    (tmp_path / "outside" / "deeper").mkdir(parents=True)
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "circle").symlink_to(root / "circle")
    with serving(tmp_path, roots=[root]) as (app, workspace), Client(app) as client:
        root_id = next(iter(workspace._roots))
        params = {"root_id": root_id, "relpath": relpath}
        assert client.get(f"{API}/folders", params=params).status_code in (403, 404)
        body = params | {"labels": ["a"]}
        assert client.post(f"{API}/projects", json=body).status_code in (403, 404)
        assert workspace.registry.entries() == []
        names = client.ask("GET", f"/folders?root_id={root_id}")["folders"]
        assert [f["name"] for f in names] == ["images"]


def test_t4_a_link_that_comes_to_leave_the_folder_shows_nothing(labeler, tmp_path):
    (item, *_) = labeler.get("/items")["items"]
    secret = tmp_path / "secret.png"
    path = tmp_path / "images" / item["relpath"]
    status = path.stat()
    path.rename(secret)
    os.utime(secret, ns=(status.st_atime_ns, status.st_mtime_ns))
    path.symlink_to(secret)
    address = f"{API}{labeler.project}/images/{item['image']['content_key']}"
    response = labeler.client.get(address)
    assert response.status_code == 422
    assert "leaves the folder" in response.json()["found"]


# Bombs ----------------------------------------------------------------------------------------


def png_of(width, height, data=b""):
    """Return a PNG file whose header promises any size."""

    def chunk(kind, content):
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_t5_bombs_become_rows_with_a_reason_and_the_server_lives(tmp_path):
    folder = save_images(tmp_path / "images", gray_images(3))
    (folder / "huge.png").write_bytes(png_of(60_000, 60_000))
    (folder / "large.png").write_bytes(png_of(12_000, 12_000))
    (folder / "promise.png").write_bytes(png_of(9000, 9000, b"\0" * 100))
    (folder / "text.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\xff" * 10_000)
    (folder / "vector.svg").write_text("<svg onload='alert(1)'/>")
    (folder / "page.jpg").write_text("<html><script>alert(1)</script></html>")
    (folder / "program.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    with labeling(tmp_path, images=gray_images(3)) as labeler:
        shown = {item["relpath"] for item in labeler.get("/items")["items"]}
        assert "promise.png" not in shown or labeler.get("/unreadable")["n"] >= 4
        reasons = {f["relpath"]: f["reason"] for f in labeler.get("/unreadable")["files"]}
        assert "too large" in reasons["huge.png"]
        assert "million" in reasons["large.png"]
        assert {"text.png", "page.jpg", "program.png"} <= set(reasons)
        assert labeler.questions(2)


def test_t5_what_only_breaks_when_it_is_shown_becomes_a_row_too(labeler, tmp_path):
    (item, *_) = labeler.get("/items")["items"]
    path = tmp_path / "images" / item["relpath"]
    broken = png_of(8, 8, b"\0")
    path.write_bytes(broken)
    from skal.annotate import _listing, _schema

    n_bytes, mtime = _listing.stamp(path)
    with labeler.opened.store.writing() as connection:
        values = {"n_bytes": n_bytes, "mtime_ns": mtime}
        update = _schema.item.update().where(_schema.item.c.id == item["id"]).values(values)
        connection.execute(update)
    address = f"{API}{labeler.project}/images/{item['image']['content_key']}"
    assert labeler.client.get(address).json()["type"] == "/problems/image-unreadable"
    assert labeler.get("/unreadable")["files"][0]["relpath"] == item["relpath"]
    assert labeler.get(f"/items/{item['id']}", 404)
    assert labeler.get("/state")["counts"]["n_items"] == 11


def test_t5_a_decoder_that_hangs_or_crashes_is_replaced(tmp_path):
    from skal.annotate._images import UnreadableImageError
    from skal.annotate.server.decoders import Decoders

    folder = save_images(tmp_path / "images", gray_images(1))
    request = {"path": str(folder / "00000.png"), "root": str(folder), "kind": "png", "size": 0}
    decoders = Decoders(1, timeout=0.001)
    try:
        with pytest.raises(UnreadableImageError, match="longer than"):
            decoders.decode(request)
        decoders._timeout = 30
        decoders.warm_up()
        decoders._idle[0]._process.kill()
        with pytest.raises(UnreadableImageError, match="broke down"):
            decoders.decode(request)
        facts, content = decoders.decode(request)
        assert facts["media_type"] == "image/png"
        assert content
    finally:
        decoders.close()


def test_t5_a_decoder_has_a_limit_of_memory(tmp_path):
    import subprocess
    import sys

    code = "import resource as r; from skal.annotate.server import decoding as d; "
    code += "d._limit_memory(); print(r.getrlimit(r.RLIMIT_AS)[0] < 2**33)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "True"


# Requests -------------------------------------------------------------------------------------


def test_t6_requests_that_are_too_large_are_refused_announced_or_not(labeler):
    def endless():
        for _ in range(2 * MAX_BODY // 2**16):
            yield b" " * 2**16

    address = f"{API}{labeler.project}/decisions"
    announced = labeler.client.post(address, content=b" " * (MAX_BODY + 1))
    assert announced.json()["type"] == "/problems/too-large"
    assert labeler.client.post(address, content=endless()).status_code == 413
    nested = b"[" * 100_000
    assert labeler.client.post(address, content=nested).status_code in (400, 422)
    actions = [{"kind": "undo", "key": new_key()}] * 501
    assert labeler.post("/decisions/batch", 422, json={"actions": actions})["fields"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": f"http://127.0.0.1:{PORT + 1}"}, 403),
        ({"Origin": f"http://localhost:{PORT}"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "file://"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": ""}, 415),
        ({"Origin": BASE, "Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_t7_pages_of_others_and_of_other_ports_change_nothing(labeler, headers, status):
    body = json.dumps({"kind": "skip", "key": new_key(), "item_id": 1})
    response = labeler.client.post(
        f"{API}{labeler.project}/decisions", content=body, headers=headers
    )
    assert response.status_code == status, response.text
    assert labeler.get("/state")["counts"]["n_skipped"] == (1 if status == 200 else 0)


def test_t7_without_a_token_nothing_is_told_whatever_cookies_say(stranger):
    for method, path in ROUTES:
        if path == f"{API}/health":
            continue
        headers = {"Content-Type": "application/json", "Cookie": f"token={OWNER}"}
        response = stranger.request(method, path, headers=headers, content=b"{}")
        assert response.status_code == 401, path
        assert response.headers["www-authenticate"] == "Bearer"
    address = f"{API}/session?token={OWNER}&access_token={OWNER}"
    assert stranger.get(address).status_code == 401


def test_t7_no_answer_sets_a_cookie_or_lets_other_origins_read(labeler, stranger):
    for response in (
        labeler.client.get(f"{API}/session"),
        stranger.get(f"{API}/session"),
        stranger.get("/"),
        stranger.options(f"{API}/session", headers={"Origin": "http://evil.example"}),
    ):
        assert "set-cookie" not in response.headers
        assert not any(name.startswith("access-control") for name in response.headers)


def test_t7_health_needs_no_token_and_tells_nothing(stranger):
    assert stranger.get(f"{API}/health").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("host", "is_right"),
    [
        (f"127.0.0.1:{PORT}", True),
        (f"localhost:{PORT}", True),
        (f"LOCALHOST:{PORT}", True),
        (f"[::1]:{PORT}", True),
        ("evil.example", False),
        (f"evil.example:{PORT}", False),
        (f"127.0.0.1.evil.example:{PORT}", False),
        (f"127.0.0.1:{PORT + 1}", False),
        ("127.0.0.1", False),
        (f"127.0.0.1:{PORT}@evil.example", False),
        ("", False),
    ],
)
def test_t8_only_known_names_are_answered_to(stranger, host, is_right):
    for path in (f"{API}/health", "/"):
        status = stranger.get(path, headers={"Host": host}).status_code
        assert (status == 421) is not is_right


def test_t8_further_names_are_allowed_by_hand():
    hosts = Hosts(PORT, "192.0.2.7", ["lab.example", "other.example:9000"])
    for host in ("lab.example", "lab.example:443", "other.example:9000", f"192.0.2.7:{PORT}"):
        hosts.check(host)
    for host in ("other.example", "xlab.example"):
        with pytest.raises(ProblemError, match="does not answer"):
            hosts.check(host)


def test_t9_tokens_are_long_and_new_at_every_start():
    tokens = {make_token() for _ in range(100)}
    assert len(tokens) == 100
    assert min(len(token) for token in tokens) * 6 >= 256


def test_t9_a_wrong_token_is_refused_and_soon_slowed_down_and_a_right_one_is_not(stranger):
    address = f"{API}/session"
    for _ in range(WRONG_TOKENS):
        assert stranger.get(address, headers=bearer("x" * 43)).status_code == 401
    slowed = stranger.get(address, headers=bearer("x" * 43))
    assert slowed.status_code == 429
    assert slowed.headers["retry-after"]
    assert stranger.get(address, headers=bearer()).status_code == 200


@pytest.mark.parametrize("header", [OWNER, f"Basic {OWNER}", "Bearer", f"Bearer {OWNER}x", "é"])
def test_t9_only_a_bearer_token_counts(stranger, header):
    response = stranger.get(f"{API}/session", headers={"Authorization": header.encode("latin-1")})
    assert response.status_code == 401


def test_t9_t18_logs_hold_neither_tokens_nor_folders(tmp_path):
    formatter = Redacting([OWNER], [tmp_path])
    try:
        raise OSError(f"cannot open {tmp_path}/patients/mueller.png for {OWNER}")
    except OSError as error:
        record = logging.LogRecord("x", 40, "f", 1, "GET /#token=%s", ("abc123",), None)
        record.exc_info = (type(error), error, error.__traceback__)
    text = formatter.format(record)
    assert OWNER not in text
    assert "abc123" not in text
    assert str(tmp_path) not in text
    assert "mueller" in text  # what is below a folder is needed to find the cause


def test_t9_t18_a_bug_tells_the_client_a_number_and_no_folder(labeler, monkeypatch, tmp_path):
    def broken(*_):
        raise AttributeError(f"in {tmp_path}")

    monkeypatch.setattr("skal.annotate.server.overview.classes", broken)
    response = labeler.client.get(f"{API}{labeler.project}/state")
    assert response.status_code == 500
    assert str(tmp_path) not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "error " in response.json()["detail"]


def test_t10_an_annotator_labels_and_does_nothing_else(labeler):
    app, project = labeler.app, labeler.project
    client = TestClient(app, base_url=BASE, headers=bearer(ANNOTATOR))
    assert client.get(f"{API}/session").json()["annotator"] == "ann"
    assert client.get(f"{API}/session").json()["roots"] == []
    asked = client.get(f"{API}{project}/queue?n=1").json()["questions"][0]["item"]["id"]
    body = {"kind": "label", "key": new_key(), "item_id": asked, "label_id": 1}
    done = client.post(f"{API}{project}/decisions", json=body).json()
    assert done["decision"]["annotator"] == "ann"
    other = client.get(f"{API}{project}/queue", headers={"Skal-Annotator": "me"})
    assert other.json()["type"] == "/problems/not-you"
    for method, path in [
        ("GET", "/projects"),
        ("POST", "/projects"),
        ("GET", "/folders?root_id=x"),
        ("DELETE", project),
        ("PATCH", f"{project}/settings"),
        ("POST", f"{project}/labels"),
        ("POST", f"{project}/trainings"),
        ("GET", f"{project}/exports/labels.csv"),
        ("GET", f"{project}/models/1/download"),
        ("GET", f"{project}/unreadable"),
    ]:
        response = client.request(method, f"{API}{path}", json={})
        assert response.json()["type"] == "/problems/owner-only", path


def test_t10_without_tokens_every_program_of_this_computer_is_the_owner(tmp_path):
    save_images(tmp_path / "images", gray_images(2))
    with serving(tmp_path, tokens=Tokens(is_open=True)) as (app, _):
        client = TestClient(app, base_url=BASE)
        assert client.get(f"{API}/session").json()["role"] == "owner"
        evil = {"Origin": "http://evil.example", "Content-Type": "application/json"}
        assert client.post(f"{API}/projects", headers=evil).status_code == 403


# What is shown --------------------------------------------------------------------------------

NAMES = ["<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "{{7*7}}", "\u202egnp.exe"]


@pytest.mark.parametrize("name", NAMES)
def test_t11_names_are_data_and_answers_are_typed(tmp_path, name):
    file_name = name.replace("/", "_")
    folder = save_images(tmp_path / "images", gray_images(2))
    (folder / "00000.png").rename(folder / f"{file_name}.png")
    with labeling(tmp_path, images=gray_images(2)[1:] * 0 + 7, labels=(name, "b")) as labeler:
        labeler.client.ask("PATCH", labeler.project, json={"name": name})
        labeler.label(1)
        labeler.act("note", item_id=1, note=name)
        state = labeler.client.get(f"{API}{labeler.project}/state")
        assert state.json()["classes"][0]["name"] == name
        assert state.json()["name"] == name
        wrong = labeler.client.post(f"{API}{labeler.project}/labels", json={"name": name})
        assert wrong.headers["content-type"] == "application/problem+json"
        csv = labeler.client.get(f"{API}{labeler.project}/exports/labels.csv")
        assert "attachment" in csv.headers["content-disposition"]
        assert "<" not in csv.headers["content-disposition"]
        for response in (state, wrong, csv):
            assert response.headers["x-content-type-options"] == "nosniff"
            assert "script-src" in response.headers["content-security-policy"] or (
                "default-src 'none'" in response.headers["content-security-policy"]
            )


def test_t11_t14_every_answer_has_the_headers_that_browsers_obey(labeler, stranger):
    for response in (
        stranger.get("/"),
        stranger.get("/nothing"),
        stranger.get(f"{API}/session"),
        stranger.get(f"{API}/health", headers={"Host": "evil"}),
        labeler.client.get(f"{API}/session"),
        labeler.client.get(f"{API}/nothing"),
    ):
        policy = response.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "base-uri 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["x-frame-options"] == "DENY"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in response.headers
    page = stranger.get("/").headers["content-security-policy"]
    assert "script-src 'self'" in page
    assert "object-src 'none'" in page


def test_t12_what_is_served_is_encoded_anew_and_nothing_that_was_hidden_in_it(tmp_path):
    folder = save_images(tmp_path / "images", gray_images(2))
    exif = Image.Exif()
    exif[0x010E] = "<script>alert(1)</script>"
    Image.fromarray(np.full((8, 8, 3), 99, np.uint8)).save(folder / "x.jpg", exif=exif)
    with open(folder / "x.jpg", "ab") as file:
        file.write(b"<html><script>alert(2)</script></html>")
    (folder / "x.svg").write_text("<svg/>")
    with labeling(tmp_path, images=gray_images(2)) as labeler:
        assert labeler.get("/items?search=svg")["n_total"] == 0
        (item,) = labeler.get("/items?search=x.jpg")["items"]
        key = item["image"]["content_key"]
        response = labeler.client.get(f"{API}{labeler.project}/images/{key}")
        assert b"script" not in response.content
        assert response.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(response.content)).size == (8, 8)


def test_t15_events_name_their_author_and_one_person_undoes_only_their_own(labeler):
    zoe = {"Skal-Annotator": "zoe"}
    labeler.label(1, 1)
    labeler.label(2, 2, headers=zoe)
    undone = labeler.post("/undo", json={"key": new_key()})
    assert undone["item"]["id"] == 1
    assert labeler.get("/items/2")["item"]["label_id"] == 2
    history = labeler.get("/items/2")["history"]
    assert [d["annotator"] for d in history] == ["zoe"]


# Files of others ------------------------------------------------------------------------------


def test_t16_the_data_folder_is_the_users_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("SKAL_ANNOTATE_DIR", str(tmp_path / "data"))
    folder = data_folder()
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    assert data_folder().stat().st_mode & 0o777 == 0o700
    folder.rmdir()
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ProjectError, match="no link"):
        data_folder()


def test_t16_what_tells_the_token_is_readable_by_the_user_alone(tmp_path):
    from skal.annotate.server.instances import announced, running

    facts = {"url": f"{BASE}/#token={OWNER}", "base": BASE, "token": OWNER}
    with announced(tmp_path, facts) as page:
        assert (tmp_path / "servers").stat().st_mode & 0o777 == 0o700
        for path in (page, page.with_suffix(".json")):
            assert path.stat().st_mode & 0o777 == 0o600
        assert [f["token"] for f in running(tmp_path)] == [OWNER]
        page.with_suffix(".json").unlink()
        (tmp_path / "target").write_text("mine")
    page.with_suffix(".json").symlink_to(tmp_path / "target")
    with announced(tmp_path, facts):
        assert (tmp_path / "target").read_text() == "mine"
    assert running(tmp_path) == []


def test_t16_a_project_is_open_once(labeler, tmp_path):
    with pytest.raises(ProjectError, match="open elsewhere"):
        Project.open(tmp_path / "images.skal")


def test_t16_two_programs_change_the_list_of_projects_and_nothing_is_lost(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    first, second = Registry(tmp_path), Registry(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda i: (first, second)[i % 2].add(f"/p/{i}"), range(40)))
    assert len(first.entries()) == 40
    assert len({e.id for e in first.entries()}) == 40


def test_t17_files_of_the_page_are_checked_against_their_hashes(tmp_path):
    import hashlib

    from skal.annotate.server.static import find_problems

    assert "no page" in find_problems(tmp_path)[0]
    (tmp_path / "index.html").write_text("<html>")
    digest = hashlib.sha256(b"<html>").hexdigest()
    (tmp_path / "manifest.json").write_text(json.dumps({"files": {"index.html": digest}}))
    assert find_problems(tmp_path) == []
    (tmp_path / "index.html").write_text("<html>evil")
    (tmp_path / "more.js").write_text("evil")
    assert find_problems(tmp_path) == [
        "index.html was changed since it was built",
        "more.js is not of this build",
    ]


def test_t17_the_page_is_given_from_its_folder_and_nothing_beside_it(tmp_path):
    page = tmp_path / "page"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<html>skal")
    (page / "assets" / "app-1.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    (page / "link.txt").symlink_to(tmp_path / "secret.txt")
    with serving(tmp_path, page=page) as (app, _):
        client = TestClient(app, base_url=BASE)
        assert client.get("/").text == "<html>skal"
        assert "immutable" in client.get("/assets/app-1.js").headers["cache-control"]
        assert client.get("/").headers["cache-control"] == "no-cache"
        for path in (
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/link.txt",
            "/assets/../../secret.txt",
        ):
            assert client.get(path).status_code == 404


def test_a_page_that_is_missing_says_how_to_get_it(stranger):
    response = stranger.get("/")
    assert response.status_code == 503
    assert "npm run build" in response.text
    assert "pip install" in response.text


@pytest.mark.parametrize(
    "text",
    ["(" * 5000, "%" * 5000, "\x00", "a" * 30_000, "\ud800", "[]" * 5000],
)
def test_t20_odd_text_is_refused_or_found_nowhere_and_soon(labeler, text):
    params = {"search": text.encode("utf-8", "surrogatepass")}
    response = labeler.client.get(f"{API}{labeler.project}/items", params=params)
    assert response.status_code in (200, 422)
    response = labeler.client.get(
        f"{API}{labeler.project}/queue", headers={"Skal-Annotator": "%ff%fe"}
    )
    assert response.status_code == 422


# Many at once ---------------------------------------------------------------------------------


def test_two_people_in_two_tabs_lose_and_double_nothing_in_a_thousand_decisions(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    n = 250
    with labeling(tmp_path, n_images=40) as labeler:
        labeler.opened.project.change_settings(auto_train={"policy": "manual"})

        def tab(number):
            name = {"Skal-Annotator": f"p{number % 2}"}
            keys = [f"tab-{number}-{i:05d}" for i in range(n)]
            for i, key in enumerate(keys):
                label, item_id = 1 + i % 2, 1 + (i * 7 + number) % 40
                labeler.label(item_id, label, key=key, headers=name)
                if i % 10 == 0:  # an answer that was lost on its way is asked for again
                    labeler.label(item_id, label, key=key, headers=name)
            return keys

        with ThreadPoolExecutor(4) as threads:
            sent = [key for keys in threads.map(tab, range(4)) for key in keys]
        with labeler.opened.store.reading() as connection:
            from skal.annotate import _decisions, _schema

            found = list(
                connection.scalars(
                    _schema.event.select().with_only_columns(_schema.event.c.idempotency_key)
                )
            )
            before = _decisions.states(connection)
        assert sorted(found) == sorted(sent)
        assert labeler.get("/state")["counts"]["n_labeled"] == len(before) == 40


def test_a_full_disk_refuses_with_words_and_keeps_what_was_acknowledged(labeler, monkeypatch):
    import sqlalchemy as sa

    labeler.label(1)
    decide = labeler.opened.project.decide

    def full(*args, **kwargs):
        raise sa.exc.OperationalError("INSERT", {}, Exception("database or disk is full"))

    monkeypatch.setattr(labeler.opened.project, "decide", full)
    problem = labeler.label(2, status=507)
    assert problem["type"] == "/problems/disk-full"
    assert "safe" in problem["detail"]
    assert "Make room" in problem["fix"]
    actions = [{"kind": "skip", "key": new_key(), "item_id": 2}]
    (result,) = labeler.post("/decisions/batch", json={"actions": actions})["results"]
    assert result["problem"]["type"] == "/problems/disk-full"
    monkeypatch.setattr(labeler.opened.project, "decide", decide)
    assert labeler.label(2)["counts"]["n_labeled"] == 2


def test_a_database_that_is_really_full_keeps_what_was_acknowledged(labeler):
    with labeler.opened.store.writing() as connection:
        n_pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {n_pages + 1}")
    kept, refused = 0, None
    for i in range(300):
        body = {"kind": "note", "key": new_key(), "item_id": 1 + i % 12, "note": "x" * 3000}
        response = labeler.client.post(f"{API}{labeler.project}/decisions", json=body)
        if response.status_code != 200:
            refused = response.json()
            break
        kept += 1
    assert refused["type"] == "/problems/disk-full"
    with labeler.opened.store.writing() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")
    assert labeler.get("/decisions?n=100")["decisions"][0]["decision"]["kind"] == "note"
    assert len(labeler.get("/decisions?n=100")["decisions"]) == min(kept, 100)


def test_every_problem_says_what_to_do(labeler):
    for method, path in [
        ("GET", "/nothing"),
        ("POST", "/session"),
        ("GET", "/projects/none/state"),
    ]:
        response = labeler.client.request(method, f"{API}{path}", json={})
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["type"].startswith("/problems/")


def test_a_project_can_be_made_of_the_root_itself(tmp_path):
    root = tmp_path / "pictures"
    save_images(root, gray_images(2))
    with serving(tmp_path, roots=[root]) as (app, workspace), Client(app) as client:
        assert make_root(root).id in workspace._roots
        make_project(client, workspace, relpath="")
        wait_until(lambda: client.ask("GET", "/projects")["projects"][0]["n_items"] == 2)
