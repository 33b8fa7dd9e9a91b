"""The loop: budgets, records, seeds, leaks, searches, stopping early, and bad input."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy.stats import chisquare
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skal import ActiveLearner, ActiveLearningLoop, Committee, CommitteeRegressor
from skal.query import (
    ConsensusEntropy,
    CoreSet,
    Entropy,
    Hybrid,
    KMeansDiversity,
    LeastConfidence,
    Margin,
    QueryStrategy,
    RandomSampling,
    Selection,
)
from skal.stopping import LabelBudget


def make_loop(strategy=None, estimator=None, **params):
    learner = ActiveLearner(
        KNeighborsClassifier(3) if estimator is None else estimator, strategy or Margin()
    )
    defaults = {"n_initial": 6, "n_instances": 4, "n_queries": 3, "random_state": 0}
    return ActiveLearningLoop(learner, **{**defaults, **params})


class Spy(QueryStrategy):
    """A strategy that remembers the pools that it was shown."""

    pools: list = []  # noqa: RUF012

    def _select(self, pool, n_instances, chosen):
        self.pools.append(np.asarray(pool.X).copy())
        return Selection(np.arange(n_instances), np.zeros(n_instances))


# Budgets and records ------------------------------------------------------------------------


def test_labels_are_initial_plus_queries(iris):
    loop = make_loop().fit(*iris)
    assert [r["n_labels"] for r in loop.history_] == [6, 10, 14, 18]
    assert [r["round"] for r in loop.history_] == [0, 1, 2, 3]
    assert len(set(loop.labeled_indices_.tolist())) == 18


def test_shares_are_of_all_samples(iris):
    loop = make_loop(n_initial=0.1, n_instances=0.2, n_queries=2).fit(*iris)
    assert [r["n_labels"] for r in loop.history_] == [15, 45, 75]


def test_without_a_number_of_queries_the_pool_is_emptied_and_all_strategies_meet(iris):
    ends = []
    for strategy in (Margin(), CoreSet(), RandomSampling()):
        loop = make_loop(strategy, n_instances=40, n_queries=None).fit(*iris)
        assert sorted(loop.labeled_indices_) == list(range(150))
        ends.append(loop.score(*iris))
    assert len(set(ends)) == 1


def test_the_last_query_takes_what_is_left(iris):
    X, y = iris[0][:15], iris[1][:15]
    loop = make_loop(n_queries=5).fit(X, y)
    assert [len(r["indices"]) for r in loop.history_] == [6, 4, 4, 1]


def test_no_queries_is_the_initial_set_alone(iris):
    assert len(make_loop(n_queries=0).fit(*iris).history_) == 1


def test_records_hold_scores_and_seconds_and_become_a_frame(iris):
    X, y = iris
    loop = make_loop().fit(X[:100], y[:100], X_val=X[100:], y_val=y[100:])
    frame = loop.history_to_frame()
    assert list(frame.columns) == [
        "round", "n_labels", "indices", "score", "fit_seconds", "query_seconds",
    ]  # fmt: skip
    assert frame.score.iloc[-1] == loop.learner_.score(X[100:], y[100:])
    assert frame.query_seconds.iloc[0] == 0
    assert (frame.fit_seconds > 0).all()


def test_validation_labels_count_unless_told_otherwise(iris):
    X, y = iris
    data = (X[:100], y[:100], X[100:], y[100:])
    assert make_loop().fit(*data).history_[0]["n_labels"] == 56
    assert make_loop(count_validation=False).fit(*data).history_[0]["n_labels"] == 6


def test_scores_are_of_the_scorer_asked_for(iris):
    X, y = iris
    loop = make_loop(scoring="balanced_accuracy").fit(X, y, X_val=X, y_val=y)
    expected = np.mean([(loop.predict(X)[y == c] == c).mean() for c in range(3)])
    assert loop.history_[-1]["score"] == pytest.approx(expected)
    assert loop.score(X, y) == pytest.approx(expected)


def test_staged_predictions_are_those_of_each_round(iris):
    X, y = iris
    loop = make_loop(keep_estimators=True).fit(X, y)
    stages = list(loop.staged_predict(X))
    assert len(stages) == 4
    taught = loop.labeled_indices_[:10]
    expected = KNeighborsClassifier(3).fit(X[taught], y[taught]).predict(X)
    np.testing.assert_array_equal(stages[1], expected)
    assert list(loop.staged_score(X, y))[-1] == loop.score(X, y)


def test_stages_need_kept_estimators(iris):
    with pytest.raises(ValueError, match="keep_estimators=True"):
        list(make_loop().fit(*iris).staged_predict(iris[0]))


# What the learner is shown ------------------------------------------------------------------


def test_each_pool_holds_exactly_what_has_no_label(iris):
    X, y = iris
    Spy.pools.clear()
    loop = make_loop(Spy()).fit(X, y)
    before = np.cumsum([len(r["indices"]) for r in loop.history_])
    for pool, n_labeled in zip(Spy.pools, before, strict=False):
        left = np.setdiff1d(np.arange(len(X)), loop.labeled_indices_[:n_labeled])
        np.testing.assert_array_equal(pool, X[left])


def test_labels_that_no_query_asked_for_change_nothing(iris):
    X, y = iris
    loop = make_loop(initial="random").fit(X, y)
    corrupted = y.copy()
    hidden = np.setdiff1d(np.arange(len(y)), loop.labeled_indices_)
    corrupted[hidden] = (y[hidden] + 1) % 3
    again = make_loop(initial="random").fit(X, corrupted)
    np.testing.assert_array_equal(loop.labeled_indices_, again.labeled_indices_)
    np.testing.assert_array_equal(loop.predict(X), again.predict(X))


def test_neither_the_learner_nor_the_data_change(iris):
    X, y = iris
    loop, X_before, y_before = make_loop(), X.copy(), y.copy()
    loop.fit(X, y)
    assert loop.learner.X_training is None
    assert not hasattr(loop.learner, "estimator_")
    np.testing.assert_array_equal(X, X_before)
    np.testing.assert_array_equal(y, y_before)


def test_a_second_fit_forgets_the_first(iris):
    X, y = iris
    loop = make_loop().fit(X, y).fit(X[:50], y[:50])
    assert len(loop.history_) == 4
    assert loop.labeled_indices_.max() < 50


# Initial sets -------------------------------------------------------------------------------


def test_stratified_draws_every_class_by_its_share():
    y = np.repeat(["a", "b", "c"], [60, 30, 10])
    X = np.arange(100.0).reshape(-1, 1)
    loop = make_loop(initial="stratified", n_initial=20, n_queries=0).fit(X, y)
    names, counts = np.unique(y[loop.labeled_indices_], return_counts=True)
    assert dict(zip(names, counts, strict=True)) == {"a": 12, "b": 6, "c": 2}


def test_stratified_has_one_of_each_class_while_there_is_room():
    y = np.repeat(np.arange(5), [96, 1, 1, 1, 1])
    X = np.arange(100.0).reshape(-1, 1)
    loop = make_loop(initial="stratified", n_initial=5, n_queries=0).fit(X, y)
    assert sorted(y[loop.labeled_indices_]) == [0, 1, 2, 3, 4]


def test_random_goes_on_until_a_classifier_has_seen_two_classes():
    y = np.repeat([0, 1], [99, 1])
    X = np.arange(100.0).reshape(-1, 1)
    loop = make_loop(estimator=LogisticRegression(), n_initial=2, n_queries=0).fit(X, y)
    labels = y[loop.labeled_indices_]
    assert labels[-1] == 1
    assert (labels[:-1] == 0).all()
    assert loop.history_[0]["n_labels"] == len(labels)


def test_random_initial_sets_are_uniform(iris):
    X, y = iris
    counts = np.zeros(150)
    for seed in range(200):
        counts[make_loop(n_queries=0, random_state=seed).fit(X, y).labeled_indices_] += 1
    assert chisquare(counts).pvalue > 0.001


@pytest.mark.parametrize("strategy", [CoreSet(), KMeansDiversity(), RandomSampling()])
def test_a_cold_start_by_a_strategy_needs_no_model(iris, strategy):
    X, y = iris
    loop = make_loop(initial=strategy, estimator=make_pipeline(StandardScaler(), Ridge()))
    loop.set_params(learner__query_strategy=CoreSet(), n_queries=1).fit(X, y.astype(float))
    assert len(loop.history_[0]["indices"]) == 6


def test_a_cold_start_by_core_set_covers(iris):
    X, y = iris
    loop = make_loop(initial=CoreSet(), n_queries=0).fit(X, y)
    np.testing.assert_array_equal(loop.labeled_indices_[:6], CoreSet()(None, X, 6))


# Seeds --------------------------------------------------------------------------------------


def test_one_seed_is_one_run(iris):
    runs = [make_loop(RandomSampling(), RandomForestClassifier(10)).fit(*iris) for _ in range(2)]
    np.testing.assert_array_equal(runs[0].labeled_indices_, runs[1].labeled_indices_)
    first, second = (run.predict_proba(iris[0]) for run in runs)
    np.testing.assert_array_equal(first, second)


def test_other_seeds_are_other_runs(iris):
    runs = [make_loop(random_state=seed).fit(*iris) for seed in (0, 1)]
    assert set(runs[0].labeled_indices_) != set(runs[1].labeled_indices_)


def test_one_seed_is_one_initial_set_for_all_strategies(iris):
    firsts = [make_loop(s).fit(*iris).history_[0]["indices"] for s in (Margin(), CoreSet())]
    np.testing.assert_array_equal(*firsts)


def test_the_global_generator_is_left_alone(iris):
    state = np.random.get_state()[1].copy()
    make_loop(RandomSampling(), RandomForestClassifier(5)).fit(*iris)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


@pytest.mark.parametrize("n_done", [1, 2, 3])
@pytest.mark.parametrize("keep", [False, True])
def test_a_run_resumes_bit_for_bit_after_any_round(iris, n_done, keep):
    X, y = iris
    whole = make_loop(RandomSampling(), RandomForestClassifier(5), keep_estimators=keep)
    whole.fit(X, y, X, y)
    resumed = clone(whole)
    records = list(resumed.iter_fit(X, y, X, y, done=whole.history_[:n_done]))
    assert [r["score"] for r in resumed.history_] == [r["score"] for r in whole.history_]
    np.testing.assert_array_equal(resumed.labeled_indices_, whole.labeled_indices_)
    assert len(records) == 4 - n_done


def test_resuming_keeps_the_weights_of_earlier_queries(iris):
    params = {"estimator": LogisticRegression(max_iter=500), "use_query_weights": True}
    whole = make_loop(Weighted(), **params).fit(*iris)
    resumed = clone(whole)
    for _ in resumed.iter_fit(*iris, done=whole.history_[:3]):
        pass
    weights = [loop.learner_.labeled_.sample_weight for loop in (whole, resumed)]
    np.testing.assert_array_equal(*weights)


def test_rounds_can_be_watched(iris):
    loop = make_loop()
    for i, record in enumerate(loop.iter_fit(*iris)):
        assert record["round"] == i
        assert len(loop.predict(iris[0])) == 150


# scikit-learn's tools -----------------------------------------------------------------------


GRID = {
    "learner__query_strategy__share": [0.5, 1.0],
    "learner__estimator__n_neighbors": [1, 3],
    "n_instances": [4],
}


@pytest.mark.parametrize(
    "search",
    [
        lambda loop: GridSearchCV(loop, GRID, cv=3),
        lambda loop: GridSearchCV(loop, GRID, cv=3, n_jobs=2),
        lambda loop: RandomizedSearchCV(loop, GRID, cv=3, n_iter=3, random_state=0),
        lambda loop: HalvingGridSearchCV(loop, GRID, cv=3, min_resources=60, random_state=0),
    ],
    ids=["grid", "grid, two jobs", "randomized", "halving"],
)
def test_searches_reach_strategy_and_estimator(iris, search):
    search = search(make_loop(Hybrid(Margin(), CoreSet()))).fit(*iris)
    assert set(search.best_params_) == set(GRID)
    assert len(search.best_estimator_.history_) == 4


def test_strategies_themselves_can_be_searched(iris):
    grid = {"learner__query_strategy": [Margin(), Entropy(), LeastConfidence()]}
    search = GridSearchCV(make_loop(), grid, cv=3).fit(*iris)
    assert len(search.cv_results_["params"]) == 3


def test_jobs_do_not_change_a_search(iris):
    results = [
        GridSearchCV(make_loop(Hybrid(Margin(), CoreSet())), GRID, cv=3, n_jobs=n).fit(*iris)
        for n in (1, 2)
    ]
    first, second = (r.cv_results_["mean_test_score"] for r in results)
    np.testing.assert_array_equal(first, second)


def test_folds_never_mix_pool_and_evaluation(iris):
    X, y = iris
    Spy.pools.clear()
    cross_val_score(make_loop(Spy()), X, y, cv=3)
    folds = [pool for pool in Spy.pools if len(pool) == 94]
    assert len(folds) == 3  # 100 samples of the fold less 6 labeled: nothing of the other 50


def test_a_parameter_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="Invalid parameter 'warmth'"):
        make_loop().set_params(learner__query_strategy__warmth=1)


def test_a_grid_over_a_parameter_that_does_not_exist_is_named(iris):
    grid = {"learner__query_strategy__share": [0.5]}
    with pytest.raises(ValueError, match="Invalid parameter 'share' for estimator Margin"):
        GridSearchCV(make_loop(), grid, error_score="raise").fit(*iris)


def test_loops_pickle_and_copy(iris):
    loop = make_loop().fit(*iris)
    for same in (pickle.loads(pickle.dumps(loop)), copy.deepcopy(loop)):
        np.testing.assert_array_equal(same.predict(iris[0]), loop.predict(iris[0]))


def test_repr_reads_well():
    assert repr(make_loop()).startswith("ActiveLearningLoop(learner=ActiveLearner(")
    assert "ActiveLearningLoop" in make_loop()._repr_html_()


def test_the_loop_is_what_its_learner_is():
    assert is_classifier(make_loop())
    assert is_regressor(make_loop(estimator=Ridge()))
    assert not hasattr(make_loop(estimator=Ridge()), "predict_proba")


# Kinds of data and learners -----------------------------------------------------------------


@pytest.mark.parametrize("kind", [pd.DataFrame, sp.csr_matrix, sp.coo_matrix, np.ndarray.tolist])
def test_frames_sparse_matrices_and_lists_give_the_same_run(iris, kind):
    X, y = iris
    expected = make_loop(estimator=LogisticRegression(max_iter=500)).fit(X, y)
    other = make_loop(estimator=LogisticRegression(max_iter=500)).fit(kind(X), y)
    np.testing.assert_array_equal(other.labeled_indices_, expected.labeled_indices_)


def test_feature_names_are_kept(iris):
    X = pd.DataFrame(iris[0], columns=list("abcd"))
    loop = make_loop(estimator=LogisticRegression(max_iter=500)).fit(X, iris[1])
    assert list(loop.feature_names_in_) == list("abcd")
    with pytest.raises(ValueError, match="feature names should match"):
        loop.predict(X[list("dcba")])


def test_string_labels(iris):
    names = np.array(["setosa", "versicolor", "virginica"])
    loop = make_loop().fit(iris[0], names[iris[1]])
    assert list(loop.classes_) == list(names)


def test_a_class_that_no_query_uncovered_has_probability_0(iris):
    X, y = iris
    rare = np.where(np.arange(150) == np.flatnonzero(y == 2)[-1], 9, y)
    loop = make_loop(n_queries=0).fit(X, rare)
    assert list(loop.classes_) == [0, 1, 2, 9]
    proba = loop.predict_proba(X)
    known = np.isin(loop.classes_, loop.learner_.classes_)
    assert not known.all()
    np.testing.assert_array_equal(proba[:, known], loop.learner_.predict_proba(X))
    np.testing.assert_array_equal(proba[:, ~known], 0)
    assert (loop.predict_log_proba(X)[:, ~known] == -np.inf).all()


def test_scorers_of_probabilities_work_where_a_class_was_never_labeled(iris):
    X, y = iris
    rare = np.where(np.arange(150) == np.flatnonzero(y == 2)[-1], 9, y)
    loop = make_loop(n_queries=1, scoring="roc_auc_ovr").fit(X, rare, X_val=X, y_val=rare)
    assert 0.5 < loop.history_[-1]["score"] <= 1


def test_committees_run(iris):
    tree = ActiveLearner(DecisionTreeClassifier())
    committee = Committee(tree, ConsensusEntropy(), n_members=3, bootstrap=True)
    loop = ActiveLearningLoop(committee, n_initial=10, n_instances=5, random_state=0).fit(*iris)
    assert loop.score(*iris) > 0.85


def test_members_of_a_committee_are_searchable_by_name(iris):
    tree = ActiveLearner(DecisionTreeClassifier())
    committee = Committee(tree, ConsensusEntropy(), n_members=3, bootstrap=True)
    loop = ActiveLearningLoop(committee, n_initial=10, n_instances=5, random_state=0)
    grid = {"learner__n_members": [2, 4], "learner__learner_list__estimator__max_depth": [1, 3]}
    assert GridSearchCV(loop, grid, cv=2).fit(*iris).best_params_


@pytest.mark.parametrize("estimator", [LogisticRegression(), KNeighborsClassifier()])
def test_a_committee_that_can_never_disagree_is_refused(iris, estimator):
    committee = Committee(ActiveLearner(estimator), ConsensusEntropy(), n_members=3)
    with pytest.raises(ValueError, match=r"can never disagree.*bootstrap=True"):
        ActiveLearningLoop(committee, n_initial=10, random_state=0).fit(*iris)


def test_members_of_different_kinds_seeds_or_samples_may_disagree(iris):
    kinds = [ActiveLearner(LogisticRegression(C=c, max_iter=500)) for c in (0.1, 10)]
    trees = ActiveLearner(DecisionTreeClassifier(max_features=1))
    for committee in (
        Committee(kinds, ConsensusEntropy()),
        Committee(trees, ConsensusEntropy(), n_members=2),
        Committee(kinds[:1] * 2, ConsensusEntropy(), bootstrap=True),
    ):
        ActiveLearningLoop(committee, n_initial=10, random_state=0).fit(*iris)


def test_committees_of_regressors_run(iris):
    members = [ActiveLearner(Ridge(alpha)) for alpha in (0.1, 10)]
    X, _ = iris
    loop = ActiveLearningLoop(CommitteeRegressor(members), n_initial=10, random_state=0)
    assert loop.fit(X[:, :3], X[:, 3]).score(X[:, :3], X[:, 3]) > 0.8


def test_sample_weights_follow_their_samples(iris):
    X, y = iris
    weights = np.random.RandomState(0).rand(len(X))
    loop = make_loop(estimator=LogisticRegression(max_iter=500)).fit(X, y, sample_weight=weights)
    taught = loop.labeled_indices_
    np.testing.assert_array_equal(loop.learner_.labeled_.sample_weight, weights[taught])
    expected = LogisticRegression(max_iter=500).fit(X[taught], y[taught], weights[taught])
    np.testing.assert_allclose(loop.learner_.predict_proba(X), expected.predict_proba(X), atol=1e-6)


class Weighted(QueryStrategy):
    def _select(self, pool, n_instances, chosen):
        ones = np.ones(n_instances)
        return Selection(np.arange(n_instances), ones, 7 * ones)


def test_weights_of_a_selection_are_used_if_asked(iris):
    estimator = LogisticRegression(max_iter=500)
    loop = make_loop(Weighted(), estimator, n_queries=1, use_query_weights=True).fit(*iris)
    assert loop.learner_.labeled_.sample_weight.tolist() == [1] * 6 + [7] * 4
    loop = make_loop(Weighted(), estimator, n_queries=1).fit(*iris)
    assert loop.learner_.labeled_.sample_weight is None


# Bad input ----------------------------------------------------------------------------------


def test_resuming_and_stopping_rules_do_not_mix(iris):
    loop = make_loop(stopping=LabelBudget(14))
    done = make_loop().fit(*iris).history_
    with pytest.raises(ValueError, match="stopping rules have not seen the rounds"):
        next(loop.iter_fit(*iris, done=done))


def test_a_learner_that_holds_data_is_refused(iris):
    learner = ActiveLearner(KNeighborsClassifier(), Margin(), *iris)
    with pytest.raises(ValueError, match="must hold no data"):
        ActiveLearningLoop(learner).fit(*iris)


@pytest.mark.parametrize(
    "params",
    [{"n_initial": 0}, {"n_initial": 1.5}, {"n_instances": 0.0}, {"n_instances": -1},
     {"n_queries": -1}, {"initial": "all"}, {"stopping": "soon"}, {"n_queries": 1.5}],
    ids=str,
)  # fmt: skip
def test_parameters_out_of_range_are_named(iris, params):
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter"):
        make_loop(**params).fit(*iris)


def test_more_initial_labels_than_samples(iris):
    with pytest.raises(ValueError, match="n_initial must be at most the number of samples"):
        make_loop(n_initial=151).fit(*iris)


def test_y_shorter_than_X(iris):
    with pytest.raises(ValueError, match="150 samples and 149 labels"):
        make_loop().fit(iris[0], iris[1][:-1])


def test_nan_where_not_allowed(iris):
    X = iris[0].copy()
    X[77, 2] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        make_loop().fit(X, iris[1])


def test_half_a_validation_set(iris):
    with pytest.raises(ValueError, match="X_val and y_val belong together"):
        make_loop().fit(*iris, X_val=iris[0])


def test_stratified_needs_classes(iris):
    with pytest.raises(ValueError, match="needs one class a sample"):
        make_loop(estimator=Ridge(), initial="stratified").fit(iris[0], iris[0][:, 0])


def test_predict_before_fit(iris):
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        make_loop().predict(iris[0])


def test_an_error_in_a_strategy_reaches_the_user(iris):
    def broken(learner, X_pool, n_instances=1):
        raise ZeroDivisionError("my own")

    with pytest.raises(ZeroDivisionError, match="my own"):
        make_loop(broken).fit(*iris)
