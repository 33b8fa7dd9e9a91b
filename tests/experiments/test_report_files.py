"""What is written of runs: tables for papers, methods and the rest."""

import json
import re
import shutil

import numpy as np
import pytest
from made_results import write_run
from scipy import stats

from skal.experiments import RunReport
from skal.experiments._score_table import escape

FILES = [
    "checklist.md", "comparison_table.csv", "comparison_table.json", "comparison_table.tex",
    "curves.csv", "efficiency_comparison.png", "learning_curves.png", "methods.md",
]  # fmt: skip


def _report(*folders, **options):
    return RunReport.from_folders(folders, **options)


def test_all_files_are_written_by_every_comparison(finished, two, tmp_path):
    assert sorted(p.name for p in (finished[0] / "comparison_results").iterdir()) == FILES
    _report(two).write(tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == FILES


def test_own_results_are_not_read_as_runs(finished):
    before = _report(finished[0])
    before.write(finished[0] / "comparison_results")
    assert str(_report(finished[0])) == str(before)


def test_checklist_holds_checks_and_notes(two):
    shutil.rmtree(two / "good" / "seed_1")
    text = _report(two).checklist
    assert text.startswith("# Checklist\n\n- [?] All strategies completed")
    assert "    - good: not told, " in text
    assert "## Notes\n\n- Strategies have different seeds" in text


def _cells(tex):
    return [line[: -len(r" \\")].split(" & ") for line in tex.splitlines() if " & " in line]


def _table(folder, **options):
    _report(folder, **options).write(folder / "out")
    return (folder / "out" / "comparison_table.tex").read_text()


def test_latex_table_has_means_intervals_and_the_best_in_bold(two):
    heads, good, random = _cells(_table(two))
    assert heads == [rf"\textbf{{{name}}}" for name in
                     ("Strategy", "10 labels", "20 labels", "30 labels", "AUC")]  # fmt: skip
    width = stats.t.ppf(0.975, 2) * np.std([0.9, 0.7, 0.7], ddof=1) / np.sqrt(3)
    assert good[:2] == ["good", r"0.500 $\pm$ 0.000"]  # all are the same: none is best
    assert good[2] == rf"\textbf{{0.767}} $\pm$ {width:.3f}"
    assert random[2].startswith("0.667 ")
    assert good[4].startswith(r"\textbf{0.742} $\pm$ ")


def test_latex_table_has_shares_where_the_runs_cover_them(tmp_path):
    labels = (10, 50, 100)
    write_run(tmp_path / "random", [0.5, 0.6, 0.7], n_labels=labels, seed=1)
    write_run(tmp_path / "a_b", [0.5, 0.7, 0.8], n_labels=labels, seed=1)
    heads, best, _ = _cells(_table(tmp_path, n_samples=100))
    assert heads[1:6] == [rf"\textbf{{{share} \%}}" for share in (10, 30, 50, 70, 90)]
    assert best[:4] == [r"a\_b", "0.500", r"\textbf{0.600}", r"\textbf{0.700}"]
    table = json.loads((tmp_path / "out" / "comparison_table.json").read_text())
    assert table["table_points"]["30 %"] == 30
    assert table["strategies"]["a_b"]["scores"]["30 %"] == pytest.approx(0.6)
    assert table["strategies"]["a_b"]["score_half_widths"]["30 %"] is None


def test_latex_table_has_as_many_cells_a_row_and_closes_what_it_opens(two):
    tex = _table(two)
    columns = re.search(r"\\begin{tabular}{(l?c+)}", tex)[1]
    assert {len(row) for row in _cells(tex)} == {len(columns)}
    plain = re.sub(r"\\.", "", tex)
    assert plain.count("{") == plain.count("}")
    assert re.findall(r"\\begin{(\w+)}", tex) == re.findall(r"\\end{(\w+)}", tex)[::-1]


def test_signs_of_latex_are_escaped():
    assert escape(r"50 % of a_b & {x} $1 #2 ~ ^ \ y") == (
        r"50 \% of a\_b \& \{x\} \$1 \#2 \textasciitilde{} \textasciicircum{} "
        r"\textbackslash{} y"
    )


def test_methods_have_the_settings_of_the_runs(finished):
    text = _report(finished[0]).methods
    for words in (
        "random (the baseline), `RandomSampling()`; margin, `Margin(",
        "temperature=1.0)`.",
        "Runs began with 6 labels (5.71 %), drawn at random, stratified by class; each of 3 "
        "queries added 4, up to 18 labels (17.1 %).",
        "`LogisticRegression(C=1.0, ",
        "max_iter=1000, ",
        "Every strategy ran with seeds 0, 1.",
        "The score is accuracy, on 30 % of the samples, which each seed held out anew.",
    ):
        assert words in text


def test_methods_hold_no_number_that_is_not_in_the_runs(tmp_path):
    write_run(tmp_path / "random", [0.5, 0.6, 0.7], seed=7, batch_size=16)
    write_run(tmp_path / "good", [0.5, 0.6, 0.7], seed=7, batch_size=16)
    text = _report(tmp_path).methods
    assert "batch_size=16" in text
    assert "seed 7" in text
    numbers = {int(n) for n in re.findall(r"\d+", text.replace("F1", ""))}
    assert numbers == {2, 7, 10, 16, 30}


def test_printed_report_has_the_table_the_notes_and_the_checks(two):
    shutil.rmtree(two / "good" / "seed_1")
    text = str(_report(two))
    assert text.startswith("strategy ")
    assert "\nNote: Strategies have different seeds" in text
    assert "\n[?] Results reproducible: not checked" in text
    assert repr(_report(two)).startswith("RunReport(ComparisonResult(2 strategies x 2 seeds")
