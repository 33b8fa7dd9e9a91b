"""What the plots show, and that they leave everything else alone."""

import matplotlib as mpl
import numpy as np
import pytest
from made_results import TWO, make_result
from matplotlib import colors
from matplotlib.figure import Figure

from skal.experiments import EfficiencyDisplay, LearningCurveDisplay
from skal.experiments._axes import COLORS
from skal.experiments.displays import _spread


def _axes(n_panels=1):
    return Figure(layout="constrained").subplots(1, n_panels)


def test_curves_are_means_over_seeds_in_named_axes():
    display = LearningCurveDisplay.from_result(make_result(TWO), ax=_axes())
    np.testing.assert_array_equal(display.lines_["good"].get_xdata(), [10, 20, 30])
    np.testing.assert_allclose(display.lines_["good"].get_ydata(), np.mean(TWO["good"], axis=0))
    assert display.ax_.get_xlabel() == "Labeled samples"
    assert display.ax_.get_ylabel() == "Accuracy"
    assert display.full_line_.get_ydata()[0] == 1.0
    assert display.figure_ is display.ax_.figure


def test_plot_returns_the_display_and_can_draw_again():
    display = LearningCurveDisplay.from_result(make_result(TWO), ax=_axes())
    other = _axes()
    assert display.plot(other, lw=3) is display
    assert display.ax_ is other
    assert display.lines_["good"].get_linewidth() == 3


@pytest.mark.parametrize(("band", "n_bands"), [("paired", 2), ("standard", 2), (None, 0)])
def test_bands_can_be_chosen(band, n_bands):
    display = LearningCurveDisplay.from_result(make_result(TWO), band=band, ax=_axes())
    assert len(display.bands_) == n_bands
    assert (str(band) in display.ax_.get_title(loc="left")) == (band is not None)


def test_unknown_band_is_refused():
    with pytest.raises(ValueError, match='"paired", "standard" or None; got \'wide\''):
        LearningCurveDisplay.from_result(make_result(TWO), band="wide")


def test_one_seed_has_no_band():
    result = make_result({name: seeds[:1] for name, seeds in TWO.items()})
    assert not LearningCurveDisplay.from_result(result, ax=_axes()).bands_


def test_names_stand_at_the_curves_or_in_a_legend():
    result = make_result(TWO)
    direct = LearningCurveDisplay.from_result(result, ax=_axes())
    assert {"good", "random (baseline)"} <= {text.get_text() for text in direct.ax_.texts}
    legend = LearningCurveDisplay.from_result(result, ax=_axes(), labels="legend")
    entries = [text.get_text() for text in legend.ax_.get_legend().get_texts()]
    assert entries == ["good", "random"]


def test_direct_labels_keep_apart_and_within_the_axes():
    positions = _spread([0.0, 0.01, 0.5, 0.98, 0.99, 1.0], gap=0.1)
    assert np.diff(positions).min() >= 0.1 - 1e-12
    assert min(positions) >= 0
    assert max(positions) <= 1 + 1e-12


def test_axis_above_tells_the_share_of_all_labels():
    result = make_result(TWO)
    result.n_samples = 40
    display = LearningCurveDisplay.from_result(result, ax=_axes())
    (above,) = display.ax_.child_axes
    display.figure_.draw_without_rendering()
    assert above.get_xlim() == pytest.approx((25, 75))
    assert [tick.get_text() for tick in above.get_xticklabels()][:2] == ["20 %", "30 %"]
    assert display.ax_.get_title(loc="left").endswith("; top: % of 40 labeled")
    assert not LearningCurveDisplay.from_result(make_result(TWO), ax=_axes()).ax_.child_axes


def test_runs_with_different_counts_share_a_grid():
    result = make_result(TWO)
    for record in result.records["good", 0]:
        record["n_labels"] += 5
    display = LearningCurveDisplay.from_result(result, ax=_axes())
    np.testing.assert_array_equal(display.n_labels, [15, 20, 25, 30])


def test_strategies_have_colors_of_their_own_and_the_baseline_is_gray():
    many = {f"s{i}": TWO["good"] for i in range(9)} | {"random": TWO["random"]}
    lines = LearningCurveDisplay.from_result(make_result(many), ax=_axes()).lines_
    looks = {(line.get_color(), str(line.get_linestyle())) for line in lines.values()}
    assert len(looks) == 10
    assert np.ptp(colors.to_rgb(lines["random"].get_color())) == 0


def test_colors_differ_also_in_brightness_or_hue_for_color_blind_readers():
    rgb = np.array([colors.to_rgb(color) for color in COLORS])
    # without the red-green difference, what is left is brightness and blue against yellow
    left = np.column_stack([rgb @ [0.3, 0.6, 0.1], rgb[:, 2] - rgb[:, :2].mean(axis=1)])
    distance = np.linalg.norm(left[:, None] - left[None], axis=2)
    assert distance[np.triu_indices(len(COLORS), 1)].min() > 0.08


def test_efficiency_sorts_by_labels_needed():
    display = EfficiencyDisplay.from_result(make_result(TWO), target=0.7, ax=_axes(2))
    assert display.order_ == ["good", "random"]
    left, right = display.ax_
    assert [tick.get_text() for tick in left.get_yticklabels()] == ["good", "random (baseline)"]
    assert left.get_xlabel() == "Labels to 70 % of the full-data accuracy"
    assert right.get_xlabel() == "Accuracy at 15 labels"
    expected = np.mean([15, 20, 20])
    assert left.patches[0].get_width() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("n_samples", "label", "expected"),
    [
        (40, "Accuracy at 20 labels (50 %)", (0.9 + 0.7 + 0.7) / 3),
        (100, "Accuracy at 15 labels (15 %)", (0.7 + 0.6 + 0.6) / 3),  # 50 labels are never used
    ],
)
def test_scores_are_at_half_of_all_labels_where_runs_get_there(n_samples, label, expected):
    result = make_result(TWO)
    result.n_samples = n_samples
    display = EfficiencyDisplay.from_result(result, ax=_axes(2))
    assert display.ax_[1].get_xlabel() == label
    assert display.scores["good"].mean() == pytest.approx(expected)


def test_without_full_data_the_target_is_a_score():
    result = make_result(TWO)
    result.records = {key: rounds for key, rounds in result.records.items() if key[0] in TWO}
    display = EfficiencyDisplay.from_result(result, target=0.7, ax=_axes(2))
    assert display.ax_[0].get_xlabel() == "Labels to accuracy 0.7"


def test_efficiency_says_how_many_seeds_reach_the_target():
    display = EfficiencyDisplay.from_result(make_result(TWO), target=0.9, ax=_axes(2))
    texts = [text.get_text() for text in display.ax_[0].texts]
    assert texts == ["27", "reached by 2 of 3 seeds"]


def test_efficiency_of_one_seed_and_of_a_target_that_nobody_reaches():
    result = make_result({name: seeds[:1] for name, seeds in TWO.items()}, full=2.0)
    display = EfficiencyDisplay.from_result(result, ax=_axes(2))
    assert [t.get_text() for t in display.ax_[0].texts] == ["reached by 0 of 1 seeds"] * 2


def test_keyword_arguments_reach_the_bars():
    display = EfficiencyDisplay.from_result(make_result(TWO), ax=_axes(2), height=0.3, alpha=1)
    assert [bar.get_height() for bar in display.ax_[0].patches] == pytest.approx([0.3, 0.3])


def test_efficiency_needs_two_axes():
    with pytest.raises(ValueError, match="ax must be two axes"):
        EfficiencyDisplay.from_result(make_result(TWO), ax=_axes())


def test_without_axes_a_figure_is_made_and_no_style_is_changed():
    import matplotlib.pyplot as plt

    before = dict(mpl.rcParams)
    for display in (LearningCurveDisplay, EfficiencyDisplay):
        made = display.from_result(make_result(TWO))
        assert made.figure_.number in plt.get_fignums()
        plt.close(made.figure_)
    assert dict(mpl.rcParams) == before
