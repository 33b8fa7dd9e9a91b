"""A small U-Net learns to pick particles from two simulated micrographs, and picks a third one.

Run ``python examples/pick_particles.py``; it takes less than a minute, and writes a picture of the
picks, ``pick_particles.png``. Of your own micrographs, pass a list of files.
"""

from pathlib import Path

import pandas as pd

from skal.micrographs import (
    ParticlePicker,
    log_picks,
    plot_picks,
    score_picks,
    simulate_micrograph,
)
from skal.nets import UNetSegmenter

DIAMETER_PX = 32


def simulate(n_micrographs=3, side=512, n_particles=40, snr=0.1):
    """Return micrographs with ice and carbon by name, and their particles."""
    images, tables = {}, []
    for seed in range(n_micrographs):
        name = f"micrograph_{seed}"
        images[name], truth = simulate_micrograph(
            n_particles,
            (side, side),
            DIAMETER_PX,
            snr=snr,
            n_ice=2,
            carbon_edge=True,
            random_state=seed,
        )
        tables.append(truth.assign(micrograph=name))
    return images, pd.concat(tables, ignore_index=True)


def run(picture=None, min_steps=100, **settings):
    """Return the F1 of a finder of blobs, which learns nothing, and of a picker that learned."""
    images, truth = simulate(**settings)
    name, image = images.popitem()
    there = truth[truth["micrograph"] == name]

    net = UNetSegmenter(
        width=8, depth=2, patch_size=64, max_epochs=1, min_steps=min_steps, lr=3e-3, random_state=0
    )
    picker = ParticlePicker(net, diameter_px=DIAMETER_PX, threshold="auto").fit(images, truth)
    found = picker.predict({name: image})

    blobs = log_picks(image, DIAMETER_PX).assign(micrograph=name)
    if picture is not None:
        plot_picks(image, found, there).figure.savefig(picture, dpi=150)
    return score_picks(blobs, there).f1_score, score_picks(found, there).f1_score


if __name__ == "__main__":
    picture = Path("pick_particles.png")
    blobs, learned = run(picture)
    print(f"F1 of blobs {blobs:.3f}, of the picker {learned:.3f}; see {picture}")
