"""What committees promise beyond modAL's."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from modAL.disagreement import max_disagreement_sampling, vote_entropy, vote_entropy_sampling
from sklearn import config_context
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.validation import check_is_fitted

from skal import ActiveLearner, Committee, CommitteeRegressor
from skal.query import BALD, ConsensusEntropy, CoreSet, Margin, RandomSampling, VoteEntropy


@pytest.fixture
def data():
    rng = np.random.RandomState(0)
    y = np.arange(40) % 2
    return rng.normal(size=(40, 3)) + 5 * y[:, None], y


@pytest.fixture
def hard(data):
    """The same classes, closer to each other."""
    X, y = data
    return X - 4 * y[:, None], y


def bagging(random_state=0, **kwargs):
    return Committee(
        ActiveLearner(DecisionTreeClassifier()),
        n_members=3,
        bootstrap=True,
        random_state=random_state,
        **kwargs,
    )


def of_two_kinds(*args, **kwargs):
    return Committee(
        [ActiveLearner(LogisticRegression()), ActiveLearner(GaussianNB())], *args, **kwargs
    )


# Members -------------------------------------------------------------------------------------


def test_the_learners_of_the_user_are_copied_and_never_trained(data):
    members = [ActiveLearner(LogisticRegression()), ActiveLearner(GaussianNB())]
    committee = Committee(members).fit(*data)
    for member, given in zip(committee, members, strict=True):
        assert member is not given
        assert given.X_training is None
        with pytest.raises(NotFittedError):
            check_is_fitted(given)
    assert committee.get_params()["learner_list"] is members


def test_teaching_leaves_learners_with_data_as_the_user_made_them(data):
    X, y = data
    members = [ActiveLearner(GaussianNB(), X_training=X[i::4], y_training=y[i::4]) for i in (0, 1)]
    members[0].teach(X[1:2], y[1:2])
    members[1].teach(X[:1], y[:1])
    committee = Committee(members).teach(X[:5], y[:5])
    assert [len(member.X_training) for member in members] == [11, 11]
    assert [len(member.X_training) for member in committee] == [16, 16]


def test_n_members_are_copies_of_one_learner(data):
    committee = bagging().fit(*data)
    assert len(committee) == 3
    probabilities = committee.vote_proba(data[0])
    assert any((probabilities[:, 0] != probabilities[:, i]).any() for i in (1, 2))


def test_members_of_one_estimator_differ_by_seed_alone(data):
    X, y = data
    learner = ActiveLearner(DecisionTreeClassifier(max_features=1, splitter="random"))
    committee = Committee(learner, n_members=4, random_state=0).fit(X, y)
    seeds = {member.estimator.random_state for member in committee}
    assert len(seeds) == 4
    assert learner.random_state is None


def test_the_seed_of_the_one_learner_serves_all_members_where_the_committee_has_none(hard):
    learner = ActiveLearner(DecisionTreeClassifier(), random_state=5)
    first, second = (
        Committee(learner, n_members=3, bootstrap=True).fit(*hard).vote_proba(hard[0])
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
    assert (first[:, 0] != first[:, 1]).any()


def test_a_member_with_a_seed_of_its_own_keeps_it(data):
    members = [ActiveLearner(GaussianNB(), random_state=7), ActiveLearner(GaussianNB())]
    committee = Committee(members, random_state=0)
    assert [member.random_state == 7 for member in committee] == [True, False]
    assert members[1].random_state is None


# Parameters ----------------------------------------------------------------------------------


def test_parameters_reach_the_one_learner_and_the_strategy():
    committee = bagging(query_strategy=BALD(n_samples=7))
    params = committee.get_params()
    assert params["learner_list__estimator__max_depth"] is None
    assert params["query_strategy__n_samples"] == 7
    committee.set_params(learner_list__estimator__max_depth=2, n_members=5)
    assert len(committee) == 5
    assert committee.learner_list[0].estimator.max_depth == 2


def test_a_clone_holds_what_the_constructor_got(data):
    committee = bagging().fit(*data)
    copied = clone(committee)
    assert copied.classes_ is None
    assert copied.get_params()["n_members"] == 3
    np.testing.assert_array_equal(
        copied.fit(*data).predict_proba(data[0]), committee.predict_proba(data[0])
    )
    assert len(clone(of_two_kinds())) == 2


def test_text_and_html_show_the_members():
    assert "n_members=3" in repr(bagging())
    assert "GaussianNB" in repr(of_two_kinds())
    for committee in (bagging(), of_two_kinds()):
        assert "Committee" in committee._repr_html_()


def test_replacing_the_members_forgets_the_trained_ones(data):
    committee = of_two_kinds().fit(*data)
    committee.learner_list = [ActiveLearner(KNeighborsClassifier())]
    assert committee.classes_ is None
    assert len(committee) == 1


# Learning ------------------------------------------------------------------------------------


def test_fit_and_teach_return_the_committee(data):
    X, y = data
    for committee in (of_two_kinds(), bagging()):
        assert committee.fit(X[:20], y[:20]) is committee
        assert committee.teach(X[20:], y[20:]) is committee
        assert committee.rebag() is committee


def test_a_second_fit_forgets_the_first(data):
    X, y = data
    committee = bagging().fit(X, y)
    expected = committee.predict_proba(X)
    np.testing.assert_array_equal(committee.fit(X, y).predict_proba(X), expected)
    assert len(committee.X_training) == 40


def test_the_labeled_data_of_a_committee_are_those_of_its_members(data):
    X, y = data
    committee = of_two_kinds()
    assert committee.X_training is None
    np.testing.assert_array_equal(committee.fit(X[:20], y[:20]).X_training, X[:20])
    np.testing.assert_array_equal(committee.teach(X[20:], y[20:]).X_training, X)


def test_the_labeled_data_of_members_that_differ_stand_below_each_other(data):
    X, y = data
    members = [
        ActiveLearner(GaussianNB(), X_training=X[part], y_training=y[part])
        for part in (slice(0, 10), slice(10, 30))
    ]
    np.testing.assert_array_equal(Committee(members).X_training, X[:30])


@pytest.mark.parametrize("kind", [pd.DataFrame, lambda X: X.tolist(), sp.csr_matrix])
def test_the_labeled_data_are_counted_once_whatever_holds_them(data, kind):
    X, y = data
    committee = Committee(
        [ActiveLearner(LogisticRegression()), ActiveLearner(KNeighborsClassifier())]
    ).fit(kind(X[:20]), y[:20])
    committee.teach(kind(X[20:]), y[20:])
    held = committee.X_training
    assert (held.shape[0] if hasattr(held, "shape") else len(held)) == 40


def test_members_train_on_samples_of_their_own_with_bootstrap(data):
    X, y = data
    committee = Committee(
        ActiveLearner(KNeighborsClassifier(1)), n_members=2, bootstrap=True, random_state=0
    ).fit(X, y)
    first, second = (member.estimator._fit_X for member in committee)
    assert (first != second).any()
    assert len(np.unique(first, axis=0)) < 40
    committee.teach(X[:2], y[:2])
    assert len(np.unique(committee.learner_list[0].estimator._fit_X, axis=0)) < 40


def test_the_same_seed_gives_the_same_committee(hard):
    X, y = hard

    def run(seed):
        committee = bagging(seed, query_strategy=VoteEntropy()).fit(X[:10], y[:10])
        asked = []
        for _ in range(3):
            indices, instances = committee.query(X, 2)
            committee.teach(instances, y[indices])
            asked.append(indices)
        return np.array(asked), committee.rebag().vote_proba(X)

    for first, second in zip(run(0), run(0), strict=True):
        np.testing.assert_array_equal(first, second)
    assert (run(0)[1] != run(1)[1]).any()


def test_string_labels_are_voted_for(data):
    X, y = data
    names = np.array(["cat", "horse"])[y]
    for strategy in (vote_entropy_sampling, max_disagreement_sampling, VoteEntropy()):
        committee = of_two_kinds(strategy).fit(X, names)
        assert set(committee.vote(X).ravel()) == {"cat", "horse"}
        np.testing.assert_array_equal(committee.predict(X), names)
        assert committee.score(X, names) == 1.0
        assert committee.query(X, 2)[1].shape == (2, 3)
    assert vote_entropy(committee, X).shape == (40,)


def test_members_that_know_other_words_vote_for_them(data):
    X, _ = data
    members = [
        ActiveLearner(KNeighborsClassifier(1), X_training=X[:2], y_training=labels)
        for labels in (["a", "b"], ["b", "longest"])
    ]
    committee = Committee(members)
    np.testing.assert_array_equal(committee.classes_, ["a", "b", "longest"])
    np.testing.assert_array_equal(committee.vote(X[:2]), [["a", "b"], ["b", "longest"]])
    np.testing.assert_array_equal(committee.predict_proba(X[:1]), [[0.5, 0.5, 0.0]])


def test_members_without_probabilities_vote_with_certainty(data):
    X, y = data
    committee = Committee([ActiveLearner(LinearSVC()), ActiveLearner(GaussianNB())]).fit(X, y)
    assert set(np.unique(committee.vote_proba(X)[:, 0])) == {0.0, 1.0}
    np.testing.assert_array_equal(committee.predict(X), y)


# Weights and routing -------------------------------------------------------------------------


def test_weights_reach_every_member(data):
    X, y = data
    weights = np.where(y, 10.0, 1.0)
    committee = of_two_kinds().fit(X[:20], y[:20], sample_weight=weights[:20])
    committee.teach(X[20:], y[20:], sample_weight=weights[20:])
    for member, estimator in zip(committee, (LogisticRegression(), GaussianNB()), strict=True):
        expected = estimator.fit(X, y, sample_weight=weights).predict_proba(X)
        np.testing.assert_allclose(member.predict_proba(X), expected)


def test_weights_are_routed_to_the_members_that_ask_for_them(data):
    X, y = data
    weights = np.where(y, 10.0, 1.0)
    with config_context(enable_metadata_routing=True):
        asks = LogisticRegression().set_fit_request(sample_weight=True)
        does_not = LogisticRegression().set_fit_request(sample_weight=False)
        committee = Committee([ActiveLearner(asks), ActiveLearner(does_not)])
        committee.fit(X[:20], y[:20], sample_weight=weights[:20])
        committee.teach(X[20:], y[20:], sample_weight=weights[20:])
        for member, weight in zip(committee, (weights, None), strict=True):
            expected = LogisticRegression().fit(X, y, sample_weight=weight).predict_proba(X)
            np.testing.assert_allclose(member.predict_proba(X), expected)


def test_weights_are_routed_to_copies_of_one_learner(data):
    X, y = data
    with config_context(enable_metadata_routing=True):
        estimator = DecisionTreeClassifier().set_fit_request(sample_weight=True)
        committee = Committee(ActiveLearner(estimator), n_members=2, bootstrap=True)
        committee.fit(X, y, sample_weight=np.ones(40)).teach(X, y, sample_weight=np.ones(40))
        scores = cross_val_score(committee, X, y, cv=2, params={"sample_weight": np.ones(40)})
        assert scores.shape == (2,)


def test_weights_that_no_member_asked_for_are_refused_and_nothing_changes(data):
    X, y = data
    with config_context(enable_metadata_routing=True):
        committee = of_two_kinds().fit(X[:20], y[:20])
        with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
            committee.teach(X[20:], y[20:], sample_weight=np.ones(20))
        assert len(committee.X_training) == 20


def test_scores_take_weights(data):
    X, y = data
    committee = bagging().fit(X, y)
    wrong = y.copy()
    wrong[0] = 1 - wrong[0]
    assert committee.score(X, wrong, sample_weight=[1, 1, *[0] * 38]) == 0.5


# Among scikit-learn's tools ------------------------------------------------------------------


def test_committees_are_classifiers_or_regressors():
    assert is_classifier(bagging())
    assert not is_regressor(bagging())
    assert is_regressor(CommitteeRegressor(ActiveLearner(Ridge()), n_members=2))


@pytest.mark.parametrize("make", [bagging, of_two_kinds])
def test_committees_are_pickled_and_copied(data, make):
    X, y = data
    committee = make(ConsensusEntropy()) if make is of_two_kinds else make()
    committee.fit(X[:20], y[:20])
    expected = committee.predict_proba(X)
    restored = pickle.loads(pickle.dumps(committee))
    np.testing.assert_array_equal(restored.predict_proba(X), expected)
    copied = copy.copy(committee).teach(X[20:], 1 - y[20:])
    assert (copied.predict_proba(X) != expected).any()
    np.testing.assert_array_equal(committee.predict_proba(X), expected)
    assert len(committee.X_training) == 20


def test_the_number_of_members_and_their_estimator_are_searched(data):
    grid = {"n_members": [1, 3], "learner_list__estimator__max_depth": [1, 2]}
    search = GridSearchCV(bagging(), grid, cv=2).fit(*data)
    assert len(search.cv_results_["params"]) == 4
    assert len(search.best_estimator_) == search.best_params_["n_members"]


def test_a_committee_is_the_last_step_of_a_pipeline(data):
    X, y = data
    pipeline = make_pipeline(StandardScaler(), bagging()).fit(X, y)
    np.testing.assert_array_equal(pipeline.classes_, [0, 1])
    assert pipeline.score(X, y) > 0.9


def test_feature_names_are_those_of_the_members(data):
    X, y = data
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    committee = of_two_kinds(Margin()).fit(frame, y)
    np.testing.assert_array_equal(committee.feature_names_in_, ["a", "b", "c"])
    assert committee.n_features_in_ == 3
    indices, instances = committee.query(frame, 2)
    pd.testing.assert_frame_equal(instances, frame.iloc[indices])


@pytest.mark.parametrize("strategy", [Margin(), VoteEntropy(), BALD(), vote_entropy_sampling])
def test_committees_vote_on_texts(strategy):
    texts = ["good film", "bad film", "fine film", "poor film"]
    members = [
        ActiveLearner(make_pipeline(CountVectorizer(), e))
        for e in (MultinomialNB(), LogisticRegression())
    ]
    committee = Committee(members, strategy).fit(texts, [1, 0, 1, 0])
    if strategy is vote_entropy_sampling:
        texts = np.array(texts)  # modAL's function asks for X.shape
    assert len(committee.query(texts, 2)[1]) == 2


@pytest.mark.parametrize("strategy", [CoreSet(), RandomSampling(), ConsensusEntropy(), Margin()])
def test_strategies_of_every_family_serve_a_committee(data, strategy):
    X, y = data
    committee = of_two_kinds(strategy, random_state=0).fit(X[:10], y[:10])
    indices, _, scores = committee.query(X, 3, return_metrics=True)
    assert len(set(indices)) == len(scores) == 3
    np.testing.assert_array_equal(indices, committee.query(X, 3)[0])


def test_a_committee_without_data_queries_where_no_model_is_needed(data):
    assert of_two_kinds(CoreSet()).query(data[0], 2)[1].shape == (2, 3)


# Regressors ----------------------------------------------------------------------------------


def test_the_mean_and_the_spread_of_the_members_are_predicted():
    X = np.arange(6.0).reshape(-1, 1)
    members = [ActiveLearner(DecisionTreeRegressor(max_depth=d)) for d in (1, None)]
    committee = CommitteeRegressor(members).fit(X, X.ravel())
    mean, std = committee.predict(X, return_std=True)
    np.testing.assert_array_equal(mean, committee.vote(X).mean(axis=1))
    np.testing.assert_array_equal(std, committee.vote(X).std(axis=1))
    np.testing.assert_array_equal(committee.predict(X), mean)
    assert committee.score(X, X.ravel()) > 0.9


def test_members_that_predict_columns_vote_in_one_column_each():
    X = np.arange(6.0).reshape(-1, 1)
    members = [
        ActiveLearner(GaussianProcessRegressor(optimizer=None), X_training=X, y_training=X)
        for _ in range(2)
    ]
    assert CommitteeRegressor(members).vote(X).shape == (6, 2)


def test_columns_and_rows_of_labels_are_taught_in_turn():
    X = np.arange(6.0).reshape(-1, 1)
    gp = GaussianProcessRegressor(optimizer=None)
    committee = CommitteeRegressor([ActiveLearner(gp, X_training=X[:2], y_training=X[:2])])
    committee.teach(X[2:4], X[2:4].ravel()).teach(X[4:], X[4:])
    np.testing.assert_array_equal(committee.learner_list[0].y_training, X)


def test_lists_are_voted_on():
    committee = CommitteeRegressor(ActiveLearner(Ridge()), n_members=2).fit([[0.0], [1.0]], [0, 1])
    assert committee.vote([[0.0], [0.5], [1.0]]).shape == (3, 2)


@pytest.mark.parametrize("bootstrap", [False, True])
def test_members_trained_in_processes_are_those_trained_one_by_one(hard, bootstrap):
    X, y = hard
    learner = ActiveLearner(DecisionTreeClassifier(max_features=1))
    probabilities = []
    for n_jobs in (None, 2):
        committee = Committee(
            learner, n_members=3, bootstrap=bootstrap, random_state=0, n_jobs=n_jobs
        )
        committee.fit(X[:20], y[:20]).teach(X[20:30], y[20:30])
        committee.teach(X[30:], y[30:], only_new=True)
        committee.rebag()
        probabilities.append(committee.vote_proba(X))
    np.testing.assert_array_equal(*probabilities)


def test_members_trained_in_processes_hold_their_samples_once(hard):
    X, y = hard
    committee = Committee(ActiveLearner(GaussianNB()), n_members=3, n_jobs=2)
    for trained in (committee.fit(X[:20], y[:20]), committee.teach(X[20:], y[20:])):
        assert len({id(member.X_training) for member in trained}) == 1


def test_a_failure_in_a_process_changes_no_member(hard):
    X, y = hard
    committee = Committee(ActiveLearner(LogisticRegression()), n_members=2, n_jobs=2).fit(X, y)
    before = list(committee)
    with pytest.raises(ValueError, match="NaN"):
        committee.teach(np.full((1, 3), np.nan), [0])
    assert list(committee) == before
    assert len(committee.X_training) == len(X)
