"""Every strategy keeps the contract, with any learner, and the checks find what breaks it."""

import joblib
import modAL.models
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skal import ActiveLearner, Committee
from skal.query import (
    BALD,
    ConsensusEntropy,
    CoreSet,
    DensityWeighted,
    Entropy,
    Hybrid,
    KMeansDiversity,
    Margin,
    Prefilter,
    ProbCover,
    QueryStrategy,
    RandomSampling,
    RankedBatch,
    ScoreStrategy,
    Selection,
    SensitivitySampling,
    TypiClust,
    VoteEntropy,
    checks,
)
from skal.query.base import select_largest
from skal.query.checks import (
    STRATEGY_CHECKS,
    all_strategies,
    check_strategy,
    example_learner,
    example_pool,
)

X_LABELED = np.random.RandomState(0).normal(size=(24, 4))
Y_LABELED = np.digitize(X_LABELED[:, 0], [-0.4, 0.4])


def by_name(thing):
    return thing.__name__ if hasattr(thing, "__name__") else repr(thing)


VARIANTS = [
    KMeansDiversity(n_clusters=3, pick="farthest"),
    Hybrid(Margin(), Entropy(), share=0.5),
    Hybrid(Margin(), RandomSampling()),
    Hybrid(Margin(), CoreSet(), share=0.4, combine="score"),
    Hybrid(BALD(), ConsensusEntropy()),
    Hybrid(CoreSet(), CoreSet(), share=1),
    Hybrid(Hybrid(Margin(), CoreSet()), KMeansDiversity()),
    RankedBatch(Entropy()),
    DensityWeighted(Margin(), beta=2),
    TypiClust(n_neighbors=3, max_clusters=3),
    ProbCover(delta=1.5),
    Prefilter(BALD(), keep=8, by=ConsensusEntropy()),
    Prefilter(KMeansDiversity(), by=RandomSampling()),
    Prefilter(ProbCover(), keep=1.0, by=CoreSet()),
    Hybrid(RankedBatch(), Prefilter(TypiClust(), keep=8), share=0.5),
    SensitivitySampling(1, loss="margin", lipschitz=0.0, replacement=False),
    SensitivitySampling(3, z=1, cluster_on="loss"),
    Hybrid(Margin(), SensitivitySampling(2)),
]


@pytest.mark.parametrize("check", STRATEGY_CHECKS, ids=by_name)
@pytest.mark.parametrize("strategy", all_strategies(), ids=by_name)
def test_strategy_keeps_the_contract(strategy, check):
    check_strategy(strategy, checks=[check])


@pytest.mark.parametrize("strategy", VARIANTS, ids=by_name)
def test_contract_holds_for_other_parameters(strategy):
    check_strategy(strategy)


def held(estimator, strategy):
    return ActiveLearner(estimator, strategy, X_LABELED, Y_LABELED)


@pytest.mark.parametrize("strategy", [Margin(), CoreSet(), Hybrid(Entropy(), CoreSet())], ids=repr)
def test_contract_holds_for_skal_learners_with_pipelines(strategy):
    learner = held(make_pipeline(StandardScaler(), LogisticRegression()), strategy)
    check_strategy(strategy, learner, example_pool())


@pytest.mark.parametrize(
    "strategy",
    [RandomSampling(), Margin(), VoteEntropy(), BALD(), Hybrid(Margin(), CoreSet())],
    ids=repr,
)
def test_contract_holds_for_committees(strategy):
    members = [held(e, strategy) for e in (LogisticRegression(), GaussianNB())]
    check_strategy(strategy, Committee(members, strategy), example_pool())


@pytest.mark.parametrize("strategy", [ConsensusEntropy(), VoteEntropy()], ids=repr)
def test_contract_holds_for_committees_of_modal(strategy):
    members = [
        modAL.models.ActiveLearner(e, X_training=X_LABELED, y_training=Y_LABELED)
        for e in (LogisticRegression(), GaussianNB())
    ]
    check_strategy(strategy, modAL.models.Committee(members, strategy), example_pool())


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(n_estimators=5, random_state=0),
        VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())]),
        make_pipeline(StandardScaler(), RandomForestClassifier(n_estimators=5, random_state=0)),
    ],
    ids=by_name,
)
def test_contract_holds_for_ensembles(estimator):
    learner = estimator.fit(X_LABELED, Y_LABELED)
    for strategy in (BALD(), VoteEntropy()):
        check_strategy(strategy, learner, example_pool())


# What is found ---------------------------------------------------------------------------------


def test_discovery_finds_every_public_strategy_once():
    names = [type(strategy).__name__ for strategy in all_strategies()]
    expected = {"RandomSampling", "LeastConfidence", "Margin", "Entropy", "VoteEntropy", "BALD"}
    expected |= {"ConsensusEntropy", "MaxDisagreement", "CoreSet", "KMeansDiversity", "Hybrid"}
    assert expected <= set(names)
    assert len(names) == len(set(names))
    assert not {"QueryStrategy", "ScoreStrategy"} & set(names)


def test_every_check_of_the_module_is_in_the_list():
    names = {n for n in dir(checks) if n.startswith("check_")} - {"check_strategy"}
    assert names == {check.__name__ for check in STRATEGY_CHECKS}


def test_checks_leave_their_arguments_as_they_are():
    strategy = Hybrid(Margin(), KMeansDiversity())
    arguments = strategy, example_learner(strategy), example_pool()
    before = joblib.hash(arguments)
    for check in STRATEGY_CHECKS:
        check(*arguments)
        assert joblib.hash(arguments) == before, check.__name__


# What breaks the contract ----------------------------------------------------------------------


class Broken(Margin):
    """A margin strategy with one thing wrong in `spoil`."""

    def _select(self, pool, n_instances, chosen):
        return self.spoil(pool, select_largest(self.score(pool), n_instances, chosen))


class GivesAList(Broken):
    def spoil(self, pool, selection):
        return selection._replace(indices=selection.indices.tolist())


class GivesFloats(Broken):
    def spoil(self, pool, selection):
        return selection._replace(indices=selection.indices.astype(float))


class Repeats(Broken):
    def spoil(self, pool, selection):
        return selection._replace(indices=np.repeat(selection.indices[:1], len(selection.indices)))


class CountsFromTheEnd(Broken):
    def spoil(self, pool, selection):
        return selection._replace(indices=selection.indices - len(pool))


class WorstFirst(Broken):
    def spoil(self, pool, selection):
        return Selection(selection.indices[::-1], selection.scores[::-1])


class ChangesThePool(Broken):
    def spoil(self, pool, selection):
        pool.X = np.asarray(pool.X)
        pool.X[0] = 0
        return selection


class ChangesTheModel(Broken):
    def spoil(self, pool, selection):
        pool.model.spoiled_ = True
        return selection


class ChangesItself(Broken):
    def spoil(self, pool, selection):
        self.n_queries_ = 1
        return selection


class DrawsFromNumpy(Broken):
    def spoil(self, pool, selection):
        np.random.random_sample()
        return selection


class AsksTheModelAgain(Broken):
    def spoil(self, pool, selection):
        pool.model.predict_proba(pool.X)
        return selection


class ScoresAreNaN(Broken):
    def spoil(self, pool, selection):
        return selection._replace(scores=selection.scores * np.nan)


class ForgetsWhatIsChosen(Margin):
    def _select(self, pool, n_instances, chosen):
        return select_largest(self.score(pool), n_instances, [])


class LastTieFirst(Margin):
    def _select(self, pool, n_instances, chosen):
        found = select_largest(self.score(pool)[::-1], n_instances, len(pool) - 1 - chosen)
        return found._replace(indices=len(pool) - 1 - found.indices)


class ByPosition(QueryStrategy):
    def _select(self, pool, n_instances, chosen):
        return select_largest(-np.arange(len(pool)), n_instances, chosen)


class NeverMovesOn(RandomSampling):
    def score(self, pool):
        return np.random.RandomState(self.random_state).random_sample(len(pool))


class NeverRepeats(RandomSampling):
    def score(self, pool):
        return np.random.RandomState().random_sample(len(pool))


class DividesByTheSpread(ScoreStrategy):
    def score(self, pool):
        values = pool.embedding[:, 0]
        return (values - values.min()) // int(np.ptp(values) * 1e6)


class ReadsColumnsOfAnArray(ScoreStrategy):
    def score(self, pool):
        return pool.X[:, 0]


class TakesAnyNumber(Margin):
    def select(self, pool, n_instances=1, *, chosen=()):
        return self._select(pool, int(n_instances or 1), np.asarray(chosen, int))


class SaysNothingOnMisfits(Margin):
    def score(self, pool):
        try:
            return super().score(pool)
        except TypeError as error:
            raise TypeError("no") from error


class IsNoEstimator(Margin):
    def __init__(self, n_times=1):
        self.times = n_times


class CannotBePickled(Margin):
    def __getstate__(self):
        raise TypeError("no")


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (GivesAList, checks.check_indices),
        (GivesFloats, checks.check_indices),
        (Repeats, checks.check_indices),
        (CountsFromTheEnd, checks.check_indices),
        (WorstFirst, checks.check_best_first),
        (LastTieFirst, checks.check_best_first),
        (LastTieFirst, checks.check_ties_go_to_lowest_index),
        (ChangesThePool, checks.check_pool_and_learner_stay_as_they_are),
        (ChangesTheModel, checks.check_pool_and_learner_stay_as_they_are),
        (ChangesItself, checks.check_parameters),
        (DrawsFromNumpy, checks.check_global_random_state),
        (AsksTheModelAgain, checks.check_model_runs_once),
        (ScoresAreNaN, checks.check_selection),
        (ForgetsWhatIsChosen, checks.check_chosen_stay_out),
        (ByPosition, checks.check_ignores_pool_order),
        (NeverMovesOn, checks.check_teaching_moves_draw_on),
        (NeverRepeats, checks.check_asking_twice_gives_same_answer),
        (DividesByTheSpread, checks.check_constant_features),
        (ReadsColumnsOfAnArray, checks.check_containers),
        (TakesAnyNumber, checks.check_n_instances_is_refused),
        (SaysNothingOnMisfits, checks.check_other_models_are_refused),
        (IsNoEstimator, checks.check_parameters),
        (CannotBePickled, checks.check_pickles),
    ],
)
def test_a_check_finds_what_breaks_the_contract(broken, check):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - some break with errors of their own
        check(broken(), example_learner(Margin()), example_pool())
    assert not isinstance(caught.value, pytest.fail.Exception)


class RarestClass(ScoreStrategy):
    """A strategy as another author would write it."""

    view = "proba"

    def score_block(self, block):
        return block[:, -1]


def test_a_strategy_of_another_author_can_be_checked():
    check_strategy(RarestClass())
