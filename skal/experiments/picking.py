"""Active learning of particle picking: the experiment that ``skal pick run`` makes."""

from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone

from .._rates import rates
from ..exceptions import FormatError
from ..learners import ActiveLearner
from ..metrics import pixel_scores
from ..micrographs import (
    ParticlePicker,
    extract_patches,
    find_micrographs,
    find_picks,
    micrograph_stem,
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


@dataclass(frozen=True, eq=False)
class PickingData:
    """Micrographs to learn from and to judge by, made small, with masks of their particles.

    Parameters
    ----------
    X_train, X_val : ndarray of shape (n, h, w)
        Images at working size. Those to judge by may be of another size.
    y_train, y_val : ndarray of int of shape (n, h, w)
        1 in particles, 0 in the background, -1 where nothing is known or counted.
    val_picks : pandas.DataFrame or None
        Particles of the validation micrographs: columns micrograph (the position as text), x, y and
        diameter, in pixels of the working size. None where only masks are known.
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray
    val_picks: pd.DataFrame | None = None

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
        A file or folder of picks, in any format, of micrographs in both folders. Those of
        ``batch_*.npz`` are in the masks.
    picker : ParticlePicker, optional
        How micrographs are prepared; it is cloned. Unused by ``batch_*.npz``.

    Returns
    -------
    PickingData
        Images of ``batch_*.npz`` have the data type that they are stored in.

    Raises
    ------
    FormatError
        If a folder or a file cannot be read, or a file is damaged.
    ValueError
        If there are no micrographs or no picks of them, or a micrograph is in both folders.
    """
    train, val = Path(train), Path(val)
    for folder in (train, val):
        if not folder.is_dir():
            raise FormatError(f"{folder} is no folder. Name one that holds micrographs.")
    if any(train.glob("batch_*.npz")):
        return _load_batches(train, val, picks)
    if picks is None:
        raise ValueError(
            f"picks of the micrographs in {train} are needed: there are no batch_*.npz files with "
            f"masks. Name a file or folder of picks."
        )
    paths, val_paths = find_micrographs([train]), find_micrographs([val])
    _check_apart(paths, val_paths)
    picker = ParticlePicker() if picker is None else clone(picker)
    table = read_picks(picks)
    return PickingData(
        *picker.prepare(paths, table),
        *picker.prepare(val_paths, table),
        picker.working_picks(val_paths, table),
    )


def _load_batches(train, val, picks):
    if picks is not None:
        raise ValueError(
            f"{train} holds batch_*.npz files, whose masks say where particles are: leave out the "
            f"picks, or name a folder of micrographs."
        )
    if train.resolve() == val.resolve():
        raise ValueError(f"what judges must not be learned: {train} is given twice.")
    return PickingData(*_joined(train), *_joined(val))


def _joined(folder):
    """Return the images and masks of all files of a folder."""
    images, masks = zip(*read_batches(folder), strict=True)
    shapes = sorted({image.shape[1:] for image in images})
    if len(shapes) > 1:
        raise ValueError(f"all images in {folder} must be of one size; got {shapes}.")
    return np.concatenate(images), np.concatenate(masks)


def _check_apart(train, val):
    """Raise where a micrograph is both to learn from and to judge by."""
    names = {micrograph_stem(path.name) for path in train}
    both = [path.name for path in val if micrograph_stem(path.name) in names]
    if both:
        raise ValueError(
            f"what judges must not be learned: {len(both)} micrographs are in both folders, "
            f"{both[0]} for one. Move them."
        )


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
        The ratios are then those of the parts.
    warm_start : bool, default=True
        Whether each training goes on from the last one. False trains from scratch.
    seeds : sequence of int, default=(42,)
        Each gives initial labels, networks and draws.
    folder, resume, full_data, n_jobs, progress
        As for :func:`skal.experiments.compare`. With a folder, the model of every round is kept.

    Returns
    -------
    ComparisonResult
        The score is the F1 of pixels in particles, over all validation micrographs together;
        ``metrics`` of each record has the numbers of :class:`PickingMetrics`.

    Raises
    ------
    ValueError
        If a strategy is not known, or a number is out of range.
    FileExistsError, ResumeError
        As for :func:`skal.experiments.compare`.
    """
    strategies = _named(strategies)
    _check_numbers(n_iterations, initial_ratio, query_ratio)
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
        scoring=_pixel_f1,
        metrics=PickingMetrics(data.val_picks),
        n_jobs=n_jobs,
        folder=folder,
        resume=resume,
        save_models=folder is not None,
        progress=progress,
    )


def _named(strategies):
    if hasattr(strategies, "items"):
        return strategies
    unknown = sorted(set(strategies) - set(ACQUISITION_FUNCTIONS))
    if unknown:
        raise ValueError(
            f"strategies must be of {', '.join(ACQUISITION_FUNCTIONS)}; got {', '.join(unknown)}. "
            f"Pass others by name, as a dict."
        )
    return {name: ACQUISITION_FUNCTIONS[name] for name in strategies}


def _check_numbers(n_iterations, initial_ratio, query_ratio):
    if not (isinstance(n_iterations, Integral) and n_iterations >= 1):
        raise ValueError(f"n_iterations must be an integer of at least 1; got {n_iterations!r}.")
    for name, ratio in (("initial_ratio", initial_ratio), ("query_ratio", query_ratio)):
        if not 0 < ratio <= 1:
            raise ValueError(f"{name} must be a share in (0, 1]; got {ratio!r}.")


def _cut(X, y, size):
    """Return all square parts of images that have a labeled pixel."""
    pairs = [extract_patches(image, mask, size) for image, mask in zip(X, y, strict=True)]
    images = np.concatenate([patches.images for patches in pairs])
    masks = np.concatenate([patches.masks for patches in pairs])
    has_label = (masks >= 0).any(axis=(1, 2))
    return images[has_label], masks[has_label]


# Numbers of a round ------------------------------------------------------------------------


def _pixel_f1(loop, X_val, y_val):
    """Return the F1 of pixels in particles, over all images together.

    A segmenter's own score is that of the background where no label has shown a particle yet.
    """
    counts = np.zeros(3)
    for score_map, truth in zip(_maps(loop.learner_, X_val), y_val, strict=True):
        found, real = (score_map >= 0.5) & (truth >= 0), truth == 1
        counts += (found & real).sum(), found.sum(), real.sum()
    return float(rates(*counts)[2])


_pixel_f1.__name__ = "F1 of pixels"  # in tables and plots


def _maps(learner, X):
    """Yield the probability of particles in each image; 0 where no label has shown any yet."""
    is_particle = np.asarray(learner.classes_) == 1
    for i in range(len(X)):
        yield learner.predict_proba(X[i : i + 1])[0, is_particle].sum(axis=0)


@dataclass(frozen=True, eq=False)
class PickingMetrics:
    """The numbers of a round: of pixels, and of picks where the particles are known.

    Parameters
    ----------
    truth : pandas.DataFrame or None
        As ``val_picks`` of :class:`PickingData`.
    """

    truth: pd.DataFrame | None

    def __call__(self, learner, X_val, y_val):
        """Return the numbers by name.

        Parameters
        ----------
        learner : ActiveLearner
        X_val : ndarray of shape (n, h, w)
        y_val : ndarray of int of shape (n, h, w)
            Neither pixels of -1 nor picks and particles there count.

        Returns
        -------
        dict of str to float
            ``precision``, ``recall``, ``f1_score``, ``iou`` and ``auc`` of pixels, see
            :func:`skal.metrics.pixel_scores`; and, where the particles are known,
            ``picks_precision``, ``picks_recall``, ``picks_f1_score`` and
            ``picks_average_precision`` of peaks of at least 0.5, see
            :func:`skal.micrographs.score_picks`.
        """
        proba = np.stack(list(_maps(learner, X_val)))
        return pixel_scores(y_val, proba) | self._of_picks(proba, y_val)

    def _of_picks(self, proba, masks):
        if self.truth is None or not len(self.truth):
            return {}
        diameter = self.truth["diameter"].median()
        found = [find_picks(score_map, diameter) for score_map in proba]
        found = [table.assign(micrograph=str(i)) for i, table in enumerate(found)]
        names = [str(i) for i in range(len(proba))]
        scores = score_picks(
            _counted(pd.concat(found), masks), _counted(self.truth, masks), micrographs=names
        )
        numbers = ("precision", "recall", "f1_score", "average_precision")
        return {f"picks_{name}": getattr(scores, name) for name in numbers}


def _counted(picks, masks):
    """Return picks that are on pixels with a label."""
    last = np.array(masks.shape[1:]) - 1
    rows, columns = picks[["y", "x"]].to_numpy().round().astype(int).clip(0, last).T
    return picks[masks[picks["micrograph"].astype(int), rows, columns] >= 0]
