"""The mathematics, next to slow and obvious versions of it."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from modAL.disagreement import KL_max_disagreement

from skal.query import scores
from skal.query.scores import top_k

FEW = settings(max_examples=50, deadline=None, derandomize=True)
SHAPES = [(1, 1), (1, 2), (7, 1), (50, 2), (50, 10), (20_000, 3)]  # the last: several blocks


def random_proba(*shape, seed=0):
    """Return probabilities, many of them 0 or 1 or tied."""
    rng = np.random.RandomState(seed)
    proba = rng.dirichlet(np.full(shape[-1], 0.5), size=shape[:-1])
    flat = proba.reshape(-1, shape[-1])
    flat[::5] = np.eye(shape[-1])[rng.randint(shape[-1], size=len(flat[::5]))]
    flat[1::5] = 1 / shape[-1]
    return proba


def slow_margin(row):
    first, second = sorted([*row, 0.0], reverse=True)[:2]
    return first - second


def slow_entropy(row):
    return scipy.stats.entropy(row)


def slow_least_confidence(row):
    return 1 - max(row)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["least_confidence", "margin", "entropy"])
def test_scores_are_those_of_the_slow_version(name, shape):
    proba = random_proba(*shape)
    slow = {
        "least_confidence": slow_least_confidence,
        "margin": slow_margin,
        "entropy": slow_entropy,
    }[name]
    rows = slice(None) if len(proba) < 1000 else slice(0, None, 97)
    expected = [slow(row) for row in proba[rows]]
    np.testing.assert_allclose(getattr(scores, name)(proba)[rows], expected, atol=1e-12)


@pytest.mark.parametrize("name", ["least_confidence", "margin", "entropy"])
def test_float32_stays_float32_and_is_as_good(name):
    proba = random_proba(100, 5)
    single = getattr(scores, name)(proba.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, getattr(scores, name)(proba), atol=1e-6)


@pytest.mark.parametrize("name", ["least_confidence", "margin", "entropy"])
def test_scores_take_any_layout_and_leave_it_as_it_is(name):
    proba = random_proba(60, 4)
    expected = getattr(scores, name)(proba)
    for same in (np.asfortranarray(proba), np.repeat(proba, 2, axis=0)[::2], proba.tolist()):
        np.testing.assert_array_equal(getattr(scores, name)(same), expected)
    np.testing.assert_array_equal(proba, random_proba(60, 4))


@pytest.mark.parametrize("name", ["least_confidence", "entropy"])
def test_sure_is_zero_and_a_toss_up_the_maximum(name):
    score = getattr(scores, name)
    assert score(np.eye(4)).tolist() == pytest.approx([0] * 4)
    toss_up = {"least_confidence": 0.75, "entropy": np.log(4)}[name]
    assert score(np.full((1, 4), 0.25))[0] == pytest.approx(toss_up)


@pytest.mark.parametrize("name", ["least_confidence", "margin", "entropy"])
def test_integer_probabilities_are_not_truncated(name):
    expected = getattr(scores, name)(np.eye(3))
    np.testing.assert_array_equal(getattr(scores, name)(np.eye(3, dtype=int)), expected)


@FEW
@given(
    arrays(np.float64, st.integers(2, 40), elements=st.floats(0.5, 1), unique=True),
    st.integers(0, 99),
)
def test_for_two_classes_all_three_rank_alike(larger, seed):
    larger = np.round(larger, 6)  # apart by more than rounding
    larger = np.unique(larger)
    np.random.RandomState(seed).shuffle(larger)
    swap = np.random.RandomState(seed + 1).random_sample(len(larger)) < 0.5
    proba = np.where(swap[:, None], np.c_[1 - larger, larger], np.c_[larger, 1 - larger])
    n = len(proba)
    by_margin = top_k(-scores.margin(proba), n)
    np.testing.assert_array_equal(by_margin, np.argsort(larger))
    np.testing.assert_array_equal(top_k(scores.least_confidence(proba), n), by_margin)
    # entropy is flat near one half: what is apart there by 1e-6 differs by 1e-12 in entropy
    ranked = scores.entropy(proba)[by_margin]
    assert (np.diff(ranked) <= 1e-15).all()


# Committees ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n_members", "n_classes"), [(1, 1), (1, 3), (2, 2), (5, 3), (3, 9)])
def test_vote_entropy_is_the_entropy_of_counted_votes(n_members, n_classes):
    votes = np.random.RandomState(0).randint(n_classes, size=(n_members, 40))
    expected = [scipy.stats.entropy(np.bincount(sample, minlength=n_classes)) for sample in votes.T]
    np.testing.assert_allclose(scores.vote_entropy(votes, n_classes), expected, atol=1e-12)


@pytest.mark.parametrize("shape", [(1, 30, 3), (2, 30, 2), (7, 30, 4), (3, 30, 1)])
def test_consensus_entropy_is_the_entropy_of_the_mean(shape):
    proba = random_proba(*shape)
    expected = scipy.stats.entropy(proba.mean(axis=0), axis=1)
    np.testing.assert_allclose(scores.consensus_entropy(proba), expected, atol=1e-12)


@pytest.mark.parametrize("shape", [(1, 30, 3), (2, 30, 2), (7, 30, 4), (3, 30, 1)])
def test_max_disagreement_is_the_largest_divergence(shape):
    proba = random_proba(*shape)
    consensus = proba.mean(axis=0)
    expected = np.max([scipy.stats.entropy(p, consensus, axis=1) for p in proba], axis=0)
    np.testing.assert_allclose(scores.max_disagreement(proba), expected, atol=1e-12)


class VotesOf:
    """What modAL's measures ask of a committee."""

    def __init__(self, proba):
        self.proba = proba
        self.learner_list = list(proba)

    def __len__(self):
        return len(self.proba)

    def __iter__(self):
        return iter(self.learner_list)

    def vote_proba(self, X):
        return np.moveaxis(self.proba, 1, 0)

    def predict_proba(self, X):
        return self.proba.mean(axis=0)


def test_max_disagreement_is_that_of_modal():
    proba = random_proba(5, 60, 3)
    expected = KL_max_disagreement(VotesOf(proba), np.zeros((60, 1)))
    np.testing.assert_allclose(scores.max_disagreement(proba), expected, atol=1e-12)


# BALD ------------------------------------------------------------------------------------------


def slow_bald(sample_proba):
    """Return the sum over draws and classes of p(y, w) log(p(y, w) / (p(y) p(w)))."""
    n_draws, n_samples, n_classes = sample_proba.shape
    information = np.zeros(n_samples)
    for i in range(n_samples):
        mean = sample_proba[:, i].mean(axis=0)
        for draw in range(n_draws):
            for c in range(n_classes):
                p = sample_proba[draw, i, c]
                if p > 0:
                    information[i] += p / n_draws * np.log(p / mean[c])
    return information


@pytest.mark.parametrize("shape", [(1, 20, 3), (2, 20, 2), (10, 20, 5), (4, 20, 1)])
def test_bald_is_the_mutual_information(shape):
    proba = random_proba(*shape)
    np.testing.assert_allclose(scores.bald(proba), slow_bald(proba), atol=1e-12)


@FEW
@given(st.integers(1, 8), st.integers(1, 6), st.integers(0, 1000))
def test_bald_is_between_zero_and_the_consensus_entropy(n_draws, n_classes, seed):
    proba = random_proba(n_draws, 20, n_classes, seed=seed)
    bald = scores.bald(proba)
    assert (bald >= -1e-12).all()
    assert (bald <= scores.consensus_entropy(proba) + 1e-12).all()
    assert (bald <= np.log(min(n_draws, n_classes)) + 1e-12).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bald_of_equal_draws_is_zero(dtype):
    proba = np.repeat(random_proba(1, 50, 4), 20, axis=0).astype(dtype)
    assert np.abs(scores.bald(proba)).max() < 4 * np.finfo(dtype).eps * np.log(4)


def test_bald_ranks_sure_contradiction_above_an_agreed_toss_up():
    contradiction, toss_up, agreement = 0, 1, 2
    proba = np.array([[[1.0, 0.0], [0.5, 0.5], [0.9, 0.1]], [[0.0, 1.0], [0.5, 0.5], [0.9, 0.1]]])
    bald = scores.bald(proba)
    assert bald[contradiction] == pytest.approx(np.log(2))
    assert bald[toss_up] == pytest.approx(0)
    assert bald[agreement] == pytest.approx(0)
    consensus = scores.consensus_entropy(proba)
    assert consensus[contradiction] == pytest.approx(consensus[toss_up])  # cannot tell them apart


def test_bald_does_not_depend_on_the_order_of_draws_or_classes():
    proba = random_proba(6, 30, 4)
    expected = scores.bald(proba)
    np.testing.assert_allclose(scores.bald(proba[::-1]), expected, atol=1e-12)
    np.testing.assert_allclose(scores.bald(proba[..., ::-1]), expected, atol=1e-12)


# Votes and spread of draws ---------------------------------------------------------------------


@pytest.mark.parametrize(("n_draws", "n_classes"), [(1, 1), (1, 3), (2, 2), (20, 3), (9, 9)])
def test_variation_ratio_is_one_minus_the_share_of_the_mode(n_draws, n_classes):
    votes = np.random.RandomState(0).randint(n_classes, size=(n_draws, 40))
    expected = [1 - max(np.bincount(sample)) / n_draws for sample in votes.T]
    np.testing.assert_array_equal(scores.variation_ratio(votes, n_classes), expected)
    same = np.repeat(votes[:1], n_draws, axis=0)
    assert not scores.variation_ratio(same, n_classes).any()


@pytest.mark.parametrize("shape", [(1, 20, 3), (2, 20, 2), (10, 20, 5), (4, 20, 1)])
def test_mean_standard_deviation_is_root_of_second_moment_minus_square_of_first(shape):
    proba = random_proba(*shape)
    expected = [
        np.mean([np.sqrt(max(0, np.mean(p**2) - np.mean(p) ** 2)) for p in draws.T])
        for draws in np.swapaxes(proba, 0, 1)
    ]
    np.testing.assert_allclose(scores.mean_standard_deviation(proba), expected, atol=1e-7)


# top_k -----------------------------------------------------------------------------------------


def slow_top_k(values, k):
    return sorted(range(len(values)), key=lambda i: (-float(values[i]), i))[:k]


NUMBERS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, 1e308, -1e308, 5e-324]),
    st.floats(allow_nan=False),
)


@FEW
@given(st.data(), arrays(np.float64, st.integers(1, 60), elements=NUMBERS))
def test_top_k_is_a_full_sort(data, values):
    k = data.draw(st.integers(0, len(values)))
    np.testing.assert_array_equal(top_k(values, k), slow_top_k(values, k))


@FEW
@given(st.data(), st.sampled_from(["?", "u1", "i1", "i8", "f2", "f4"]))
def test_top_k_takes_numbers_of_any_kind(data, dtype):
    values = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=30))
    values = np.array(values).astype(dtype)
    k = data.draw(st.integers(1, len(values)))
    np.testing.assert_array_equal(top_k(values, k), slow_top_k(values, k))


@pytest.mark.parametrize("k", [1, 10, 70_000, 140_000, 150_000])
@pytest.mark.parametrize("n_distinct", [1, 2, 1000, None])
def test_top_k_spans_blocks(k, n_distinct):
    rng = np.random.RandomState(0)
    values = rng.random_sample(150_000)
    if n_distinct is not None:
        values = rng.randint(n_distinct, size=150_000).astype(float)
    values[[3, 65_535, 65_536, 140_000]] = np.inf
    values[[4, 131_072]] = -np.inf
    expected = np.lexsort((np.arange(len(values)), -values))[:k]
    np.testing.assert_array_equal(top_k(values, k), expected)


def test_top_k_of_sorted_scores():
    ascending = np.arange(200_000.0)
    np.testing.assert_array_equal(top_k(ascending, 3), [199_999, 199_998, 199_997])
    np.testing.assert_array_equal(top_k(-ascending, 3), [0, 1, 2])


@pytest.mark.parametrize("position", [0, 7, 99_999])
def test_top_k_refuses_nan_and_says_where(position):
    values = np.zeros(100_000)
    values[position] = np.nan
    with pytest.raises(
        ValueError, match=f"NaN for 1 of 100000 samples, the first at .* {position}"
    ):
        top_k(values, 3)


def test_top_k_finds_nan_among_infinities():
    with pytest.raises(ValueError, match="NaN for 1 of 3"):
        top_k(np.array([np.inf, np.nan, -np.inf]), 3)
