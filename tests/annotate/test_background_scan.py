"""Labeling while the first scan runs: what is asked for, how it ends, and a score that is fair."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import sqlalchemy as sa
from made_projects import blobs, gray_images, save_images
from PIL import Image
from scipy.stats import chisquare

from skal.annotate import Project, _features, _listing, _scan, _schema, _store, _words
from skal.annotate._child import CancelledError
from skal.annotate._listing import draw_of, turn


@pytest.fixture
def folder(tmp_path):
    return save_images(tmp_path / "images", blobs(120)[0])


def held(monkeypatch, name):
    """Let a function that reads a file wait until it is told to go on; return what tells it."""
    module = _scan if name == "_examine" else _features
    real, go_on = getattr(module, name), threading.Event()
    n_read = []

    def slow(root, relpath):
        n_read.append(relpath)
        if len(n_read) > 40:
            assert go_on.wait(60)
        return real(root, relpath)

    monkeypatch.setattr(module, name, slow)
    return go_on


def wait_until(is_true, seconds=30):
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_images_are_asked_for_as_soon_as_they_are_read(folder, monkeypatch):
    go_on = held(monkeypatch, "_examine")
    with Project.create(folder, ["a"], wait=False) as project:
        wait_until(lambda: project.scan_job.n_done > 0)
        questions = project.next(8)
        assert len(questions) == 8
        assert {q.reason for q in questions} <= {_words.NO_EMBEDDINGS, _words.MONITOR}
        project.decide(questions[0].item_id, "label", "a")
        assert (project.scan_job.phase, project.scan_job.n) == ("scanning", 120)
        go_on.set()
        job = project.scan_job.wait()
        assert (job.state, job.phase, job.n_done, job.n) == ("done", "embedding", 120, 120)
        assert job.report.n_images == 120
        assert len(project._embeddings()[0]) == 120
        assert len(project.labels()[1]) == 1


def test_two_scans_do_not_run_at_once(folder, monkeypatch):
    go_on = held(monkeypatch, "_examine")
    with Project.create(folder, ["a"], wait=False) as project:
        with pytest.raises(RuntimeError, match="a scan is running"):
            project.scan()
        with pytest.raises(RuntimeError, match="a scan is running"):
            project.embed()
        go_on.set()
        project.scan_job.wait()
        assert project.scan().n_images == 120


@pytest.mark.parametrize("name", ["_examine", "_look_at"])
def test_closing_ends_a_scan_and_opening_goes_on_with_it(folder, monkeypatch, name):
    go_on = held(monkeypatch, name)
    project = Project.create(folder, ["a"], wait=False)
    wait_until(lambda: project.scan_job.n_done > 0)
    project.scan_job.cancel()
    go_on.set()
    project.close()
    assert project.scan_job.state == "cancelled"
    with Project.open(project.place, wait=False) as again:
        assert again.scan_job.wait().state == "done"
        assert len(again._embeddings()[0]) == 120
    with Project.open(project.place) as again:
        assert again.scan_job is None  # nothing is left to do


def test_what_goes_wrong_in_the_background_is_said(folder, monkeypatch):
    def fail(root, relpath):
        raise MemoryError("no such luck")

    monkeypatch.setattr(_features, "_look_at", fail)
    with Project.create(folder, ["a"], wait=False) as project:
        job = project.scan_job.wait()
        assert (job.state, job.message) == ("failed", "MemoryError: no such luck")
        assert len(project.next(3)) == 3
        with pytest.raises(MemoryError):
            project.embed()


def test_a_training_during_a_scan_learns_from_what_was_looked_at(folder, monkeypatch):
    y = blobs(120)[1]
    monkeypatch.setattr(_features, "N_TO_FIT", 20)
    monkeypatch.setattr(_features, "BATCH", 20)
    go_on = held(monkeypatch, "_look_at")
    with Project.create(folder, ["a", "b", "c"], wait=False, monitor_share=0) as project:
        wait_until(lambda: project.scan_job.phase == "embedding" and project.scan_job.n_done >= 40)
        for question in project.next(30):
            project.decide(question.item_id, "label", "abc"[y[question.item_id - 1]])
        snapshot, facts = project._snapshot()
        assert len(snapshot.pool_ids) == 40
        assert 0 < facts["n_labels"] <= 30
        go_on.set()
        project.scan_job.wait()
        assert len(project._embeddings()[0]) == 120


def test_both_ways_to_scan_give_the_same_project(folder, tmp_path):
    found = []
    for wait in (True, False):
        with Project.create(folder, ["a"], tmp_path / str(wait), wait=wait) as project:
            if not wait:
                project.scan_job.wait()
            found.append((project.items(n=200), project._embeddings()[1].tobytes()))
            found[-1] += (project.next(40),)
    assert found[0] == found[1]


CHILD = """
import sys
from skal.annotate import Project

def tell(phase, n_done, n):
    print(phase, n_done, flush=True)

project = Project.create(sys.argv[1], ["a"], sys.argv[2], wait=False, on_progress=tell)
project.scan_job.wait()
"""


@pytest.mark.parametrize("n_lines", [0, 2, 4, 8])
def test_a_scan_that_was_killed_is_finished(folder, tmp_path, n_lines):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", CHILD, str(folder), str(tmp_path / "p")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
        for _ in range(n_lines):
            child.stdout.readline()
        if n_lines == 0:
            wait_until(lambda: (tmp_path / "p" / _store.FILE).exists())
            time.sleep(0.3)
        os.kill(child.pid, signal.SIGKILL)
    with Project.open(tmp_path / "p") as project:
        assert len(project.items(n=200)) == 120
        assert len(project._embeddings()[0]) == 120
        assert len(reserved(project)) == 30


def reserved(project):
    """Return the names of monitor images."""
    with project._store.reading() as connection:
        reserve = connection.scalar(sa.select(_schema.project.c.reserve))
    items = project.items(n=1000)
    return {i.relpath for i in items if draw_of(project.random_state, i.relpath) < reserve}


# That the score is fair ---------------------------------------------------------------------

N_IMAGES, N_SEEDS = 40, 40


def test_monitor_images_are_uniform_over_the_pool_when_labeled_during_the_scan(
    tmp_path, monkeypatch
):
    """Also the first of them: neither place in the folder nor what was read first matters."""
    folder = save_images(tmp_path / "images", gray_images(N_IMAGES))
    (folder / "00007.png").write_bytes(b"broken")
    monkeypatch.setattr(_scan, "BATCH", 10)
    monkeypatch.setattr(_store, "SYNCHRONOUS", "OFF")  # hundreds of projects
    counts, firsts = np.zeros(N_IMAGES), np.zeros(N_IMAGES)
    for seed in range(N_SEEDS):
        project = made_project(folder, tmp_path / str(seed), seed)
        chosen = label_while_scanning(project)
        names = sorted(int(name[:5]) for name in reserved(project))
        counts[names] += 1
        firsts[chosen[:2]] += 1
        assert set(chosen) <= set(names)
        project.close()
    assert counts[7] == firsts[7] == 0
    others = np.arange(N_IMAGES) != 7
    for found in (counts[others], firsts[others]):
        assert chisquare(found).pvalue > 0.01  # images of one project repel: conservative
        assert chisquare(found.reshape(3, 13).sum(axis=1)).pvalue > 0.01  # places in the folder


def made_project(folder, place, seed):
    """Return a new project of which no file was read yet."""

    def stop(phase, n_done, n):
        raise CancelledError

    project = Project.create(
        folder, ["a"], place, embed=False, random_state=seed, wait=False, on_progress=stop
    )
    project.scan_job.wait()
    return project


def label_while_scanning(project):
    """Scan, and after every few files label most of what there is; return the monitor images."""
    blind = []

    def label(phase, n_done, n):
        for question in project.next(3) if phase == "scanning" else []:
            project.decide(question.item_id, "label", "a")
            if question.is_blind:
                blind.append(int(project.item(question.item_id).relpath[:5]))

    project.scan(on_progress=label)
    return blind


def test_what_is_read_first_is_a_random_sample_with_its_share_of_monitor_images():
    draws = np.sort([draw_of(0, f"{i}.png") for i in range(5000)])
    reserve = draws[500]
    order = np.argsort([turn(draw, reserve) for draw in draws])
    for n in (100, 1000, 2500):
        n_monitor = (order[:n] < 500).sum()
        assert abs(n_monitor - n / 10) < 4 * np.sqrt(n * 0.09)
        monitor = order[:n][order[:n] < 500]
        assert monitor.tolist() == list(range(n_monitor))  # in the order of the permutation


def test_a_duplicate_has_the_number_of_the_first_of_its_kind(tmp_path, monkeypatch):
    """Whichever of both is read first, unless it was asked for by then."""
    folder = save_images(tmp_path / "images", gray_images(10))
    for i in range(10):
        (folder / f"copy{i}.png").write_bytes((folder / f"{i:05d}.png").read_bytes())
    monkeypatch.setattr(_scan, "BATCH", 1)
    for seed in range(4):
        place = tmp_path / str(seed)
        with Project.create(folder, ["a"], place, embed=False, random_state=seed) as project:
            assert [i.relpath for i in project.items()] == [f"{i:05d}.png" for i in range(10)]
    project = made_project(folder, tmp_path / "asked", 5)
    label_while_scanning(project)
    kept = {item.relpath for item in project.items(n=100)}
    answered = {item.relpath for item in project.items(n=100, answer="label")}
    assert len(kept) == 10
    assert answered == kept  # no answer is lost to a file with the same content
    project.close()


def test_files_that_come_to_be_links_during_a_scan_are_refused(tmp_path):
    folder = save_images(tmp_path / "images", gray_images(3))
    Image.new("L", (8, 8), 99).save(tmp_path / "secret.png")
    project = made_project(folder, tmp_path / "p", 0)
    (folder / "00001.png").unlink()
    (folder / "00001.png").symlink_to(tmp_path / "secret.png")
    with project:
        project.scan()
        assert project.unreadable() == {"00001.png": _listing.OUTSIDE}
