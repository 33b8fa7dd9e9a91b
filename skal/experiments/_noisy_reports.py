"""Tables and plots across the cells of an experiment: nets by noise, strategies by seeds."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .._files import make_folder, write_bytes
from ._folders import RESULTS
from ._noisy_plots import draw_curves, draw_errors
from ._pictures import png
from ._statistics import half_width
from ._table import align

KEYS = ["model", "noise", "strategy"]


@dataclass(eq=False)
class NoisyImagesResult:
    """Learning curves of strategies, for each net and each kind of noise.

    Parameters
    ----------
    cells : dict of (str, str) to ComparisonResult
        The comparison of each net and kind of noise.
    num_valid : int
        How many of the labels are those of validation images.
    """

    cells: dict
    num_valid: int

    @property
    def models(self):
        """The names of the nets."""
        return list(dict.fromkeys(model for model, _ in self.cells))

    @property
    def noises(self):
        """The kinds of noise."""
        return list(dict.fromkeys(noise for _, noise in self.cells))

    def curves(self):
        """Return all rounds of all runs, one a row, as a data frame."""
        frames = [
            result.to_frame().assign(model=model, noise=noise)
            for (model, noise), result in self.cells.items()
        ]
        frame = pd.concat(frames, ignore_index=True)
        return frame[["model", "noise", *frame.columns.drop(["model", "noise"])]]

    def final_accuracy(self):
        """Return the accuracy after the last round: one row a seed, a column for each run."""
        columns = {
            (model, noise, strategy): values
            for (model, noise), result in self.cells.items()
            for strategy, values in result.scores_at(np.inf).items()
        }
        return pd.DataFrame(columns).rename_axis(columns=KEYS)

    def strategy_table(self):
        """Return how good each strategy is, and how much better than random, in each cell.

        Returns
        -------
        pandas.DataFrame
            One row for each net, noise and strategy. ``accuracy`` and ``error`` after the last
            round, with ``accuracy_half_width`` of its 95 % t interval over the seeds;
            ``difference``, ``difference_low``, ``difference_high``: of accuracy to random's on the
            same seeds, with its 95 % paired t interval; and the columns of
            :meth:`ComparisonResult.summary`.
        """
        parts = []
        for (model, noise), result in self.cells.items():
            final = result.scores_at(np.inf)
            part = pd.DataFrame(
                {
                    "n_labels": result.to_frame()["n_labels"].max(),
                    "accuracy": final.mean(),
                    "accuracy_half_width": half_width(final),
                    "error": 1 - final.mean(),
                }
            ).rename_axis("strategy")
            if result.baseline is not None:
                against = final.sub(final[result.baseline], axis=0)
                part = part.join(_interval("difference", against))
            part = part.join(result.summary().drop(columns="final_score"))
            parts.append(part.reset_index().assign(model=model, noise=noise))
        return pd.concat(parts, ignore_index=True).set_index(KEYS)

    def model_table(self):
        """Return how much better each net is than the first, for each noise and strategy.

        Returns
        -------
        pandas.DataFrame
            The mean ``difference`` in accuracy after the last round on the same seeds, with its
            95 % paired t interval; without rows where there is one net.
        """
        return self._against("model", self.models[0])

    def noise_table(self):
        """Return how much accuracy noise costs, for each net and strategy.

        Returns
        -------
        pandas.DataFrame
            As for :meth:`model_table`, the difference to images without noise.
        """
        return self._against("noise", "none")

    def _against(self, level, reference):
        final, rows = self.final_accuracy(), []
        for key in final.columns:
            named = dict(zip(KEYS, key, strict=True))
            other = tuple({**named, level: reference}.values())
            if named[level] != reference and other in final.columns:
                against = (final[key] - final[other]).to_frame(key)
                rows.append(named | _interval("difference", against).iloc[0].to_dict())
        columns = [*KEYS, "difference", "difference_low", "difference_high"]
        return pd.DataFrame(rows, columns=columns).set_index(KEYS)

    def __str__(self):
        """Return all tables as text."""
        return format_noisy(self)


def _interval(name, values):
    """Return the mean of each column and the ends of its 95 % t interval."""
    mean, width = values.mean(), half_width(values)
    return pd.DataFrame({name: mean, f"{name}_low": mean - width, f"{name}_high": mean + width})


def write_noisy_reports(result, folder):
    """Write tables and plots below the folder of an experiment."""
    place = make_folder(folder / RESULTS)
    tables = {
        "curves": result.curves().set_index(KEYS),
        "strategies": result.strategy_table(),
        "models": result.model_table(),
        "noise": result.noise_table(),
    }
    for name, table in tables.items():
        if len(table):
            write_bytes(place / f"{name}.csv", table.to_csv().encode())
    write_bytes(place / "results.txt", f"{result}\n".encode())
    write_bytes(place / "learning_curves.png", png(draw_curves(result)))
    write_bytes(place / "test_error.png", png(draw_errors(result)))


def format_noisy(result):
    """Return the tables of an experiment as text of at most 100 columns."""
    table = result.strategy_table()
    n_labels = int(table["n_labels"].max())
    text = [f"Test accuracy with {n_labels:,} labels{_said_of(result.num_valid)}"]
    text += _ruled([_strategy_row(key, row) for key, row in table.iterrows()], _HEADS)
    for title, part in (
        (f"Accuracy against {result.models[0]}, same noise, strategy and seeds", "model"),
        ("Accuracy against images without noise, same net, strategy and seeds", "noise"),
    ):
        against = getattr(result, f"{part}_table")()
        if len(against):
            rows = [[*key, _signed(row)] for key, row in against.iterrows()]
            text += ["", title, *_ruled(rows, [*KEYS, "difference, 95 % interval"])]
    return "\n".join([*text, "", *_notes(result)])


_HEADS = [*KEYS, "accuracy", "test error", "against random, 95 % interval"]


def _strategy_row(key, row):
    width = row["accuracy_half_width"]
    spread = f" ± {100 * width:.1f}" if np.isfinite(width) else ""
    is_compared = np.isfinite(row.get("difference", np.nan)) and key[2] != "random"
    return [
        *key,
        f"{100 * row['accuracy']:.1f}{spread} %",
        f"{100 * row['error']:.2f} %",
        _signed(row) if is_compared else "-",
    ]


def _signed(row):
    text = f"{100 * row['difference']:+.2f}"
    if np.isfinite(row["difference_low"]):
        low, high = 100 * row["difference_low"], 100 * row["difference_high"]
        text += f" [{low:+.2f}, {high:+.2f}]"
    return text


def _ruled(rows, heads):
    lines = align([heads, *rows], n_left=len(KEYS))
    rule = "-" * max(map(len, lines))
    return [lines[0], rule, *lines[1:], rule]


def _said_of(num_valid):
    if not num_valid:
        return ""
    return f", {num_valid:,} of them for validation (the same share of each class)"


def _notes(result):
    n_seeds = len(next(iter(result.cells.values())).seeds)
    if n_seeds == 1:
        return ["One seed: there are no intervals. Differences in points of accuracy."]
    return [
        f"Means of {n_seeds} seeds; ± and intervals: 95 % t intervals, of differences paired by "
        f"seed.",
        "Differences in points of accuracy.",
    ]
