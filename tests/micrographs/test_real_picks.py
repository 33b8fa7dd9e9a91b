"""The blob finder on beta-galactosidase, EMPIAR-10017."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skal.micrographs import best_threshold, log_picks, score_picks

BORDER = 28  # pixels that a program has padded


@pytest.fixture
def beta_galactosidase(data_dir):
    """Return all micrographs by name, and their particles that are not in the padding."""
    folder = data_dir / "cryoem" / "empiar10017"
    truth = pd.read_csv(folder / "picks.csv")
    truth = truth[truth[["x", "y"]].apply(lambda at: at.between(BORDER, 1023 - BORDER)).all(axis=1)]
    images = {name: np.asarray(Image.open(folder / name)) for name in truth["micrograph"].unique()}
    return images, truth


def test_most_particles_are_found_with_a_threshold_of_other_micrographs(beta_galactosidase):
    images, truth = beta_galactosidase
    tables = [
        log_picks(image, 27, threshold=0, border=BORDER).assign(micrograph=name)
        for name, image in images.items()
    ]
    picks, names = pd.concat(tables), list(images)
    threshold = best_threshold(picks, truth, micrographs=names[::2])
    kept = picks[picks["score"] >= threshold]
    scores = score_picks(kept, truth, micrographs=names[1::2])
    assert scores.f1_score > 0.8
    assert scores.average_precision > 0.7


def test_particles_are_told_to_be_dark(beta_galactosidase):
    image = next(iter(beta_galactosidase[0].values()))
    dark, auto = (log_picks(image, 27, polarity=p, border=BORDER) for p in ("dark", "auto"))
    pd.testing.assert_frame_equal(dark, auto)
