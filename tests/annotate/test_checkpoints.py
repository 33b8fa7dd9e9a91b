"""Models as checkpoints: named, listed, restored, deleted; labels never roll back."""

import pytest
from made_projects import answered_project, blobs, copied, save_images, train_here

from skal.exceptions import ProjectError

N = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_images(tmp_path_factory.mktemp("checkpoints") / "images", blobs(N)[0])


@pytest.fixture(scope="module")
def answered(folder):
    return answered_project(folder, 30)


@pytest.fixture
def project(answered, tmp_path):
    with copied(answered, tmp_path / "p") as project:
        yield project


def test_a_model_is_named_listed_and_restored(project):
    with pytest.raises(ProjectError, match="no model yet"):
        project.name_model("first")
    first = train_here(project)
    assert project.name_model("first") == first
    project.decide(next(i.id for i in project.items(answer="unanswered")), "label", "a")
    n_labels = len(project.labels()[1])
    second = train_here(project)
    one, two = project.models()
    assert (one.id, one.name, one.is_current, one.source) == (first, "first", False, "trained")
    assert (two.id, two.name, two.is_current) == (second, None, True)
    assert two.needed_for.startswith("it is in use")
    assert one.n_bytes > 1000
    assert one.score == project.score(first)
    assert project.restore_model("first") == first
    assert [m.is_current for m in project.models()] == [True, False]
    assert len(project.labels()[1]) == n_labels


def test_names_are_checked(project):
    first, second = train_here(project), train_here(project)
    project.name_model("best", first)
    with pytest.raises(ValueError, match="model 1 is called 'best' already"):
        project.name_model("best", second)
    for wrong in ("", " ", 3):
        with pytest.raises(ValueError, match="a text that is not blank"):
            project.name_model(wrong)
    with pytest.raises(KeyError, match="no model 'worst'"):
        project.restore_model("worst")
    project.name_model(None, first)
    project.name_model("best", second)
    assert [m.name for m in project.models()] == [None, "best"]


def test_a_model_that_nothing_needs_is_deleted_and_its_scores_stay(project):
    first, second = train_here(project), train_here(project)
    scores = project.history["score"].tolist()
    size = project.models()[0].n_bytes
    with pytest.raises(ProjectError, match="cannot be deleted: it is in use"):
        project.delete_model(second)
    free = project.delete_model(first)
    info = project.models()[0]
    assert info.is_deleted
    assert info.n_bytes < size
    assert free > 1000
    assert project.history["score"].tolist() == pytest.approx(scores, nan_ok=True)
    with pytest.raises(ProjectError, match="were deleted"):
        project.restore_model(first)
    with pytest.raises(ProjectError, match="were deleted"):
        project.load_model(first)
    assert project.models()[1].is_current


def test_only_the_last_models_and_those_with_names_are_kept_if_asked_for(project):
    ids = [train_here(project) for _ in range(4)]
    project.name_model("dear", ids[0])
    assert not any(m.is_deleted for m in project.models())
    assert project.keep_models(2) > 0
    assert [m.is_deleted for m in project.models()] == [False, True, False, False]
    train_here(project)
    assert [m.is_deleted for m in project.models()] == [False, True, True, False, False]
    project.keep_models(None)
    train_here(project)
    assert sum(m.is_deleted for m in project.models()) == 2
    for wrong in (0, 1.5, True):
        with pytest.raises(ValueError, match="last must be None or an integer"):
            project.keep_models(wrong)
