"""How fast people label, when more labels change little, and scores of small projects."""

import numpy as np
import pytest
import sqlalchemy as sa
from made_projects import blobs, give_model, save_images, train_here

from skal.annotate import Project, _pacing, _schema
from skal.annotate._listing import draw_of

N = 120
Y = blobs(N)[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_images(tmp_path_factory.mktemp("pacing") / "images", blobs(N)[0])


@pytest.fixture
def project(folder, tmp_path):
    names, place = ["a", "b", "c"], tmp_path / "p"
    with Project.create(folder, names, place, embed=False, monitor_share=0.4) as project:
        yield project


def say(project, i, at=None, **options):
    project.decide(i, "label", "abc"[Y[i - 1]], client_ts=at, **options)


def test_the_pace_is_the_median_of_the_last_times_without_pauses(project):
    at = np.cumsum([0, 2, 2, 2, 3, 3, 500, 3, 4])
    for i, when in enumerate(at, start=1):
        say(project, i, float(when))
    assert project.pace() is None  # seven times, and a pause
    say(project, 10, 526.0)
    found = project.pace()
    assert (found.seconds, found.n, found.n_unanswered) == (3.0, 8, N - 10)
    assert found.seconds_pool == 3.0 * (N - 10)
    project.decide_many([20, 21], "label", "a")
    say(project, 22, 5.0, annotator="ann")
    assert project.pace().n == 8
    for i in range(40):
        say(project, 23 + i, 530.0 + i)
    assert (project.pace().seconds, project.pace().n) == (1.0, 30)


def monitor(project):
    items = sorted(project.items(n=N), key=lambda item: draw_of(0, item.relpath))
    return [item.id for item in items[:48]]


def give_models(project, guesses):
    ids = [give_model(project, np.eye(3)[g] * 0.9 + 0.03) for g in guesses]
    with project._store.writing() as connection:
        for i, model_id in enumerate(ids):
            where = _schema.model.c.id == model_id
            connection.execute(sa.update(_schema.model).where(where).values(n_labels=32 * i))
    return ids


def test_a_hint_comes_when_labels_change_little(project):
    good = Y.copy()
    good[::10] = (good[::10] + 1) % 3
    assert project.stop_hint() is None
    give_models(project, [good] * 4)
    assert project.stop_hint() is None  # nobody knows how good they are
    project.set_labels({i: "abc"[Y[i - 1]] for i in monitor(project)})
    found = project.stop_hint()
    assert (found.n_labels, found.gain, found.churn, found.n_monitor) == (96, 0.0, 0.0, 48)
    assert "last 96 labels: +0.0 ±" in found.message
    recalls = {c.label: c.recall for c in project.report().classes}
    assert recalls[found.weakest] == min(recalls.values())


@pytest.mark.parametrize("last", [Y, (Y + (np.arange(N) == 5)) % 3])
def test_no_hint_while_the_score_rises_or_predictions_change(project, last):
    bad = np.where(np.arange(N) % 2 == 0, (Y + 1) % 3, Y)
    first = bad if last is Y else Y
    give_models(project, [first, Y, (Y + (np.arange(N) == 60)) % 3, last])
    project.set_labels({i: "abc"[Y[i - 1]] for i in monitor(project)})
    assert project.stop_hint() is None


def test_the_interval_of_a_gain_holds_it():
    rng, hits = np.random.RandomState(0), 0
    for _ in range(1000):
        old = rng.rand(60) < 0.8
        new = np.where(rng.rand(60) < 0.8, old, rng.rand(60) < 0.9)
        gain, half = _pacing.paired_gain(old, new)
        hits += abs(gain - 0.2 * 0.1) <= half
    assert hits >= 930


# Monitor images that train -------------------------------------------------------------------


def test_small_projects_can_train_on_monitor_images_and_are_scored_before(folder, tmp_path):
    with Project.create(folder, ["a", "b", "c"], tmp_path / "p", monitor_share=0.4) as project:
        project.train_on_monitor = True
        ids = monitor(project)
        project.set_labels({i: "abc"[Y[i - 1]] for i in ids[:12]})
        assert project.warming_up() is None  # monitor labels count
        first = train_here(project)
        assert project.score() is None
        project.set_labels({i: "abc"[Y[i - 1]] for i in ids[12:30]})
        second = train_here(project)
        assert project.score() is None  # 18 of the first model, none of the second
        project.set_labels({i: "abc"[Y[i - 1]] for i in ids[30:40]})
        found = project.score()
        assert (found.kind, found.n) == ("test-then-train", 28)
        right = [
            project._read_predictions(first if k < 30 else second).best(np.array([i]))[0]
            == Y[i - 1] + 1
            for k, i in enumerate(ids[12:40], start=12)
        ]
        assert found.score == pytest.approx(np.mean(right))
        assert "test-then-train" in str(found)
        assert project.report().classes is None  # ten labels are new to the model
        project.train_on_monitor = False
    with Project.open(tmp_path / "p") as again:
        assert not again.train_on_monitor
        third = train_here(again) if again.warming_up() is None else None
        assert third is None  # all labels are of monitor images


def test_a_model_is_compared_on_labels_that_neither_has_learned_from(folder, tmp_path):
    with Project.create(folder, ["a", "b", "c"], tmp_path / "p", monitor_share=0.4) as project:
        project.train_on_monitor = True
        project.set_labels({i: "abc"[Y[i - 1]] for i in monitor(project)})
        train_here(project)
        train_here(project)
        assert "too few monitor labels to compare (n = 0)" in project.history["reason"].iloc[-1]
