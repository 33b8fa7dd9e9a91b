"""The checklist: every box is decided by what is in the folders."""

import json
import shutil

import numpy as np
import pytest
from made_results import compare_iris, write_run, write_runs
from scipy import stats
from sklearn.datasets import load_iris

from skal.experiments import RunReport

X, y = load_iris(return_X_y=True)


def _report(*folders, **options):
    return RunReport.from_folders(folders, **options)


def _check(report, title):
    """Return the one check whose title holds a text."""
    (found,) = [check for check in report.checks if title in check.title]
    return found


def test_checks_of_a_comparison(finished):
    lines = [str(check).splitlines()[0] for check in _report(finished[0]).checks]
    assert lines[:4] == [
        "[x] All strategies completed, with all iterations: strategies: 2, iterations of each: 4",
        "[x] Same random seeds for all strategies: seeds 0, 1",
        "[x] Same initial labeled set for all strategies: the same 6 samples, seed by seed",
        "[x] Validation or test set held out, never queried: no labeled sample is one of the test "
        "data",
    ]
    assert lines[6].startswith("[?] Results reproducible: not checked")


def test_missing_and_unfinished_runs_are_named(finished, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(finished[0], folder)
    shutil.rmtree(folder / "margin" / "seed_1")
    shutil.rmtree(folder / "random" / "seed_0" / "iteration_3")
    check = _check(_report(folder), "completed")
    assert check.is_true is False
    assert check.reason == "margin/seed_1 is missing; random, seed 0 is not finished"


def test_unfinished_run_beside_a_finished_one_of_its_name_is_found(finished, tmp_path):
    again = tmp_path / "again"
    shutil.copytree(finished[0], again)
    shutil.rmtree(again / "random" / "seed_0" / "iteration_3")
    for folders in ((finished[0], again), (again, finished[0])):
        assert _check(_report(*folders), "completed").reason == "random, seed 0 is not finished"


def test_planned_iterations_are_counted_or_not_known(tmp_path):
    write_run(tmp_path / "a" / "good", [0.5, 0.6, 0.7], num_iterations=3)
    write_run(tmp_path / "b" / "good", [0.5, 0.6, 0.7], num_iterations=4)
    write_run(tmp_path / "c" / "good", [0.5, 0.6, 0.7])
    found = [_check(_report(tmp_path / name), "completed").is_true for name in "abc"]
    assert found == [True, False, None]


def test_other_initial_labels_are_found(tmp_path):
    write_run(tmp_path / "random", [0.5, 0.6, 0.7], seed=1)
    write_run(tmp_path / "good", [0.5, 0.6, 0.7], seed=1, first=1)
    check = _check(_report(tmp_path), "initial")
    assert str(check).endswith("seed 1: random begins with other samples than good")
    assert check.is_true is False


def test_queried_test_samples_are_found(finished, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(finished[0], folder)
    held_out = folder / "margin" / "seed_1" / "test_indices.json"
    indices = json.loads((held_out.parent / "iteration_2" / "labeled_indices.json").read_text())
    assert not set(indices["labeled"]) & set(json.loads(held_out.read_text()))
    held_out.write_text(json.dumps(indices["new"]))
    check = _check(_report(folder), "held out")
    assert (check.is_true, check.reason) == (False, "margin, seed 1 has labeled 4 test samples")


@pytest.mark.parametrize(("X_test", "is_true"), [(X[1::2], True), (X, False)])
def test_test_data_of_their_own_are_held_out_unless_they_are_the_pool(tmp_path, X_test, is_true):
    compare_iris(tmp_path / "run", seeds=1, n_queries=1, X_test=X_test, y_test=y[: len(X_test)])
    assert not list(tmp_path.rglob("test_indices.json"))
    assert _check(_report(tmp_path / "run"), "held out").is_true is is_true


def test_what_is_not_recorded_cannot_be_told(two):
    check = _check(_report(two), "held out")
    assert check.is_true is None
    assert "cannot be told" in check.reason


def test_falling_curves_are_counted_and_named(tmp_path):
    write_runs(tmp_path, {"random": [[0.5, 0.6, 0.7]] * 2, "bad": [[0.5, 0.6, 0.4]] * 2})
    check = _check(_report(tmp_path), "rise")
    assert check.is_true is False
    assert check.reason == "2 of 4 runs end higher than they began, not bad, seed 0; bad, seed 1"


def _curve(area):
    return [area - 0.1, area, area + 0.1]


@pytest.mark.parametrize(
    ("gains", "word", "is_true"),
    [
        ((0.05, 0.06, 0.07), "yes", True),
        ((-0.05, -0.06, -0.07), "no, it is worse", False),
        ((-0.05, 0.06, 0.02), "not told", None),
    ],
)
def test_strategies_outperform_random_where_the_paired_interval_says_so(
    tmp_path, gains, word, is_true
):
    areas = np.array([0.4, 0.6, 0.8])
    write_runs(
        tmp_path,
        {"random": [_curve(a) for a in areas], "new": [_curve(a) for a in areas + gains]},
    )
    check = _check(_report(tmp_path), "outperforms random")
    interval = stats.ttest_1samp(gains, 0).confidence_interval(0.95)
    expected = f"new: {word}, {np.mean(gains):+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"
    assert check.details == [expected]
    assert check.is_true is is_true


def test_one_seed_or_no_baseline_does_not_tell_what_outperforms(tmp_path):
    write_runs(tmp_path, {"random": [[0.5, 0.6, 0.7]], "good": [[0.5, 0.7, 0.9]]})
    assert _check(_report(tmp_path), "outperforms").reason == "not told by one seed"
    assert "no baseline" in _check(_report(tmp_path / "good"), "outperforms").reason


def test_repeated_runs_that_agree_are_reproducible(finished, tmp_path):
    again = tmp_path / "again"
    shutil.copytree(finished[0], again)
    report = _report(finished[0], again)
    np.testing.assert_array_equal(report.result.summary(), finished[1].summary())
    assert _check(report, "reproducible").is_true is True
    metrics = again / "margin" / "seed_1" / "iteration_2" / "metrics.json"
    metrics.write_text(json.dumps({**json.loads(metrics.read_text()), "score": 0.123}))
    check = _check(_report(finished[0], again), "reproducible")
    assert (check.is_true, check.reason) == (False, "margin, seed 1 differs from iteration 2 on")
