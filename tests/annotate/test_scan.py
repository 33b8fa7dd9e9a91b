"""What a scan of a folder finds, and what it refuses."""

import os
import sys
import time
import zlib

import numpy as np
import pytest
import sqlalchemy as sa
from made_projects import gray_images, save_images
from PIL import Image

from skal.annotate import Project, _images, _scan, _schema
from skal.annotate._listing import draw_of, n_reserved


@pytest.fixture
def folder(tmp_path):
    return save_images(tmp_path / "images", gray_images(4))


def made(folder, **options):
    return Project.create(folder, ["a", "b"], **options)


def reasons(folder):
    with made(folder) as project:
        return project.unreadable()


def names(project):
    return [item.relpath for item in project.items(n=10_000)]


def test_all_allowed_formats_are_found_below_the_folder(folder):
    image = Image.fromarray(np.random.RandomState(0).randint(0, 255, (9, 7), np.uint8))
    (folder / "deeper").mkdir()
    for i, suffix in enumerate(["jpg", "JPEG", "webp", "tif", "TIFF", "bmp", "PNG"]):
        image.resize((7 + i, 9)).save(folder / "deeper" / f"{i}.{suffix}")
    with made(folder) as project:
        assert len(names(project)) == 4 + 7
        assert project.unreadable() == {}
        item = project.items()[-1]
        assert (item.relpath, item.width, item.height) == ("deeper/6.PNG", 13, 9)


def test_names_may_be_any_unicode(folder):
    strange = ["Žluťoučký kůň.png", "日本 語.png", "=cmd|' !A0.png", "<img onerror=1>.png"]
    for i, name in enumerate(strange):
        Image.new("L", (8, 8), 100 + i).save(folder / name)
    with made(folder) as project:
        assert set(strange) <= set(names(project))
        for item in project.items():
            assert project.path(item.id).is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow Unicode names only")
def test_a_name_that_is_no_unicode_is_listed(folder):
    os.rename(folder / "00000.png", os.fsencode(folder) + b"/\xff.png")
    assert "not valid Unicode" in reasons(folder)["\\xff.png"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no PNG"),
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "no PNG"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 30, ""),
        (b"\xff\xd8\xff" + b"\0" * 30, ""),
    ],
)
def test_what_is_no_image_is_listed_with_the_reason(folder, content, reason):
    (folder / "bad.png").write_bytes(content)
    assert reason in reasons(folder)["bad.png"]


def bomb(width, height):
    """Return the header of a PNG file that promises many pixels."""
    head = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\0\0\0\0"
    data = b"IDAT" + zlib.compress(b"\0" * 100)
    chunks = [head, data, b"IEND"]
    packed = [len(c[4:]).to_bytes(4, "big") + c + zlib.crc32(c).to_bytes(4, "big") for c in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.parametrize("side", [11_000, 60_000])
def test_bombs_are_refused_by_their_header(folder, side):
    (folder / "bomb.png").write_bytes(bomb(side, side))
    assert reasons(folder)["bomb.png"].startswith(("it has", "it is too large"))


def test_images_of_a_hundred_million_pixels_are_allowed(folder):
    (folder / "large.png").write_bytes(bomb(10_000, 10_000))
    with made(folder, embed=False) as project:
        assert project.unreadable() == {}


def test_a_file_that_breaks_off_is_found_when_it_is_looked_at(folder):
    path = folder / "noise.jpg"
    Image.fromarray(np.random.RandomState(0).randint(0, 255, (99, 99), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:800])
    with made(folder, embed=False) as project:
        assert project.unreadable() == {}
        project.embed()
        assert "cannot be read" in project.unreadable()["noise.jpg"]
        assert "noise.jpg" not in names(project)


def test_links_that_leave_the_folder_are_refused(folder, tmp_path):
    Image.new("L", (8, 8), 99).save(tmp_path / "secret.png")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    (folder / "broken.png").symlink_to(folder / "nothing.png")
    (folder / "inside.png").symlink_to(folder / "00001.png")
    found = reasons(folder)
    assert "leaves the folder" in found["link.png"]
    assert "not followed" in found["up"]
    assert "cannot be read" in found["broken.png"]
    assert found["inside.png"] == "it is the same as 00001.png"


def test_an_image_that_became_a_link_is_refused_when_it_is_shown(folder, tmp_path):
    """A server that reads any path that its process can read."""
    Image.new("L", (8, 8), 99).save(tmp_path / "secret.png")
    with made(folder) as project:
        item = project.items()[0]
        (folder / item.relpath).unlink()
        (folder / item.relpath).symlink_to(tmp_path / "secret.png")
        with pytest.raises(ValueError, match="leaves the folder"):
            project.path(item.id)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders")
def test_a_pipe_does_not_stop_the_scan(folder):
    os.mkfifo(folder / "pipe.png")
    assert reasons(folder) == {"pipe.png": "it is no regular file"}


def test_the_same_content_is_asked_for_once(folder):
    (folder / "copy.png").write_bytes((folder / "00001.png").read_bytes())
    with made(folder) as project:
        assert project.unreadable() == {"copy.png": "it is the same as 00001.png"}
        (folder / "00001.png").unlink()
        report = project.scan()
        assert (report.n_images, report.n_duplicates, report.n_unreadable) == (4, 0, 1)
        assert "copy.png" in names(project)


def test_a_second_scan_sees_what_is_new_changed_and_gone(folder):
    with made(folder) as project:
        assert project.scan().n_new == 0
        Image.new("L", (8, 8), 200).save(folder / "new.png")
        Image.new("L", (30, 9), 201).save(folder / "00002.png")
        (folder / "00003.png").unlink()
        report = project.scan()
        assert (report.n_new, report.n_images, report.n_unreadable) == (1, 4, 1)
        assert project.unreadable() == {"00003.png": "the file is gone"}
        assert [item.width for item in project.items()] == [8, 8, 30, 8]
        save_images(folder, gray_images(4))
        assert project.scan().n_images == 5


def test_other_files_and_hidden_ones_are_left_alone(folder):
    (folder / "notes.txt").write_text("hello")
    (folder / ".hidden").mkdir()
    Image.new("L", (8, 8), 9).save(folder / ".hidden" / "a.png")
    with made(folder, place=folder / "project") as project:
        assert project.scan().n_other == 1
        assert len(names(project)) == 4


def test_nothing_is_written_into_the_folder_of_images(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with made(folder) as project:
        project.decide(1, "label", "a")
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_the_permutation_is_of_the_whole_pool_and_stays_when_images_come(tmp_path):
    folder = save_images(tmp_path / "images", gray_images(200))
    with made(folder, embed=False, random_state=3) as project:
        before = draws(project)
        assert before == {name: draw_of(3, name) for name in before}
        save_images(folder, gray_images(400))
        project.scan()
        assert before.items() <= draws(project).items()


def draws(project):
    with project._store.reading() as connection:
        rows = connection.execute(sa.select(_schema.item.c.relpath, _schema.item.c.draw))
        return {row.relpath: row.draw for row in rows}


def test_places_in_the_permutation_are_uniform():
    values = np.sort([draw_of(0, f"{i}.png") for i in range(2000)])
    gap = np.abs(values - (np.arange(2000) + 0.5) / 2000).max()
    assert gap < 1.63 / np.sqrt(2000)  # Kolmogorov and Smirnov, 1 %
    assert draw_of(0, "a") != draw_of(1, "a")


def test_small_pools_reserve_more_but_never_more_than_a_quarter():
    assert [n_reserved(n, 0.1) for n in (2, 40, 120, 300, 1000)] == [0, 10, 30, 30, 100]
    assert n_reserved(1000, 0) == 0


def test_a_thousand_images_are_scanned_in_two_seconds(tmp_path):
    folder = save_images(tmp_path / "images", gray_images(1000))
    start = time.process_time()
    with made(folder, embed=False) as project:
        assert time.process_time() - start < 2
        assert project.scan().n_images == 1000


def test_images_of_16_bits_are_stretched(folder):
    values = np.linspace(1000, 1400, 64 * 64).reshape(64, 64)
    Image.fromarray(values.astype(np.uint16)).save(folder / "deep.tif")
    small = _images.read_small(folder / "deep.tif", 16)
    assert small.dtype == np.uint8
    assert small.min() < 10
    assert small.max() > 245


def test_images_are_seen_upright(tmp_path):
    image = Image.new("L", (40, 20))
    image.paste(255, (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    image.save(tmp_path / "turned.jpg", exif=exif)
    small = _images.read_small(tmp_path / "turned.jpg", 8)[:, :, 0]
    assert (small[:4] > 200).all()
    assert (small[4:] < 50).all()


def test_a_scan_of_many_batches_is_one_of_a_few(tmp_path, monkeypatch):
    monkeypatch.setattr(_scan, "BATCH", 7)
    folder = save_images(tmp_path / "images", gray_images(50))
    with made(folder) as project:
        assert len(names(project)) == 50
