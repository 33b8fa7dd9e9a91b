"""``skal compare``: what it prints and writes, and one line for each thing that can go wrong."""

import json
import os

import pytest
from made_results import TWO, write_run, write_runs
from typer.testing import CliRunner

from skal.cli import app


def _run(*arguments):
    return CliRunner().invoke(app, ["compare", *(str(argument) for argument in arguments)])


@pytest.fixture
def two(tmp_path):
    return write_runs(tmp_path / "two", TWO)


def test_help_names_the_options():
    shown = _run("--help").output
    for option in ("output", "baseline", "n-samples"):
        assert f"--{option}" in shown


def test_table_checks_and_places_are_printed(two):
    result = _run(two)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("strategy ")
    assert "\n[x] Same random seeds for all strategies: seeds 0 to 2\n" in result.stdout
    assert "\n[?] Results reproducible: not checked" in result.stdout
    for name in ("learning_curves.png", "comparison_table.tex", "methods.md", "checklist.md"):
        assert f"{two}/comparison_results/{name}" in result.stdout
        assert (two / "comparison_results" / name).stat().st_size > 100


def test_options_reach_the_report(two):
    out = two.parent / "out"
    result = _run(two, "--output", out, "--baseline", "good", "--n-samples", 30)
    assert result.exit_code == 0, result.output
    assert "(baseline)" in next(line for line in result.stdout.splitlines() if "good" in line)
    assert json.loads((out / "comparison_table.json").read_text())["n_samples"] == 30
    assert not (two / "comparison_results").exists()


def test_several_folders_are_compared_where_the_user_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "a" / "random", [0.5, 0.6, 0.7], seed=42)
    write_run(tmp_path / "b" / "margin", [0.5, 0.7, 0.8], seed=42)
    result = _run("a/random", os.path.join("b", "margin"))
    assert result.exit_code == 0, result.output
    assert (tmp_path / "comparison_results" / "efficiency_comparison.png").exists()


def test_what_differs_is_printed(two):
    (two / "good" / "seed_1" / "iteration_3").mkdir()
    assert "iteration_3 is not whole and is left out." in _run(two).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "there is no folder nowhere. "),
        (["two", "--baseline", "best"], "baseline must be one of the strategies good, random;"),
        (["two", "--output", "file/results"], "cannot write file/results: "),
        (["damaged"], "/damaged/good/iteration_0/metrics.json is damaged"),
    ],
)
def test_errors_are_one_line(two, monkeypatch, arguments, message):
    monkeypatch.chdir(two.parent)
    (two.parent / "file").write_text("")
    run = write_run(two.parent / "damaged" / "good", [0.5, 0.6, 0.7])
    (run / "iteration_0" / "metrics.json").write_text("{")
    result = _run(*arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
