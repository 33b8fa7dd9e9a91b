"""The model learns by itself, in the background, by the policy of the project."""

import zipfile
from io import BytesIO

import pytest
from made_projects import Failing, Slow, blobs, give_model
from made_servers import API, labeling, wait_until

from skal.annotate import _screen

N = 60


@pytest.fixture
def kinds():
    return blobs(N, 2)[1]


def settled(labeler):
    """Return the last training when it has ended, or None."""
    job = labeler.get("/state")["job"]
    return job if job and job["state"] != "running" else None


def policy(labeler, **auto_train):
    labeler.client.ask("PATCH", f"{labeler.project}/settings", json={"auto_train": auto_train})


def test_a_round_that_is_answered_is_learned_from_without_being_asked(tmp_path, kinds):
    with labeling(tmp_path, N, settings={"batch_size": 16}) as labeler:
        truth = lambda item: 1 + int(kinds[int(item["relpath"][:5])])  # noqa: E731
        labeler.answer(15, truth)
        assert labeler.get("/state")["job"] is None
        labeler.answer(1, truth)
        job = wait_until(lambda: settled(labeler))
        assert (job["state"], job["is_accepted"]) == ("done", True)
        state = wait_until(lambda: (s := labeler.get("/state"))["model"] and s)
        assert state["model"]["n_behind"] == 0
        asked = wait_until(lambda: [q for q in labeler.questions(8) if q["predictions"]])
        assert sum(p["probability"] for p in asked[0]["predictions"]) == pytest.approx(1)
        labeler.answer(3, truth)
        assert labeler.get("/state")["job"]["id"] == job["id"]
        (model,) = labeler.get("/models")["models"]
        assert model["is_current"]
        assert model["file_kind"] == "skops"


def test_labeling_goes_on_while_the_model_learns_and_a_training_can_be_cancelled(tmp_path):
    with labeling(tmp_path, N, settings={"batch_size": 10}) as labeler:
        labeler.opened.project.estimator = Slow()
        policy(labeler, policy="manual")
        labeler.answer(20)
        assert labeler.get("/state")["job"] is None
        job = labeler.post("/trainings", 202)
        assert job["state"] == "running"
        assert labeler.post("/trainings", 409)["type"] == "/problems/training-runs"
        labeler.answer(3)
        wait_until(lambda: labeler.get("/state")["job"]["n_new_labels"] > 0)
        labeler.post("/trainings/cancel", 202)
        ended = wait_until(lambda: settled(labeler))
        assert ended["state"] == "cancelled"
        assert labeler.post("/trainings/cancel", 409)["type"] == "/problems/no-training"


def test_a_training_that_fails_says_why_and_can_be_tried_again(tmp_path):
    with labeling(tmp_path, N, settings={"batch_size": 20}) as labeler:
        labeler.opened.project.estimator = Failing()
        labeler.answer(20)
        job = wait_until(lambda: settled(labeler))
        assert job["state"] == "failed"
        assert "no such luck" in job["message"]
        assert job["log"]
        from sklearn.linear_model import LogisticRegression

        labeler.opened.project.estimator = LogisticRegression()
        labeler.post("/trainings", 202)
        wait_until(lambda: (j := settled(labeler)) and j["state"] == "done")
        assert [j["state"] for j in labeler.get("/trainings")["jobs"]] == ["done", "failed"]


def test_too_few_labels_are_told_before_anything_begins(tmp_path):
    with labeling(tmp_path, N) as labeler:
        problem = labeler.post("/trainings", 409)
        assert problem["type"] == "/problems/too-few-labels"
        assert "a needs 2 more" in problem["found"]


def test_every_so_many_labels_begin_a_training(tmp_path):
    with labeling(tmp_path, N, settings={"monitor_share": 0}) as labeler:
        policy(labeler, policy="every", every=12)
        labeler.answer(11)
        assert labeler.get("/state")["job"] is None
        labeler.answer(1)
        wait_until(lambda: settled(labeler))


def test_a_pause_begins_a_training(tmp_path):
    with labeling(tmp_path, N, settings={"monitor_share": 0}) as labeler:
        labeler.opened.project.change_settings(auto_train={"policy": "idle", "idle_s": 1})
        labeler.answer(12)
        wait_until(lambda: settled(labeler))


def test_a_full_disk_stops_models_and_not_labels(tmp_path, monkeypatch):
    with labeling(tmp_path, N, settings={"batch_size": 12}) as labeler:
        monkeypatch.setattr(labeler.opened, "free_disk", lambda: 1000)
        labeler.answer(24)
        state = labeler.get("/state")
        assert state["is_disk_low"]
        assert state["job"] is None
        assert labeler.post("/trainings", 507)["type"] == "/problems/disk-low"


def test_a_model_is_used_again_and_downloaded(tmp_path):
    with labeling(tmp_path, N, settings={"batch_size": 20}) as labeler:
        labeler.answer(20)
        wait_until(lambda: settled(labeler))
        first = labeler.get("/models")["models"][0]["id"]
        give_model(labeler.opened.project, [[0.5, 0.5]] * N)
        models = labeler.post(f"/models/{first}/use")["models"]
        assert [m["is_current"] for m in models] == [True, False]
        labeler.post("/models/99/use", 404)
        response = labeler.client.get(f"{API}{labeler.project}/models/{first}/download")
        assert "attachment" in response.headers["content-disposition"]
        names = zipfile.ZipFile(BytesIO(response.content)).namelist()
        assert f"model-{first}/model.skops" in names
        assert not any(name.endswith((".pkl", ".pt", ".joblib")) for name in names)


def test_the_strategy_and_the_model_are_changed_while_labeling(tmp_path):
    with labeling(tmp_path, N) as labeler:
        patch = {"strategy": "entropy", "model": "cnn", "batch_size": 5}
        found = labeler.client.ask("PATCH", f"{labeler.project}/settings", json=patch)
        assert {k: found[k] for k in patch} == patch
        assert type(labeler.opened.project.estimator).__name__ == "CNNClassifier"
        problem = labeler.client.ask(
            "PATCH", f"{labeler.project}/settings", 422, json={"strategy": "best"}
        )
        assert problem["fields"][0]["field"] == "strategy"


def test_a_report_of_a_model_names_labels_and_measures_nothing_without_blind_labels(tmp_path):
    with labeling(tmp_path, N) as labeler:
        model_id = give_model(labeler.opened.project, [[0.9, 0.1]] * N)
        report = labeler.get(f"/models/{model_id}/report")
        assert (report["estimate"], report["per_class"], report["n"]) == (None, [], 0)
        assert report["pool_predicted"] == {"a": N, "b": 0}
        with labeler.opened.store.reading() as connection:
            blind = _screen.blind_items(connection)
        labeler.questions(60)
        for i, item_id in enumerate(blind):
            labeler.label(item_id, 1 + i % 2)
        labeler.get("/models/99/report", 404)


def test_there_is_no_estimate_without_enough_blind_labels_and_the_reason_is_told(tmp_path):
    with labeling(tmp_path, N) as labeler:
        state = labeler.get("/state")
        assert state["estimate"] is None
        assert "20 more" in state["no_estimate"]
