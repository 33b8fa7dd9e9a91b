"""Looking back: filters and pages of images, and labels that are probably wrong."""

import numpy as np
import pytest
from made_projects import blobs, give_model, save_images, train_here
from sklearn.linear_model import LogisticRegression

from skal.annotate import Filter, Project, _suspects
from skal.annotate._predictions import Predictions

N = 120
Y = blobs(N)[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_images(tmp_path_factory.mktemp("review") / "images", blobs(N)[0])


@pytest.fixture
def project(folder, tmp_path):
    with Project.create(folder, ["a", "b", "c"], tmp_path / "p", embed=False) as project:
        yield project


def shown(project, **which):
    return [found.item.id for found in project.review(Filter(**which), n=N).items]


def test_filters_let_through_what_they_say(project):
    project.decide_many(range(1, 41), "label", "a")
    project.decide_many(range(41, 51), "label", "b", annotator="ann")
    project.decide_many([51, 52], "unsure")
    project.decide_many([53], "exclude")
    project.decide_many([3, 60], "flag", True)
    project.set_labels({61: "c"})
    assert shown(project, label="a") == list(range(1, 41))
    assert shown(project, annotator="ann") == list(range(41, 51))
    assert shown(project, answer="unsure") == [51, 52]
    assert shown(project, answer="exclude") == [53]
    assert shown(project, is_flagged=True) == [3, 60]
    assert shown(project, is_flagged=True, label="a") == [3]
    assert shown(project, source="imported") == [61]
    assert len(shown(project, answer="unanswered")) == N - 54
    counts = project.counts()
    assert counts["answer"] == {"label": 51, "unsure": 2, "exclude": 1, "unanswered": N - 54}
    assert counts["label"] == {"a": 40, "b": 10, "c": 1}
    assert counts["source"] == {"human": 53, "imported": 1}
    assert counts["annotator"] == {"me": 44, "ann": 10}
    assert (counts["n"], counts["is_flagged"]) == (N, 2)
    assert project.count(Filter(label="a", is_flagged=False)) == 39


def test_images_are_found_by_what_the_model_says(project):
    give_model(project, np.eye(3)[Y])
    project.decide_many(range(1, 61), "label", "a")
    wrong = [i for i in range(1, 61) if Y[i - 1] != 0]
    assert shown(project, is_contradicted=True) == wrong
    assert shown(project, is_contradicted=True, predicted="b") == [
        i for i in wrong if Y[i - 1] == 1
    ]
    assert project.counts()["is_contradicted"] == len(wrong)
    found = project.review(Filter(is_contradicted=True), n=1).items[0]
    assert (found.predicted, found.confidence) == ("abc"[Y[wrong[0] - 1]], 1.0)


def test_open_monitor_images_show_no_prediction(project):
    give_model(project, np.eye(3)[Y])
    items = project.review(n=N).items
    assert sum(found.predicted is None for found in items) == 30
    assert project.count(Filter(predicted="a")) + project.count(Filter(predicted="b")) <= 90


def test_a_round_is_found(project):
    first = {q.item_id for q in project.next(32)}
    for item_id in first:
        project.decide(item_id, "label", "a")
    project.next(1)
    assert set(shown(project, round_id=1)) == first
    assert project.counts()["round_id"][1] == 32


@pytest.mark.parametrize("which", [Filter(), Filter(is_contradicted=True), Filter(label="a")])
def test_pages_are_the_whole(project, which, monkeypatch):
    give_model(project, np.eye(3)[Y])
    project.decide_many(range(1, 101), "label", "a")
    monkeypatch.setattr("skal.annotate._review.CHUNK", 7)
    found, after = [], None
    while True:
        page = project.review(which, after, n=9)
        found += [i.item.id for i in page.items]
        after = page.after
        if after is None:
            break
    assert found == [i.item.id for i in project.review(which, n=N).items]
    assert len(found) == project.count(which)


@pytest.mark.parametrize("which", [{"label": "x"}, {"answer": "x"}, {"source": "x"}])
def test_an_unknown_filter_is_refused(project, which):
    with pytest.raises(ValueError, match="'x'"):
        project.review(Filter(**which))


# Labels that are probably wrong -------------------------------------------------------------


def confident_slowly(proba, given):
    """The definition of confident learning, sample by sample."""
    n_classes = proba.shape[1]
    thresholds = []
    for j in range(n_classes):
        own = [proba[i, j] for i in range(len(given)) if given[i] == j]
        thresholds.append(sum(own) / len(own) if own else np.inf)
    found = []
    for row in proba:
        sure = [j for j in range(n_classes) if row[j] >= thresholds[j]]
        found.append(max(sure, key=lambda j: row[j]) if sure else -1)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_confident_labels_are_those_of_the_definition(seed):
    rng = np.random.RandomState(seed)
    proba, given = rng.dirichlet(np.ones(4), 60), rng.randint(3, size=60)  # a class without labels
    assert _suspects.confident_labels(proba, given).tolist() == confident_slowly(proba, given)


def test_a_sample_is_judged_by_models_that_have_not_seen_it():
    rng = np.random.RandomState(0)
    X, y = rng.standard_normal((53, 4)), np.repeat([3, 5, 9], [30, 22, 1])
    proba, classes = _suspects.cross_validate(LogisticRegression(), X, y, lambda: None)
    folds = _suspects.fold_of(y)
    assert classes.tolist() == [3, 5, 9]
    for i in (0, 31, 52):
        rest = folds != folds[i]
        fitted = LogisticRegression().fit(X[rest], y[rest])
        expected = np.zeros(3)
        expected[np.searchsorted(classes, fitted.classes_)] = fitted.predict_proba(X[[i]])[0]
        assert proba[i] == pytest.approx(expected, abs=1e-6)
    assert all(np.ptp(np.bincount(folds[y == label], minlength=5)) <= 1 for label in classes)


def test_predictions_are_merged_by_the_numbers_of_images_and_labels():
    first = Predictions(np.array([2, 5]), np.eye(2, dtype=np.float32), np.array([1, 3]))
    second = Predictions(np.array([4, 7]), np.eye(2, dtype=np.float32), np.array([2, 3]))
    both = _suspects.merged(first, np.array([7, 4]), second)
    assert both.ids.tolist() == [2, 4, 5, 7]
    assert both.classes[both.proba.argmax(axis=1)].tolist() == [1, 2, 3, 3]


def test_wrong_labels_are_found_and_leave_the_list_when_corrected(folder, tmp_path):
    with Project.create(folder, ["a", "b", "c"], tmp_path / "p") as project:
        wrong = [7, 64, 90]
        said = [(Y[i - 1] + (i in wrong)) % 3 for i in range(1, N + 1)]
        project.set_labels({i: "abc"[said[i - 1]] for i in range(1, N + 1)})
        train_here(project)
        found = project.review(Filter(is_suspected=True), n=N).items
        assert set(wrong) <= {f.item.id for f in found}
        assert len(found) <= 8
        assert [f.suspicion for f in found] == sorted(f.suspicion for f in found)
        by_id = {f.item.id: f for f in found}
        assert [by_id[i].suggested for i in wrong] == ["abc"[Y[i - 1]] for i in wrong]
        first = project.review(Filter(is_suspected=True), n=2)
        second = project.review(Filter(is_suspected=True), first.after, n=N)
        assert [*first.items, *second.items] == found
        project.decide(64, "label", "abc"[Y[63]])
        assert 64 not in shown(project, is_suspected=True)
        assert project.counts()["is_suspected"] == len(found) - 1
