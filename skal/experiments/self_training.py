"""Self-training with a folder for each iteration, which can be resumed after a kill.

::

    <folder>/config.json                      segmenter, hashes of the data, versions
    <folder>/iteration_0_supervised/model/    what the segmenter's estimator saves
    <folder>/iteration_0_supervised/metrics.json, visualization.png
    <folder>/iteration_<k>_selftrain/         the same, and pseudo_labels.npz
    <folder>/training_summary.json
    <folder>/final_model/                     the best model

Weights of skal's nets are safetensors, so that ``model/`` and ``final_model/`` stand where other
programs have ``model.pt`` and ``final_model.pt``.
"""

import io
import logging
import shutil

import numpy as np
from sklearn.base import clone

from .._files import new_folder, read_json, remove_unfinished, write_bytes, write_json
from .._labeled_images import make_labeled_images
from .._pseudo_labels import PseudoLabels
from ..metrics import pixel_scores
from ..self_training import Iteration
from ._describe import describe, describe_data
from ._folders import open_comparison
from ._pictures import png
from ._self_training_pictures import draw_rows, typical_image

__all__ = ["run_self_training"]

METRICS, MODEL, FINAL_MODEL = "metrics.json", "model", "final_model"
PSEUDO_LABELS, PICTURE, SUMMARY = "pseudo_labels.npz", "visualization.png", "training_summary.json"
RECORD_KEYS = (
    *("iteration", "stage", "positive_threshold", "negative_threshold", "n_sure"),
    *("n_pseudo", "score", "kept", "fit_seconds"),
)
LOGGER = logging.getLogger("skal.self_training")


def run_self_training(
    segmenter, X, y, folder, X_unlabeled=None, X_val=None, y_val=None, *, resume=False
):
    """Train by self-training, and write every iteration into a folder as it ends.

    Every iteration begins with the model as it was saved, so that a run that was killed and resumed
    gives what an uninterrupted one gives.

    Parameters
    ----------
    segmenter : SelfTrainingSegmenter
        What to train; it is cloned. Its ``random_state`` is an integer, and its estimator has
        ``save(folder)`` and a class method ``load(folder)``.
    X : ndarray of shape (n, H, W) or (n, C, H, W)
        Images.
    y : ndarray of int of shape (n, H, W)
        Labels: 0 and 1, and -1 where there is none.
    folder : str or path
        Where to write. It must be empty or not exist, unless `resume`.
    X_unlabeled, X_val, y_val : ndarray, default=None
        As for :meth:`skal.self_training.SelfTrainingSegmenter.fit`.
    resume : bool, default=False
        Whether to go on after the last whole iteration in `folder`.

    Returns
    -------
    SelfTrainingSegmenter
        Fitted. ``metrics.json`` of each iteration holds its record in ``history_`` and, of all
        labeled validation pixels, ``precision``, ``recall``, ``f1_score``, ``iou``, ``auc``,
        ``num_val_samples`` and ``num_pixels_evaluated``.

    Raises
    ------
    TypeError
        If the estimator cannot be saved and loaded.
    ValueError
        If the labels are not 0 and 1, or ``random_state`` is no integer.
    FileExistsError, ResumeError
        If `folder` holds something else, or `resume` is False and it holds anything.
    """
    segmenter = clone(segmenter)
    _check_segmenter(segmenter)
    images = make_labeled_images(segmenter, X, y, X_unlabeled, X_val, y_val)
    if images.classes.tolist() != [0, 1]:
        raise ValueError(
            f"y must hold the labels 0 and 1, or -1 for none; got {images.classes.tolist()}."
        )
    data = (X, y, X_unlabeled, X_val, y_val)
    run = _Run(open_comparison(folder, _config(segmenter, data), resume), segmenter, images)
    while True:
        done = run.read()
        run.draw_missing(done)
        iteration = next(segmenter.iter_fit(*data, done=done), None)
        if iteration is None:
            break
        run.save(iteration)
    run.finish()
    return segmenter


def _check_segmenter(segmenter):
    estimator = segmenter.estimator
    if not (hasattr(estimator, "save") and hasattr(estimator, "load")):
        raise TypeError(
            f"the segmenter's estimator must have save and load, to keep its models in a folder; "
            f"{type(estimator).__name__} has not. Call fit for a run without a folder."
        )
    if not isinstance(segmenter.random_state, int | np.integer):
        raise ValueError(
            f"random_state must be an integer, so that a run can be resumed; got "
            f"{segmenter.random_state!r}."
        )


def _config(segmenter, data):
    names = ("X", "y", "X_unlabeled", "X_val", "y_val")
    return {
        "segmenter": describe(segmenter),
        "data": {name: describe_data(values) for name, values in zip(names, data, strict=True)},
        "strategies": {},  # what tells the folder of an experiment from others
    }


class _Run:
    """The folder of a run.

    Parameters
    ----------
    path : pathlib.Path
        The folder.
    segmenter : SelfTrainingSegmenter
        What is trained.
    images : LabeledImages
        What it is trained on.
    """

    def __init__(self, path, segmenter, images):
        self.path, self.segmenter, self.images = path, segmenter, images

    def read(self):
        """Return the whole iterations from the first on; others are removed.

        Only the best so far has its model and pseudo-labels.
        """
        records = []
        while (record := _read_record(self._place(len(records)) / METRICS)) is not None:
            records.append(record)
        for path in self.path.glob("iteration_*"):
            if path not in [self._place(number) for number in range(len(records))]:
                shutil.rmtree(path)
        done = [Iteration(record) for record in records]
        kept = [record["iteration"] for record in records if record["kept"]]
        if kept:
            best = kept[-1]
            done[best] = Iteration(records[best], self._load(best), self._pseudo_labels(best))
        return done

    def save(self, iteration):
        """Write what an iteration has made, but for its picture."""
        metrics = {**iteration.record, **_scores(iteration)}
        with new_folder(self._place(metrics["iteration"])) as place:
            if iteration.estimator is not None:
                iteration.estimator.save(place / MODEL)
            if iteration.pseudo_labels is not None:
                write_bytes(place / PSEUDO_LABELS, _npz(iteration.pseudo_labels))
            write_json(place / METRICS, metrics)
        LOGGER.info(
            "iteration %d: %s pseudo-labels, F1 %s, %s",
            metrics["iteration"],
            f"{sum(metrics['n_pseudo'].values()):,}",
            "-" if metrics["score"] is None else f"{metrics['score']:.4f}",
            "kept" if metrics["kept"] else "not kept",
        )

    def draw_missing(self, done):
        """Draw the pictures of iterations that have none: an error in one costs no training."""
        for number, iteration in enumerate(done):
            place = self._place(number)
            remove_unfinished(place)
            if (place / MODEL).is_dir() and not (place / PICTURE).exists():
                kept = [i for i, d in enumerate(done[:number]) if d.record["kept"]]
                rows = self._rows(iteration.record, max(kept, default=None))
                write_bytes(place / PICTURE, png(draw_rows(rows, _title(iteration.record))))

    def _rows(self, record, teacher):
        """Return the panels of a held-out image, and of one with pseudo-labels.

        The held-out image, of which the truth is known, shows how good pseudo-labels are: those
        that the thresholds alone would give it. They are drawn only.
        """
        number, images = record["iteration"], self.images
        model, pseudo = self._load(number), self._pseudo_labels(number)
        held = typical_image(images.y_val)
        rows = [_panels(model, "Held-out image", images.X_val[held], images.y_val[held])]
        if pseudo is not None:
            proba = self._load(teacher).predict_proba(images.X_val[held][None])
            rows[0]["Its pseudo-labels, if it had any"] = _sure_labels(record, proba)
            i = typical_image(pseudo)
            n = len(images.X)
            image = images.X[i] if i < n else images.X_unlabeled[i - n]
            rows.append(_panels(model, "Image that trains", image, images.trusted[i]))
            rows[1]["Pseudo-labels"] = pseudo[i]
        return rows

    def finish(self):
        """Write the summary and the best model."""
        records = self.segmenter.history_
        best = max(record["iteration"] for record in records if record["kept"])
        with new_folder(self.path / FINAL_MODEL) as place:
            self.segmenter.estimator_.save(place)
        iterations = [read_json(self._place(number) / METRICS) for number in range(len(records))]
        summary = {
            "best_iteration": best,
            "supervised_f1_score": iterations[0]["f1_score"],
            "final_f1_score": iterations[best]["f1_score"],
            "iterations": iterations,
        }
        write_json(self.path / SUMMARY, summary)

    def _place(self, number):
        stage = "selftrain" if number else "supervised"
        return self.path / f"iteration_{number}_{stage}"

    def _load(self, number):
        estimator = self.segmenter.estimator
        model = type(estimator).load(self._place(number) / MODEL)
        # parameters that no file holds, such as functions, are those of the segmenter
        return model.set_params(**clone(estimator).get_params(deep=False))

    def _pseudo_labels(self, number):
        path = self._place(number) / PSEUDO_LABELS
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as file:
            return file["pseudo_labels"]


def _scores(iteration):
    """Return the scores of validation pixels, None where no model was trained."""
    y_val, proba = iteration.y_val, iteration.proba
    if proba is None:
        names = ("precision", "recall", "f1_score", "iou", "auc")
        return dict.fromkeys((*names, "num_val_samples", "num_pixels_evaluated"))
    return {
        **pixel_scores(y_val, proba[:, 1]),
        "num_val_samples": len(y_val),
        "num_pixels_evaluated": int((y_val != -1).sum()),
    }


def _read_record(path):
    """Return the record in metrics, whose classes JSON has made words; None if it is not whole."""
    metrics = read_json(path)
    if not isinstance(metrics, dict) or not metrics.keys() >= set(RECORD_KEYS):
        return None
    record = {key: metrics[key] for key in RECORD_KEYS}
    for key in ("n_sure", "n_pseudo", "positive_threshold"):
        if isinstance(record[key], dict):
            record[key] = {int(label): value for label, value in record[key].items()}
    return record


def _npz(labels):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, pseudo_labels=labels)
    return buffer.getvalue()


def _panels(model, name, image, labels):
    return {
        name: np.asarray(image, dtype=np.float64),
        "Human labels": labels,
        "Probability": model.predict_proba(np.asarray(image)[None])[0, 1],
    }


def _sure_labels(record, proba):
    """Return the pseudo-labels that the thresholds of an iteration give an image, uncapped."""
    positive = record["positive_threshold"]
    positive = positive[1] if isinstance(positive, dict) else positive
    rng = np.random.RandomState(0)  # without a cap nothing is drawn
    sure = PseudoLabels([1 - record["negative_threshold"], positive], [1, 1], None, rng)
    sure.add(proba, np.ones(proba[:, 0].shape, dtype=bool), 0)
    return sure.labels([0, 1], proba[:, 0].shape, np.int8)[0]


def _title(record):
    title = f"Iteration {record['iteration']}, F1 of held-out pixels {record['score']:.3f}"
    if record["iteration"] and not record["kept"]:
        title += ", not kept"
    return title
