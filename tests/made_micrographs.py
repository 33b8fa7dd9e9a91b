"""Small micrographs for tests: bright discs in noise, in files, with their picks."""

import numpy as np
import pandas as pd

from skal.micrographs import make_mask, write_micrograph, write_picks

DIAMETER = 10
# nets that learn next to nothing, in no time
TINY = [*("--width", 2, "--depth", 1, "--patch-size", 32, "--batch-size", 4, "--device", "cpu")]


def disc_micrograph(seed, n_particles=9, side=64):
    """Return an image (H, W) and its picks."""
    rng = np.random.RandomState(seed)
    cells = rng.permutation(16)[:n_particles]  # of a 4 x 4 grid, so that none overlap
    x, y = (cells % 4 + 0.5) * side / 4, (cells // 4 + 0.5) * side / 4
    picks = pd.DataFrame({"x": x, "y": y, "diameter": float(DIAMETER)})
    image = 3.0 * make_mask(picks, (side, side)) + rng.normal(0, 1, (side, side))
    return image.astype(np.float32), picks


def write_discs(folder, names, first_seed=0, **options):
    """Write micrographs and return their picks, in a table."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = []
    for seed, name in enumerate(names, first_seed):
        image, picks = disc_micrograph(seed, **options)
        if name.endswith(".npy"):
            np.save(folder / name, image)
        elif name.endswith(".png"):
            write_micrograph(folder / name, np.clip(40 * image + 100, 0, 255).astype(np.uint8))
        else:
            write_micrograph(folder / name, image)
        tables.append(picks.assign(micrograph=name)[["micrograph", "x", "y", "diameter"]])
    return pd.concat(tables, ignore_index=True)


def write_data(folder, n_train=4, n_val=2, ending=".mrc"):
    """Write ``train``, ``val`` and ``picks.csv`` into a folder, which is returned."""
    train = write_discs(folder / "train", [f"t{i}{ending}" for i in range(n_train)])
    val = write_discs(folder / "val", [f"v{i}{ending}" for i in range(n_val)], 100)
    write_picks(pd.concat([train, val]), folder / "picks.csv")
    return folder
