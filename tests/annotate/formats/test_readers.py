"""COCO, YOLO, VOC and ImageFolder: what is read, what is dropped, and what is refused."""

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_projects import gray_images, save_images

from skal.annotate.formats import guess_format, read_labels
from skal.exceptions import FormatError

BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
<!ENTITY lol2 "&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;">]>
<annotation><filename>&lol2;</filename></annotation>"""
LEAK = """<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<annotation><filename>&x;</filename></annotation>"""


def labels(table):
    return {row.path: row.label for row in table.rows}


def coco(**changes):
    content = {
        "categories": [{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}],
        "images": [{"id": i, "file_name": f"{i}.png", "width": 8, "height": 6} for i in range(4)],
        "annotations": [
            {"id": 1, "image_id": 0, "category_id": 3, "bbox": [0, 0, 8, 6]},
            {"id": 2, "image_id": 1, "category_id": 7, "bbox": [1, 1, 2, 2]},
            {"id": 3, "image_id": 1, "category_id": 7, "segmentation": [[0, 0, 1, 1, 1, 0]]},
            {"id": 4, "image_id": 2, "category_id": 3},
            {"id": 5, "image_id": 2, "category_id": 7},
        ],
    }
    return content | changes


@pytest.fixture
def write_coco(tmp_path):
    def write(content):
        path = tmp_path / "c.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def test_coco_gives_the_category_where_it_is_one(write_coco):
    table = read_labels(write_coco(coco()))
    assert labels(table) == {"0.png": "cat", "1.png": "dog", "2.png": None, "3.png": None}
    assert table.names == ["dog", "cat"]
    dropped = {what: n for what, n in table.dropped.items() if n}
    assert dropped == {"images with several labels": 1, "boxes": 1, "outlines": 1}


def test_parts_of_coco_that_are_wrong_are_told_and_the_rest_is_read(write_coco):
    images = [{"id": 1, "file_name": "../a.png"}, {"id": 2}, 3, {"id": 4, "file_name": "b.png"}]
    images += [{"id": 4, "file_name": "c.png"}, {"id": [], "file_name": "d.png"}]
    annotations = [{"image_id": 9, "category_id": 3}, {"image_id": 4, "category_id": 99}, None]
    annotations += [{"image_id": 4, "category_id": 3, "bbox": [None, "x", {}, []]}]
    table = read_labels(write_coco(coco(images=images, annotations=annotations)))
    assert labels(table) == {"b.png": "cat"}
    assert table.n_bad == 8


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        "[" * 100_000,
        "{}",
        '{"images": 3}',
        {"images": [], "categories": [{"id": 1}]},
        {"images": [], "categories": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]},
        {"images": [], "categories": [{"id": 1, "name": "\ud800"}]},
        '{"images": ' + "9" * 5000 + "}",
    ],
)
def test_what_is_no_coco_is_refused(write_coco, content):
    with pytest.raises(FormatError):
        read_labels(write_coco(content))


KEYS = "images annotations categories id name file_name image_id category_id bbox width".split()
LEAVES = st.none() | st.booleans() | st.integers(0, 4) | st.floats() | st.text(max_size=3)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(JSON)
def test_any_json_is_read_or_refused(write_coco, content):
    with suppress(FormatError):
        read_labels(write_coco(json.dumps(content)))


def voc(name="a.png", objects=("cat",), box=(1, 1, 8, 6)):
    sides = zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
    box = "".join(f"<{side}>{value}</{side}>" for side, value in sides)
    found = "".join(f"<object><name>{o}</name><bndbox>{box}</bndbox></object>" for o in objects)
    size = "<size><width>8</width><height>6</height></size>"
    return f"<annotation><filename>{name}</filename>{size}{found}</annotation>"


def test_voc_gives_the_name_where_it_is_one(tmp_path):
    (tmp_path / "Annotations").mkdir()
    texts = {"a": voc(), "b": voc("b", ["dog", "dog"], (2, 2, 4, 4)), "c": voc("c.jpg", "xy")}
    for name, text in (texts | {"d": voc("d.png", [])}).items():
        (tmp_path / "Annotations" / f"{name}.xml").write_text(text)
    assert guess_format(tmp_path) == "voc"
    table = read_labels(tmp_path)
    assert labels(table) == {"a.png": "cat", "b": "dog", "c.jpg": None, "d.png": None}
    assert [row.has_suffix for row in table.rows] == [True, False, True, True]
    assert table.dropped == {"boxes": 2, "images with several labels": 1}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BOMB, "entities"),
        (LEAK, "entities"),
        ("<!DOCTYPE a><annotation/>", "document type"),
        ("<annotation>", "no XML"),
        ("<svg/>", "root is 'svg'"),
        ("<annotation/>", "no filename"),
        (voc("../../etc/passwd"), "leads out"),
        ('<?xml version="1.0" encoding="nonsense"?><annotation/>', "no XML"),
        ("", "no XML"),
    ],
)
def test_xml_that_is_not_to_be_read_is_told_and_the_rest_is_read(tmp_path, text, reason):
    (tmp_path / "bad.xml").write_text(text)
    (tmp_path / "good.xml").write_text(voc())
    table = read_labels(tmp_path, "voc")
    assert labels(table) == {"a.png": "cat"}
    (problem,) = table.problems
    assert problem.where == "bad.xml"
    assert reason in problem.message


def test_a_large_xml_file_is_not_read(tmp_path):
    with open(tmp_path / "a.xml", "wb") as file:
        file.truncate(11_000_000)
    assert "bytes" in read_labels(tmp_path / "a.xml").problems[0].message


@pytest.fixture
def yolo(tmp_path):
    def write(files, names="names: [cat, dog]\n"):
        folder = tmp_path / "set"
        for name, text in {"data.yaml": names, **files}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return folder

    return write


def test_yolo_gives_the_class_where_it_is_one(yolo):
    folder = yolo(
        {
            "labels/train/a.txt": "1 0.5 0.5 1 1\n",
            "labels/train/b.txt": "0 .5 .5 .1 .1\n0 .5 .5 .2 .2 0.9\n",
            "labels/c.txt": "0 .5 .5 .1 .1\n1 .5 .5 .1 .1\n",
            "labels/d.txt": "",
            "labels/e.txt": "7 .5 .5 .1 .1\n",
            "labels/f.txt": "cat\n",
            "labels/g.txt": "0 nan .5 .1 .1\n",
            "train.txt": "images/a.png\n",
        }
    )
    save_images(folder / "images" / "train", gray_images(1))
    (folder / "images" / "train" / "00000.png").rename(folder / "images" / "train" / "a.png")
    assert guess_format(folder) == "yolo"
    table = read_labels(folder)
    found = {"train/b": "cat", "c": None, "d": None, "images/train/a.png": "dog"}
    assert labels(table) == found
    assert [problem.where for problem in table.problems] == [
        f"labels/{name}.txt line 1" for name in "efg"
    ]
    assert table.dropped == {"boxes": 4, "images with several labels": 1}


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("names: {0: cat, 1: dog}", ["cat", "dog"]),
        ("names:\n- cat\n- 'naïve: \"x\"'\nnc: 2", ["cat", 'naïve: "x"']),
        ("names: [1, 2]", ["1", "2"]),
    ],
)
def test_classes_of_yolo_are_a_list_or_numbered(yolo, names, found):
    table = read_labels(yolo({"labels/a.txt": "1 .5 .5 1 1"}, names))
    assert table.names == found
    assert table.rows[0].label == found[1]


LAUGHS = "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12))


@pytest.mark.parametrize(
    "names",
    [
        "",
        "names: 3",
        "names: [a, a]",
        "names: {1: a, 2: b}",
        "names: [[a], b]",
        "names: ['', b]",
        "a: [",
        "[" * 5000,
        "!!python/object/apply:os.system ['touch /tmp/evil']",
        f"a0: &a0 x\n{LAUGHS}\nnames: *a11",
    ],
)
def test_other_classes_are_refused(yolo, names):
    with pytest.raises(FormatError):
        read_labels(yolo({"labels/a.txt": "0 .5 .5 1 1"}, names))


def test_yolo_without_classes_asks_for_them(tmp_path):
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text("0 .5 .5 1 1")
    with pytest.raises(FormatError, match="Pass names"):
        read_labels(tmp_path)
    assert read_labels(tmp_path, names=["cat"]).rows[0].label == "cat"
    (tmp_path / "classes.txt").write_text("dog\n\n")
    assert read_labels(tmp_path).rows[0].label == "dog"


def test_folders_of_classes_are_read_as_yolo_and_as_they_are(tmp_path):
    for split in ("train", "val"):
        for label in ("dog", "cat"):
            save_images(tmp_path / split / label, gray_images(1))
    table = read_labels(tmp_path)
    assert (table.format, table.read_as["has_split_folders"]) == ("imagefolder", True)
    assert labels(table)["val/dog/00000.png"] == "dog"
    (tmp_path / "data.yaml").write_text("names: [dog, cat]")
    assert read_labels(tmp_path).names == ["dog", "cat"]


def test_images_beside_the_folders_of_classes_have_no_label(tmp_path):
    save_images(tmp_path, gray_images(1))
    save_images(tmp_path / "cat" / "deep", gray_images(1))
    assert labels(read_labels(tmp_path)) == {"00000.png": None, "cat/deep/00000.png": "cat"}


def test_texts_that_are_links_out_of_the_folder_are_not_read(yolo, tmp_path):
    (tmp_path / "secret").write_text("0 secret")
    folder = yolo({"labels/a.txt": "0 .5 .5 1 1"})
    (folder / "labels" / "b.txt").symlink_to(tmp_path / "secret")
    table = read_labels(folder)
    assert len(table.rows) == 1
    assert "link" in table.problems[0].message


def test_formats_that_are_not_known_are_told(tmp_path):
    with pytest.raises(ValueError, match="format must be one of"):
        read_labels(tmp_path, "pickle")
    with pytest.raises(FormatError, match="does not tell its format"):
        read_labels(tmp_path / "a.pkl")
