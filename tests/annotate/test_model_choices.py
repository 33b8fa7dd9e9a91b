"""What a project learns with: by name with settings, of other packages, and of one's own."""

import numpy as np
import pytest
from made_projects import answered_project, blobs, copied, save_images, train_here
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from skal.annotate import Project, _choices
from skal.nets import CNNClassifier, ResNet18Classifier, ViTB16Classifier

N = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_images(tmp_path_factory.mktemp("choices") / "images", blobs(N)[0])


@pytest.fixture(scope="module")
def answered(folder):
    return answered_project(folder, 30, image_size=16)


@pytest.fixture
def project(answered, tmp_path):
    with copied(answered, tmp_path / "p") as project:
        yield project


def test_every_classifier_of_scikit_learn_is_trained_saved_and_loaded(project):
    for choice in project.model_choices():
        if choice.sees == "images":
            continue
        project.set_model(choice.name)
        model_id = train_here(project)
        saved = project._predictions(model_id)
        X = project.inputs_of(model_id, saved.ids)
        proba = project.load_model(model_id).predict_proba(X)
        np.testing.assert_allclose(proba, saved.proba, atol=1e-6)
        guesses = np.array(list("abc"))[saved.best(saved.ids) - 1]
        assert (guesses == np.array(list("abc"))[blobs(N)[1]]).mean() > 0.8, choice.name


def test_settings_of_all_choices_are_those_of_their_estimators(project):
    for choice in project.model_choices():
        defaults = {s.name: s.default for s in choice.settings if s.name in ("max_epochs", "C")}
        estimator = choice.make_estimator(defaults)
        params = estimator.get_params()
        own = {s.name for s in choice.settings} - set(params)
        assert own <= {"C"}  # of the classifier within the calibrated one
        for setting in choice.settings:
            if setting.name in params and setting.name != "dropout":
                assert params[setting.name] == setting.default, (choice.name, setting.name)


def test_a_choice_with_settings_is_kept(project):
    project.set_model("cnn", max_epochs=2, lr=0.01, lr_schedule="warmup", validation_fraction=0.2)
    place = project.place
    project.close()
    with Project.open(place) as again:
        assert isinstance(again.estimator, CNNClassifier)
        assert again.estimator.lr_schedule == "warmup"
        expected = {"name": "cnn", "max_epochs": 2, "lr": 0.01, "lr_schedule": "warmup"}
        assert again.model_settings == {**expected, "validation_fraction": 0.2}
        train_here(again)
        assert len(again.load_model().history_) == 2


def test_a_dict_is_a_name_with_settings(folder, tmp_path):
    model = {"name": "resnet18", "stem": "imagenet", "trainable": "last_block"}
    with Project.create(folder, ["a"], tmp_path / "p", model=model, embed=False) as project:
        assert isinstance(project.estimator, ResNet18Classifier)
    with Project.open(tmp_path / "p") as project:
        assert project.estimator.trainable == "last_block"
        assert project.model_settings == model
    with Project.open(tmp_path / "p", model="vit_b_16") as project:
        assert isinstance(project.estimator, ViTB16Classifier)
        assert project.model_settings == {"name": "vit_b_16"}


def test_wrong_settings_change_nothing(project):
    with pytest.raises(ValueError, match=r"has the settings \['C'\]; got \['max_epochs'\]"):
        project.set_model("logistic", max_epochs=3)
    with pytest.raises(ValueError, match="The 'lr' parameter"):
        project.set_model("cnn", lr=-1)
    with pytest.raises(ValueError, match="there is none at"):
        project.set_model("cnn", weights="/nowhere/w.safetensors")
    with pytest.raises(ValueError, match="model must be a classifier"):
        project.set_model("oracle")
    assert project.model_settings == {"name": "logistic"}


class Point:
    """An entry point, as another package declares it."""

    name, value = "mine", "other_package:make"

    def __init__(self, made):
        self.made = made

    def load(self):
        return lambda: self.made


def test_packages_declare_models_by_entry_points(project, monkeypatch):
    monkeypatch.setattr(_choices, "entry_points", lambda group: [Point(LogisticRegression(C=7))])
    assert project.model_choices()[-1].name == "mine"
    project.set_model("mine")
    assert project.estimator.C == 7
    monkeypatch.setattr(_choices, "entry_points", lambda group: [Point(3)])
    with pytest.raises(TypeError, match="must be a classifier with fit and predict_proba"):
        project.set_model("mine")


class Brightness(ClassifierMixin, BaseEstimator):
    """An adapter of one's own, which looks at the images themselves."""

    sees_images = True

    def fit(self, X, y):
        assert X.shape[1:] == (16, 16, 3)
        self.classes_ = np.unique(y)
        self.means_ = np.array([X[y == c].mean() for c in self.classes_])
        return self

    def predict_proba(self, X):
        distance = np.abs(X.mean(axis=(1, 2, 3))[:, None] - self.means_)
        return np.exp(-distance) / np.exp(-distance).sum(axis=1, keepdims=True)


def test_a_classifier_of_ones_own_may_see_images(project):
    project.estimator = Brightness()
    model_id = train_here(project)
    assert project._predictions(model_id).proba.shape == (N, 3)
    assert project.inputs([1, 2]).shape == (2, 16, 16, 3)
