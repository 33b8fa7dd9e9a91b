"""A real skal annotate that is killed at random while decisions come in over HTTP."""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

STARTS_WITHIN = 120.0  # seconds
COMMAND = "from skal.cli import app; app()"


class Running:
    """A server in a process of its own."""

    def __init__(self, folder, data, *more, labels="a,b"):
        self.log = Path(data).parent / "server.log"
        environment = os.environ | {"SKAL_ANNOTATE_DIR": str(data), "OMP_NUM_THREADS": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
        command = [sys.executable, "-c", COMMAND, "annotate", str(folder), "--no-browser", *more]
        command += ["--labels", labels] if labels else []
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        self.base, self.token = self._address()
        self.project = self.ask("GET", "/session")["project_id"]

    def _address(self):
        end = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < end:
            text = self.log.read_text()
            if found := re.search(r"(http://\S+)/#token=(\S+)\n", text):
                return found.groups()
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        self.process.kill()
        raise RuntimeError(f"the server did not start: {self.log.read_text()}")

    def ask(self, method, path, body=None):
        """Return what a route gives."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}/api/v1{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def act(self, action):
        """Send an action."""
        return self.ask("POST", f"/projects/{self.project}/decisions", action)

    def kill(self):
        """Kill it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """End it as Ctrl-C does; return its exit code."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(30)
        finally:
            self.process.kill()


def script(n, n_items, seed):
    """Return actions of somebody who labels, changes their mind and takes things back."""
    rng, actions = random.Random(seed), []
    for i in range(n):
        kind = rng.choices(["label", "skip", "unsure", "undo", "redo"], [70, 8, 7, 10, 5])[0]
        action = {"kind": kind, "key": f"script-{seed}-{i:06d}", "client_ts": 1e9 + i}
        if kind not in ("undo", "redo"):
            action["item_id"] = 1 + rng.randrange(n_items)
        if kind == "label":
            action["label_id"] = 1 + rng.randrange(2)
        actions.append(action)
    return actions


def run(folder, data, n=300, n_items=60, seed=0):
    """Send a script to servers that are killed, and return what was wrong in the end: a list.

    Each action is sent until it is acknowledged, as an outbox does, so it may be sent twice.
    """
    actions, acknowledged, rng = script(n, n_items, seed), {}, random.Random(seed)
    server, i, n_kills = Running(folder, data), 0, 0
    try:
        while i < n:
            last, killer = i + rng.randint(5, n // 2), None
            with contextlib.suppress(urllib.error.URLError, ConnectionError, OSError):
                while i < n:
                    if i == last:  # some moment in this request or one of the next
                        killer = threading.Timer(rng.uniform(0, 0.1), server.kill)
                        killer.start()
                    acknowledged[actions[i]["key"]] = server.act(actions[i])["decision"]
                    i += 1
            if killer is not None:
                killer.join()
                n_kills += 1
                server = Running(folder, data) if i < n else server
        server.stop()
    finally:
        server.kill()
    return find_differences(Path(f"{folder}.skal"), actions, acknowledged), n_kills


def find_differences(place, actions, acknowledged):
    """Return in words what a project does not hold, or holds twice, of what was acknowledged."""
    from skal.annotate import Project, _decisions, _schema

    problems = []
    with Project.open(place) as project, project._store.reading() as connection:
        rows = connection.execute(_schema.event.select()).all()
        kept, states = {row.idempotency_key: row for row in rows}, _decisions.states(connection)
    if len(kept) != len(rows):
        problems.append("an action is there twice")
    for key, decision in acknowledged.items():
        if decision is not None and (key not in kept or kept[key].id != decision["id"]):
            problems.append(f"{key} was acknowledged and is lost or another")
    if unknown := set(kept) - {action["key"] for action in actions}:
        problems.append(f"nobody has sent {sorted(unknown)[:3]}")
    order = [action["key"] for action in actions if action["key"] in kept]
    if order != [row.idempotency_key for row in rows]:
        problems.append("the order is another")
    found = {i: (state["answer"], state["label_id"]) for i, state in states.items()}
    if found != _replayed(actions):
        problems.append("the labels are not those of the script")
    return problems


def _replayed(actions):
    """Return the states that a script leaves, each action taken once: a slow, obvious version."""
    stack, undone, by_item = [], [], {}
    for action in actions:
        if action["kind"] == "undo":
            if stack:
                undone.append(stack.pop())
        elif action["kind"] == "redo":
            if undone:
                stack.append(undone.pop())
        else:
            stack.append(action)
            undone.clear()
    stack.sort(key=lambda action: action["key"])
    for action in stack:
        state = by_item.setdefault(action["item_id"], {"n_skips": 0})
        state["answer"], state["label_id"] = action["kind"], action.get("label_id")
        state["n_skips"] += action["kind"] == "skip"
    return {i: (s["answer"], s["label_id"]) for i, s in by_item.items()}
