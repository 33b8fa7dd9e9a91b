"""How long ``skal annotate`` lets people wait, over HTTP, and how much memory it takes.

Run ``PYTHONPATH=.:tests python -m benchmarks.annotate_speed [N_ITEMS]`` on an idle machine; it
writes ``benchmarks/results/annotate_speed.md``. With 100,000 items it writes as many small files.
"""

import hashlib
import io
import os
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from killing import Running
from PIL import Image

from skal.annotate import Project, _features, _schema
from skal.annotate._listing import draw_of, stamp

from .harness import machine

RESULT = Path(__file__).parent / "results" / "annotate_speed.md"
N_DECISIONS = 300


def photos(folder, n, side=(320, 240)):
    """Write n images as JPEG."""
    rng, folder = np.random.RandomState(0), Path(folder)
    folder.mkdir()
    for i in range(n):
        small = Image.fromarray(rng.randint(0, 255, (8, 8, 3), np.uint8))
        small.resize(side).save(folder / f"{i:05d}.jpg")
    return folder


def large_project(folder, n):
    """Write n small files, and a project of them whose rows are written directly."""
    folder.mkdir()
    content = io.BytesIO()
    Image.new("L", (8, 8)).save(content, "PNG")
    Image.new("L", (8, 8)).save(folder / "first.png")
    place = Path(f"{folder}.skal")
    project = Project.create(folder, ["a", "b"], place, embed=False)
    rows = [_row(folder, f"{i:06d}.png", content.getvalue(), project) for i in range(n)]
    with project._store.writing() as connection:
        connection.execute(sa.insert(_schema.item), rows)
    project.close()
    _write_features(place, n + 1)
    return place


def _write_features(place, n):
    rng = np.random.RandomState(0)
    with open(place / _features.FILE, "wb") as file:
        for start in range(0, n, 5000):
            rows = rng.standard_normal((min(5000, n - start), _features.WIDTH))
            file.write(rows.astype(np.float16).tobytes())


def _row(folder, name, content, project):
    content = content + name.encode()  # what follows the end of a PNG is not read
    (folder / name).write_bytes(content)
    n_bytes, mtime_ns = stamp(folder / name)
    row = {"relpath": name, "n_bytes": n_bytes, "mtime_ns": mtime_ns, "width": 8, "height": 8}
    row |= {"content_hash": hashlib.sha256(content).hexdigest(), "has_features": True}
    return row | {"status": "ok", "reason": None, "draw": draw_of(project.random_state, name)}


def times(n, action):
    """Return the seconds that an action takes, n times."""
    found = []
    for i in range(n):
        start = time.perf_counter()
        action(i)
        found.append(time.perf_counter() - start)
    return np.array(found)


def shown(seconds):
    """Return the median and the 95th percentile in milliseconds."""
    return f"{1000 * np.median(seconds):.1f} | {1000 * np.percentile(seconds, 95):.1f}"


def memory(server):
    """Return the resident memory of a server and of its decoders, in MB."""
    pids = [server.process.pid]
    children = Path(f"/proc/{pids[0]}/task/{pids[0]}/children").read_text().split()
    return [sum(_resident(pid) for pid in pids), sum(_resident(int(pid)) for pid in children)]


def _resident(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def first_image(server):
    """Fetch the queue and its first image."""
    queue = server.ask("GET", f"/projects/{server.project}/queue?n=8")
    while not queue["questions"]:  # the folder is being listed
        time.sleep(0.01)
        queue = server.ask("GET", f"/projects/{server.project}/queue?n=8")
    key = queue["questions"][0]["item"]["image"]["content_key"]
    address = f"{server.base}/api/v1/projects/{server.project}/images/{key}?size=1024"
    headers = {"Authorization": f"Bearer {server.token}"}
    urllib.request.urlopen(urllib.request.Request(address, headers=headers)).read()


def labeling_times(server, prefix, n=N_DECISIONS):
    """Return the times of decisions, of the queue and of undo."""
    project = f"/projects/{server.project}"
    asked = []

    def queue(_):
        asked[:] = server.ask("GET", f"{project}/queue?n=8")["questions"]

    def decide(i):
        item = asked[i % len(asked)]["item"]["id"]
        body = {"kind": "label", "key": f"{prefix}-{i:06d}", "item_id": item, "label_id": 1 + i % 2}
        server.act(body)

    def undo(i):
        server.ask("POST", f"{project}/undo", {"key": f"{prefix}-undo-{i:06d}"})

    queues, decisions = [], []
    for start in range(0, n, 8):
        queues.append(times(1, queue))
        decisions.append(times(8, lambda i, s=start: decide(s + i)))
    return np.concatenate(decisions), np.concatenate(queues), times(50, undo)


def measure_small(scratch):
    """Return rows of the table for 1,000 images, and what starting took."""
    folder = photos(scratch / "photos", 1000)
    starts, rows = [], []
    for i in range(3):
        start = time.perf_counter()
        server = Running(folder, scratch / f"data-{i}")
        first_image(server)
        starts.append(time.perf_counter() - start)
        if i < 2:
            server.stop()
            os.rename(f"{folder}.skal", scratch / f"old-{i}")
    rows.append(f"| command to first image, 1,000 images | {shown(np.array(starts))} |")
    try:
        wait_for_idle(server)
        server.ask(
            "PATCH", f"/projects/{server.project}/settings", {"auto_train": {"policy": "manual"}}
        )
        rows += named(labeling_times(server, "idle"), "1,000 images")
        server.ask("POST", f"/projects/{server.project}/trainings", {})
        rows += named(labeling_times(server, "training", 96), "1,000 images, a model learns")
    finally:
        server.stop()
    return rows


def named(found, what):
    """Return rows of the table."""
    names = ("decision on disk", "queue of 8", "undo")
    return [f"| {name}, {what} | {shown(t)} |" for name, t in zip(names, found, strict=True)]


def wait_for_idle(server):
    """Wait until nothing goes on in the background."""
    while True:
        state = server.ask("GET", f"/projects/{server.project}/state")
        if state["scan"]["phase"] == state["embedding"]["phase"] == "idle":
            return
        time.sleep(0.5)


def measure_large(scratch, n):
    """Return rows of the table for many images."""
    place, what = large_project(scratch / "many", n), f"{n:,} images"
    opening = []
    for _ in range(3):
        start = time.perf_counter()
        project = Project.open(place, wait=False)
        project.next(8)
        opening.append(time.perf_counter() - start)
        project.close()
    server = Running(place, scratch / "data-large", labels=None)
    try:
        wait_for_idle(server)
        time.sleep(10)
        own, decoders = memory(server)
        rows = [f"| open, and ask for the first 8, {what} | {shown(np.array(opening))} |"]
        state = times(20, lambda i: server.ask("GET", f"/projects/{server.project}/state"))
        page = times(20, lambda i: server.ask("GET", f"/projects/{server.project}/items?n=100"))
        rows += [f"| state, {what} | {shown(state)} |", f"| page of 100, {what} | {shown(page)} |"]
        rows += named(labeling_times(server, "large"), what)
    finally:
        server.stop()
    return rows, f"Idle memory with {what}: {own:.0f} MB, and {decoders:.0f} MB of decoders."


def main(n_items=100_000):
    """Measure, and write the table."""
    with tempfile.TemporaryDirectory() as scratch:
        small = measure_small(Path(scratch))
        large, memory_line = measure_large(Path(scratch), n_items)
    load = f"Load of the machine at the end: {os.getloadavg()[0]:.1f}."
    text = "\n".join(
        [
            "# How long the labeling app lets people wait",
            "",
            f"Machine: {machine()}. Command: `python -m benchmarks.annotate_speed`. Over HTTP, one "
            f"request after another, the client on the same machine. {load} Milliseconds.",
            "",
            "| what | p50 | p95 |",
            "|---|---|---|",
            *small,
            *large,
            "",
            memory_line,
            "",
        ]
    )
    RESULT.write_text(text)
    print(text)


if __name__ == "__main__":
    main(*(int(n) for n in sys.argv[1:2]))
