"""The queue of a project: handed out, skipped, planned anew, and why."""

import threading
import time

import numpy as np
import pytest
import sqlalchemy as sa
from made_projects import blobs, give_model, gray_images, save_images, some_proba

from skal.annotate import Project, _schema
from skal.annotate._listing import draw_of
from skal.query import KMeansDiversity


@pytest.fixture
def folder(tmp_path):
    return save_images(tmp_path / "images", blobs(120)[0])


@pytest.fixture
def project(folder):
    with Project.create(folder, ["a", "b", "c"]) as project:
        yield project


def asked(project, n, annotator="me"):
    return [question.item_id for question in project.next(n, annotator)]


def reserved(project):
    """Return the monitor images in the order of the permutation."""
    items = [(draw_of(0, item.relpath), item.id) for item in project.items(n=1000)]
    return [item_id for _, item_id in sorted(items)[:30]]


def test_the_same_seed_and_answers_give_the_same_queue(folder, tmp_path):
    queues = []
    for place in ("one", "two"):
        with Project.create(folder, ["a", "b", "c"], tmp_path / place) as project:
            for item_id in asked(project, 40):
                project.decide(item_id, "label", "a")
            give_model(project, some_proba())
            queues.append(project.next(40))
    assert queues[0] == queues[1]
    assert len({q.item_id for q in queues[0]}) == 40


def test_what_was_handed_out_stays_until_it_is_answered(project):
    first = asked(project, 5)
    assert asked(project, 5) == first
    project.decide(first[1], "label", "a")
    again = asked(project, 5)
    assert again[:4] == [first[0], *first[2:]]
    project.undo()
    assert set(asked(project, 6)) == {*first, again[4]}


def test_it_stays_over_a_restart_and_a_new_model(project):
    first = asked(project, 5)
    project.close()
    with Project.open(project.place) as again:
        give_model(again, some_proba())
        assert asked(again, 5) == first
        later = again.next(12)
        assert [q.item_id for q in later[:5]] == first
        assert {q.strategy for q in later[5:]} <= {"margin", "random"}  # by the new model


def test_a_new_model_ranks_what_waits_anew(project):
    asked(project, 2)
    proba = some_proba()
    give_model(project, proba)
    margin = np.diff(np.sort(proba, axis=1)[:, -2:])[:, 0]
    kept_out = [*reserved(project), *asked(project, 2)]
    best = [i for i in 1 + np.argsort(margin) if i not in kept_out]
    strategic = [q.item_id for q in project.next(20)[2:] if q.strategy == "margin"]
    assert set(strategic[:5]) <= set(best[:20])


def test_two_people_are_asked_different_things(project):
    assert not set(asked(project, 10, "ann")) & set(asked(project, 10, "bob"))


def test_a_skipped_image_comes_back_at_the_end_of_its_round_then_last(tmp_path):
    folder = save_images(tmp_path / "images", gray_images(6))
    with Project.create(folder, ["a"], monitor_share=0) as project:
        first, second, *_ = asked(project, 1) + asked(project, 2)[1:]
        project.decide(first, "skip")
        order = []
        while (item_id := asked(project, 1)[0]) != first:
            order.append(item_id)
            project.decide(item_id, "label", "a")
        assert order[0] == second
        assert len(order) == 5
        project.decide(first, "skip")
        assert asked(project, 1) == [first]  # nothing else is left
        project.decide(first, "label", "a")
        assert asked(project, 1) == []


def test_unsure_and_excluded_images_are_not_asked_again(project):
    first, second, third = asked(project, 3)
    project.decide(first, "unsure")
    project.decide(second, "exclude")
    assert asked(project, 1) == [third]


def test_the_whole_pool_is_asked_for_once(project):
    seen = []
    while questions := project.next(7):
        for question in questions:
            seen.append(question.item_id)
            project.decide(question.item_id, "label", "a")
    assert sorted(seen) == list(range(1, 121))
    with project._store.reading() as connection:
        before = connection.execute(sa.select(_schema.round_)).all()
    assert project.next(3) == []
    with project._store.reading() as connection:
        assert connection.execute(sa.select(_schema.round_)).all() == before


def test_the_strategy_never_sees_monitor_images(project):
    give_model(project, some_proba())
    blind = set(reserved(project))
    for _ in range(4):
        for question in project.next(20):
            assert (question.item_id in blind) == (question.reason.startswith("Random check"))
            project.decide(question.item_id, "label", "b")


def test_monitor_images_come_in_the_order_of_one_permutation(project):
    order = []
    for _ in range(3):
        give_model(project, some_proba())
        questions = project.next(20)
        order += [q.item_id for q in questions if q.is_blind]
        for question in questions:
            project.decide(question.item_id, "label", "b")
    assert order == reserved(project)[: len(order)]
    assert len(order) >= 4


def test_monitor_images_show_no_prediction_and_others_do(project):
    model_id = give_model(project, some_proba())
    questions = project.next(32)
    blind = [q for q in questions if q.is_blind]
    assert len(blind) == 3
    assert all(q.prediction is None and q.model_id is None for q in blind)
    for question in questions:
        if not question.is_blind:
            assert question.model_id == model_id
            assert list(question.prediction) == ["a", "b", "c"]
            assert sum(question.prediction.values()) == pytest.approx(1, abs=1e-6)


def test_predictions_survive_that_a_label_is_renamed(project):
    give_model(project, some_proba())
    project.rename_label("a", "alpha")
    question = next(q for q in project.next(5) if not q.is_blind)
    assert list(question.prediction) == ["alpha", "b", "c"]


def test_images_that_came_after_the_model_are_asked_for_in_the_end(project, folder):
    give_model(project, some_proba())
    save_images(folder, blobs(130)[0])
    project.scan()
    project.embed()
    seen = []
    while questions := project.next(16):
        for question in questions:
            seen.append(question.item_id)
            project.decide(question.item_id, "label", "a")
    assert len(seen) == len({*seen}) == len(project.items(n=1000))


def test_why_names_the_reason_and_the_nearest_labeled_images(project, folder):
    _, y = blobs(120)
    unreserved = [i for i in range(1, 121) if i not in reserved(project)]
    for item_id in unreserved[:40]:
        project.decide(item_id, "label", "abc"[y[item_id - 1]])
    question = next(q for q in project.next(5) if not q.is_blind)
    why = project.why(question.item_id)
    assert why.reason == question.reason
    assert [n.label for n in why.nearest] == ["abc"[y[question.item_id - 1]]] * 3
    similarities = [n.similarity for n in why.nearest]
    assert similarities == sorted(similarities, reverse=True)
    assert project.why(unreserved[-1]).reason  # also of images that nobody asked for


def test_why_says_nothing_of_what_is_answered_blind(project):
    blind = next(q for q in project.next(32) if q.is_blind)
    assert project.why(blind.item_id).nearest == []


def test_without_embeddings_the_queue_is_random_and_says_so(folder):
    """A batch that is not tagged with the strategy really used."""
    with Project.create(folder, ["a"], embed=False) as project:
        questions = project.next(10)
        assert {q.strategy for q in questions} == {"random"}
        assert any("have not been looked at" in q.reason for q in questions)
        with project._store.reading() as connection:
            assert connection.scalar(sa.select(_schema.round_.c.strategy)) == "random"


def test_rounds_say_what_strategy_was_really_used(project):
    asked(project, 1)
    give_model(project, some_proba())
    asked(project, 20)
    with project._store.reading() as connection:
        used = connection.scalars(sa.select(_schema.round_.c.strategy)).all()
    assert used == ["typiclust", "margin"]


def test_a_strategy_is_kept_by_its_name_and_another_must_be_given_again(project):
    project.close()
    with Project.open(project.place, strategy="entropy"):
        pass
    with Project.open(project.place) as again:
        assert type(again.strategy).__name__ == "Entropy"
    own = KMeansDiversity()
    with Project.open(project.place, strategy=own) as again:
        assert again.strategy is own
    with pytest.raises(ValueError, match="a strategy of your own"):
        Project.open(project.place)


def test_people_who_label_at_once_are_never_asked_the_same(project):
    """A second annotator who overwrites the first."""
    seen, failed = [], []

    def label(annotator):
        try:
            while questions := project.next(3, annotator):
                for question in questions:
                    project.decide(question.item_id, "label", "a", annotator=annotator)
                    seen.append(question.item_id)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=label, args=(name,)) for name in ("ann", "bob", "eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(seen) == list(range(1, 121))


def test_a_hundred_thousand_images_are_ranked_quickly(project):
    rng = np.random.RandomState(0)
    rows = [
        {"relpath": f"made/{i}", "draw": i / 1e5, "status": "ok", "has_features": True}
        for i in range(100_000)
    ]
    with project._store.writing() as connection:
        connection.execute(sa.insert(_schema.item), rows)
    n = 100_120
    project._embedded = np.arange(1, n + 1), rng.standard_normal((n, 64)).astype(np.float32)
    give_model(project, some_proba(n))
    start = time.process_time()
    assert len(project.next(8)) == 8
    assert time.process_time() - start < 6
