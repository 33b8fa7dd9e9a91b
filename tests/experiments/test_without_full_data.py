"""Comparisons without a model of all labels, with labels spent before, and followed by round."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.naive_bayes import GaussianNB

from skal.experiments import ComparisonResult, EfficiencyDisplay, LearningCurveDisplay, compare
from skal.query import Margin, RandomSampling

X, y = load_iris(return_X_y=True)
STRATEGIES = {"random": RandomSampling(), "margin": Margin()}


def _compare(**options):
    options = {"n_initial": 6, "n_instances": 4, "n_queries": 3, "seeds": 2, **options}
    return compare(STRATEGIES, GaussianNB(), X, y, progress=False, **options)


def test_without_a_model_of_all_labels_targets_are_scores():
    result = _compare(full_data=False)
    assert result.full_scores is None
    needed = result.labels_to_target(0.8)
    for name in STRATEGIES:
        for seed in result.seeds:
            n_labels, scores = result.curve(name, seed)
            reached = n_labels[scores >= 0.8]
            assert (needed[name][seed] <= reached[0]) if len(reached) else True
    assert "Targets are values of the accuracy." in str(result)


def test_without_a_model_of_all_labels_the_curves_are_the_same():
    first, second = _compare(full_data=False), _compare()
    columns = ["strategy", "seed", "n_labels", "score"]
    assert first.to_frame()[columns].equals(second.to_frame()[columns])


def test_without_a_model_of_all_labels_plots_have_no_line_for_it():
    from matplotlib.figure import Figure

    result = _compare(full_data=False)
    display = LearningCurveDisplay.from_result(result, ax=Figure().subplots())
    assert not hasattr(display, "full_line_")
    display = EfficiencyDisplay.from_result(result, ax=Figure().subplots(1, 2))
    assert display.ax_[0].get_xlabel() == "Labels to accuracy 0.95"


def test_a_folder_without_a_model_of_all_labels_is_read_again(tmp_path):
    result = _compare(full_data=False, folder=tmp_path)
    again = ComparisonResult.from_folder(tmp_path)
    assert again.to_frame().equals(result.to_frame())
    assert not (tmp_path / "full_data").exists()


def test_labels_spent_before_count_in_all_numbers(tmp_path):
    plain, spent = _compare(), _compare(n_labels_spent=30, folder=tmp_path)
    difference = spent.to_frame()["n_labels"] - plain.to_frame()["n_labels"]
    assert set(difference) == {30}
    resumed = _compare(n_labels_spent=30, folder=tmp_path, resume=True)
    assert resumed.to_frame().equals(spent.to_frame())


def test_each_round_can_be_followed():
    seen = []
    result = _compare(
        on_round=lambda name, seed, record, learner: seen.append(
            (name, seed, record["round"], len(learner.y_training))
        )
    )
    assert len(seen) == 2 * (2 * 4 + 1)
    assert ("margin", 1, 3, 18) in seen
    assert ("full_data", 0, 0, 105) in seen
    assert np.isfinite(result.to_frame()["score"]).all()


def test_an_error_of_who_follows_names_the_run():
    def fail(*_):
        raise RuntimeError("no network")

    with pytest.raises(RuntimeError, match="no network") as caught:
        _compare(on_round=fail)
    assert "seed 0" in caught.value.__notes__[0]
