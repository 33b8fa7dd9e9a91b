"""Kill a real ``skal annotate`` again and again; nothing that it acknowledged may be lost.

Run ``PYTHONPATH=.:tests python -m benchmarks.annotate_kill [RUNS]``; 50 runs by default.
"""

import sys
import tempfile
import time
from pathlib import Path

from killing import run
from made_projects import gray_images, save_images


def main(n_runs=50):
    """Run, print a line a run, and return how many have lost or doubled something."""
    n_bad = n_all = 0
    for seed in range(n_runs):
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as scratch:
            folder = save_images(Path(scratch) / "images", gray_images(60))
            problems, n_kills = run(folder, Path(scratch) / "data", seed=seed)
        n_bad, n_all = n_bad + bool(problems), n_all + n_kills
        found = "; ".join(problems) or "nothing lost, nothing doubled"
        print(f"run {seed}: {n_kills} kills, {time.perf_counter() - start:.0f} s: {found}")
    print(f"{n_runs} runs of 300 decisions, {n_all} kills: {n_bad} runs with a loss or a double")
    return n_bad


if __name__ == "__main__":
    sys.exit(1 if main(*(int(n) for n in sys.argv[1:2])) else 0)
