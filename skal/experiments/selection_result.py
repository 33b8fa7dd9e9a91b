"""What a selection of data has found."""

from dataclasses import dataclass

import pandas as pd

from ._selection_table import format_selection
from ._statistics import half_width
from .result import TIE

BASELINE = "random"


@dataclass(repr=False, eq=False)
class SelectionResult:
    """Test scores of nets on data that methods have selected, over paired seeds.

    Parameters
    ----------
    cells : dict of (str, int) to ComparisonResult
        For each data set's name and each budget, the scores after the random labels and after the
        selected ones.
    estimators : dict of str to estimator
        What learned each data set.
    setting : dict
        What else was set: ``methods``, ``clusters`` and ``weighted``.
    """

    cells: dict
    estimators: dict
    setting: dict

    @property
    def datasets(self):
        """The names of the data sets."""
        return list(dict.fromkeys(name for name, _ in self.cells))

    @property
    def budgets(self):
        """The budgets."""
        return list(dict.fromkeys(budget for _, budget in self.cells))

    @property
    def methods(self):
        """The names of the methods."""
        return list(self.setting["methods"])

    @property
    def seeds(self):
        """The seeds."""
        return next(iter(self.cells.values())).seeds

    @property
    def score_name(self):
        """What the score is."""
        return next(iter(self.cells.values())).score_name

    def to_frame(self):
        """Return all runs, one a row.

        Returns
        -------
        pandas.DataFrame
            The columns are ``dataset``, ``budget``, ``method``, ``seed``; ``n_first``, the random
            labels, and ``first_score``, the test score with them; ``n_labels``, all labels, and
            ``score``, the test score with them; ``query_seconds`` and ``fit_seconds``, of both
            nets.
        """
        return pd.DataFrame([row for key in self.cells for row in self._rows(*key)])

    def _rows(self, dataset, budget):
        records = self.cells[dataset, budget].records
        for (method, seed), (first, last) in sorted(records.items(), key=self._place):
            yield {
                "dataset": dataset,
                "budget": budget,
                "method": method,
                "seed": seed,
                "n_first": first["n_labels"],
                "first_score": first["score"],
                "n_labels": last["n_labels"],
                "score": last["score"],
                "query_seconds": last["query_seconds"],
                "fit_seconds": first["fit_seconds"] + last["fit_seconds"],
            }

    def _place(self, item):
        return self.methods.index(item[0][0]), item[0][1]

    def summary(self):
        """Return one row for each data set, budget and method.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``dataset``, ``budget`` and ``method``, with means over the seeds of
            ``first_score``, ``score`` (with ``score_low`` and ``score_high``, its 95 % t interval)
            and ``query_seconds``. With the method random also ``difference``, the mean difference
            to its score on the same seeds, ``difference_low`` and ``difference_high``, its 95 %
            paired t interval, which is not corrected for the number of methods, and ``wins``,
            ``ties`` and ``losses``, on how many seeds the score is larger, equal or smaller.
            Intervals of a single seed are NaN.
        """
        frame = self.to_frame()
        keys = ["dataset", "budget", "method"]
        groups = frame.groupby(keys, sort=False)
        score = groups["score"]
        table = groups[["first_score", "score", "query_seconds"]].mean()
        _add_interval(table, "score", score)
        if BASELINE in self.methods:
            at = frame.set_index([*keys, "seed"])["score"]
            of_random = at.xs(BASELINE, level="method")
            differences = at - of_random.reindex(at.index.droplevel("method")).to_numpy()
            _add_differences(table, differences.groupby(level=keys, sort=False))
        return table

    def plot(self, ax=None, **kwargs):
        """Draw the scores and the differences to random.

        Parameters
        ----------
        ax : array of matplotlib Axes of shape (2, n_budgets), default=None
            Where to draw; None makes a figure.
        **kwargs
            Passed to :meth:`SelectionDisplay.plot`.

        Returns
        -------
        SelectionDisplay
        """
        from .selection_display import SelectionDisplay

        return SelectionDisplay.from_result(self, ax=ax, **kwargs)

    def __repr__(self):
        budgets = ", ".join(map(str, self.budgets))
        return (
            f"SelectionResult({len(self.methods)} methods x {len(self.seeds)} seeds, "
            f"{', '.join(self.datasets)}, {budgets} labels)"
        )

    def __str__(self):
        """Return the summary as tables to print."""
        return format_selection(self)


def _add_interval(table, name, groups):
    width = groups.apply(half_width)
    table[f"{name}_low"], table[f"{name}_high"] = table[name] - width, table[name] + width


def _add_differences(table, groups):
    table["difference"] = groups.mean()
    _add_interval(table, "difference", groups)
    table["wins"] = groups.apply(lambda values: (values > TIE).sum())
    table["ties"] = groups.apply(lambda values: (values.abs() <= TIE).sum())
    table["losses"] = groups.apply(lambda values: (values < -TIE).sum())
