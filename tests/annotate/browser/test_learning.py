"""Training through the screen: it never waits, can be cancelled, and blind images stay blind."""

import os
import statistics

import pytest
from made_pages import PATIENCE, answers

MOST_MS = 100  # from a key to the next image, for nineteen of twenty


def train(screen):
    screen.page.keyboard.press("t")
    screen.page.get_by_role("button", name="Train now").click()


def times(screen):
    found = screen.page.evaluate(
        "performance.getEntriesByName('skal:key-to-image').map(entry => entry.duration)"
    )
    screen.page.evaluate("performance.clearMeasures()")
    return found


@pytest.fixture
def slow():
    """Return the factor by which a busy machine is let off."""
    return max(1, 2 * os.getloadavg()[0] / (os.cpu_count() or 1))


def test_labeling_goes_on_while_a_model_learns(make_screen, slow):
    screen = make_screen(200, model="cnn").label()
    screen.answer(14)
    screen.saved()
    train(screen)
    screen.page.get_by_test_id("training").get_by_text("keep labeling").wait_for()
    times(screen)
    given = screen.answer(12)
    found = times(screen)
    assert len(found) >= 10
    assert statistics.median(found) < MOST_MS * slow
    screen.page.get_by_role("button", name="Cancel").click()
    screen.page.wait_for_selector("text=Training was cancelled", timeout=PATIENCE)
    with screen.database() as project:
        assert set(given) <= set(answers(project))
        assert len(project.history) == 0


def test_a_model_shows_what_it_says_behind_the_buttons(make_screen):
    screen = make_screen(80, monitor_share=0).label()
    screen.answer(14)
    screen.saved()
    train(screen)
    screen.page.wait_for_selector("text=New model in use")
    screen.page.wait_for_selector("text=/Model 1 of \\d+ labels/")
    seen = None
    for _ in range(12):  # what was loaded before stays as it was
        seen = screen.page.query_selector("role=radio[name=/model \\d+ percent/]")
        if seen:
            break
        screen.answer(1)
    assert seen, "no prediction was shown"
    screen.wait_for_image()
    item, digit = screen.item, screen.file[0]
    screen.page.keyboard.press("p")
    screen.page.wait_for_selector("role=radio[name=/model/]", state="detached")
    screen.press("12"[int(digit)])
    screen.page.keyboard.press("p")
    shown = screen.item
    screen.press("Enter")
    with screen.database() as project:
        events = events_of(project)
    assert events[item].shown_prediction is None
    assert events[shown].shown_prediction is not None
    assert events[shown].model_id == 1


def events_of(project):
    import sqlalchemy as sa

    from skal.annotate import _schema

    with project._store.reading() as connection:
        rows = connection.execute(sa.select(_schema.event)).all()
    return {row.item_id: row for row in rows if row.kind == "label"}


def test_random_checks_are_answered_blind(make_screen):
    screen = make_screen(60, monitor_share=0.5).label()
    screen.answer(24)
    screen.saved()
    train(screen)
    screen.page.wait_for_selector("text=New model in use")
    n_blind = 0
    for _ in range(20):
        screen.wait_for_image()
        if screen.page.query_selector("text=Random check: answered blind"):
            n_blind += 1
            assert screen.page.query_selector("role=radio[name=/model/]") is None
            assert screen.page.get_by_role("button", name="Accept top").is_disabled()
        screen.answer(1)
    assert n_blind > 2
    with screen.database() as project:
        monitors = set(project.labels("monitor", as_frame=True)["path"])
        names = {item.id: item.relpath for item in project.items(n=1000)}
        events = events_of(project)
    blind = [event for item, event in events.items() if names[item] in monitors]
    assert len(blind) >= n_blind
    assert all(event.shown_prediction is None for event in blind)


def test_without_random_checks_a_model_has_no_estimate(make_screen):
    screen = make_screen(80, monitor_share=0).label()
    screen.answer(14)
    screen.saved()
    train(screen)
    screen.page.wait_for_selector("text=New model in use")
    screen.go("model")
    screen.page.wait_for_selector("text=In use")
    screen.page.wait_for_selector("text=No estimate yet")
    with screen.database() as project:
        assert list(project.history["is_current"]) == [True]
