"""How a project learns and shows: kept in its database, changed at any moment."""

from numbers import Integral

import sqlalchemy as sa

from ._models import make_model
from ._queue import drop_planned
from ._schema import current_label, item, project
from ._strategies import make_strategy
from ._tally import ANSWERED

SHOWN = ("visible", "blind")
POLICIES = ("batch", "every", "idle", "manual")
DEFAULTS = {
    "auto_train": {"policy": "batch", "every": 32, "idle_s": 20},
    "batch_size": 32,
    "predictions": "visible",
    "round_origin": {"number": 1, "n_answered": 0},  # where rounds of this batch size begin
}


def read_settings(connection):
    """Return all settings, those that were never changed too."""
    return DEFAULTS | (connection.scalar(sa.select(project.c.settings)) or {})


def write_settings(connection, changes):
    """Change some settings, and return all."""
    settings = read_settings(connection) | changes
    connection.execute(sa.update(project).values(settings=settings))
    return settings


def round_mark(settings, n_answered, n_items):
    """Return the number of the round, how many of it are answered, and its size.

    A round is a batch of answers, whoever gives them; the last one may be smaller.
    """
    size, origin = settings["batch_size"], settings["round_origin"]
    ahead = n_answered - origin["n_answered"]
    number, n_done = origin["number"] + ahead // size, ahead % size
    if number < 1:  # answers from before the first round of this size were taken back
        number, n_done = 1, 0
    n_left = max(0, n_items - n_answered)
    return number, n_done, max(1, min(size, n_done + n_left))


def moved_origin(settings, n_answered):
    """Return where rounds begin when their size changes now: with the round that is open."""
    number, n_done, _ = round_mark(settings, n_answered, n_answered + settings["batch_size"])
    return {"number": number, "n_answered": n_answered - n_done}


class SettingsMixin:
    """How a project learns and shows, and its name."""

    @property
    def settings(self):
        """All settings: a dict.

        ``auto_train`` and ``predictions`` are for the app; ``batch_size`` is how many images a
        round has; ``strategy`` and ``model`` are names, or None for what was given as an object.
        """
        with self._store.reading() as connection:
            return read_settings(connection)

    def change_settings(
        self, *, strategy=None, model=None, batch_size=None, auto_train=None, predictions=None
    ):
        """Change how the project learns and shows; what is None stays.

        Parameters
        ----------
        strategy, model : str or object, optional
            What chooses and what learns from now on, as for :meth:`create`.
        batch_size : int, optional
            How many images a round has.
        auto_train : dict, optional
            When the app trains: ``policy`` is ``"batch"`` (when a round is answered), ``"every"``
            (``every`` new labels), ``"idle"`` (nobody has labeled for ``idle_s`` seconds) or
            ``"manual"``.
        predictions : {"visible", "blind"}, optional
            Whether the app shows predictions while people label.
        """
        changes: dict = {}
        if strategy is not None:
            self.strategy, changes["strategy"] = make_strategy(strategy), _name(strategy)
        if model is not None:
            self.estimator, changes["model"] = make_model(model), _name(model)
        if predictions is not None:
            changes["predictions"] = _one_of("predictions", predictions, SHOWN)
        if auto_train is not None:
            changes["auto_train"] = _checked_auto_train(auto_train)
        with self._store.writing() as connection:
            if batch_size is not None:
                changes |= _resized(connection, batch_size)
            write_settings(connection, changes)
        if strategy is not None or batch_size is not None:
            self.plan_anew()

    def rename(self, name):
        """Give the project another name; its files stay where they are."""
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"the name of a project must be a text; got {name!r}.")
        with self._store.writing() as connection:
            connection.execute(sa.update(project).values(name=name))
        self.name = name

    def plan_anew(self):
        """Let what was planned and not handed out be planned again, with what is known now."""
        with self._store.writing() as connection:
            drop_planned(connection)
        self._is_used_up = False


def _name(value):
    return value if isinstance(value, str) else None


def _one_of(name, value, allowed):
    if value not in allowed:
        raise ValueError(f"{name} must be one of {allowed}; got {value!r}.")
    return value


def _checked_auto_train(value):
    checked = DEFAULTS["auto_train"] | value
    if set(checked) != set(DEFAULTS["auto_train"]):
        raise ValueError(f"auto_train has policy, every and idle_s; got {value!r}.")
    _one_of("auto_train['policy']", checked["policy"], POLICIES)
    for name in ("every", "idle_s"):
        _check_positive(f"auto_train[{name!r}]", checked[name])
    return checked


def _check_positive(name, value):
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be an integer of at least 1; got {value!r}.")


def _resized(connection, batch_size):
    _check_positive("batch_size", batch_size)
    settings = read_settings(connection)
    origin = moved_origin(settings, n_answered(connection))
    return {"batch_size": int(batch_size), "round_origin": origin}


def n_answered(connection):
    """Return how many images are answered for good."""
    rows = sa.select(sa.func.count()).select_from(current_label)
    rows = rows.join(item, item.c.id == current_label.c.item_id).where(item.c.status == "ok")
    return connection.scalar(rows.where(current_label.c.answer.in_(ANSWERED)))
