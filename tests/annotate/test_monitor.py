"""How good a model is: intervals, what counts, and when a new model takes over."""

import numpy as np
import pytest
from made_projects import blobs, give_model, save_images
from scipy.stats import binom, binomtest

from skal.annotate import Project, _monitor
from skal.annotate._listing import draw_of
from skal.annotate._predictions import Predictions

N = 160


@pytest.fixture
def project(tmp_path):
    folder = save_images(tmp_path / "images", blobs(N)[0])
    with Project.create(folder, ["a", "b", "c"], monitor_share=0.3) as project:
        yield project


def truth():
    return blobs(N)[1]


def proba_of(guesses):
    return np.eye(3)[guesses] * 0.9 + 0.1 / 3


def in_order(project):
    """Return the numbers of all images in the order of the permutation."""
    items = project.items(n=1000)
    return [item.id for item in sorted(items, key=lambda item: draw_of(0, item.relpath))]


def answer_monitor(project, n):
    """Answer what is asked, truly, until so many monitor images are labeled."""
    while len(project.labels("monitor")[1]) < n:
        (question,) = project.next()
        project.decide(question.item_id, "label", "abc"[truth()[question.item_id - 1]])


@pytest.mark.parametrize("n", [1, 7, 20, 60, 400])
def test_the_interval_is_that_of_scipy(n):
    for n_right in range(0, n + 1, max(1, n // 9)):
        expected = binomtest(n_right, n).proportion_ci(0.95, method="wilson")
        assert _monitor.wilson(n_right, n) == pytest.approx(tuple(expected), abs=1e-12)


def test_the_interval_covers_the_truth_in_simulated_projects():
    """The monitor images of many projects, by the permutation itself; 95 % intervals."""
    rng, hits = np.random.RandomState(0), []
    draws = [[draw_of(seed, f"{i}.png") for i in range(1000)] for seed in range(60)]
    orders = np.argsort(draws, axis=1)
    for order in orders:
        for accuracy in (0.6, 0.75, 0.85, 0.9, 0.95):
            is_right = rng.rand(1000) < accuracy
            for n in (20, 35, 60, 100):
                low, high = _monitor.wilson(int(is_right[order[:n]].sum()), n)
                hits.append(low <= is_right.mean() <= high)
    assert np.mean(hits) >= 0.93
    assert np.mean(hits) <= 0.99  # nor is it too wide


def test_there_is_no_estimate_before_twenty_monitor_labels(project):
    """An accuracy against labels that nobody gave."""
    give_model(project, proba_of(truth()))
    assert project.score() is None
    answer_monitor(project, 19)
    assert project.score() is None
    answer_monitor(project, 20)
    estimate = project.score()
    assert (estimate.score, estimate.n) == (1.0, 20)
    assert str(estimate).startswith("1.00 (0.84 to 1.00, n = 20")


def test_the_estimate_is_the_share_of_right_guesses_on_monitor_images(project):
    guesses = truth().copy()
    wrong = np.random.RandomState(0).permutation(N)[:50]
    guesses[wrong] = (guesses[wrong] + 1) % 3
    model_id = give_model(project, proba_of(guesses))
    answer_monitor(project, 30)
    asked = np.array(in_order(project)[:30]) - 1
    estimate = project.score()
    assert estimate.score == pytest.approx((guesses[asked] == truth()[asked]).mean())
    assert (estimate.n, estimate.model_id) == (30, model_id)
    assert estimate.low < estimate.score < estimate.high


def test_what_people_pick_beyond_the_permutation_does_not_count(project):
    """A score on what is left after people or the strategy have chosen."""
    give_model(project, proba_of(truth()))
    answer_monitor(project, 25)
    for item_id in in_order(project)[40:48]:  # monitor images that were not asked for
        project.decide(item_id, "label", "a")
    assert project.score().n == 25


def test_monitor_images_without_an_answer_are_counted(project):
    give_model(project, proba_of(truth()))
    answer_monitor(project, 25)
    project.decide(in_order(project)[3], "unsure")
    estimate = project.score()
    assert (estimate.n, estimate.n_unanswered) == (24, 1)


def test_a_class_that_the_model_does_not_know_is_wrong(project):
    model_id = give_model(project, np.tile([0.6, 0.4], (N, 1)), classes=[1, 2])
    answer_monitor(project, 25)
    asked = np.array(in_order(project)[:25]) - 1
    assert project.score(model_id).score == pytest.approx((truth()[asked] == 0).mean())


def test_images_that_came_after_the_model_do_not_count(project):
    give_model(project, proba_of(truth()[:80]), ids=np.arange(1, 81))
    answer_monitor(project, 45)
    asked = np.array(in_order(project)[:45])
    n_known = int((asked <= 80).sum())
    found = project.score()
    assert found is None if n_known < 20 else found.n == n_known


def test_the_paired_test_is_that_of_mcnemar():
    rng = np.random.RandomState(0)
    for _ in range(20):
        old, new = rng.rand(2, 40) < 0.7
        lost, won = (old & ~new).sum(), (new & ~old).sum()
        expected = binom.sf(lost - 1, lost + won, 0.5)
        assert _monitor.p_worse(old, new) == pytest.approx(expected)
    same = np.ones(10, bool)
    assert _monitor.p_worse(same, same) == 1.0


def judged(project, old, new):
    made = [Predictions(np.arange(1, N + 1), proba_of(g), np.array([1, 2, 3])) for g in (old, new)]
    with project._store.reading() as connection:
        return _monitor.judge(_monitor.monitor_labels(connection), *made)


def test_a_model_that_is_significantly_worse_is_kept_out(project):
    answer_monitor(project, 40)
    bad = (truth() + (np.arange(N) % 3 == 0)) % 3
    is_used, reason = judged(project, truth(), bad)
    assert not is_used
    assert reason.startswith("New model scored lower (1.00 → 0.")
    assert reason.endswith("Kept the old one.")


def test_a_model_that_is_about_as_good_takes_over(project):
    answer_monitor(project, 40)
    close = truth().copy()
    close[in_order(project)[0] - 1] += 1
    is_used, reason = judged(project, truth(), close % 3)
    assert is_used
    assert reason == "The new model is not worse (1.00 → 0.97, n = 40)."


def test_without_monitor_labels_the_newest_model_is_used(project):
    is_used, reason = judged(project, truth(), (truth() + 1) % 3)
    assert is_used
    assert "too few monitor labels to compare (n = 0)" in reason


def test_a_model_as_good_is_seldom_kept_out():
    rng, n_kept_out = np.random.RandomState(0), 0
    for _ in range(1000):
        old, new = rng.rand(2, 60) < 0.8
        n_kept_out += _monitor.p_worse(old, new) < _monitor.LEVEL
    assert n_kept_out < 65
