"""The label loop through the screen: keys, undo, skips, notes, and what is on disk after."""

import json
import urllib.request
from pathlib import Path

from made_pages import Screen, answers, save_digits, server_of

from skal.annotate import Project


def test_a_folder_is_labeled_from_the_command_line(new_page, tmp_path):
    folder = save_digits(tmp_path / "images", 12)
    arguments = [folder, "--labels", "zero,one"]
    with server_of(tmp_path / "data", *arguments) as server:
        screen = Screen(new_page(), server)
        screen.page.goto(server.url)
        screen.wait_for_image()
        assert "token" not in screen.page.url
        given = screen.answer(3)
        screen.saved()
    with Project.open(f"{folder}.skal") as project:
        names = [label.name for label in project.classes]
        assert answers(project) == {item: names[digit] for item, digit in given.items()}


def test_digits_label_by_their_place_on_the_keyboard(make_screen):
    screen = make_screen(labels=("zero", "one")).label()
    first = screen.item
    screen.page.evaluate(
        """() => window.dispatchEvent(new KeyboardEvent('keydown',
        {key: 'é', code: 'Digit2', bubbles: true, cancelable: true}))"""
    )  # as the key of a French keyboard
    screen.page.wait_for_function(
        "id => document.querySelector('[data-testid=stage]').dataset.item !== id", arg=str(first)
    )
    second = screen.press("1")
    with screen.database() as project:
        assert answers(project) == {first: "one", second: "zero"}


def test_undo_and_redo_reach_over_batches_and_restarts(new_page, tmp_path):
    folder = save_digits(tmp_path / "images", 30)
    server_arguments = [folder, "--labels", "zero,one"]
    with server_of(tmp_path / "data", *server_arguments) as server:
        project_id = server.ask("GET", "/projects")["projects"][0]["id"]
        server.ask("PATCH", f"/projects/{project_id}/settings", {"batch_size": 2})
        screen = Screen(new_page(), server, {"id": project_id}).label()
        given = list(screen.answer(5))
        screen.press("Backspace")
        assert screen.item == given[4]
        screen.saved()
        server.stop(by_force=True)
    with server_of(tmp_path / "data", *server_arguments) as server:
        screen = Screen(new_page(), server, {"id": project_id}).label()
        screen.page.keyboard.press("Control+Shift+z")
        screen.wait_to_hear("Redone")
        for expected in reversed(given):
            screen.page.keyboard.press("Control+z")
            screen.page.wait_for_selector(f'[data-testid=stage][data-item="{expected}"]')
        screen.saved()
    with Project.open(f"{folder}.skal") as project:
        assert answers(project) == {}


def test_skip_unsure_exclude_flag_and_note(make_screen):
    screen = make_screen(8, batch_size=4, monitor_share=0).label()
    skipped, unsure, excluded = (screen.press(key) for key in "sux")
    marked = screen.item
    screen.press_and_stay("f", "Flagged")
    screen.page.keyboard.press("n")
    screen.page.keyboard.type("1 label, odd")  # digits in a text label nothing
    screen.page.keyboard.press("Control+Enter")
    screen.wait_to_hear("Note kept")
    assert screen.item == marked
    seen = [screen.press("1") for _ in range(6)]
    assert skipped in seen
    screen.page.wait_for_selector("text=Everything is labeled")
    with screen.database() as project:
        found = answers(project)
        assert (found[unsure], found[excluded]) == ("unsure", "exclude")
        assert found[skipped] == found[marked] == "zero"
        item = project.item(marked)
        assert (item.is_flagged, item.note) == (True, "1 label, odd")


def test_images_are_labeled_without_a_server_and_sent_when_it_is_back(make_screen):
    screen = make_screen().label()
    context = screen.page.context
    first = screen.press("1")
    screen.saved()
    context.set_offline(True)
    others = []
    for _ in range(3):
        screen.wait_for_image()
        others.append(screen.press("2"))
    screen.page.wait_for_selector("text=/Working offline: 3 decisions kept here/")
    context.set_offline(False)
    screen.saved()
    with screen.database() as project:
        assert answers(project) == {first: "zero"} | dict.fromkeys(others, "one")


def test_decisions_outlive_the_tab(make_screen, server):
    screen = make_screen().label()
    context = screen.page.context
    context.set_offline(True)
    kept = screen.press("2")
    screen.page.wait_for_selector("text=/Working offline: 1 decision kept/")
    screen.page.close()
    context.set_offline(False)
    again = Screen(context.new_page(), server, screen.project).label()
    again.saved()
    assert again.item != kept
    with again.database() as project:
        assert answers(project) == {kept: "one"}


def test_what_somebody_else_has_answered_is_a_question(make_screen, server):
    screen = make_screen().label()
    item = screen.item
    body = {"kind": "label", "key": "somebody-else", "item_id": item, "label_id": 2}
    answer = ask_as(server, "ann", f"/projects/{screen.project['id']}/decisions", body)
    assert answer["item"]["label_id"] == 2
    screen.press("1")
    notice = screen.page.wait_for_selector("[data-testid=conflict]")
    screen.page.wait_for_selector("text=/You: zero. In the project: one/")
    assert "Somebody else" in notice.inner_text()
    screen.page.get_by_role("button", name="Keep mine").click()
    screen.page.wait_for_selector("[data-testid=conflict]", state="detached")
    with screen.database() as project:
        assert answers(project)[item] == "zero"


def ask_as(server, annotator, path, body):
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    headers["Skal-Annotator"] = annotator
    url = f"{server.origin}/api/v1{path}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answered:
        return json.load(answered)


def test_more_labels_than_keys_are_found_by_search(make_screen):
    labels = [f"kind {i:02d}" for i in range(24)]
    screen = make_screen(labels=labels).label()
    eleventh = screen.press("Shift+Digit1")
    before = screen.item
    screen.page.keyboard.press("Slash")
    screen.page.keyboard.type("23")
    screen.page.get_by_role("option", name="kind 23").wait_for()
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_selector(f'[data-testid=stage]:not([data-item="{before}"])')
    with screen.database() as project:
        assert answers(project) == {eleventh: "kind 10", before: "kind 23"}


def test_the_reason_is_what_the_server_says(make_screen, server):
    screen = make_screen().label()
    screen.answer(3)
    screen.wait_for_image()
    said = server.ask("GET", f"/projects/{screen.project['id']}/items/{screen.item}/why")
    screen.page.wait_for_function(
        "reason => document.querySelector('[data-testid=reason]').innerText === reason",
        arg=said["reason"],
    )


def test_names_are_text_wherever_they_come_from(make_screen, root):
    evil = "<img src=x onerror=alert(1)>"
    folder = save_digits(root / "evil", 12)
    for path in list(folder.iterdir())[:12]:
        path.rename(folder / f"{path.stem[0]}_<img src=x onerror=alert(1)>{path.stem[2:]}.png")
    screen = make_screen(labels=(evil, "one"), folder=folder, monitor_share=0).label()
    screen.page.get_by_role("radio", name=evil).wait_for()
    screen.answer(11)
    screen.page.keyboard.press("n")
    screen.page.keyboard.type(evil)
    screen.page.keyboard.press("Control+Enter")
    screen.wait_to_hear("Note kept")
    screen.server.ask("PATCH", f"/projects/{screen.project['id']}", {"name": evil})
    screen.page.keyboard.press("t")
    screen.page.get_by_role("button", name="Train now").click()
    screen.page.wait_for_selector("text=New model in use")
    for place in ("model", "settings", "", "label"):
        screen.go(place)
        screen.page.wait_for_selector(f"text={evil}")
        assert screen.page.query_selector("img[src='x']") is None
    assert Path(folder).is_dir()
