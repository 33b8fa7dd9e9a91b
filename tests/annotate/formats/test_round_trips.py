"""What goes out comes in again as it was: any names, any labels, every format."""

import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from made_projects import gray_images, save_images

from skal.annotate import Project, _schema
from skal.annotate._listing import draw_of
from skal.annotate.formats import EXPORT_FORMATS, read_labels

FEW = settings(max_examples=8, deadline=None)
HARD = ["<img src=x onerror=alert(1)>", "=1+1", "'=1", "a,b", 'q"q', "x\r\ny", "a\ny", "../.."]
HARD += ["CON", "cat ", " cat", "Cat", "cat", "-", "0", "1.0", "null", "日本", "e\u0301", "\xe9"]
HARD += ["#a", "- b", "a\u2028b", "\x85x", "\ufeffx", "\x7f", "train", "monitor", "a: b", "{x}"]
HARD += ["[y]", "!!x", "*a"]
text = st.text(min_size=1, max_size=8).filter(lambda value: value.strip() and "\0" not in value)
label_names = st.lists(st.one_of(st.sampled_from(HARD), text), min_size=1, max_size=6, unique=True)
characters = st.characters(codec="utf-8", exclude_characters="/\0\\", exclude_categories=["Cs"])
part = st.text(characters, min_size=1, max_size=6)
part = part.filter(lambda name: not name.startswith("."))  # hidden files are no images of a project
file_names = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["", "a/", "=x/", "a,b/"]), part),
        st.tuples(
            st.just(""), st.sampled_from(["=1+1", 'a"b', "a\nb", "a\rb", "<b>", "'=x", "-x"])
        ),
    ).map("".join),
    min_size=1,
    max_size=8,
    unique_by=lambda name: name.casefold(),
)


def make(folder, place, names, labels):
    """Return a project of images with any names, which need not be files."""
    project = Project.create(folder, labels, place, embed=False, monitor_share=0)
    rows = [
        {"relpath": f"{name}.png", "draw": draw_of(0, name), "status": "ok", "content_hash": name}
        for name in names
    ]
    with project._store.writing() as connection:
        connection.execute(sa.insert(_schema.item), rows)
    return project


def found_labels(project):
    return {item.relpath: item.label for item in project.items(n=10_000) if item.label}


@FEW
@pytest.mark.parametrize("name", ["csv", "jsonl", "coco", "yolo"])
@given(names=file_names, labels=label_names, data=st.data())
def test_any_labels_of_any_names_come_back(name, names, labels, data):
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        (scratch / "images").mkdir()
        with make(scratch / "images", scratch / "one", names, labels) as one:
            for item in one.items():
                label = data.draw(st.sampled_from([*labels, None]))
                if label is not None:
                    one.decide(item.id, "label", label)
            expected, classes = found_labels(one), [c.name for c in one.classes]
            options = {"images": "none"} if name == "yolo" else {}
            one.export(scratch / "out", name, **options)
        table = read_labels(scratch / "out", name)
        if name != "csv" and name != "jsonl":
            assert table.names == classes
        with make(scratch / "images", scratch / "two", names, ["other"]) as two:
            report = two.import_labels(table, new_labels="add")
            assert found_labels(two) == expected
            assert report.n_labeled == len(expected) == report.n_rows
            assert not report.dropped


@FEW
@given(labels=label_names, data=st.data())
def test_any_labels_come_back_from_folders_of_images(labels, data):
    name = data.draw(st.sampled_from(["imagefolder", "yolo"]))
    with tempfile.TemporaryDirectory() as scratch:
        folder = save_images(Path(scratch) / "images", gray_images(6))
        with Project.create(folder, labels, embed=False) as one:
            for item in one.items():
                one.decide(item.id, "label", data.draw(st.sampled_from(labels)))
            expected = found_labels(one)
            how = data.draw(st.sampled_from(["copy", "hardlink", "symlink"]))
            one.export(Path(scratch) / "out", name, images=how)
        for match in (None, "content") if how != "symlink" else (None,):
            place = Path(scratch) / f"two-{match}"
            with Project.create(folder, ["other"], place, embed=False) as two:
                report = two.import_labels(
                    Path(scratch) / "out", name, new_labels="add", match=match
                )
                assert found_labels(two) == expected
                assert report.n_labeled == report.n_rows == 6


@pytest.mark.parametrize("name", EXPORT_FORMATS)
def test_an_export_is_the_same_after_a_round_trip(tmp_path, name):
    """All but who has labeled when: that is the import."""
    folder = save_images(tmp_path / "images", gray_images(6))
    rows = []
    with Project.create(folder, ["b", "a"], tmp_path / "one", embed=False) as one:
        for item in one.items()[:4]:
            one.decide(item.id, "label", "ab"[item.id % 2])
        one.export(tmp_path / "out", name)
        rows.append(one.labels(as_frame=True)[["path", "label", "split", "content_hash"]])
    with Project.create(folder, ["b", "a"], tmp_path / "two", embed=False) as two:
        two.import_labels(tmp_path / "out", name)
        rows.append(two.labels(as_frame=True)[["path", "label", "split", "content_hash"]])
    assert rows[0].equals(rows[1])


def test_a_file_moved_to_the_folder_of_another_label_has_that_label(tmp_path):
    folder = save_images(tmp_path / "images", gray_images(3))
    with Project.create(folder, ["a/b", "c"], embed=False) as project:
        for item_id, label in [(1, "a/b"), (2, "a/b"), (3, "c")]:
            project.decide(item_id, "label", label)
        out = tmp_path / "out"
        project.export(out, "imagefolder")
        (out / "c" / "00002.png").rename(out / "a_b" / "00002.png")
        report = project.import_labels(out, match="content", existing="replace")
        assert found_labels(project) == dict.fromkeys(found_labels(project), "a/b")
        assert (report.n_replaced, report.n_same) == (1, 2)
