"""The examples run, at a smaller size where they take long."""

import importlib.util
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_examples_can_be_loaded(path):
    assert load(path.stem).__doc__


def test_a_net_learns_what_it_asks_for():
    from skal.query import Margin

    scores = load("deep_active_learning").run(Margin(), n_queries=2)
    assert len(scores) == 3
    assert scores[-1] > scores[0]


def test_a_picker_learns_more_than_blobs(tmp_path):
    example = load("pick_particles")
    blobs, learned = example.run(tmp_path / "a.png", min_steps=40, side=320, n_particles=16)
    assert learned > blobs
    assert (tmp_path / "a.png").stat().st_size > 10_000
