"""Mistakes of users: each a clear error, and the learner exactly as it was before the call."""

from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from modAL.acquisition import max_EI
from modAL.batch import uncertainty_batch_sampling
from modAL.disagreement import max_std_sampling, vote_entropy_sampling
from modAL.uncertainty import entropy_sampling, margin_sampling, uncertainty_sampling
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skal import ActiveLearner, BayesianOptimizer, Committee, CommitteeRegressor
from skal.query import (
    BALD,
    ConsensusEntropy,
    CoreSet,
    Entropy,
    KMeansDiversity,
    LeastConfidence,
    Margin,
    MaxDisagreement,
    RandomSampling,
    VoteEntropy,
)

RNG = np.random.RandomState(0)
Y = np.arange(20) % 2
X = RNG.normal(size=(20, 3)) + 3 * Y[:, None]
NAN = np.where(np.arange(20)[:, None] == 3, np.nan, X)
FAMILIES = [Margin(), CoreSet(), RandomSampling(random_state=0), KMeansDiversity(random_state=0)]
MODAL = [uncertainty_sampling, margin_sampling, entropy_sampling]


class Picky(ClassifierMixin, BaseEstimator):
    """Fails as soon as it sees the label 9, having begun to change."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        if 9 in y:
            raise RuntimeError("I dislike 9")
        self.mean_ = np.mean(X)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def a_learner(strategy=None, estimator=None, **kwargs):
    learner = ActiveLearner(estimator or LogisticRegression(), strategy or Margin(), **kwargs)
    return learner.fit(X, Y)


def a_committee(strategy=None):
    members = [ActiveLearner(LogisticRegression()), ActiveLearner(GaussianNB())]
    return Committee(members, strategy or VoteEntropy(), random_state=0).fit(X, Y)


def an_optimizer():
    gp = GaussianProcessRegressor(optimizer=None)
    return BayesianOptimizer(gp, X_training=X, y_training=Y.astype(float))


def as_array(data):
    return data.toarray() if sp.issparse(data) else np.array(data)


@contextmanager
def unchanged(learner, X_test=X):
    """Check that labeled data, labels and predictions are the same afterwards."""

    def state():
        labels = [m.y_training for m in learner] if hasattr(learner, "vote") else learner.y_training
        held = as_array(learner.X_training), as_array(labels)
        return (*held, learner.predict(X_test))

    before = state()
    yield
    for old, new in zip(before, state(), strict=True):
        np.testing.assert_array_equal(old, new)


# Teaching ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [a_learner, a_committee, an_optimizer])
@pytest.mark.parametrize("only_new", [False, True])
@pytest.mark.parametrize(
    ("X_new", "y_new", "message"),
    [
        (NAN, Y, "Input X contains NaN"),
        (np.where(np.isnan(NAN), np.inf, NAN), Y, "Input X contains infinity"),
        (X, np.where(Y, np.nan, 1.0), "Input y contains NaN"),
        (X, Y[:-1], "same number of samples; got inconsistent numbers: 20 samples and 19 labels"),
        (X[:, :2], Y, r"have shape \(2,\) each, the labeled data of this learner \(3,\)"),
        (X[0], Y[:3], r"have shape \(\) each, the labeled data of this learner \(3,\)"),
        (X[:0], Y[:0], r"0 sample\(s\)"),
        (X, None, "requires y to be passed, but the target y is None"),
    ],
)
def test_bad_samples_are_not_taught(make, only_new, X_new, y_new, message):
    learner = make()
    with unchanged(learner), pytest.raises(ValueError, match=message):
        learner.teach(X_new, y_new, only_new=only_new)


@pytest.mark.parametrize("make", [a_learner, a_committee])
@pytest.mark.parametrize(("X_new", "y_new"), [(NAN, Y), (X, Y[:-1]), (X[:0], Y[:0]), (X, None)])
def test_bad_samples_are_not_fitted(make, X_new, y_new):
    learner = make()
    with unchanged(learner), pytest.raises(ValueError, match=r"NaN|same number|0 sample|is None"):
        learner.fit(X_new, y_new)


@pytest.mark.parametrize("bad", [{"X_training": NAN}, {"y_training": Y[:-1]}])
def test_bad_training_data_are_refused_at_the_first_use(bad):
    learner = ActiveLearner(LogisticRegression(), **{"X_training": X, "y_training": Y, **bad})
    for use in (learner.predict, learner.query, lambda X: learner.teach(X, Y)):
        with pytest.raises(ValueError, match=r"contains NaN|same number of samples"):
            use(X)


def test_training_data_without_labels_are_refused():
    learner = ActiveLearner(LogisticRegression(), X_training=X)
    with pytest.raises(ValueError, match="the target y is None"):
        learner.predict(X)
    with pytest.raises(ValueError, match="the target y is None"):
        learner.teach(X, Y)


@pytest.mark.parametrize("weights", [[1.0] * 19, np.ones((20, 2)), 1.0])
def test_weights_of_another_length_are_refused(weights):
    learner = a_learner()
    with unchanged(learner), pytest.raises((ValueError, TypeError)):
        learner.teach(X, Y, sample_weight=weights)


def test_weights_that_are_no_numbers_are_refused():
    learner = a_learner()
    for bad in (["a"] * 20, [np.nan] * 20):
        with unchanged(learner), pytest.raises(ValueError, match=r"sample_weight|convert"):
            learner.teach(X, Y, sample_weight=bad)


@pytest.mark.parametrize("only_new", [False, True])
def test_an_estimator_that_fails_leaves_the_learner_as_it_was(only_new):
    learner = a_learner(estimator=Picky())
    estimator = learner.estimator
    with unchanged(learner), pytest.raises(RuntimeError, match="I dislike 9"):
        learner.teach(X[:1], [9], only_new=only_new)
    assert learner.estimator is estimator
    with unchanged(learner), pytest.raises(RuntimeError, match="I dislike 9"):
        learner.fit(X, Y + 9)
    with unchanged(learner), pytest.raises(RuntimeError, match="I dislike 9"):
        learner.relabel([0], [9])
    learner.teach(X[:1], [8])
    assert learner.y_training[-1] == 8


@pytest.mark.parametrize("only_new", [False, True])
def test_a_member_that_fails_leaves_the_committee_as_it_was(only_new):
    members = [ActiveLearner(KNeighborsClassifier(1)), ActiveLearner(Picky())]
    committee = Committee(members).fit(X, Y)
    with unchanged(committee), pytest.raises(RuntimeError, match="I dislike 9"):
        committee.teach(X[:2], [1, 9], only_new=only_new)
    np.testing.assert_array_equal(committee.classes_, [0, 1])
    with unchanged(committee), pytest.raises(RuntimeError, match="I dislike 9"):
        committee.fit(X, Y + 9)


def test_a_warm_start_that_fails_leaves_the_learner_as_it_was():
    class WarmPicky(Picky):
        def __init__(self, warm_start=False):
            self.warm_start = warm_start

    learner = a_learner(estimator=WarmPicky(), warm_start=True)
    with unchanged(learner), pytest.raises(RuntimeError, match="I dislike 9"):
        learner.teach(X[:1], [9])
    np.testing.assert_array_equal(learner.classes_, [0, 1])


def test_an_unknown_argument_of_fit_is_the_estimators_error():
    learner = a_learner()
    with unchanged(learner), pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        learner.teach(X, Y, colour="red")


@pytest.mark.parametrize(
    "columns", [["a", "b", "z"], ["c", "b", "a"]], ids=["other names", "other order"]
)
def test_other_columns_of_a_data_frame_are_refused(columns):
    learner = ActiveLearner(LogisticRegression()).fit(pd.DataFrame(X, columns=list("abc")), Y)
    new = pd.DataFrame(X, columns=columns)
    frame = learner.X_training
    message = r"must have the columns .* expected \['a', 'b', 'c'\], got \['"
    with unchanged(learner, frame), pytest.raises(ValueError, match=message):
        learner.teach(new, Y)


@pytest.mark.parametrize("kind", [list, np.array, pd.Series, lambda y: np.array(y, dtype=object)])
def test_numbers_and_words_are_not_mixed_as_labels(kind):
    words = kind(["a", "b"])
    learner = a_learner()
    for change in (learner.teach, lambda X, y: learner.relabel([0, 1], y)):
        with (
            unchanged(learner),
            pytest.raises(TypeError, match="holds numbers, the new labels are"),
        ):
            change(X[:2], words)
    learner.fit(X[:2], words)
    message = "holds words, the new labels are numbers"
    with unchanged(learner), pytest.raises(TypeError, match=message):
        learner.teach(X[:2], kind([0, 1]))


def test_labels_of_another_shape_are_refused():
    learner = a_learner()
    message = r"the new labels have shape \(2,\) each, those of this learner \(\)"
    with unchanged(learner), pytest.raises(ValueError, match=message):
        learner.teach(X, np.eye(2)[Y])


def test_a_dict_in_a_table_is_refused_also_where_a_bootstrap_would_miss_it():
    table = X.astype(object)
    table[0, 0] = {"a": 1}
    for learner in (a_learner(), a_committee()):
        with unchanged(learner), pytest.raises(TypeError, match="X holds a dict"):
            learner.teach(table, Y, bootstrap=True)


def test_dicts_hold_as_many_samples_under_every_key():
    learner = ActiveLearner(Picky())
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        learner.fit({"a": X, "b": X[:3]}, Y)


def test_a_learner_without_estimator_cannot_be_taught():
    learner = ActiveLearner(None, RandomSampling())
    for teach in (learner.teach, learner.fit):
        with pytest.raises(TypeError, match="no estimator to train: it was built with None"):
            teach(X, Y)
    with pytest.raises(TypeError, match="no estimator to predict with"):
        learner.predict(X)
    assert learner.X_training is None


def test_one_class_is_the_estimators_to_refuse():
    learner = a_learner()
    with unchanged(learner), pytest.raises(ValueError, match="at least 2 classes"):
        learner.fit(X, np.zeros(20))


@pytest.mark.parametrize(
    "strategy",
    [*FAMILIES, LeastConfidence(), Entropy(), *MODAL],
    ids=lambda s: getattr(s, "__name__", type(s).__name__),
)
def test_a_model_of_one_class_is_queried(strategy):
    learner = ActiveLearner(DecisionTreeClassifier(), strategy, X[:5], np.zeros(5))
    indices, instances = learner.query(X, n_instances=3)
    assert len(set(indices)) == 3
    learner.teach(instances, [0, 1, 0])
    np.testing.assert_array_equal(learner.classes_, [0, 1])


@pytest.mark.parametrize(
    "strategy", [VoteEntropy(), ConsensusEntropy(), MaxDisagreement(), BALD(), Margin()]
)
def test_a_committee_of_one_class_is_queried(strategy):
    members = [ActiveLearner(e) for e in (DecisionTreeClassifier(), KNeighborsClassifier(1))]
    committee = Committee(members, strategy).fit(X[:5], np.zeros(5))
    assert committee.query(X, n_instances=3)[1].shape == (3, 3)


# Correcting ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indices", "error", "message"),
    [
        ([20], ValueError, r"in \[0, 20\); got \[20\]"),
        ([-1, 3], ValueError, r"in \[0, 20\); got \[-1\]"),
        ([0.5], TypeError, "indices must be integers; got an array of float64"),
        ([True, False], TypeError, "indices must be integers; got an array of bool"),
        (["a"], TypeError, "indices must be integers"),
        ([[0, 1]], ValueError, "one dimension"),
    ],
)
def test_unknown_indices_are_refused(indices, error, message):
    learner = a_learner()
    with unchanged(learner), pytest.raises(error, match=message):
        learner.relabel(indices, np.zeros(len(indices)))
    with unchanged(learner), pytest.raises(error, match=message):
        learner.forget(indices)


@pytest.mark.parametrize("y", [[1], [1, 0, 1]])
def test_relabel_needs_one_label_an_index(y):
    learner = a_learner()
    message = f"one label for each index; got {len(y)} labels for 2 indices"
    with unchanged(learner), pytest.raises(ValueError, match=message):
        learner.relabel([0, 1], y)


def test_relabel_refuses_nan():
    learner = an_optimizer()
    with unchanged(learner), pytest.raises(ValueError, match="Input y contains NaN"):
        learner.relabel([0], [np.nan])


def test_nothing_is_corrected_where_nothing_is_labeled():
    learner = ActiveLearner(LogisticRegression())
    for correct in (lambda: learner.relabel([0], [1]), lambda: learner.forget([0])):
        with pytest.raises(NotFittedError, match=r"holds no labeled samples. Call fit or teach"):
            correct()


def test_not_all_samples_can_be_forgotten():
    learner = a_learner()
    with unchanged(learner), pytest.raises(ValueError, match="at least one labeled sample"):
        learner.forget(range(20))


def test_forgetting_a_class_that_the_estimator_needs_changes_nothing():
    learner = a_learner()
    with unchanged(learner), pytest.raises(ValueError, match="at least 2 classes"):
        learner.forget(np.flatnonzero(Y))


# Querying ------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", [*FAMILIES, *MODAL, uncertainty_batch_sampling])
def test_a_pool_with_other_features_is_refused(strategy):
    learner = a_learner(strategy)
    message = r"X_pool have shape \(2,\) each, the labeled data of this learner \(3,\)"
    with unchanged(learner), pytest.raises(ValueError, match=message):
        learner.query(X[:, :2], n_instances=2)


@pytest.mark.parametrize("strategy", [VoteEntropy(), CoreSet(), vote_entropy_sampling])
def test_a_committee_refuses_a_pool_with_other_features(strategy):
    committee = a_committee(strategy)
    with unchanged(committee), pytest.raises(ValueError, match=r"shape \(2,\) each"):
        committee.query(X[:, :2])


def test_a_fitted_estimator_refuses_a_pool_with_other_features():
    learner = ActiveLearner(LogisticRegression().fit(X, Y), Margin())
    with pytest.raises(ValueError, match="X has 2 features, but LogisticRegression is expecting 3"):
        learner.query(X[:, :2])


@pytest.mark.parametrize("strategy", [*FAMILIES, *MODAL])
@pytest.mark.parametrize("as_keyword", [False, True])
@pytest.mark.parametrize(
    ("n_instances", "error", "message"),
    [
        (21, ValueError, r"n_instances must be in \[1, size of the pool\]; got n_instances=21 for"),
        (0, ValueError, r"got n_instances=0 for 20 samples"),
        (-2, ValueError, r"got n_instances=-2 for 20 samples"),
        (2.0, TypeError, r"n_instances must be an integer; got 2.0"),
        (True, TypeError, r"n_instances must be an integer; got True"),
        ("2", TypeError, r"n_instances must be an integer; got '2'"),
    ],
)
def test_numbers_of_instances_that_no_pool_has_are_refused(
    strategy, as_keyword, n_instances, error, message
):
    learner = a_learner(strategy)
    args, kwargs = ((), {"n_instances": n_instances}) if as_keyword else ((n_instances,), {})
    with unchanged(learner), pytest.raises(error, match=message):
        learner.query(X, *args, **kwargs)


@pytest.mark.parametrize("n_instances", [0, -2, 1.5])
def test_ranked_batches_take_what_the_pool_has_but_not_less_than_one(n_instances):
    learner = a_learner(uncertainty_batch_sampling)
    assert learner.query(X, n_instances=30)[1].shape == (20, 3)  # as in modAL
    with unchanged(learner), pytest.raises((ValueError, TypeError), match="n_instances must be"):
        learner.query(X, n_instances=n_instances)


def test_the_first_argument_of_an_acquisition_function_is_no_number_of_instances():
    assert an_optimizer().query(X, 0.5)[1].shape == (1, 3)
    with pytest.raises(ValueError, match="got n_instances=21"):
        BayesianOptimizer(GaussianProcessRegressor(), max_EI).query(X, 0.5, 21)


def test_what_a_number_means_to_a_strategy_of_the_user_is_not_judged():
    learner = a_learner(lambda learner, X, n_instances: np.arange(int(n_instances * len(X))))
    assert learner.query(X, n_instances=0.25)[1].shape == (5, 3)


@pytest.mark.parametrize("empty", [X[:0], [], pd.DataFrame(X[:0]), sp.csr_matrix((0, 3)), {}])
@pytest.mark.parametrize("strategy", [Margin(), uncertainty_sampling, RandomSampling()])
def test_an_empty_pool_is_refused(empty, strategy):
    learner = a_learner(strategy)
    with unchanged(learner), pytest.raises(ValueError, match="X_pool is empty"):
        learner.query(empty)


@pytest.mark.parametrize("pool", [None, 5, (x for x in X)], ids=["None", "number", "generator"])
def test_a_pool_holds_samples(pool):
    learner = a_learner()
    message = f"X_pool must hold samples, .* got {type(pool).__name__}"
    with unchanged(learner), pytest.raises(TypeError, match=message):
        learner.query(pool)


def test_a_single_sample_is_no_pool():
    learner = a_learner()
    with unchanged(learner), pytest.raises(ValueError, match=r"X_pool have shape \(\) each"):
        learner.query(X[0])


def test_a_strategy_that_returns_nothing_is_told_so():
    learner = a_learner(lambda learner, X: None)
    with (
        unchanged(learner),
        pytest.raises(TypeError, match="returned None; it must return indices"),
    ):
        learner.query(X)


def test_a_strategy_that_returns_unknown_positions_is_told_so():
    for pool in (X, X.tolist(), pd.DataFrame(X)):
        with pytest.raises(IndexError):
            ActiveLearner(None, lambda learner, X: [99]).query(pool)


@pytest.mark.parametrize("strategy", [Margin(), CoreSet(), KMeansDiversity(), *MODAL])
def test_nan_in_the_pool_is_refused(strategy):
    learner = a_learner(strategy)
    with unchanged(learner), pytest.raises(ValueError, match="NaN"):
        learner.query(NAN)


@pytest.mark.parametrize("strategy", [Margin(), Entropy(), *MODAL])
def test_nan_is_refused_unless_allowed_also_where_the_estimator_takes_it(strategy):
    learner = a_learner(strategy, HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=2))
    for use in (learner.query, learner.predict, learner.predict_proba):
        with unchanged(learner), pytest.raises(ValueError, match="contains NaN"):
            use(NAN)


@pytest.mark.parametrize("make", [a_learner, a_committee])
def test_predictions_for_other_features_are_refused(make):
    learner = make()
    with unchanged(learner), pytest.raises(ValueError, match="X has 2 features"):
        learner.predict(X[:, :2])


def test_an_unfitted_learner_has_no_margin():
    message = "Margin asks a model that has seen no labels yet. Teach the learner some labeled"
    with pytest.raises(NotFittedError, match=message):
        ActiveLearner(LogisticRegression(), Margin()).query(X)
    with pytest.raises(NotFittedError):
        ActiveLearner(LogisticRegression()).predict(X)


@pytest.mark.parametrize("strategy", [VoteEntropy(), ConsensusEntropy(), Margin()])
def test_an_unfitted_committee_has_no_votes(strategy):
    committee = Committee([ActiveLearner(LogisticRegression())], strategy)
    with pytest.raises(NotFittedError, match="seen no labels yet"):
        committee.query(X)


@pytest.mark.parametrize("strategy", [Margin(), Entropy(), LeastConfidence()])
@pytest.mark.parametrize("estimator", [Ridge(), SVC(), make_pipeline(StandardScaler(), Ridge())])
def test_uncertainty_needs_probabilities(strategy, estimator):
    learner = a_learner(strategy, estimator)
    name = type(strategy).__name__
    message = f"{name} needs class probabilities, but .* has no predict_proba. It fits classifiers"
    with unchanged(learner), pytest.raises(TypeError, match=message):
        learner.query(X)


@pytest.mark.parametrize("strategy", [Margin(), VoteEntropy(), BALD(), ConsensusEntropy()])
def test_a_regressing_committee_has_no_classes(strategy):
    committee = CommitteeRegressor([ActiveLearner(Ridge())], strategy).fit(X, Y)
    with unchanged(committee), pytest.raises(TypeError, match=f"{type(strategy).__name__} needs"):
        committee.query(X)


@pytest.mark.parametrize(
    "estimator", [DecisionTreeClassifier(), OneVsRestClassifier(LogisticRegression())]
)
def test_several_labels_a_sample_have_no_margin(estimator):
    learner = ActiveLearner(estimator, Margin()).fit(X, np.c_[Y, 1 - Y])
    message = "needs one class a sample, but .* predicts several outputs. .* modAL.multilabel"
    with unchanged(learner), pytest.raises(TypeError, match=message):
        learner.query(X)


def test_one_opinion_is_no_disagreement():
    learner = a_learner(BALD())
    message = (
        "BALD needs several opinions on the class of a sample, but LogisticRegression gives none. "
        "It fits committees"
    )
    with unchanged(learner), pytest.raises(TypeError, match=message):
        learner.query(X)


def test_a_spread_needs_a_regressor_that_gives_one():
    learner = a_learner(max_std_sampling, Ridge())
    with unchanged(learner), pytest.raises(TypeError, match="return_std"):
        learner.query(X)


@pytest.mark.parametrize("strategy", ["margin", 3, [Margin()]])
def test_a_strategy_must_be_callable(strategy):
    for learner in (a_learner(strategy), a_committee(strategy)):
        with unchanged(learner), pytest.raises(TypeError, match="query_strategy must be callable"):
            learner.query(X)


def test_the_class_of_a_strategy_is_not_a_strategy():
    learner = a_learner(Margin)
    with unchanged(learner), pytest.raises(TypeError, match=r"Margin\(\)"):
        learner.query(X)


# Committees ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [Committee, CommitteeRegressor])
def test_an_empty_list_is_no_committee(cls):
    with pytest.raises(ValueError, match="must hold at least one learner; got an empty list"):
        cls([]).fit(X, Y)


@pytest.mark.parametrize("learners", [(ActiveLearner(GaussianNB()),), GaussianNB(), None, "two"])
def test_members_come_in_a_list_or_as_one_learner(learners):
    message = f"must be a list of learners, or one ActiveLearner .* got {type(learners).__name__}"
    with pytest.raises(TypeError, match=message):
        Committee(learners, n_members=2).fit(X, Y)


@pytest.mark.parametrize("n_members", [None, 0, -1, 2.0, "3", True])
def test_one_learner_needs_a_number_of_members(n_members):
    message = "n_members must be a positive integer where learner_list is one learner; got"
    with pytest.raises(ValueError, match=message):
        Committee(ActiveLearner(GaussianNB()), n_members=n_members).fit(X, Y)


def test_n_members_beside_a_list_must_be_its_length():
    committee = Committee([ActiveLearner(GaussianNB())], n_members=3)
    with pytest.raises(ValueError, match=r"n_members=3 .* list of 1"):
        committee.fit(X, Y)


def test_a_member_is_a_learner_not_an_estimator():
    message = "must hold learners, .* got LogisticRegression. Wrap it: ActiveLearner"
    with pytest.raises(TypeError, match=message):
        Committee([LogisticRegression()]).fit(X, Y)


def test_a_grid_over_an_unknown_parameter_is_refused():
    for name in ("estimator__nope", "query_strategy__nope", "nope"):
        search = GridSearchCV(ActiveLearner(LogisticRegression(), Margin()), {name: [1]})
        with pytest.raises(ValueError, match="Invalid parameter 'nope'"):
            search.fit(X, Y)
