"""What was acknowledged is there after a kill, once."""

import os

import pytest
from killing import run
from made_projects import gray_images, save_images

N_RUNS = int(os.environ.get("SKAL_KILL_RUNS", "2"))


@pytest.mark.parametrize("seed", range(N_RUNS))
def test_a_server_that_is_killed_loses_and_doubles_nothing(tmp_path, seed):
    folder = save_images(tmp_path / "images", gray_images(60))
    problems, n_kills = run(folder, tmp_path / "data", seed=seed)
    assert problems == []
    assert n_kills >= 1
