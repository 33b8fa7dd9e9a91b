"""What compare promises: paired runs, the same at any n_jobs, and clear refusals."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.tree import DecisionTreeClassifier

from skal import ActiveLearner, Committee
from skal.experiments import compare
from skal.query import BALD, CoreSet, KMeansDiversity, Margin, RandomSampling, VoteEntropy

X, y = load_iris(return_X_y=True)
STRATEGIES = {"random": RandomSampling(), "margin": Margin()}
FAST = {"n_initial": 6, "n_instances": 4, "n_queries": 3, "seeds": 2, "progress": False}


def _compare(strategies=STRATEGIES, estimator=None, X=X, y=y, **options):
    estimator = LogisticRegression(max_iter=1000) if estimator is None else estimator
    return compare(strategies, estimator, X, y, **{**FAST, **options})


def what_repeats(result):
    """Return the records without their seconds."""
    return {
        key: [(r["round"], r["n_labels"], r["score"], r["indices"]) for r in rounds]
        for key, rounds in result.records.items()
    }


def test_all_strategies_of_a_seed_begin_with_the_same_labels_and_score():
    result = _compare(seeds=3)
    for seed in result.seeds:
        first, second = (result.records[name, seed][0] for name in STRATEGIES)
        assert first["indices"] == second["indices"]
        assert first["score"] == second["score"]
    assert len({tuple(result.records["random", seed][0]["indices"]) for seed in range(3)}) == 3


def test_equal_strategies_give_equal_runs():
    result = _compare({"random": RandomSampling(), "again": RandomSampling()}, _tree())
    for seed in result.seeds:
        assert what_repeats(result)["random", seed] == what_repeats(result)["again", seed]


@pytest.mark.parametrize(
    "estimator", [LogisticRegression(max_iter=1000), RandomForestClassifier(5)]
)
def test_number_of_jobs_does_not_change_a_bit(estimator):
    strategies = {**STRATEGIES, "k_means": KMeansDiversity()}
    one, two = (_compare(strategies, estimator, n_jobs=n) for n in (1, 2))
    assert what_repeats(one) == what_repeats(two)


def test_threads_of_the_caller_do_not_change_a_bit():
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=2):
        two = _compare()
    assert what_repeats(_compare()) == what_repeats(two)


def test_indices_are_positions_in_all_data_and_never_in_the_test_part():
    result = _compare(test_size=0.3, n_queries=None, n_instances=40)
    for seed in result.seeds:
        labeled = {
            name: sorted(i for r in result.records[name, seed] for i in r["indices"])
            for name in STRATEGIES
        }
        assert labeled["random"] == labeled["margin"]  # the whole pool
        assert len(set(labeled["random"])) == 105


def test_full_data_score_is_that_of_all_labels():
    result = _compare(X=X[::2], y=y[::2], X_test=X[1::2], y_test=y[1::2])
    expected = LogisticRegression(max_iter=1000).fit(X[::2], y[::2]).score(X[1::2], y[1::2])
    assert result.full_scores.to_list() == pytest.approx([expected] * 2)


def test_curves_meet_the_full_data_score_when_the_pool_is_empty():
    result = _compare(n_queries=None, n_instances=50)
    final = result.scores_at(np.inf)
    for name in STRATEGIES:
        np.testing.assert_allclose(final[name], result.full_scores, atol=0.03)


def test_list_is_named_by_its_classes():
    result = _compare([RandomSampling(), CoreSet(), KMeansDiversity()])
    assert result.strategies == ["random_sampling", "core_set", "k_means_diversity"]
    assert result.baseline == "random_sampling"


def test_acronyms_stay_whole_in_names():
    forest = RandomForestClassifier(3)
    assert _compare([BALD()], forest, seeds=1, baseline=None).strategies == ["bald"]


def test_function_of_modal_is_a_strategy():
    from modAL.uncertainty import margin_sampling

    result = _compare({"random": RandomSampling(), "modal": margin_sampling})
    assert len(result.records["modal", 0]) == 4


def test_learner_gives_its_settings_to_each_strategy():
    learner = ActiveLearner(_tree(), bootstrap_init=True)
    assert _compare(estimator=learner).strategies == list(STRATEGIES)
    assert not hasattr(learner, "estimator_")


def test_committee_can_be_compared():
    committee = Committee(ActiveLearner(_tree()), n_members=3, bootstrap=True)
    result = _compare({"random": RandomSampling(), "votes": VoteEntropy()}, committee)
    assert len(result.records["votes", 1]) == 4


def test_regressors_are_scored_by_r2():
    result = _compare({"random": RandomSampling()}, Ridge(), X[:, :3], X[:, 3], initial="random")
    assert result.score_name == "R²"


def test_scoring_names_the_score():
    result = _compare(scoring="balanced_accuracy")
    assert result.score_name == "balanced accuracy"


def test_string_labels_and_data_frames_pass():
    frame = load_iris(as_frame=True)
    names = frame.target_names[frame.target]
    result = _compare(X=frame.data, y=names)
    assert what_repeats(result)["margin", 0] == what_repeats(_compare())["margin", 0]


def test_class_of_one_sample_does_not_stop_a_split():
    labels = y.copy()
    labels[0] = 7
    assert len(_compare(y=labels).records["margin", 0]) == 4


def test_progress_counts_runs(capfd):
    _compare(progress=True, n_jobs=2)
    assert "6/6" in capfd.readouterr().err  # two strategies and the full data, two seeds


def test_without_progress_nothing_is_printed(capfd):
    _compare()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strategies": {}}, "at least one strategy"),
        ({"strategies": [Margin(), Margin()]}, "margin came more than once"),
        ({"strategies": {"../up": Margin()}}, "also its folder's.*'../up'"),
        ({"strategies": {"full_data": Margin()}}, "'full_data' is taken"),
        (
            {"strategies": {"margin": Margin()}},
            "one of the strategies margin, or None; got 'random'",
        ),
        ({"baseline": "best"}, "got 'best'"),
        ({"seeds": 0}, "seeds must be"),
        ({"seeds": [1, 1]}, "seeds must differ"),
        ({"seeds": [-1]}, "integers from 0 on"),
        ({"X_test": X}, "belong together"),
        ({"y": y[:-1]}, "a label for each sample; got 149 for 150"),
        ({"X_test": X, "y_test": y[:9]}, "y_test must have .* got 9 for 150"),
        ({"resume": True}, "need a folder"),
        ({"n_initial": -1}, "n_initial"),
    ],
)
def test_wrong_values_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        _compare(**options)


def test_strategy_that_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match="must be callable; got 3 for 'random'"):
        _compare({"random": 3})


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_error_of_a_run_says_which_run(n_jobs):
    with pytest.raises(TypeError) as caught:
        _compare({**STRATEGIES, "bald": BALD()}, n_jobs=n_jobs)
    assert caught.value.__notes__ == ["This happened in the run of 'bald' with seed 0."]


def test_scores_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="finite numbers; got nan in round 0"):
        _compare(scoring=lambda *_: np.nan)


def _tree():
    return DecisionTreeClassifier(max_features=2)
