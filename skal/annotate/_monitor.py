"""How good a model is, on images that were drawn at random and answered blind."""

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from ._items import is_human, reserve
from ._schema import IMPORTED, current_label, item, queue_item

MIN_N = 20  # monitor labels below which there is no estimate
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
    """

    score: float
    low: float
    high: float
    n: int
    n_unanswered: int
    model_id: int | None

    def __str__(self):
        return f"{self.score:.2f} ({self.low:.2f} to {self.high:.2f}, n = {self.n})"


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


def monitor_labels(connection):
    """Return the monitor images with labels up to the last one that was asked for.

    Only as far as the queue has come in the permutation, or labels that were imported reach without
    a gap, are they a random sample of the pool: what people have picked further on is left out.

    Returns
    -------
    ids, label_ids : ndarray of int of shape (n,)
        Ordered by `ids`.
    n_unanswered : int
        How many images up to there have no label of people.
    """
    labeled = (current_label.c.answer == "label") & is_human
    asked = sa.select(queue_item.c.id).where(queue_item.c.item_id == item.c.id)
    asked = asked.where(queue_item.c.slice == "monitor", queue_item.c.handed_to.is_not(None))
    columns = [item.c.id, sa.case((labeled, current_label.c.label_id)), asked.exists()]
    rows = sa.select(*columns, current_label.c.source == IMPORTED).outerjoin(
        current_label, current_label.c.item_id == item.c.id
    )
    rows = rows.where(item.c.draw < reserve, item.c.status == "ok").order_by(item.c.draw)
    found = connection.execute(rows).all()
    found = sorted(found[: _n_reached(found)])
    pairs = np.array([row[:2] for row in found if row[1] is not None], np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1], len(found) - len(pairs)


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
    ids, label_ids, n_unanswered = labels
    known = predictions.known(ids)
    n = int(known.sum())
    if n < MIN_N:
        return None
    n_right = int(right(predictions, ids[known], label_ids[known]).sum())
    return Estimate(n_right / n, *wilson(n_right, n), n, n_unanswered, model_id)


def judge(connection, old, new):
    """Return whether a new model takes the place of the old one, and why, in words.

    Parameters
    ----------
    connection : Connection
        Of the database.
    old : Predictions or None
        Of the current model.
    new : Predictions
        Of the new one.
    """
    if old is None:
        return True, "The first model."
    ids, label_ids, _ = monitor_labels(connection)
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
