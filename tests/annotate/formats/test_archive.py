"""A project as one file: equal when it comes back, refused when anybody has touched it."""

import json
import os
import sqlite3
import threading
import zipfile

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_projects import blobs, gray_images, save_images, train_here

from skal.annotate import Project, _schema
from skal.exceptions import CancelledTransferError, FormatError, ProjectError

SKIPPED = {"has_features", "root"}


@pytest.fixture
def project(tmp_path):
    folder = save_images(tmp_path / "images", gray_images(12))
    save_images(folder / "deep", 255 - gray_images(2))
    with Project.create(folder, ["cat", "=1+1"], tmp_path / "one", embed=False) as project:
        for question in project.next(5):
            project.decide(question.item_id, "label", "cat", annotator="me")
        project.undo()
        project.decide(6, "note", "naïve\n'=x")
        project.decide(7, "flag", True)
        yield project


def state(project):
    """Return all rows of the database, but those of this machine."""
    found = {}
    with project._store.reading() as connection:
        for table in _schema.metadata.sorted_tables:
            columns = [c for c in table.columns if c.name not in SKIPPED]
            rows = connection.execute(sa.select(*columns).order_by(*table.primary_key.columns))
            found[table.name] = [tuple(row) for row in rows]
    return found


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("images", [False, True])
def test_an_imported_project_is_equal(project, tmp_path, images):
    report = project.to_archive(tmp_path / "a.zip", images=images)
    before, folder = state(project), None if images else project.folder
    with Project.from_archive(tmp_path / "a.zip", tmp_path / "two", folder=folder) as two:
        assert state(two) == before
        assert (two.name, two.random_state) == (project.name, project.random_state)
        assert [item.relpath for item in two.items()] == [i.relpath for i in project.items()]
        for item in two.items():
            content = two.path(item.id).read_bytes()
            assert content == project.path(item.id).read_bytes()
        assert [q.item_id for q in two.next(9)] == [q.item_id for q in project.next(9)]
        assert two.undo().target_id == project.undo().target_id
    assert report.n_images == (14 if images else 0)
    assert names(tmp_path / "two") == sorted(
        ["models", "project.lock", "project.sqlite"] + ["images"] * images
    )


KINDS = st.sampled_from(["label", "skip", "unsure", "exclude", "clear", "flag", "note"])
STEP = st.one_of(
    st.tuples(st.integers(1, 12), KINDS, st.text(max_size=5), st.sampled_from(["ann", "bob"])),
    st.tuples(st.sampled_from(["undo", "redo"]), st.sampled_from(["ann", "bob"])),
)


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(STEP, max_size=15))
def test_any_history_comes_back(project, tmp_path_factory, steps):
    scratch = tmp_path_factory.mktemp("archive")
    for step in steps:
        if step[0] in ("undo", "redo"):
            getattr(project, step[0])(step[1])
            continue
        item_id, kind, text, annotator = step
        value = {"label": "=1+1", "flag": True, "note": text.replace("\0", "")}.get(kind)
        project.decide(item_id, kind, value, annotator=annotator)
    project.to_archive(scratch / "a.zip")
    with Project.from_archive(scratch / "a.zip", scratch / "two", folder=project.folder) as two:
        assert state(two) == state(project)


@pytest.mark.parametrize("models", [False, True])
def test_models_come_along_or_only_what_they_said(tmp_path, models):
    folder = save_images(tmp_path / "images", blobs(56)[0])
    with Project.create(folder, ["a", "b"], tmp_path / "one", monitor_share=0.4) as one:
        for question in one.next(50):
            one.decide(question.item_id, "label", "ab"[question.item_id % 2])
        train_here(one)
        score = one.score()
        one.to_archive(tmp_path / "a.zip", models=models)
    with Project.from_archive(tmp_path / "a.zip", tmp_path / "two", folder=folder) as two:
        assert two.score() == score
        assert len(two.history) == 1
        if models:
            assert two.load_model().predict(two.inputs([1, 2])).shape == (2,)
        else:
            with pytest.raises(ProjectError, match="missing or changed"):
                two.load_model()


def test_where_the_images_are_is_not_told(project, tmp_path):
    project.to_archive(tmp_path / "a.zip", images=True)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        for name in archive.namelist():
            assert str(tmp_path).encode() not in archive.read(name)
        manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["format"], manifest["version"]) == ("skal-project", 1)
    assert set(manifest["members"]["project.sqlite"]) == {"sha256", "n_bytes"}


def rewrite(path, change):
    """Write an archive again with members that a function changes: a dict of names to bytes."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members = change(members) or members
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def told(members, change):
    """Change the manifest of members."""
    manifest = json.loads(members["manifest.json"])
    change(manifest)
    return members | {"manifest.json": json.dumps(manifest).encode()}


def with_database(members, *statements):
    """Change the database of members, and tell its new hash."""
    import hashlib

    connection = sqlite3.connect(":memory:")
    connection.deserialize(members["project.sqlite"])
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    content = connection.serialize()
    connection.close()

    def tell(manifest):
        manifest["members"]["project.sqlite"]["sha256"] = hashlib.sha256(content).hexdigest()

    return told(members | {"project.sqlite": content}, tell)


TAMPERED = {
    "a member that was changed": (
        lambda m: m | {"images/1.png": m["images/1.png"] + b"x"},
        "images/1.png",
    ),
    "the database": (
        lambda m: m | {"project.sqlite": m["project.sqlite"] + b"x"},
        "project.sqlite",
    ),
    "one more": (lambda m: m | {"models/1/evil.pkl": b"x"}, "models/1/evil.pkl"),
    "one less": (lambda m: {n: c for n, c in m.items() if n != "images/1.png"}, "images/1.png"),
    "no manifest": (lambda m: {n: c for n, c in m.items() if n != "manifest.json"}, "manifest"),
    "a broken manifest": (lambda m: m | {"manifest.json": b"{"}, "manifest"),
    "no archive of ours": (lambda m: m | {"manifest.json": b"{}"}, "format"),
    "newer": (lambda m: told(m, lambda t: t.update(version=2)), "newer"),
    "newer tables": (lambda m: with_database(m, "PRAGMA user_version = 99"), "newer"),
    "no hashes": (lambda m: told(m, lambda t: t.update(members={"project.sqlite": {}})), "SHA"),
    "a trigger": (
        lambda m: with_database(m, "CREATE TRIGGER x INSERT ON item BEGIN SELECT 1; END"),
        "trigger of its own: 'x'",
    ),
    "a view": (lambda m: with_database(m, "CREATE VIEW v AS SELECT 1"), "view"),
    "an image elsewhere": (
        lambda m: with_database(m, "UPDATE item SET relpath = '../../x.png' WHERE id = 1"),
        "leads out",
    ),
    "an absolute image": (
        lambda m: with_database(m, "UPDATE item SET relpath = '/etc/x.png' WHERE id = 1"),
        "absolute",
    ),
    "a value of another kind": (
        lambda m: with_database(m, "UPDATE item SET draw = 'x' WHERE id = 1"),
        "item.draw",
    ),
    "settings": (
        lambda m: with_database(m, """UPDATE project SET settings = '{"image_size": 1e9}'"""),
        "settings",
    ),
    "no JSON": (lambda m: with_database(m, "UPDATE project SET settings = 'x'"), "settings"),
    "a label of nothing": (
        lambda m: with_database(m, "UPDATE label_class SET name = '' WHERE id = 1"),
        "CHECK constraint",
    ),
    "no database": (
        lambda m: with_database(m, "PRAGMA application_id = 0"),
        "none of a project",
    ),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_tampered_archive_is_refused_with_what_is_wrong(project, tmp_path, how):
    change, reason = TAMPERED[how]
    project.to_archive(tmp_path / "a.zip", images=True)
    rewrite(tmp_path / "a.zip", change)
    before = names(tmp_path)
    with pytest.raises((FormatError, ProjectError), match=reason):
        Project.from_archive(tmp_path / "a.zip", tmp_path / "two")
    assert names(tmp_path) == before


def test_an_archive_without_images_asks_where_they_are(project, tmp_path):
    project.to_archive(tmp_path / "a.zip")
    with pytest.raises(ProjectError, match="folder="):
        Project.from_archive(tmp_path / "a.zip", tmp_path / "two")
    project.to_archive(tmp_path / "a.zip", images=True)
    with pytest.raises(ValueError, match="leave folder out"):
        Project.from_archive(tmp_path / "a.zip", tmp_path / "two", folder=project.folder)
    assert "two" not in names(tmp_path)


def test_an_archive_is_not_written_with_images_that_have_changed(project, tmp_path):
    os.replace(project.folder / "00001.png", project.folder / "00002.png")
    before = names(tmp_path)
    for message in ("not there", "has changed"):
        with pytest.raises(FormatError, match=message):
            project.to_archive(tmp_path / "a.zip", images=True)
        save_images(project.folder, gray_images(2))
    assert names(tmp_path) == before
    project.to_archive(tmp_path / "a.zip")


def test_cancelled_transfers_leave_nothing(project, tmp_path):
    cancel = threading.Event()
    project.to_archive(tmp_path / "a.zip", images=True)
    cancel.set()
    before = names(tmp_path)
    with pytest.raises(CancelledTransferError):
        project.to_archive(tmp_path / "b.zip", cancel=cancel)
    with pytest.raises(CancelledTransferError):
        Project.from_archive(tmp_path / "a.zip", tmp_path / "two", cancel=cancel)
    assert names(tmp_path) == before


def test_a_place_that_is_taken_is_left_alone(project, tmp_path):
    project.to_archive(tmp_path / "a.zip")
    (tmp_path / "two").mkdir()
    with pytest.raises(FileExistsError):
        Project.from_archive(tmp_path / "a.zip", tmp_path / "two", folder=project.folder)
    with pytest.raises(ValueError, match="into the project"):
        project.to_archive(project.place / "a.zip")
