"""The app as people meet it: a server of its own, Chromium, and what is seen on the screen."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

import skal
from skal.annotate import Project

ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --disable-extensions"
).split()
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDE, TALL = 1280, 800
PATIENCE = 60_000  # ms, beyond which something hangs
API = "/api/v1"


def find_chromium():
    """Return the path of a Chromium that is installed, or None."""
    chosen = os.environ.get("SKAL_CHROMIUM")
    return chosen or next((path for path in map(shutil.which, NAMES) if path), None)


def save_digits(folder, n=60, n_classes=2, side=64):
    """Save digits as images that are named by what they show: ``1_0042.png``."""
    X, y = load_digits(return_X_y=True)
    chosen = np.flatnonzero(y < n_classes)[:n]
    folder.mkdir(parents=True, exist_ok=True)
    for i in chosen:
        pixels = (X[i].reshape(8, 8) * 15.9).astype(np.uint8)
        image = Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC)
        image.save(folder / f"{y[i]}_{i:04d}.png")
    return folder


class Server:
    """``skal annotate`` in a process of its own, as the command line starts it."""

    def __init__(self, data, *arguments):
        self.data = data
        self._command = [sys.executable, "-c", "import skal.cli; skal.cli.app()", "annotate"]
        self._arguments = [*map(str, arguments), "--no-browser"]
        self._process = self._reader = None

    def start(self):
        """Start it; returns when it has printed its address."""
        source = str(Path(skal.__file__).parents[1])
        environment = os.environ | {
            "SKAL_ANNOTATE_DIR": str(self.data),
            "PYTHONPATH": source,
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
        }
        self._process = subprocess.Popen(
            self._command + self._arguments,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said = []
        for line in self._process.stdout:
            said.append(line)
            if "#token=" in line:
                self.url = next(word for word in line.split() if "#token=" in word)
                break
        else:
            raise AssertionError("the server did not start: " + "".join(said))
        self.origin, self.token = self.url.split("/#token=")
        self._reader = threading.Thread(target=self._process.stdout.read)  # it never blocks
        self._reader.start()
        return self

    def stop(self, *, by_force=False):
        """End it: politely, or as a power cut would."""
        if self._process is None:
            return
        self._process.kill() if by_force else self._process.terminate()
        self._process.wait(30)
        if self._reader is not None:
            self._reader.join()
        self._process.stdout.close()
        self._process = self._reader = None

    def ask(self, method, path, body=None):
        """Return what a route gives."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        content = None if method == "GET" else json.dumps(body or {}).encode()
        url = f"{self.origin}{API}{path}"
        request = urllib.request.Request(url, content, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def make_project(self, folder, labels, root, **settings):
        """Make a project of a folder below the root of this server; return its card."""
        roots = self.ask("GET", "/session")["roots"]
        root_id = next(r["root_id"] for r in roots if r["path"] == str(root))
        relpath = folder.relative_to(root).as_posix()
        body = {"root_id": root_id, "relpath": relpath, "labels": list(labels)}
        return self.ask("POST", "/projects", body | {"settings": settings})

    def close_project(self, project_id):
        """Let go of a project, so that it can be opened here."""
        self.ask("POST", f"/projects/{project_id}/close")


@contextlib.contextmanager
def server_of(data, *arguments):
    """Give a server that runs, and end it."""
    server = Server(data, *arguments)
    try:
        yield server.start()
    finally:
        server.stop()


class Screen:
    """A page of the app, by what people see and press."""

    def __init__(self, page, server, project=None):
        self.page, self.server, self.project = page, server, project
        page.set_default_timeout(PATIENCE)

    @property
    def path(self):
        return f"/p/{self.project['id']}"

    def go(self, screen="label"):
        """Open the address of a screen, with the key of the server."""
        path = f"{self.path}/{screen}" if screen in ("label", "model") else f"/{screen}"
        self.page.goto("about:blank")
        self.page.goto(f"{self.server.url}&{path}")
        return self

    def label(self):
        """Open the screen that labels, and wait for its first image."""
        self.go("label")
        self.wait_for_image()
        return self

    def wait_for_image(self):
        """Wait until an image can be answered, and is painted."""
        self.page.wait_for_selector("[data-testid=stage][data-item][data-seen=shown]")

    @property
    def item(self):
        """The number of the image on the stage."""
        return int(self.page.get_attribute("[data-testid=stage]", "data-item"))

    @property
    def file(self):
        """The file of the image on the stage."""
        return self.page.get_attribute("[data-testid=stage]", "data-file")

    def press(self, key):
        """Press a key that leads to another image; return the number of the one before."""
        self.page.wait_for_selector("[data-testid=stage][data-item]")
        before = self.item
        self.page.keyboard.press(key)
        self.page.wait_for_function(
            "before => document.querySelector('[data-testid=stage]').dataset.item !== before",
            arg=str(before),
        )
        return before

    def press_and_stay(self, key, said):
        """Press a key that says something about the image, and stay until it is announced."""
        self.page.keyboard.press(key)
        self.wait_to_hear(said)

    def wait_to_hear(self, text):
        """Wait until a screen reader would say something."""
        self.page.wait_for_function(
            "text => document.querySelector('[data-testid=announcer]').innerText.includes(text)",
            arg=text,
        )

    def answer(self, n, keys="12"):
        """Label so many images by what their files show; return their numbers and labels."""
        given = {}
        for _ in range(n):
            self.wait_for_image()
            digit = int(Path(self.file).name[0])
            given[self.press(keys[digit])] = digit
        return given

    def saved(self):
        """Wait until nothing is on its way to the server."""
        self.page.wait_for_selector('[data-testid=saved][data-waiting="0"]')

    def text(self, test_id):
        """What a part of the screen says."""
        return self.page.inner_text(f"[data-testid={test_id}]")

    @contextlib.contextmanager
    def database(self):
        """Leave the page, and give the project as it is on disk."""
        self.saved() if self.page.query_selector("[data-testid=saved]") else None
        self.page.goto("about:blank")
        self.server.close_project(self.project["id"])
        with Project.open(self.project["place"]) as project:
            yield project


def answers(project):
    """Return what images of a project are called, by their numbers, if they are answered."""
    return {item.id: item.label or item.answer for item in project.items(n=1000) if item.answer}


def is_ours(url):
    """Return whether a request stays on this computer."""
    parts = urlsplit(url)
    return parts.scheme in ("blob", "data", "about") or parts.hostname == "127.0.0.1"
