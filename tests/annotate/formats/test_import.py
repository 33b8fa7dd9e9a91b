"""Labels that come into a project: counted before, never over others in silence, undone at once."""

import threading
import time
from collections import Counter

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_projects import gray_images, save_images

from skal.annotate import Project, _schema
from skal.annotate.formats import LabelRow, LabelTable
from skal.exceptions import CancelledTransferError, FormatError, ProjectError

COUNTS = (
    "n_labeled n_replaced n_kept n_same n_repeated n_conflicting n_unlabeled n_unknown_label "
    "n_missing n_unusable n_bad"
).split()


@pytest.fixture
def project(tmp_path):
    folder = save_images(tmp_path / "images", gray_images(8))
    save_images(folder / "deep", 255 - gray_images(2))
    (folder / "bad.png").write_bytes(b"x")
    (folder / "same.png").write_bytes((folder / "00007.png").read_bytes())
    with Project.create(folder, ["cat", "dog"], embed=False) as project:
        yield project


def table(*pairs, **options):
    rows = [LabelRow(f"line {i}", path, label) for i, (path, label) in enumerate(pairs, start=2)]
    return LabelTable("csv", rows, **options).name_labels()


def labels(project):
    return {item.relpath: item.label for item in project.items() if item.label is not None}


def events(project):
    with project._store.reading() as connection:
        return connection.execute(sa.select(_schema.event).order_by(_schema.event.c.id)).all()


def test_labels_come_in_as_one_step_of_the_importer(project):
    report = project.import_labels(
        table(("00000.png", "cat"), ("deep/00001.png", "dog")), annotator="ann"
    )
    assert labels(project) == {"00000.png": "cat", "deep/00001.png": "dog"}
    parts = [event for event in events(project) if event.kind == "label"]
    made = {(part.source, part.annotator, part.bulk_id) for part in parts}
    assert made == {("imported", "ann", report.bulk)}
    assert project.undo("me") is None
    project.undo("ann")
    assert labels(project) == {}
    project.redo("ann")
    assert len(labels(project)) == 2


def test_a_csv_file_is_imported_by_its_name(project, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("image;class\n00000.png;cat\n00001.png;dog\nno.png;cat\n00002.png;\n")
    report = project.import_labels(path)
    assert report.read_as["delimiter"] == ";"
    assert (report.n_labeled, report.n_missing, report.n_unlabeled) == (2, 1, 1)
    assert report.labels == {"cat": 1, "dog": 1}


def test_every_row_is_counted_once(project):
    project.decide(2, "label", "dog")
    rows = [
        *[("00000.png", "cat"), ("00000.png", "cat"), ("00001.png", "cat"), ("00002.png", "fox")],
        *[("00003.png", "cat"), ("00003.png", "dog"), ("00004.png", None), ("no.png", "cat")],
        *[("bad.png", "cat"), ("same.png", "cat")],
    ]
    found = table(*rows)
    found.add_problem("line 99", "torn")
    report = project.import_labels(found, dry_run=True)
    counts = {name: getattr(report, name) for name in COUNTS if getattr(report, name)}
    assert counts == {
        "n_labeled": 2,
        "n_kept": 1,
        "n_repeated": 1,
        "n_conflicting": 2,
        "n_unlabeled": 1,
        "n_unknown_label": 1,
        "n_missing": 1,
        "n_unusable": 1,
        "n_bad": 1,
    }
    assert sum(counts.values()) == report.n_rows == 11
    assert report.new_labels == ["fox"]


def test_answers_of_people_are_kept_unless_it_is_said(project):
    project.decide(1, "label", "dog")
    project.decide(2, "unsure")
    project.decide(3, "exclude")
    project.decide(4, "skip")
    found = table(*[(f"0000{i}.png", "cat") for i in range(5)])
    kept = project.import_labels(found)
    assert (kept.n_kept, kept.n_labeled, kept.n_replaced) == (3, 2, 0)
    assert labels(project)["00000.png"] == "dog"
    replaced = project.import_labels(found, existing="replace")
    assert (replaced.n_replaced, replaced.n_same) == (3, 2)
    assert set(labels(project).values()) == {"cat"}
    project.undo()
    assert labels(project)["00000.png"] == "dog"
    assert project.items(answer="unsure")[0].id == 2


def test_new_labels_are_listed_before_and_added_only_when_told(project):
    found = table(("00000.png", "fox"), ("00001.png", "cat"), ("00002.png", "=1+1"))
    assert project.import_labels(found, dry_run=True).new_labels == ["fox", "=1+1"]
    with pytest.raises(ProjectError, match="fox"):
        project.import_labels(found)
    assert events(project) == []
    assert [c.name for c in project.classes] == ["cat", "dog"]
    assert project.import_labels(found, new_labels="skip").n_unknown_label == 2
    assert project.import_labels(found, new_labels="add").n_labeled == 2
    assert [c.name for c in project.classes] == ["cat", "dog", "fox", "=1+1"]


def test_labels_of_the_file_can_be_renamed(project):
    found = table(("00000.png", "Katze"), ("00001.png", "cat"))
    report = project.import_labels(found, rename={"Katze": "cat"})
    assert report.labels == {"cat": 2}


def test_archived_labels_are_not_given(project):
    project.archive_label("cat")
    found = table(("00000.png", "cat"))
    assert project.import_labels(found, dry_run=True).archived_labels == ["cat"]
    with pytest.raises(ProjectError, match="archived"):
        project.import_labels(found, new_labels="add")
    assert project.import_labels(found, new_labels="skip").n_unknown_label == 1


@pytest.mark.parametrize(
    "name",
    ["deep/00001.png", "./deep/00001.png", "deep\\00001.png", "{folder}/deep/00001.png"],
)
def test_whole_names_are_found_however_they_are_written(project, name):
    found = table((name.format(folder=project.folder), "cat"))
    assert project.import_labels(found).n_labeled == 1


def test_names_of_other_places_are_found_by_their_end_only_when_asked_for(project):
    save_images(project.folder / "other", 128 + gray_images(1))
    project.scan()
    names = ["/home/ann/set/deep/00001.png", "C:\\x\\deep\\00001.png", "set/00002.png"]
    found = table(*[(name, "cat") for name in names], ("x/00000.png", "dog"))
    assert project.import_labels(found, dry_run=True).n_missing == 4
    report = project.import_labels(found, match="tail")
    assert labels(project) == {
        "deep/00001.png": "cat",
        "00002.png": "cat",
        "00000.png": "dog",
    }
    assert report.n_by_tail == 4


def test_an_end_that_several_names_have_is_a_problem(project):
    save_images(project.folder / "deep" / "x", 100 + gray_images(1))
    save_images(project.folder / "y" / "x", 101 + gray_images(1))
    project.scan()
    report = project.import_labels(table(("x/00000.png", "cat")), match="tail")
    assert report.n_missing == 1
    assert "several images" in report.problems[0].message


def test_names_in_another_normal_form_are_the_same(project):
    save_images(project.folder, gray_images(9)[8:])
    (project.folder / "00000.png").replace(project.folder / "e\u0301.png")
    project.scan()
    assert project.import_labels(table(("\xe9.png", "cat"))).n_missing == 0


def test_files_are_found_by_their_content(project, tmp_path):
    for i, label in enumerate(["dog", "cat"]):
        (tmp_path / "set" / label).mkdir(parents=True)
        content = (project.folder / f"0000{i}.png").read_bytes()
        (tmp_path / "set" / label / "renamed.png").write_bytes(content)
    assert project.import_labels(tmp_path / "set", dry_run=True).n_missing == 2
    project.import_labels(tmp_path / "set", match="content")
    assert labels(project) == {"00000.png": "dog", "00001.png": "cat"}


def test_the_same_key_twice_is_one_import(project):
    found = table(("00000.png", "cat"))
    first = project.import_labels(found, key="k")
    project.undo()
    assert project.import_labels(found, key="k").bulk == first.bulk
    assert labels(project) == {}
    with pytest.raises(ValueError, match="belongs to another decision"):
        project.import_labels(table(("00000.png", "dog")), key="k")


def test_options_that_are_not_known_are_told(project):
    for option in ("existing", "new_labels", "match"):
        with pytest.raises(ValueError, match=f"{option} must be one of"):
            project.import_labels(table(), **{option: "maybe"})


def test_a_cancelled_import_leaves_nothing(project):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(CancelledTransferError):
        project.import_labels(table(("00000.png", "fox")), new_labels="add", cancel=cancel)
    assert events(project) == []
    assert len(project.classes) == 2


def test_a_file_that_is_wrong_in_the_middle_imports_nothing(project, tmp_path):
    (tmp_path / "l.csv").write_bytes(b"path,label\n00000.png,cat\n" * 5000 + b"\xff\n")
    with pytest.raises(FormatError, match="not UTF-8"):
        project.import_labels(tmp_path / "l.csv")
    assert events(project) == []


def test_evil_names_are_problems_and_open_nothing(project, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"x")
    text = "path,label\n../secret.png,cat\n/etc/passwd,cat\nC:\\x.png,cat\n00000.png,cat\n"
    (tmp_path / "l.csv").write_text(text)
    report = project.import_labels(tmp_path / "l.csv", match="tail")
    assert (report.n_labeled, report.n_bad, report.n_missing) == (1, 1, 2)


NAMES = [f"{i:05d}.png" for i in range(8)] + ["no.png", "bad.png", "deep/00000.png", "same.png"]
ROWS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(["cat", "dog", "fox", " ", None])),
    max_size=12,
)
BEFORE = st.lists(st.tuples(st.integers(1, 8), st.sampled_from(["label", "unsure", "skip"])))


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ROWS, BEFORE, st.sampled_from(["keep", "replace"]), st.sampled_from(["add", "skip"]))
def test_a_dry_run_tells_exactly_what_the_run_does(project, rows, before, existing, new_labels):
    for item_id, kind in before:
        project.decide(item_id, kind, "dog" if kind == "label" else None)
    first = {item.id: (item.answer, item.label) for item in project.items()}
    how = {"existing": existing, "new_labels": new_labels}
    dry = project.import_labels(table(*rows), dry_run=True, **how)
    assert {item.id: (item.answer, item.label) for item in project.items()} == first
    run = project.import_labels(table(*rows), **how)
    assert {**vars(dry), "is_dry_run": False, "bulk": run.bulk} == vars(run)
    assert sum(getattr(run, name) for name in COUNTS) == run.n_rows == len(rows)
    now = {item.id: (item.answer, item.label) for item in project.items()}
    changed = [item_id for item_id in now if now[item_id] != first[item_id]]
    assert len(changed) == run.n_labeled + run.n_replaced
    assert Counter(now[item_id][1] for item_id in changed) == Counter(run.labels)
    if run.bulk is not None:
        project.undo()
        assert {item.id: (item.answer, item.label) for item in project.items()} == first


def test_fifty_thousand_labels_come_in_within_seconds(project):
    rows = [{"relpath": f"x/{i}.png", "draw": 0.5, "status": "ok"} for i in range(50_000)]
    with project._store.writing() as connection:
        connection.execute(sa.insert(_schema.item), rows)
    found = table(*[(row["relpath"], "cat") for row in rows])
    start = time.process_time()
    assert project.import_labels(found).n_labeled == 50_000
    assert time.process_time() - start < 30
