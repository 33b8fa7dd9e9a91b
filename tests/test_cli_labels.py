"""``skal labels``: what it prints and writes, and one line for each thing that can go wrong."""

import pytest
from made_projects import gray_images, save_images
from typer.testing import CliRunner

from skal.annotate import Project
from skal.cli import app


def _run(*arguments):
    return CliRunner().invoke(app, ["labels", *(str(argument) for argument in arguments)])


@pytest.fixture
def place(tmp_path):
    folder = save_images(tmp_path / "images", gray_images(6))
    with Project.create(folder, ["cat", "dog"], embed=False) as project:
        project.decide(1, "label", "cat")
        return project.place


def labels(place):
    with Project.open(place) as project:
        return {item.relpath: item.label for item in project.items() if item.label}


def test_labels_go_out_and_come_in(place, tmp_path):
    result = _run("export", place, tmp_path / "out", "--format", "yolo", "--images", "none")
    assert result.exit_code == 0, result.output
    assert "1 images, 1 of them labeled" in result.stdout
    (tmp_path / "more.csv").write_text("path;label\n00001.png;fox\n00000.png;dog\nno.png;cat\n")
    counted = _run("import", place, tmp_path / "more.csv", "--dry-run", "--new_labels", "add")
    assert "Would read 3 rows as csv" in counted.stdout
    assert "Labels that the project did not have: fox" in counted.stdout
    assert "Note: line 4: no image of the project" in counted.stderr
    assert labels(place) == {"00000.png": "cat"}
    result = _run("import", place, tmp_path / "more.csv", "--rename", "fox=dog")
    assert "1  get a label" in result.stdout
    assert "1  keep another answer" in result.stdout
    assert labels(place) == {"00000.png": "cat", "00001.png": "dog"}


def test_a_project_goes_out_and_comes_in(place, tmp_path):
    archive = tmp_path / "a.zip"
    result = _run("export", place, archive, "--format", "archive", "--images", "copy")
    assert "1 decisions, 0 models, 6 images" in result.stdout
    result = _run("import", tmp_path / "two", archive, "--format", "archive")
    assert result.exit_code == 0, result.output
    assert labels(tmp_path / "two") == {"00000.png": "cat"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["export", "{place}", "{tmp}/out", "--format", "pkl"], "format must be one of"),
        (["export", "{tmp}/no", "{tmp}/out"], "there is no folder"),
        (["export", "{place}", "{tmp}/no/out"], "there is no folder"),
        (["export", "{place}", "{tmp}/z", "--format", "archive", "--images", "hardlink"], "copies"),
        (["import", "{place}", "{tmp}/no.csv"], "there is no file"),
        (["import", "{place}", "{tmp}/new.csv"], "--new-labels 'add'"),
        (["import", "{place}", "{tmp}/new.csv", "--rename", "fox"], "--rename must be"),
        (["import", "{place}", "{tmp}/new.csv", "--existing", "maybe"], "existing must be one of"),
        (["import", "{tmp}/p", "{tmp}/new.csv", "--format", "archive"], "no ZIP archive"),
    ],
)
def test_errors_are_one_line(place, tmp_path, arguments, message):
    (tmp_path / "new.csv").write_text("path,label\n00001.png,fox\n")
    result = _run(*(text.format(place=place, tmp=tmp_path) for text in arguments))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
