"""Images in lists, labels of a project, what is told as it happens, and labels as a file."""

import asyncio
import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from made_projects import give_model
from made_servers import API, labeling, new_key

from skal.annotate.server.hub import MOST_WAITING, Hub
from skal.annotate.server.schemas.events import ProjectsEvent


@pytest.fixture
def labeler(tmp_path):
    with labeling(tmp_path) as made:
        yield made


def run(coroutine):
    """Run a coroutine in a thread, since a browser of other tests may run its loop in this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, coroutine).result()


def ids(page):
    return [item["id"] for item in page["items"]]


def test_images_come_in_pages(labeler):
    page = labeler.get("/items?n=15")
    assert ids(page) == list(range(1, 16))
    assert (page["n_total"], page["next_after"]) == (40, 15)
    last = labeler.get("/items?n=15&after=30")
    assert (ids(last), last["next_after"]) == (list(range(31, 41)), None)


def test_images_are_found_by_what_is_said_of_them(labeler):
    labeler.label(1, 1)
    labeler.label(2, 2, headers={"Skal-Annotator": "zoe"})
    labeler.act("flag", item_id=3, flag=True)
    labeler.act("skip", item_id=4)
    assert ids(labeler.get("/items?answer=label")) == [1, 2]
    assert ids(labeler.get("/items?label_id=2")) == [2]
    assert ids(labeler.get("/items?is_flagged=true")) == [3]
    assert ids(labeler.get("/items?annotator=zoe")) == [2]
    assert ids(labeler.get("/items?answer=skip")) == [4]
    assert labeler.get("/items?answer=unanswered")["n_total"] == 37
    assert ids(labeler.get("/items?search=00007")) == [8]
    assert ids(labeler.get("/items?search=%25")) == []  # no wildcard
    assert labeler.get("/annotators")["annotators"] == ["me", "zoe"]


def test_images_are_found_by_what_the_model_says_but_none_that_are_blind(labeler):
    give_model(labeler.opened.project, [[0.9, 0.1]] * 20 + [[0.2, 0.8]] * 20)
    labeler.label(1, 2)
    labeler.label(2, 1)
    found = ids(labeler.get("/items?predicted_label_id=2&n=500"))
    assert found
    assert min(found) > 20
    assert all(not labeler.get(f"/items/{i}")["is_blind"] for i in found)
    assert ids(labeler.get("/items?is_disagreeing=true")) == [1]


def test_an_image_tells_its_history(labeler):
    labeler.label(5, 1)
    labeler.post("/undo", json={"key": new_key()})
    detail = labeler.get("/items/5")
    assert [d["kind"] for d in detail["history"]] == ["undo", "label"]
    assert labeler.get("/items/99", 404)["type"] == "/problems/not-found"


def test_why_names_labeled_images_that_are_alike(labeler):
    labeler.answer(10)
    detail = labeler.questions(8)
    seeing = next(q for q in detail if not q["is_blind"])
    why = labeler.get(f"/items/{seeing['item']['id']}/why")
    assert why["reason"] == seeing["reason"]
    assert why["nearest"][0]["label"] in ("a", "b")


def test_labels_are_added_renamed_recolored_ordered_and_archived(labeler):
    added = labeler.post("/labels", 201, json={"name": "<i>c</i>", "color": "#00ff00"})
    assert [c["name"] for c in added] == ["a", "b", "<i>c</i>"]
    assert added[2]["color"] == "#00ff00"
    labeler.label(1, 3)
    client, project = labeler.client, labeler.project
    patch = {"name": "C", "color": "#0000ff", "is_archived": True}
    changed = client.ask("PATCH", f"{project}/labels/3", json=patch)[2]
    assert {k: changed[k] for k in patch} == patch
    assert changed["n_items"] == 1
    assert changed["exemplar"]
    order = client.ask("PUT", f"{project}/labels/order", json={"label_ids": [3, 1, 2]})
    assert [c["id"] for c in order] == [3, 1, 2]


def test_labels_are_merged_and_deleted_and_one_undo_takes_that_back(labeler):
    for item_id in (1, 2, 3):
        labeler.label(item_id, 1)
    merged = labeler.post("/labels/1/merge", json={"into_id": 2, "key": new_key()})
    assert [(c["n_items"], c["is_archived"]) for c in merged] == [(0, True), (3, False)]
    undone = labeler.post("/undo", json={"key": new_key()})
    assert (undone["item"], undone["undone"]["kind"]) == (None, "bulk")
    assert [c["n_items"] for c in labeler.get("/labels")] == [3, 0]
    deleted = labeler.post("/labels/1/delete", json={"key": new_key()})
    assert deleted[0]["is_archived"]
    assert labeler.get("/state")["counts"]["n_labeled"] == 0


def test_many_images_are_labeled_as_one_step(labeler):
    body = {"kind": "label", "key": new_key(), "item_ids": [1, 2, 3], "label_id": 2}
    done = labeler.post("/decisions/bulk", json=body)
    assert (done["counts"]["n_labeled"], done["n_undo"]) == (3, 1)
    (recent,) = labeler.get("/decisions")["decisions"]
    assert (recent["item"], recent["n_items"]) == (None, 3)
    undone = labeler.post("/undo", json={"key": new_key()})
    assert (undone["counts"]["n_labeled"], undone["n_redo"]) == (0, 1)
    labeler.post("/decisions/bulk", 422, json=body | {"key": new_key(), "label_id": None})


def test_labels_that_cannot_be_are_refused_with_the_reason(labeler):
    assert "already" in labeler.post("/labels", 409, json={"name": "a"})["detail"]
    assert "blank" in labeler.post("/labels", 409, json={"name": "  "})["detail"]
    client, project = labeler.client, labeler.project
    client.ask("PATCH", f"{project}/labels/1", 409, json={"name": "b"})
    client.ask("PATCH", f"{project}/labels/9", 404, json={"name": "x"})
    client.ask("PATCH", f"{project}/labels/1", 422, json={"color": "red"})
    client.ask("PUT", f"{project}/labels/order", 409, json={"label_ids": [1]})


def test_labels_are_downloaded_at_any_moment_and_no_text_is_a_formula(labeler):
    labeler.post("/labels", 201, json={"name": "=cmd|' /C calc'!A0"})
    labeler.label(1, 3)
    labeler.label(2, 1)
    labeler.act("note", item_id=2, note="@SUM(A1)")
    response = labeler.client.get(f"{API}{labeler.project}/exports/labels.csv")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="images-labels.csv"'
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["label"] for row in rows] == ["'=cmd|' /C calc'!A0", "a"]
    assert rows[1]["note"] == "'@SUM(A1)"
    kept = labeler.client.get(f"{API}{labeler.project}/exports/labels.csv?neutralize=false")
    assert "'=cmd" not in kept.text


# What is told as it happens -------------------------------------------------------------------


def frames(found):
    """Return the events of some frames of a stream."""
    lines = b"".join(found).decode().splitlines()
    return [json.loads(line[6:])["event"] for line in lines if line.startswith("data: ")]


def test_a_stream_begins_with_a_greeting_and_tells_what_is_published():
    async def listen():
        hub = Hub("x")
        stream = hub.stream()
        found = [await anext(stream)]
        hub.publish(ProjectsEvent())
        found.append(await anext(stream))
        hub.close()
        found += [frame async for frame in stream]
        return found

    found = run(listen())
    assert [e["type"] for e in frames(found)[:2]] == ["hello", "projects"]
    assert found[1].startswith(b"id: 1\nevent: projects\n")


def test_who_listens_too_slowly_is_told_to_fetch_all_anew():
    async def listen():
        hub = Hub("x")
        stream = hub.stream()
        await anext(stream)
        for _ in range(MOST_WAITING + 1):
            hub.publish(ProjectsEvent())
        return await anext(stream)

    assert frames([run(listen())])[0]["type"] == "hello"


def test_decisions_are_told_with_their_counts(labeler):
    told = []
    labeler.opened.hub.publish = told.append
    labeler.label(1)
    (counts,) = [e for e in told if e.type == "counts"]
    assert (counts.counts.n_labeled, counts.project_id) == (1, labeler.opened.id)
