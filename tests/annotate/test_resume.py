"""Trainings of nets that were stopped, ran out of memory, or found the disk full."""

import numpy as np
import pytest
from made_projects import blobs, save_images, train_here

from skal.annotate import Project, _stopped
from skal.annotate._child import CancelledError
from skal.exceptions import ProjectError

N = 90
Y = blobs(N)[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_images(tmp_path_factory.mktemp("resume") / "images", blobs(N)[0])


def made(folder, place, model):
    options = {"model": model, "image_size": 16, "monitor_share": 0}
    project = Project.create(folder, ["a", "b", "c"], place, **options)
    project.set_labels({i: "abc"[Y[i - 1]] for i in range(1, 41)})
    return project


def stop_after(n_epochs):
    def report(progress):
        if progress.get("epoch") == n_epochs:
            raise CancelledError

    return report


def test_a_stopped_training_goes_on_after_a_restart(folder, tmp_path):
    from skal.nets import CNNClassifier

    net = CNNClassifier(max_epochs=5)
    with made(folder, tmp_path / "p", net) as project:
        assert project.stopped_training is None
        with pytest.raises(ValueError, match="no training was stopped"):
            project.resume_training()
        with pytest.raises(CancelledError):
            train_here(project, report=stop_after(2))
        project.set_labels({i: "abc"[Y[i - 1]] for i in range(41, 61)})  # count the next time
    with Project.open(tmp_path / "p", model=net) as project:
        assert str(project.stopped_training) == "Stopped at epoch 2/5"
        assert project.stopped_training.n_labels == 40
        seen = []
        model_id = train_here(project, project._resumed, seen.append)
        assert [s["epoch"] for s in seen if "epoch" in s] == [3, 4, 5]
        epochs = project.report(model_id).epochs
        assert [e["epoch"] for e in epochs] == [1, 2, 3, 4, 5]
        assert all(e["learning_rate"] > 0 and np.isfinite(e["train_loss"]) for e in epochs)
        assert epochs[2]["train_loss"] < epochs[0]["train_loss"]  # it has not begun anew
        assert project.history["n_labels"].tolist() == [40]
        assert project.load_model(model_id).max_epochs == 5
        project.discard_training()
        assert project.stopped_training is None


def test_a_training_of_another_estimator_is_not_gone_on_with(folder, tmp_path):
    from skal.nets import CNNClassifier

    with made(folder, tmp_path / "p", CNNClassifier(max_epochs=3)) as project:
        with pytest.raises(CancelledError):
            train_here(project, report=stop_after(1))
        project.estimator = _logistic()
        with pytest.raises(ValueError, match="of another estimator"):
            project.resume_training()


def _logistic():
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression()


def test_a_full_disk_stops_stopped_and_trainings_but_no_labels(folder, tmp_path, monkeypatch):
    from skal.nets import CNNClassifier

    with made(folder, tmp_path / "p", CNNClassifier(max_epochs=2)) as project:
        seen = []
        monkeypatch.setattr(_stopped, "has_room", lambda folder: False)
        monkeypatch.setattr("skal.annotate._child.check_room", lambda folder: None)
        train_here(project, report=seen.append)
        assert [s["is_kept"] for s in seen if "epoch" in s] == [False, False]
        assert project.stopped_training is None
        with pytest.raises(ProjectError, match="less than 500 MB left"):
            project.train()
        project.decide(50, "label", "a")


def test_a_training_without_memory_goes_on_with_smaller_batches(folder, tmp_path):
    from hungry_nets import HungryNet

    net = HungryNet(max_epochs=1, batch_size=64)
    with made(folder, tmp_path / "p", net) as project:
        seen = []
        job = project.train(on_progress=seen.append)
        assert (job.state, job.message) == ("done", "The first model.")
        assert [s["batch_size"] for s in seen if s["phase"] == "out of memory"] == [32, 16]
        assert project.estimator.batch_size == 64
        assert project.stopped_training is None
