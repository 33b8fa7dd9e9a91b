"""Projects in the list, folders to choose from, and what cannot be opened."""

import pytest
from made_projects import gray_images, save_images
from made_servers import Client, labeling, make_project, new_key, serving, wait_until

from skal.annotate import Project


@pytest.fixture
def served(tmp_path):
    save_images(tmp_path / "images", gray_images(12))
    save_images(tmp_path / "others", gray_images(5))
    with serving(tmp_path) as (app, workspace), Client(app) as client:
        yield client, workspace, tmp_path


def only_card(client):
    (card,) = client.ask("GET", "/projects")["projects"]
    return card


def test_a_project_is_made_of_a_folder_and_shown_as_a_card(served):
    client, workspace, tmp_path = served
    made = make_project(client, workspace, name="<b>Cells</b>", labels=["x", "y"])
    card = only_card(client)
    assert card["name"] == "<b>Cells</b>"
    assert (card["status"], card["n_items"], card["n_labeled"]) == ("open", 12, 0)
    assert card["estimate"] is None
    assert card["disk_bytes"] > 0
    assert card["id"] == made["id"]
    assert (tmp_path / "images.skal" / "project.sqlite").exists()


def test_a_project_closes_opens_and_keeps_its_labels(served):
    client, workspace, _ = served
    project = f"/projects/{make_project(client, workspace)['id']}"
    body = {"kind": "label", "key": new_key(), "item_id": 1, "label_id": 1}
    client.ask("POST", f"{project}/decisions", json=body)
    assert client.ask("POST", f"{project}/close", json={})["status"] == "closed"
    assert only_card(client)["n_labeled"] == 1
    assert client.ask("POST", f"{project}/open", json={})["status"] == "open"
    assert client.ask("GET", f"{project}/state")["counts"]["n_labeled"] == 1


def test_a_project_is_opened_by_the_first_that_asks(served):
    client, workspace, _ = served
    project = f"/projects/{make_project(client, workspace)['id']}"
    client.ask("POST", f"{project}/close", json={})
    assert client.ask("GET", f"{project}/state")["counts"]["n_items"] == 12


def test_a_project_is_renamed(served):
    client, workspace, _ = served
    project = f"/projects/{make_project(client, workspace)['id']}"
    client.ask("PATCH", project, json={"name": "new"})
    assert only_card(client)["name"] == "new"


def test_the_trash_gives_back_and_deletes_what_is_skals_alone(served):
    client, workspace, tmp_path = served
    project = f"/projects/{make_project(client, workspace)['id']}"
    (tmp_path / "images.skal" / "notes.txt").write_text("mine")
    assert client.ask("POST", f"{project}/purge", 409, json={})["fix"]
    assert client.ask("DELETE", project)["status"] == "trashed"
    assert client.ask("GET", f"{project}/state", 409)["type"] == "/problems/project-trashed"
    assert client.ask("POST", f"{project}/restore", json={})["status"] == "closed"
    client.ask("DELETE", project)
    client.ask("POST", f"{project}/purge", 204, json={})
    assert client.ask("GET", "/projects")["projects"] == []
    assert [p.name for p in (tmp_path / "images.skal").iterdir()] == ["notes.txt"]
    assert len(list((tmp_path / "images").iterdir())) == 12


def test_settings_and_labels_are_duplicated_on_another_folder(served):
    client, workspace, _ = served
    settings = {"strategy": "entropy", "batch_size": 7}
    project = f"/projects/{make_project(client, workspace, settings=settings)['id']}"
    client.ask("PATCH", f"{project}/labels/1", json={"color": "#123456"})
    body = {"root_id": next(iter(workspace._roots)), "relpath": "others"}
    made = client.ask("POST", f"{project}/duplicate-settings", 201, json=body)
    state = client.ask("GET", f"/projects/{made['id']}/state")
    assert (state["settings"]["strategy"], state["settings"]["batch_size"]) == ("entropy", 7)
    assert state["classes"][0]["color"] == "#123456"


def test_a_folder_that_has_a_project_is_not_made_one_again(served):
    client, workspace, _ = served
    make_project(client, workspace)
    body = {"root_id": next(iter(workspace._roots)), "relpath": "images", "labels": []}
    assert client.ask("POST", "/projects", 409, json=body)["type"] == "/problems/project-exists"


def test_what_is_open_elsewhere_missing_or_damaged_says_what_to_do(served):
    client, workspace, tmp_path = served
    project = f"/projects/{make_project(client, workspace)['id']}"
    client.ask("POST", f"{project}/close", json={})
    with Project.open(tmp_path / "images.skal"):
        assert only_card(client)["status"] == "elsewhere"
        problem = client.ask("POST", f"{project}/open", 409, json={})
        assert problem["type"] == "/problems/project-elsewhere"
    database = tmp_path / "images.skal" / "project.sqlite"
    database.write_bytes(b"no database" * 1000)
    assert only_card(client)["status"] == "unusable"
    assert client.ask("POST", f"{project}/open", 409, json={})["type"] == (
        "/problems/project-damaged"
    )
    database.unlink()
    card = only_card(client)
    assert card["status"] == "unusable"
    assert "no project" in card["message"]


def test_folders_are_listed_with_what_is_in_them(served):
    client, _, tmp_path = served
    (tmp_path / ".hidden").mkdir()
    root = client.ask("GET", "/session")["roots"][0]["root_id"]
    listing = client.ask("GET", f"/folders?root_id={root}")
    found = {f["name"]: f["n_images"] for f in listing["folders"]}
    assert found == {"images": 12, "others": 5, "data": 0}
    inner = client.ask("GET", f"/folders?root_id={root}&relpath=images")
    assert (inner["n_images"], inner["parent"]) == (12, "")
    assert client.ask("GET", f"/folders?root_id={root}&relpath=nothing", 404)["fix"]
    assert client.ask("GET", "/folders?root_id=another", 404)["fix"]


def test_a_folder_whose_parent_cannot_be_written_to_has_its_project_in_the_data_folder(
    served, monkeypatch
):
    client, workspace, tmp_path = served
    monkeypatch.setattr("skal.annotate.server.workspace.os.access", lambda *_: False)
    make_project(client, workspace)
    assert (tmp_path / "data" / "projects" / "images.skal" / "project.sqlite").exists()


def test_files_that_cannot_be_used_are_listed_with_the_reason(tmp_path):
    save_images(tmp_path / "images", gray_images(3))
    (tmp_path / "images" / "broken.png").write_bytes(b"no image")
    with serving(tmp_path) as (app, workspace), Client(app) as client:
        project = f"/projects/{make_project(client, workspace)['id']}"
        found = client.ask("GET", f"{project}/unreadable")
        assert found["n"] == 1
        assert found["files"][0]["relpath"] == "broken.png"


def test_images_that_come_later_are_found_by_another_search(tmp_path):
    with labeling(tmp_path, n_images=5) as labeler:
        save_images(tmp_path / "images" / "more", gray_images(4))
        labeler.post("/scan", 202)
        wait_until(lambda: labeler.get("/state")["counts"]["n_items"] == 9)


def test_a_folder_of_images_that_is_gone_is_told_and_labels_stay(tmp_path):
    with labeling(tmp_path, n_images=5) as labeler:
        labeler.label(1)
        (tmp_path / "images").rename(tmp_path / "moved")
        labeler.post("/scan", 202)
        state = wait_until(lambda: (s := labeler.get("/state"))["scan"]["phase"] == "failed" and s)
        assert "is not there" in state["scan"]["message"]
        assert state["counts"]["n_labeled"] == 1


def test_a_server_that_only_shows_changes_nothing(tmp_path):
    with labeling(tmp_path) as labeler:
        labeler.label(1)
    with serving(tmp_path, is_read_only=True) as (app, workspace), Client(app) as client:
        project = f"/projects/{workspace.registry.entries()[0].id}"
        assert client.ask("GET", "/session")["is_read_only"]
        queue = client.ask("GET", f"{project}/queue?n=4")
        assert [q["item"]["id"] for q in queue["questions"]] == [2, 3, 4, 5]
        assert "only shows" in queue["notice"]
        for method, path in [
            ("POST", f"{project}/decisions"),
            ("POST", f"{project}/undo"),
            ("PATCH", f"{project}/settings"),
            ("POST", f"{project}/trainings"),
            ("DELETE", project),
            ("POST", "/projects"),
        ]:
            problem = client.ask(method, path, 403, json={})
            assert problem["type"] == "/problems/read-only"
