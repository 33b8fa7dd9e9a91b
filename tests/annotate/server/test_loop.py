"""The label loop over the interface: what is acknowledged is on disk, and each action is one."""

import pytest
from made_projects import give_model
from made_servers import labeling, new_key

ANN = {"Skal-Annotator": "Zo%C3%AB"}


@pytest.fixture
def labeler(tmp_path):
    with labeling(tmp_path) as made:
        yield made


def test_an_image_is_asked_for_labeled_undone_and_redone(labeler):
    first = labeler.questions(4)[0]["item"]
    done = labeler.label(first["id"], 2)
    assert done["item"]["label_id"] == 2
    assert done["counts"]["n_labeled"] == 1
    assert (done["n_undo"], done["n_redo"]) == (1, 0)
    undone = labeler.post("/undo", json={"key": new_key()})
    assert undone["item"]["id"] == first["id"]
    assert undone["item"]["answer"] is None
    assert undone["undone"]["id"] == done["decision"]["id"]
    assert (undone["n_undo"], undone["n_redo"]) == (0, 1)
    redone = labeler.post("/redo", json={"key": new_key()})
    assert redone["item"]["label_id"] == 2


def test_nothing_left_to_undo_is_no_error(labeler):
    done = labeler.post("/undo", json={"key": new_key()})
    assert done["decision"] is None
    assert done["item"] is None


def test_what_was_handed_out_is_asked_again_until_it_is_answered(labeler):
    asked = [q["item"]["id"] for q in labeler.questions(4)]
    assert [q["item"]["id"] for q in labeler.questions(4)] == asked
    labeler.label(asked[0])
    assert [q["item"]["id"] for q in labeler.questions(3)] == asked[1:]


def test_an_action_that_is_sent_twice_is_one(labeler):
    key = new_key()
    item_id = labeler.questions(1)[0]["item"]["id"]
    first, second = (labeler.label(item_id, key=key) for _ in range(2))
    assert first["decision"] == second["decision"]
    assert second["counts"]["n_labeled"] == 1


def test_a_key_that_was_used_for_something_else_is_refused(labeler):
    key = new_key()
    labeler.label(1, key=key)
    problem = labeler.label(2, status=409, key=key)
    assert problem["type"] == "/problems/key-reused"


def test_an_outbox_is_flushed_in_its_order_and_a_refused_action_stops_no_other(labeler):
    labeler.client.ask("PATCH", f"{labeler.project}/labels/2", json={"is_archived": True})
    actions = [
        {"kind": "label", "key": new_key(), "item_id": 1, "label_id": 1},
        {"kind": "label", "key": new_key(), "item_id": 2, "label_id": 2},  # archived meanwhile
        {"kind": "undo", "key": new_key()},
        {"kind": "unsure", "key": new_key(), "item_id": 3},
        {"kind": "note", "key": new_key(), "item_id": 3, "note": "<img src=x onerror=alert(1)>"},
    ]
    results = labeler.post("/decisions/batch", json={"actions": actions})["results"]
    assert [r["problem"] and r["problem"]["type"] for r in results] == [
        None,
        "/problems/label-refused",
        None,
        None,
        None,
    ]
    assert results[2]["done"]["undone"]["item_id"] == 1
    assert labeler.get("/items/3")["item"]["note"] == "<img src=x onerror=alert(1)>"
    again = labeler.post("/decisions/batch", json={"actions": actions})["results"]
    assert [r["done"] and r["done"]["decision"] for r in again] == [
        r["done"] and r["done"]["decision"] for r in results
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"kind": "label", "item_id": 1}, "item_id and label_id"),
        ({"kind": "flag", "item_id": 1, "note": "x"}, "item_id and flag"),
        ({"kind": "skip"}, "item_id"),
        ({"kind": "undo", "item_id": 1}, "neither"),
        ({"kind": "label", "item_id": 1, "label_id": 1, "flag": True}, "item_id and label_id"),
    ],
)
def test_an_action_that_lacks_or_has_too_much_says_what_it_needs(labeler, body, expected):
    problem = labeler.post("/decisions", 422, json=body | {"key": new_key()})
    assert expected in problem["expected"]
    assert problem["fix"]


def test_fields_that_are_unknown_or_missing_are_named(labeler):
    body = {"kind": "label", "item_id": 1, "label_id": 1, "extra": 1}
    problem = labeler.post("/decisions", 422, json=body)
    assert {f["field"] for f in problem["fields"]} == {"key", "extra"}
    assert problem["type"] == "/problems/invalid"


def test_an_image_or_a_label_that_is_not_there_is_not_found(labeler):
    assert labeler.label(999, status=404)["type"] == "/problems/not-found"
    assert "one of [1, 2]" in labeler.label(1, 99, status=404)["expected"]


def test_an_answer_that_somebody_else_gave_meanwhile_is_no_prey(labeler):
    seen = labeler.get("/items/1")["item"]["event_id"]
    assert seen is None
    labeler.label(1, 1, headers=ANN)
    problem = labeler.label(1, 2, status=409, seen_event_id=0)
    assert problem["type"] == "/problems/conflict"
    assert "Zoë" in problem["detail"]
    now = labeler.get("/items/1")["item"]["event_id"]
    assert labeler.label(1, 2, seen_event_id=now)["item"]["label_id"] == 2


def test_ones_own_answer_is_no_conflict(labeler):
    labeler.label(1, 1)
    assert labeler.label(1, 2, seen_event_id=0)["item"]["label_id"] == 2


def test_monitor_images_are_answered_blind_and_all_are_if_predictions_are_switched_off(tmp_path):
    with labeling(tmp_path) as labeler:
        give_model(labeler.opened.project, [[0.7, 0.3]] * 40)
        asked = labeler.questions(32)
        blind = [q for q in asked if q["is_monitor"]]
        seeing = [q for q in asked if not q["is_monitor"]]
        assert blind
        assert all(q["predictions"] is None and q["model_id"] is None for q in blind)
        assert seeing[0]["predictions"][0] == {
            "label_id": 1,
            "name": "a",
            "probability": pytest.approx(0.7),
        }
        item_id = blind[0]["item"]["id"]
        assert labeler.get(f"/items/{item_id}")["predictions"] is None
        shown = {"a": 0.7, "b": 0.3}
        problem = labeler.label(item_id, status=409, shown_prediction=shown, model_id=1)
        assert problem["type"] == "/problems/blind"
        patch = {"predictions": "blind"}
        labeler.client.ask("PATCH", f"{labeler.project}/settings", json=patch)
        assert all(q["predictions"] is None for q in labeler.questions(32))


def test_the_last_decisions_are_the_newest_first_with_what_was_undone(labeler):
    for item_id in (1, 2, 3):
        labeler.label(item_id)
    labeler.post("/undo", json={"key": new_key()})
    found = labeler.get("/decisions?n=2")["decisions"]
    assert [d["item"]["id"] for d in found] == [3, 2]
    assert [d["is_undone"] for d in found] == [True, False]


def test_rounds_count_answers_in_batches_and_go_back_with_undo(tmp_path):
    with labeling(tmp_path, settings={"batch_size": 4}) as labeler:
        labeler.answer(3)
        assert labeler.get("/state")["round"] == {"number": 1, "n_done": 3, "size": 4}
        labeler.answer(2)
        assert labeler.get("/state")["round"] == {"number": 2, "n_done": 1, "size": 4}
        for _ in range(2):
            undone = labeler.post("/undo", json={"key": new_key()})
        assert undone["round"] == {"number": 1, "n_done": 3, "size": 4}


def test_the_queue_ends_when_everything_is_answered(tmp_path):
    with labeling(tmp_path, n_images=6) as labeler:
        labeler.answer(6)
        queue = labeler.get("/queue?n=4")
        assert queue["is_exhausted"]
        assert queue["questions"] == []


def test_the_pace_is_told_after_eight_decisions(labeler):
    for i in range(7):
        labeler.label(i + 1, client_ts=1000.0 + 2 * i)
    assert labeler.get("/state")["rate"]["seconds_per_decision"] is None
    labeler.label(8, client_ts=2000.0)  # a pause that does not count
    labeler.label(9, client_ts=2002.0)
    assert labeler.get("/state")["rate"]["seconds_per_decision"] == pytest.approx(2.0)
