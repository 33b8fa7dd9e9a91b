"""What is said where there is nothing to show, and what people choose about the app."""

import json
from pathlib import Path

import pytest
from made_pages import Screen, answers, save_digits, server_of

import skal.annotate
from skal.annotate import Project

AXE = Path(skal.annotate.__file__).parent / "web/node_modules/axe-core/axe.min.js"


def refuse(route, *, status=500, **problem):
    body = {"type": "/problems/broken", "title": "Broken", "status": status, "fields": []}
    body |= {"detail": "The disk has failed.", "expected": None, "found": None, "fix": None}
    route.fulfill(
        status=status, content_type="application/problem+json", body=json.dumps(body | problem)
    )


def test_without_a_token_the_page_says_how_to_come_in(server, new_page):
    page = new_page()
    page.goto(server.origin)
    page.get_by_role("heading", name="This page needs its key").wait_for()
    page.get_by_text("skal annotate --url").wait_for()


def test_a_screen_that_is_not_there(make_screen):
    screen = make_screen()
    screen.go("nothing")
    screen.page.get_by_role("heading", name="There is no such screen").wait_for()


def test_an_empty_folder_says_so(make_screen, root):
    (root / "empty").mkdir()
    screen = make_screen(folder=root / "empty")
    screen.go("label")
    screen.page.get_by_role("heading", name="No images yet").wait_for()
    screen.go("model")
    screen.page.get_by_role("heading", name="No model yet").wait_for()


def test_a_project_without_labels_takes_the_first_one(make_screen):
    screen = make_screen(labels=()).label()
    screen.page.get_by_placeholder("New label").fill("zero")
    screen.page.keyboard.press("Enter")
    screen.page.get_by_role("radio", name="zero, key 1").wait_for()
    screen.page.locator("body").click(position={"x": 5, "y": 5})
    first = screen.press("1")
    with screen.database() as project:
        assert answers(project) == {first: "zero"}


def test_an_image_that_cannot_be_shown_is_skipped(make_screen):
    screen = make_screen()
    problem = {"type": "/problems/image-unreadable", "detail": "The file ends too early."}
    screen.page.route("**/images/*", lambda route: refuse(route, status=422, **problem))
    screen.page.route("**/images/*?*", lambda route: refuse(route, status=422, **problem))
    screen.go("label")
    screen.page.get_by_role("heading", name="This image cannot be shown").wait_for()
    screen.page.get_by_text("The file ends too early.").wait_for()
    skipped = screen.press("s")
    with screen.database() as project:
        assert answers(project) == {skipped: "skip"}


def test_errors_are_said_where_the_data_would_be(make_screen):
    screen = make_screen()
    screen.page.route("**/api/v1/projects/*/models", refuse)
    screen.go("model")
    screen.page.get_by_role("heading", name="The models could not be fetched").wait_for()
    screen.page.unroute("**/api/v1/projects/*/models")
    screen.page.get_by_role("button", name="Try again").click()
    screen.page.get_by_role("heading", name="No model yet").wait_for()


def test_a_key_is_changed_unless_it_means_something_else(make_screen):
    screen = make_screen()
    screen.go("settings")
    page = screen.page
    page.get_by_role("button", name="Change the key of Skip").click()
    page.keyboard.press("u")
    page.get_by_text("U already means “Unsure").wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Change the key of Skip").click()
    page.keyboard.press("k")
    page.get_by_role("button", name="Default key for Skip").wait_for()
    screen.label()
    skipped = screen.press("k")
    screen.page.keyboard.press("Shift+?")
    screen.page.get_by_role("dialog", name="Keys on this screen").wait_for()
    with screen.database() as project:
        assert answers(project) == {skipped: "skip"}


def test_the_policy_of_training_is_kept(make_screen):
    screen = make_screen().label().go("settings")
    screen.page.get_by_label("Train by itself").select_option("manual")
    screen.page.get_by_text("Saved.").wait_for()
    state = screen.server.ask("GET", f"/projects/{screen.project['id']}/state")
    assert state["settings"]["auto_train"]["policy"] == "manual"


def test_projects_are_renamed_thrown_away_and_put_back(make_screen):
    screen = make_screen()
    name = screen.project["name"]
    page = screen.page
    screen.go("")
    page.get_by_role("button", name=f"More about “{name}”").click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_label("New name").fill(f"{name} again")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"{name} again").wait_for()
    page.get_by_role("button", name=f"More about “{name} again”").click()
    page.get_by_role("menuitem", name="Move to the trash").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name=f"Open {name} again").click()
    screen.wait_for_image()
    with screen.database() as project:
        assert project.name == f"{name} again"


def test_nothing_overflows_in_a_longer_language(make_screen):
    screen = make_screen(labels=("zero", "one", "two", "three")).label()
    prefer(screen, language="pseudo")
    for place in ("label", "model", "settings", ""):
        screen.go(place)
        screen.page.get_by_text("[").first.wait_for()
        assert overflow(screen.page) == [], place


OVERFLOW = """() => [...document.querySelectorAll('button, a, h1, h2, h3, p, label')]
  .filter(e => e.offsetParent && !e.closest('.visually-hidden'))
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.innerText.slice(0, 40))"""


def overflow(page):
    return page.evaluate(OVERFLOW)


def prefer(screen, **wanted):
    screen.page.evaluate(
        """wanted => {
          const kept = JSON.parse(localStorage.getItem('skal.preferences') ?? '{"state":{}}')
          const state = {...kept.state, ...wanted}
          localStorage.setItem('skal.preferences', JSON.stringify({...kept, state, version: 1}))
        }""",
        wanted,
    )


@pytest.mark.parametrize("size", [(1280, 800), (640, 400)], ids=["1280", "zoomed-200"])
def test_the_image_has_the_room_and_all_can_be_reached(make_screen, new_page, size):
    page = new_page(viewport={"width": size[0], "height": size[1]})
    screen = make_screen(page=page).label()
    assert overflow(page) == []
    stage = page.locator("[data-testid=stage]").bounding_box()
    assert stage["width"] >= 0.75 * size[0]
    page.get_by_role("radio", name="zero, key 1").scroll_into_view_if_needed()
    with screen.database() as project:
        assert answers(project) == {}


def test_all_of_labeling_is_done_without_a_mouse(make_screen):
    screen = make_screen()
    screen.page.goto(f"{screen.server.url}&/")
    name = screen.project["name"]
    tab_to(screen.page, f"Open {name}")
    screen.page.keyboard.press("Enter")
    screen.wait_for_image()
    first = screen.item
    tab_to(screen.page, "zero, key 1")
    screen.page.keyboard.press("ArrowDown")
    screen.page.keyboard.press("Space")
    screen.page.wait_for_selector(f'[data-testid=stage]:not([data-item="{first}"])')
    second = screen.press("1")
    screen.page.keyboard.press("m")
    screen.page.get_by_role("heading", name="No model yet").wait_for()
    with screen.database() as project:
        assert answers(project) == {first: "one", second: "zero"}


FOCUSED = "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.innerText"


def tab_to(page, name):
    page.get_by_label(name).or_(page.get_by_text(name)).first.wait_for()
    for _ in range(60):
        page.keyboard.press("Tab")
        if (page.evaluate(FOCUSED) or "").startswith(name):
            return
    raise AssertionError(f"{name!r} is not reached by Tab")


def find_violations(page):
    if not AXE.exists():
        pytest.skip(f"axe-core is not installed: run `npm ci` in {AXE.parents[2]}")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [
        f"{v['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for v in found
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_screen_shuts_anybody_out(make_screen, new_page, scheme):
    screen = make_screen(page=new_page(color_scheme=scheme)).label()
    screen.press("1")
    screen.wait_for_image()
    problems = {"label": find_violations(screen.page)}
    screen.page.keyboard.press("Shift+?")
    screen.page.get_by_role("dialog").wait_for()
    problems["keys"] = find_violations(screen.page)
    for place, heading in {"model": "No model yet", "settings": "Settings", "": "Projects"}.items():
        screen.go(place)
        screen.page.get_by_role("heading", name=heading, exact=True).wait_for()
        problems[place or "projects"] = find_violations(screen.page)
    assert {place: found for place, found in problems.items() if found} == {}


def test_a_model_is_described_to_all(make_screen):
    screen = make_screen(80, monitor_share=0.5).label()
    screen.answer(50)
    screen.saved()
    screen.go("model")
    screen.page.get_by_role("heading", name="Learning curve").wait_for()
    screen.page.get_by_role("table", name="Accuracy by number of labels").wait_for(state="attached")
    assert find_violations(screen.page) == []


def test_a_read_only_server_decides_nothing(new_page, tmp_path):
    folder = save_digits(tmp_path / "images", 12)
    data = tmp_path / "data"
    with server_of(data, folder, "--labels", "zero,one") as server:
        card = server.ask("GET", "/projects")["projects"][0]
    with server_of(data, folder, "--read-only") as server:
        screen = Screen(new_page(), server, card).label()
        screen.page.get_by_text("Keys that decide are off").wait_for()
        before = screen.item
        screen.page.keyboard.press("1")
        screen.press("ArrowRight")
        screen.page.keyboard.press("ArrowLeft")
        screen.page.wait_for_selector(f'[data-testid=stage][data-item="{before}"]')
    with Project.open(f"{folder}.skal") as project:
        assert answers(project) == {}
