"""Strategies on models that give every pixel a class."""

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.base import BaseEstimator

from skal import ActiveLearner, ActiveLearningLoop, Committee
from skal.query import (
    BADGE,
    BALD,
    BatchBALD,
    ConsensusEntropy,
    CoreSet,
    DensityWeighted,
    Entropy,
    Hybrid,
    KMeansDiversity,
    LeastConfidence,
    Margin,
    MaxDisagreement,
    MeanStandardDeviation,
    Pool,
    Prefilter,
    RandomSampling,
    RankedBatch,
    SensitivitySampling,
    VariationRatio,
    VoteEntropy,
)

N, SIDE = 6, 4


class Told(BaseEstimator):
    """A segmenter whose images are what it says of them: draws in channels, two classes."""

    classes_ = np.array([0, 1])

    def __init__(self, n_draws=5):
        self.n_draws = n_draws

    def fit(self, X, y):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def sample_proba(self, X, n_samples=20):
        p = np.moveaxis(np.asarray(X, np.float64), 1, 0)[: self.n_draws]
        return np.stack([1 - p, p], axis=2)

    def predict_proba(self, X):
        return self.sample_proba(X).mean(axis=0)

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)

    def embed(self, X):
        return np.asarray(X).mean(axis=(2, 3))


@pytest.fixture
def X():
    """Return images of shape (6, 5, 4, 4) that hold the probability of class 1 in five draws."""
    return np.random.RandomState(0).rand(N, 5, SIDE, SIDE)


def pixelwise(X, score):
    """Return a score of each pixel, one by one; `score` takes (n_draws, 2)."""
    scores = np.empty((N, SIDE, SIDE))
    for i, row, column in np.ndindex(*scores.shape):
        p = X[i, :, row, column]
        scores[i, row, column] = score(np.stack([1 - p, p], axis=1))
    return scores


def slow_vote_entropy(p):
    share = p.argmax(axis=1).mean()
    return entropy([share, 1 - share])


SCORES = {
    LeastConfidence: lambda p: 1 - p.mean(axis=0).max(),
    Margin: lambda p: -abs(p.mean(axis=0)[0] - p.mean(axis=0)[1]),
    Entropy: lambda p: entropy(p.mean(axis=0)),
    BALD: lambda p: entropy(p.mean(axis=0)) - np.mean([entropy(draw) for draw in p]),
    VariationRatio: lambda p: 1 - np.bincount(p.argmax(axis=1)).max() / len(p),
    MeanStandardDeviation: lambda p: p.std(axis=0).mean(),
}
REDUCTIONS = {
    "mean": lambda pixels: pixels.mean(),
    "max": lambda pixels: pixels.max(),
    "top_k": lambda pixels: np.sort(pixels.ravel())[-1:].mean(),  # a hundredth of 16 pixels: one
}


@pytest.mark.parametrize("strategy", SCORES)
@pytest.mark.parametrize("reduce", REDUCTIONS)
def test_pixels_are_scored_first_and_reduced_then(X, strategy, reduce):
    expected = [REDUCTIONS[reduce](pixels) for pixels in pixelwise(X, SCORES[strategy])]
    scores = strategy(reduce=reduce).score(Pool(Told(), X))
    assert np.allclose(scores, expected)
    assert strategy(reduce=reduce)(Told(), X, N).tolist() == np.argsort(-scores).tolist()


def test_the_largest_hundredth_of_many_pixels_is_averaged():
    X = np.random.RandomState(0).rand(2, 5, 20, 30)
    scores = LeastConfidence(reduce="top_k").score(Pool(Told(), X))
    p = X.mean(axis=1).reshape(2, -1)
    expected = np.sort(np.minimum(p, 1 - p), axis=1)[:, -6:].mean(axis=1)
    assert np.allclose(scores, expected)


def test_sure_pixels_of_both_classes_are_not_uncertain():
    sure = np.zeros((1, 5, SIDE, SIDE))
    sure[..., :2] = 1.0  # a mean probability of one half
    unsure = np.full((1, 5, SIDE, SIDE), 0.4)
    X = np.concatenate([sure, unsure])
    for strategy in (LeastConfidence(), Margin(), Entropy()):
        assert strategy(Told(), X)[0] == 1


def test_the_mean_over_pixels_tells_entropy_from_confidence_and_not_from_margin(X):
    scores = LeastConfidence().score(Pool(Told(), X))
    assert np.allclose(Margin().score(Pool(Told(), X)), 2 * scores - 1)  # the same order, always
    half = np.zeros((1, 5, SIDE, SIDE))
    half[..., :2] = 0.5  # mean of the smaller probability 0.25, of entropy 0.35
    other = np.full((1, 5, SIDE, SIDE), 0.24)  # 0.24 and 0.55
    X = np.concatenate([half, other])
    assert LeastConfidence()(Told(), X)[0] == 0
    assert Entropy()(Told(), X)[0] == 1


@pytest.mark.parametrize("strategy", [VoteEntropy, ConsensusEntropy, MaxDisagreement])
def test_committees_of_segmenters_disagree_by_pixel(X, strategy):
    class Member(Told):
        def __init__(self, draw=0):
            self.draw = draw

        def sample_proba(self, X, n_samples=20):
            p = np.asarray(X)[:, self.draw]
            return np.stack([1 - p, p], axis=1)[None]

    masks = np.zeros((1, SIDE, SIDE), int)
    masks[0, 0] = 1
    members = [ActiveLearner(Member(k), X_training=X[:1], y_training=masks) for k in range(5)]
    scores = strategy().score(Pool(Committee(members), X))
    slow = {
        VoteEntropy: slow_vote_entropy,
        ConsensusEntropy: lambda p: entropy(p.mean(axis=0)),
        MaxDisagreement: lambda p: max(entropy(draw, p.mean(axis=0)) for draw in p),
    }[strategy]
    assert np.allclose(scores, pixelwise(X, slow).mean(axis=(1, 2)))


@pytest.mark.parametrize(
    "strategy",
    [
        RandomSampling(random_state=0),
        CoreSet(),
        KMeansDiversity(random_state=0),
        Hybrid(Entropy(), CoreSet()),
        Hybrid(Entropy(), BALD(), combine="score"),
        DensityWeighted(Entropy()),
        RankedBatch(),
        Prefilter(CoreSet(), keep=0.8),
        Entropy(stochastic="power", random_state=0),
    ],
)
def test_strategies_of_embeddings_and_mixtures_choose_images(X, strategy):
    indices = strategy(Told(), X, 3)
    assert len(set(indices.tolist())) == 3


@pytest.mark.parametrize("strategy", [BADGE(), BatchBALD(), SensitivitySampling(2, random_state=0)])
def test_strategies_of_one_class_a_sample_say_so(X, strategy):
    with pytest.raises(TypeError, match="gives each pixel a class"):
        strategy(Told(), X, 2)


def test_an_uncertainty_and_a_diversity_strategy_cost_one_pass(X):
    class Counting(Told):
        n_passes = 0

        def predict_proba_and_embed(self, X):
            Counting.n_passes += 1
            return self.predict_proba(X), self.embed(X)

    Hybrid(Entropy(), CoreSet())(Counting(), X, 3)
    assert Counting.n_passes == 1


def test_pixel_maps_are_never_held_whole():
    held = []

    class Watched(Told):
        def predict_proba(self, X):
            held.append(len(X))
            return super().predict_proba(X)

    X = np.lib.stride_tricks.as_strided(np.full(1, 0.5), (200, 5, 512, 512), (0, 0, 0, 0))
    assert len(Entropy()(Watched(), X, 3)) == 3
    assert sum(held) == 200
    assert max(held) * 2 * 512**2 * 8 < 2**28


def test_a_loop_asks_for_masks_of_images():
    from skal.nets import UNetSegmenter

    rng = np.random.RandomState(0)
    X = rng.normal(size=(14, 16, 16))
    y = np.zeros(X.shape, int)
    y[:, 4:9, 4:9] = 1
    X += 2 * y
    y[3, :5] = -1
    net = UNetSegmenter(width=4, depth=2, max_epochs=2, random_state=0)
    for strategy in (Hybrid(Entropy(), CoreSet()), BALD(3)):
        loop = ActiveLearningLoop(
            ActiveLearner(net, strategy),
            n_initial=3,
            n_instances=2,
            n_queries=3,
            count_validation=False,
            random_state=0,
        )
        loop.fit(X, y, X_val=X, y_val=y)
        assert loop.history_[-1]["n_labels"] == 9
        assert loop.predict(X).shape == y.shape
        assert 0 <= loop.score(X, y) <= 1
