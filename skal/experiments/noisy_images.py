"""Nets, strategies and noise: the experiment that ``skal run`` makes.

Every pair of a net and a kind of noise is a cell: a comparison of strategies over paired seeds, in
a folder of its own. Tables and plots across the cells stand beside them.
"""

import logging
import math
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from .._files import make_folder, read_json, write_json
from ..datasets import corrupt, corrupt_labels, load_dataset, reduce_dataset
from ..datasets._reduce import stratified_positions
from ..exceptions import ResumeError
from ..learners import ActiveLearner
from ._describe import differences
from ._devices import check_device
from ._noisy_reports import NoisyImagesResult, write_noisy_reports
from ._noisy_settings import MODELS, NOISES, STRATEGIES, Settings
from .compare import compare
from .tracking import Tracker

__all__ = [
    "MODELS",
    "NOISES",
    "STRATEGIES",
    "NoisyImagesResult",
    "Settings",
    "load_images",
    "make_splits",
    "run_noisy_images",
]

DATA_SEED = 42  # splits and noise are part of the data: the same for all seeds
FEW_STEPS = 200  # nets that have taken fewer are hardly trained: no strategy can use them
LOGGER = logging.getLogger("skal.run")


def load_images(settings, data_dir=None, *, download=False):
    """Load what an experiment needs, and check that it can be run.

    Parameters
    ----------
    settings : Settings
        What is to be run.
    data_dir : str or path, optional
        The folder of the data; see :func:`skal.datasets.load_dataset`. Unused by digits.
    download : bool, default=False
        Whether to download data that are not there.

    Returns
    -------
    Dataset
        Images, reduced to ``n_pool`` and ``n_test``.

    Raises
    ------
    ValueError
        If there are fewer images than labels to spend, the images are too small for a net, or the
        device is not there.
    OSError, DatasetError, ImportError
        As for :func:`skal.datasets.load_dataset`.
    """
    check_device(settings.device)
    dataset = load_dataset(settings.dataset, data_dir, download=download, flatten=False)
    dataset = reduce_dataset(dataset, settings.n_pool, settings.n_test)
    _check_sizes(settings, dataset.y_train)
    for model in settings.models:
        _check_net(_make_net(model, settings), dataset.image_shape)
    return dataset


def run_noisy_images(
    settings,
    dataset,
    folder=None,
    *,
    resume=False,
    n_jobs=None,
    track=None,
    project="skal",
    progress=True,
):
    """Run strategies with nets on images with and without noise.

    Parameters
    ----------
    settings : Settings
        What to run.
    dataset : Dataset
        What :func:`load_images` returned.
    folder : str or path, optional
        Where runs, tables and plots go. It must be empty or not exist, unless `resume`.
    resume : bool, default=False
        Whether to go on with what is in `folder`.
    n_jobs : int or None, default=None
        How many runs at a time.
    track : {"tensorboard", "wandb", "mlflow"} or None, default=None
        Where to send rounds and epochs; needs `folder`.
    project : str, default="skal"
        The project of the tracking tool.
    progress : bool, default=True
        Whether to show how many runs have ended.

    Returns
    -------
    NoisyImagesResult

    Raises
    ------
    FileExistsError, ResumeError
        As for :func:`skal.experiments.compare`.
    """
    if folder is None and (resume or track):
        raise ValueError("resume and track need a folder; got folder=None.")
    folder = None if folder is None else _open(Path(folder), settings, resume)
    LOGGER.info("%r", dataset)
    LOGGER.info("%s", settings)
    _warn_of_few_steps(settings)
    cells = {}
    for noise in settings.noises:
        splits = make_splits(dataset, settings, noise)
        for model in settings.models:
            place = _place(f"{model}-{noise}", folder, track, project)
            options = {"resume": resume, "n_jobs": n_jobs, "progress": progress, **place}
            cells[model, noise] = _run_cell(settings, model, noise, splits, options)
    result = NoisyImagesResult(cells, settings.num_valid)
    if folder is not None:
        write_noisy_reports(result, folder)
    return result


def _place(name, folder, track, project):
    """Return what `compare` gets to keep and to follow a cell."""
    if folder is None:
        return {}
    follow = Tracker(track, folder, group=name, project=project) if track else None
    return {"folder": folder / name, "on_round": follow}


def _run_cell(settings, model, noise, splits, options):
    title = f"{model}-{noise}"
    LOGGER.info("begin %s", title)
    start = time.perf_counter()
    result = compare(
        {name: STRATEGIES[name] for name in settings.strategies},
        _make_learner(model, settings, splits),
        *splits["train"],
        X_test=splits["test"][0],
        y_test=splits["test"][1],
        n_initial=settings.n_init_labeled,
        n_instances=settings.n_query,
        n_queries=settings.n_round,
        seeds=settings.seeds,
        baseline="random" if "random" in settings.strategies else None,
        full_data=settings.full_data,
        n_labels_spent=settings.num_valid,
        **options,
    )
    for row in result.to_frame().itertuples():
        LOGGER.debug(
            "%s, %s, seed %d, %d labels: accuracy %.4f",
            *(title, row.strategy, row.seed, row.n_labels, row.score),
        )
    LOGGER.info("end %s: %.0f s", title, time.perf_counter() - start)
    return result


def make_splits(dataset, settings, noise):
    """Return samples and labels to choose from, for validation, and to test on, with their noise.

    Parameters
    ----------
    dataset : Dataset
        Images, not flattened.
    settings : Settings
        How many are for validation, and what gets how much noise.
    noise : {"none", "gaussian", "salt_and_pepper"}
        The noise in images.

    Returns
    -------
    dict of str to (ndarray, ndarray)
        The splits ``"train"``, ``"valid"`` and ``"test"``.
    """
    valid = stratified_positions(dataset.y_train, settings.num_valid, DATA_SEED)
    train = np.setdiff1d(np.arange(len(dataset.y_train)), valid)
    splits = {
        "train": (dataset.X_train[train], dataset.y_train[train]),
        "valid": (dataset.X_train[valid], dataset.y_train[valid]),
        "test": (dataset.X_test, dataset.y_test),
    }
    for seed, (name, (X, y)) in enumerate(splits.items(), start=DATA_SEED):
        if settings.label_noise != "none" and name != "test" and len(y):
            y = _with_wrong_labels(X, y, settings, seed)
        if noise != "none" and name in settings.noise_splits:
            X = corrupt(
                X,
                noise,
                settings.noise_rate,
                strength=settings.noise_strength,
                channel_axis=1 if X.ndim == 4 else None,
                random_state=seed,
            )
        splits[name] = X, y
    return splits


def _with_wrong_labels(X, y, settings, seed):
    known = {"X": X} if settings.label_noise == "adversarial" else {}
    return corrupt_labels(
        y, settings.label_noise_rate, settings.label_noise, random_state=seed, **known
    )


def _make_learner(model, settings, splits):
    """Return the learner of a net that has the validation data, if there are any."""
    net = _make_net(model, settings)
    if not settings.num_valid:
        return ActiveLearner(net)
    X_val, y_val = splits["valid"]
    return ActiveLearner(net, X_val=X_val, y_val=y_val)


def _make_net(model, settings):
    from .. import nets

    return getattr(nets, MODELS[model])(
        max_epochs=settings.epochs,
        batch_size=settings.batch_size,
        lr=settings.lr,
        optimizer=settings.optimizer,
        augment="affine" if settings.augment else None,
        mixed_precision=settings.mixed_precision,
        device=settings.device,
    )


def _check_net(net, image_shape):
    """Let a net's module say whether it takes such images, before anything is run."""
    net.module(in_shape=(1, *image_shape)[-3:], n_classes=2, dropout=net.dropout)


def _check_sizes(settings, y):
    n_labels = settings.num_valid + settings.n_init_labeled + settings.n_query * settings.n_round
    if n_labels > len(y):
        raise ValueError(
            f"the labels to spend must be at most the images there are: n_init_labeled + n_query * "
            f"n_round + num_valid = {n_labels}, but there are {len(y)}. Spend fewer, or use more "
            f"images."
        )
    n_classes = len(np.unique(y))
    for name, least in (("n_init_labeled", n_classes), ("num_valid", n_classes)):
        if 0 < getattr(settings, name) < least:
            raise ValueError(
                f"{name} must be at least {least}, one image of each class; got "
                f"{getattr(settings, name)}."
            )


def _warn_of_few_steps(settings):
    n_steps = settings.epochs * math.ceil(settings.n_init_labeled / settings.batch_size)
    if n_steps < FEW_STEPS:
        LOGGER.warning(
            "the first nets are trained for %d steps only, and will know little: with few labels, "
            "use more epochs or smaller batches",
            n_steps,
        )


def _open(folder, settings, resume):
    """Return the folder, with the settings in it; raise if it holds anything else."""
    make_folder(folder)
    path, config = folder / "settings.json", _as_json(settings)
    if not any(entry.name != "training.log" for entry in folder.iterdir()):
        write_json(path, config)
        return folder
    if not resume:
        raise FileExistsError(
            f"the output folder {folder} is not empty. Choose another folder, or resume the "
            f"experiment in it with resume=True."
        )
    found = read_json(path)
    if not isinstance(found, dict):
        raise ResumeError(f"{folder} holds no experiment: it has no readable settings.json.")
    keys = differences(found, config)
    if keys:
        raise ResumeError(
            f"{folder} holds an experiment with other settings, so it cannot be resumed. What "
            f"differs: {', '.join(keys)}. Use the same settings, or another folder."
        )
    return folder


def _as_json(settings):
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(settings).items()}
