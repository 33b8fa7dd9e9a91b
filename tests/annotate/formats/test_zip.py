"""ZIP archives: evil ones are refused before anything is written, and good ones are whole."""

import io
import os
import stat
import threading
import time
import zipfile
import zlib

import pytest
from evil_names import EVIL
from PIL import Image

from skal.annotate.formats import Limits, _whole, extract_zip
from skal.exceptions import CancelledTransferError, FormatError, TransferLimitError


def png(shade=0):
    buffer = io.BytesIO()
    Image.new("L", (8, 8), shade).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def make(tmp_path):
    def make(entries, method=zipfile.ZIP_DEFLATED):
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, content in entries:
                archive.writestr(name, content)
        return path

    return make


def nothing_is_left(folder):
    return sorted(path.name for path in folder.iterdir()) == ["a.zip"]


def entry(name, mode=None):
    """Return an entry whose name is written as it is."""
    info = zipfile.ZipInfo("x")
    info.filename = info.orig_filename = name
    info.compress_type = zipfile.ZIP_DEFLATED
    if mode is not None:
        info.create_system, info.external_attr = 3, mode << 16
    return info


def test_images_and_tables_come_out_and_nothing_else(make, tmp_path):
    entries = [("a.png", png()), ("b/ž c.PNG", png(1)), ("labels.csv", "path,label\n")]
    entries += [("b/", ""), ("run.exe", b"MZ"), ("__MACOSX/a.png", b"x"), (".x/b.png", b"x")]
    entries += [("evil.svg", "<svg/>"), ("bad.png", "<html>"), ("inner.zip", b"PK")]
    made = extract_zip(make(entries), tmp_path / "new")
    files = [p.relative_to(tmp_path / "new").as_posix() for p in made.folder.rglob("*.*")]
    assert sorted(files) == ["a.png", "b/ž c.PNG", "labels.csv"]
    assert (made.n_images, made.n_data, made.n_other, made.n_left_out) == (2, 1, 5, 1)
    assert made.problems[0].where == "bad.png"
    assert made.folder.joinpath("a.png").read_bytes() == png()


@pytest.mark.parametrize("name", [name for name, _ in EVIL if "\ud800" not in name])
def test_an_evil_name_refuses_the_whole_archive(make, tmp_path, name):
    path = make([("a.png", png()), (entry(name), png(1))])
    with pytest.raises(FormatError, match="refused"):
        extract_zip(path, tmp_path / "new")
    assert nothing_is_left(tmp_path)


@pytest.mark.parametrize("second", ["a.png", "A.png", "a.png/b.png"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_clash_refuse_the_whole_archive(make, tmp_path, second):
    path = make([("a.png", png()), (second, png(1))])
    with pytest.raises(FormatError, match="for the same"):
        extract_zip(path, tmp_path / "new")
    assert nothing_is_left(tmp_path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO])
def test_links_and_devices_refuse_the_whole_archive(make, tmp_path, kind):
    path = make([("a.png", png()), (entry("b.png", kind | 0o777), "/etc/passwd")])
    with pytest.raises(FormatError, match="link, a device or a pipe"):
        extract_zip(path, tmp_path / "new")
    assert nothing_is_left(tmp_path)


def test_a_bomb_is_refused_by_what_it_declares(make, tmp_path):
    path = make([("a.png", b"\0" * 3_000_000)])
    with pytest.raises(TransferLimitError, match="100 times"):
        extract_zip(path, tmp_path / "new")
    assert nothing_is_left(tmp_path)


def test_many_small_bombs_are_one(make, tmp_path):
    path = make([(f"{i}.png", b"\0" * 900_000) for i in range(20)])
    with pytest.raises(TransferLimitError, match="100 times"):
        extract_zip(path, tmp_path / "new")


def test_entries_that_lie_about_their_size_are_not_unpacked_further(make, tmp_path):
    path = make([("a.png", b"\0" * 900_000)])
    content = path.read_bytes()
    path.write_bytes(content.replace((900_000).to_bytes(4, "little"), (900).to_bytes(4, "little")))
    with pytest.raises(FormatError, match="damaged"):
        extract_zip(path, tmp_path / "new")
    assert nothing_is_left(tmp_path)


def test_entries_that_share_their_bytes_are_counted_by_the_size_of_the_file(make, tmp_path):
    """A bomb that repeats one entry in its directory."""
    path = make([("a.png", os.urandom(200_000))], zipfile.ZIP_STORED)
    with zipfile.ZipFile(path, "a") as archive:
        for i in range(500):
            again = entry(f"{i}.png")
            first = archive.infolist()[0]
            for name in ("CRC", "compress_size", "file_size", "header_offset", "compress_type"):
                setattr(again, name, getattr(first, name))
            archive.filelist.append(again)
            archive.NameToInfo[again.filename] = again
        archive._didModify = True
    with pytest.raises(TransferLimitError, match="100 times"):
        extract_zip(path, tmp_path / "new")


def test_limits_hold(make, tmp_path):
    path = make([(f"{i}.png", png(i)) for i in range(5)])
    for limits in (Limits(n_files=4), Limits(n_bytes=100), Limits(n_bytes_each=10)):
        with pytest.raises(TransferLimitError):
            extract_zip(path, tmp_path / "new", limits=limits)
        assert nothing_is_left(tmp_path)


def test_the_directory_is_counted_before_it_is_loaded(make, tmp_path, monkeypatch):
    path = make([(f"{i}.png", b"") for i in range(3000)])
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(TransferLimitError, match="more than 2,999 files"):
        extract_zip(path, tmp_path / "new", limits=Limits(n_files=2999))


def test_a_disk_that_is_nearly_full_is_left_alone(make, tmp_path):
    path = make([("a.png", png())])
    with pytest.raises(OSError, match="have to stay free"):
        extract_zip(path, tmp_path / "new", limits=Limits(disk_floor=10**18))
    assert nothing_is_left(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK", b"\0" * 100, b"PK\5\6" + b"\xff" * 18])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(FormatError, match="no ZIP"):
        extract_zip(tmp_path / "a.zip", tmp_path / "new")
    assert nothing_is_left(tmp_path)


def test_any_bit_of_an_archive_may_be_wrong(make, tmp_path):
    path = make([("a.png", png()), ("b.png", png(1))])
    content = bytearray(path.read_bytes())
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 0x55
        path.write_bytes(damaged)
        try:
            made = extract_zip(path, tmp_path / f"new{position}")
        except FormatError:
            continue
        read = {p.name: p.read_bytes() for p in made.folder.iterdir()}
        assert set(read.values()) <= {png(), png(1)}
    assert not list(tmp_path.glob(".tmp-*"))


def test_encrypted_entries_and_other_methods_are_refused(make, tmp_path):
    path = make([("a.png", png())], zipfile.ZIP_LZMA)
    with pytest.raises(FormatError, match="other than deflate"):
        extract_zip(path, tmp_path / "new")
    content = bytearray(make([("a.png", png())]).read_bytes())
    content[6] |= 1
    content[content.rindex(b"PK\1\2") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(FormatError, match="encrypted"):
        extract_zip(path, tmp_path / "new")


def test_an_archive_without_images_is_told(make, tmp_path):
    with pytest.raises(FormatError, match="no image"):
        extract_zip(make([("a.txt", "x")]), tmp_path / "new")
    assert nothing_is_left(tmp_path)


def test_nothing_is_written_over(make, tmp_path):
    (tmp_path / "new").mkdir()
    with pytest.raises(FileExistsError, match="already"):
        extract_zip(make([("a.png", png())]), tmp_path / "new")


def test_a_cancelled_extraction_leaves_nothing(make, tmp_path):
    path = make([(f"{i}.png", png(i)) for i in range(200)])
    cancel, seen = threading.Event(), []

    def follow(n_done, n):
        seen.append((n_done, n))
        if n_done >= 50:
            cancel.set()

    with pytest.raises(CancelledTransferError):
        extract_zip(path, tmp_path / "new", on_progress=follow, cancel=cancel)
    assert seen[0] == (0, 200)
    assert nothing_is_left(tmp_path)


def test_thousands_of_entries_take_seconds(make, tmp_path):
    content = zlib.compress(b"")  # no image, but small
    path = make([(f"{i // 100}/{i}.csv", content) for i in range(4000)] + [("a.png", png())])
    start = time.process_time()
    assert extract_zip(path, tmp_path / "new").n_data == 4000
    assert time.process_time() - start < 10


def test_a_folder_that_fails_to_take_its_name_goes(tmp_path):
    with pytest.raises(FileExistsError), _whole.appearing_folder(tmp_path / "new"):
        (tmp_path / "new").mkdir()
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
