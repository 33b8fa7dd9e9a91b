"""Training beside labeling: a process that may be slow, cancelled, crash or be killed."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import made_projects
import numpy as np
import pytest
import sqlalchemy as sa
from made_projects import Failing, Killed, Slow, blobs, save_images, train_here

import skal.annotate
from skal.annotate import Project, _models, _schema, _training
from skal.exceptions import ProjectError

N = 90


@pytest.fixture
def folder(tmp_path):
    return save_images(tmp_path / "images", blobs(N)[0])


@pytest.fixture
def project(folder):
    with labeled(folder) as project:
        yield project


def labeled(folder, n=40, **options):
    """Return a project in which people have answered what they were asked."""
    project = Project.create(folder, ["a", "b", "c"], **options)
    answer(project, n)
    return project


def answer(project, n):
    for question in project.next(n):
        project.decide(question.item_id, "label", "abc"[blobs(N)[1][question.item_id - 1]])


def jobs(project):
    with project._store.reading() as connection:
        return connection.execute(sa.select(_schema.job).order_by(_schema.job.c.id)).all()


def leftovers(project):
    return [p.name for p in (project.place / "models").iterdir() if p.name.startswith(".")]


def test_a_model_is_trained_beside_and_used(project):
    seen = []
    job = project.train(on_progress=seen.append)
    assert (job.state, job.message) == ("done", "The first model.")
    assert [s["phase"] for s in seen] == ["training", "predicting", "checking labels"]
    assert leftovers(project) == []
    (row,) = jobs(project)
    assert (row.state, row.model_id) == ("done", job.model_id)
    history = project.history
    assert history["is_current"].tolist() == [True]
    assert history["n_labels"].tolist() == [len(project.labels("train")[1])]
    question = next(q for q in project.next(5) if not q.is_blind)
    assert question.model_id == job.model_id
    assert question.strategy == "margin"


def test_the_saved_model_says_what_its_predictions_say(project):
    train_here(project)
    ids = list(range(1, N + 1))
    model, saved = project.load_model(), project._predictions(1)
    np.testing.assert_allclose(model.predict_proba(project.inputs(ids)), saved.proba, atol=1e-6)
    guesses = np.array(["abc"[i - 1] for i in saved.best(ids)])
    assert (guesses == np.array(list("abc"))[blobs(N)[1]]).mean() > 0.9


def test_monitor_images_do_not_train(project, monkeypatch):
    train, monitor = (set(project.labels(split)[0]) for split in ("train", "monitor"))
    snapshot, facts = project._snapshot()
    assert len(snapshot.y) == facts["n_labels"] == len(train)
    names = {item.relpath for item in project.items(n=1000)}
    assert monitor
    assert not train & monitor
    assert len(names) == N


def test_too_few_labels_are_said_in_words(folder):
    with Project.create(folder, ["cat", "dog"], monitor_share=0) as project:
        for item_id in range(1, 4):
            project.decide(item_id, "label", "cat")
        project.decide(4, "label", "dog")
        assert project.warming_up() == "Warming up: dog needs 1 more, 6 more labels in all."
        with pytest.raises(ValueError, match="dog needs 1 more"):
            project.train()
        for item_id in range(5, 11):
            project.decide(item_id, "label", "dog")
        assert project.warming_up() is None


def test_a_class_that_is_not_found_is_not_waited_for_for_ever(folder):
    with Project.create(folder, ["a", "b", "unicorn"], monitor_share=0) as project:
        for item_id in range(1, 50):
            project.decide(item_id, "label", "ab"[item_id % 2])
        assert project.warming_up() == "Warming up: unicorn needs 2 more."
        project.decide(50, "label", "a")
        assert project.warming_up() is None


def test_labeling_goes_on_while_a_model_is_trained(folder):
    """Labeling that stops while training."""
    with labeled(folder, model=Slow()) as project:
        job = project.train(wait=False)
        with pytest.raises(RuntimeError, match="a training is running"):
            project.train()
        start = time.perf_counter()
        answer(project, 10)
        assert time.perf_counter() - start < 5
        assert job.state == "running"
        (row,) = jobs(project)
        assert row.label_revision == 40  # labels made since count the next time


def test_a_training_that_does_not_listen_is_ended_by_force(folder, monkeypatch):
    monkeypatch.setattr(_training, "GRACE", 0.5)
    with labeled(folder, model=Slow()) as project:
        job = project.train(wait=False)
        job.cancel()
        assert job.wait(30).state == "cancelled"
        assert jobs(project)[0].state == "cancelled"
        assert leftovers(project) == []
        assert project.score() is None
        job.cancel()  # of one that has ended, nothing


def test_closing_the_project_ends_a_training(folder):
    with labeled(folder, model=Slow()) as project:
        job = project.train(wait=False)
    assert job.state == "interrupted"
    with Project.open(project.place, model="logistic") as again:
        assert jobs(again)[0].state == "interrupted"


@pytest.mark.skipif(os.name == "nt", reason="no signals")
def test_a_training_that_is_killed_leaves_all_as_it_was(project):
    """Training that changes the model in use."""
    first = project.train().model_id
    before = project._predictions(first).proba
    project.estimator = Killed()
    job = project.train()
    assert job.state == "failed"
    assert "was killed by signal 9, perhaps because memory ran out" in job.message
    assert project.history["is_current"].tolist() == [True]
    np.testing.assert_array_equal(project._predictions(first).proba, before)
    project.estimator = _models.make_model("logistic")
    assert project.train().state == "done"


def test_a_training_that_fails_says_why(project):
    project.estimator = Failing()
    job = project.train()
    assert job.state == "failed"
    assert job.message.startswith("ValueError: no such luck")
    assert leftovers(project) == []


PARENT = """
import sys, time
from made_projects import Slow
from skal.annotate import Project

if __name__ == "__main__":
    project = Project.open(sys.argv[1], model=Slow())
    job = project.train(wait=False)
    print(job._process.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
def test_a_training_ends_with_a_program_that_is_killed(project, tmp_path):
    project.close()
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(script), str(project.place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as parent:
        child = int(parent.stdout.readline())
        time.sleep(3)  # the child has begun
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_running(child)
    with Project.open(project.place, model="logistic") as again:
        assert jobs(again)[0].state == "interrupted"
        assert leftovers(again) == []
        assert len(again.labels()[1]) == 40


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_model_that_was_not_registered_is_removed(project):
    (project.place / "models" / "99").mkdir()
    project.close()
    with Project.open(project.place) as again:
        assert not (again.place / "models" / "99").exists()


def test_a_model_can_be_taken_back_into_use_and_labels_stay(project):
    first = train_here(project)
    answer(project, 10)
    second = train_here(project)
    assert project.history["is_current"].tolist() == [False, True]
    n_labels = len(project.labels()[1])
    project.use_model(first)
    assert project.history["is_current"].tolist() == [True, False]
    assert len(project.labels()[1]) == n_labels
    assert second != first
    with pytest.raises(KeyError, match="no model of number 99"):
        project.use_model(99)


def test_model_files_that_were_changed_are_refused(project):
    train_here(project)
    path = project.place / "models" / "1" / _models.SKOPS
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(ProjectError, match="missing or changed"):
        project.load_model()


def test_a_model_of_unknown_types_is_not_loaded(project, tmp_path):
    """Model files that run code when they are loaded."""
    _models.save_model(made_projects.Failing(), tmp_path)
    with pytest.raises(ProjectError, match=r"not known to be safe: \['made_projects.Failing'\]"):
        _models.load_model(tmp_path)


def test_nothing_of_the_engine_reads_pickles():
    source = Path(skal.annotate.__file__).parent
    words = re.compile(r"import (pickle|joblib|shelve)|torch\.load|allow_pickle|\.load\(.*pickle")
    assert [p.name for p in source.glob("*.py") if words.search(p.read_text())] == []


def test_a_net_learns_from_the_images_and_can_be_cancelled(folder):
    from skal.nets import CNNClassifier

    with labeled(folder, model=CNNClassifier(max_epochs=2), image_size=16) as project:
        seen = []
        job = project.train(on_progress=seen.append)
        assert job.state == "done", job.message
        assert [s["epoch"] for s in seen if "epoch" in s] == [1, 2]
        model, saved = project.load_model(), project._predictions(job.model_id)
        X = project.inputs([1, 2, 3])
        assert X.shape == (3, 16, 16, 3)
        np.testing.assert_allclose(model.predict_proba(X), saved.of([1, 2, 3]), atol=1e-4)
        project.estimator = CNNClassifier(max_epochs=100_000)
        job = project.train(wait=False, on_progress=seen.append)
        while job.progress.get("epoch", 0) < 3:
            job.wait(0.05)
        job.cancel()
        assert job.wait(30).message == "cancelled"  # it was not ended by force


def test_the_learner_is_an_active_learner_of_the_library(project):
    learner = project.learner
    pool = project.pool()
    indices, _ = learner.query(project.inputs(pool), n_instances=5)
    assert len(set(pool[indices])) == 5
    assert set(learner.predict(project.inputs(pool))) <= {"a", "b", "c"}
    assert len(learner.y_training) == len(project.labels("train")[1])
    with pytest.raises(KeyError, match="not there or were not looked at"):
        project.inputs([10_000])


def test_a_learner_without_labels_is_untaught(folder):
    with Project.create(folder, ["a", "b"]) as project:
        assert project.learner.X_training is None
        assert project.history.empty
        with pytest.raises(ProjectError, match="has no model yet"):
            project.load_model()


@pytest.mark.parametrize("model", ["resnet", 3, object()])
def test_unknown_models_are_refused(folder, model):
    with pytest.raises(ValueError, match="model must be a classifier"):
        Project.create(folder, ["a"], model=model)
