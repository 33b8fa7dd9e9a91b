"""Models as files for elsewhere: they say the same there, and their card's code runs."""

import re
import sys
import zipfile

import numpy as np
import onnx
import pytest
from made_projects import answered_project, blobs, copied, save_images, train_here
from sklearn.linear_model import LogisticRegression

from skal.annotate import Project, _to_onnx
from skal.annotate.model_files import describe_images, load_skops, read_images
from skal.exceptions import ModelFileError
from skal.nets import NetClassifier

N = 60
TREES = ("random_forest", "hist_gradient_boosting")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_images(tmp_path_factory.mktemp("export") / "images", blobs(N)[0])


@pytest.fixture(scope="module")
def project(folder, tmp_path_factory):
    """Return a project with a model of each kind, by name."""
    place = answered_project(folder, 40, image_size=16)
    with copied(place, tmp_path_factory.mktemp("export") / "p") as project:
        for name in ("logistic", "random_forest", "svm", "knn", "hist_gradient_boosting"):
            project.set_model(name)
            train_here(project)
            project.name_model(name, project.models()[-1].id)
        project.set_model("cnn", max_epochs=3)
        train_here(project)
        project.name_model("cnn", project.models()[-1].id)
        yield project


def unpacked(exported, folder):
    with zipfile.ZipFile(exported.path) as archive:
        archive.extractall(folder)
    return folder / "model"


def test_a_net_goes_elsewhere_with_the_names_of_labels(project, tmp_path):
    done = project.export_model(tmp_path / "m.zip", model_id="cnn")
    assert (done.format, done.files) == (
        "safetensors",
        ["README.md", "net.json", "weights.safetensors"],
    )
    net = NetClassifier.load(unpacked(done, tmp_path))
    assert net.classes_.tolist() == ["a", "b", "c"]
    paths = [project.path(i) for i in (1, 2, 3)]
    expected = project.load_model(6).predict_proba(project.inputs_of(6, [1, 2, 3]))
    np.testing.assert_allclose(net.predict_proba(read_images(paths, 16)), expected, atol=1e-6)


@pytest.mark.parametrize("name", ["logistic", "random_forest", "svm", "knn", TREES[1]])
def test_an_estimator_goes_elsewhere_with_the_axes_of_the_embedding(project, tmp_path, name):
    done = project.export_model(tmp_path / "m.zip", model_id=name)
    assert (done.format, done.files) == ("skops", ["README.md", "model.skops"])
    model = load_skops(unpacked(done, tmp_path) / "model.skops")
    number = next(m.id for m in project.models() if m.name == name)
    ids = list(range(1, N + 1))
    X = describe_images([project.path(i) for i in ids])
    expected = project.load_model(number).predict_proba(project.inputs_of(number, ids))
    differs = np.abs(model.predict_proba(X) - expected).max(axis=1) > 1e-5
    assert differs.mean() <= (0.05 if name in TREES else 0)
    assert set(model.predict(X)) <= {"a", "b", "c"}


@pytest.mark.parametrize("name", ["logistic", "random_forest", "svm", "knn", "cnn"])
def test_onnx_says_what_the_model_says(project, tmp_path, name):
    done = project.export_model(tmp_path / "m.zip", "onnx", model_id=name)
    assert done.files == ["README.md", "model.onnx"]
    content = (unpacked(done, tmp_path) / "model.onnx").read_bytes()
    number = next(m.id for m in project.models() if m.name == name)
    ids = list(range(1, N + 1))
    paths = [project.path(i) for i in ids]
    X = read_images(paths, 16) if name == "cnn" else describe_images(paths)
    expected = project.load_model(number).predict_proba(project.inputs_of(number, ids))
    differences = np.abs(_to_onnx.run(content, X) - expected).max(axis=1)
    assert (differences > 1e-5).mean() <= (0.05 if name in TREES else 0)
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model)
    assert not any(tensor.external_data for tensor in model.graph.initializer)


def test_the_reference_of_onnx_says_the_same(project, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    project.export_model(tmp_path / "m.zip", "onnx", model_id="logistic")


def test_what_cannot_be_written_is_said(project, tmp_path):
    path = tmp_path / "m.zip"
    with pytest.raises(ModelFileError, match=r"cannot write a HistGradientBoosting.*as skops"):
        project.export_model(path, "onnx", model_id="hist_gradient_boosting")
    with pytest.raises(ModelFileError, match="cannot be written as skops: nets are safetensors"):
        project.export_model(path, "skops", model_id="cnn")
    with pytest.raises(ValueError, match="format must be one of"):
        project.export_model(path, "pickle")
    with pytest.raises(ValueError, match=r"must be that of a \.zip file"):
        project.export_model(tmp_path / "m.onnx")
    with pytest.raises(KeyError, match="no model 99"):
        project.export_model(path, model_id=99)
    for missing, name in (("skl2onnx", "logistic"), ("onnxscript", "cnn")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, missing, None)
            with pytest.raises(ModelFileError, match=f"{missing}.*pip install"):
                project.export_model(path, "onnx", model_id=name)
    assert not path.exists()


def test_an_onnx_file_that_says_something_else_is_not_written(project, tmp_path, monkeypatch):
    monkeypatch.setattr(_to_onnx, "run", lambda content, X: np.full((len(X), 3), 1 / 3))
    with pytest.raises(ModelFileError, match="would not say what the model says"):
        project.export_model(tmp_path / "m.zip", "onnx", model_id="logistic")
    assert not (tmp_path / "m.zip").exists()


class Numbered(LogisticRegression):
    """Knows its classes by heart."""

    def predict(self, X):
        return np.asarray(self.predict_proba(X)).argmax(axis=1)


def test_classes_that_cannot_be_named_are_told(folder, tmp_path):
    place = answered_project(folder, 30, place=tmp_path / "p")
    with Project.open(place, model=LogisticRegression()) as project:
        train_here(project)
        project.load_model = lambda i=None: Numbered().fit([[0.0] * 59, [1.0] * 59], [1, 2])
        project._inputs_of = lambda estimator, ids: np.zeros((len(ids), 59))
        with pytest.raises(ModelFileError, match="cannot be given the names of labels"):
            project.export_model(tmp_path / "m.zip")


# The card -------------------------------------------------------------------------------------


def test_the_card_says_real_numbers(project, tmp_path):
    card = project.export_model(tmp_path / "m.zip", model_id="cnn").card
    info = project.models()[-1]
    score = project.score(6)
    assert f"# {project.name}: model 6" in card
    assert "A CNNClassifier that tells 3 kinds" in card
    assert "| Classes, in order | `a`, `b`, `c` |" in card
    assert f"| Labels that trained it | {info.n_labels} |" in card
    assert "| Images were chosen by | margin |" in card
    expected = "no estimate" if score is None else f"n = {score.n})"
    assert expected in card
    assert "16 x 16 pixels" in card
    mean = ", ".join(f"{v:.4f}" for v in project.load_model(6).reader_.mean.ravel())
    assert f"means ({mean})" in card


def test_the_score_on_the_card_has_an_interval_and_n(folder, tmp_path):
    place = answered_project(folder, N, place=tmp_path / "p", monitor_share=0.5)
    with Project.open(place) as project:
        train_here(project)
        score = project.score()
        card = project.export_model(tmp_path / "m.zip").card
    said = f"{score.score:.3f} (95 % interval {score.low:.3f} to {score.high:.3f}, n = {score.n})"
    assert said in card


def test_names_of_labels_are_no_markup(folder, tmp_path):
    place = answered_project(folder, 30, place=tmp_path / "p")
    with Project.open(place) as project:
        project.rename_label("a", "a|b\n<img onerror=x>`")
        train_here(project)
        assert "`a/b (img onerror=x)'`" in project.export_model(tmp_path / "m.zip").card


@pytest.mark.parametrize(
    ("name", "format"),
    [("cnn", "safetensors"), ("cnn", "onnx"), ("logistic", "skops"), ("logistic", "onnx")],
)
def test_the_code_on_the_card_runs(project, tmp_path, name, format, monkeypatch, capsys):
    done = project.export_model(tmp_path / "m.zip", format, model_id=name)
    card = (unpacked(done, tmp_path) / "README.md").read_text()
    (tmp_path / "photo.png").write_bytes(project.path(1).read_bytes())
    (code,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "card", "exec"), {})
    assert capsys.readouterr().out.startswith("['")


def test_only_models_that_change_in_steps_may_differ_on_few_images(monkeypatch):
    monkeypatch.setattr(_to_onnx, "run", lambda content, X: X)
    said, expected = np.full((64, 2), 0.5), np.full((64, 2), 0.5)
    said[0] = 0.4, 0.6
    with pytest.raises(ModelFileError, match="1 of 64 images differ"):
        _to_onnx.check_same(b"", said, expected, is_stepwise=False)
    assert _to_onnx.check_same(b"", said, expected, is_stepwise=True).n_ties == 1
    said[:5] = 0.4, 0.6
    with pytest.raises(ModelFileError, match="5 of 64 images differ"):
        _to_onnx.check_same(b"", said, expected, is_stepwise=True)
