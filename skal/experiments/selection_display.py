"""The plot of a selection: scores, and how they differ from random's."""

import numpy as np

from ._axes import clean_axes, strategy_styles

WIDTH = 0.84  # of a group of bars; the next group begins at 1
NAMES = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST", "cifar10": "CIFAR-10"}
LEGEND_WIDTH = 1.2  # inches of an entry
BAR_LINE = {"fmt": "none", "ecolor": "#333333", "elinewidth": 1.0, "capsize": 2}
WHITE_LINE = {"fmt": "none", "ecolor": "white", "elinewidth": 2.6}


def figure_size(summary):
    """Return width and height in inches that fit a summary."""
    n_bars = len(summary) / len(summary.index.unique("budget"))
    return 1.2 + len(summary.index.unique("budget")) * max(4.0, 0.25 * n_bars), 6.5


class SelectionDisplay:
    """Scores of methods across data sets, and their differences to random, by budget.

    It is best made with :meth:`from_result`.

    Parameters
    ----------
    summary : pandas.DataFrame
        What :meth:`SelectionResult.summary` returned.
    score_name : str
        What the score is.
    note : str, default=""
        What the bars are, to stand above the first axes.

    Attributes
    ----------
    ax_ : ndarray of matplotlib Axes of shape (2, n_budgets)
        Above the scores, below the differences.
    figure_ : matplotlib Figure
        The figure with the axes.
    bars_ : dict of (str, int) to matplotlib BarContainer
        The bars of each method and budget, one for each data set.
    """

    def __init__(self, *, summary, score_name, note=""):
        self.summary = summary
        self.score_name = score_name
        self.note = note

    @classmethod
    def from_result(cls, result, *, ax=None, **kwargs):
        """Compute what is to be drawn from a SelectionResult, and plot it.

        Parameters
        ----------
        result : SelectionResult
            What `select_data` returned.
        ax : array of matplotlib Axes of shape (2, n_budgets), default=None
            Where to draw; None makes a figure.
        **kwargs
            Passed to :meth:`plot`.

        Returns
        -------
        SelectionDisplay
        """
        n_seeds = len(result.seeds)
        note = f"{n_seeds} seeds; lines: 95 % intervals" if n_seeds > 1 else "One seed"
        display = cls(summary=result.summary(), score_name=result.score_name, note=note)
        return display.plot(ax, **kwargs)

    def plot(self, ax=None, **bar_kwargs):
        """Draw the scores and the differences.

        Parameters
        ----------
        ax : array of matplotlib Axes of shape (2, n_budgets), default=None
            Where to draw; None makes a figure.
        **bar_kwargs
            Passed to ``ax.bar`` for the bars of each method.

        Returns
        -------
        SelectionDisplay
            This object.
        """
        budgets = list(self.summary.index.unique("budget"))
        if ax is None:
            import matplotlib.pyplot as plt

            size = figure_size(self.summary)
            ax = plt.subplots(2, len(budgets), figsize=size, layout="constrained", squeeze=False)[1]
        self.ax_ = np.asarray(ax)
        if self.ax_.shape != (2, len(budgets)):
            raise ValueError(
                f"ax must be axes of shape (2, {len(budgets)}), one column a budget; got shape "
                f"{self.ax_.shape}. Pass None to have a figure made."
            )
        self.figure_ = self.ax_[0, 0].figure
        self.bars_ = {}
        for column, budget in zip(self.ax_.T, budgets, strict=True):
            self._draw_budget(*column, budget, bar_kwargs)
        self._finish()
        return self

    def _draw_budget(self, above, below, budget, bar_kwargs):
        table = self.summary.xs(budget, level="budget")
        datasets, methods = (list(table.index.unique(level)) for level in ("dataset", "method"))
        styles = strategy_styles(methods, "random")
        step = WIDTH / len(methods)
        for i, name in enumerate(methods):
            x = np.arange(len(datasets)) + (i - (len(methods) - 1) / 2) * step
            lines = table.xs(name, level="method").reindex(datasets)
            color = styles[name]["color"]
            look = {"label": name, "width": 0.86 * step, "color": color, **bar_kwargs}
            self.bars_[name, budget] = _draw_scores(above, x, lines, look)
            if "difference" in lines and name != "random":
                _draw_differences(below, x, lines, color)
        above.set_title(f"{budget:,} labels", fontsize="medium", loc="left", weight="bold")
        for ax in (above, below):
            ax.set_xticks(range(len(datasets)), [NAMES.get(name, name) for name in datasets])
            ax.set_xlim(-0.55, len(datasets) - 0.45)
            ax.tick_params(axis="x", length=0)
            clean_axes(ax, grid="y")

    def _finish(self):
        """Name the axes, give scores one scale, and tell the methods' colors."""
        above, below = self.ax_
        above[0].set_ylabel(f"Test {self.score_name}")
        low, high = np.transpose([ax.get_ylim() for ax in above])
        is_positive = (self.summary["score"] >= 0).all()
        for ax in above:  # not below: differences shrink with the budget
            ax.set_ylim(0 if is_positive else low.min(), high.max())
        for ax in below:
            ax.axhline(0, color="#555555", linewidth=0.8)
            ax.set_visible("difference" in self.summary)
        below[0].set_ylabel("Difference to random,\npercentage points, paired")
        below[0].yaxis.set_major_formatter(lambda value, _: f"{100 * value:+g}" if value else "0")
        for ax in below[1:]:
            ax.yaxis.set_major_formatter(below[0].yaxis.get_major_formatter())
        self._draw_legend()

    def _draw_legend(self):
        handles, labels = self.ax_[0, 0].get_legend_handles_labels()
        n_columns = int(self.figure_.get_figwidth() / LEGEND_WIDTH)
        self.figure_.legend(
            handles,
            labels,
            title=self.note,
            loc="outside upper left",
            ncols=max(1, min(len(labels), n_columns)),
            frameon=False,
            fontsize="small",
            title_fontsize="small",
            alignment="left",
            handlelength=1,
            columnspacing=1.2,
        )


def _draw_scores(ax, x, lines, look):
    """Draw one bar a data set, with its interval where there is one."""
    bars = ax.bar(x, lines["score"], **look)
    width = _half_width(lines, "score")
    if width is not None:
        ax.errorbar(x, lines["score"], yerr=width, **WHITE_LINE)  # to be seen on dark bars
        ax.errorbar(x, lines["score"], yerr=width, **BAR_LINE)
    return bars


def _draw_differences(ax, x, lines, color):
    width = _half_width(lines, "difference")
    ax.errorbar(x, lines["difference"], yerr=width, fmt="o", ms=5, color=color, lw=1.6, capsize=2)


def _half_width(lines, name):
    """Return half the widths of intervals, or None where there are none."""
    width = (lines[f"{name}_high"] - lines[name]).to_numpy()
    return width if np.isfinite(width).all() else None
