"""What a comparison has found."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..exceptions import ResumeError
from ..metrics import area_under_learning_curve, labels_to_target
from ._describe import count_of_config
from ._folders import FULL_DATA, RunFolder, read_config
from ._statistics import half_width, mean_or_inf
from ._table import format_result

COLUMNS = ["round", "n_labels", "score", "fit_seconds", "query_seconds"]
TIE = 1e-12  # areas closer than this are equal up to rounding


@dataclass(repr=False, eq=False)
class ComparisonResult:
    """Learning curves of strategies over paired seeds.

    Parameters
    ----------
    records : dict of (str, int) to list of dict
        For each strategy's name and each seed the records of all rounds: ``round``, ``n_labels``,
        ``score``, ``fit_seconds``, ``query_seconds``, and ``indices``, the positions in `X` that
        were labeled in the round. The name ``"full_data"`` stands for a model that got all labels.
    baseline : str or None
        The name of the strategy that the others are compared with.
    score_name : str
        What the score is.
    n_samples : int, optional
        How many labels there are to get: what 100 % labeled means. None where it is not known.
    """

    records: dict
    baseline: str | None
    score_name: str
    n_samples: int | None = None

    @classmethod
    def from_folder(cls, folder):
        """Load the result of a comparison from its folder.

        Parameters
        ----------
        folder : str or path
            What `compare` got as `folder`.

        Raises
        ------
        ResumeError
            If the folder holds no comparison, or one that is not finished.
        """
        folder, config = Path(folder), read_config(folder)
        names = [*config["strategies"], *([FULL_DATA] if config.get("full_data", True) else [])]
        keys = [(name, seed) for seed in config["seeds"] for name in names]
        records = {key: RunFolder(folder, *key).read() for key in keys}
        open_runs = [key for key, rounds in records.items() if not (rounds and _is_whole(rounds))]
        if open_runs:
            raise ResumeError(
                f"the comparison in {folder} is not finished: {len(open_runs)} of {len(keys)} runs "
                f"lack rounds. Call compare with the same arguments and resume=True."
            )
        return cls(records, config["baseline"], config["score_name"], count_of_config(config))

    @property
    def strategies(self):
        """The names of the strategies."""
        return list(dict.fromkeys(name for name, _ in self.records if name != FULL_DATA))

    @property
    def seeds(self):
        """The seeds."""
        return list(dict.fromkeys(seed for _, seed in self.records))

    @property
    def has_full_data(self):
        """Whether there are scores of models that got all labels."""
        return any(name == FULL_DATA for name, _ in self.records)

    @property
    def full_scores(self):
        """The score of a model that got all labels, for each seed, as a Series.

        None where there is no such model.
        """
        if not self.has_full_data:
            return None
        scores = {seed: self.records[FULL_DATA, seed][-1]["score"] for seed in self.seeds}
        return pd.Series(scores, name="full_score").rename_axis("seed")

    @property
    def common_labels(self):
        """The fewest and the most labels that every run has a score for."""
        counts = [self.curve(name, seed)[0] for name in self.strategies for seed in self.seeds]
        low, high = max(n[0] for n in counts), min(n[-1] for n in counts)
        if low > high:
            raise ValueError(
                f"the runs share no number of labels: one begins with {low}, another ends with "
                f"{high}. Compare runs that spend the same labels."
            )
        return int(low), int(high)

    def to_frame(self):
        """Return all rounds, one a row.

        Returns
        -------
        pandas.DataFrame
            The columns are ``strategy``, ``seed``, ``round``, ``n_labels``, ``score``,
            ``fit_seconds`` and ``query_seconds``.
        """
        rows = [
            {"strategy": name, "seed": seed, **{key: record[key] for key in COLUMNS}}
            for name in self.strategies
            for seed in self.seeds
            for record in self.records[name, seed]
        ]
        return pd.DataFrame(rows, columns=["strategy", "seed", *COLUMNS])

    def curve(self, strategy, seed):
        """Return the labels and the scores of each round of a run, as two arrays."""
        rounds = self.records[strategy, seed]
        return (
            np.array([record["n_labels"] for record in rounds]),
            np.array([record["score"] for record in rounds], dtype=np.float64),
        )

    def labels_to_target(self, target):
        """Return how many labels each run needs for a share of its seed's full-data score.

        Parameters
        ----------
        target : float
            The share, in (0, 1]. For scores below 0, where larger is better too, 0.9 means at
            most 10 % worse than with all labels. Where no model got all labels, the score itself.

        Returns
        -------
        pandas.DataFrame
            One row a seed, one column a strategy; ``inf`` where the target is not reached.
        """
        full = self.full_scores
        if full is None:
            goals = dict.fromkeys(self.seeds, target)
        else:
            goals = full - (1 - target) * full.abs()
        return self._per_run(lambda seed, *curve: labels_to_target(*curve, goals[seed]))

    def areas(self):
        """Return the area under each learning curve: one row a seed, one column a strategy.

        Curves are taken where there are all of them: see `common_labels`.
        """
        ends = self.common_labels
        return self._per_run(lambda seed, *curve: area_under_learning_curve(*_cut(*curve, *ends)))

    def scores_at(self, n_labels):
        """Return the score of each run at a number of labels, on straight lines between rounds.

        Returns
        -------
        pandas.DataFrame
            One row a seed, one column a strategy. Before the first round and after the last, the
            score is that of the first and the last.
        """
        return self._per_run(lambda seed, *curve: float(np.interp(n_labels, *curve)))

    def total_seconds(self, key):
        """Return the sum of ``"query_seconds"`` or ``"fit_seconds"`` of each run."""
        total = {
            name: [sum(r[key] for r in self.records[name, seed]) for seed in self.seeds]
            for name in self.strategies
        }
        return pd.DataFrame(total, index=pd.Index(self.seeds, name="seed"))

    def summary(self, targets=(0.90, 0.95)):
        """Return one row a strategy: labels needed, area under the curve, and time.

        Parameters
        ----------
        targets : sequence of float, default=(0.90, 0.95)
            Shares of the full-data score, or scores where there is none.

        Returns
        -------
        pandas.DataFrame
            Indexed by the strategy, with the columns

            - ``labels_90``: mean over the seeds of the labels needed for 90 % of the full-data
              score, infinite unless all seeds reach it; ``labels_90_median``, in which a seed that
              never does counts as infinite; ``reached_90``, the number of seeds that do. The same
              for each target;
            - ``final_score``: mean score at the most labels that all runs have, which is that of
              the last round where all spend the same;
            - ``area``: mean area under the learning curve;
            - ``area_difference``: mean difference to the baseline's area on the same seeds, and
              ``area_difference_low`` and ``area_difference_high``, its 95 % paired t interval. It
              is not corrected for the number of strategies, and NaN for a single seed;
            - ``wins``, ``ties``, ``losses``: on how many seeds the area is larger than, equal to
              and smaller than the baseline's;
            - ``query_seconds``, ``fit_seconds``: mean time of a whole run.
        """
        columns = {}
        for target in targets:
            columns.update(self._label_columns(target))
        areas = self.areas()
        columns["final_score"] = self.scores_at(self.common_labels[1]).mean()
        columns["area"] = areas.mean()
        if self.baseline is not None:
            columns.update(_versus(areas.sub(areas[self.baseline], axis=0)))
        for key in ("query_seconds", "fit_seconds"):
            columns[key] = self.total_seconds(key).mean()
        return pd.DataFrame(columns).rename_axis("strategy")

    def _label_columns(self, target):
        labels, name = self.labels_to_target(target), f"{100 * target:g}"
        return {
            f"labels_{name}": labels.apply(mean_or_inf),
            f"labels_{name}_median": labels.median(),
            f"reached_{name}": np.isfinite(labels).sum(),
        }

    def _per_run(self, function):
        """Return what `function` says of each run's seed and curve: seeds by strategies."""
        values = {
            name: [function(seed, *self.curve(name, seed)) for seed in self.seeds]
            for name in self.strategies
        }
        return pd.DataFrame(values, index=pd.Index(self.seeds, name="seed"))

    def __repr__(self):
        frame = self.to_frame()
        return (
            f"ComparisonResult({len(self.strategies)} strategies x {len(self.seeds)} seeds, "
            f"{frame['round'].max() + 1} rounds, {frame['n_labels'].min()} to "
            f"{frame['n_labels'].max()} labels, score={self.score_name!r})"
        )

    def __str__(self):
        """Return the summary as a table to print."""
        return format_result(self)


def _is_whole(rounds):
    return rounds[-1]["is_last"]


def _cut(n_labels, scores, low, high):
    """Return the part of a curve between two numbers of labels, on straight lines at its ends."""
    inside = n_labels[(n_labels > low) & (n_labels < high)]
    grid = np.unique([low, *inside, high])
    return grid, np.interp(grid, n_labels, scores)


def _versus(differences):
    """Return the columns that compare with the baseline, from differences of areas."""
    mean, width = differences.mean(), half_width(differences)
    return {
        "area_difference": mean,
        "area_difference_low": mean - width,
        "area_difference_high": mean + width,
        "wins": (differences > TIE).sum(),
        "ties": (differences.abs() <= TIE).sum(),
        "losses": (differences < -TIE).sum(),
    }
