"""Folders of self-training runs: what is in them, and that a kill costs one iteration at most."""

import json
import shutil

import numpy as np
import pytest
from segmenters import PixelSegmenter, blobs
from sklearn.base import BaseEstimator
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from skal.exceptions import ResumeError
from skal.experiments import _self_training_pictures as pictures
from skal.experiments import self_training
from skal.experiments.self_training import run_self_training
from skal.self_training import SelfTrainingSegmenter

METRICS = ("precision", "recall", "f1_score", "iou", "auc")


class Learner(PixelSegmenter):
    """A segmenter that is shy at first, right at its third fit, and shy again."""

    def fit(self, X, y):
        super().fit(X, y)
        self.intercept_ = self.intercept_ - (3, 1, 0, 4)[self.n_fits_ - 1]
        return self


def data():
    X, y = blobs(14, noise=0.7)
    y[6:] = -1
    y[0, :5] = -1
    return X, y


def segmenter(inner=None, **params):
    inner = inner or Learner(warm_start=True)
    settings = {"n_iterations": 3, "stop_early": False, "random_state": 0, **params}
    return SelfTrainingSegmenter(inner, **settings)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return a whole run and its folder."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    return run_self_training(segmenter(), *data(), folder), folder


def metrics(folder, number):
    (place,) = folder.glob(f"iteration_{number}_*")
    return json.loads((place / "metrics.json").read_text())


def test_every_iteration_has_its_folder(finished):
    _, folder = finished
    names = {path.name for path in folder.iterdir()}
    iterations = {"iteration_0_supervised", *(f"iteration_{k}_selftrain" for k in (1, 2, 3))}
    assert names == {*iterations, "config.json", "final_model", "training_summary.json"}
    for name in iterations:
        files = {path.name for path in (folder / name).iterdir()}
        extra = {"pseudo_labels.npz"} if name != "iteration_0_supervised" else set()
        assert files == {"model", "metrics.json", "visualization.png", *extra}


def test_metrics_are_those_of_the_held_out_pixels(finished):
    _, folder = finished
    first = next(segmenter().iter_fit(*data()))
    y, proba = first.y_val, first.proba[:, 1]
    known = y != -1
    truth, found = y[known], proba[known] >= 0.5
    found_metrics = metrics(folder, 0)
    assert found_metrics["precision"] == pytest.approx(precision_score(truth, found))
    assert found_metrics["recall"] == pytest.approx(recall_score(truth, found))
    assert found_metrics["f1_score"] == pytest.approx(f1_score(truth, found))
    assert found_metrics["score"] == pytest.approx(f1_score(truth, found))
    assert found_metrics["stage"] == "supervised"
    assert found_metrics["num_val_samples"] == 1
    assert found_metrics["num_pixels_evaluated"] == known.sum()


def test_the_auc_is_that_of_probabilities_and_not_of_decisions(finished):
    first = next(segmenter().iter_fit(*data()))
    known = first.y_val != -1
    truth, proba = first.y_val[known], first.proba[:, 1][known]
    auc = metrics(finished[1], 0)["auc"]
    assert auc == pytest.approx(roc_auc_score(truth, proba))
    assert abs(auc - roc_auc_score(truth, proba >= 0.5)) > 0.01


def test_the_summary_and_the_final_model_are_of_the_best_iteration(finished):
    fitted, folder = finished
    summary = json.loads((folder / "training_summary.json").read_text())
    f1 = [metrics(folder, k)["f1_score"] for k in range(4)]
    best = int(np.argmax(f1))
    assert 0 < best < 3
    assert summary["best_iteration"] == best
    assert summary["final_f1_score"] == f1[best]
    assert summary["iterations"] == [metrics(folder, k) for k in range(4)]
    final = Learner.load(folder / "final_model")
    X, _ = data()
    np.testing.assert_array_equal(final.predict_proba(X), fitted.predict_proba(X))
    (place,) = folder.glob(f"iteration_{best}_*")
    np.testing.assert_array_equal(
        final.predict_proba(X), Learner.load(place / "model").predict_proba(X)
    )


def test_a_run_with_a_folder_is_that_of_fit(finished):
    fitted, _ = finished
    plain = segmenter().fit(*data())
    assert [r["score"] for r in plain.history_] == [r["score"] for r in fitted.history_]
    assert [r["n_pseudo"] for r in plain.history_] == [r["n_pseudo"] for r in fitted.history_]
    np.testing.assert_array_equal(plain.pseudo_labels_, fitted.pseudo_labels_)


def test_pseudo_labels_are_kept_and_not_unpickled(finished):
    _, folder = finished
    with np.load(folder / "iteration_1_selftrain" / "pseudo_labels.npz") as file:
        labels = file["pseudo_labels"]
    _, y = data()
    assert labels.shape == y.shape
    assert (labels[y != -1] == -1).all()
    assert {str(c): int((labels == c).sum()) for c in (0, 1)} == metrics(folder, 1)["n_pseudo"]


# A kill in any phase ---------------------------------------------------------------------------


class Killed(Exception):
    pass


def kill_at(monkeypatch, owner, name, call):
    """Let a function raise at its n-th call."""
    whole, calls = getattr(owner, name), []

    def function(*args, **kwargs):
        calls.append(1)
        if len(calls) == call:
            raise Killed
        return whole(*args, **kwargs)

    monkeypatch.setattr(owner, name, function)


@pytest.fixture
def _fast_pictures(monkeypatch):
    """Draw nothing: most of the time of a small run is that of its pictures."""
    monkeypatch.setattr(self_training, "draw_rows", lambda rows, title: None)
    monkeypatch.setattr(self_training, "png", lambda figure: b"")


PHASES = [
    *((Learner, "fit", call) for call in (1, 2, 4)),
    *((Learner, "save", call) for call in (1, 3, 5)),
    *((self_training, "write_json", call) for call in (1, 3, 5)),
    *((self_training, "png", call) for call in (1, 2, 4)),
]


@pytest.mark.usefixtures("_fast_pictures")
@pytest.mark.parametrize(("owner", "name", "call"), PHASES)
def test_a_run_that_was_killed_goes_on(owner, name, call, monkeypatch, tmp_path, finished):
    fitted, whole = finished
    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        kill_at(patch, owner, name, call)
        with pytest.raises(Killed):
            run_self_training(segmenter(), *data(), folder)
    resumed = run_self_training(segmenter(), *data(), folder, resume=True)
    assert same_files(folder, whole)
    np.testing.assert_array_equal(resumed.predict_proba(data()[0]), fitted.predict_proba(data()[0]))
    np.testing.assert_array_equal(resumed.pseudo_labels_, fitted.pseudo_labels_)


def same_files(first, second):
    """Return whether two runs have the same files, with the same numbers but for seconds."""
    names = [sorted(p.relative_to(f) for p in f.rglob("*")) for f in (first, second)]
    assert names[0] == names[1]
    for path in (p for p in names[0] if p.suffix == ".json"):
        texts = [(folder / path).read_text() for folder in (first, second)]
        a, b = (json.loads(text, object_hook=without_seconds) for text in texts)
        assert a == b, path
    return True


def without_seconds(value):
    return {key: item for key, item in value.items() if key != "fit_seconds"}


@pytest.mark.usefixtures("_fast_pictures")
def test_a_crash_while_drawing_costs_no_training(monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        kill_at(patch, self_training, "draw_rows", 2)
        with pytest.raises(Killed):
            run_self_training(segmenter(), *data(), tmp_path / "run")
    assert (tmp_path / "run" / "iteration_1_selftrain" / "model").is_dir()
    kill_at(monkeypatch, Learner, "fit", 3)  # two of four are left
    run_self_training(segmenter(), *data(), tmp_path / "run", resume=True)


@pytest.mark.usefixtures("_fast_pictures")
@pytest.mark.parametrize("damage", ["{", "{}", "[]"])
def test_a_damaged_iteration_and_what_follows_are_run_again(damage, finished, tmp_path):
    _, whole = finished
    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    (folder / "iteration_2_selftrain" / "metrics.json").write_text(damage)
    run_self_training(segmenter(), *data(), folder, resume=True)
    assert same_files(folder, whole)


def test_other_settings_or_data_cannot_be_resumed(finished):
    _, folder = finished
    X, y = data()
    with pytest.raises(FileExistsError, match="is not empty"):
        run_self_training(segmenter(), X, y, folder)
    with pytest.raises(ResumeError, match=r"What differs: segmenter\.decay"):
        run_self_training(segmenter(decay=0.0), X, y, folder, resume=True)
    with pytest.raises(ResumeError, match=r"What differs: data\.X\.hash"):
        run_self_training(segmenter(), X + 1, y, folder, resume=True)


@pytest.mark.usefixtures("_fast_pictures")
def test_an_iteration_without_pseudo_labels_has_no_model(tmp_path):
    X, y = data()
    unsure = segmenter(Learner(C=1e-9), positive_threshold=0.999999, negative_threshold=0.0)
    fitted = run_self_training(unsure, X, y, tmp_path / "run")
    place = tmp_path / "run" / "iteration_1_selftrain"
    assert {path.name for path in place.iterdir()} == {"metrics.json", "pseudo_labels.npz"}
    assert metrics(tmp_path / "run", 1)["f1_score"] is None
    assert not fitted.history_[1]["kept"]


@pytest.mark.usefixtures("_fast_pictures")
def test_thresholds_by_class_and_other_images_survive_the_folder(tmp_path):
    X, y = data()
    named = segmenter(positive_threshold={1: 0.9}, trust_background=False, n_iterations=2)
    arguments = (X[:6], y[:6], tmp_path / "run", X[6:], *blobs(3, seed=5))
    fitted = run_self_training(named, *arguments)
    plain = segmenter(positive_threshold={1: 0.9}, trust_background=False, n_iterations=2)
    plain.fit(X[:6], y[:6], X[6:], *blobs(3, seed=5))
    for a, b in zip(fitted.history_, plain.history_, strict=True):
        assert without_seconds(a) == without_seconds(b)


class Forgetful(Learner):
    """A segmenter that a file does not tell everything about."""

    @classmethod
    def load(cls, folder):
        return super().load(folder).set_params(C=1e-6, warm_start=False)


@pytest.mark.usefixtures("_fast_pictures")
def test_parameters_that_are_not_saved_are_those_of_the_segmenter(tmp_path):
    inner = Forgetful(warm_start=True)
    fitted = run_self_training(segmenter(inner), *data(), tmp_path / "run")
    plain = segmenter(inner).fit(*data())
    assert [r["score"] for r in plain.history_] == [r["score"] for r in fitted.history_]


class Unsaved(BaseEstimator):
    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return X


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: segmenter(Unsaved()), TypeError, "must have save and load.*Unsaved has not"),
        (lambda: segmenter(random_state=None), ValueError, "must be an integer.*got None"),
    ],
)
def test_what_could_not_be_resumed_is_refused_at_once(wrong, error, message, tmp_path):
    with pytest.raises(error, match=message):
        run_self_training(wrong(), *data(), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_labels_of_more_classes_are_refused(tmp_path):
    X, y = data()
    with pytest.raises(ValueError, match=r"0 and 1, or -1 for none; got \[0, 1, 2\]"):
        run_self_training(segmenter(), X, np.where(y == 1, X > 1, y) + y.clip(0), tmp_path / "run")


# Pictures --------------------------------------------------------------------------------------


def test_pictures_have_three_panels_and_with_pseudo_labels_four(finished, monkeypatch, tmp_path):
    drawn = []

    def draw_rows(rows, title):
        drawn.append((rows, title))
        return pictures.draw_rows(rows, title)

    monkeypatch.setattr(self_training, "draw_rows", draw_rows)
    run_self_training(segmenter(n_iterations=1), *data(), tmp_path / "run")
    (first, _), (second, title) = drawn
    assert [list(row) for row in first] == [["Held-out image", "Human labels", "Probability"]]
    assert [len(row) for row in second] == [4, 4]
    assert title.startswith("Iteration 1, F1 of held-out pixels 0.")
    with np.load(tmp_path / "run" / "iteration_1_selftrain" / "pseudo_labels.npz") as file:
        assert second[1]["Pseudo-labels"].tolist() in file["pseudo_labels"].tolist()


def test_the_typical_image_has_a_median_number_of_particles():
    labels = np.zeros((6, 4, 4), dtype=int)
    for image, n in zip(labels, [0, 9, 2, 0, 5, 0], strict=True):
        image.ravel()[:n] = 1
    assert pictures.typical_image(labels) == 4
    assert pictures.typical_image(0 * labels) == 0


def test_no_label_is_gray_and_images_with_channels_are_drawn():
    image, labels = np.ones((3, 4, 6)), np.array([[-1, 0, 1] * 2] * 4, np.int8)
    figure = pictures.draw_rows([{"Image": image, "Labels": labels}], "A title")
    shown = figure.axes[1].images[0].get_array()
    assert np.ptp(shown[0, 0]) == 0
    assert np.ptp(shown[0, 1]) > 0
    assert figure.axes[0].images[0].get_array().shape == (4, 6)


# Real data -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_fast_pictures")
def test_nuclei_are_found_with_few_labeled_images(data_dir, tmp_path):
    path = data_dir / "dsb2018" / "dsb2018_train_256.npz"
    if not path.exists():
        pytest.skip("no nuclei here")
    with np.load(path, allow_pickle=False) as file:
        X, y = file["images"][:24] / np.float32(255), (file["labels"][:24] > 0).astype(np.int8)
    y_all = y.copy()
    y[8:] = -1
    inner = PixelSegmenter(C=10, warm_start=True)
    fitted = run_self_training(segmenter(inner, n_iterations=1), X, y, tmp_path / "run")
    assert fitted.score(X[8:], y_all[8:]) > 0.6
    assert metrics(tmp_path / "run", 1)["n_pseudo"]["1"] > 0
