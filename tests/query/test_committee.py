"""Committee strategies see the members of committees and ensembles as they are."""

import modAL.models
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skal import ActiveLearner, Committee
from skal.query import BALD, ConsensusEntropy, MaxDisagreement, Pool, VoteEntropy, scores

STRATEGIES = [VoteEntropy(), ConsensusEntropy(), MaxDisagreement(), BALD()]
X = np.random.RandomState(0).normal(size=(60, 4))
CODES = np.digitize(X[:, 0] + X[:, 1], [-0.7, 0.7])
NAMES = np.array(["beech", "oak", "pine"])[CODES]
X_POOL = np.random.RandomState(1).normal(size=(40, 4))
MEMBERS = [("logistic", LogisticRegression()), ("bayes", GaussianNB())]


def aligned(member, known, classes, features):
    """Return a member's probabilities for all classes, one sample and class after the other."""
    if not hasattr(member, "predict_proba"):
        return np.array([[float(vote == c) for c in classes] for vote in member.predict(features)])
    rows = []
    for row in member.predict_proba(features):
        proba = dict(zip(known, row, strict=True))
        rows.append([proba.get(c, 0.0) for c in classes])
    return np.array(rows)


def slow_draws(model, features=X_POOL):
    """Return probabilities of shape (n_members, n_samples, n_classes), the slow way."""
    if hasattr(model, "learner_list"):
        estimators = [learner.estimator for learner in model.learner_list]
        return np.array([aligned(e, e.classes_, model.classes_, features) for e in estimators])
    codes = range(len(model.classes_))
    columns = getattr(model, "estimators_features_", [slice(None)] * len(model.estimators_))
    members = zip(model.estimators_, columns, strict=True)
    return np.array([aligned(m, m.classes_, codes, features[:, c]) for m, c in members])


def slow_scores(strategy, draws):
    if isinstance(strategy, VoteEntropy):
        return scores.vote_entropy(draws.argmax(axis=2), draws.shape[2])
    name = {"ConsensusEntropy": "consensus_entropy", "MaxDisagreement": "max_disagreement"}
    return getattr(scores, name.get(type(strategy).__name__, "bald"))(draws)


def assert_sees(model, draws):
    for strategy in STRATEGIES:
        pool = Pool(model, X_POOL, strategy)
        np.testing.assert_allclose(strategy.score(pool), slow_scores(strategy, draws), atol=1e-6)
        chosen = strategy(model, X_POOL, 6)
        assert len(set(chosen)) == 6


ENSEMBLES = [
    RandomForestClassifier(n_estimators=6, max_depth=3, random_state=0),
    ExtraTreesClassifier(n_estimators=6, max_depth=3, random_state=0),
    BaggingClassifier(GaussianNB(), n_estimators=5, random_state=0),
    BaggingClassifier(GaussianNB(), n_estimators=5, max_features=2, random_state=0),
    BaggingClassifier(
        GaussianNB(), n_estimators=5, max_features=3, bootstrap_features=True, random_state=0
    ),
    BaggingClassifier(Perceptron(), n_estimators=5, random_state=0),
    BaggingClassifier(DecisionTreeClassifier(), n_estimators=5, max_samples=3, random_state=0),
    VotingClassifier(MEMBERS, voting="soft"),
    VotingClassifier(MEMBERS, voting="hard"),
    VotingClassifier([*MEMBERS, ("perceptron", Perceptron())], voting="hard"),
    VotingClassifier([*MEMBERS, ("dropped", "drop")], voting="soft"),
]


@pytest.mark.parametrize("y", [CODES, NAMES, CODES + 10], ids=["codes", "names", "from ten"])
@pytest.mark.parametrize("ensemble", ENSEMBLES, ids=repr)
def test_ensembles_give_one_opinion_a_member(ensemble, y):
    ensemble.fit(X, y)
    assert_sees(ensemble, slow_draws(ensemble))
    learner = ActiveLearner(ensemble, BALD(), X, y).fit(X, y)
    assert_sees(learner, slow_draws(learner.estimator))


def test_bagging_members_may_not_know_all_classes():
    nearest = KNeighborsClassifier(1)  # takes no weights, so that it sees its own samples only
    bagging = BaggingClassifier(nearest, n_estimators=9, max_samples=3, random_state=0)
    bagging.fit(X, NAMES)
    assert min(len(member.classes_) for member in bagging.estimators_) < 3
    assert_sees(bagging, slow_draws(bagging))


@pytest.mark.parametrize("wrap", [make_pipeline, lambda *s: make_pipeline(s[0], make_pipeline(*s))])
def test_an_ensemble_at_the_end_of_a_pipeline(wrap):
    model = wrap(StandardScaler(), RandomForestClassifier(n_estimators=5, random_state=0))
    model.fit(X, CODES)
    final, Z = model, X_POOL
    while hasattr(final, "steps"):
        final, Z = final[-1], final[:-1].transform(Z)
    assert_sees(model, slow_draws(final, Z))


def test_an_ensemble_in_a_search():
    forest = RandomForestClassifier(n_estimators=5, random_state=0)
    search = GridSearchCV(forest, {"max_depth": [2, 3]}, cv=2).fit(X, NAMES)
    assert_sees(search, slow_draws(search.best_estimator_))
    piped = make_pipeline(StandardScaler(), search).fit(X, NAMES)
    Z = piped[:-1].transform(X_POOL)
    assert_sees(piped, slow_draws(piped[-1].best_estimator_, Z))


@pytest.mark.parametrize("y", [CODES, NAMES], ids=["codes", "names"])
def test_committees_of_skal(y):
    members = [ActiveLearner(e) for e in (LogisticRegression(), GaussianNB(), Perceptron())]
    committee = Committee(members, VoteEntropy()).fit(X, y)
    assert_sees(committee, slow_draws(committee))


@pytest.mark.parametrize("y", [CODES, NAMES], ids=["codes", "names"])
@pytest.mark.parametrize("kind", ["skal", "modAL"])
def test_members_that_know_different_classes(kind, y):
    learner, committee = (
        (ActiveLearner, Committee)
        if kind == "skal"
        else (modAL.models.ActiveLearner, modAL.models.Committee)
    )
    members = []
    for missing in (0, 2):
        rows = missing != CODES
        members.append(learner(GaussianNB(), X_training=X[rows], y_training=y[rows]))
    model = committee(members)
    draws = slow_draws(model)
    assert draws.shape == (2, 40, 3)
    assert not draws[0, :, 0].any()
    assert_sees(model, draws)


def test_committees_of_modal_whose_members_have_no_probabilities():
    members = [
        modAL.models.ActiveLearner(Perceptron(random_state=i), X_training=X, y_training=NAMES)
        for i in (0, 1)
    ]
    committee = modAL.models.Committee(members)
    assert_sees(committee, slow_draws(committee))


@pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
def test_forests_trained_on_data_frames_are_asked_without_a_warning(strategy):
    names = ["a", "b", "c", "d"]
    frame, pool = pd.DataFrame(X, columns=names), pd.DataFrame(X_POOL, columns=names)
    for ensemble in (
        RandomForestClassifier(n_estimators=5, random_state=0),
        BaggingClassifier(GaussianNB(), n_estimators=4, max_features=2, random_state=0),
        VotingClassifier(MEMBERS),
        Committee([ActiveLearner(e) for _, e in MEMBERS]),
    ):
        expected = strategy(ensemble.fit(X, NAMES), X_POOL, 5)
        np.testing.assert_array_equal(strategy(ensemble.fit(frame, NAMES), pool, 5), expected)


def test_a_data_frame_with_other_columns_is_refused_as_by_the_forest():
    frame = pd.DataFrame(X, columns=list("abcd"))
    forest = RandomForestClassifier(n_estimators=3, random_state=0).fit(frame, CODES)
    with pytest.raises(ValueError, match="feature names"):
        BALD()(forest, pd.DataFrame(X_POOL, columns=list("wxyz")))


@pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
def test_members_that_agree_leave_the_order_of_the_pool(strategy):
    members = [ActiveLearner(DecisionTreeClassifier(random_state=0)) for _ in range(3)]
    committee = Committee(members).fit(X, CODES)
    assert strategy(committee, X_POOL, 5).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(),
        BaggingClassifier(),
        VotingClassifier(MEMBERS),
        make_pipeline(StandardScaler(), RandomForestClassifier()),
        ActiveLearner(RandomForestClassifier()),
        Committee([ActiveLearner(GaussianNB())]),
        modAL.models.Committee([modAL.models.ActiveLearner(GaussianNB())]),
    ],
    ids=lambda model: type(model).__name__,
)
def test_models_without_labels_are_asked_to_learn_first(strategy, model):
    name = type(strategy).__name__
    with pytest.raises(NotFittedError, match=f"{name} asks a model that has seen no labels yet"):
        strategy(model, X_POOL)


@pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
def test_members_that_are_no_classifiers_are_refused(strategy):
    committee = Committee([ActiveLearner(LinearRegression())])
    committee.fit(X, CODES.astype(float))
    with pytest.raises(TypeError, match=r"fits committees of classifiers"):
        strategy(committee, X_POOL)


@pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
def test_a_single_opinion_is_refused(strategy):
    with pytest.raises(TypeError, match=r"several opinions .* GaussianNB gives none. It fits"):
        strategy(GaussianNB().fit(X, CODES), X_POOL)
