"""Downloads are torchvision's, and happen only when they were asked for and are needed."""

import errno
import os
import sys
from types import SimpleNamespace

import pytest
from datasets.test_load import write_files

from skal.datasets import load_dataset


def fake_torchvision(monkeypatch, download):
    class MNIST:
        def __init__(self, root, train, download):
            assert (train, download) == (True, True)
            _download(root)

    _download = download
    module = SimpleNamespace(datasets=SimpleNamespace(MNIST=MNIST))
    monkeypatch.setitem(sys.modules, "torchvision", module)


def refuse(root):
    raise AssertionError("nobody asked for a download")


def test_missing_files_are_downloaded_when_asked_for(monkeypatch, tmp_path):
    fake_torchvision(monkeypatch, lambda root: write_files(root / "MNIST" / "raw"))
    assert len(load_dataset("mnist", tmp_path / "new", download=True).X_train) == 5


def test_files_that_are_there_are_not_downloaded(monkeypatch, tmp_path):
    fake_torchvision(monkeypatch, refuse)
    write_files(tmp_path)
    before = sorted(os.listdir(tmp_path))
    load_dataset("mnist", tmp_path, download=True)
    assert sorted(os.listdir(tmp_path)) == before


def test_nothing_is_downloaded_unless_asked_for(monkeypatch, tmp_path):
    fake_torchvision(monkeypatch, refuse)
    with pytest.raises(FileNotFoundError):
        load_dataset("mnist", tmp_path)


@pytest.mark.parametrize("error", [RuntimeError("Error downloading x"), OSError("no route")])
def test_a_failed_download_says_what_to_do(monkeypatch, tmp_path, error):
    def fail(root):
        raise error

    fake_torchvision(monkeypatch, fail)
    with pytest.raises(OSError, match=r"could not be downloaded .* copy them into the folder"):
        load_dataset("mnist", tmp_path, download=True)


def test_a_folder_that_cannot_be_written_is_said(monkeypatch, tmp_path):
    def fail(root):
        raise PermissionError(errno.EACCES, "Permission denied")

    fake_torchvision(monkeypatch, fail)
    with pytest.raises(PermissionError, match=r"cannot write .*another folder"):
        load_dataset("mnist", tmp_path, download=True)


def test_a_torchvision_that_does_not_fit_torch_is_said_with_the_cure(monkeypatch, tmp_path):
    class Broken:
        def find_spec(self, name, path=None, target=None):
            if name == "torchvision":
                raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(ImportError, match=r"nms does not exist.*index-url"):
        load_dataset("mnist", tmp_path, download=True)
