"""How many labeled images particle picking needs: active learning on real images.

Run ``python -m benchmarks.picking_curves --data FOLDER --runs FOLDER``; stopped, it goes on where
``--runs`` names the same folder. ``--parts`` runs some data sets only and leaves the others'
sections of ``benchmarks/results/picking_curves.md`` as they are. The strategy that is judged was
named before the first run: uncertainty and diversity, 70 to 30, the README's own favorite.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image

from skal.experiments import ComparisonResult, compare
from skal.experiments.picking import ACQUISITION_FUNCTIONS
from skal.metrics import labels_to_target
from skal.micrographs import (
    ParticlePicker,
    extract_patches,
    find_picks,
    fourier_crop,
    log_picks,
    make_mask,
    score_picks,
)
from skal.nets import AttentionUNetSegmenter

from .harness import machine

JUDGED = "hybrid"
PATCH = 112  # pixels of a side, at working size
RESULTS = Path(__file__).parent / "results" / "picking_curves.md"
NET = {
    "width": 8,
    "depth": 3,
    "patch_size": 96,
    "batch_size": 8,
    "max_epochs": 1,
    "min_steps": 100,
    "lr": 3e-3,
    "lr_schedule": "cosine",
}


@dataclass(frozen=True)
class Task:
    """Images, masks and, of micrographs, their particles by position."""

    X: np.ndarray
    y: np.ndarray
    picks: Any = None
    diameter: float = 0.0
    border: float = 0.0
    method: str = "peaks"


def empiar(folder, noise=0.0):
    """Return EMPIAR-10017 with particles 12 pixels wide, and noise as a share of the contrast."""
    place = folder / "cryoem" / "empiar10017"
    table = pd.read_csv(place / "picks.csv")
    images = {}
    for seed, name in enumerate(sorted(table["micrograph"].unique())):
        image = np.asarray(Image.open(place / name), np.float32)
        rng = np.random.default_rng(seed)
        images[name] = image + noise * image.std() * rng.standard_normal(image.shape, np.float32)
    picker = ParticlePicker(diameter_px=27, working_diameter_px=12, border_px=28)
    X, y = picker.prepare(images, table)
    picks = picker.working_picks(images, table)
    return Task(X, y, picks, picks["diameter"].median(), picker.working_border_px)


def nanoparticles(folder, side=512):
    """Return the nanoparticles, all images made 512 pixels wide, with discs as large as boxes."""
    place = folder / "stem_nanoparticles"
    table = pd.read_csv(place / "boxes.csv")
    X, y, picks = [], [], []
    for i, (name, boxes) in enumerate(table.groupby("image")):
        image = np.asarray(Image.open(place / "images" / name).convert("L"), np.float32)
        factor = side / len(image)
        there = pd.DataFrame(
            {
                "micrograph": str(i),
                "x": (boxes["x"] + 0.5) * factor - 0.5,
                "y": (boxes["y"] + 0.5) * factor - 0.5,
                "diameter": np.sqrt(boxes["width"] * boxes["height"]).clip(lower=4) * factor,
            }
        )
        there["diameter"] = there["diameter"].clip(lower=3)
        X.append(fourier_crop(image, (side, side)))
        y.append(make_mask(there, (side, side), radius_scale=0.8).astype(np.int8))
        picks.append(there)
    picks = pd.concat(picks, ignore_index=True)
    return Task(np.stack(X), np.stack(y), picks, 5.0, method="components")


def nuclei(folder):
    """Return the nuclei of 256 x 256 images."""
    data = np.load(folder / "dsb2018" / "dsb2018_train_256.npz")
    return Task(data["images"].astype(np.float32), (data["labels"] > 0).astype(np.int8))


class PickScore:
    """The mean F1 of picks of images, known again by their content; matched within a radius."""

    __name__ = "F1 of picks"

    def __init__(self, task):
        self.task = task
        self.position = {image.tobytes(): str(i) for i, image in enumerate(task.X)}

    def __call__(self, learner, X, y):
        task, found, names = self.task, [], [self.position[image.tobytes()] for image in X]
        for name, image in zip(names, X, strict=True):
            score_map = learner.predict_proba(image[None])[0, 1]
            picks = find_picks(score_map, task.diameter, method=task.method, border=task.border)
            found.append(picks.assign(micrograph=name))
        truth = task.picks[task.picks["micrograph"].isin(names)]
        return score_picks(pd.concat(found), truth, micrographs=names).f1_score


TASKS = {
    "empiar": (
        "EMPIAR-10017: F1 of picks",
        empiar,
        {"test_size": 4, "n_initial": 1, "n_instances": 1, "n_queries": 4, "seeds": 5},
    ),
    "noisy": (
        "EMPIAR-10017 with Gaussian noise of five times the image's deviation: F1 of picks",
        lambda folder: empiar(folder, noise=5.0),
        {"test_size": 4, "n_initial": 1, "n_instances": 1, "n_queries": 4, "seeds": 3},
    ),
    "nanoparticles": (
        "Metal nanoparticles, S/TEM: F1 of picks",
        nanoparticles,
        {"test_size": 8, "n_initial": 2, "n_instances": 3, "n_queries": 4, "seeds": 3},
    ),
    "nuclei": (
        "Nuclei, fluorescence (Data Science Bowl 2018): F1 of pixels",
        nuclei,
        {"test_size": 60, "n_initial": 2, "n_instances": 4, "n_queries": 4, "seeds": 3},
    ),
}


PARTS = ["noisy", "patches", "empiar", "nuclei", "nanoparticles"]


def run(name, arguments):
    """Compare the judged strategy with random images on one data set; return its section."""
    title, load, options = TASKS[name]
    task = load(arguments.data)
    result = _compare(task, task.X, task.y, arguments, arguments.runs / name, options)
    n_pool = len(task.X) - options["test_size"]
    what = (
        f"{n_pool} images to choose from, {options['test_size']} to test on, other ones for each "
        f"of {len(result.seeds)} seeds."
    )
    return section(title, what, task, result, options, n_pool)


def run_patches(arguments):
    """Ask for parts of micrographs; whole ones are kept to test on, other ones for each seed."""
    task = empiar(arguments.data, noise=5.0)
    options = {"n_initial": 2, "n_instances": 2, "n_queries": 7}
    records, n_seeds = {}, 5
    for seed in range(n_seeds):
        test = np.random.RandomState(seed).permutation(len(task.X))[:4]
        train = np.setdiff1d(np.arange(len(task.X)), test)
        patches = [extract_patches(task.X[i], task.y[i], PATCH) for i in train]
        X = np.concatenate([part.images for part in patches])
        y = np.concatenate([part.masks for part in patches])
        has_label = (y >= 0).any(axis=(1, 2))
        X, y = X[has_label], y[has_label]
        folder = arguments.runs / "patches" / str(seed)
        given = {"X_test": task.X[test], "y_test": task.y[test], "seeds": [seed]}
        records |= _compare(task, X, y, arguments, folder, options | given).records
    result = ComparisonResult(records, baseline="random", score_name="F1 of picks")
    what = (
        f"About {len(X)} parts of {PATCH} x {PATCH} pixels to choose from, with some 45 particles "
        f"each, of 10 micrographs; 4 whole micrographs to test on, other ones for each of "
        f"{n_seeds} seeds."
    )
    title = "The same by parts of micrographs: F1 of picks"
    return section(title, what, task, result, options, len(X))


def _compare(task, X, y, arguments, folder, options):
    folder.parent.mkdir(exist_ok=True)
    return compare(
        {key: ACQUISITION_FUNCTIONS[key] for key in ("random", JUDGED)},
        AttentionUNetSegmenter(**NET),
        X,
        y,
        initial="random",
        scoring=None if task.picks is None else PickScore(task),
        full_data=True,
        n_jobs=arguments.n_jobs,
        folder=folder,
        resume=folder.exists(),
        **options,
    )


def section(title, what, task, result, options, n_pool):
    """Return a table of scores by labels, and the labels that reach the score of others."""
    first, step = options["n_initial"], options["n_instances"]
    labels = [first + k * step for k in range(options["n_queries"] + 1)]
    lines = [
        f"## {title}",
        "",
        what,
        "",
        "| | " + " | ".join(f"{n} labeled" for n in labels) + " | area, difference to random |",
        "|---" * (len(labels) + 2) + "|",
    ]
    summary = result.summary()
    for name in result.strategies:
        curves = np.array([result.curve(name, seed)[1] for seed in result.seeds])
        cells = [f"{score:.3f}" for score in curves.mean(axis=0)]
        row = summary.loc[name]
        difference = "-" if name == "random" else (
            f"{row.area_difference:+.4f} "
            f"[{row.area_difference_low:+.4f}, {row.area_difference_high:+.4f}]"
        )  # fmt: skip
        lines.append(f"| {name} | {' | '.join(cells)} | {difference} |")
    return "\n".join([*lines, "", _needed(result, n_pool), *_blob_finder(task, result)]) + "\n"


def _needed(result, n_all):
    """Return with which labels each strategy reaches the score of all, and random's last."""
    lines = [f"All {n_all} labeled: {result.full_scores.mean():.3f}."]
    for name in result.strategies:
        needed = [
            labels_to_target(*result.curve(name, seed), result.full_scores[seed])
            for seed in result.seeds
        ]
        lines.append(f"`{name}` reaches that with {_median(needed)} labels.")
    needed = [
        labels_to_target(*result.curve(JUDGED, seed), result.curve("random", seed)[1][-1])
        for seed in result.seeds
    ]
    n_last = result.curve("random", result.seeds[0])[0][-1]
    lines.append(f"`{JUDGED}` reaches random's score at {n_last:.0f} with {_median(needed)}.")
    return "\n".join(lines)


def _median(needed):
    each = ", ".join(f"{n:.1f}" if np.isfinite(n) else "-" for n in sorted(needed))
    median = np.median(needed)
    return f"{median:.1f} ({each})" if np.isfinite(median) else f"- ({each})"


def _blob_finder(task, result):
    """Return a line on the Laplacian of Gaussian, where particles are of one size."""
    if task.picks is None or task.method != "peaks":
        return []
    found = pd.concat(
        log_picks(image, task.diameter, border=task.border).assign(micrograph=str(i))
        for i, image in enumerate(task.X)
    )
    names = [str(i) for i in range(len(task.X))]
    score = score_picks(found, task.picks, micrographs=names).f1_score
    return [
        "",
        f"The Laplacian-of-Gaussian finder (`log_picks`), no label, all images: {score:.3f}",
    ]


INTRODUCTION = """# Labeled images that particle picking needs

Machine: {machine}. Command: `python -m benchmarks.picking_curves`. Paired seeds: the same images to
test on, the same first ones, the same seeds of the net.
`{net}`,
trained from scratch each time, for at least 100 steps; nothing was tuned. The strategy to be judged
was named beforehand: `hybrid`, 70 % by least confidence, averaged over pixels, 30 % by core-set on
the net's embeddings.
Picks are peaks of the map at or above 0.5, of nanoparticles connected pixels, matched one to one
within the radius. Intervals are 95 %, paired.
"""


def update_results(sections, path=RESULTS):
    """Write the sections, with those that the file already has under other titles."""
    old = path.read_text().split("\n## ")[1:] if path.exists() else []
    kept = {part.split("\n", 1)[0]: "## " + part.rstrip() + "\n" for part in old}
    kept |= {part.split("\n", 1)[0].removeprefix("## "): part for part in sections}
    net = " ".join(repr(AttentionUNetSegmenter(**NET)).split())
    path.write_text("\n".join([INTRODUCTION.format(machine=machine(), net=net), *kept.values()]))


def main():
    """Run or go on, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=Path("picking_curves_runs"))
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--parts", nargs="*", default=PARTS, choices=PARTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.runs.mkdir(exist_ok=True)
    for part in arguments.parts:
        is_by_patch = part == "patches"
        update_results([run_patches(arguments) if is_by_patch else run(part, arguments)])


if __name__ == "__main__":
    main()
