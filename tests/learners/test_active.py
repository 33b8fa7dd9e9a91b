"""What an active learner promises: a scikit-learn estimator that holds its labeled data."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_classifier, is_regressor
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import check_is_fitted

from skal import ActiveLearner
from skal.query import CoreSet, Hybrid, Margin, RandomSampling


@pytest.fixture
def data():
    rng = np.random.RandomState(0)
    y = np.arange(40) % 2
    return rng.normal(size=(40, 3)) + 3 * y[:, None], y


class Recorder(ClassifierMixin, BaseEstimator):
    """Remembers what each fit was given."""

    calls = ()

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def fit(self, X, y, **kwargs):
        self.calls = (*self.calls, {"n_samples": len(y), **kwargs})
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


# The estimator of the user -------------------------------------------------------------------


def test_the_estimator_of_the_user_is_cloned_and_never_trained(data):
    X, y = data
    estimator = LogisticRegression()
    learner = ActiveLearner(estimator, X_training=X[:10], y_training=y[:10])
    learner.teach(X[10:], y[10:]).fit(X, y).predict(X)
    with pytest.raises(NotFittedError):
        check_is_fitted(estimator)
    assert learner.get_params()["estimator"] is estimator


def test_reading_the_estimator_gives_the_fitted_one(data):
    X, y = data
    learner = ActiveLearner(LogisticRegression())
    assert learner.estimator is learner.get_params()["estimator"]
    learner.fit(X, y)
    check_is_fitted(learner.estimator)
    assert learner.estimator is learner.estimator


def test_replacing_the_estimator_trains_the_new_one_on_the_labeled_data(data):
    X, y = data
    learner = ActiveLearner(LogisticRegression()).fit(X, y)
    learner.estimator = GaussianNB()
    assert isinstance(learner.estimator, GaussianNB)
    np.testing.assert_array_equal(learner.predict_proba(X), GaussianNB().fit(X, y).predict_proba(X))


def test_the_constructor_does_no_work():
    learner = ActiveLearner("no estimator", "no strategy", [[1], [2, 3]], "no labels", None, None)
    assert learner.get_params(deep=False)["X_training"] == [[1], [2, 3]]


@pytest.mark.parametrize(
    "use",
    [
        lambda learner, X: learner.query(X),
        lambda learner, X: learner.predict(X),
        lambda learner, X: learner.predict_proba(X),
        lambda learner, X: learner.score(X, np.zeros(len(X))),
        lambda learner, X: learner.estimator,
        lambda learner, X: learner.classes_,
    ],
)
def test_training_data_train_at_the_first_use_and_once(data, use):
    X, y = data
    learner = ActiveLearner(Recorder(), X_training=X, y_training=y)
    assert "estimator_" not in vars(learner)
    use(learner, X)
    assert learner.estimator.calls == ({"n_samples": 40},)


def test_a_learner_with_training_data_counts_as_fitted(data):
    X, y = data
    check_is_fitted(ActiveLearner(LogisticRegression(), X_training=X, y_training=y))
    check_is_fitted(ActiveLearner(LogisticRegression().fit(X, y)))
    for estimator in (LogisticRegression(), None):
        with pytest.raises(NotFittedError):
            check_is_fitted(ActiveLearner(estimator))


def test_a_frozen_estimator_is_queried_but_not_trained(data):
    X, y = data
    learner = ActiveLearner(FrozenEstimator(LogisticRegression().fit(X, y)), Margin())
    before = learner.predict_proba(X)
    indices, instances = learner.query(X, n_instances=2)
    learner.teach(instances, 1 - y[indices])
    np.testing.assert_array_equal(learner.predict_proba(X), before)


# Parameters ----------------------------------------------------------------------------------


def test_parameters_keep_the_data_of_the_constructor_while_the_labeled_data_grow(data):
    X, y = data
    X_start, y_start = X[:10], y[:10]
    learner = ActiveLearner(LogisticRegression(), X_training=X_start, y_training=y_start)
    learner.teach(X[10:], y[10:])
    assert learner.get_params()["X_training"] is X_start
    assert learner.get_params()["y_training"] is y_start
    assert len(learner.X_training) == 40
    copied = clone(learner)
    np.testing.assert_array_equal(copied.X_training, X_start)
    np.testing.assert_array_equal(copied.y_training, y_start)


def test_a_clone_trains_as_the_original_did(data):
    X, y = data
    learner = ActiveLearner(LogisticRegression(), X_training=X[:10], y_training=y[:10])
    np.testing.assert_array_equal(clone(learner).predict_proba(X), learner.predict_proba(X))


def test_nested_parameters_are_read_and_set():
    learner = ActiveLearner(LogisticRegression(C=3), Hybrid(Margin(), CoreSet(), share=0.5))
    params = learner.get_params()
    assert params["estimator__C"] == 3
    assert params["query_strategy__share"] == 0.5
    learner.set_params(estimator__C=4, query_strategy__share=0.6, random_state=1)
    assert learner.estimator.C == 4
    assert learner.query_strategy.share == 0.6
    with pytest.raises(ValueError, match="Invalid parameter 'colour'"):
        learner.set_params(colour=1)


def test_setting_the_estimator_forgets_the_fitted_one(data):
    X, y = data
    learner = ActiveLearner(LogisticRegression()).fit(X, y)
    learner.set_params(estimator=KNeighborsClassifier(1))
    assert isinstance(learner.estimator, KNeighborsClassifier)
    assert len(learner.X_training) == 40


def test_text_shows_what_differs_from_the_defaults():
    learner = ActiveLearner(LogisticRegression(C=2), Margin(), random_state=0)
    expected = (
        "ActiveLearner(estimator=LogisticRegression(C=2), query_strategy=Margin(), random_state=0)"
    )
    assert " ".join(repr(learner).split()) == expected
    assert "random_state=0" in repr(clone(learner))


@pytest.mark.parametrize("is_trained", [False, True])
def test_html_shows_the_estimator(data, is_trained):
    learner = ActiveLearner(make_pipeline(StandardScaler(), LogisticRegression()), Margin())
    if is_trained:
        learner.fit(*data)
    html = learner._repr_html_()
    assert "StandardScaler" in html
    assert "Margin" in html


def test_text_and_html_of_a_learner_with_data_and_fit_arguments(data):
    X, y = data
    learner = ActiveLearner(LogisticRegression(), X_training=X, y_training=y, sample_weight=y + 1)
    assert "sample_weight=" in repr(learner)
    assert "ActiveLearner" in learner._repr_html_()


# Fit keyword arguments -----------------------------------------------------------------------


def test_fit_arguments_survive_clone_and_set_params():
    learner = clone(ActiveLearner(Recorder(), verbose=1, speed="high"))
    assert learner.get_params()["verbose"] == 1
    learner.set_params(verbose=2)
    assert clone(learner).get_params()["verbose"] == 2
    assert learner.get_params()["speed"] == "high"


def test_setting_a_fit_argument_of_a_copy_leaves_the_original_alone():
    learner = ActiveLearner(Recorder(), verbose=1)
    copy.copy(learner).set_params(verbose=2)
    assert learner.get_params()["verbose"] == 1


def test_fit_arguments_are_for_the_first_fit_where_there_are_training_data(data):
    X, y = data
    learner = ActiveLearner(Recorder(), X_training=X[:9], y_training=y[:9], verbose=1)
    assert learner.estimator.calls == ({"n_samples": 9, "verbose": 1},)
    assert learner.teach(X[9:], y[9:]).estimator.calls == ({"n_samples": 40},)
    assert learner.fit(X, y).estimator.calls == ({"n_samples": 40},)


def test_fit_arguments_are_for_every_fit_where_there_are_no_training_data(data):
    X, y = data
    learner = ActiveLearner(Recorder(), verbose=1).fit(X[:9], y[:9])
    assert learner.estimator.calls == ({"n_samples": 9, "verbose": 1},)
    assert learner.teach(X[9:], y[9:]).estimator.calls == ({"n_samples": 40, "verbose": 1},)
    assert learner.forget(0).estimator.calls == ({"n_samples": 39, "verbose": 1},)
    assert learner.fit(X, y, verbose=2).estimator.calls == ({"n_samples": 40, "verbose": 2},)


def test_fit_arguments_reach_a_bootstrap_of_new_samples(data):
    X, y = data
    learner = ActiveLearner(Recorder()).fit(X, y)
    learner.teach(X[:5], y[:5], bootstrap=True, only_new=True, verbose=1)
    assert learner.estimator.calls == ({"n_samples": 5, "verbose": 1},)


# Weights -------------------------------------------------------------------------------------


def weights_of(learner):
    return learner.estimator.calls[-1].get("sample_weight")


def test_taught_weights_are_kept_for_each_row_and_others_count_one(data):
    X, y = data
    learner = ActiveLearner(Recorder(), X_training=X[:2], y_training=y[:2])
    assert weights_of(learner) is None
    learner.teach(X[2:4], y[2:4], sample_weight=[3, 4])
    np.testing.assert_array_equal(weights_of(learner), [1, 1, 3, 4])
    learner.teach(X[4:5], y[4:5])
    np.testing.assert_array_equal(weights_of(learner), [1, 1, 3, 4, 1])


def test_weights_of_the_constructor_belong_to_its_rows(data):
    X, y = data
    learner = ActiveLearner(Recorder(), X_training=X[:3], y_training=y[:3], sample_weight=[5, 6, 7])
    learner.teach(X[3:4], y[3:4])
    np.testing.assert_array_equal(weights_of(learner), [5, 6, 7, 1])


@pytest.mark.parametrize("is_trained", [False, True])
def test_weights_follow_their_rows_when_some_are_forgotten_or_relabeled(data, is_trained):
    X, y = data
    learner = ActiveLearner(
        Recorder(), X_training=X[:4], y_training=y[:4], sample_weight=[5, 6, 7, 8]
    )
    if is_trained:
        learner.predict(X)
    learner.forget([1])
    np.testing.assert_array_equal(weights_of(learner), [5, 7, 8])
    learner.relabel([0], [1])
    np.testing.assert_array_equal(weights_of(learner), [5, 7, 8])


def test_a_bootstrap_draws_rows_with_their_weights(data):
    X, y = data
    learner = ActiveLearner(Recorder(), random_state=0)
    learner.fit(X[:4], y[:4], bootstrap=True, sample_weight=[0, 0, 7, 8])
    assert set(weights_of(learner)) <= {0, 7, 8}
    assert weights_of(learner).any()


def test_weights_change_what_is_learned(data):
    X, y = data
    weights = np.where(y, 10.0, 1.0)
    learner = ActiveLearner(LogisticRegression(), X_training=X[:20], y_training=y[:20])
    learner.teach(X[20:], y[20:], sample_weight=weights[20:])
    weights[:20] = 1
    expected = LogisticRegression().fit(X, y, sample_weight=weights)
    np.testing.assert_allclose(learner.predict_proba(X), expected.predict_proba(X))


def test_weights_are_routed_where_routing_is_on(data):
    X, y = data
    with config_context(enable_metadata_routing=True):
        estimator = LogisticRegression().set_fit_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        learner = ActiveLearner(make_pipeline(scaler, estimator))
        weights = np.where(y, 10.0, 1.0)
        learner.fit(X[:20], y[:20], sample_weight=weights[:20])
        learner.teach(X[20:], y[20:], sample_weight=weights[20:])
        expected = make_pipeline(scaler, estimator).fit(X, y, sample_weight=weights)
        np.testing.assert_allclose(learner.predict_proba(X), expected.predict_proba(X))


def test_weights_that_nobody_asked_for_are_refused_where_routing_is_on(data):
    X, y = data
    with config_context(enable_metadata_routing=True):
        learner = ActiveLearner(LogisticRegression()).fit(X[:20], y[:20])
        with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
            learner.teach(X[20:], y[20:], sample_weight=np.ones(20))
        assert len(learner.X_training) == 20


def test_weights_reach_the_estimator_through_cross_validation(data):
    X, y = data
    with config_context(enable_metadata_routing=True):
        estimator = LogisticRegression().set_fit_request(sample_weight=True)
        estimator.set_score_request(sample_weight=True)
        scores = cross_val_score(
            ActiveLearner(estimator), X, y, cv=3, params={"sample_weight": np.ones(40)}
        )
        assert scores.shape == (3,)


def test_scores_take_weights(data):
    X, y = data
    learner = ActiveLearner(DecisionTreeClassifier()).fit(X, y)
    wrong = y.copy()
    wrong[0] = 1 - wrong[0]
    weights = np.zeros(40)
    weights[:2] = 1
    assert learner.score(X, wrong, sample_weight=weights) == 0.5


# Correcting ----------------------------------------------------------------------------------


def test_relabel_corrects_and_trains_again(data):
    X, y = data
    wrong = y.copy()
    wrong[[3, 8]] = 1 - wrong[[3, 8]]
    learner = ActiveLearner(DecisionTreeClassifier(), X_training=X, y_training=wrong)
    assert learner.relabel([3, 8], y[[3, 8]]) is learner
    np.testing.assert_array_equal(learner.y_training, y)
    np.testing.assert_array_equal(learner.predict(X), y)
    assert wrong[3] != y[3]


def test_relabel_takes_a_single_index(data):
    X, y = data
    learner = ActiveLearner(DecisionTreeClassifier()).fit(X, y).relabel(0, [1])
    assert learner.y_training[0] == 1


def test_a_longer_word_is_not_cut_by_relabel():
    learner = ActiveLearner(KNeighborsClassifier(1)).fit([[0.0], [1.0]], ["a", "b"])
    learner.relabel([1], ["something long"])
    np.testing.assert_array_equal(learner.predict([[1.0]]), ["something long"])


@pytest.mark.parametrize("kind", [list, pd.Series, np.array])
def test_labels_of_any_kind_are_corrected(kind):
    learner = ActiveLearner(KNeighborsClassifier(1)).fit([[0.0], [1.0]], kind(["a", "b"]))
    learner.relabel([0], kind(["c"]))
    assert list(learner.y_training) == ["c", "b"]


def test_several_outputs_are_corrected_row_by_row(data):
    X, y = data
    learner = ActiveLearner(DecisionTreeClassifier()).fit(X, np.c_[y, 1 - y])
    learner.relabel([0, 1], [[1, 1], [0, 0]])
    np.testing.assert_array_equal(learner.predict(X[:2]), [[1, 1], [0, 0]])


def test_sparse_multilabel_targets_are_corrected(data):
    X, y = data
    Y = sp.csr_matrix(np.c_[y, 1 - y])
    learner = ActiveLearner(OneVsRestClassifier(DecisionTreeClassifier())).fit(X, Y)
    learner.relabel([0], sp.csr_matrix([[1, 1]])).teach(X[:1], sp.csr_matrix([[1, 1]]))
    np.testing.assert_array_equal(learner.predict(X[:1]).toarray(), [[1, 1]])
    assert learner.y_training.shape == (41, 2)


def test_forget_drops_rows_and_trains_again(data):
    X, y = data
    learner = ActiveLearner(KNeighborsClassifier(1), X_training=X, y_training=y)
    assert learner.forget([0, 2]) is learner
    np.testing.assert_array_equal(learner.X_training, X[[1, *range(3, 40)]])
    assert len(learner.estimator._fit_X) == 38


def test_forgetting_rows_of_a_frame_keeps_the_frame(data):
    X, y = data
    frame = pd.DataFrame(X, columns=list("abc"))
    learner = ActiveLearner(KNeighborsClassifier(1)).fit(frame, pd.Series(y)).forget(range(20))
    pd.testing.assert_frame_equal(learner.X_training, frame.iloc[20:])


# Warm starts ---------------------------------------------------------------------------------


def test_teaching_starts_from_scratch_unless_told_otherwise(data):
    X, y = data
    learner = ActiveLearner(Recorder()).fit(X, y).teach(X[:1], y[:1])
    assert learner.estimator.calls == ({"n_samples": 41},)


def test_a_warm_start_goes_on_from_the_last_fit(data):
    X, y = data
    learner = ActiveLearner(
        RandomForestClassifier(3, random_state=0), warm_start=True, random_state=0
    ).fit(X[:20], y[:20])
    first = learner.estimator
    trees = list(first.estimators_)
    with pytest.warns(UserWarning, match="Warm-start fitting without increasing n_estimators"):
        learner.teach(X[20:], y[20:])
    assert learner.estimator is not first
    assert len(learner.estimator.estimators_) == 3
    assert first.estimators_ == trees


def test_a_warm_start_of_a_net_needs_fewer_steps(data):
    X, y = data
    net = MLPClassifier((8,), max_iter=200, random_state=0, solver="lbfgs")
    learner = ActiveLearner(make_pipeline(StandardScaler(), net), warm_start=True).fit(X, y)
    steps = learner.estimator[-1].n_iter_
    assert learner.teach(X[:5], y[:5]).estimator[-1].n_iter_ < steps


def test_a_warm_start_begins_with_the_data_of_the_constructor(data):
    X, y = data

    class Counter(Recorder):
        def __init__(self, alpha=1.0, warm_start=False):
            super().__init__(alpha)
            self.warm_start = warm_start

    learner = ActiveLearner(Counter(), X_training=X[:9], y_training=y[:9], warm_start=True)
    learner.teach(X[9:], y[9:])
    assert [call["n_samples"] for call in learner.estimator.calls] == [9, 40]
    learner.teach(X[:3], y[:3], only_new=True)
    assert [call["n_samples"] for call in learner.estimator.calls] == [9, 40, 3]


def test_an_estimator_without_warm_start_is_refused(data):
    learner = ActiveLearner(KNeighborsClassifier(), warm_start=True)
    with pytest.raises(ValueError, match="KNeighborsClassifier has no parameter warm_start"):
        learner.fit(*data)


def test_assigned_training_data_count_from_the_next_fit_on(data):
    X, y = data
    learner = ActiveLearner(Recorder()).fit(X, y, sample_weight=y + 1)
    learner.X_training, learner.y_training = X[:5], y[:5]
    assert len(learner.estimator.calls) == 1
    learner._fit_to_known()
    assert learner.estimator.calls == ({"n_samples": 5},)


def test_training_data_are_taken_away_by_assigning_none(data):
    X, y = data
    learner = ActiveLearner(Recorder(), X_training=X, y_training=y)
    learner.predict(X)
    learner.X_training = learner.y_training = None
    assert learner.X_training is None
    assert learner.teach(X[:3], y[:3]).estimator.calls == ({"n_samples": 3},)


# Seeds ---------------------------------------------------------------------------------------


def run(seed, data, strategy=None, estimator=None):
    """Return the indices of five rounds, and the last probabilities."""
    X, y = data
    learner = ActiveLearner(
        estimator or SGDClassifier(loss="log_loss", max_iter=5, tol=None),
        strategy or RandomSampling(),
        X_training=X[:4],
        y_training=y[:4],
        bootstrap_init=True,
        random_state=seed,
    )
    asked = []
    for _ in range(5):
        indices, instances = learner.query(X, n_instances=2)
        learner.teach(instances, y[indices], bootstrap=True)
        asked.append(indices)
    return np.array(asked), learner.predict_proba(X)


def test_the_same_seed_gives_the_same_run(data):
    for first, second in zip(run(3, data), run(3, data), strict=True):
        np.testing.assert_array_equal(first, second)
    assert (run(3, data)[0] != run(4, data)[0]).any()


def test_the_shared_state_of_numpy_is_left_alone(data):
    before = np.random.get_state()[1].copy()
    run(0, data)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_asking_twice_gives_the_same_answer_and_teaching_moves_the_draw_on(data):
    X, y = data
    learner = ActiveLearner(GaussianNB(), RandomSampling(), X, y, random_state=0)
    first = learner.query(X, n_instances=5)[0]
    np.testing.assert_array_equal(first, learner.query(X, n_instances=5)[0])
    learner.teach(X[:1], y[:1])
    assert (first != learner.query(X, n_instances=5)[0]).any()


def test_an_estimator_without_seed_gets_one_a_round_and_a_set_one_stays(data):
    X, y = data
    learner = ActiveLearner(SGDClassifier(), random_state=0).fit(X, y)
    first = learner.estimator.random_state
    assert learner.fit(X, y).estimator.random_state == first
    assert learner.teach(X[:1], y[:1]).estimator.random_state not in (first, None)
    assert learner.get_params()["estimator__random_state"] is None
    learner = ActiveLearner(SGDClassifier(random_state=7), random_state=0).fit(X, y)
    assert learner.estimator.random_state == 7


def test_without_a_seed_the_estimator_keeps_none(data):
    assert ActiveLearner(SGDClassifier()).fit(*data).estimator.random_state is None


def test_steps_of_a_pipeline_get_seeds_of_their_own(data):
    pipeline = make_pipeline(PCA(2), SGDClassifier())
    fitted = ActiveLearner(pipeline, random_state=0).fit(*data).estimator
    seeds = [step.random_state for _, step in fitted.steps]
    assert None not in seeds
    assert seeds[0] != seeds[1]


def test_a_generator_is_a_seed_too(data):
    first, second = (run(np.random.RandomState(0), data)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)


# Copies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_trained", [False, True])
def test_a_learner_is_pickled_with_all_it_has_learned(data, is_trained):
    X, y = data
    learner = ActiveLearner(LogisticRegression(), Margin(), X[:9], y[:9], random_state=0)
    if is_trained:
        learner.teach(X[9:20], y[9:20])
    restored = pickle.loads(pickle.dumps(learner))
    np.testing.assert_array_equal(restored.X_training, learner.X_training)
    np.testing.assert_array_equal(restored.predict_proba(X), learner.predict_proba(X))
    np.testing.assert_array_equal(restored.query(X, 3)[0], learner.query(X, 3)[0])
    assert len(restored.get_params()["X_training"]) == 9


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize("is_trained", [False, True])
def test_teaching_a_copy_leaves_the_original_alone(data, copied, is_trained):
    X, y = data
    learner = ActiveLearner(LogisticRegression(), X_training=X[:9], y_training=y[:9])
    if is_trained:
        learner.predict(X)
    expected = LogisticRegression().fit(X[:9], y[:9]).predict_proba(X)
    copied(learner).teach(X[9:], y[9:]).relabel([0], [1])
    assert len(learner.X_training) == 9
    np.testing.assert_array_equal(learner.predict_proba(X), expected)


def test_the_data_of_the_user_are_never_changed(data):
    X, y = data
    X_before, y_before = X.copy(), y.copy()
    learner = ActiveLearner(LogisticRegression(), Margin(), X, y)
    learner.query(X)
    learner.teach(X[:3], y[:3]).relabel([0], [1]).forget([5])
    np.testing.assert_array_equal(X, X_before)
    np.testing.assert_array_equal(y, y_before)


# Among scikit-learn's tools ------------------------------------------------------------------


def test_a_learner_is_a_classifier_or_a_regressor_as_its_estimator_is():
    assert is_classifier(ActiveLearner(LogisticRegression()))
    assert is_classifier(ActiveLearner(make_pipeline(StandardScaler(), LogisticRegression())))
    assert is_regressor(ActiveLearner(Ridge()))
    assert not is_classifier(ActiveLearner(Ridge()))
    assert not is_classifier(ActiveLearner(None))


def test_a_learner_has_the_methods_of_its_estimator():
    assert not hasattr(ActiveLearner(Ridge()), "predict_proba")
    assert not hasattr(ActiveLearner(GaussianNB()), "decision_function")
    assert hasattr(ActiveLearner(GaussianNB()), "predict_log_proba")
    assert not hasattr(ActiveLearner(LogisticRegression()), "classes_")
    assert not hasattr(ActiveLearner(LogisticRegression()), "n_features_in_")


def test_a_learner_is_a_step_of_a_pipeline(data):
    X, y = data
    pipeline = make_pipeline(StandardScaler(), ActiveLearner(LogisticRegression(), Margin()))
    expected = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    np.testing.assert_allclose(pipeline.fit(X, y).predict_proba(X), expected.predict_proba(X))
    assert pipeline[-1].query(pipeline[:-1].transform(X))[1].shape == (1, 3)


def test_a_pipeline_is_an_estimator_of_a_learner(data):
    X, y = data
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    learner = ActiveLearner(pipeline, Hybrid(Margin(), CoreSet()), X[:9], y[:9])
    indices, instances = learner.query(X, n_instances=4)
    learner.teach(instances, y[indices])
    assert learner.n_features_in_ == 3
    np.testing.assert_array_equal(learner.classes_, [0, 1])


def test_cross_val_score_is_that_of_the_estimator(data):
    X, y = data
    np.testing.assert_array_equal(
        cross_val_score(ActiveLearner(GaussianNB()), X, y, cv=4),
        cross_val_score(GaussianNB(), X, y, cv=4),
    )


def test_parameters_of_estimator_and_strategy_are_searched(data):
    grid = {"estimator__C": [1e-6, 1.0], "query_strategy": [Margin(), CoreSet()]}
    search = GridSearchCV(ActiveLearner(LogisticRegression()), grid, cv=3).fit(*data)
    assert search.best_params_["estimator__C"] == 1.0
    assert len(search.cv_results_["params"]) == 4


def test_categories_survive_teaching(data):
    _, y = data
    frame = pd.DataFrame({"a": pd.Categorical(["u", "v"] * 20), "b": np.arange(40.0)})
    estimator = HistGradientBoostingClassifier(max_iter=2, categorical_features="from_dtype")
    learner = ActiveLearner(estimator, Margin(), X_training=frame, y_training=y)
    new = pd.DataFrame({"a": pd.Categorical(["u"]), "b": [1.0]})  # it knows fewer categories
    learner.teach(new, [0])
    assert learner.X_training["a"].dtype == frame["a"].dtype
    assert learner.predict(frame).shape == (40,)


def test_feature_names_are_those_of_the_estimator(data):
    X, y = data
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    learner = ActiveLearner(LogisticRegression(), X_training=frame, y_training=y)
    np.testing.assert_array_equal(learner.feature_names_in_, ["a", "b", "c"])
    assert learner.n_features_in_ == 3
    learner.teach(frame.iloc[:2], y[:2])
    np.testing.assert_array_equal(learner.feature_names_in_, ["a", "b", "c"])
    with pytest.raises(ValueError, match="feature names"):
        learner.predict(frame.rename(columns={"a": "z"}))


def test_rows_without_names_take_those_of_the_labeled_frame(data):
    X, y = data
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    learner = ActiveLearner(LogisticRegression(), X_training=frame, y_training=y)
    learner.teach(X[:2], y[:2])
    assert list(learner.X_training.columns) == ["a", "b", "c"]
    assert learner.X_training.isna().sum().sum() == 0


@pytest.mark.parametrize("labels", [["no", "yes"], [False, True], [-1, 1], [1.0, 2.0]])
@pytest.mark.parametrize("kind", [np.array, list, pd.Series])
def test_labels_are_of_any_type(data, labels, kind):
    X, y = data
    given = kind([labels[i] for i in y])
    learner = ActiveLearner(KNeighborsClassifier(1), Margin(), X[:9], given[:9])
    learner.teach(X[9:], given[9:])
    np.testing.assert_array_equal(learner.predict(X), given)
    np.testing.assert_array_equal(learner.classes_, labels)


def test_images_can_be_labels():
    class Pixelwise(BaseEstimator):
        def fit(self, X, y):
            self.shape_ = np.shape(y)[1:]
            return self

        def predict(self, X):
            return np.zeros((len(X), *self.shape_))

    X, y = np.zeros((6, 4, 5)), np.zeros((6, 4, 5), dtype=int)
    learner = ActiveLearner(Pixelwise(), RandomSampling(), X, y, random_state=0)
    indices, instances = learner.query(X, n_instances=2)
    learner.teach(instances, y[indices])
    assert learner.y_training.shape == (8, 4, 5)
    assert learner.predict(X).shape == (6, 4, 5)
    assert learner.relabel([0], y[:1]).forget([1]).y_training.shape == (7, 4, 5)


# NaN -----------------------------------------------------------------------------------------


def test_missing_values_are_accepted_where_the_learner_and_the_estimator_allow_them(data):
    X, y = data
    X = X.copy()
    X[::3, 0] = np.nan
    learner = ActiveLearner(
        HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=2),
        Margin(),
        X_training=X[:20],
        y_training=y[:20],
        force_all_finite=False,
    )
    indices, instances = learner.query(X, n_instances=3)
    learner.teach(instances, y[indices])
    assert learner.predict(X).shape == (40,)
    assert len(learner.X_training) == 23


def test_force_all_finite_is_a_parameter_and_never_a_fit_argument(data):
    X, y = data
    learner = ActiveLearner(
        LogisticRegression(), X_training=X, y_training=y, force_all_finite=False
    )
    np.testing.assert_array_equal(learner.predict(X), LogisticRegression().fit(X, y).predict(X))
    assert clone(learner).force_all_finite is False
