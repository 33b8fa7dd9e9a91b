"""Chromium, one server for many projects, and pages that report what must not happen."""

import os

import pytest
from made_pages import ARGUMENTS, TALL, WIDE, Screen, find_chromium, is_ours, save_digits, server_of

IS_NEEDED = os.environ.get("SKAL_BROWSER_TESTS") == "1"


def missing(reason):
    if IS_NEEDED:
        pytest.fail(f"SKAL_BROWSER_TESTS=1, yet {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium():
    """Give a browser, or skip where there is none (fail with SKAL_BROWSER_TESTS=1)."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed: pip install playwright")
    path = find_chromium()
    if path is None:
        missing("Chromium is not installed: apt-get install chromium, or set SKAL_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """Return the folder that the shared server may look into."""
    return tmp_path_factory.mktemp("root")


@pytest.fixture(scope="session")
def server(chromium, root, tmp_path_factory):
    """Give a server that runs for all tests; each makes a project of its own."""
    with server_of(tmp_path_factory.mktemp("data"), "--root", root) as server:
        yield server


@pytest.fixture
def new_page(chromium):
    """Give pages; no request may leave this computer, and no script may fail or be refused."""
    contexts, wrong = [], []

    def make(**options):
        size = {"width": WIDE, "height": TALL}
        context = chromium.new_context(**{"viewport": size, "locale": "en-US", **options})
        context.on("request", lambda r: is_ours(r.url) or wrong.append(f"asked for {r.url}"))
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (wrong.append("a dialog"), dialog.dismiss()))
        page.on("console", lambda m: "Security Policy" in m.text and wrong.append(m.text))
        contexts.append(context)
        return page

    yield make
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def make_screen(server, root, new_page, request):
    """Give the screen of a new project of digits, on the shared server."""

    def make(n=60, labels=("zero", "one"), page=None, folder=None, **settings):
        if folder is None:
            folder = save_digits(root / request.node.name.replace("[", "_").strip("]"), n)
        card = server.make_project(folder, labels, root, **settings)
        card["place"] = f"{folder}.skal"
        return Screen(page or new_page(), server, card)

    return make
