"""Tables: what is found out is told, bad rows are told by line, and nothing takes forever."""

import time
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_projects import gray_images, save_images

from skal.annotate.formats import _rows, gather_images, preview_table, read_labels
from skal.annotate.formats._rows import neutral, original
from skal.exceptions import FormatError

FEW = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def write(tmp_path):
    def write(text, name="t.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def labels(table):
    return {row.path: row.label for row in table.rows}


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found_and_told(write, delimiter):
    path = write("path,label\na.png,cat\nb.png,dog\n".replace(",", delimiter))
    preview = preview_table(path)
    assert (preview.delimiter, preview.is_certain, preview.has_header) == (delimiter, True, True)
    assert (preview.path_column, preview.label_column) == (0, 1)
    assert preview.labels == {"cat": 1, "dog": 1}
    assert read_labels(path).read_as["delimiter"] == delimiter


def test_two_possible_delimiters_are_asked_about(write):
    path = write("path,x;label\na.png,1;cat\nb.png,2;dog\n")
    assert not preview_table(path).is_certain
    with pytest.raises(FormatError, match="Say which one"):
        read_labels(path)
    assert labels(read_labels(path, delimiter=";", path_column=0, label_column=1)) == {
        "a.png,1": "cat",
        "b.png,2": "dog",
    }


def test_a_list_of_images_has_one_column_and_no_header(write):
    preview = preview_table(write("a.png\nb/c.jpg\n", "list.txt"))
    assert (preview.has_header, preview.path_column, preview.label_column) == (False, 0, None)
    assert preview.n_rows == 2


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("path,label\nž.png,kůň\n".encode(), "utf-8"),
        (b"\xef\xbb\xbf" + "path,label\nž.png,kůň\n".encode(), "utf-8"),
        ("path,label\nž.png,kůň\n".encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + "path,label\nž.png,kůň\n".encode("utf-16-be"), "utf-16"),
    ],
)
def test_encodings_are_told_by_their_mark(write, content, encoding):
    path = write(content)
    assert preview_table(path).encoding == encoding
    assert labels(read_labels(path)) == {"ž.png": "kůň"}


def test_latin_1_has_to_be_said(write):
    path = write("path,label\na.png,Löwe\n", encoding="latin-1")
    with pytest.raises(FormatError, match="encoding='latin-1'"):
        preview_table(path)
    assert labels(read_labels(path, encoding="latin-1")) == {"a.png": "Löwe"}


def test_utf_16_without_a_mark_is_no_riddle(write):
    path = write("path,label\na.png,cat\n", encoding="utf-16-le")
    with pytest.raises(FormatError, match="encoding='utf-16-le'"):
        preview_table(path)
    assert labels(read_labels(path, encoding="utf-16-le")) == {"a.png": "cat"}


def test_a_mark_that_says_otherwise_is_an_error(write):
    with pytest.raises(FormatError, match="begins with the mark of UTF-16"):
        read_labels(write("path,label\na.png,b\n", encoding="utf-16"), encoding="latin-1")


def test_bad_rows_are_told_by_line_and_the_rest_is_read(write):
    lines = [
        "path,label",
        "a.png,cat",
        "b.png,dog,extra",
        '"c.png"x,cat',
        "",
        ",cat",
        "../d.png,cat",
    ]
    path = write("\n".join([*lines, "e.png,dog", '"open,cat', "f.png,dog", ""]))
    table = read_labels(path)
    assert labels(table) == {"a.png": "cat", "e.png": "dog"}
    told = {problem.where: problem.message for problem in table.problems}
    assert list(told) == ["line 3", "line 4", "line 6", "line 7", "line 9"]
    assert "3 columns in place of 2" in told["line 3"]
    assert "closing quote" in told["line 4"]
    assert "leads out" in told["line 7"]
    assert "not closed" in told["line 9"]
    assert table.n_bad == 5


def test_lines_are_counted_as_an_editor_counts_them(write):
    path = write('path,label\r\n"a\nb.png","x\r\ny"\r\nc.png,z\r\n"d",\r\n')
    table = read_labels(path)
    assert [row.where for row in table.rows] == ["line 2", "line 5", "line 6"]
    assert labels(table) == {"a\nb.png": "x\r\ny", "c.png": "z", "d": None}


def test_missing_images_are_told_by_line(write, tmp_path):
    folder = save_images(tmp_path / "images", gray_images(2))
    (tmp_path / "secret.png").write_bytes(b"x")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    names = ["00000.png", "no.png", "../secret.png", str(tmp_path / "secret.png"), "link.png"]
    names += [str(folder / "00001.png"), "a.exe", "/etc/passwd", "x" * 5000 + ".png"]
    preview = preview_table(write("path\n" + "\n".join(names) + "\n"), folder)
    assert preview.n_missing == 7
    told = {problem.where: problem.message for problem in preview.missing}
    assert "line 2" not in told
    assert "line 7" not in told
    assert "is not there" in told["line 3"]
    assert "leads out" in told["line 4"]
    assert "is not in" in told["line 5"]
    assert "link that leaves" in told["line 6"]


def test_images_of_a_table_become_a_folder_of_their_own(write, tmp_path):
    folder = save_images(tmp_path / "images", gray_images(4))
    (folder / "bad.png").write_bytes(b"<svg/>")
    path = write("path\n00000.png\n00002.png\nbad.png\n00000.png\nno.png\n../t.csv\n")
    made = gather_images(read_labels(path), folder, tmp_path / "new", how="hardlink")
    assert sorted(p.name for p in made.folder.iterdir()) == ["00000.png", "00002.png"]
    assert (made.n_images, made.n_left_out) == (2, 3)


def test_the_table_of_an_unknown_column_says_which_there_are(write):
    path = write("path,label\na.png,cat\n")
    with pytest.raises(ValueError, match=r"label_column must be one of \['path', 'label'\]"):
        read_labels(path, label_column="class")
    with pytest.raises(FormatError, match="no column"):
        read_labels(write("x,y\n1,2\n"))


def test_several_columns_that_may_be_labels_are_not_guessed(write):
    preview = preview_table(write("path,size,color\na.png,big,red\nb.png,big,red\nc.png,s,b\n"))
    assert preview.label_column is None
    assert [column.looks_like for column in preview.columns] == ["path", "label", "label"]


def test_a_field_without_end_is_told_and_reading_goes_on(write):
    path = write(
        "path,label\na.png," + "x" * 2_000_000 + "\nb.png,dog\nc.png," + "y" * 110_000 + "\n"
    )
    table = read_labels(path)
    assert labels(table) == {"b.png": "dog"}
    assert [problem.where for problem in table.problems] == ["line 2", "line 4"]


def test_too_many_rows_are_an_error_that_can_be_answered(write):
    path = write("path,label\n" + "a.png,cat\n" * 11)
    with pytest.raises(FormatError, match="more than 11 rows"):
        read_labels(path, max_rows=10)
    assert len(read_labels(path, max_rows=11).rows) == 11


def test_an_empty_file_or_none_is_told(write, tmp_path):
    for path in (write(""), write("\n\n"), tmp_path / "no.csv"):
        with pytest.raises(FormatError):
            preview_table(path)


@pytest.mark.parametrize(
    "unit", ['"', '",', "a,b\n", '"a,\n', ",,,,\n", '""', "\r", "a.png\t;|,\n", '"x"y\n']
)
def test_time_grows_with_the_size_and_no_faster(write, unit):
    seconds = []
    for n in (50_000, 400_000):
        path = write("path,label\n" + unit * (n // len(unit)))
        start = time.process_time()
        with suppress(FormatError):
            preview_table(path)
        seconds.append(time.process_time() - start)
    assert seconds[1] < 30 * max(seconds[0], 0.02)


@FEW
@given(st.binary(max_size=300), st.sampled_from([None, "latin-1", "utf-16-le"]))
def test_any_bytes_are_read_or_refused(write, content, encoding):
    for name in ("t.csv", "t.jsonl", "t.json", "t.xml"):
        options = {} if name == "t.xml" else {"encoding": encoding}
        with suppress(FormatError):
            read_labels(write(content, name), **options)


@FEW
@given(st.text(alphabet='a,;|\t"\n\r.png', max_size=200))
def test_any_table_is_read_or_refused_and_every_row_is_counted(write, text):
    try:
        preview = preview_table(write(text), delimiter=",")
    except FormatError:
        return
    assert preview.n_bad <= preview.n_rows
    assert len(preview.first_rows) <= preview.n_rows - preview.n_bad


@given(st.text(alphabet="'=+-@\t\r\na\uff1d", max_size=6))
def test_harmless_text_becomes_what_it_was(text):
    assert original(neutral(text)) == text
    assert not neutral(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"))


def test_json_lines_are_told_by_line(write):
    text = '{"path": "a.png", "label": "cat"}\n\n[1]\n{"path": 3}\n{bad\n{"path": "../b.png"}\n'
    table = read_labels(write(text + '{"path": "c.png", "label": null}\n' + "[" * 9000, "t.jsonl"))
    assert labels(table) == {"a.png": "cat", "c.png": None}
    where = [problem.where for problem in table.problems]
    assert where == ["line 3", "line 4", "line 5", "line 6", "line 8"]


def test_a_million_rows_are_not_kept_in_words(write, monkeypatch):
    monkeypatch.setattr(_rows, "MAX_ROWS", 10)
    table = read_labels(write("path,label\na.png,b\n" + "a.png,b,c\n" * 3000))
    assert (table.n_bad, len(table.problems)) == (3000, 1000)
