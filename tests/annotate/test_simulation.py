"""Whole projects, with a scripted annotator who reads the true labels."""

import numpy as np
import pytest
from made_projects import save_images, train_here
from sklearn.datasets import load_digits

from skal.annotate import Project
from skal.annotate._listing import draw_of

N_IMAGES, N_LABELS = 400, 128


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    images, y = load_digits(return_X_y=True)
    images = (images[:N_IMAGES].reshape(-1, 8, 8) * 15).astype(np.uint8)
    return save_images(tmp_path_factory.mktemp("digits") / "images", images), y[:N_IMAGES]


def run(digits, strategy, seed, place):
    """Label a digit after the other, with a model every round; return the project, open."""
    folder, y = digits
    names = [str(i) for i in range(10)]
    options = {"strategy": strategy, "random_state": seed, "monitor_share": 0.2}
    project = Project.create(folder, names, place, **options)
    while (n := len(project.labels()[1])) < N_LABELS:
        (question,) = project.next()
        number = int(project.item(question.item_id).relpath[:5])
        project.decide(question.item_id, "label", str(y[number]))
        if (n + 1) % 32 == 0 and project.warming_up() is None:
            train_here(project)
    return project


def is_unseen(project, item):
    """Return whether no model can have learned from an image."""
    return draw_of(project.random_state, item.relpath) < 0.2


def accuracy(project, digits):
    """Return the share of all images without a label that the last model gets right."""
    ids = np.array([item.id for item in project.items(n=1000, answer="unanswered")])
    names = [int(project.item(int(i)).relpath[:5]) for i in ids]
    best = project._predictions(project._current_model()).best(ids) - 1  # labels are 1 to 10
    return float((best == digits[1][names]).mean())


def test_the_queue_is_at_least_as_good_as_random_labels(digits, tmp_path):
    found = {"margin": [], "random": []}
    for strategy, scores in found.items():
        for seed in range(3):
            with run(digits, strategy, seed, tmp_path / f"{strategy}{seed}") as project:
                scores.append(accuracy(project, digits))
    assert np.mean(found["margin"]) > 0.8
    assert np.mean(found["margin"]) >= np.mean(found["random"]) - 0.03


def test_the_estimate_fits_what_is_true_of_the_whole_pool(digits, tmp_path):
    with run(digits, "margin", 0, tmp_path / "p") as project:
        for _ in range(200):
            (question,) = project.next()
            number = int(project.item(question.item_id).relpath[:5])
            project.decide(question.item_id, "label", str(digits[1][number]))
        estimate, history = project.score(), project.history
        unseen = [i.id for i in project.items(n=1000) if is_unseen(project, i)]
        best = project._predictions(estimate.model_id).best(np.array(unseen)) - 1
        numbers = [int(project.item(i).relpath[:5]) for i in unseen]
    assert estimate.n >= 40
    assert estimate.low <= (best == digits[1][numbers]).mean() <= estimate.high
    assert history["score"].iloc[-1] >= history["score"].iloc[0] - 0.1
