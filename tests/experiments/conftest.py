"""Folders of runs that several files of tests read."""

import pytest
from made_results import TWO, compare_iris, write_runs


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """Return the folder of a comparison, and its result."""
    folder = tmp_path_factory.mktemp("comparison") / "run"
    return folder, compare_iris(folder)


@pytest.fixture
def two(tmp_path):
    """Return a folder with the runs of two strategies and three seeds."""
    return write_runs(tmp_path / "two", TWO, train_data_dir="micrographs")
