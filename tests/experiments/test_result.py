"""Summaries of curves that can be worked out by hand."""

import numpy as np
import pytest
from made_results import TWO, make_result
from scipy import stats

from skal.experiments._statistics import half_width, paired_half_width


def test_frame_has_a_row_a_round():
    frame = make_result(TWO).to_frame()
    assert list(frame.columns) == [
        "strategy", "seed", "round", "n_labels", "score", "fit_seconds", "query_seconds",
    ]  # fmt: skip
    assert len(frame) == 2 * 3 * 3
    assert frame.query("strategy == 'good' and seed == 1")["score"].to_list() == [0.5, 0.7, 0.9]


def test_summary_counts_labels_to_shares_of_the_full_score():
    summary = make_result(TWO).summary(targets=(0.9,))
    # good reaches 0.9 at 20, 30 and 30 labels; random at 30, never and 30
    assert summary.loc["good", "labels_90"] == pytest.approx(80 / 3)
    assert summary.loc["good", "labels_90_median"] == 30
    assert summary.loc["good", "reached_90"] == 3
    assert summary.loc["random", "labels_90"] == np.inf
    assert summary.loc["random", "labels_90_median"] == 30
    assert summary.loc["random", "reached_90"] == 2


def test_median_is_infinite_where_most_seeds_fail():
    summary = make_result(TWO).summary(targets=(0.95,))
    assert summary.loc["good", "labels_95_median"] == np.inf
    assert summary.loc["good", "reached_95"] == 1


def test_summary_compares_areas_with_the_baseline_seed_by_seed():
    summary = make_result(TWO).summary()
    # areas of random 0.7, 0.625, 0.7; of good 0.825, 0.7, 0.7: differences 0.125, 0.075, 0
    differences = np.array([0.125, 0.075, 0])
    row = summary.loc["good"]
    assert row["area"] == pytest.approx((0.825 + 0.7 + 0.7) / 3)
    assert row["area_difference"] == pytest.approx(differences.mean())
    interval = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert row["area_difference_low"] == pytest.approx(interval.low)
    assert row["area_difference_high"] == pytest.approx(interval.high)
    assert tuple(row[["wins", "ties", "losses"]]) == (2, 1, 0)
    assert tuple(summary.loc["random", ["wins", "ties", "losses"]]) == (0, 3, 0)


def test_summary_adds_up_seconds():
    summary = make_result(TWO).summary()
    assert summary.loc["good", "query_seconds"] == 0.5
    assert summary.loc["good", "fit_seconds"] == 1.5


def test_one_seed_has_no_interval():
    row = make_result({name: seeds[:1] for name, seeds in TWO.items()}).summary().loc["good"]
    assert row["area_difference"] == pytest.approx(0.125)
    assert np.isnan(row["area_difference_low"])


def test_without_a_baseline_there_are_no_differences():
    assert "area_difference" not in make_result(TWO, baseline=None).summary()


def test_targets_of_negative_scores_are_worse_not_better():
    result = make_result({"a": [[-4.0, -2.0, -1.0]]}, full=-1.0, baseline=None)
    # 10 % worse than -1 is -1.1, which lies 9 tenths of the way from -2 to -1
    assert result.labels_to_target(0.9).loc[0, "a"] == pytest.approx(29)


def test_scores_between_rounds_lie_on_straight_lines():
    assert make_result(TWO).scores_at(15)["good"].to_list() == pytest.approx([0.7, 0.6, 0.6])


def test_repr_is_one_line():
    assert repr(make_result(TWO)) == (
        "ComparisonResult(2 strategies x 3 seeds, 3 rounds, 10 to 30 labels, score='accuracy')"
    )


@pytest.mark.parametrize("baseline", ["random", None])
def test_printed_table_is_aligned_and_fits_100_columns(baseline):
    lines = str(make_result(TWO, baseline=baseline)).splitlines()
    table = [line for line in lines if line.startswith(("strategy", "random", "good"))]
    assert [line.split()[0] for line in table] == ["strategy", "good", "random"]
    assert len({len(line) for line in table}) == 1
    assert max(map(len, lines)) <= 100
    assert "in 1 of 3" in table[1]


def test_half_width_is_that_of_the_t_interval():
    values = np.array([0.2, 0.5, 0.4, 0.9])
    interval = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert half_width(values) == pytest.approx((interval.high - interval.low) / 2)
    assert np.isnan(half_width([1.0]))


def test_paired_width_ignores_how_easy_a_seed_is():
    rng = np.random.RandomState(0)
    values = rng.rand(3, 6, 4)
    easier = values + rng.rand(1, 6, 1)
    np.testing.assert_allclose(paired_half_width(easier), paired_half_width(values))


def test_paired_width_of_two_strategies_is_that_of_their_difference():
    values = np.random.RandomState(1).rand(2, 8)
    # each interval, times the square root of 2, is the paired t interval of the difference
    expected = half_width(values[0] - values[1])
    np.testing.assert_allclose(paired_half_width(values) * np.sqrt(2), [expected, expected])
