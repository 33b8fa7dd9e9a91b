"""The example of nets runs."""

import runpy
from pathlib import Path

from skal.query import BALD

EXAMPLE = Path(__file__).parents[2] / "examples" / "deep_active_learning.py"


def test_the_example_runs():
    run = runpy.run_path(str(EXAMPLE))["run"]
    scores = run(BALD(5), n_queries=2, max_epochs=3)
    assert len(scores) == 3
    assert all(0 <= score <= 1 for score in scores)
