"""How fast people label, and whether more labels still change anything."""

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from . import _monitor, _queue, _schema
from ._items import UNANSWERED
from ._review import Filter
from ._schema import ANSWERS, event

N_TIMES, MIN_TIMES = 30, 8  # decisions that the pace is of
IDLE_S = 60.0  # a longer pause is no work
N_ROUNDS = 3
MAX_CHURN = 0.01  # of the pool
Z = 1.959963984540054  # the normal quantile of 0.975


@dataclass(frozen=True)
class Pace:
    """How fast somebody labels.

    Attributes
    ----------
    seconds : float
        The median time of the last decisions; pauses of more than a minute do not count.
    n : int
        How many decisions that is of, at most 30.
    n_waiting, n_unanswered : int
        Images of the round that wait, and of the whole project.
    seconds_round, seconds_pool : float
        What they will take.
    """

    seconds: float
    n: int
    n_waiting: int
    n_unanswered: int
    seconds_round: float
    seconds_pool: float


@dataclass(frozen=True)
class StopHint:
    """That more labels now change little.

    Attributes
    ----------
    n_labels : int
        The labels of the last three rounds.
    gain, half_width : float
        What they have changed of the accuracy on monitor images, and half of its 95 % interval.
    n_monitor : int
        How many monitor images that is of.
    churn : float
        The share of the pool of which the last model says another label than the one before.
    weakest : str or None
        The label of which the model finds the smallest share, to go on with.
    message : str
        This in words.
    """

    n_labels: int
    gain: float
    half_width: float
    n_monitor: int
    churn: float
    weakest: str | None
    message: str


class PacingMixin:
    """How the labeling of a project goes."""

    def pace(self, annotator="me"):
        """Return how fast somebody labels, or None before eight decisions.

        Returns
        -------
        Pace or None
        """
        with self._store.reading() as connection:
            times = _read_times(connection, annotator)
            n_waiting = _queue.n_waiting(connection)
        gaps = np.diff(times)
        gaps = gaps[(gaps >= 0) & (gaps <= IDLE_S)][-N_TIMES:]
        if len(gaps) < MIN_TIMES:
            return None
        seconds, n_open = float(np.median(gaps)), self.count(Filter(answer=UNANSWERED))
        return Pace(seconds, len(gaps), n_waiting, n_open, seconds * n_waiting, seconds * n_open)

    def stop_hint(self):
        """Return that more labels now change little, or None where they do, or nobody knows.

        They change little when what the last three rounds have gained is less than its 95 %
        interval is wide to either side, and the last model says the same as the one before of 99 %
        of the pool. Nothing ever stops by itself.

        Returns
        -------
        StopHint or None
        """
        model = _schema.model
        with self._store.reading() as connection:
            rows = connection.execute(sa.select(model).order_by(model.c.id)).all()[-N_ROUNDS - 1 :]
            if len(rows) <= N_ROUNDS:
                return None
            labels = self._unseen_labels(connection, rows[-1].id)
            old, new = (self._of_monitor(connection, rows[i].id) for i in (0, -1))
        known = old.known(labels.ids) & new.known(labels.ids)
        labels = labels.where(known)
        if len(labels.ids) < _monitor.MIN_N:
            return None
        pair = (_monitor.right(said, labels.ids, labels.label_ids) for said in (old, new))
        gain, half_width = paired_gain(*pair)
        churn = self._churn(rows[-2].id, rows[-1].id)
        if gain > half_width or churn >= MAX_CHURN:
            return None
        n_labels = rows[-1].n_labels - rows[0].n_labels
        return self._make_hint(n_labels, gain, half_width, len(labels.ids), churn, rows[-1].id)

    def _make_hint(self, n_labels, gain, half_width, n_monitor, churn, model_id):
        classes = self.report(model_id).classes or []
        found = [c for c in classes if c.recall is not None]
        weakest = min(found, key=lambda c: (c.recall, c.label)).label if len(found) > 1 else None
        switch = "" if weakest is None else f", or switch to label {weakest}"
        message = (
            f"Extra labels now change little (last {n_labels} labels: {100 * gain:+.1f} ± "
            f"{100 * half_width:.1f} points). Stop{switch}?"
        )
        return StopHint(n_labels, gain, half_width, n_monitor, churn, weakest, message)

    def _churn(self, old_id, new_id):
        """Return the share of the pool of which two models say different labels."""
        new, old = self._predictions(new_id), self._read_predictions(old_id)
        ids = new.ids[old.known(new.ids)]
        return float((new.best(ids) != old.best(ids)).mean()) if len(ids) else 1.0


def paired_gain(old_right, new_right):
    """Return the change of accuracy on the same images, and half the width of its 95 % interval.

    References
    ----------
    .. [1] Agresti and Min (2005), "Simple improved confidence intervals for comparing matched
       proportions", Statistics in Medicine: half an image is added to each cell.
    """
    n = len(old_right) + 2
    n_won = int((new_right & ~old_right).sum()) + 0.5
    n_lost = int((old_right & ~new_right).sum()) + 0.5
    change = (n_won - n_lost) / n
    half = Z * np.sqrt(n_won + n_lost - n * change**2) / n
    return (n_won - n_lost) / len(old_right), float(half)


def _read_times(connection, annotator):
    """Return when somebody gave the last answers, ascending; not those given to many images."""
    when = sa.func.coalesce(event.c.client_ts, event.c.server_ts)
    rows = sa.select(when).where(event.c.annotator == annotator, event.c.kind.in_(ANSWERS))
    rows = rows.where(event.c.bulk_id.is_(None)).order_by(event.c.id.desc())
    return np.array(connection.scalars(rows.limit(3 * N_TIMES)).all()[::-1], float)
