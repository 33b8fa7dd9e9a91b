"""The label loop over the interface."""

from made_servers import labeling, new_key


def test_an_image_is_asked_for_labeled_undone_and_redone(tmp_path):
    with labeling(tmp_path) as (client, project, _):
        queue = client.ask("GET", f"{project}/queue?n=4")
        assert len(queue["questions"]) == 4
        first = queue["questions"][0]["item"]
        label = client.ask("GET", f"{project}/labels")[0]
        body = {"kind": "label", "key": new_key(), "item_id": first["id"], "label_id": label["id"]}
        done = client.ask("POST", f"{project}/decisions", json=body)
        assert done["item"]["label_id"] == label["id"]
        assert done["counts"]["n_labeled"] == 1
        assert (done["n_undo"], done["n_redo"]) == (1, 0)
        undone = client.ask("POST", f"{project}/undo", json={"key": new_key()})
        assert undone["item"]["id"] == first["id"]
        assert undone["item"]["answer"] is None
        assert undone["undone"]["id"] == done["decision"]["id"]
        redone = client.ask("POST", f"{project}/redo", json={"key": new_key()})
        assert redone["item"]["label_id"] == label["id"]
