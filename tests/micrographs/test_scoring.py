"""Matches of picks with true particles, and the scores made of them."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skal.micrographs import best_threshold, match_picks, score_picks

coordinates = st.tuples(st.integers(0, 12), st.integers(0, 12))
points = st.lists(coordinates, max_size=7)
scores = st.sampled_from([0.1, 0.2, 0.5, 0.8])
FEW = settings(max_examples=50, deadline=None, derandomize=True)
METHODS = pytest.mark.parametrize("method", ["greedy", "hungarian"])


def table(rows, **columns):
    return pd.DataFrame(rows, columns=["x", "y"], dtype=float).assign(**columns)


def random_tables(seed, n=40, size=30):
    rng = np.random.RandomState(seed)
    picks = table(rng.uniform(0, size, (n, 2)), score=rng.rand(n))
    return picks, table(rng.uniform(0, size, (n - 5, 2)))


def distances_between(picks, truth):
    return np.hypot(*(picks[["x", "y"]].to_numpy()[:, None] - truth[["x", "y"]].to_numpy()).T).T


def slow_greedy(picks, truth, radius):
    """Match the nearest pair, forget both, and start again."""
    distances = distances_between(picks, truth)
    left, right = set(range(len(picks))), set(range(len(truth)))
    pairs = []
    while True:
        options = [(distances[i, j], i, j) for i, j in itertools.product(left, right)]
        if not options or min(options)[0] > radius:
            return sorted(pairs)
        _, i, j = min(options)
        pairs.append([i, j])
        left.remove(i)
        right.remove(j)


def slow_best(picks, truth, radius):
    """Return the most matches there can be, and the least sum of squares, by trying all."""
    distances = distances_between(picks, truth)
    near = [tuple(pair) for pair in np.argwhere(distances <= radius)]
    for n in range(min(len(picks), len(truth)), 0, -1):
        sums = [
            sum(distances[pair] ** 2 for pair in chosen)
            for chosen in itertools.combinations(near, n)
            if len({i for i, _ in chosen}) == len({j for _, j in chosen}) == n
        ]
        if sums:
            return n, min(sums)
    return 0, 0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("radius", [1.5, 6.0])
def test_greedy_matches_are_the_slow_ones(seed, radius):
    picks, truth = random_tables(seed, n=20, size=20)
    pairs, distances = match_picks(picks, truth, radius)
    assert pairs.tolist() == slow_greedy(picks, truth, radius)
    moved = picks[["x", "y"]].to_numpy()[pairs[:, 0]] - truth.to_numpy()[pairs[:, 1]]
    np.testing.assert_allclose(distances, np.hypot(*moved.T))


@FEW
@given(points.map(lambda rows: rows[:5]), points.map(lambda rows: rows[:4]), st.integers(1, 6))
def test_hungarian_matches_are_the_best_of_all(picks, truth, radius):
    pairs, distances = match_picks(table(picks), table(truth), radius, "hungarian")
    n, squares = slow_best(table(picks), table(truth), radius)
    assert len(pairs) == n
    assert (distances**2).sum() == pytest.approx(squares)


@METHODS
@FEW
@given(picks=points, truth=points, radius=st.integers(1, 8))
def test_matches_are_one_to_one_and_within_the_radius(method, picks, truth, radius):
    pairs, distances = match_picks(table(picks), table(truth), radius, method)
    assert len(set(pairs[:, 0])) == len(set(pairs[:, 1])) == len(pairs)
    assert (distances <= radius).all()
    assert (np.diff(pairs[:, 0]) > 0).all()


@FEW
@given(picks=points, truth=points, radius=st.integers(1, 8))
def test_hungarian_matches_are_no_fewer_and_greedy_ones_at_least_half(picks, truth, radius):
    greedy = len(match_picks(table(picks), table(truth), radius)[0])
    best = len(match_picks(table(picks), table(truth), radius, "hungarian")[0])
    assert best / 2 <= greedy <= best


@METHODS
@FEW
@given(data=st.data(), picks=st.lists(st.tuples(coordinates, scores), max_size=7), truth=points)
def test_the_order_of_rows_does_not_matter(method, data, picks, truth):
    found = table([at for at, _ in picks], score=[s for _, s in picks], micrograph="a")
    true = table(truth, micrograph="a")
    moved = found.iloc[data.draw(st.permutations(range(len(picks))))]
    turned = true.iloc[data.draw(st.permutations(range(len(truth))))]
    one, other = (
        score_picks(*tables, 4, method, micrographs=["a"])
        for tables in ((found, true), (moved, turned))
    )
    assert one.f1_score == other.f1_score
    if method == "greedy":  # several best assignments may match different picks
        assert one.average_precision == pytest.approx(other.average_precision, nan_ok=True)


@METHODS
@FEW
@given(picks=st.lists(st.tuples(coordinates, scores), max_size=7), truth=points)
def test_scores_are_bounded_and_fit_together(method, picks, truth):
    found = table([at for at, _ in picks], score=[s for _, s in picks], micrograph="a")
    result = score_picks(found, table(truth, micrograph="a"), 4, method, ["a", "b"])
    assert 0 <= result.micro_f1_score <= 1
    if truth:
        assert 0 <= result.average_precision <= result.micro_recall
    own = result.per_micrograph.loc["a"]
    precision, recall = own["precision"], own["recall"]
    if precision + recall:
        expected = 2 * precision * recall / (precision + recall)
        assert own["f1_score"] == pytest.approx(expected)
    assert result.f1_score == pytest.approx((own["f1_score"] + 1) / 2)  # b has nothing to find


@METHODS
def test_the_radius_is_included_and_may_differ_by_particle(method):
    picks, truth = table([[0, 0], [20, 0]]), table([[3, 4], [20, 5]])
    assert len(match_picks(picks, truth, 5, method)[0]) == 2
    assert not len(match_picks(picks, truth, 4.999, method)[0])
    assert match_picks(picks, truth, [4, 6], method)[0].tolist() == [[1, 1]]


@METHODS
def test_nothing_matches_nothing(method):
    for picks, truth in itertools.product([table([]), table([[1, 1]])], [table([])]):
        pairs, distances = match_picks(picks, truth, 5, method)
        assert pairs.shape == (0, 2)
        assert distances.shape == (0,)


def test_a_case_by_hand():
    truth = table([[10, 10], [30, 10], [50, 10], [10, 10]], micrograph=list("aaab"), diameter=8)
    rows = [[11, 10], [10, 12], [30, 14], [50, 15]]
    picks = table(rows, micrograph="a", score=[0.6, 0.9, 0.8, 0.7])
    result = score_picks(picks, truth)
    # (11, 10) and (30, 14) match, (10, 12) is a duplicate, (50, 15) is too far; b is missed
    first = result.per_micrograph.loc["a"]
    assert first.tolist() == pytest.approx([4, 3, 2, 1 / 2, 2 / 3, 4 / 7])
    assert result.per_micrograph.loc["b"].tolist() == [0, 1, 0, 0, 0, 0]
    assert (result.precision, result.recall) == pytest.approx((1 / 4, 1 / 3))
    assert result.f1_score == pytest.approx(2 / 7)
    assert (result.micro_precision, result.micro_recall) == (1 / 2, 1 / 2)
    # ranked: false, true, false, true: precision 1/2 at recall 1/4, 2/4 at 2/4
    assert result.average_precision == pytest.approx(1 / 4 * 1 / 2 + 1 / 4 * 2 / 4)


def slow_average_precision(hits, scores, n_truth):
    area = recall = 0
    for threshold in np.unique(scores)[::-1]:
        kept = scores >= threshold
        area += (hits[kept].sum() / n_truth - recall) * hits[kept].sum() / kept.sum()
        recall = hits[kept].sum() / n_truth
    return area


@pytest.mark.parametrize("seed", range(3))
def test_average_precision_is_the_slow_one_over_all_micrographs(seed):
    rng = np.random.RandomState(seed)
    picks, truth = random_tables(seed)
    picks = picks.assign(micrograph=rng.choice(["a", "b"], len(picks)), score=rng.randint(0, 9, 40))
    truth = truth.assign(micrograph=rng.choice(["a", "b"], len(truth)))
    hits = np.zeros(len(picks), bool)
    for name in "ab":
        own = np.flatnonzero(picks["micrograph"] == name)
        pairs, _ = match_picks(picks.iloc[own], truth[truth["micrograph"] == name], 3)
        hits[own[pairs[:, 0]]] = True
    expected = slow_average_precision(hits, picks["score"].to_numpy(), len(truth))
    assert score_picks(picks, truth, 3).average_precision == pytest.approx(expected)


def test_perfect_picks_have_perfect_scores():
    _, truth = random_tables(0)
    truth = truth.assign(micrograph="a", diameter=3.0)
    result = score_picks(truth.assign(score=0.5), truth)
    assert result.f1_score == result.average_precision == result.micro_recall == 1


def test_picks_without_scores_have_no_average_precision():
    truth = table([[1, 1]], micrograph="a", diameter=3)
    assert np.isnan(score_picks(truth, truth).average_precision)
    assert np.isnan(score_picks(truth.assign(score=np.nan), truth).average_precision)


def test_micrographs_that_are_not_known_to_be_annotated_are_an_error():
    truth = table([[1, 1]], micrograph="a.mrc", diameter=3)
    picks = table([[1, 1]], micrograph="a")
    with pytest.raises(ValueError, match=r"1 have no .* 'a' for one.*micrographs="):
        score_picks(picks, truth)
    assert score_picks(picks, truth, micrographs=["a.mrc"]).recall == 0
    only = score_picks(picks, truth, micrographs=["a"])
    assert only.per_micrograph["n_picks"].tolist() == [1]
    assert only.f1_score == 0


def test_thousands_of_picks_are_matched_in_little_time():
    picks, truth = random_tables(0, n=5000, size=2000)
    found = [match_picks(picks, truth, 20, method)[0] for method in ("greedy", "hungarian")]
    assert 2500 < len(found[0]) <= len(found[1])


@METHODS
@pytest.mark.parametrize("seed", range(3))
def test_the_best_threshold_is_the_one_of_the_slow_search(method, seed):
    rng = np.random.RandomState(seed)
    picks, truth = random_tables(seed)
    picks["micrograph"], truth["micrograph"] = (
        rng.choice(list("abc"), 40),
        rng.choice(list("ab"), 35),
    )
    names = list("abcd")
    f1 = {
        t: score_picks(picks[picks["score"] >= t], truth, 4, method, names).f1_score
        for t in sorted(picks["score"], reverse=True)
    }
    assert best_threshold(picks, truth, 4, method, names) == max(f1, key=f1.get)


def test_among_many_scores_thresholds_are_quantiles():
    rng = np.random.RandomState(0)
    truth = table(rng.uniform(0, 3000, (400, 2)), micrograph="a")
    score = np.concatenate([rng.uniform(0.5, 1, 400), rng.uniform(0, 0.5, 400)])
    rows = np.concatenate([truth[["x", "y"]], rng.uniform(5000, 6000, (400, 2))])
    assert best_threshold(table(rows, micrograph="a", score=score), truth, 4) == pytest.approx(
        0.5, abs=0.01
    )


def test_what_cannot_be_scored_is_refused():
    truth = table([[1, 1]], micrograph="a")
    with pytest.raises(ValueError, match="truth have no column diameter"):
        score_picks(truth, truth)
    with pytest.raises(ValueError, match="method must be one of greedy, hungarian; got 'best'"):
        score_picks(truth, truth, 3, "best")
    with pytest.raises(ValueError, match="radius must be positive; got 0"):
        match_picks(truth, truth, 0)
    with pytest.raises(ValueError, match="radius must be a positive number; got -1"):
        score_picks(truth, truth, -1)
    with pytest.raises(ValueError, match="micrograph is missing among x, y"):
        score_picks(table([]), truth, 3)
    with pytest.raises(ValueError, match="annotated micrograph to score; got none"):
        score_picks(truth, truth, 3, micrographs=[])
    with pytest.raises(ValueError, match=r"score is missing"):
        best_threshold(truth, truth, 3)
    with pytest.raises(ValueError, match="picks to choose a threshold; got none"):
        best_threshold(truth.assign(score=1.0).iloc[:0], truth, 3)
    with pytest.raises(ValueError, match="scores of picks must be finite"):
        best_threshold(truth.assign(score=np.nan), truth, 3)


@pytest.mark.parametrize("iou", [0.1, 0.24, 0.5, 0.9])
def test_an_iou_is_that_of_the_discs_counted_in_pixels(iou):
    diameter, x = 200, np.arange(-100, 310)
    disc = np.hypot(x[:, None], x) <= diameter / 2
    truth = pd.DataFrame({"micrograph": "a", "x": [0.0], "y": [0.0], "diameter": diameter})
    for shift in range(0, diameter, 10):
        moved = np.hypot(x[:, None] - shift, x) <= diameter / 2
        found = (disc & moved).sum() / (disc | moved).sum()
        if abs(found - iou) > 0.01:  # a pixel more or less decides nothing
            picks = pd.DataFrame({"micrograph": "a", "x": [float(shift)], "y": [0.0]})
            assert score_picks(picks, truth, iou=iou).f1_score == (found >= iou)


def test_a_radius_and_an_iou_are_one_too_many():
    truth = pd.DataFrame({"micrograph": "a", "x": [0.0], "y": [0.0], "diameter": 4})
    with pytest.raises(ValueError, match="not both"):
        score_picks(truth, truth, radius=2, iou=0.5)
    with pytest.raises(ValueError, match="between 0 and 1"):
        score_picks(truth, truth, iou=1)
