"""Active learning of particle picking: the experiment that ``skal pick run`` makes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..learners import ActiveLearner
from ..metrics import pixel_scores
from ..micrographs import (
    ParticlePicker,
    extract_patches,
    find_picks,
    read_batches,
    read_picks,
    score_picks,
)
from ..query import CoreSet, Entropy, Hybrid, LeastConfidence, Margin, RandomSampling
from .compare import compare

__all__ = [
    "ACQUISITION_FUNCTIONS",
    "PickingData",
    "PickingMetrics",
    "load_picking_data",
    "run_picking",
]

ACQUISITION_FUNCTIONS = {
    "uncertainty": LeastConfidence(),
    "entropy": Entropy(),
    "margin": Margin(),
    "diversity": CoreSet(),
    "hybrid": Hybrid(LeastConfidence(), CoreSet(), share=0.7),
    "random": RandomSampling(),
}
IMAGES = (".mrc", ".tif", ".tiff", ".png", ".jpg", ".jpeg", ".mrc.gz", ".mrc.bz2")


@dataclass(frozen=True, eq=False)
class PickingData:
    """Micrographs to learn from and to judge by, made small, with masks of their particles.

    Parameters
    ----------
    X_train, X_val : ndarray of float32 of shape (n, h, w)
        Images at working size.
    y_train, y_val : ndarray of int of shape (n, h, w)
        1 in particles, 0 in the background, -1 where nothing is known.
    val_picks : pandas.DataFrame or None
        Particles of the validation micrographs: columns micrograph (the position as text), x, y and
        diameter, in pixels of the working size. None where only masks are known.
    border : float, default=0.0
        Pixels along the edges, at working size, in which nothing is picked.
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray
    val_picks: pd.DataFrame | None = None
    border: float = 0.0

    def __repr__(self):
        height, width = self.X_train.shape[1:]
        return (
            f"PickingData({len(self.X_train)} training and {len(self.X_val)} validation "
            f"micrographs of {height} x {width} pixels)"
        )


def load_picking_data(train, val, picks=None, picker=None):
    """Read training and validation micrographs.

    Parameters
    ----------
    train, val : str or path
        Folders of micrographs, or of ``batch_*.npz`` files, which hold images and masks.
    picks : str or path, optional
        A file or folder of picks, in any format, of micrographs in both folders.
    picker : ParticlePicker, optional
        How micrographs are prepared. Unused by ``batch_*.npz``.

    Returns
    -------
    PickingData

    Raises
    ------
    ValueError, OSError, FormatError
        If there is nothing to read, or a file is broken.
    """
    train, val = Path(train), Path(val)
    if any(train.glob("batch_*.npz")):
        return PickingData(*_stacked(read_batches(train)), *_stacked(read_batches(val)))
    if picks is None:
        raise ValueError(
            f"picks of the micrographs in {train} are needed: there are no batch_*.npz files with "
            f"masks. Name a file or folder of picks."
        )
    picker = ParticlePicker() if picker is None else picker
    table = read_picks(picks)
    X_train, y_train = picker.prepare(_micrographs_in(train), table)
    paths = _micrographs_in(val)
    X_val, y_val = picker.prepare(paths, table)
    val_picks = picker.working_picks(paths, table)
    return PickingData(X_train, y_train, X_val, y_val, val_picks, picker.working_border_px)


def _stacked(batches):
    pairs = list(batches)
    images, masks = zip(*pairs, strict=True)
    return np.stack(images).astype(np.float32), (np.stack(masks) > 0).astype(np.int8)


def _micrographs_in(folder):
    paths = sorted(p for p in folder.iterdir() if p.name.lower().endswith(IMAGES))
    if not paths:
        raise ValueError(f"{folder} holds no micrographs: none ends in {', '.join(IMAGES)}.")
    return paths


def run_picking(
    data,
    segmenter,
    strategies=tuple(ACQUISITION_FUNCTIONS),
    *,
    n_iterations=10,
    initial_ratio=0.1,
    query_ratio=0.1,
    patch_size=None,
    warm_start=True,
    seeds=(42,),
    folder=None,
    resume=False,
    full_data=False,
    n_jobs=None,
    progress=True,
):
    """Ask for the masks of micrographs, or of parts of them, by one or more strategies.

    Parameters
    ----------
    data : PickingData
        What :func:`load_picking_data` returned.
    segmenter : estimator
        What learns; ``max_epochs`` at first, ``warm_epochs`` in each iteration after.
    strategies : sequence of str, or dict of str to strategy
        Some of :data:`ACQUISITION_FUNCTIONS`, or one's own by name.
    n_iterations : int, default=10
        Trainings, the first included. They end earlier where all are labeled.
    initial_ratio, query_ratio : float, default=0.1
        The share of micrographs that is labeled at first, at random, and by each query.
    patch_size : int, default=None
        Ask for square parts of micrographs of so many pixels at working size, not for whole ones.
    warm_start : bool, default=True
        Whether each training goes on from the last one. False trains from scratch.
    seeds : sequence of int, default=(42,)
        Each gives initial labels, networks and draws.
    folder, resume, full_data, n_jobs, progress
        As for :func:`skal.experiments.compare`.

    Returns
    -------
    ComparisonResult
    """
    if not hasattr(strategies, "items"):
        strategies = {name: ACQUISITION_FUNCTIONS[name] for name in strategies}
    X, y = data.X_train, data.y_train
    if patch_size is not None:
        X, y = _cut(X, y, patch_size)
    return compare(
        strategies,
        ActiveLearner(segmenter, warm_start=warm_start),
        X,
        y,
        X_test=data.X_val,
        y_test=data.y_val,
        n_initial=max(1, round(initial_ratio * len(X))),
        initial="random",
        n_instances=max(1, round(query_ratio * len(X))),
        n_queries=n_iterations - 1,
        seeds=seeds,
        baseline="random" if "random" in strategies else None,
        full_data=full_data,
        metrics=PickingMetrics(data.val_picks, data.border),
        n_jobs=n_jobs,
        folder=folder,
        resume=resume,
        save_models=folder is not None,
        progress=progress,
    )


def _cut(X, y, size):
    """Return all square parts of images that have a labeled pixel."""
    pairs = [extract_patches(image, mask, size) for image, mask in zip(X, y, strict=True)]
    images = np.concatenate([patches.images for patches in pairs])
    masks = np.concatenate([patches.masks for patches in pairs])
    has_label = (masks >= 0).any(axis=(1, 2))
    return images[has_label], masks[has_label]


@dataclass(frozen=True)
class PickingMetrics:
    """The numbers of a round: of pixels, and of picks where the particles are known.

    Parameters
    ----------
    truth : pandas.DataFrame or None
    border : float
        As ``val_picks`` and ``border`` of :class:`PickingData`.
    """

    truth: pd.DataFrame | None
    border: float

    def __call__(self, learner, X_val, y_val):
        """Return precision, recall, f1_score, iou and auc of pixels, and those of picks."""
        proba = np.concatenate(
            [learner.predict_proba(X_val[i : i + 1])[:, 1] for i in range(len(X_val))]
        )
        return pixel_scores(y_val, proba) | self._of_picks(proba)

    def _of_picks(self, proba):
        if self.truth is None or not len(self.truth):
            return {}
        diameter = self.truth["diameter"].median()
        found = [
            find_picks(score_map, diameter, border=self.border).assign(micrograph=str(i))
            for i, score_map in enumerate(proba)
        ]
        names = [str(i) for i in range(len(proba))]
        scores = score_picks(pd.concat(found), self.truth, micrographs=names)
        names = ("precision", "recall", "f1_score", "average_precision")
        return {f"picks_{name}": getattr(scores, name) for name in names}
