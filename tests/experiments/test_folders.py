"""Run folders: their layout, and that no kill and no full disk can spoil them."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, SGDClassifier

from skal import ActiveLearner, _files
from skal.exceptions import ResumeError
from skal.experiments import ComparisonResult, _runs, compare
from skal.query import Margin, RandomSampling

X, y = load_iris(return_X_y=True)
STRATEGIES = {"random": RandomSampling(), "margin": Margin()}


def _compare(folder, estimator=None, strategies=STRATEGIES, **options):
    settings = {"n_initial": 6, "n_instances": 4, "n_queries": 3, "seeds": 2, "progress": False}
    estimator = LogisticRegression(max_iter=1000) if estimator is None else estimator
    return compare(strategies, estimator, X, y, folder=folder, **{**settings, **options})


def what_repeats(result):
    return {
        key: [(r["round"], r["n_labels"], r["score"], r["indices"]) for r in rounds]
        for key, rounds in result.records.items()
    }


def _read(path):
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("comparison") / "run"
    return folder, _compare(folder)


# Layout ------------------------------------------------------------------------------------


def test_folder_has_the_promised_layout(finished):
    folder, _ = finished
    assert sorted(p.name for p in folder.iterdir()) == [
        "comparison_results", "config.json", "full_data", "margin", "random",
    ]  # fmt: skip
    run = folder / "margin" / "seed_1"
    assert sorted(p.name for p in run.iterdir()) == [
        "config.json", "iteration_0", "iteration_1", "iteration_2", "iteration_3",
        "test_indices.json", "training.log",
    ]  # fmt: skip
    assert sorted(p.name for p in (run / "iteration_2").iterdir()) == [
        "labeled_indices.json", "metrics.json",
    ]  # fmt: skip
    assert sorted(p.name for p in (folder / "comparison_results").iterdir()) == [
        "checklist.md", "comparison_table.csv", "comparison_table.json", "comparison_table.tex",
        "curves.csv", "efficiency_comparison.png", "learning_curves.png", "methods.md",
    ]  # fmt: skip


def test_iteration_tells_what_was_labeled_and_how_good_that_is(finished):
    folder, result = finished
    record = result.records["margin", 1][2]
    iteration = folder / "margin" / "seed_1" / "iteration_2"
    metrics, indices = _read(iteration / "metrics.json"), _read(iteration / "labeled_indices.json")
    assert metrics["score"] == record["score"]
    assert metrics["n_labels"] == len(indices["labeled"]) == 14
    assert indices["new"] == indices["labeled"][-4:] == record["indices"]


def test_test_indices_are_the_samples_that_are_not_in_the_pool(finished):
    folder, result = finished
    for seed in result.seeds:
        held_out = _read(folder / "margin" / f"seed_{seed}" / "test_indices.json")
        assert len(held_out) == len(set(held_out)) == 45
        assert held_out == _read(folder / "random" / f"seed_{seed}" / "test_indices.json")
        labeled = _read(folder / "full_data" / f"seed_{seed}/iteration_0/labeled_indices.json")
        assert sorted(held_out + labeled["labeled"]) == list(range(150))


def test_log_has_a_line_a_round(finished):
    lines = (finished[0] / "margin" / "seed_0" / "training.log").read_text().splitlines()
    assert len(lines) == 5
    assert " INFO started margin, seed 0" in lines[0]
    assert "INFO round 3: 18 labels, score 0." in lines[4]


def test_config_says_what_was_run(finished):
    config = _read(finished[0] / "margin" / "seed_0" / "config.json")
    assert (config["strategy"], config["seed"], config["n_instances"]) == ("margin", 0, 4)
    assert config["estimator"]["max_iter"] == 1000


def test_tables_hold_the_summary(finished):
    folder, result = finished
    table = _read(folder / "comparison_results" / "comparison_table.json")
    summary = result.summary()
    assert table["strategies"]["margin"]["area"] == summary.loc["margin", "area"]
    curves = pd.read_csv(folder / "comparison_results" / "curves.csv")
    pd.testing.assert_frame_equal(curves, result.to_frame(), check_dtype=False)


def test_result_can_be_loaded_again(finished):
    folder, result = finished
    loaded = ComparisonResult.from_folder(str(folder))
    assert loaded.records == {
        key: [{name: r[name] for name in rounds[0]} for r in result.records[key]]
        for key, rounds in loaded.records.items()
    }
    pd.testing.assert_frame_equal(loaded.to_frame(), result.to_frame())
    pd.testing.assert_frame_equal(loaded.summary(), result.summary())
    assert (loaded.baseline, loaded.score_name) == ("random", "accuracy")


def test_models_are_kept_as_skops_files(tmp_path):
    import skops.io

    result = _compare(tmp_path / "run", save_models=True, seeds=1, X_test=X, y_test=y)
    for record in result.records["margin", 0]:
        path = tmp_path / "run" / "margin" / "seed_0" / f"iteration_{record['round']}"
        assert skops.io.load(path / "model.skops").score(X, y) == record["score"]


def test_models_of_nets_are_kept_as_nets_write_them(tmp_path):
    from skal.nets import MLPClassifier

    net = MLPClassifier(max_epochs=1)
    options = {"save_models": True, "seeds": 1, "n_queries": 1, "X_test": X, "y_test": y}
    result = _compare(tmp_path / "run", net, **options)
    place = tmp_path / "run" / "margin" / "seed_0" / "iteration_1"
    assert MLPClassifier.load(place).score(X, y) == result.records["margin", 0][1]["score"]


def n_right(learner, X_test, y_test):
    return {"n_right": int((learner.predict(X_test) == y_test).sum())}


def test_further_numbers_stand_beside_the_score_and_survive_resuming(tmp_path):
    result = _compare(tmp_path / "run", metrics=n_right, X_test=X, y_test=y)
    for record in result.records["margin", 1]:
        assert record["metrics"]["n_right"] == round(record["score"] * len(X))
    path = tmp_path / "run" / "margin" / "seed_1" / "iteration_2" / "metrics.json"
    assert _read(path)["n_right"] == result.records["margin", 1][2]["metrics"]["n_right"]
    path.unlink()
    again = _compare(tmp_path / "run", metrics=n_right, X_test=X, y_test=y, resume=True)
    assert [r["metrics"] for r in again.records["margin", 1]] == [
        r["metrics"] for r in result.records["margin", 1]
    ]


def test_further_numbers_cannot_take_the_name_of_a_rounds_own(tmp_path):
    with pytest.raises(ValueError, match="names that a round has already"):
        _compare(tmp_path / "run", metrics=lambda *_: {"score": 1.0}, seeds=1)


def test_numbers_that_are_not_finite_are_null_in_json(tmp_path):
    result = _compare(tmp_path / "run", seeds=1, n_queries=0)
    assert result.summary()["labels_95"].max() == float("inf")
    text = (tmp_path / "run" / "comparison_results" / "comparison_table.json").read_text()
    table = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert table["strategies"]["margin"]["labels_95"] is None


# Resuming ----------------------------------------------------------------------------------

ESTIMATORS = {
    "plain": LogisticRegression(max_iter=1000),
    "warm": ActiveLearner(SGDClassifier(loss="log_loss"), warm_start=True),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_deleted_rounds_are_run_again_bit_for_bit(tmp_path, name):
    import shutil

    whole = _compare(tmp_path / "run", ESTIMATORS[name])
    for kept, run in ((1, "margin/seed_0"), (0, "random/seed_1"), (2, "margin/seed_1")):
        for number in range(kept + 1, 4):
            shutil.rmtree(tmp_path / "run" / run / f"iteration_{number}")
    shutil.rmtree(tmp_path / "run" / "full_data" / "seed_0")
    resumed = _compare(tmp_path / "run", ESTIMATORS[name], resume=True)
    assert what_repeats(resumed) == what_repeats(whole)
    log = (tmp_path / "run" / "margin" / "seed_0" / "training.log").read_text()
    assert "resumed after round 1" in log


def test_rounds_after_a_gap_or_damage_are_run_again(tmp_path):
    import shutil

    whole = _compare(tmp_path / "run", seeds=1)
    run = tmp_path / "run" / "margin" / "seed_0"
    shutil.rmtree(run / "iteration_1")
    (tmp_path / "run" / "random" / "seed_0" / "iteration_2" / "metrics.json").write_text('{"rou')
    assert what_repeats(_compare(tmp_path / "run", seeds=1, resume=True)) == what_repeats(whole)
    assert _read(run / "iteration_1" / "metrics.json")["round"] == 1


def test_finished_comparison_is_not_run_again(finished):
    folder, result = finished
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*/seed_*/iteration_*/*")}
    assert what_repeats(_compare(folder, resume=True)) == what_repeats(result)
    after = {path: path.stat().st_mtime_ns for path in folder.glob("*/seed_*/iteration_*/*")}
    assert before == after


LONG = {"n_queries": 30, "n_instances": 3}
SCRIPT = """
import sys
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from skal.experiments import compare
from skal.query import Margin, RandomSampling

compare(
    {"random": RandomSampling(), "margin": Margin()}, LogisticRegression(max_iter=1000),
    *load_iris(return_X_y=True), n_initial=6, n_instances=3, n_queries=30, seeds=2,
    progress=False, folder=sys.argv[1], n_jobs=2,
)
"""


def test_killed_comparison_resumes_to_the_result_of_an_uninterrupted_one(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, tmp_path / "run"], env=environment)
    deadline = time.monotonic() + 100
    while not (tmp_path / "run" / "margin" / "seed_0" / "iteration_3").exists():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "run" / "comparison_results").exists()
    with pytest.raises(ResumeError, match=r"not finished: \d of 6 runs"):
        ComparisonResult.from_folder(tmp_path / "run")
    resumed = _compare(tmp_path / "run", resume=True, **LONG)
    assert what_repeats(resumed) == what_repeats(_compare(None, **LONG))


def test_worker_ends_when_who_started_it_is_gone(monkeypatch):
    monkeypatch.setattr(os, "_exit", sys.exit)
    _runs.end_if_orphaned(os.getpid())
    _runs.end_if_orphaned(1)
    monkeypatch.setattr(os, "getppid", lambda: 1)
    _runs.end_if_orphaned(os.getpid())  # not a worker: a closed terminal ends no comparison
    with pytest.raises(SystemExit):
        _runs.end_if_orphaned(1)


def test_what_a_kill_left_half_written_is_removed(tmp_path):
    whole = _compare(tmp_path / "run", seeds=1)
    half = tmp_path / "run" / "margin" / "seed_0" / f"{_files.TEMPORARY}1-iteration_4"
    half.mkdir()
    (half / "metrics.json").write_text("{")
    assert what_repeats(_compare(tmp_path / "run", seeds=1, resume=True)) == what_repeats(whole)
    assert not half.exists()


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ({"n_instances": 5, "seeds": 3}, "n_instances, seeds"),
        ({"estimator": LogisticRegression(C=2, max_iter=1000)}, r"estimator\.C"),
        ({"strategies": {**STRATEGIES, "margin": RandomSampling()}}, r"strategies\.margin\.class"),
        ({"strategies": {**STRATEGIES, "more": Margin()}}, r"strategies\.more"),
        ({"X_test": X, "y_test": y}, r"data\.X_test, data\.y_test, test_size"),
    ],
)
def test_other_settings_refuse_to_resume_and_are_named(finished, options, keys):
    with pytest.raises(ResumeError, match=rf"What differs: .*{keys}"):
        _compare(finished[0], resume=True, **options)


def test_other_data_refuse_to_resume(finished):
    with pytest.raises(ResumeError, match=r"What differs: data\.X\.hash\."):
        compare(
            STRATEGIES, LogisticRegression(max_iter=1000), X + 1e-9, y, folder=finished[0],
            n_initial=6, n_instances=4, n_queries=3, seeds=2, progress=False, resume=True,
        )  # fmt: skip


def test_data_frame_is_the_same_data_after_it_has_been_looked_at(tmp_path):
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    options = {"n_queries": 1, "n_instances": 4, "n_initial": 6, "seeds": 1, "progress": False}
    options |= {"folder": tmp_path / "run", "baseline": None}
    compare({"margin": Margin()}, ESTIMATORS["plain"], frame, y, **options)
    assert frame["a"].max() == frame.loc[131, "a"]
    compare({"margin": Margin()}, ESTIMATORS["plain"], frame, y, **options, resume=True)
    frame.loc[3, "b"] = 0
    with pytest.raises(ResumeError, match=r"data\.X\.hash"):
        compare({"margin": Margin()}, ESTIMATORS["plain"], frame, y, **options, resume=True)


def test_other_versions_of_libraries_are_warned_about(tmp_path):
    _compare(tmp_path, seeds=1)
    config = _read(tmp_path / "config.json")
    config["versions"]["numpy"] = "1.0"
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.warns(UserWarning, match="begun with other versions of numpy"):
        _compare(tmp_path, seeds=1, resume=True)


def test_folder_in_use_is_refused_without_resume(finished):
    with pytest.raises(FileExistsError, match=r"is not empty.*resume=True"):
        _compare(finished[0])


def test_resume_of_a_folder_that_does_not_exist_starts_anew(tmp_path):
    assert _compare(tmp_path / "new", seeds=1, resume=True).seeds == [0]


def test_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ResumeError, match="holds no comparison"):
        _compare(tmp_path, resume=True)
    with pytest.raises(ResumeError, match="holds no comparison"):
        ComparisonResult.from_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


# Failures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_file_in_the_place_of_the_folder_is_a_clear_error(tmp_path, name):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"cannot write .*file.*choose another folder"):
        _compare(tmp_path / name)


def test_full_disk_is_a_clear_error_and_loses_no_round(tmp_path, monkeypatch):
    whole = _compare(tmp_path / "whole", seeds=1)
    n_synced, fsync = 0, os.fsync

    def fill_up(descriptor):
        nonlocal n_synced
        n_synced += 1
        if n_synced > 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fill_up)
    with pytest.raises(OSError, match=r"cannot write .*: No space left on device\. .*resume=True"):
        _compare(tmp_path / "full", seeds=1)
    monkeypatch.undo()
    assert not list((tmp_path / "full").rglob("iteration_*/.tmp-*"))
    assert what_repeats(_compare(tmp_path / "full", seeds=1, resume=True)) == what_repeats(whole)


def test_round_that_a_dying_worker_has_still_written_is_replaced(tmp_path):
    (tmp_path / "iteration_1").mkdir()
    (tmp_path / "iteration_1" / "old.json").write_text("{}")
    _files.write_folder(tmp_path / "iteration_1", {"new.json": {}})
    assert [path.name for path in tmp_path.rglob("*.json")] == ["new.json"]


def test_file_is_replaced_at_once_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "config.json"
    _files.write_json(path, {"a": 1})
    monkeypatch.setattr(os, "replace", _raise_no_space)
    with pytest.raises(OSError, match="No space left"):
        _files.write_json(path, {"a": 2})
    assert _read(path) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["config.json"]


def _raise_no_space(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_resumed_warm_start_goes_on_from_the_saved_net(tmp_path, monkeypatch):
    from skal.nets import MLPClassifier

    learner = ActiveLearner(MLPClassifier(max_epochs=2, lr_schedule="cosine"), warm_start=True)
    options = {"save_models": True, "seeds": 1, "full_data": False, "X_test": X, "y_test": y}
    whole = _compare(tmp_path / "whole", learner, **options)
    _compare(tmp_path / "run", learner, **options)
    for name in STRATEGIES:
        shutil.rmtree(tmp_path / "run" / name / "seed_0" / "iteration_3")
    n_fits = []
    fit = MLPClassifier.fit

    def counted(self, X, y, *args, **kwargs):
        n_fits.append(len(y))
        return fit(self, X, y, *args, **kwargs)

    monkeypatch.setattr(MLPClassifier, "fit", counted)
    resumed = _compare(tmp_path / "run", learner, **options, resume=True)
    assert what_repeats(resumed) == what_repeats(whole)
    assert n_fits == [18, 18]  # the last round of each strategy
