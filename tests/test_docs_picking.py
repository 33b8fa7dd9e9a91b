"""The page on picking is a story: its code and commands run one after the other, in one folder."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from skal.cli import app

PAGE = Path(__file__).parents[1] / "docs" / "picking.md"
NET = "--width 4 --depth 1 --patch-size 64 --quiet"
SMALL = {  # what the commands of the page leave to defaults, which take minutes
    "train": f"{NET} --epochs 1 --min-steps 30",
    "run": f"{NET} --initial-epochs 1 --retrain-epochs 1",
    "self-train": f"{NET} --initial-epochs 1 --retrain-epochs 1",
    "predict": "--quiet",
}


def blocks():
    """Return the language and the code of each block."""
    return re.findall(r"```(python|bash)\n(.*?)```", PAGE.read_text(), re.DOTALL)


def run_commands(code):
    for line in code.replace("\\\n", " ").strip().splitlines():
        words = shlex.split(line)
        if words[0] != "skal":
            subprocess.run(line, shell=True, check=True)
            continue
        result = CliRunner().invoke(app, words[1:] + SMALL.get(words[2], "").split())
        assert result.exit_code == 0, f"{line}: {result.output}"


@pytest.fixture
def story(tmp_path, monkeypatch):
    """Run the page in a folder of its own, and return what its code has defined."""
    pytest.importorskip("gemmi")
    pytest.importorskip("mrcfile")
    monkeypatch.chdir(tmp_path)
    names = {}
    for language, code in blocks():
        if language == "python":
            exec(compile(code, str(PAGE), "exec"), names)
        else:
            run_commands(code)
    return names


def test_the_page_on_picking_runs_and_its_picks_are_good(story, tmp_path):
    assert story["scores"].f1_score > 0.8
    assert set(story["found"]["micrograph"]) == {"mic_2.mrc", "mic_3.mrc"}
    for name in ("found.star", "boxes", "mic_2.png", "pictures", "runs/comparison_results"):
        assert (tmp_path / name).exists()
    assert story["result"].strategies == ["hybrid", "random"]
