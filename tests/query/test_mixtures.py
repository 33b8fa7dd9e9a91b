"""Hybrids: two strategies over one pool."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils._param_validation import InvalidParameterError

from skal import ActiveLearner
from skal.query import (
    BALD,
    CoreSet,
    Entropy,
    Hybrid,
    KMeansDiversity,
    Margin,
    Pool,
    RandomSampling,
)

rng = np.random.RandomState(0)
X, X_POOL = rng.normal(size=(30, 2)), rng.normal(size=(60, 2))
y = np.digitize(X[:, 0], [-0.4, 0.4])
LEARNER = ActiveLearner(GaussianNB(), Margin(), X, y)


@pytest.mark.parametrize(
    ("share", "n_instances", "n_first"),
    [
        (0.7, 1, 1),
        (0.7, 2, 1),
        (0.7, 3, 2),
        (0.7, 10, 7),
        (0.01, 3, 1),
        (0.5, 5, 3),
        (0.99, 10, 10),
    ],
)
def test_the_first_part_has_its_share(share, n_instances, n_first):
    chosen = Hybrid(Margin(), CoreSet(), share=share)(LEARNER, X_POOL, n_instances)
    assert len(set(chosen)) == n_instances
    np.testing.assert_array_equal(chosen[:n_first], Margin()(LEARNER, X_POOL, n_first))
    rest = CoreSet().select(Pool(LEARNER, X_POOL), 30, chosen=chosen[:n_first]).indices
    np.testing.assert_array_equal(chosen[n_first:], rest[: n_instances - n_first])


def test_the_second_part_keeps_away_from_the_first():
    pool = np.array([[0.0], [0.1], [9.0], [9.1], [-4.0]])
    learner = ActiveLearner(LogisticRegression(), Margin(), [[8.0], [10.0]], [0, 1])
    assert Margin()(learner, pool, 1) == [2]
    alone = CoreSet()(learner, pool, 2).tolist()
    assert alone[0] == 4
    assert Hybrid(Margin(), CoreSet(), share=0.3)(learner, pool, 3).tolist() == [2, 4, 1]


@pytest.mark.parametrize("second", [Margin(), Entropy(), KMeansDiversity(), RandomSampling()])
def test_the_second_part_never_repeats_the_first(second):
    strategy = Hybrid(Margin(), second, share=0.5)
    for n_instances in (2, 7, 60):
        assert len(set(strategy(LEARNER, X_POOL, n_instances))) == n_instances


@pytest.mark.parametrize("combine", ["share", "score"])
def test_the_whole_share_is_the_first_part_alone(combine):
    strategy = Hybrid(Margin(), CoreSet(), share=1, combine=combine)
    for n_instances in (1, 9, 60):
        np.testing.assert_array_equal(
            strategy(LEARNER, X_POOL, n_instances), Margin()(LEARNER, X_POOL, n_instances)
        )


def test_a_second_part_without_a_share_asks_nothing_of_the_samples():
    texts, labels = ["so good", "so bad", "good", "bad"], [1, 0, 1, 0]
    as_text = FunctionTransformer(lambda X: X)
    model = make_pipeline(CountVectorizer(), as_text, LogisticRegression()).fit(texts, labels)
    Hybrid(Margin(), CoreSet(), share=1)(model, texts, 2)
    cold = Hybrid(RandomSampling(random_state=0), CoreSet(), share=1)
    assert len(cold(None, texts, 2)) == 2  # there is nothing to measure a distance on


def test_scores_are_those_of_the_part_that_chose():
    strategy = Hybrid(Margin(), CoreSet(), share=0.5)
    scores = strategy.select(Pool(LEARNER, X_POOL, strategy), 4).scores
    first = Margin().select(Pool(LEARNER, X_POOL), 2)
    second = CoreSet().select(Pool(LEARNER, X_POOL), 2, chosen=first.indices)
    np.testing.assert_array_equal(scores, [*first.scores, *second.scores])


@pytest.mark.parametrize("share", [0.25, 0.7])
def test_combined_scores_are_the_weighted_sum_of_scaled_ones(share):
    first, second = Entropy(), CoreSet()
    values = [s.score(Pool(LEARNER, X_POOL)).astype(float) for s in (first, second)]
    unit = [(v - min(v)) / (max(v) - min(v)) for v in values]
    expected = share * unit[0] + (1 - share) * unit[1]
    strategy = Hybrid(first, second, share=share, combine="score")
    selection = strategy.select(Pool(LEARNER, X_POOL, strategy), 6)
    np.testing.assert_array_equal(selection.indices, np.argsort(-expected)[:6])
    np.testing.assert_allclose(selection.scores, expected[selection.indices], rtol=1e-5)


def test_a_part_with_constant_scores_leaves_the_other_to_decide():
    alike = GaussianNB().fit(X, np.zeros(len(X)))
    strategy = Hybrid(Margin(), CoreSet(), combine="score")
    expected = np.argsort(-CoreSet().score(Pool(alike, X_POOL)))[:5]
    np.testing.assert_array_equal(strategy(alike, X_POOL, 5), expected)


def test_sets_cannot_be_combined_by_score():
    strategy = Hybrid(Margin(), KMeansDiversity(), combine="score")
    with pytest.raises(TypeError, match=r"got KMeansDiversity, which .* combine=.share."):
        strategy(LEARNER, X_POOL, 2)


@pytest.mark.parametrize("share", [0, -0.1, 1.1, 7, "half", None, np.nan])
def test_a_share_outside_zero_to_one_is_refused(share):
    with pytest.raises(InvalidParameterError, match=r"'share' parameter of Hybrid .* \(0.0, 1.0\]"):
        Hybrid(Margin(), CoreSet(), share=share)(LEARNER, X_POOL)


@pytest.mark.parametrize("part", ["margin", Margin, None, Margin().score_block])
def test_a_part_must_be_a_strategy(part):
    for strategy in (Hybrid(part, CoreSet()), Hybrid(CoreSet(), part)):
        with pytest.raises(InvalidParameterError, match="QueryStrategy"):
            strategy(LEARNER, X_POOL)


@pytest.mark.parametrize("combine", ["share", "score"])
def test_wrong_parameters_of_a_part_are_refused(combine):
    model = RandomForestClassifier(n_estimators=3).fit(X, y)
    with pytest.raises(InvalidParameterError, match="n_samples"):
        Hybrid(BALD(n_samples=0), CoreSet(), combine=combine)(model, X_POOL)


def test_parameters_of_parts_are_set_and_cloned_by_name():
    strategy = Hybrid(BALD(), KMeansDiversity())
    strategy.set_params(first__n_samples=5, second__n_clusters=2, share=0.4)
    copied = clone(strategy)
    assert copied.first.n_samples == 5
    assert copied.second.n_clusters == 2
    assert copied.first is not strategy.first
    assert "n_samples=5" in repr(copied)


def test_parts_may_be_hybrids():
    inner = Hybrid(Margin(), CoreSet(), share=0.5)
    chosen = Hybrid(inner, RandomSampling(random_state=0), share=0.8)(LEARNER, X_POOL, 10)
    np.testing.assert_array_equal(chosen[:8], inner(LEARNER, X_POOL, 8))
    assert len(set(chosen)) == 10


class Counting(GaussianNB):
    """A model that counts the samples that it predicts."""

    def predict_proba(self, X):
        self.n_predicted_ = getattr(self, "n_predicted_", 0) + len(X)
        return super().predict_proba(X)


class CountingTransformer(FunctionTransformer):
    """A transformer that counts the samples that it transforms."""

    def transform(self, X):
        self.n_transformed_ = getattr(self, "n_transformed_", 0) + len(X)
        return super().transform(X)


@pytest.mark.parametrize("combine", ["share", "score"])
@pytest.mark.parametrize("second", [Entropy(), CoreSet(), Hybrid(Entropy(), CoreSet())], ids=repr)
def test_the_model_runs_once_for_both_parts(second, combine):
    model = Counting().fit(X, y)
    Hybrid(Margin(), second, combine=combine)(model, X_POOL, 10)
    assert model.n_predicted_ == len(X_POOL)


@pytest.mark.parametrize("second", [Entropy(), CoreSet(), KMeansDiversity()], ids=repr)
def test_a_pipeline_transforms_the_pool_once_for_both_parts(second):
    model = make_pipeline(CountingTransformer(), Counting()).fit(X, y)
    model[0].n_transformed_ = 0
    Hybrid(Margin(), second)(model, X_POOL, 10)
    assert model[0].n_transformed_ == len(X_POOL)
    assert model[-1].n_predicted_ == len(X_POOL)


def test_the_members_of_an_ensemble_are_asked_once_for_both_parts():
    forest = RandomForestClassifier(n_estimators=4, random_state=0).fit(X, y)
    asked = []

    def predict_proba(X, _original=forest.estimators_[0].predict_proba, **params):
        asked.append(len(X))
        return _original(X, **params)

    forest.estimators_[0].predict_proba = predict_proba
    Hybrid(BALD(n_samples=5), BALD(n_samples=9))(forest, X_POOL, 10)
    assert asked == [len(X_POOL)]
