"""``skal model convert``: tensors only, limits, and code that runs only where it was asked for."""

import os
import pickle
from pathlib import Path

import joblib
import pytest
import skops.io
import torch
from safetensors.torch import load_file
from sklearn.linear_model import LogisticRegression
from typer.testing import CliRunner

from skal import _limited
from skal.cli import app
from skal.cli._converting import convert_here
from skal.exceptions import ModelFileError


def _run(*arguments):
    return CliRunner().invoke(app, ["model", "convert", *map(str, arguments)])


@pytest.fixture
def here(monkeypatch):
    """Convert in this process, which is faster."""
    monkeypatch.setattr(_limited, "run_limited", lambda _, request, **limits: convert_here(request))


class Touch:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_weights_become_safetensors(tmp_path):
    shared = torch.arange(6.0)
    state = {"a": shared.view(2, 3), "b": shared}
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / "w.pt")
    result = _run(tmp_path / "w.pt", tmp_path / "w.safetensors")
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("w.safetensors: 2 tensors\n")
    assert "left out, as they are no weights: epoch" in result.stderr
    written = load_file(tmp_path / "w.safetensors")
    assert all(torch.equal(written[name], state[name]) for name in state)
    again = _run(tmp_path / "w.pt", tmp_path / "w.safetensors")
    assert "exists. Choose another name" in again.stderr


def test_a_whole_model_runs_code_only_if_asked_to(here, tmp_path):
    torch.save({"state_dict": Touch(tmp_path / "touched")}, tmp_path / "evil.pt")
    result = _run(tmp_path / "evil.pt", tmp_path / "w.safetensors")
    assert result.exit_code == 1
    assert "add --i-trust-this-file" in result.stderr
    assert not (tmp_path / "touched").exists()
    assert not (tmp_path / "w.safetensors").exists()
    torch.save(torch.nn.Linear(2, 3), tmp_path / "whole.pt")
    result = _run(tmp_path / "whole.pt", tmp_path / "w.safetensors", "--i-trust-this-file")
    assert result.exit_code == 0, result.output
    assert set(load_file(tmp_path / "w.safetensors")) == {"weight", "bias"}


def test_an_estimator_becomes_skops_only_if_asked_to(here, tmp_path):
    joblib.dump(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), tmp_path / "m.joblib")
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(Touch(tmp_path / "touched")))
    for name in ("m.joblib", "evil.pkl"):
        result = _run(tmp_path / name, tmp_path / "m.skops")
        assert "pickles, which run code" in result.stderr
    assert not (tmp_path / "touched").exists()
    result = _run(tmp_path / "m.joblib", tmp_path / "m.skops", "--i-trust-this-file")
    assert result.exit_code == 0, result.output
    assert skops.io.load(tmp_path / "m.skops").predict([[5.0]]) == [1]


def test_broken_files_and_wrong_names_are_told(here, tmp_path):
    (tmp_path / "w.pt").write_bytes(b"nothing")
    assert "cannot be read" in _run(tmp_path / "w.pt", tmp_path / "w.safetensors").stderr
    assert "must end with" in _run(tmp_path / "w.pt", tmp_path / "w.onnx").stderr
    assert "no file" in _run(tmp_path / "no.pt", tmp_path / "w.safetensors").stderr


@pytest.mark.parametrize(
    ("name", "limits", "message"),
    [
        ("crash", {}, "was ended by signal 6"),
        ("hang", {"seconds": 2}, "took more than 2 seconds|was ended by signal"),
        ("eat", {"memory": 2**30}, "needs more than 1 GiB of memory"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="no limits there")
def test_a_process_with_limits_may_crash_hang_or_eat_memory(name, limits, message, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    with pytest.raises(ModelFileError, match=message):
        _limited.run_limited(f"limited_work:{name}", {"n": 2**32}, **limits)
