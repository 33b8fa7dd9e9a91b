"""How good a model is, on images that were drawn at random and answered blind."""

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from ._items import is_human, reserve
from ._schema import IMPORTED, current_label, item, queue_item

MIN_N = 20  # monitor labels below which there is no estimate
HELD_OUT, TESTED_FIRST = "held-out", "test-then-train"  # kinds of estimates
LEVEL = 0.05  # of the test that a new model is worse


@dataclass(frozen=True)
class Estimate:
    """The share of monitor images that a model gets right.

    Attributes
    ----------
    score : float
        The accuracy, in [0, 1].
    low, high : float
        Its 95 % interval, by Wilson.
    n : int
        Monitor images with a label.
    n_unanswered : int
        Those that were asked for and have none: skipped, unsure, excluded or open.
    model_id : int or None
        The model, where it is one of the project.
    kind : {"held-out", "test-then-train"}
        Whether monitor images train no model; or they do, and each is judged by the model that was
        the newest one when it was labeled, so that the score is of several models.
    """

    score: float
    low: float
    high: float
    n: int
    n_unanswered: int
    model_id: int | None
    kind: str = HELD_OUT

    def __str__(self):
        how = "" if self.kind == HELD_OUT else f", {self.kind}"
        return f"{self.score:.2f} ({self.low:.2f} to {self.high:.2f}, n = {self.n}{how})"


def wilson(n_right, n):
    """Return the 95 % interval of a share by Wilson's score method.

    Parameters
    ----------
    n_right : int
        How many of `n` are right.
    n : int
        At least 1.

    Returns
    -------
    low, high : float

    References
    ----------
    .. [1] Wilson (1927), "Probable inference, the law of succession, and statistical inference",
       JASA.
    """
    z = 1.959963984540054  # the normal quantile of 0.975
    share, scale = n_right / n, 1 + z**2 / n
    center = (share + z**2 / (2 * n)) / scale
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / scale
    # rounding must not leave the share outside
    low, high = float(center - half), float(center + half)
    return min(share, max(0.0, low)), max(share, min(1.0, high))


@dataclass(frozen=True)
class MonitorLabels:
    """Monitor images with labels, as far as they are a random sample of the pool.

    Attributes
    ----------
    ids, label_ids : ndarray of int of shape (n,)
        Ordered by `ids`.
    event_ids : ndarray of int of shape (n,)
        The events that have given the labels.
    n_unanswered : int
        How many images of the sample have no label of people.
    """

    ids: np.ndarray
    label_ids: np.ndarray
    event_ids: np.ndarray
    n_unanswered: int

    def where(self, is_kept):
        """Return some of the labels."""
        kept = (values[is_kept] for values in (self.ids, self.label_ids, self.event_ids))
        return MonitorLabels(*kept, self.n_unanswered)

    def after(self, revision):
        """Return the labels that were given after a state of all labels."""
        return self.where(self.event_ids > revision)


def monitor_labels(connection):
    """Return the monitor images with labels up to the last one that was asked for.

    Only as far as the queue has come in the permutation, or labels that were imported reach without
    a gap, are they a random sample of the pool: what people have picked further on is left out.

    Returns
    -------
    MonitorLabels
    """
    labeled = (current_label.c.answer == "label") & is_human
    asked = sa.select(queue_item.c.id).where(queue_item.c.item_id == item.c.id)
    asked = asked.where(queue_item.c.slice == "monitor", queue_item.c.handed_to.is_not(None))
    columns = [item.c.id, sa.case((labeled, current_label.c.label_id)), asked.exists()]
    columns += [current_label.c.source == IMPORTED, current_label.c.event_id]
    rows = sa.select(*columns).outerjoin(current_label, current_label.c.item_id == item.c.id)
    rows = rows.where(item.c.draw < reserve, item.c.status == "ok").order_by(item.c.draw)
    found = connection.execute(rows).all()
    found = sorted(found[: _n_reached(found)])
    labels = [(row[0], row[1], row[4]) for row in found if row[1] is not None]
    columns = np.array(labels, np.int64).reshape(-1, 3).T
    return MonitorLabels(*columns, len(found) - len(labels))


def _n_reached(rows):
    """Return how many of all monitor images, in their order, are a sample: see above."""
    n_asked = max((i + 1 for i, row in enumerate(rows) if row[2]), default=0)
    gaps = (i for i, row in enumerate(rows) if i >= n_asked and not row[3])
    return next(gaps, len(rows))


def right(predictions, ids, label_ids):
    """Return whether the best guess for each of some images is their label."""
    return predictions.best(ids) == label_ids


def estimate(labels, predictions, model_id):
    """Return the estimate of a model, or None where too few monitor images are labeled."""
    known = predictions.known(labels.ids)
    is_right = right(predictions, labels.ids[known], labels.label_ids[known])
    return estimate_of(is_right, labels.n_unanswered, model_id)


def estimate_of(is_right, n_unanswered, model_id, kind=HELD_OUT):
    """Return the estimate of a model by which labels it gets right, or None of too few."""
    n, n_right = len(is_right), int(is_right.sum())
    if n < MIN_N:
        return None
    return Estimate(n_right / n, *wilson(n_right, n), n, n_unanswered, model_id, kind)


def judge(labels, old, new):
    """Return whether a new model takes the place of the old one, and why, in words.

    Parameters
    ----------
    labels : MonitorLabels
        That neither has learned from.
    old : Predictions or None
        Of the current model.
    new : Predictions
        Of the new one.
    """
    if old is None:
        return True, "The first model."
    ids, label_ids = labels.ids, labels.label_ids
    known = old.known(ids) & new.known(ids)
    ids, label_ids = ids[known], label_ids[known]
    if len(ids) < MIN_N:
        return True, f"The newest model: too few monitor labels to compare (n = {len(ids)})."
    old_right, new_right = right(old, ids, label_ids), right(new, ids, label_ids)
    change = f"{old_right.mean():.2f} → {new_right.mean():.2f}, n = {len(ids)}"
    p = p_worse(old_right, new_right)
    if p < LEVEL:
        return False, f"New model scored lower ({change}, p = {p:.3f}). Kept the old one."
    return True, f"The new model is not worse ({change})."


def p_worse(old_right, new_right):
    """Return how probable so many losses are, had the new model been as good as the old one.

    The exact one-sided test of McNemar: only images count of which one model is right.
    """
    from scipy.stats import binomtest

    n_lost = int((old_right & ~new_right).sum())
    n_won = int((new_right & ~old_right).sum())
    if n_lost + n_won == 0:
        return 1.0
    return float(binomtest(n_lost, n_lost + n_won, 0.5, alternative="greater").pvalue)
