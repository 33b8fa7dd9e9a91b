"""Labels that go out: all of them, with what is known of each, whole or not there."""

import csv
import io
import json
import os
import threading
import time
import tracemalloc

import pytest
import sqlalchemy as sa
from made_projects import give_model, gray_images, save_images

from skal.annotate import Project, _schema
from skal.annotate.formats import (
    COLUMNS,
    EXPORT_FORMATS,
    LabelRow,
    LabelTable,
    _exporting,
    _whole,
)
from skal.exceptions import CancelledTransferError

FILES = ("csv", "jsonl", "coco")


@pytest.fixture
def project(tmp_path):
    folder = save_images(tmp_path / "images", gray_images(12))
    save_images(folder / "deep", 255 - gray_images(2))
    with Project.create(folder, ["cat", "dog", "fox"], embed=False) as project:
        for item_id, label in enumerate(["cat", "dog", "cat", "dog", "cat"], start=1):
            project.decide(item_id, "label", label, annotator="ann")
        project.decide(14, "label", "dog")
        project.decide(6, "unsure")
        project.decide(7, "skip")
        yield project


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_export_tells_all_that_is_known_of_a_label(project, tmp_path):
    model_id = give_model(project, [[0.2, 0.5, 0.3]] * 14)
    question = next(q for q in project.next(14) if not q.is_blind)
    shown = {"cat": 0.2, "dog": 0.8}
    project.decide(question.item_id, "label", "cat", shown_prediction=shown, model_id=model_id)
    for name in FILES:
        project.export(tmp_path / name, name, labels=["cat"])
    path = project.item(question.item_id).relpath
    (row,) = (row for row in read_csv(tmp_path / "csv") if row["path"] == path)
    assert tuple(row)[:-1] == COLUMNS
    assert (row["label"], row["label_id"], row["source"]) == ("cat", "1", "human")
    assert (row["annotator"], row["round"], row["model_id"]) == ("me", "1", str(model_id))
    assert json.loads(row["shown_prediction"]) == shown
    assert (row["split"], len(row["content_hash"])) == ("train", 64)
    assert row["time"].endswith("+00:00")
    lines = map(json.loads, (tmp_path / "jsonl").read_text(encoding="utf-8").splitlines())
    (line,) = (line for line in lines if line["path"] == path)
    (image,) = (
        image
        for image in json.loads((tmp_path / "coco").read_text())["images"]
        if image["file_name"] == path
    )
    assert image["skal"] == {name: line[name] for name in COLUMNS if name != "path"}
    assert {name: str(line[name]) for name in ("label_id", "round", "time", "content_hash")} == {
        name: row[name] for name in ("label_id", "round", "time", "content_hash")
    }


@pytest.mark.parametrize("name", EXPORT_FORMATS)
@pytest.mark.parametrize("unlabeled", [False, True])
@pytest.mark.parametrize("split", ["all", "train", "monitor"])
def test_counts_reconcile_with_the_project(project, tmp_path, name, unlabeled, split):
    options = {"split": split, "include_unlabeled": unlabeled}
    dry = project.export(tmp_path / "out", name, dry_run=True, **options)
    assert not (tmp_path / "out").exists()
    report = project.export(tmp_path / "out", name, **options)
    X, y = project.labels(split)
    assert report.n_labeled == len(X) == sum(report.by_label.values())
    assert report.by_label == {label: (y == label).sum() for label in ("cat", "dog", "fox")}
    assert report.n_images == report.n_labeled + report.n_unlabeled
    assert report.n_images == sum(report.by_split.values())
    if not unlabeled:
        assert report.n_unlabeled == 0
    elif split == "all":
        assert report.n_images == len(project.items())
    told = ("n_images", "n_labeled", "n_unlabeled", "by_label", "by_split")
    assert [getattr(dry, field) for field in told] == [getattr(report, field) for field in told]
    assert n_rows(tmp_path / "out", name) == report.n_images


def n_rows(path, name):
    if name == "csv":
        return len(read_csv(path))
    if name == "jsonl":
        return len(path.read_text().splitlines())
    if name == "coco":
        return len(json.loads(path.read_text())["images"])
    return len(read_csv(path / "provenance.csv"))


def test_unlabeled_images_say_why(project, tmp_path):
    project.export(tmp_path / "out", "csv", include_unlabeled=True)
    found = {row["path"]: (row["answer"], row["label"]) for row in read_csv(tmp_path / "out")}
    assert found["00005.png"] == ("unsure", "")
    assert found["00006.png"] == ("skip", "")
    assert found["00011.png"] == ("", "")
    assert found["00000.png"] == ("label", "cat")


def test_an_image_folder_has_a_folder_for_each_label(project, tmp_path):
    report = project.export(tmp_path / "out", "imagefolder")
    out = report.path
    files = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*"))
    assert files == [
        "cat/00000.png",
        "cat/00002.png",
        "cat/00004.png",
        "classes.txt",
        "dog/00001.png",
        "dog/00003.png",
        "dog/deep/00001.png",
        "provenance.csv",
    ]
    assert report.n_files == 6
    copied = (tmp_path / "out" / "cat" / "00000.png").read_bytes()
    assert copied == (project.folder / "00000.png").read_bytes()


def test_an_image_folder_has_a_folder_for_each_split(project, tmp_path):
    project.export(tmp_path / "out", "imagefolder", split_folders=True)
    X, y = project.labels("monitor")
    for path, label in zip(X, y, strict=True):
        name = os.path.relpath(path, project.folder)
        assert (tmp_path / "out" / "monitor" / label / name).is_file()


@pytest.mark.parametrize("images", ["hardlink", "symlink"])
def test_images_are_linked(project, tmp_path, images):
    project.export(tmp_path / "out", "imagefolder", images=images)
    target = tmp_path / "out" / "cat" / "00000.png"
    assert target.samefile(project.folder / "00000.png")
    assert target.is_symlink() == (images == "symlink")


def test_yolo_numbers_classes_in_the_declared_order(project, tmp_path):
    order = ["fox", "dog", "cat"]
    project.export(tmp_path / "out", "yolo", class_order=order, images="none")
    assert (tmp_path / "out" / "classes.txt").read_text() == "fox\ndog\ncat\n"
    X, y = project.labels("train")
    for path, label in zip(X, y, strict=True):
        name = os.path.relpath(path, project.folder).replace(".png", ".txt")
        text = (tmp_path / "out" / "labels" / "train" / name).read_text()
        assert text == f"{order.index(label)} 0.5 0.5 1 1\n"


def test_yolo_tells_images_apart_that_differ_in_their_suffix_only(tmp_path):
    folder = save_images(tmp_path / "images", gray_images(2))
    (folder / "00001.png").rename(folder / "00000.bmp")
    with Project.create(folder, ["cat", "dog"], embed=False, monitor_share=0) as project:
        project.decide(1, "label", "cat")
        project.decide(2, "label", "dog")
        report = project.export(tmp_path / "out", "yolo")
        assert "another image has its name" in report.notes[0]
        assert {path.name for path in (report.path / "labels" / "train").iterdir()} == {
            "00000.txt",
            "00000~2.txt",
        }


def test_coco_keeps_the_numbers_of_labels_and_their_order(project, tmp_path):
    project.export(tmp_path / "out", "coco", class_order=["fox", "cat", "dog"])
    content = json.loads((tmp_path / "out").read_text())
    assert [(c["id"], c["name"]) for c in content["categories"]] == [
        (3, "fox"),
        (1, "cat"),
        (2, "dog"),
    ]
    assert content["annotations"][0]["bbox"] == [0, 0, 8, 8]


def test_an_archived_label_is_named_while_images_have_it(project, tmp_path):
    project.archive_label("cat")
    project.archive_label("fox")
    assert list(project.export(tmp_path / "out", "csv").by_label) == ["cat", "dog"]


def test_only_some_labels(project, tmp_path):
    report = project.export(tmp_path / "out", "coco", labels=["dog"])
    assert (report.n_images, report.by_label) == (3, {"dog": 3})
    assert len(json.loads((tmp_path / "out").read_text())["categories"]) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"format": "pickle"},
        {"split": "test"},
        {"labels": ["bird"]},
        {"labels": ["cat"], "include_unlabeled": True},
        {"class_order": ["cat"]},
        {"class_order": ["cat", "cat", "dog"]},
        {"images": "move"},
        {"images": "copy"},
        {"format": "imagefolder", "images": "none"},
        {"split_folders": True},
    ],
)
def test_options_that_cannot_be_are_told_before_anything_is_written(project, tmp_path, options):
    with pytest.raises(ValueError, match=" "):
        project.export(tmp_path / "out", **{"format": "csv", **options})
    assert not (tmp_path / "out").exists()


def test_spreadsheets_run_nothing(project, tmp_path):
    for i, name in enumerate(["=1+1", "+x", "-x", "@x", "\t=x", "'=x"]):
        project.add_label(name)
        project.decide(i + 1, "label", name, annotator="=ann")
    project.decide(1, "note", "=HYPERLINK(1)")
    project.export(tmp_path / "out", "csv")
    project.export(tmp_path / "raw", "csv", neutralize=False)
    project.export(tmp_path / "folder", "imagefolder")
    for path in (tmp_path / "out", tmp_path / "folder" / "provenance.csv"):
        for row in read_csv(path):
            for cell in row.values():
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert read_csv(tmp_path / "raw")[0]["label"] == "=1+1"


GOLDEN = [
    "path,label,split,annotator,note,escaped",
    "00000.png,'=1+1,train,me,'@x,yes",
    '00001.png,"a,""b""",train,me,,',
]


def test_a_table_is_written_as_it_always_was(tmp_path):
    folder = save_images(tmp_path / "images", gray_images(2))
    with Project.create(folder, ["=1+1", 'a,"b"'], monitor_share=0, embed=False) as project:
        project.decide(1, "label", "=1+1")
        project.decide(1, "note", "@x")
        project.decide(2, "label", 'a,"b"')
        out = project.export(tmp_path / "out.csv", "csv").path
    short = [{name: row[name] for name in GOLDEN[0].split(",")} for row in read_csv(out)]
    kept = io.StringIO()
    table = csv.DictWriter(kept, short[0], lineterminator="\n")
    table.writeheader()
    table.writerows(short)
    assert kept.getvalue().splitlines() == GOLDEN


def test_images_that_are_gone_are_told_and_the_rest_goes_out(project, tmp_path):
    (project.folder / "00000.png").unlink()
    (tmp_path / "secret.png").write_bytes(b"x")
    (project.folder / "00001.png").unlink()
    (project.folder / "00001.png").symlink_to(tmp_path / "secret.png")
    report = project.export(tmp_path / "out", "imagefolder")
    assert (report.n_labeled, report.n_files, report.n_left_out) == (6, 4, 2)
    told = {problem.where: problem.message for problem in report.problems}
    assert "gone" in told["00000.png"]
    assert "leaves" in told["00001.png"]
    told = read_csv(report.path / "provenance.csv")
    rows = {row["path"]: row["exported_as"] for row in told}
    assert rows["00000.png"] == ""
    assert rows["00002.png"] == "cat/00002.png"


@pytest.mark.parametrize("name", EXPORT_FORMATS)
def test_a_cancelled_export_leaves_nothing(project, tmp_path, name):
    cancel, before = threading.Event(), sorted(tmp_path.iterdir())
    how = {"cancel": cancel, "on_progress": lambda n_done, n: cancel.set()}
    with pytest.raises(CancelledTransferError):
        project.export(tmp_path / "out", name, **how)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", EXPORT_FORMATS)
def test_an_export_that_fails_leaves_what_was_there(project, tmp_path, name, monkeypatch):
    (tmp_path / "out").write_text("old")
    before = sorted(tmp_path.iterdir())
    record = _exporting.Export._records

    def fail_at_the_third(self):
        for i, found in enumerate(record(self)):
            if i == 2:
                raise OSError(28, "No space left on device")
            yield found

    monkeypatch.setattr(_exporting.Export, "_records", fail_at_the_third)
    with pytest.raises(OSError):  # noqa: PT011
        project.export(tmp_path / "out", name)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "out").read_text() == "old"


def test_copies_need_room(project, tmp_path, monkeypatch):
    monkeypatch.setattr(_whole, "DISK_FLOOR", 10**18)
    with pytest.raises(OSError, match="have to stay free"):
        project.export(tmp_path / "out", "imagefolder")
    project.export(tmp_path / "out.csv", "csv")


def test_a_folder_that_is_not_there_is_told(project, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        project.export(tmp_path / "no" / "out", "csv")


def test_progress_is_told(project, tmp_path):
    seen = []
    project.export(tmp_path / "out", "csv", on_progress=lambda *pair: seen.append(pair))
    assert (seen[0], seen[-1]) == ((0, 6), (6, 6))


def with_many_labels(project, n):
    items = [
        {"relpath": f"x/{i}.png", "draw": 0.5, "status": "ok", "content_hash": "0" * 64}
        for i in range(n)
    ]
    with project._store.writing() as connection:
        connection.execute(sa.insert(_schema.item), items)
    rows = [LabelRow("made", row["relpath"], "cat") for row in items]
    project.import_labels(LabelTable("csv", rows).name_labels())
    return project


def test_fifty_thousand_labels_go_out_within_four_seconds(project, tmp_path):
    with_many_labels(project, 50_000)
    start = time.process_time()
    report = project.export(tmp_path / "out", "csv")
    assert time.process_time() - start < 4
    assert report.n_labeled == 50_006


@pytest.mark.parametrize("name", FILES)
def test_labels_are_not_all_in_memory(project, tmp_path, name):
    with_many_labels(project, 6000)
    tracemalloc.start()
    project.export(tmp_path / "out", name)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4e6


def test_labels_go_out_while_people_label(project, tmp_path):
    """A reader that sees one state, whatever is decided meanwhile."""

    def decide(n_done, n):
        project.decide(8 + n_done % 4, "label", "fox")

    report = project.export(tmp_path / "out", "csv", on_progress=decide)
    assert report.n_labeled == len(read_csv(tmp_path / "out")) == 6
