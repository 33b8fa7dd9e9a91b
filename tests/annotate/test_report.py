"""What the screen of a model shows, against scikit-learn and obvious versions."""

import numpy as np
import pytest
from made_projects import blobs, give_model, save_images
from sklearn import metrics
from sklearn.dummy import DummyClassifier

from skal.annotate import Project, _report
from skal.annotate._listing import draw_of
from skal.exceptions import ProjectError

N = 120
Y = blobs(N)[1]


def case(seed, n=80, n_classes=4):
    rng = np.random.RandomState(seed)
    true = rng.randint(n_classes - 1, size=n)  # no image has the last label
    said = np.where(rng.rand(n) < 0.6, true, rng.randint(n_classes, size=n))
    return true + 5, said + 5, np.arange(5, 5 + n_classes)


@pytest.mark.parametrize("seed", range(3))
def test_numbers_of_labels_are_those_of_scikit_learn(seed):
    true, said, classes = case(seed)
    confusion = _report.confusion_matrix(true, said, classes)
    assert (confusion == metrics.confusion_matrix(true, said, labels=classes)).all()
    options = {"labels": classes, "zero_division": 0.0}
    expected = np.array(metrics.precision_recall_fscore_support(true, said, **options))
    found = _report.class_reports(confusion, list("wxyz"))
    numbers = [[r.precision or 0, r.recall or 0, r.f1 or 0, r.n] for r in found]
    assert np.array(numbers).T == pytest.approx(expected)
    assert found[-1].recall is None  # of no image
    for name, is_weighted in (("weighted", True), ("macro", False)):
        f1 = _report.mean_f1(confusion[None], is_weighted)[0]
        assert f1 == pytest.approx(metrics.f1_score(true, said, average=name, zero_division=0.0))


def test_the_interval_of_f1_is_that_of_drawing_images_again():
    true, said, classes = case(0)
    confusion = _report.confusion_matrix(true, said, classes)
    rng, drawn = np.random.RandomState(1), []
    for _ in range(2000):
        rows = rng.randint(len(true), size=len(true))
        drawn.append(metrics.f1_score(true[rows], said[rows], average="macro", zero_division=0.0))
    found = _report.f1_interval(confusion, False, 0)
    assert [found.low, found.high] == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.02)
    assert found.low < found.value < found.high
    assert found == _report.f1_interval(confusion, False, 0)


def test_bins_of_confidence_are_the_obvious_ones():
    rng = np.random.RandomState(0)
    confidence = np.append(rng.rand(200), [0.0, 1.0])
    is_right = rng.rand(202) < confidence
    bins, error = _report.calibration_bins(confidence, is_right)
    expected = 0
    for i, found in enumerate(bins):
        rows = [
            j for j, c in enumerate(confidence) if i / 10 <= c < (i + 1) / 10 or (i == 9 and c == 1)
        ]
        assert found.n == len(rows)
        assert found.accuracy == pytest.approx(np.mean(is_right[rows]))
        assert found.confidence == pytest.approx(np.mean(confidence[rows]))
        expected += len(rows) / 202 * abs(np.mean(is_right[rows]) - np.mean(confidence[rows]))
    assert error == pytest.approx(expected)


@pytest.fixture
def project(tmp_path):
    folder = save_images(tmp_path / "images", blobs(N)[0])
    names = ["a", "b", "c"]
    with Project.create(folder, names, embed=False, monitor_share=0.4) as project:
        yield project


def monitor(project):
    items = sorted(project.items(n=N), key=lambda item: draw_of(0, item.relpath))
    return [item.id for item in items[:48]]


def test_a_report_counts_monitor_images_and_the_pool(project):
    with pytest.raises(ProjectError, match="no model yet"):
        project.report()
    proba = np.eye(3)[np.where(np.arange(N) % 4 == 0, 0, Y)] * 0.7 + 0.1
    model_id = give_model(project, proba)
    early = project.report()
    assert (early.estimate, early.classes, early.macro_f1, early.calibration) == (None,) * 4
    assert early.labels == []
    assert sum(early.pool_predicted.values()) == sum(early.pool_confidence) == N
    assert early.pool_confidence[8] == N  # all are said with 0.8
    ids = monitor(project)
    project.set_labels({i: "abc"[Y[i - 1]] for i in ids})
    found = project.report(model_id)
    best = proba.argmax(axis=1)[np.array(ids) - 1]
    true = Y[np.array(ids) - 1]
    assert (found.confusion == metrics.confusion_matrix(true, best)).all()
    assert found.estimate == project.score(model_id)
    assert found.weighted_f1.value == pytest.approx(
        metrics.f1_score(true, best, average="weighted")
    )
    assert found.calibration_error == pytest.approx(abs(0.8 - (true == best).mean()), abs=1e-6)
    assert [r.label for r in found.classes] == found.labels == ["a", "b", "c"]
    assert found.epochs == []


def test_a_label_that_the_model_does_not_know_is_in_the_report(project):
    classes = [c.id for c in project.classes][:2]
    give_model(project, np.eye(2)[np.minimum(Y, 1)], classes=classes)
    project.set_labels({i: "abc"[Y[i - 1]] for i in monitor(project)})
    found = project.report()
    assert found.labels == ["a", "b", "c"]
    assert found.classes[2].recall == 0
    assert found.classes[2].precision is None


def test_the_history_is_judged_by_all_models(project):
    first, second = give_model(project, np.eye(3)[Y]), give_model(project, np.eye(3)[(Y + 1) % 3])
    project.set_labels({i: "abc"[Y[i - 1]] for i in monitor(project)})
    assert project.history["score"].tolist() == [1.0, 0.0]
    assert [project.score(i).score for i in (first, second)] == [1.0, 0.0]


def test_a_random_baseline_needs_labels_and_never_judges_what_it_has_learned(project):
    project.embed()
    ids = monitor(project)
    project.set_labels({i: "abc"[Y[i - 1]] for i in ids[:30]})
    assert project.random_baseline() is None
    project.set_labels({i: "abc"[Y[i - 1]] for i in ids[30:]})
    found = project.random_baseline()
    assert [n for n, _ in found] == [10, 20]
    assert all(e.n == 48 and e.low <= e.score <= e.high for _, e in found)
    assert found[-1][1].score > 0.6

    seen = []

    def fit(X, y):
        seen.append(set(X[:, 0].tolist()))
        return DummyClassifier().fit(X, y)

    X = np.arange(50)[:, None]
    n_right = _report.random_baseline(fit, X, X[:, 0] % 2, [10, 40], 0)
    assert [len(s) for s in seen] == [10, 40] * 5
    assert all(first < second for first, second in zip(seen[::2], seen[1::2], strict=True))
    assert set.union(*seen) == set(range(50))
    assert all(0 <= n <= 50 for n in n_right)
