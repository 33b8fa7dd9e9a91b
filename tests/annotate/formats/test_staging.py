"""Uploads: refused by name, size and content, and taken over at once or not at all."""

import errno
import io
import os
import threading
import tracemalloc

import pytest
from evil_names import EVIL
from PIL import Image

from skal.annotate import Project
from skal.annotate.formats import Limits, Staging
from skal.exceptions import FormatError, TransferLimitError


def png(shade=0):
    buffer = io.BytesIO()
    Image.new("L", (8, 8), shade).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def staging(tmp_path):
    return Staging.create(tmp_path)


def put(staging, name, content):
    with staging.writer(name) as write:
        for start in range(0, len(content), 7):
            write(content[start : start + 7])


def files(staging):
    return sorted(p.relative_to(staging.folder).as_posix() for p in staging.folder.rglob("*.*"))


def test_an_upload_becomes_a_folder_at_once(staging, tmp_path):
    put(staging, "a.png", png())
    put(staging, "b/c d.png", png(1))
    put(staging, "labels.csv", b"path,label\na.png,cat\n")
    assert (staging.n_images, staging.n_data) == (2, 1)
    assert staging.data_file("labels.csv").read_bytes().startswith(b"path")
    assert staging.take(tmp_path / "photos") == tmp_path / "photos"
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
    with Project.create(tmp_path / "photos", ["cat"], embed=False) as project:
        assert [item.relpath for item in project.items()] == ["a.png", "b/c d.png"]


def test_an_upload_is_added_to_a_folder_of_images(staging, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(png())
    with Project.create(tmp_path / "photos", ["cat"], embed=False) as project:
        put(staging, "a.png", png(1))
        made = staging.take_into(project.folder)
        assert project.scan().n_new == 1
        assert made.parent == project.folder


@pytest.mark.parametrize(("name", "reason"), EVIL)
def test_evil_names_are_refused(staging, name, reason):
    with pytest.raises(FormatError, match="refused"), staging.writer(name):
        pass
    assert files(staging) == []


@pytest.mark.parametrize(
    "name", ["a.svg", "a.html", "a.pkl", "a.pt", "a.gif", "a", ".htaccess", ".ssh/a.png"]
)
def test_only_images_and_tables_are_taken(staging, name):
    with pytest.raises(FormatError, match="refused"), staging.writer(name):
        pass


@pytest.mark.parametrize(
    "content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b"%!PS", png()[:20]]
)
def test_images_are_judged_by_their_content_and_may_be_sent_again(staging, content):
    with pytest.raises(FormatError, match="refused"):
        put(staging, "a.png", content)
    assert files(staging) == []
    assert (staging.n_images, staging.n_bytes) == (0, 0)
    put(staging, "a.png", png())
    assert files(staging) == ["images/a.png"]


@pytest.mark.parametrize("second", ["a.png", "A.PNG", "a.png/b.png"])
def test_names_that_clash_are_refused(staging, second):
    put(staging, "a.png", png())
    with pytest.raises(FormatError, match="uploaded already"):
        put(staging, second, png(1))


def break_off(staging):
    with staging.writer("a.png") as write:
        write(png()[:30])
        raise ConnectionError


def test_an_upload_that_is_broken_off_leaves_nothing(staging):
    with pytest.raises(ConnectionError):
        break_off(staging)
    assert files(staging) == []
    assert staging.n_bytes == 0


def test_limits_hold_while_bytes_come(tmp_path):
    staging = Staging.create(tmp_path, Limits(n_bytes_each=1000, n_bytes=1500, n_files=3))
    with pytest.raises(TransferLimitError, match="Put it on this machine"):
        put(staging, "a.png", bytes(2000))
    put(staging, "a.csv", bytes(900))
    with pytest.raises(TransferLimitError, match="there are more"):
        put(staging, "b.csv", bytes(900))
    put(staging, "c.csv", b"")
    put(staging, "d.csv", b"")
    with pytest.raises(TransferLimitError, match="more than 3 files"):
        put(staging, "e.csv", b"")
    assert files(staging) == ["data/a.csv", "data/c.csv", "data/d.csv"]


def test_a_large_file_passes_without_being_in_memory(staging):
    chunk = bytes(1 << 20)
    tracemalloc.start()
    with staging.writer("a.csv") as write:
        for _ in range(100):
            write(chunk)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 << 20
    assert staging.n_bytes == 100 << 20


def test_a_disk_that_is_nearly_full_takes_nothing(tmp_path):
    with pytest.raises(OSError, match="have to stay free"):
        Staging.create(tmp_path, Limits(disk_floor=10**18))
    assert not list(tmp_path.iterdir())
    staging = Staging.create(tmp_path)
    staging._limits = Limits(disk_floor=10**18)
    with pytest.raises(OSError, match="have to stay free"):
        put(staging, "a.png", png())
    assert files(staging) == []


def test_an_upload_is_found_again_by_its_token(staging, tmp_path):
    put(staging, "b/a.png", png())
    (staging.images / "b" / ".part-0").write_bytes(b"x")
    again = Staging.open(tmp_path, staging.token)
    assert (again.n_images, again.n_bytes) == (1, len(png()))
    with pytest.raises(FormatError, match="uploaded already"):
        put(again, "b/A.png", png(1))


@pytest.mark.parametrize("token", ["", "..", "../x", "a" * 32, "/", "A" * 32, "0" * 31 + "\n"])
def test_no_other_folder_is_an_upload(tmp_path, token):
    with pytest.raises(KeyError):
        Staging.open(tmp_path, token)


def test_data_files_are_only_those_that_were_uploaded(staging, tmp_path):
    (tmp_path / "secret.csv").write_text("x")
    put(staging, "a.png", png())
    for name in ("../../secret.csv", str(tmp_path / "secret.csv"), "no.csv", "../images/a.png"):
        with pytest.raises(KeyError):
            staging.data_file(name)


def test_old_uploads_are_removed_and_nothing_else(staging, tmp_path):
    (tmp_path / "upload-mine").mkdir()
    (tmp_path / "photos").mkdir()
    assert Staging.remove_stale(tmp_path) == 0
    os.utime(staging.folder, (0, 0))
    os.utime(tmp_path / "upload-mine", (0, 0))
    assert Staging.remove_stale(tmp_path) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "upload-mine"]


def test_an_upload_is_not_lost_where_it_cannot_be_taken(staging, tmp_path):
    with pytest.raises(FormatError, match="no image"):
        staging.take(tmp_path / "photos")
    put(staging, "a.png", png())
    (tmp_path / "photos").mkdir()
    with pytest.raises(FileExistsError):
        staging.take(tmp_path / "photos")
    assert files(staging) == ["images/a.png"]


def test_an_upload_moves_to_another_disk(staging, tmp_path, monkeypatch):
    put(staging, "b/a.png", png())
    rename, calls = os.rename, []

    def rename_once(source, target):
        calls.append(source)
        if len(calls) == 1:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(source, target)

    monkeypatch.setattr(os, "rename", rename_once)
    staging.take(tmp_path / "photos")
    assert (tmp_path / "photos" / "b" / "a.png").read_bytes() == png()
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_many_threads_upload_at_once(staging):
    def send(start):
        for i in range(start, start + 20):
            put(staging, f"{i}.png", png(i))

    threads = [threading.Thread(target=send, args=[20 * i]) for i in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert staging.n_images == len(files(staging)) == 100
    assert staging.n_bytes == sum(path.stat().st_size for path in staging.images.iterdir())
