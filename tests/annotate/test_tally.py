"""Numbers that are kept up to date are those that counting anew gives."""

import numpy as np
from made_projects import gray_images, save_images

from skal.annotate import Project
from skal.annotate._settings import moved_origin, round_mark
from skal.annotate._tally import Tallies


def test_a_tally_that_follows_is_the_one_that_counts_anew(tmp_path):
    save_images(tmp_path / "images", gray_images(40))
    rng = np.random.RandomState(0)
    with Project.create(tmp_path / "images", ["a", "b"], embed=False) as project:
        following = Tallies(project._store)
        for i in range(150):
            kind = rng.choice(["label", "skip", "unsure", "flag", "clear", "undo", "redo", "many"])
            item_id = int(rng.randint(1, 41))
            if kind == "many":
                project.decide_many([1, 2, item_id], "label", "b")
            elif kind in ("undo", "redo"):
                getattr(project, kind)()
            else:
                value = {"label": "ab"[i % 2], "flag": True}.get(kind)
                project.decide(item_id, kind, value)
            if i % 3 == 0:
                followed, anew = following.now(), Tallies(project._store).now()
                assert +followed.answers == +anew.answers
                assert +followed.labels == +anew.labels
                assert +followed.training_labels == +anew.training_labels
                assert followed.n_flagged == anew.n_flagged
                assert followed.n_monitor_labeled == anew.n_monitor_labeled
                assert followed.revision == anew.revision


def test_rounds_go_on_when_their_size_changes():
    settings = {"batch_size": 10, "round_origin": {"number": 1, "n_answered": 0}}
    assert round_mark(settings, 0, 100) == (1, 0, 10)
    assert round_mark(settings, 23, 100) == (3, 3, 10)
    assert round_mark(settings, 96, 100) == (10, 6, 10)
    assert round_mark(settings, 99, 104) == (10, 9, 10)
    assert round_mark(settings, 101, 104) == (11, 1, 4)
    moved = {"batch_size": 4, "round_origin": moved_origin(settings, 23)}
    assert round_mark(moved, 23, 100) == (3, 3, 4)
    assert round_mark(moved, 24, 100) == (4, 0, 4)
