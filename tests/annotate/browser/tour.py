"""Pictures of the screens, to be looked at: ``python tests/annotate/browser/tour.py FOLDER``.

Add a screen or a state by a function that leads there; its name names the picture.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from made_pages import ARGUMENTS, Screen, find_chromium, save_digits, server_of

LOOKS = [(1280, 800, "light"), (1920, 1080, "light"), (1280, 800, "dark"), (1920, 1080, "dark")]


def label(screen):
    """The first image of a sitting, with what was decided before."""
    screen.label()
    screen.page.wait_for_selector("text=Round")


def label_flagged(screen):
    """An image with a flag, which is taken away again."""
    screen.label()
    screen.press_and_stay("f", "Flagged")
    yield
    screen.press_and_stay("f", "Flag removed")


def search(screen):
    """The search for a label."""
    screen.label()
    screen.page.keyboard.press("Slash")
    screen.page.get_by_role("option").first.wait_for()


def note(screen):
    """A note about an image."""
    screen.label()
    screen.page.keyboard.press("n")
    screen.page.get_by_role("dialog").wait_for()


def keys(screen):
    """The list of keys."""
    screen.label()
    screen.page.keyboard.press("Shift+?")
    screen.page.get_by_role("dialog").wait_for()


def offline(screen):
    """Two decisions that wait for the server."""
    screen.label()
    screen.page.context.set_offline(True)
    screen.press("1")
    screen.page.get_by_test_id("offline").wait_for()
    yield
    screen.page.keyboard.press("Backspace")
    screen.page.context.set_offline(False)
    screen.saved()


def model(screen):
    """The model, its curve and its reports."""
    screen.go("model")
    screen.page.get_by_role("heading", name="Models").wait_for()


def settings(screen):
    """What can be chosen."""
    screen.go("settings")
    screen.page.get_by_role("heading", name="Storage").wait_for()


def projects(screen):
    """All projects."""
    screen.go("")
    screen.page.get_by_role("heading", name="Projects").wait_for()


def launch(screen):
    """What is said without a token."""
    screen.page.goto("about:blank")
    page = screen.page.context.new_page()
    page.goto(screen.server.origin)
    page.get_by_role("heading").wait_for()
    screen.page.close()
    screen.page = page


STATES = [label, label_flagged, search, note, keys, offline, model, settings, projects, launch]


def take_pictures(browser, server, card, folder):
    """Write a picture of each state in each look."""
    for width, height, scheme in LOOKS:
        size = {"width": width, "height": height}
        context = browser.new_context(viewport=size, color_scheme=scheme, locale="en-US")
        screen = Screen(context.new_page(), server, card)
        for state in STATES:
            going = state(screen)
            if going is not None:
                next(going)
            screen.page.screenshot(path=folder / f"{state.__name__}-{width}-{scheme}.png")
            if going is not None:
                next(going, None)
        context.close()


def prepare(browser, server, card):
    """Label enough that there is a model, and that something is known of it."""
    screen = Screen(browser.new_page(), server, card).label()
    screen.answer(66)
    screen.page.wait_for_selector("text=/Model \\d+ of/")
    screen.page.close()


def main(folder):
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        root = Path(scratch).resolve()
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        with server_of(root / "data", "--root", root) as server:
            images = save_digits(root / "digits", 120)
            card = server.make_project(images, ["zero", "one"], root, monitor_share=0.4)
            prepare(browser, server, card)
            take_pictures(browser, server, card, folder)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
