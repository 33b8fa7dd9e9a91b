"""A project as its users see it: images by the page, labels, their names, and what goes out."""

import csv
import json
import os
import stat
import sys
import time
import tracemalloc

import numpy as np
import pytest
import sqlalchemy as sa
from made_projects import gray_images, save_images

from skal.annotate import Project, _features, _schema
from skal.annotate._listing import draw_of
from skal.exceptions import ProjectError


@pytest.fixture
def folder(tmp_path):
    return save_images(tmp_path / "images", gray_images(12))


@pytest.fixture
def project(folder):
    with Project.create(folder, ["cat", "dog"], monitor_share=0) as project:
        yield project


def test_a_project_is_as_it_was_when_it_is_opened_again(project):
    project.decide(1, "label", "cat")
    project.decide(2, "unsure")
    project.decide(2, "flag", True)
    project.decide(3, "note", "blurred?")
    before = project.items()
    project.close()
    with Project.open(project.place) as again:
        assert again.items() == before
        assert (again.name, again.folder) == ("images", project.folder)
        assert again.undo().item_id == 3
        assert again.items()[2].note == ""


def test_the_place_is_beside_the_images_and_for_its_owner_only(project, folder):
    assert project.place == folder.with_name("images.skal")
    if os.name != "nt":
        assert stat.S_IMODE(project.place.stat().st_mode) == 0o700


def test_people_are_shown_the_file_itself(project, folder):
    """A training tensor of 224 x 224, possibly mirrored, shown in place of the image."""
    item = project.items()[2]
    assert project.path(item.id) == folder / "00002.png"
    assert (item.width, item.height) == (8, 8)


def test_labels_come_as_paths_and_names(project):
    for item_id, label in [(3, "dog"), (1, "cat"), (2, "cat")]:
        project.decide(item_id, "label", label)
    project.decide(2, "clear")
    X, y = project.labels()
    assert X.tolist() == [str(project.path(i)) for i in (1, 3)]
    assert y.tolist() == ["cat", "dog"]


def test_labels_come_as_a_data_frame_with_all_that_is_known(project):
    project.decide(1, "label", "cat", annotator="ann", shown_prediction={"cat": 0.7})
    (row,) = project.labels(as_frame=True).to_dict("records")
    assert row["annotator"] == "ann"
    assert row["shown_prediction"] == {"cat": 0.7}
    assert row["split"] == "train"
    assert len(row["content_hash"]) == 64


def test_pages_of_images_follow_each_other(project):
    pages, after = [], 0
    while page := project.items(after, n=5):
        pages.append([item.id for item in page])
        after = page[-1].id
    assert pages == [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [11, 12]]


def test_images_are_found_by_their_answer(project):
    project.decide(1, "label", "cat")
    project.decide(2, "skip")
    assert [item.id for item in project.items(answer="label")] == [1]
    assert [item.id for item in project.items(answer="skip")] == [2]
    assert len(project.items(answer="unanswered")) == 10
    with pytest.raises(ValueError, match="answer must be"):
        project.items(answer="labels")


def test_names_of_labels_are_any_text(folder):
    names = ["=1+1", "<b>x</b>", "naïve, 'quoted' \"text\"", "0", "名前"]
    with Project.create(folder, names) as project:
        for item_id, name in enumerate(names, start=1):
            project.decide(item_id, "label", name)
        assert project.labels()[1].tolist() == names


def test_a_label_is_renamed_without_losing_work(project):
    project.decide(1, "label", "cat")
    project.rename_label("cat", "lion")
    project.decide(2, "label", "lion")
    assert project.labels()[1].tolist() == ["lion", "lion"]
    with pytest.raises(ValueError, match="has no label 'cat'"):
        project.decide(3, "label", "cat")
    with pytest.raises(ValueError, match="has a label 'dog' already"):
        project.rename_label("lion", "dog")


def test_ids_and_colors_of_labels_stay_when_their_order_changes(project):
    project.add_label("fox")
    before = {c.name: (c.id, c.color) for c in project.classes}
    project.order_labels(["fox", "cat", "dog"])
    assert [c.name for c in project.classes] == ["fox", "cat", "dog"]
    assert {c.name: (c.id, c.color) for c in project.classes} == before


def test_an_archived_label_is_not_given_and_not_lost(project):
    project.decide(1, "label", "cat")
    project.archive_label("cat")
    assert project.labels()[1].tolist() == ["cat"]
    with pytest.raises(ValueError, match="is archived"):
        project.decide(2, "label", "cat")
    project.archive_label("cat", is_archived=False)
    project.decide(2, "label", "cat")


@pytest.mark.parametrize(
    ("labels", "error"), [("ab", TypeError), (["a", "a"], ValueError), ([" "], ValueError)]
)
def test_bad_labels_are_refused_before_anything_is_made(folder, labels, error):
    with pytest.raises(error):
        Project.create(folder, labels)
    assert not folder.with_name("images.skal").exists()


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        ("label", None, ValueError),
        ("label", "fox", ValueError),
        ("love", None, ValueError),
        ("undo", None, ValueError),
        ("flag", None, TypeError),
        ("note", 3, TypeError),
        ("skip", "cat", TypeError),
    ],
)
def test_bad_decisions_are_refused_and_leave_nothing(project, kind, value, error):
    with pytest.raises(error):
        project.decide(1, kind, value)
    assert project.undo() is None


def test_an_unknown_image_is_refused(project):
    with pytest.raises(KeyError, match="has the number 99"):
        project.decide(99, "skip")


def test_the_same_key_twice_is_one_decision(project):
    first, second = (project.decide(1, "label", "cat", key="k") for _ in range(2))
    assert first == second
    project.undo()
    assert project.undo() is None


def test_monitor_images_are_answered_blind(folder):
    """A score that people have been told the answers of."""
    with Project.create(folder, ["cat", "dog"], monitor_share=0.5) as project:
        shown = {"cat": 0.9, "dog": 0.1}
        items = sorted(project.items(), key=lambda item: draw_of(0, item.relpath))
        reserved = [item.id for item in items[:6]]
        for item in project.items():
            if item.id in reserved:
                with pytest.raises(ValueError, match="answered blind"):
                    project.decide(item.id, "label", "cat", shown_prediction=shown)
            else:
                project.decide(item.id, "label", "cat", shown_prediction=shown)
        project.decide(reserved[0], "label", "cat")
        project.decide(reserved[0], "label", "dog", shown_prediction=shown)  # it was answered
        assert project.labels("monitor")[1].tolist() == ["dog"]
        assert len(project.labels("train")[1]) == 6


def test_csv_holds_every_label_and_no_formula(folder, tmp_path):
    with Project.create(folder, ["=1+1", "dog"], monitor_share=0) as project:
        project.decide(1, "label", "=1+1", annotator="@ann")
        project.decide(2, "label", "dog")
        project.decide(2, "note", "+cmd|' /C calc'!A0")
        project.to_csv(tmp_path / "labels.csv")
        project.to_csv(tmp_path / "raw.csv", neutralize=False)
    with open(tmp_path / "labels.csv", newline="", encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert (first["label"], first["annotator"]) == ("'=1+1", "'@ann")
    assert second["note"] == "'+cmd|' /C calc'!A0"
    with open(tmp_path / "raw.csv", newline="", encoding="utf-8") as file:
        assert next(csv.DictReader(file))["label"] == "=1+1"


def test_a_folder_of_images_that_was_moved_is_found_again(project, folder, tmp_path):
    project.close()
    os.rename(folder, tmp_path / "moved")
    with Project.open(project.place, folder=tmp_path / "moved") as again:
        assert again.scan().n_images == 12
        assert again.path(1).is_file()


def test_a_project_whose_making_was_interrupted_says_so(project):
    with project._store.writing() as connection:
        connection.execute(sa.delete(_schema.project))
    project.close()
    with pytest.raises(ProjectError, match="was interrupted"):
        Project.open(project.place)


def test_a_project_that_cannot_be_opened_is_not_left_locked(project, tmp_path):
    project.close()
    with pytest.raises(ValueError, match="must be a folder"):
        Project.open(project.place, folder=tmp_path / "nothing")
    Project.open(project.place).close()


def test_a_place_that_holds_other_things_is_refused(folder, tmp_path):
    """A folder that projects clean up must hold nothing else."""
    (tmp_path / "home" / "models" / "1").mkdir(parents=True)
    with pytest.raises(ProjectError, match="is not empty"):
        Project.create(folder, ["a"], tmp_path / "home")
    assert (tmp_path / "home" / "models" / "1").is_dir()


def test_a_first_scan_that_was_interrupted_is_finished(folder):
    project = Project.create(folder, ["a"], embed=False)
    with project._store.writing() as connection:
        connection.execute(sa.delete(_schema.item).where(_schema.item.c.id > 5))
        connection.execute(sa.update(_schema.project).values(reserve=None))
    project.close()
    with Project.open(project.place) as again:
        assert len(again.items()) == 12
        assert any(question.is_blind for question in again.next(12))


def test_predictions_in_csv_are_json(project, tmp_path):
    project.decide(1, "label", "cat", shown_prediction={"cat": 0.75})
    project.to_csv(tmp_path / "labels.csv")
    with open(tmp_path / "labels.csv", newline="", encoding="utf-8") as file:
        assert json.loads(next(csv.DictReader(file))["shown_prediction"]) == {"cat": 0.75}


def test_two_projects_do_not_know_of_each_other(folder, tmp_path):
    """One global project for all, in which users overwrite each other."""
    with (
        Project.create(folder, ["a"], tmp_path / "one") as one,
        Project.create(folder, ["a"], tmp_path / "two") as two,
    ):
        one.decide(1, "label", "a")
        assert two.labels()[1].tolist() == []


def test_a_hundred_thousand_images_open_in_three_seconds(project):
    rows = [
        {"relpath": f"made/{i}.png", "draw": i / 1e5, "status": "ok", "content_hash": str(i)}
        for i in range(100_000)
    ]
    rows = [row | {"has_features": True} for row in rows]
    with project._store.writing() as connection:
        connection.execute(sa.insert(_schema.item), rows)
    project.close()
    del rows
    tracemalloc.start()
    start = time.process_time()
    with Project.open(project.place) as again:
        page = again.items(after=50_000)
        seconds, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(page) == 100
    assert seconds < 3
    assert peak < 20e6


def test_embeddings_tell_alike_images_and_survive_the_loss_of_their_cache(tmp_path):
    rng = np.random.RandomState(0)
    shapes = rng.randint(0, 255, (3, 16, 16))
    noisy = [shapes[i % 3] + rng.randint(-9, 9, (16, 16)) for i in range(30)]
    folder = save_images(tmp_path / "images", np.clip(noisy, 0, 255).astype(np.uint8))
    with Project.create(folder, ["a"]) as project:
        ids, X = _features.read_embeddings(project._store, project.place)
        assert ids.tolist() == list(range(1, 31))
        assert X.var(axis=0).mean() == pytest.approx(1, rel=0.01)
        distances = np.linalg.norm(X[:, None] - X[None], axis=2) + 1e9 * np.eye(30)
        assert (distances.argmin(axis=1) % 3 == np.arange(30) % 3).all()
        (project.place / _features.FILE).unlink()
        project.embed()
        again = _features.read_embeddings(project._store, project.place)[1]
        np.testing.assert_array_equal(again, X)


def test_the_axes_of_the_embedding_stay_when_images_come(tmp_path):
    folder = save_images(tmp_path / "images", gray_images(20))
    with Project.create(folder, ["a"]) as project:
        before = _features.read_embeddings(project._store, project.place)[1]
        save_images(folder, gray_images(30))
        project.scan()
        project.embed()
        after = _features.read_embeddings(project._store, project.place)[1]
        np.testing.assert_array_equal(after[:20], before)
        assert len(after) == 30


def test_axes_are_not_found_before_all_images_or_many_were_looked_at(tmp_path):
    folder = save_images(tmp_path / "images", gray_images(20))
    with Project.create(folder, ["a"], embed=False) as project:
        with project._store.writing() as connection:
            some = sa.update(_schema.item).where(_schema.item.c.id < 9)
            connection.execute(some.values(has_features=True))
        assert len(project._embeddings()[0]) == 0
        assert project.next()[0].strategy == "random"
        project.embed()
        assert len(project._embeddings()[0]) == 20


@pytest.mark.parametrize("n", [0, 1, 2])
def test_tiny_folders_are_projects_too(tmp_path, n):
    folder = save_images(tmp_path / "images", gray_images(n))
    with Project.create(folder, ["a"]) as project:
        assert len(_features.read_embeddings(project._store, project.place)[0]) == n
        assert len(project.items()) == n


def test_importing_the_engine_loads_no_net_and_no_image_library():
    import subprocess

    heavy = ["torch", "PIL", "skimage", "skops", "matplotlib"]
    code = f"import sys, skal.annotate; print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
