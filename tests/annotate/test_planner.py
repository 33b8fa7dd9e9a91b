"""Planning ahead of need: nobody waits for it, and it changes nothing."""

import threading
import time

import pytest
import sqlalchemy as sa
from made_projects import blobs, give_model, save_images, some_proba

from skal.annotate import Project, _queue, _schema


@pytest.fixture
def folder(tmp_path):
    return save_images(tmp_path / "images", blobs(120)[0])


def held(monkeypatch):
    """Let plans that are made in the background wait; return what lets them go on."""
    real, go_on = _queue.plan, threading.Event()

    def plan(store, state, connection):
        if threading.current_thread().name.startswith("planner"):
            assert go_on.wait(60)
        return real(store, state, connection)

    monkeypatch.setattr(_queue, "plan", plan)
    return go_on


def label_all(project, n, before=lambda i: None):
    """Label what is asked for, one image after the other; return what was asked."""
    asked = []
    for i in range(n):
        before(i)
        (question,) = project.next()
        project.decide(question.item_id, "label", "abc"[i % 3])
        asked.append(question)
    return asked


def test_a_round_is_planned_before_the_last_one_is_used_up(folder):
    with Project.create(folder, ["a", "b", "c"]) as project:
        label_all(project, 17)
        project._planner.close()
        with project._store.reading() as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(_schema.round_)) == 2
            assert _queue.n_waiting(connection) == 2 * 32 - 17


def test_nobody_waits_for_a_plan_while_there_are_images(folder, monkeypatch):
    go_on = held(monkeypatch)
    with Project.create(folder, ["a", "b", "c"]) as project:
        label_all(project, 31)
        assert project._planner.is_busy()
        threading.Timer(0.2, go_on.set).start()
        assert len(label_all(project, 3)) == 3  # waits for the plan, once
        assert not project._planner.is_busy()


def test_the_queue_does_not_depend_on_how_long_plans_take(folder, tmp_path, monkeypatch):
    def run(place, before):
        with Project.create(folder, ["a", "b", "c"], tmp_path / place) as project:
            give_model(project, some_proba())
            return label_all(project, 80, before)

    go_on = held(monkeypatch)
    slow = run("slow", lambda i: go_on.set() if i % 32 == 31 else go_on.clear())
    go_on.set()
    fast = run("fast", lambda i: time.sleep(0.02))
    assert slow == fast
    assert len({q.item_id for q in fast}) == 80


def test_what_goes_wrong_in_a_plan_reaches_who_asks(folder, monkeypatch):
    with Project.create(folder, ["a", "b", "c"]) as project:
        label_all(project, 10)
        real = _queue.plan_round

        def fail(*_):
            raise RuntimeError("no such luck")

        monkeypatch.setattr(_queue, "plan_round", fail)
        label_all(project, 22)
        with pytest.raises(RuntimeError, match="no such luck"):
            label_all(project, 1)
        monkeypatch.setattr(_queue, "plan_round", real)
        label_all(project, 5)


def test_a_new_model_is_planned_with_at_once(folder):
    with Project.create(folder, ["a", "b", "c"]) as project:
        label_all(project, 5)
        first, second = give_model(project, some_proba()), give_model(project, some_proba(seed=1))
        project.use_model(first)
        project._planner.wait()
        with project._store.reading() as connection:
            assert not _queue.is_stale(connection, first)
        project.use_model(second)
        assert label_all(project, 1)[0].strategy in ("margin", "random")
