"""Runs in folders: what is read, what is done about differences, what is refused."""

import re
import shutil

import numpy as np
import pytest
from made_results import TWO, compare_iris, write_run, write_runs

from skal.exceptions import RunFolderError
from skal.experiments import RunReport


def _report(*folders, **options):
    return RunReport.from_folders(folders, **options)


def _check(report, title):
    """Return the one check whose title holds a text."""
    (found,) = [check for check in report.checks if title in check.title]
    return found


# Reading -----------------------------------------------------------------------------------


def test_a_comparison_is_read_as_it_was_made(finished):
    folder, result = finished
    report = _report(folder)
    np.testing.assert_array_equal(report.result.summary(), result.summary())
    assert list(report.result.strategies) == ["random", "margin"]
    assert report.result.baseline == "random"
    assert report.result.n_samples == result.n_samples == 105  # 150, less 30 % to test on
    assert report.notes == []


@pytest.mark.parametrize("test_size", [0.33, 40])
def test_all_labels_are_those_of_the_training_part(test_size):
    result = compare_iris(None, seeds=1, n_queries=0, test_size=test_size)
    assert result.n_samples == result.records["full_data", 0][-1]["n_labels"]


def test_strategies_and_runs_one_by_one_make_the_same_comparison(finished):
    folder, result = finished
    parts = [folder / "random", *sorted((folder / "margin").iterdir()), folder / "full_data"]
    one_by_one = _report(*parts, folder / "random" / "seed_0")
    np.testing.assert_array_equal(one_by_one.result.summary(), result.summary())


def test_plain_layout_is_read(tmp_path):
    for name, last in (("random", 0.7), ("margin", 0.8)):
        write_run(tmp_path / name, [0.5, 0.6, last])
    report = _report(tmp_path)
    assert report.result.strategies == ["margin", "random"]
    assert report.result.curve("margin", 0)[0].tolist() == [10, 20, 30]
    assert report.result.curve("margin", 0)[1].tolist() == [0.5, 0.6, 0.8]
    assert report.result.records["margin", 0][1]["indices"] == list(range(10, 20))
    assert report.result.score_name == "F1"
    assert report.notes == [
        "No seeds are recorded: runs in the same folder are taken as one seed.",
        "No run records its data: whether all have the same cannot be told.",
    ]


def test_runs_without_seeds_are_paired_by_their_folder(tmp_path):
    for i in range(2):
        for name in ("random", "margin"):
            write_run(tmp_path / f"copy_{i}" / name, [0.5, 0.6, 0.7 + 0.1 * i])
    paths = [tmp_path / f"copy_{i}" / name for name in ("random", "margin") for i in range(2)]
    result = _report(*paths).result
    assert result.seeds == [0, 1]
    assert result.scores_at(30)["margin"].to_list() == pytest.approx([0.7, 0.8])
    assert "seed" not in _report(*paths).methods  # they are not known


def test_recorded_ratios_tell_how_many_samples_there_are(tmp_path):
    ratios = {"initial_ratio": 0.1, "query_ratio": 0.1, "seed": 42, "num_iterations": 3}
    write_run(tmp_path / "random", [0.5, 0.6, 0.7], **ratios)
    report = _report(tmp_path)
    assert report.result.n_samples == 100  # 30 labels are 30 %
    assert "as computed from initial_ratio" in report.notes[-1]
    assert _report(tmp_path, n_samples=104).result.n_samples == 104


def test_baseline_that_ends_with_all_labels_tells_the_full_score(tmp_path):
    ratios = {"initial_ratio": 0.4, "query_ratio": 0.3, "seed": 42}
    for name, last in (("random", 0.7), ("margin", 0.8)):
        write_run(tmp_path / name, [0.5, 0.6, last], **ratios)
    assert _report(tmp_path).result.full_scores.to_list() == [0.7]
    assert "the last round of random" in _report(tmp_path).notes[-1]


def test_half_written_last_round_is_left_out_and_told(two):
    place = two / "good" / "seed_0" / "iteration_3"
    place.mkdir()
    (place / "metrics.json").write_text('{"f1_sc')
    report = _report(two)
    assert len(report.result.records["good", 0]) == 3
    assert report.notes == [f"{place} is not whole and is left out."]
    assert _check(report, "completed").is_true is False


def test_run_without_a_whole_round_is_left_out_and_told(two):
    for number in (1, 2):
        shutil.rmtree(two / "good" / "seed_2" / f"iteration_{number}")
    (two / "good" / "seed_2" / "iteration_0" / "metrics.json").unlink()
    report = _report(two)
    assert f"{two / 'good' / 'seed_2'} has no whole round and is left out." in report.notes
    assert report.result.seeds == [0, 1]


# What differs ------------------------------------------------------------------------------


def test_only_seeds_that_all_strategies_have_are_compared(two):
    shutil.rmtree(two / "good" / "seed_1")
    report = _report(two)
    assert report.result.seeds == [0, 2]
    assert report.notes == [
        "Strategies have different seeds (good: seeds 0, 2; random: seeds 0 to 2): only seeds 0, 2 "
        "are compared."
    ]
    assert (
        str(_check(report, "seeds"))
        == "[ ] Same random seeds for all strategies: good lacks seed 1"
    )


def test_shorter_runs_are_compared_where_all_have_scores(two):
    shutil.rmtree(two / "good" / "seed_0" / "iteration_2")
    report = _report(two)
    assert report.result.common_labels == (10, 20)
    # mean of 0.5 and 0.9, and of 0.5 and 0.7, between 10 and 20 labels
    assert report.result.areas().loc[0].to_list() == pytest.approx([0.7, 0.6])
    assert report.notes == [
        "Labels are spent differently (good, seed 0 10 to 20 in 2 rounds; most runs 10 to 30 in 3 "
        "rounds): compared are 10 to 20 labels, on straight lines between rounds."
    ]


def test_areas_of_other_steps_end_on_straight_lines(tmp_path):
    write_run(tmp_path / "random", [0.5, 0.7], n_labels=(10, 20), seed=1)
    write_run(tmp_path / "good", [0.4, 0.8, 0.8], n_labels=(5, 15, 25), seed=1)
    result = _report(tmp_path).result
    # good is 0.6 at 10 labels, 0.8 from 15 on: mean 0.7 over the first half, 0.8 over the second
    assert result.areas().loc[1, "good"] == pytest.approx(0.75)
    assert result.summary().loc["good", "final_score"] == pytest.approx(0.8)


def test_other_settings_are_told(tmp_path):
    write_run(tmp_path / "random", [0.5, 0.6, 0.7], seed=1, lr=0.1, epochs=5)
    write_run(tmp_path / "good", [0.5, 0.6, 0.7], seed=1, lr=0.2, epochs=5)
    report = _report(tmp_path)
    assert "Settings differ between runs" in report.notes[-1]
    assert report.notes[-1].endswith(": lr.")
    assert "epochs=5" in report.methods
    assert "lr=" not in report.methods


@pytest.mark.parametrize(
    ("one", "two", "words"),
    [
        ({"data": {"X": {"hash": "a"}}}, {"data": {"X": {"hash": "b"}}}, r"data\.X\.hash"),
        ({"train_data_dir": "a"}, {"train_data_dir": "b"}, "train_data_dir"),
    ],
)
def test_other_data_are_refused(tmp_path, one, two, words):
    write_run(tmp_path / "good", [0.5, 0.6, 0.7], seed=1, **one)
    write_run(tmp_path / "random", [0.5, 0.6, 0.7], seed=1, **two)
    with pytest.raises(RunFolderError, match=rf"random/config.json .*different data.*: {words}\."):
        _report(tmp_path)


def test_data_that_not_all_runs_record_are_told(tmp_path):
    write_run(tmp_path / "good", [0.5, 0.6, 0.7], seed=1, train_data_dir="a")
    write_run(tmp_path / "random", [0.5, 0.6, 0.7], seed=1)
    assert _report(tmp_path).notes == [
        "Not all runs record their data: whether all have the same cannot be told."
    ]


def _refused(words, *folders, **options):
    with pytest.raises(RunFolderError, match=words):
        _report(*folders, **options)


def test_runs_that_cannot_be_compared_are_refused(tmp_path):
    good = write_run(tmp_path / "a" / "good", [0.5, 0.6, 0.7], seed=1, lr=0.1)
    other = write_run(tmp_path / "b" / "random", [0.5, 0.6, 0.7], seed=2)
    _refused("no seed has runs of all strategies.*good: seed 1; random: seed 2", good, other)
    loss = write_run(tmp_path / "c" / "random", [0.5, 0.6, 0.7], seed=1, score="score")
    _refused("random is scored by score, but .*good by F1", good, loss)
    twice = write_run(tmp_path / "d" / "good", [0.5, 0.6, 0.7], seed=1, lr=0.2)
    _refused("are both good, seed 1, with other settings: lr", good, twice)
    late = write_run(tmp_path / "e" / "late", [0.5, 0.6], n_labels=(50, 60), seed=1)
    _refused("share no number of labels: one begins with 50, another ends with 30", good, late)
    silent = write_run(tmp_path / "f" / "random", [0.5, 0.6, 0.7])
    _refused("f/random/config.json records no seed", good, silent)
    _refused("baseline must be one of the strategies good; got 'best'", good, baseline="best")
    _refused("n_samples must be at least the 30 labels", good, n_samples=20)


def test_one_name_for_two_strategies_is_refused(tmp_path):
    for seed, share in enumerate((0.5, 0.7)):
        strategies = {"hybrid": {"class": "Hybrid", "share": share}}
        write_run(tmp_path / f"hybrid/seed_{seed}", [0.5, 0.6, 0.7], strategies=strategies)
    _refused(r"'hybrid' in .*seed_1/config.json is not the strategy of that name", tmp_path)


# Damage ------------------------------------------------------------------------------------


def test_folders_without_runs_are_refused(tmp_path):
    _refused("there is no folder .*nowhere", tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    _refused(r"empty holds no runs: expected FOLDER/STRATEGY/seed_N/", tmp_path / "empty")
    (tmp_path / "early" / "random" / "iteration_0").mkdir(parents=True)
    _refused("no run has a whole round yet; got 1, such as .*early/random", tmp_path / "early")


def test_folder_of_several_comparisons_names_them(tmp_path):
    for name in ("lenet-none", "lenet-gaussian"):
        write_runs(tmp_path / name, TWO)
    _refused("holds no runs.*Name those of lenet-gaussian, lenet-none", tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("iteration_1/metrics.json", '{"f1_sc', "is damaged: it is no JSON"),
        ("iteration_1/metrics.json", None, "is missing. Restore it"),
        ("iteration_1/metrics.json", '{"loss": 1}', 'must hold a "score" or an "f1_score"'),
        ("iteration_1/metrics.json", '{"f1_score": NaN}', "that is a finite number"),
        ("iteration_1/metrics.json", "[]", 'must hold a "score"'),
        ("iteration_1/labeled_indices.json", '{"new": [1]}', "the indices of all labeled samples"),
        ("iteration_1/labeled_indices.json", "[1, 2]", "more labels than the round before; got 2"),
        (
            "iteration_1/metrics.json",
            '{"f1_score": 1, "n_labels": "2"}',
            "must be an integer; got '2'",
        ),
        ("config.json", '{"seed": "1"}', "must be an integer; got '1'"),
        ("config.json", "{", "is damaged"),
        ("config.json", "[1]", "must hold settings by name; got"),
    ],
)
def test_damaged_files_are_named(two, name, content, words):
    path = two / "good" / "seed_1" / name
    path.unlink() if content is None else path.write_text(content)
    _refused(f"{re.escape(str(path))} .*{words}", two)


def test_file_that_cannot_be_read_is_named(two):
    path = two / "good" / "seed_1" / "config.json"
    path.unlink()
    path.mkdir()
    _refused(f"{re.escape(str(path))} cannot be read: Is a directory", two)


def test_missing_round_is_named(two):
    shutil.rmtree(two / "good" / "seed_1" / "iteration_1")
    _refused("good/seed_1/iteration_1 is missing, but iteration_2 is there", two)
