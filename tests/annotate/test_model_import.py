"""Models of other places become models of a project, and trainings go on from them."""

import shutil
import sys
import threading
import zipfile

import numpy as np
import pytest
import torch
from made_models import onnx_of_means, weights_of, write_onnx
from made_projects import answered_project, blobs, copied, save_images, train_here
from safetensors.torch import load_file

from skal import _limited
from skal.annotate import Project, _child, _training
from skal.annotate.model_files import ImportedModel, _imported, _inspect, _predict
from skal.exceptions import ModelFileError
from skal.nets import CNNClassifier, NetClassifier
from skal.nets._modules import CNN, LeNet

N = 60
TO_LABELS = {"class 0": "c", "class 1": "a", "class 2": "b", "class 3": None}
HERE = {_inspect.TARGET: _inspect.inspect_here, _predict.TARGET: _predict.predict_here}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_images(tmp_path_factory.mktemp("import") / "images", blobs(N)[0])


@pytest.fixture(scope="module")
def answered(folder):
    return answered_project(folder, 40, image_size=16)


@pytest.fixture
def project(answered, tmp_path):
    with copied(answered, tmp_path / "p") as project:
        yield project


@pytest.fixture
def here(monkeypatch):
    """Look and predict in this process, which is faster."""

    def run(target, request, **limits):
        return HERE[target](request)

    monkeypatch.setattr(_inspect, "run_limited", run)
    monkeypatch.setattr(_predict, "run_limited", run)
    monkeypatch.setattr(_training.TrainingJob, "_start", start_here)


def start_here(job):
    """Start a job in a thread instead of a process."""
    job._saved, job._process, job._was_killed = 0.0, None, False
    job._is_cancelled = threading.Event()

    def watch():
        try:
            _child.train(job._snapshot, job._note, lambda: None)
            arguments = job._store, job._place, job.id, job._temporary, job._facts
            job.model_id, message = _training.register(*arguments)
        except Exception as error:
            shutil.rmtree(job._temporary)
            job._end("failed", str(error))
        else:
            job._end("done", message)

    job._watcher = threading.Thread(target=watch)
    job._watcher.start()


@pytest.fixture
def net(tmp_path):
    """Return the weights of a net of four classes, and the net."""
    torch.manual_seed(3)
    module = CNN((3, 16, 16), 4).eval()
    return weights_of(module, tmp_path / "w.safetensors"), module


def of_module(module, project, ids, side=16):
    X = torch.as_tensor(project.inputs(ids)).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        return module(X).softmax(dim=1).numpy()


def test_a_dry_run_predicts_in_the_labels_of_the_project_and_changes_nothing(project, net):
    path, module = net
    project.set_model("cnn")
    tried = project.try_model(path, TO_LABELS)
    assert len(tried) == 8
    proba = of_module(module, project, [item_id for item_id, _ in tried])
    kept = proba[:, [1, 2, 0]] / proba[:, :3].sum(axis=1, keepdims=True)
    said = [[by_label[name] for name in "abc"] for _, by_label in tried]
    np.testing.assert_allclose(said, kept, atol=1e-5)
    assert project.models() == []
    questions = [q.item_id for q in project.next(60) if q.is_blind]
    assert not set(questions) & {item_id for item_id, _ in tried}


def test_a_net_is_used_and_trainings_go_on_from_it(project, net):
    path, module = net
    seen = []
    job = project.import_model(
        path, TO_LABELS, name="from afar", fine_tune="last_layer", on_progress=seen.append
    )
    assert job.state == "done", job.message
    assert job.message.startswith("Imported, and in use; trainings begin with it.")
    assert {s["phase"] for s in seen} == {"training", "predicting"}
    (info,) = project.models()
    assert (info.name, info.source, info.is_current) == ("from afar", "imported", True)
    assert info.estimator == "imported cnn"
    ids = list(range(1, N + 1))
    project.set_model("cnn")  # for inputs
    proba = of_module(module, project, ids)
    kept = proba[:, [1, 2, 0]] / proba[:, :3].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(project._predictions(job.model_id).of(ids), kept, atol=1e-5)
    loaded = project.load_model()
    assert isinstance(loaded, ImportedModel)
    again = loaded.predict_proba(project.inputs_of(job.model_id, ids))
    np.testing.assert_allclose(again, kept, atol=1e-5)


@pytest.mark.parametrize(
    ("fine_tune", "moves"),
    [
        ("last_layer", {"14"}),
        ("last_block", {"6", "11", "14"}),
        ("all", {"0", "3", "6", "11", "14"}),
    ],
)
def test_exactly_what_was_asked_for_is_tuned(here, project, tmp_path, fine_tune, moves):
    path = weights_of(CNN((3, 16, 16), 3), tmp_path / "w.safetensors")
    mapping = {"class 0": "b", "class 1": "c", "class 2": "a"}
    job = project.import_model(path, mapping, fine_tune=fine_tune)
    assert project.estimator.trainable == fine_tune
    assert project.models()[0].needed_for.startswith("it is in use")
    project.estimator.set_params(max_epochs=2, lr=0.01)
    begun = load_file(project.estimator.weights)
    order = [2, 0, 1]  # the rows of a, b and c, as trainings order them
    torch.testing.assert_close(begun["14.weight"], load_file(path)["14.weight"][order])
    tuned = project.load_model(train_here(project))
    after = tuned.net_.module_.state_dict()
    moved = {name.split(".")[0] for name in begun if not torch.equal(begun[name], after[name])}
    assert moved == moves
    project.set_model("logistic")
    train_here(project)
    assert project.delete_model(job.model_id) > 0


def test_where_trainings_begin_outlives_a_move_of_the_project(here, project, net, tmp_path):
    job = project.import_model(net[0], TO_LABELS)
    folder = project.folder
    project.estimator.set_params(max_epochs=1)
    second = train_here(project)
    project.restore_model(second)
    with pytest.raises(Exception, match="trainings begin with its weights"):
        project.delete_model(job.model_id)
    project.close()
    shutil.move(project.place, tmp_path / "moved")
    net[0].unlink()
    with Project.open(tmp_path / "moved", folder=folder) as moved:
        assert moved.estimator.weights.startswith(str(tmp_path / "moved"))
        assert moved.model_settings["weights"] == f"models/{job.id}/net/weights.safetensors"
        moved.estimator.set_params(max_epochs=1)
        train_here(moved)


def test_a_net_of_gray_images_sees_colors_by_their_brightness(here, project, tmp_path):
    module = LeNet((1, 16, 16), 3).eval()
    path = weights_of(module, tmp_path / "w.safetensors")
    mapping = {f"class {i}": name for i, name in enumerate("abc")}
    job = project.import_model(path, mapping)
    project.set_model("lenet")
    X = torch.as_tensor(project.inputs([1, 2, 3])).float() / 255
    gray = (X @ torch.tensor([0.299, 0.587, 0.114]))[:, None]
    with torch.no_grad():
        expected = module(gray).softmax(dim=1).numpy()
    np.testing.assert_allclose(
        project._predictions(job.model_id).of([1, 2, 3]), expected, atol=1e-5
    )


def test_a_net_of_another_size_predicts_only(here, project, tmp_path):
    module = CNN((3, 24, 24), 3).eval()
    path = weights_of(module, tmp_path / "w.safetensors")
    report = project.inspect_model(path)
    assert [p.field for p in report.problems] == ["size of images", "class names"]
    mapping = {f"class {i}": name for i, name in enumerate("abc")}
    job = project.import_model(path, mapping, report=report)
    assert job.message.startswith("Imported, and in use. ")
    assert project.model_settings == {"name": "logistic"}
    X = project.inputs_of(job.model_id, [1, 2])
    assert X.shape == (2, 24, 24, 3)
    with torch.no_grad():
        images = torch.as_tensor(X).permute(0, 3, 1, 2).float() / 255
        expected = module(images).softmax(dim=1).numpy()
    np.testing.assert_allclose(project._predictions(job.model_id).of([1, 2]), expected, atol=1e-5)


def exported(project, folder, format=None):
    with zipfile.ZipFile(project.export_model(folder / "m.zip", format).path) as archive:
        archive.extractall(folder)
    return next(p for p in (folder / "model").iterdir() if p.suffix not in (".md", ".json"))


@pytest.mark.parametrize(
    ("model", "format"),
    [("logistic", "skops"), ("logistic", "onnx"), ("cnn", "onnx"), ("cnn", "safetensors")],
)  # fmt: skip
def test_what_one_project_exports_another_imports(here, project, tmp_path, model, format):
    project.set_model(model, **({"max_epochs": 3} if model == "cnn" else {}))
    first = train_here(project)
    path = exported(project, tmp_path, format)
    with Project.create(project.folder, ["C", "B", "A"], tmp_path / "q", image_size=16) as other:
        report = other.inspect_model(path)
        assert report.classes == ["a", "b", "c"]
        assert report.problems == []
        suggested = {s.name: s.label for s in other.suggest_labels(report)}
        assert suggested == {"a": "A", "b": "B", "c": "C"}
        job = other.import_model(path, suggested, report=report)
        assert job.state == "done", job.message
        said = other._predictions(job.model_id)
        kinds = {c.id: c.name.lower() for c in other.classes}
        order = [[kinds[i] for i in said.classes].index(name) for name in "abc"]
        expected = project._predictions(first).of(said.ids)
        differs = np.abs(said.proba[:, order] - expected).max(axis=1) > 2e-5
        assert not differs.any()
        assert isinstance(other.estimator, NetClassifier) == (format == "safetensors")
        if format == "safetensors":
            reader = project.load_model().reader_
            expected = [reader.mean.ravel(), reader.std.ravel()]
            np.testing.assert_allclose(other.estimator.standardize, expected, rtol=1e-5)


def test_an_onnx_model_of_another_place_is_used(here, project, tmp_path):
    path = write_onnx(onnx_of_means(), tmp_path / "m.onnx")
    mapping = {f"class {i}": name for i, name in enumerate("abc")}
    job = project.import_model(path, mapping)
    assert job.state == "done", job.message
    X = project.inputs_of(job.model_id, [1, 2]) / 255
    assert X.shape == (2, 8, 8, 3)
    logits = 9 * X.mean(axis=(1, 2))
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(project._predictions(job.model_id).of([1, 2]), expected, atol=1e-5)


def test_onnx_without_onnxruntime_is_refused_with_the_reason(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelFileError, match=r"onnxruntime.*pip install"):
        _imported._onnx_model(onnx_of_means().SerializeToString(), None)


# Classes --------------------------------------------------------------------------------------


def test_new_labels_are_made_and_nothing_if_anything_is_wrong(here, project, net):
    path, _ = net
    mapping = {**TO_LABELS, "class 3": "fox"}
    with pytest.raises(ValueError, match=r"has no labels \['fox'\]"):
        project.import_model(path, mapping)
    with pytest.raises(ValueError, match=r"no labels \['fox'\]"):
        project.import_model(path, mapping, new_labels=["wolf"])
    assert [c.name for c in project.classes] == ["a", "b", "c"]
    job = project.import_model(path, mapping, new_labels=["fox"])
    assert job.state == "done", job.message
    assert [c.name for c in project.classes] == ["a", "b", "c", "fox"]
    assert project._predictions(job.model_id).proba.shape == (N, 4)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({}, "must hold each class of the model once"),
        ({**TO_LABELS, "x": "a"}, r"unknown \['x'\]"),
        (dict.fromkeys(TO_LABELS), "lead to two labels or more"),
        (dict.fromkeys(TO_LABELS, "a"), "lead to two labels or more"),
    ],
)
def test_mappings_are_checked(here, project, net, mapping, message):
    with pytest.raises(ValueError, match=message):
        project.import_model(net[0], mapping)
    assert project.models() == []


def test_several_classes_may_be_one_label():
    proba = np.array([[0.2, 0.3, 0.1, 0.4], [0.0, 0.0, 0.0, 1.0]])
    out = _imported.mapped(proba, [7, 5, 7, None], np.array([5, 7]))
    np.testing.assert_allclose(out, [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(ModelFileError, match="a column for each of its 3 classes"):
        _imported.mapped(proba, [1, 2, 3], np.array([1, 2, 3]))
    with pytest.raises(ModelFileError, match="not finite"):
        _imported.mapped(proba * np.nan, [7, 5, 7, None], np.array([5, 7]))


# What goes wrong ------------------------------------------------------------------------------


def test_a_model_with_problems_is_not_imported(here, project, tmp_path):
    path = weights_of(CNN((3, 16, 16), 1), tmp_path / "w.safetensors")
    with pytest.raises(ModelFileError, match=r"cannot be used\. classes: expected two or more"):
        project.import_model(path, {})


def test_a_file_that_changes_after_the_look_is_not_used(here, project, net, tmp_path):
    path, _ = net
    report = project.inspect_model(path)
    weights_of(CNN((3, 16, 16), 4), path)
    job = project.import_model(path, TO_LABELS, report=report)
    assert job.state == "failed"
    assert "has changed since it was looked at" in job.message
    assert project.models() == []
    assert project.model_settings == {"name": "logistic"}


def test_limits_reach_the_process(project, net):
    with pytest.raises(ModelFileError, match=r"memory|was ended by"):
        project.inspect_model(net[0], memory=50 * 2**20)
    with pytest.raises(ValueError, match="fine_tune must be None or one of"):
        project.import_model(net[0], TO_LABELS, fine_tune="head")
    assert _limited.MEMORY >= 2**32


def test_an_imported_model_is_not_exported_but_what_comes_of_it(here, project, net, tmp_path):
    project.import_model(net[0], TO_LABELS)
    with pytest.raises(ModelFileError, match="its own file is what to pass on"):
        project.export_model(tmp_path / "m.zip")
    project.estimator.set_params(max_epochs=1)
    train_here(project)
    assert isinstance(project.load_model(), CNNClassifier)
    assert "net.json" in project.export_model(tmp_path / "m.zip").files
