"""modAL's interface: its classes, arguments, strategies and kinds of data."""

import inspect

import modAL.models
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from modAL.acquisition import max_EI, max_PI, max_UCB
from modAL.batch import uncertainty_batch_sampling
from modAL.disagreement import (
    KL_max_disagreement,
    consensus_entropy,
    consensus_entropy_sampling,
    max_disagreement_sampling,
    max_std_sampling,
    vote_entropy,
    vote_entropy_sampling,
)
from modAL.models.base import BaseCommittee, BaseLearner
from modAL.multilabel import (
    SVM_binary_minimum,
    avg_confidence,
    avg_score,
    max_loss,
    max_score,
    mean_max_loss,
    min_confidence,
)
from modAL.uncertainty import (
    classifier_entropy,
    classifier_margin,
    classifier_uncertainty,
    entropy_sampling,
    margin_sampling,
    uncertainty_sampling,
)
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skal import ActiveLearner, BayesianOptimizer, Committee, CommitteeRegressor
from skal.query import BALD, CoreSet, KMeansDiversity, Margin, RandomSampling

SPARSE_FORMATS = ("csr", "csc", "coo", "bsr", "lil", "dok", "dia")


@pytest.fixture
def data():
    """Sixty samples of three well-separated classes, in order of class."""
    rng = np.random.RandomState(0)
    y = np.repeat([0, 1, 2], 20)
    return rng.normal(size=(60, 2)) + 4 * np.c_[y, y % 2], y


@pytest.fixture
def learner(data):
    X, y = data
    return ActiveLearner(
        LogisticRegression(), X_training=X[[0, 1, 20, 21, 40]], y_training=y[[0, 1, 20, 21, 40]]
    )


@pytest.fixture
def committee(data):
    X, y = data
    start = [0, 1, 20, 21, 40, 41]
    members = [
        ActiveLearner(estimator, X_training=X[start], y_training=y[start])
        for estimator in (LogisticRegression(), KNeighborsClassifier(2), DecisionTreeClassifier())
    ]
    return Committee(members, random_state=0)


class Mock:
    """What modAL's users call an estimator: no parameters, no tags, fixed answers."""

    def __init__(self, proba=None, prediction=None, classes=None):
        self.proba, self.prediction, self.n_fits = proba, prediction, 0
        if classes is not None:
            self.classes_ = np.asarray(classes)

    def fit(self, X, y):
        self.n_fits += 1

    def predict(self, X):
        return self.prediction

    def predict_proba(self, X):
        return self.proba

    def score(self, X, y):
        return 0.25


class MockMember:
    """A committee member that merely has an estimator with classes, and predicts."""

    def __init__(self, proba, prediction, classes):
        self.estimator = Mock(classes=classes)
        self.proba, self.prediction = np.asarray(proba), np.asarray(prediction)

    def fit(self, X, y):
        raise AssertionError("a mock is not trained by predictions")

    def predict(self, X):
        return self.prediction

    def predict_proba(self, X):
        return self.proba


# The classes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ActiveLearner, modAL.models.ActiveLearner),
        (ActiveLearner, BaseLearner),
        (BayesianOptimizer, modAL.models.BayesianOptimizer),
        (Committee, modAL.models.Committee),
        (Committee, BaseCommittee),
        (CommitteeRegressor, modAL.models.CommitteeRegressor),
        (CommitteeRegressor, BaseCommittee),
    ],
)
def test_every_learner_is_an_instance_of_the_class_of_modal(ours, theirs):
    assert issubclass(ours, theirs)


@pytest.mark.parametrize(
    "name", ["ActiveLearner", "BayesianOptimizer", "Committee", "CommitteeRegressor"]
)
def test_constructors_keep_the_order_and_the_defaults_of_modal(name):
    ours = inspect.signature(globals()[name]).parameters
    theirs = inspect.signature(getattr(modAL.models, name)).parameters
    positional = [p for p in theirs.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    for parameter, kept in zip(positional, ours.values(), strict=False):
        assert (kept.name, kept.default, kept.kind) == (
            parameter.name,
            parameter.default,
            parameter.kind,
        )


@pytest.mark.parametrize("method", ["fit", "teach"])
@pytest.mark.parametrize("cls", [ActiveLearner, BayesianOptimizer, Committee])
def test_learning_methods_take_what_those_of_modal_take(cls, method):
    names = list(inspect.signature(getattr(cls, method)).parameters)
    expected = ["self", "X", "y", "bootstrap", "only_new", "fit_kwargs"]
    if method == "fit":
        expected.remove("only_new")
    assert names == expected


def test_arguments_in_the_order_of_modal_mean_the_same(data):
    X, y = data
    estimator = LogisticRegression()
    learner = ActiveLearner(estimator, margin_sampling, X, y, True, True, False)
    params = learner.get_params(deep=False)
    assert params["X_training"] is X
    assert params["y_training"] is y
    assert (params["bootstrap_init"], params["on_transformed"]) == (True, True)
    assert params["force_all_finite"] is False
    assert learner.on_transformed is True
    assert learner.query_strategy is margin_sampling


# Learning ------------------------------------------------------------------------------------


def test_fit_replaces_the_labeled_data_and_teach_adds_to_them(learner, data):
    X, y = data
    learner.fit(X[:25], y[:25])
    np.testing.assert_array_equal(learner.X_training, X[:25])
    learner.teach(X[25:30], y[25:30])
    np.testing.assert_array_equal(learner.X_training, X[:30])
    np.testing.assert_array_equal(learner.y_training, y[:30])


def test_only_new_trains_on_the_new_samples_and_an_active_learner_does_not_keep_them(learner, data):
    X, y = data
    learner.teach(X[15:30], y[15:30], only_new=True)
    np.testing.assert_array_equal(learner.classes_, [0, 1])
    assert len(learner.X_training) == len(learner.y_training) == 5


def test_only_new_samples_are_kept_by_an_optimizer():
    optimizer = BayesianOptimizer(
        GaussianProcessRegressor(optimizer=None), X_training=[[0.0], [1.0]], y_training=[1.0, 2.0]
    )
    optimizer.teach([[2.0]], [5.0], only_new=True)
    assert len(optimizer.X_training) == 3
    assert len(optimizer.estimator.X_train_) == 1
    assert optimizer.get_max() == ([2.0], 5.0)


def test_only_new_samples_are_kept_by_a_committee(committee, data):
    X, y = data
    committee.teach(X[15:30], y[15:30], only_new=True)
    np.testing.assert_array_equal(committee.classes_, [0, 1])
    assert all(len(member.X_training) == 21 for member in committee)


def test_bootstrap_trains_on_as_many_rows_drawn_with_replacement(data):
    X, y = data
    learner = ActiveLearner(KNeighborsClassifier(1), random_state=0).fit(X, y, bootstrap=True)
    fitted_on = learner.estimator._fit_X
    assert fitted_on.shape == X.shape
    assert len(np.unique(fitted_on, axis=0)) < len(X)
    assert {tuple(row) for row in fitted_on} <= {tuple(row) for row in X}
    np.testing.assert_array_equal(learner.X_training, X)


def test_bootstrap_init_is_a_bootstrap_of_the_first_fit_only(data):
    X, y = data
    learner = ActiveLearner(
        KNeighborsClassifier(1), X_training=X, y_training=y, bootstrap_init=True, random_state=0
    )
    assert len(np.unique(learner.estimator._fit_X, axis=0)) < len(X)
    learner.teach(X[:1], y[:1])
    assert len(np.unique(learner.estimator._fit_X, axis=0)) == len(X)


def test_predict_predict_proba_and_score_are_those_of_the_estimator(learner, data):
    X, y = data
    expected = LogisticRegression().fit(learner.X_training, learner.y_training)
    np.testing.assert_array_equal(learner.predict(X), expected.predict(X))
    np.testing.assert_allclose(learner.predict_proba(X), expected.predict_proba(X))
    np.testing.assert_allclose(learner.decision_function(X), expected.decision_function(X))
    assert learner.score(X, y) == expected.score(X, y)


def test_keyword_arguments_of_predict_reach_the_estimator():
    optimizer = BayesianOptimizer(
        GaussianProcessRegressor(optimizer=None), X_training=[[0.0]], y_training=[1.0]
    )
    mean, std = optimizer.predict([[0.0], [9.0]], return_std=True)
    assert mean.shape == std.shape == (2,)
    assert std[0] < std[1]


def test_an_estimator_that_is_fitted_already_predicts_and_queries_at_once(data):
    X, y = data
    fitted = LogisticRegression().fit(X, y)
    learner = ActiveLearner(fitted)
    np.testing.assert_array_equal(learner.predict(X), y)
    assert learner.estimator is fitted
    assert learner.query(X)[0].shape == (1,)
    assert learner.X_training is None


def test_teaching_a_fitted_estimator_leaves_the_one_of_the_user_as_it_was(data):
    X, y = data
    fitted = LogisticRegression().fit(X, y)
    before = fitted.coef_.copy()
    learner = ActiveLearner(fitted).teach(X[:30], y[:30])
    assert learner.estimator is not fitted
    np.testing.assert_array_equal(fitted.coef_, before)


def test_an_estimator_needs_no_more_than_fit_and_predict():
    proba = np.array([[0.1, 0.9], [0.5, 0.5], [0.0, 1.0]])
    mock = Mock(proba, prediction=np.array([1, 0, 1]))
    learner = ActiveLearner(mock, X_training=np.zeros((2, 1)), y_training=np.array([0, 1]))
    X = np.zeros((3, 1))
    np.testing.assert_array_equal(learner.predict(X), [1, 0, 1])
    np.testing.assert_array_equal(learner.predict_proba(X), proba)
    assert learner.score(X, [0, 0, 0]) == 0.25
    assert learner.query(X)[0] == [1]
    assert learner.teach(X, [0, 1, 0]).estimator.n_fits == 1
    assert mock.n_fits == 0


def test_skal_strategies_read_estimators_without_parameters_too():
    proba = np.array([[0.1, 0.9], [0.5, 0.5], [0.0, 1.0]])
    indices, _ = ActiveLearner(Mock(proba), Margin()).query(np.zeros((3, 1)))
    np.testing.assert_array_equal(indices, [1])


def test_a_learner_without_estimator_queries(data):
    X, _y = data
    learner = ActiveLearner(None, RandomSampling(random_state=0))
    assert learner.query(X, n_instances=3)[1].shape == (3, 2)
    assert ActiveLearner(None, lambda learner, X: 7).query(X)[0] == 7
    assert learner.estimator is None


def test_a_learner_without_estimator_keeps_away_from_its_labeled_data():
    learner = ActiveLearner(None, CoreSet(), X_training=[[0.0]], y_training=[0])
    indices, _ = learner.query([[0.1], [5.0], [9.0]])
    np.testing.assert_array_equal(indices, [2])


def test_add_training_data_stores_without_training(learner, data):
    X, y = data
    before = learner.predict_proba(X)
    learner._add_training_data(X[2:10], y[2:10])
    assert len(learner.X_training) == 13
    np.testing.assert_array_equal(learner.predict_proba(X), before)
    with pytest.raises(ValueError, match="Pass samples with the same features"):
        learner._add_training_data(X[:, :1], y)


def test_a_subclass_of_modal_style_can_call_its_protected_methods(data):
    X, y = data

    class Own(ActiveLearner):
        def teach(self, X, y, **fit_kwargs):
            self._add_training_data(X, y)
            self._fit_to_known(**fit_kwargs)

    learner = Own(LogisticRegression(), X_training=X[:25], y_training=y[:25])
    learner.teach(X[25:], y[25:])
    np.testing.assert_array_equal(learner.predict(X), y)


# Querying ------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", [uncertainty_sampling, margin_sampling, entropy_sampling])
@pytest.mark.parametrize("random_tie_break", [False, True])
def test_uncertainty_functions_of_modal_plug_in(learner, data, strategy, random_tie_break):
    X, _ = data
    learner.query_strategy = strategy
    indices, instances = learner.query(X, n_instances=4, random_tie_break=random_tie_break)
    np.testing.assert_array_equal(instances, X[indices])
    assert set(indices) == set(strategy(learner.estimator, X, 4))


def test_uncertainty_measures_of_modal_take_a_learner(learner, data):
    X, _ = data
    for measure in (classifier_uncertainty, classifier_margin, classifier_entropy):
        np.testing.assert_array_equal(measure(learner, X), measure(learner.estimator, X))


def test_unfitted_learners_have_the_neutral_values_of_modal(data):
    X, _ = data
    learner = ActiveLearner(LogisticRegression())
    np.testing.assert_array_equal(classifier_uncertainty(learner, X), np.ones(60))
    np.testing.assert_array_equal(classifier_margin(learner, X), np.zeros(60))
    np.testing.assert_array_equal(classifier_entropy(learner, X), np.zeros(60))
    assert learner.query(X)[1].shape == (1, 2)


def test_unfitted_committees_have_the_neutral_values_of_modal(data):
    X, _ = data
    committee = Committee([ActiveLearner(LogisticRegression()), ActiveLearner(SVC())])
    for measure in (vote_entropy, consensus_entropy, KL_max_disagreement):
        np.testing.assert_array_equal(measure(committee, X), np.zeros(60))


@pytest.mark.parametrize(
    "strategy", [vote_entropy_sampling, consensus_entropy_sampling, max_disagreement_sampling]
)
def test_disagreement_functions_of_modal_plug_in(committee, data, strategy):
    X, _ = data
    committee.query_strategy = strategy
    indices, instances = committee.query(X, n_instances=3)
    assert len(set(indices)) == 3
    np.testing.assert_array_equal(instances, X[indices])


@pytest.mark.parametrize("strategy", [uncertainty_sampling, margin_sampling, entropy_sampling])
def test_uncertainty_functions_of_modal_take_a_committee(committee, data, strategy):
    X, _ = data
    committee.query_strategy = strategy
    assert committee.query(X, n_instances=2)[1].shape == (2, 2)


def test_max_std_sampling_of_modal_plugs_in():
    X = np.linspace(0, 1, 20).reshape(-1, 1)
    committee = CommitteeRegressor(
        [ActiveLearner(DecisionTreeRegressor(max_depth=d)) for d in (1, 2)], max_std_sampling
    ).fit(X, X.ravel())
    indices, _ = committee.query(X, n_instances=2)
    std = committee.predict(X, return_std=True)[1]
    assert std[indices].min() >= np.delete(std, indices).max()


@pytest.mark.parametrize("strategy", [max_PI, max_EI, max_UCB])
def test_acquisition_functions_of_modal_plug_in(strategy):
    X = np.linspace(0, 4, 41).reshape(-1, 1)
    optimizer = BayesianOptimizer(
        GaussianProcessRegressor(RBF(1.0), optimizer=None),
        strategy,
        X_training=X[[0, 20]],
        y_training=np.sin(X[[0, 20]]).ravel(),
    )
    indices, instances = optimizer.query(X, n_instances=2)
    np.testing.assert_array_equal(instances, X[indices])
    indices, _ = optimizer.query(X, 0.1)  # as in modAL, the first argument is the trade-off
    assert indices.shape == (1,)


@pytest.mark.parametrize(
    "strategy", [min_confidence, avg_confidence, max_score, avg_score, max_loss, mean_max_loss]
)
def test_multilabel_functions_of_modal_plug_in(data, strategy):
    X, y = data
    Y = np.c_[y > 0, y > 1].astype(int)
    estimator = OneVsRestClassifier(LogisticRegression())
    learner = ActiveLearner(estimator, strategy, X_training=X[::3], y_training=Y[::3])
    indices, instances = learner.query(X, n_instances=3)
    np.testing.assert_array_equal(instances, X[indices])
    learner.teach(instances, Y[indices])
    assert learner.y_training.shape == (23, 2)


def test_svm_binary_minimum_of_modal_plugs_in(data):
    X, y = data
    Y = np.c_[y > 0, y > 1].astype(int)
    learner = ActiveLearner(
        OneVsRestClassifier(SVC(kernel="linear")), SVM_binary_minimum, X_training=X, y_training=Y
    )
    index, instance = learner.query(X)
    np.testing.assert_array_equal(instance, X[index])
    assert instance.shape == (2,)


@pytest.mark.parametrize("strategy", [Margin(), CoreSet(), KMeansDiversity(random_state=0)])
def test_skal_strategies_plug_into_the_learner_of_modal(data, strategy):
    X, y = data
    theirs = modAL.models.ActiveLearner(
        LogisticRegression(), query_strategy=strategy, X_training=X[::5], y_training=y[::5]
    )
    ours = ActiveLearner(LogisticRegression(), strategy, X_training=X[::5], y_training=y[::5])
    np.testing.assert_array_equal(
        theirs.query(X, n_instances=3)[0], ours.query(X, n_instances=3)[0]
    )


def test_skal_strategies_plug_into_the_committee_of_modal(data):
    X, y = data
    members = [
        modAL.models.ActiveLearner(e, X_training=X[::5], y_training=y[::5])
        for e in (LogisticRegression(), DecisionTreeClassifier(random_state=0))
    ]
    committee = modAL.models.Committee(members, BALD())
    assert committee.query(X, n_instances=2)[1].shape == (2, 2)


def test_a_strategy_that_answers_with_a_number_gives_one_sample(learner, data):
    X, _ = data
    learner.query_strategy = lambda learner, X: np.argmax(classifier_uncertainty(learner, X))
    index, instance = learner.query(X)
    assert np.ndim(index) == 0
    np.testing.assert_array_equal(instance, X[index])
    assert instance.shape == (2,)


def test_a_strategy_that_answers_with_one_index_gives_one_row(learner, data):
    X, _ = data
    indices, instances = learner.query(X)
    assert indices.shape == (1,)
    assert instances.shape == (1, 2)


def test_the_instances_of_an_old_strategy_are_ignored(learner, data):
    X, _ = data
    learner.query_strategy = lambda learner, X: (np.array([3, 4]), X[[5, 6]])
    indices, instances = learner.query(X)
    np.testing.assert_array_equal(indices, [3, 4])
    np.testing.assert_array_equal(instances, X[[3, 4]])


def test_metrics_come_on_demand(learner, data):
    X, _ = data
    learner.query_strategy = lambda learner, X, n_instances=1: ([3, 4], np.array([0.5, 0.25]))
    assert len(learner.query(X)) == 2
    np.testing.assert_array_equal(learner.query(X, return_metrics=True)[2], [0.5, 0.25])
    learner.query_strategy = Margin()
    indices, _, metrics = learner.query(X, n_instances=2, return_metrics=True)
    np.testing.assert_array_equal(metrics, -classifier_margin(learner, X)[indices])


def test_missing_metrics_are_none_with_a_warning(learner, data):
    X, _ = data
    with pytest.warns(UserWarning, match="returns no metrics") as record:
        assert learner.query(X, return_metrics=True)[2] is None
    assert record[0].filename == __file__


def test_a_number_after_the_pool_is_how_many_to_choose(learner, committee, data):
    X, _ = data
    assert learner.query(X, 4)[1].shape == (4, 2)
    assert committee.query(X, 4)[1].shape == (4, 2)


# Kinds of data -------------------------------------------------------------------------------


def test_a_data_frame_gives_rows_of_that_frame(data):
    X, y = data
    frame = pd.DataFrame(X, columns=["a", "b"], index=[f"row {i}" for i in range(60)])
    learner = ActiveLearner(
        LogisticRegression(), Margin(), X_training=frame.iloc[::5], y_training=y[::5]
    )
    indices, instances = learner.query(frame, n_instances=3)
    pd.testing.assert_frame_equal(instances, frame.iloc[indices])
    learner.teach(instances, y[indices])
    assert list(learner.X_training.columns) == ["a", "b"]
    np.testing.assert_array_equal(learner.feature_names_in_, ["a", "b"])
    learner.query_strategy = lambda learner, X: 7
    pd.testing.assert_series_equal(learner.query(frame)[1], frame.iloc[7])


def test_a_list_gives_a_list(data):
    X, y = data
    rows = X.tolist()
    learner = ActiveLearner(LogisticRegression(), X_training=rows[::5], y_training=y[::5].tolist())
    indices, instances = learner.query(rows, n_instances=2)
    assert instances == [rows[i] for i in indices]
    learner.teach(instances, y[indices].tolist())
    assert isinstance(learner.X_training, list)
    assert len(learner.X_training) == 14


def test_a_list_of_texts_is_a_pool():
    texts = ["good film", "bad film", "fine film", "poor film"]
    learner = ActiveLearner(
        make_pipeline(CountVectorizer(), MultinomialNB()),
        Margin(),
        X_training=["good fine", "bad poor"],
        y_training=["pos", "neg"],
    )
    _indices, instances = learner.query([*texts, "neither"], n_instances=1)
    assert instances == ["neither"]
    learner.teach(instances, ["pos"])
    assert learner.X_training == ["good fine", "bad poor", "neither"]
    np.testing.assert_array_equal(learner.predict(["neither"]), ["pos"])


@pytest.mark.parametrize("kind", [pd.Series, np.array, lambda x: np.array(x, dtype=object)])
def test_texts_come_in_arrays_and_series_too(kind):
    texts = kind(["good film", "bad film", "fine film", "poor film"])
    learner = ActiveLearner(
        make_pipeline(CountVectorizer(), MultinomialNB()), Margin(), texts, ["p", "n", "p", "n"]
    )
    _indices, instances = learner.query(texts, n_instances=2)
    assert type(instances) is type(texts)
    learner.teach(instances, ["p", "n"])
    assert len(learner.X_training) == 6


@pytest.mark.parametrize("fmt", SPARSE_FORMATS)
@pytest.mark.parametrize("strategy", [uncertainty_sampling, Margin(), CoreSet()])
def test_sparse_matrices_of_every_format_are_taught_and_queried(data, fmt, strategy):
    X, y = data
    learner = ActiveLearner(
        LogisticRegression(), strategy, sp.csr_matrix(X[::5]).asformat(fmt), y[::5]
    )
    pool = sp.csr_matrix(X).asformat(fmt)
    indices, instances = learner.query(pool, n_instances=2)
    np.testing.assert_array_equal(instances.toarray(), X[indices])
    learner.teach(instances, y[indices])
    assert learner.X_training.shape == (14, 2)
    np.testing.assert_array_equal(learner.X_training.toarray()[12:], X[indices])


def test_sparse_arrays_are_taught_and_queried(data):
    X, y = data
    learner = ActiveLearner(LogisticRegression(), Margin(), sp.csr_array(X[::5]), y[::5])
    indices, instances = learner.query(sp.csr_array(X), n_instances=2)
    assert isinstance(instances, sp.csr_array)
    assert learner.teach(instances, y[indices]).X_training.shape == (14, 2)


def test_one_row_of_a_sparse_pool_is_a_matrix(data):
    X, y = data
    learner = ActiveLearner(LogisticRegression(), lambda learner, X: 4, sp.csr_matrix(X), y)
    assert learner.query(sp.coo_matrix(X))[1].shape == (1, 2)


class MeanClassifier(LogisticRegression):
    """Flattens samples of any shape."""

    def fit(self, X, y):
        return super().fit(np.asarray(X).reshape(len(X), -1), y)

    def predict(self, X):
        return super().predict(np.asarray(X).reshape(len(X), -1))

    def predict_proba(self, X):
        return super().predict_proba(np.asarray(X).reshape(len(X), -1))


@pytest.mark.parametrize("shape", [(2, 3), (1, 2, 3)])
@pytest.mark.parametrize("strategy", [uncertainty_sampling, CoreSet()])
def test_samples_have_any_number_of_dimensions(shape, strategy):
    X = np.random.RandomState(0).normal(size=(20, *shape))
    y = np.arange(20) % 2
    learner = ActiveLearner(MeanClassifier(), strategy, X_training=X[:8], y_training=y[:8])
    indices, instances = learner.query(X, n_instances=2)
    assert instances.shape == (2, *shape)
    learner.teach(instances, y[indices])
    assert learner.X_training.shape == (10, *shape)


def test_samples_are_single_numbers_too():
    X = np.linspace(-1, 1, 9)

    class OneColumn(MeanClassifier):
        pass

    learner = ActiveLearner(OneColumn(), X_training=X[[0, 1, 7, 8]], y_training=[0, 0, 1, 1])
    _indices, instances = learner.query(X)
    np.testing.assert_array_equal(instances, [0.0])
    learner.teach(instances, [1])
    assert learner.X_training.shape == (5,)


def test_a_memory_map_is_a_pool(tmp_path, data):
    X, y = data
    np.save(tmp_path / "X.npy", X)
    pool = np.load(tmp_path / "X.npy", mmap_mode="r")
    learner = ActiveLearner(LogisticRegression(), Margin(), pool[::5], y[::5])
    indices, instances = learner.query(pool, n_instances=2)
    np.testing.assert_array_equal(instances, X[indices])
    assert learner.teach(instances, y[indices]).X_training.shape == (14, 2)


class DictClassifier(LogisticRegression):
    """Takes a dict of arrays, as nets with several inputs do."""

    def fit(self, X, y):
        return super().fit(np.c_[X["a"], X["b"]], y)

    def predict_proba(self, X):
        return super().predict_proba(np.c_[X["a"], X["b"]])


@pytest.mark.parametrize("strategy", [Margin(), RandomSampling(random_state=0)])
def test_a_dict_of_arrays_is_a_pool(data, strategy):
    X, y = data

    def as_dict(X):
        return {"a": X[:, :1], "b": X[:, 1]}

    learner = ActiveLearner(DictClassifier(), strategy, as_dict(X[::5]), y[::5])
    indices, instances = learner.query(as_dict(X), n_instances=2)
    np.testing.assert_array_equal(instances["b"], X[indices, 1])
    learner.teach(instances, y[indices])
    assert learner.X_training["a"].shape == (14, 1)


# Transformed features ------------------------------------------------------------------------


def test_without_a_pipeline_samples_are_transformed_into_themselves(learner, data):
    X, _ = data
    assert learner.transform_without_estimating(X) is X


def test_the_steps_before_the_last_transform(data):
    X, y = data
    learner = ActiveLearner(make_pipeline(StandardScaler(), LogisticRegression())).fit(X, y)
    np.testing.assert_allclose(
        learner.transform_without_estimating(X), StandardScaler().fit_transform(X)
    )


def test_the_pipelines_of_a_heterogeneous_ensemble_transform_side_by_side(data):
    X, y = data
    voting = VotingClassifier(
        [
            ("scaled", make_pipeline(StandardScaler(), LogisticRegression())),
            ("first", make_pipeline(FunctionTransformer(first_column), LogisticRegression())),
        ]
    )
    learner = ActiveLearner(voting).fit(X, y)
    assert learner.transform_without_estimating(X).shape == (60, 3)


def first_column(X):
    return X[:, :1]


def to_numpy(frame):
    return frame.to_numpy()


def frame_learner(X, y, strategy=uncertainty_batch_sampling):
    pipeline = make_pipeline(FunctionTransformer(to_numpy), LogisticRegression())
    return ActiveLearner(
        pipeline, strategy, X_training=pd.DataFrame(X), y_training=y, on_transformed=True
    )


def test_ranked_batches_of_data_frames_are_measured_on_transformed_features(data):
    X, y = data
    indices, instances = frame_learner(X[::5], y[::5]).query(pd.DataFrame(X), n_instances=4)
    pd.testing.assert_frame_equal(instances, pd.DataFrame(X).iloc[indices])
    plain = ActiveLearner(LogisticRegression(), uncertainty_batch_sampling, X[::5], y[::5])
    np.testing.assert_array_equal(indices, plain.query(X, n_instances=4)[0])


def test_ranked_batches_of_texts_are_measured_on_their_counts():
    texts = ["a good film", "a bad film", "a fine film", "a poor film", "something else"]
    learner = ActiveLearner(
        make_pipeline(CountVectorizer(), LogisticRegression()),
        uncertainty_batch_sampling,
        X_training=["good fine", "bad poor"],
        y_training=[1, 0],
        on_transformed=True,
    )
    indices, instances = learner.query(texts, n_instances=3)
    assert instances == [texts[i] for i in indices]
    learner.teach(instances, [1, 0, 1])
    assert len(learner.X_training) == 5


def test_ranked_batches_of_a_committee_are_measured_on_all_members_features(data):
    X, y = data
    members = [frame_learner(X[::5], y[::5]) for _ in range(2)]
    committee = Committee(members, uncertainty_batch_sampling, on_transformed=True)
    frame = pd.DataFrame(X)
    assert committee.transform_without_estimating(frame).shape == (60, 4)
    indices, instances = committee.query(frame, n_instances=3)
    pd.testing.assert_frame_equal(instances, frame.iloc[indices])


def test_ranked_batches_of_a_committee_keep_away_from_its_labeled_data():
    X = np.array([[0.0], [0.0], [5.0], [5.0], [9.0]])
    members = [ActiveLearner(e) for e in (LogisticRegression(), KNeighborsClassifier(1))]
    committee = Committee(members, uncertainty_batch_sampling).fit(X[:4], [0, 0, 1, 1])
    assert committee.query(X, n_instances=1)[0] == [4]


# Committees ----------------------------------------------------------------------------------


def test_members_need_no_more_than_classes_and_predictions():
    first = MockMember([[0.8, 0.2], [0.4, 0.6]], [0, 1], classes=[0, 1])
    second = MockMember([[0.5, 0.5], [0.1, 0.9]], [1, 2], classes=[1, 2])
    committee = Committee([first, second])
    X = np.zeros((2, 1))
    np.testing.assert_array_equal(committee.classes_, [0, 1, 2])
    assert committee.n_classes_ == 3
    np.testing.assert_array_equal(committee.vote(X), [[0, 1], [1, 2]])
    expected = [[[0.8, 0.2, 0], [0, 0.5, 0.5]], [[0.4, 0.6, 0], [0, 0.1, 0.9]]]
    np.testing.assert_allclose(committee.vote_proba(X), expected)
    np.testing.assert_allclose(committee.predict_proba(X), np.mean(expected, axis=1))
    np.testing.assert_array_equal(committee.predict(X), [0, 2])
    assert committee.score(X, [0, 1]) == 0.5
    assert committee.query(X)[0].shape == (1,)
    np.testing.assert_allclose(vote_entropy(committee, X), [np.log(2)] * 2)


def test_members_of_a_regressing_committee_need_only_predict():
    members = [MockMember(None, p, None) for p in ([0.0, 1.0], [2.0, 1.0])]
    committee = CommitteeRegressor(members)
    X = np.zeros((2, 1))
    np.testing.assert_array_equal(committee.vote(X), [[0, 2], [1, 1]])
    np.testing.assert_array_equal(committee.predict(X), [1, 1])
    np.testing.assert_array_equal(committee.predict(X, return_std=True)[1], [1, 0])
    assert committee.query(X)[0] == [0]


def test_learners_of_modal_are_members_too(data):
    X, y = data
    theirs = modAL.models.ActiveLearner(LogisticRegression(), X_training=X, y_training=y)
    ours = ActiveLearner(DecisionTreeClassifier(), X_training=X, y_training=y)
    committee = Committee([theirs, ours])
    np.testing.assert_array_equal(committee.predict(X), y)
    assert committee.query(X)[1].shape == (1, 2)


def test_a_committee_is_iterable_and_has_a_length(committee):
    assert len(committee) == 3
    assert [type(member.estimator).__name__ for member in committee] == [
        "LogisticRegression",
        "KNeighborsClassifier",
        "DecisionTreeClassifier",
    ]


def test_members_hold_different_amounts_of_different_samples(data):
    X, y = data
    frame = pd.DataFrame(X)
    members = [frame_learner(X[rows], y[rows]) for rows in ([0, 20], [20, 40, 41], [1, 21, 42, 3])]
    committee = Committee(members, uncertainty_batch_sampling, on_transformed=True)
    assert committee.X_training.shape == (9, 2)
    indices, _ = committee.query(frame, n_instances=10)
    committee.teach(frame.iloc[indices], y[indices])
    assert [len(member.X_training) for member in committee] == [12, 13, 14]


def test_votes_have_one_column_a_member_and_probabilities_one_a_class(committee, data):
    X, _ = data
    assert committee.vote(X).shape == (60, 3)
    assert committee.vote_proba(X).shape == (60, 3, 3)
    np.testing.assert_allclose(committee.predict_proba(X), committee.vote_proba(X).mean(axis=1))


def test_classes_are_the_union_and_refreshed_by_teaching(data):
    X, y = data
    members = [
        ActiveLearner(LogisticRegression(), X_training=X[rows], y_training=y[rows])
        for rows in ([0, 20], [20, 40])
    ]
    committee = Committee(members)
    np.testing.assert_array_equal(committee.classes_, [0, 1, 2])
    np.testing.assert_array_equal(committee.vote_proba(X)[:, 0, 2], np.zeros(60))
    np.testing.assert_array_equal(committee.vote_proba(X)[:, 1, 0], np.zeros(60))
    committee.teach(X[:3], [7, 7, 7])
    np.testing.assert_array_equal(committee.classes_, [0, 1, 2, 7])


def test_an_unfitted_committee_knows_no_classes():
    for estimator in (LogisticRegression(), Mock()):
        committee = Committee([ActiveLearner(estimator)])
        assert committee.classes_ is None
        assert committee.n_classes_ == 0
    committee = Committee([ActiveLearner(LogisticRegression())])
    with pytest.raises(NotFittedError, match="Call fit or teach first"):
        committee.predict([[0.0]])


def test_rebag_trains_each_member_on_a_sample_of_its_own_data(data):
    X, y = data
    members = [
        ActiveLearner(KNeighborsClassifier(1), X_training=X[part], y_training=y[part])
        for part in (slice(0, 40), slice(20, 60))
    ]
    committee = Committee(members, random_state=0)
    committee.rebag()
    for member in committee:
        drawn = {tuple(row) for row in member.estimator._fit_X}
        assert drawn < {tuple(row) for row in member.X_training}
    assert [len(member.X_training) for member in committee] == [40, 40]
