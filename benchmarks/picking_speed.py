"""Seconds and memory of picking particles: training, a large micrograph, a large pool.

Run ``python -m benchmarks.picking_speed --data FOLDER`` on a quiet machine; it writes
``benchmarks/results/picking_speed.md``. Each case runs in a process of its own.
"""

import argparse
import multiprocessing
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from skal.micrographs import ParticlePicker, read_micrograph, read_picks
from skal.nets import AttentionUNetSegmenter
from skal.query import Entropy

from .harness import machine
from .nets_speed import peak_mib

RESULTS = Path(__file__).parent / "results" / "picking_speed.md"
DIAMETER, FULL_DIAMETER = 27, 108  # pixels, of 1,024 and of 4,096 pixel micrographs
N_TRAINING = 5
N_POOL, SIDE = 5_000, 768


def training(data, place):
    """Train the default picker on five micrographs, and keep it."""
    folder = data / "cryoem" / "empiar10017"
    paths = sorted(folder.glob("*.png"))[1 : 1 + N_TRAINING]
    picker = ParticlePicker(diameter_px=DIAMETER, border_px=28)
    picker.fit(paths, read_picks(folder / "picks.star"))
    picker.save(place / "picker")
    return f"{N_TRAINING} micrographs of 1024 x 1024, the default picker, at least 300 steps"


def picking(data, place):
    """Pick a micrograph of 4,096 x 4,096 pixels, read from a file."""
    picker = ParticlePicker.load(place / "picker")
    picker.diameter_px_ = FULL_DIAMETER
    path = next((data / "cryoem" / "empiar10017" / "fullres").glob("*.jpg"))
    picks = picker.predict([read_micrograph(path)])
    return f"one of 4096 x 4096, made smaller until a particle is 16 wide; {len(picks)} picks"


def segmenting(data, place):
    """Segment all pixels of that micrograph, at full size and in parts."""
    net = ParticlePicker.load(place / "picker").segmenter_
    path = next((data / "cryoem" / "empiar10017" / "fullres").glob("*.jpg"))
    net.predict_proba(read_micrograph(path).image[None])
    return "the same at full size, in parts of 1024 x 1024"


def querying(data, place):
    """Ask for the most uncertain of 5,000 images that lie in a memory map."""
    path = place / "pool"
    X = np.memmap(path, np.uint8, "w+", shape=(N_POOL, SIDE, SIDE))
    image = Image.open(next((data / "cryoem" / "empiar10017").glob("*.png"))).resize((SIDE, SIDE))
    for i in range(N_POOL):
        X[i] = np.roll(image, 7 * i, axis=1)
    del X
    X = np.memmap(path, np.uint8, "r", shape=(N_POOL, SIDE, SIDE))
    net = AttentionUNetSegmenter(width=2, depth=1, max_epochs=1)
    net.fit(X[:1], (X[:1] > 128).astype(int))
    Entropy()(net, X, 10)
    path.unlink()
    return f"{N_POOL:,} of {SIDE} x {SIDE} in a file, scored by entropy (width 2, depth 1)"


CASES = {
    "training": training,
    "picking": picking,
    "segmenting": segmenting,
    "scoring a pool": querying,
}


def _measure(name, data, place, queue):
    torch.set_num_threads(2)
    start = time.perf_counter()
    what = CASES[name](data, place)
    queue.put((what, time.perf_counter() - start, peak_mib()))


def main():
    """Run all cases, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cases", nargs="*", default=list(CASES))
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    lines = [
        "# Seconds and memory of picking particles",
        "",
        f"Machine: {machine()}; two threads. Command: `python -m benchmarks.picking_speed`. Each "
        "case in a process of its own, its start and imports included in the memory (about 500 MB "
        "of torch), not in the time.",
        "",
        "| case | what | seconds | peak memory, MiB |",
        "|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as place:
        for name in arguments.cases:
            queue = context.Queue()
            process = context.Process(
                target=_measure, args=(name, arguments.data, Path(place), queue)
            )
            process.start()
            what, seconds, peak = queue.get()
            process.join()
            lines.append(f"| {name} | {what} | {seconds:.1f} | {peak:.0f} |")
            print(lines[-1], flush=True)
    RESULTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
