"""Decisions about many images at once, and predictions that people accept."""

import numpy as np
import pytest
import sqlalchemy as sa
from made_projects import blobs, give_model, save_images

from skal.annotate import Project, _decisions, _monitor
from skal.annotate._listing import draw_of
from skal.exceptions import ProjectError

N = 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_images(tmp_path_factory.mktemp("bulk") / "images", blobs(N)[0])


@pytest.fixture
def project(folder, tmp_path):
    with Project.create(folder, ["a", "b", "c"], tmp_path / "p", embed=False) as project:
        yield project


def state(project):
    """Return what all images are called, and the labels."""
    with project._store.reading() as connection:
        found = _decisions.states(connection)
    return {i: {k: v for k, v in s.items() if k != "event_id"} for i, s in found.items()}, (
        project.classes
    )


def labels_of(project):
    return {item.id: item.label for item in project.items(n=N, answer="label")}


def is_rebuilt(project):
    """Return whether the events alone lead to the same state."""
    with project._store.writing() as connection:
        before = _decisions.states(connection)
        _decisions.rebuild(connection)
        return _decisions.states(connection) == before


def do_relabel(project):
    return project.decide_many([1, 2, 5, 5], "label", "b")


def do_merge(project):
    return project.merge_label("a", "c")


def do_delete(project):
    return project.delete_label("a")


def do_exclude(project):
    return project.decide_many(range(3, 9), "exclude")


@pytest.mark.parametrize(
    ("act", "n", "after"),
    [
        (do_relabel, 3, {1: "b", 2: "b", 3: "a", 4: "b", 5: "b"}),
        (do_merge, 3, {1: "c", 2: "c", 3: "c", 4: "b"}),
        (do_delete, 3, {4: "b"}),
        (do_exclude, 6, {1: "a", 2: "a"}),
    ],
)
def test_one_undo_takes_back_all_of_it_and_redo_gives_it_back(project, act, n, after):
    for item_id, label in {1: "a", 2: "a", 3: "a", 4: "b"}.items():
        project.decide(item_id, "label", label)
    project.decide(2, "flag", True)
    before = state(project)
    made = act(project)
    assert (made.kind, made.n_items, made.item_id) == ("bulk", n, None)
    assert labels_of(project) == after
    changed = state(project)
    undone = project.undo()
    assert (undone.kind, undone.n_items, undone.target_id) == ("undo", n, made.id)
    assert state(project) == before
    assert is_rebuilt(project)
    assert project.redo().n_items == n
    assert state(project) == changed
    assert is_rebuilt(project)
    project.undo()
    project.undo()  # the flag
    assert [item.id for item in project.items(n=N) if item.is_flagged] == []


def test_an_undo_of_many_leaves_what_somebody_else_has_decided_since(project):
    project.decide_many([1, 2], "label", "a", annotator="ann")
    project.decide(2, "label", "c", annotator="bob")
    project.undo("ann")
    assert labels_of(project) == {2: "c"}


def test_the_same_key_twice_is_one_decision_about_many(project):
    project.decide_many([1, 2], "label", "a")
    first, second = (project.merge_label("a", "b", key="k") for _ in range(2))
    assert first == second
    assert first.n_items == 2
    with pytest.raises(ValueError, match="belongs to another decision"):
        project.merge_label("b", "c", key="k")
    once, again = (project.undo(key="u") for _ in range(2))
    assert once == again
    assert labels_of(project) == {1: "a", 2: "a"}


def test_a_merged_label_is_archived_and_undo_brings_it_back(project):
    project.merge_label("a", "b")
    assert [c.name for c in project.classes if c.is_archived] == ["a"]
    with pytest.raises(ValueError, match=r"'a' that is archived. Bring it back"):
        project.add_label("a")
    project.undo()
    project.decide(1, "label", "a")


@pytest.mark.parametrize(
    "act",
    [
        lambda p: p.merge_label("a", "a"),
        lambda p: p.merge_label("a", "x"),
        lambda p: p.delete_label("x"),
        lambda p: p.decide_many([1, 2], "love"),
        lambda p: p.set_labels({1: "x"}),
        lambda p: p.set_labels({1: "a"}, source="model-accepted"),
        lambda p: p.recolor_label("a", "red"),
        lambda p: p.preview_accept("a", 1.5),
    ],
)
def test_what_is_wrong_is_refused_and_leaves_nothing(project, act):
    before = state(project)
    with pytest.raises(ValueError, match=r".+"):
        act(project)
    with pytest.raises(KeyError):
        project.decide_many([1, 999], "label", "a")
    assert state(project) == before
    assert project.undo() is None


def test_a_label_gets_another_color(project):
    project.recolor_label("a", "#123abc")
    assert project.classes[0].color == "#123abc"


def test_labels_that_were_imported_train_and_judge_models(project):
    y = blobs(N)[1]
    made = project.set_labels({i: "abc"[y[i - 1]] for i in range(1, N + 1)})
    assert made.n_items == N
    assert project.warming_up() is None
    assert {item.source for item in project.items(n=N)} == {"imported"}
    assert len(project.labels("monitor")[1]) == 30
    give_model(project, np.eye(3)[y])
    assert project.score().n == 30  # all monitor images have labels, without a gap
    project.undo()
    assert project.score() is None


def test_ten_thousand_images_are_decided_about_in_seconds(project):
    """Set-based: no query for each image."""
    n_queries = []

    def note(*_):
        n_queries.append(1)

    sa.event.listen(project._store._writer, "before_cursor_execute", note)
    project.decide_many(range(1, 101), "label", "a")
    n_of_many = len(n_queries)
    project.undo()
    project.decide_many([1], "label", "a")
    assert n_of_many < 25


# Accepting ----------------------------------------------------------------------------------


def sure(y, p=0.9):
    return np.eye(3)[y] * (p - (1 - p) / 2) + (1 - p) / 2


@pytest.fixture
def judged(project):
    """A project with a model that is wrong on every sixth image, and 30 monitor labels."""
    y = blobs(N)[1]
    guesses = np.where(np.arange(N) % 6 == 0, (y + 1) % 3, y)
    give_model(project, sure(guesses))
    items = sorted(project.items(n=N), key=lambda item: draw_of(0, item.relpath))
    project.set_labels({item.id: "abc"[y[item.id - 1]] for item in items[:30]})
    project.decide_many([i for i in range(1, 20) if i not in labels_of(project)], "label", "a")
    return project, y, guesses


def test_the_expected_error_is_that_of_monitor_images_of_which_the_model_says_so(judged):
    project, y, guesses = judged
    found = project.preview_accept("b", 0.8)
    with project._store.reading() as connection:
        ids = _monitor.monitor_labels(connection).ids
    said = [i for i in ids if guesses[i - 1] == 1]
    wrong = [i for i in said if y[i - 1] != 1]
    assert (found.n_monitor, found.error) == (len(said), len(wrong) / len(said))
    assert (found.low, found.high) == _monitor.wilson(len(wrong), len(said))
    labeled = set(labels_of(project)) | set(ids.tolist())
    expected = {i for i in range(1, N + 1) if guesses[i - 1] == 1} - labeled
    assert found.n_items == len(expected)
    assert len(found.sample) == min(12, len(expected))
    assert set(found.sample) <= expected
    assert project.preview_accept("b", 0.95).n_items == 0
    assert project.preview_accept("b", 0.95).error is None


def test_what_is_accepted_is_no_label_of_people(judged):
    project, _, _ = judged
    before = project.labels(as_frame=True), project.score(), project.warming_up()
    found = project.preview_accept("b", 0.8)
    made = project.accept_predictions("b", 0.8, model_id=found.model_id)
    assert made.n_items == found.n_items > 0
    after = project.labels(as_frame=True), project.score(), project.warming_up()
    columns = ["path", "label", "split", "source"]
    assert after[0][columns].equals(before[0][columns])
    assert after[1:] == before[1:]
    assert len(project.labels("accepted")[1]) == found.n_items
    assert set(project.labels("accepted", as_frame=True)["source"]) == {"model-accepted"}
    accepted = [row for row in project._labeled() if row.source == "model-accepted"]
    assert not any(project._trains(row) for row in accepted)
    project.undo()
    assert len(project.labels("accepted")[1]) == 0
    assert project.preview_accept("b", 0.8) == found


def test_monitor_images_are_never_accepted(project):
    give_model(project, sure(np.ones(N, int)))
    project.accept_predictions("b", 0.5)
    accepted = project.labels("accepted", as_frame=True)
    assert len(accepted) == 90
    assert len(project.next(40)) == 30
    assert all(question.is_blind for question in project.next(40))


def test_a_person_overrules_what_was_accepted(project):
    give_model(project, sure(np.ones(N, int)))
    project.accept_predictions("b", 0.5)
    item = project.items(n=1, answer="label")[0]
    project.decide(item.id, "label", "a")
    assert project.item(item.id).source == "human"
    assert len(project.labels("accepted")[1]) == 89
    project.merge_label("b", "c")
    assert len(project.labels("accepted")[1]) == 89  # merging makes no label one of people


def test_nothing_is_accepted_of_another_model_than_was_looked_at(project):
    with pytest.raises(ProjectError, match="no model yet"):
        project.preview_accept("b", 0.5)
    first = give_model(project, sure(np.ones(N, int)))
    second = give_model(project, sure(np.zeros(N, int)))
    with pytest.raises(ValueError, match=f"model {second} is in use now, not {first}"):
        project.accept_predictions("b", 0.5, model_id=first)
