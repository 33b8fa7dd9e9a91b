"""What is asked next: the mixture, near-duplicates, classes, reasons; on arrays alone."""

import numpy as np
import pytest

from skal.annotate import _plan, _words
from skal.annotate._plan import View, alike_threshold, plan_round
from skal.annotate._strategies import STRATEGIES, make_strategy
from skal.query import BADGE, BALD, CoreSet, Hybrid, KMeansDiversity, Margin


def view(n=200, n_classes=3, seed=0, **changes):
    rng = np.random.RandomState(1)
    values = {
        "ids": 1000 + np.arange(n),
        "X": rng.standard_normal((n, 8)).astype(np.float32),
        "proba": rng.dirichlet(np.ones(n_classes), n),
        "near_X": rng.standard_normal((5, 8)).astype(np.float32),
        "n_queued": 2,
        "monitor_ids": np.array([7, 3, 9, 1, 8]),
        "class_names": [f"c{i}" for i in range(n_classes)],
        "seed": seed,
        "round_number": 0,
    }
    return View(**{**values, **changes})


def ids(planned, part="strategy"):
    return [p.item_id for p in planned if p.slice == part]


def margins(proba):
    return [row[-1] - row[-2] for row in np.sort(proba, axis=1)]


def test_a_round_is_the_strategy_and_a_tenth_of_monitor_images():
    planned = plan_round(view(), Margin(), 32, 0.1)
    assert len(planned) == 32
    assert ids(planned, "monitor") == [7, 3, 9]  # in the order of the permutation
    assert len(set(ids(planned))) == 29


def test_the_strategy_gets_what_it_wants_where_nothing_is_alike():
    known = view()
    planned = plan_round(known, Margin(), 20, 0)
    assert ids(planned) == (1000 + np.argsort(margins(known.proba))[:20]).tolist()


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_the_same_seed_gives_the_same_queue(name):
    first, second = (plan_round(view(), make_strategy(name), 16, 0.1) for _ in range(2))
    assert first == second
    assert len({p.item_id for p in first}) == 16
    other = plan_round(view(seed=1), make_strategy("random"), 16, 0.1)
    assert other != plan_round(view(), make_strategy("random"), 16, 0.1)


def test_monitor_images_have_random_places():
    seen = set()
    for number in range(20):
        planned = plan_round(view(round_number=number), Margin(), 32, 0.1)
        seen.update(i for i, p in enumerate(planned) if p.slice == "monitor")
    assert len(seen) > 15


@pytest.mark.parametrize("cold", [True, False])
def test_small_pools_are_used_up(cold):
    known = view(n=3, **({"proba": None} if cold else {}))
    planned = plan_round(known, Margin(), 32, 0.1)
    assert sorted(ids(planned)) == [1000, 1001, 1002]
    assert ids(planned, "monitor") == [7, 3, 9, 1, 8]


def test_an_empty_pool_leaves_nothing_to_ask():
    none = np.array([], int)
    empty = view(n=0, monitor_ids=none, proba=np.empty((0, 3)))
    assert plan_round(empty, Margin(), 32, 0.1) == []


def test_near_duplicates_of_each_other_and_of_the_queue_are_left_out():
    known = view(n=100)
    X = known.X.copy()
    order = np.argsort(margins(known.proba))
    X[order[1]] = X[order[0]] * 1.01  # of the first choice
    X[order[2]] = known.near_X[-1]  # of an image in the queue
    X[order[3]] = known.near_X[0]  # of a labeled image: it may be asked for
    planned = plan_round(view(n=100, X=X), Margin(), 8, 0)
    assert ids(planned) == (1000 + order[[0, 3, 4, 5, 6, 7, 8, 9]]).tolist()


def test_near_duplicates_are_asked_for_when_nothing_else_is_left():
    X = np.ones((6, 8), np.float32)
    planned = plan_round(view(n=6, X=X), Margin(), 6, 0)
    assert len(set(ids(planned))) == 6


def test_no_class_takes_more_than_its_share():
    rng = np.random.RandomState(0)
    proba = np.tile([0.9, 0.1, 0.0], (200, 1))
    proba[:150] = [0.5, 0.49, 0.01]  # all of the first class, and most wanted
    proba[150:] = np.array([0.2, 0.7, 0.1])
    proba += 1e-6 * rng.rand(200, 3)
    planned = plan_round(view(proba=proba), Margin(), 20, 0)
    guesses = proba[np.array(ids(planned)) - 1000].argmax(axis=1)
    assert np.bincount(guesses).tolist() == [12, 8]


def test_one_class_may_fill_the_queue_when_there_is_no_other():
    proba = np.tile([0.5, 0.3, 0.2], (200, 1))
    assert len(plan_round(view(proba=proba), Margin(), 20, 0)) == 20


def test_before_there_is_a_model_typical_images_are_asked_for():
    rng = np.random.RandomState(0)
    centers = 20 * np.eye(8)[:4]
    X = np.concatenate([c + rng.standard_normal((30, 8)) for c in centers]).astype(np.float32)
    cold = view(n=120, X=X, proba=None, near_X=X[:0], n_queued=0)
    planned = plan_round(cold, Margin(), 4, 0)
    assert {(i - 1000) // 30 for i in ids(planned)} == {0, 1, 2, 3}
    assert {p.strategy for p in planned} == {"typiclust"}
    assert planned[0].reason.startswith("Warming up: typical of a group")


def test_without_embeddings_images_are_drawn_and_the_reason_says_so():
    """A queue that falls back to random in silence."""
    planned = plan_round(view(X=None, near_X=None, proba=None), Margin(), 10, 0)
    assert {p.strategy for p in planned} == {"random"}
    assert {p.reason for p in planned} == {_words.NO_EMBEDDINGS}


def test_large_pools_are_sampled_for_a_cold_start(monkeypatch):
    monkeypatch.setattr(_plan, "MOST_FOR_CLUSTERS", 50)
    assert len(plan_round(view(proba=None), Margin(), 10, 0)) == 10


def test_diversity_is_k_center_on_embeddings_with_the_labeled_ones():
    """Diversity by the distances of softmax vectors rather than of features."""
    known = view(near_X=np.random.RandomState(3).standard_normal((40, 8)).astype(np.float32))
    planned = plan_round(known, CoreSet(), 5, 0)
    covered, expected = list(known.near_X), []
    for _ in range(5):
        distances = [min(np.linalg.norm(x - c) for c in covered) for x in known.X]
        expected.append(int(np.argmax(distances)))
        covered.append(known.X[expected[-1]])
    assert ids(planned) == [1000 + row for row in expected]
    assert planned[0].reason == "Unlike anything labeled so far (distance rank 1 of 200)."


def test_margins_are_said_in_words_and_numbers():
    proba = np.tile([0.8, 0.1, 0.1], (100, 1))
    proba[40] = [0.41, 0.2, 0.39]
    names = ["cat", "dog", "fox"]
    (first, *_) = plan_round(view(n=100, proba=proba, class_names=names), Margin(), 1, 0)
    assert first.item_id == 1040
    assert first.reason == (
        "Model is torn: cat 41 %, fox 39 % (margin 0.02, more uncertain than 99 % of the pool)."
    )
    assert first.score == pytest.approx(-0.02)
    assert first.percentile == pytest.approx(99)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("least_confidence", "Model is unsure: its best guess is c"),
        ("entropy", "Model hesitates: c"),
        ("random", "Drawn at random."),
    ],
)
def test_every_strategy_has_its_words(name, start):
    planned = plan_round(view(), make_strategy(name), 5, 0)
    assert all(p.reason.startswith(start) for p in planned)
    assert {p.strategy for p in planned} == {name}


def test_a_mixture_says_both_terms_and_their_weights():
    planned = plan_round(view(), Hybrid(Margin(), CoreSet(), share=0.7), 10, 0)
    assert [p.strategy for p in planned] == ["hybrid: margin"] * 7 + ["hybrid: diversity"] * 3
    assert planned[0].reason.startswith("Model is torn")
    assert "By diversity it is above" in planned[0].reason
    assert planned[-1].reason.startswith("Unlike anything labeled")
    assert "By margin it is above" in planned[-1].reason
    assert all("(A mixture of 70 % margin and 30 % diversity.)" in p.reason for p in planned)


def test_other_strategies_of_skal_choose_too():
    planned = plan_round(view(), KMeansDiversity(random_state=0), 5, 0)
    assert planned[0].reason == "Chosen by KMeansDiversity."
    assert len(plan_round(view(), BADGE(random_state=0), 5, 0)) == 5


def test_a_strategy_that_needs_a_running_model_is_refused_aloud():
    """An error of a strategy that becomes a random choice."""
    with pytest.raises(TypeError, match="asks for 'sample_proba'"):
        plan_round(view(), BALD(), 5, 0)


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="must be a query strategy of skal, or one of"):
        make_strategy("margn")


def test_few_images_have_a_threshold_of_alikeness_too():
    assert alike_threshold(np.ones((1, 3), np.float32), 0) == 0.9
