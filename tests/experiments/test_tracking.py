"""Runs followed by tracking tools, each where it is installed."""

import os
import sys
from types import SimpleNamespace

import pytest

from skal.experiments.tracking import Tracker, check_tool

LEARNER = SimpleNamespace(
    estimator=SimpleNamespace(
        history_=[
            {"epoch": 1, "train_loss": 2.0, "batches": [{"train_loss": 2.0}]},
            {"epoch": 2, "train_loss": 1.0, "batches": []},
        ]
    )
)


def follow(tracker):
    """Let a tracker follow a run of two rounds."""
    for number, score in enumerate([0.5, 0.75]):
        record = {"round": number, "n_labels": 10 + number, "score": score}
        record |= {"fit_seconds": 1.0, "query_seconds": 0.5, "is_last": number == 1}
        tracker("bald", 0, record, LEARNER)


def test_tensorboard_gets_every_round_and_every_epoch(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    follow(Tracker("tensorboard", tmp_path, group="lenet-none"))
    events = EventAccumulator(str(tmp_path / "tensorboard" / "lenet-none" / "bald" / "seed_0"))
    events.Reload()
    assert [(e.step, e.value) for e in events.Scalars("labels/score")] == [(10, 0.5), (11, 0.75)]
    assert [(e.step, e.value) for e in events.Scalars("round_1/train_loss")] == [(1, 2), (2, 1)]


def test_mlflow_gets_every_round_and_every_epoch(tmp_path, monkeypatch):
    pytest.importorskip("mlflow")
    from mlflow import MlflowClient

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    follow(Tracker("mlflow", tmp_path, group="lenet-none", project="mine"))
    client = MlflowClient((tmp_path / "mlruns").as_uri())
    (run,) = client.search_runs([client.get_experiment_by_name("mine").experiment_id])
    assert run.info.run_name == "lenet-none/bald/seed_0"
    assert run.info.status == "FINISHED"
    history = client.get_metric_history(run.info.run_id, "labels/score")
    assert [(m.step, m.value) for m in history] == [(10, 0.5), (11, 0.75)]
    assert run.data.metrics["round_1/train_loss"] == 1


def test_wandb_gets_every_round_and_every_epoch_in_one_run(tmp_path, monkeypatch):
    sent, finished = [], []

    class Run:
        log = staticmethod(sent.append)

        def define_metric(self, *args, **kwargs):
            pass

        def finish(self):
            finished.append(True)

    def init(**options):
        assert (options["project"], options["name"]) == ("skal", "lenet-none/bald/seed_0")
        assert options["dir"] == str(tmp_path)
        return Run()

    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=init))
    follow(Tracker("wandb", tmp_path, group="lenet-none"))
    assert [row["labels/score"] for row in sent if "n_labels" in row] == [0.5, 0.75]
    assert [row["train_loss"] for row in sent if "epoch" in row] == [2, 1, 2, 1]
    assert finished == [True]


def test_wandb_keeps_a_run_in_the_folder_when_it_is_offline(tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    follow(Tracker("wandb", tmp_path))
    (folder,) = (tmp_path / "wandb").glob("offline-run-*")
    assert any(name.endswith(".wandb") for name in os.listdir(folder))


def test_learners_without_a_history_have_their_rounds_followed(tmp_path):
    pytest.importorskip("tensorboard")
    tracker = Tracker("tensorboard", tmp_path)
    record = {"round": 0, "n_labels": 5, "score": 0.5, "fit_seconds": 1, "query_seconds": 0}
    tracker("random", 0, {**record, "is_last": True}, SimpleNamespace(estimator=object()))
    assert list(tmp_path.rglob("events*"))


def test_a_tool_that_is_missing_is_said_with_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(ImportError, match=r"needs mlflow-skinny.*skal\[tracking\]"):
        check_tool("mlflow")


def test_an_unknown_tool_is_named():
    with pytest.raises(ValueError, match="one of tensorboard, wandb, mlflow; got 'sacred'"):
        check_tool("sacred")
