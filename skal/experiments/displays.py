"""Plots of a comparison, in the manner of scikit-learn's displays."""

import numpy as np

from ._axes import add_share_axis, clean_axes, count_in_integers, strategy_styles
from ._statistics import half_width, paired_half_width

MIN_GAP = 0.058  # between direct labels, as a share of the height of the axes


class LearningCurveDisplay:
    """Mean learning curve of each strategy, with bands.

    It is best made with :meth:`from_result`.

    Parameters
    ----------
    n_labels : ndarray of shape (n_points,)
        Labels used.
    means : dict of str to ndarray of shape (n_points,)
        Mean score of each strategy.
    widths : dict of str to ndarray of shape (n_points,)
        Half widths of the bands; NaN for none.
    full_score : float or None
        Mean score of a model that got all labels.
    baseline : str or None
        The strategy to draw in gray.
    score_name : str
        What the score is.
    note : str, default=""
        What the curves and bands are, to stand above the axes.
    n_samples : int or None, default=None
        How many labels there are to get, for an axis in % above the curves; None for no such axis.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the curves.
    figure_ : matplotlib Figure
        The figure with the axes.
    lines_ : dict of str to matplotlib Line2D
        The mean curves.
    bands_ : dict of str to matplotlib collection
        The bands.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skal.experiments import LearningCurveDisplay, compare
    >>> from skal.query import Margin, RandomSampling
    >>> result = compare(
    ...     {"random": RandomSampling(), "margin": Margin()}, GaussianNB(),
    ...     *load_iris(return_X_y=True), seeds=2, progress=False)
    >>> display = LearningCurveDisplay.from_result(result, ax=Figure().subplots())
    >>> display.ax_.get_ylabel()
    'Accuracy'
    """

    def __init__(
        self,
        *,
        n_labels,
        means,
        widths,
        full_score,
        baseline,
        score_name,
        note="",
        n_samples=None,
    ):
        self.n_labels = n_labels
        self.means = means
        self.widths = widths
        self.full_score = full_score
        self.baseline = baseline
        self.score_name = score_name
        self.note = note
        self.n_samples = n_samples

    @classmethod
    def from_result(cls, result, *, band="paired", ax=None, **kwargs):
        """Compute the curves of a ComparisonResult and plot them.

        Parameters
        ----------
        result : ComparisonResult
            What `compare` returned.
        band : {"paired", "standard"} or None, default="paired"
            The 95 % t interval of each mean over seeds. ``"paired"`` takes out how easy a seed is
            for all strategies, so that bands tell strategies from each other; ``"standard"``
            shows how a curve varies from seed to seed.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs
            Passed to :meth:`plot`.

        Returns
        -------
        LearningCurveDisplay
        """
        if band not in ("paired", "standard", None):
            raise ValueError(f'band must be "paired", "standard" or None; got {band!r}.')
        n_labels, values = _on_one_grid(result)
        display = cls(
            n_labels=n_labels,
            means=dict(zip(result.strategies, values.mean(axis=1), strict=True)),
            widths=dict(zip(result.strategies, _widths(values, band), strict=True)),
            full_score=_full_score(result),
            baseline=result.baseline,
            score_name=result.score_name,
            note=_note(len(result.seeds), band),
            n_samples=result.n_samples,
        )
        return display.plot(ax, **kwargs)

    def plot(self, ax=None, *, labels="direct", **line_kwargs):
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        labels : {"direct", "legend"} or None, default="direct"
            Whether names stand at the ends of the curves, in a legend, or nowhere.
        **line_kwargs
            Passed to ``ax.plot`` for every curve.

        Returns
        -------
        LearningCurveDisplay
            This object.
        """
        from matplotlib.cbook import normalize_kwargs
        from matplotlib.lines import Line2D

        line_kwargs = normalize_kwargs(line_kwargs, Line2D)  # lw and linewidth are one
        self.ax_ = _new_axes(1) if ax is None else ax
        self.figure_ = self.ax_.figure
        self.lines_, self.bands_ = {}, {}
        for name, style in strategy_styles(self.means, self.baseline).items():
            self._draw_curve(name, style, line_kwargs)
        if self.full_score is not None:
            self._draw_full_score()
        self._limit()
        clean_axes(self.ax_, grid="y")
        self.ax_.set(xlabel="Labeled samples", ylabel=_capitalized(self.score_name))
        count_in_integers(self.ax_)
        self.ax_.set_title(self.note, loc="left", fontsize="small", color="#555555")
        if self.n_samples is not None:
            add_share_axis(self.ax_, self.n_samples)
        if labels is not None:
            (self._label_ends if labels == "direct" else self._draw_legend)()
        return self

    def _draw_curve(self, name, style, line_kwargs):
        mean, width = self.means[name], self.widths[name]
        (self.lines_[name],) = self.ax_.plot(
            self.n_labels, mean, label=name, **{"linewidth": 1.8, **style, **line_kwargs}
        )
        if np.isfinite(width).all():
            self.bands_[name] = self.ax_.fill_between(
                self.n_labels, mean - width, mean + width, color=style["color"], alpha=0.13, lw=0
            )

    def _draw_full_score(self):
        self.full_line_ = self.ax_.axhline(self.full_score, color="black", lw=0.8, ls=(0, (1, 2)))
        self.ax_.annotate(
            f"all labels: {self.full_score:.3f}",
            (self.n_labels[0], self.full_score),
            xytext=(2, 3),
            textcoords="offset points",
            fontsize="small",
        )

    def _limit(self):
        """Leave room above the full-data line, and none beside the curves."""
        bands = [
            self.means[name] + sign * self.widths[name] for name in self.means for sign in (-1, 1)
        ]
        full = [] if self.full_score is None else [self.full_score]
        values = np.concatenate([*self.means.values(), *bands, full])
        low, high = np.nanmin(values), np.nanmax(values)
        room = 0.04 * (high - low or 1)
        self.ax_.set_ylim(low - room, high + room)
        if len(self.n_labels) > 1:
            self.ax_.set_xlim(self.n_labels[0], self.n_labels[-1])

    def _label_ends(self):
        """Write each name beside the end of its curve, moved up or down where names would meet."""
        low, high = self.ax_.get_ylim()
        names = sorted(self.means, key=lambda name: self.means[name][-1])
        ends = [(self.means[name][-1] - low) / (high - low) for name in names]
        for name, end, height in zip(names, ends, _spread(ends, MIN_GAP), strict=True):
            self.ax_.annotate(
                _label(name, self.baseline),
                (1, end),
                xytext=(1.05, height),
                xycoords="axes fraction",
                textcoords="axes fraction",
                color=self.lines_[name].get_color(),
                va="center",
                annotation_clip=False,
                arrowprops={
                    "arrowstyle": "-",
                    "color": self.lines_[name].get_color(),
                    "lw": 0.8,
                    "alpha": 0.6,
                    "relpos": (0, 0.5),  # the line ends left of the name
                    "shrinkA": 2,
                    "shrinkB": 2,
                },
            )

    def _draw_legend(self):
        best_first = sorted(self.means, key=lambda name: -self.means[name].mean())
        self.ax_.legend([self.lines_[name] for name in best_first], best_first, frameon=False)


class EfficiencyDisplay:
    """Labels needed for a target, and the score with half of all labels.

    It is best made with :meth:`from_result`.

    Parameters
    ----------
    target : float
        The share of the full-data score that labels are counted for; where there is no full-data
        score, the score itself.
    labels : dict of str to ndarray of shape (n_seeds,)
        Labels needed by each strategy; ``inf`` where the target is not reached.
    scores : dict of str to ndarray of shape (n_seeds,)
        The score of each strategy at `half` labels.
    half : int
        Half of all labels there are to get; where not all runs get there, half the label budget.
    budget : int
        The most labels that a run has used.
    full_score : float or None
        Mean score of a model that got all labels; None where targets are scores.
    baseline : str or None
        The strategy to draw in gray.
    score_name : str
        What the score is.
    n_samples : int or None, default=None
        How many labels there are to get, for an axis in %; None for no such axis.

    Attributes
    ----------
    ax_ : ndarray of two matplotlib Axes
        Left the labels needed, right the scores.
    figure_ : matplotlib Figure
        The figure with the axes.
    order_ : list of str
        The strategies from top to bottom: fewest labels first.
    """

    def __init__(
        self,
        *,
        target,
        labels,
        scores,
        half,
        budget,
        full_score,
        baseline,
        score_name,
        n_samples=None,
    ):
        self.target = target
        self.labels = labels
        self.scores = scores
        self.half = half
        self.budget = budget
        self.full_score = full_score
        self.baseline = baseline
        self.score_name = score_name
        self.n_samples = n_samples

    @classmethod
    def from_result(cls, result, *, target=0.95, ax=None, **kwargs):
        """Compute both panels from a ComparisonResult and plot them.

        Parameters
        ----------
        result : ComparisonResult
            What `compare` returned.
        target : float, default=0.95
            The share of the full-data score that labels are counted for; where there is no
            full-data score, the score itself.
        ax : sequence of two matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs
            Passed to :meth:`plot`.

        Returns
        -------
        EfficiencyDisplay
        """
        half = _half_of_all(result)
        labels, scores = result.labels_to_target(target), result.scores_at(half)
        display = cls(
            target=target,
            labels={name: labels[name].to_numpy() for name in labels},
            scores={name: scores[name].to_numpy() for name in scores},
            half=half,
            budget=int(result.to_frame()["n_labels"].max()),
            full_score=_full_score(result),
            baseline=result.baseline,
            score_name=result.score_name,
            n_samples=result.n_samples,
        )
        return display.plot(ax, **kwargs)

    def plot(self, ax=None, **bar_kwargs):
        """Draw both panels.

        Parameters
        ----------
        ax : sequence of two matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **bar_kwargs
            Passed to ``ax.barh`` for every bar of the left panel.

        Returns
        -------
        EfficiencyDisplay
            This object.
        """
        self.ax_ = _new_axes(2) if ax is None else np.asarray(ax)
        if np.shape(self.ax_) != (2,):
            raise ValueError("ax must be two axes, one for each panel, or None.")
        self.figure_ = self.ax_[0].figure
        self.order_ = sorted(self.labels, key=self._rank)
        styles = strategy_styles(self.labels, self.baseline)
        for row, name in enumerate(self.order_):
            self._draw_labels(row, name, styles[name]["color"], bar_kwargs)
            self._draw_score(row, name, styles[name]["color"])
        self._finish()
        return self

    def _rank(self, name):
        labels = self.labels[name]
        return (labels.mean(), np.median(labels), -self.scores[name].mean())

    def _draw_labels(self, row, name, color, bar_kwargs):
        ax, labels = self.ax_[0], self.labels[name]
        reached = labels[np.isfinite(labels)]
        is_whole = len(reached) == len(labels)
        length = labels.mean() if is_whole else self.budget
        style = {"color": color, "alpha": 0.35} if is_whole else _HATCHED
        ax.barh(row, length, **{"height": 0.62, **style, **bar_kwargs})
        ax.plot(reached, np.full(len(reached), row), "o", ms=2.5, color=color, alpha=0.7)
        end = length
        if is_whole and len(labels) > 1:
            width = half_width(labels)
            ax.errorbar(length, row, xerr=width, **_ERROR_BAR)
            end = max(length + width, reached.max())
        note = f"{length:.0f}" if is_whole else f"reached by {len(reached)} of {len(labels)} seeds"
        place = {"xytext": (5, 0), "ha": "left"} if is_whole else {"xytext": (-5, 0), "ha": "right"}
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        ax.annotate(note, (end, row), textcoords="offset points", va="center", bbox=box, **place)

    def _draw_score(self, row, name, color):
        ax, scores = self.ax_[1], self.scores[name]
        ax.plot(scores, np.full(len(scores), row), "o", ms=2.5, color=color, alpha=0.5)
        ax.plot(scores.mean(), row, "o", ms=7, color=color)
        if len(scores) > 1:
            ax.errorbar(scores.mean(), row, xerr=half_width(scores), **_ERROR_BAR)

    def _finish(self):
        left, right = self.ax_
        rows = range(len(self.order_))
        names = [_label(name, self.baseline) for name in self.order_]
        left.set_yticks(rows, names)
        right.set_yticks(rows, [""] * len(self.order_))
        for ax in self.ax_:
            ax.set_ylim(len(self.order_) - 0.5, -0.5)  # fewest labels at the top
            clean_axes(ax, grid="x")
            ax.tick_params(axis="y", length=0)
        n_seeds = len(next(iter(self.scores.values())))
        note = (
            f"Mean and 95 % interval of {n_seeds} seeds; small dots: each seed"
            if n_seeds > 1
            else "One seed"
        )
        left.set_title(note, loc="left", fontsize="small", color="#555555")
        left.set_xlim(0, left.get_xlim()[1] * 1.06)
        goal = f"{self.score_name} {self.target:g}"
        if self.full_score is not None:
            goal = f"{100 * self.target:g} % of the full-data {self.score_name}"
        left.set_xlabel(f"Labels to {goal}")
        share = "" if self.n_samples is None else f" ({100 * self.half / self.n_samples:.3g} %)"
        right.set_xlabel(f"{_capitalized(self.score_name)} at {self.half:,} labels{share}")
        if self.n_samples is not None:
            add_share_axis(left, self.n_samples)
        right.locator_params(axis="x", nbins=7)
        if self.full_score is not None:
            self._draw_full_score(right)

    def _draw_full_score(self, ax):
        ax.axvline(self.full_score, color="black", lw=0.8, ls=(0, (1, 2)))
        ax.annotate(
            "all labels",
            (self.full_score, 0),
            xycoords=("data", "axes fraction"),
            xytext=(-4, 4),
            textcoords="offset points",
            ha="right",
            fontsize="small",
        )


_HATCHED = {"facecolor": "none", "edgecolor": "#BBBBBB", "hatch": "////", "linewidth": 0}
_ERROR_BAR = {"fmt": "none", "ecolor": "#333333", "elinewidth": 1.2, "capsize": 3}


def _full_score(result):
    return float(result.full_scores.mean()) if result.has_full_data else None


def _half_of_all(result):
    """Return half of all labels there are, or half of those that all runs have used."""
    low, high = result.common_labels
    half = 0 if result.n_samples is None else result.n_samples // 2
    return half if low <= half <= high else max(low, high // 2)


def _on_one_grid(result):
    """Return labels, and scores of shape (n_strategies, n_seeds, n_labels), at the same labels."""
    curves = {(s, seed): result.curve(s, seed) for s in result.strategies for seed in result.seeds}
    first, last = result.common_labels
    grid = np.unique(np.concatenate([n_labels for n_labels, _ in curves.values()]))
    grid = grid[(grid >= first) & (grid <= last)]
    values = [
        [np.interp(grid, *curves[name, seed]) for seed in result.seeds]
        for name in result.strategies
    ]
    return grid, np.array(values)


def _widths(values, band):
    if band is None:
        return np.full(values.mean(axis=1).shape, np.nan)
    return paired_half_width(values) if band == "paired" else half_width(values, axis=1)


def _spread(positions, gap):
    """Return sorted positions moved as little as it takes to be `gap` apart, and within [0, 1].

    Neighbors that would meet become a group, evenly spaced around its mean.

    Examples
    --------
    >>> _spread([0.0, 0.5, 0.5], gap=0.25)
    [0.0, 0.375, 0.625]
    """
    groups = []
    for position in positions:
        groups.append([position])
        while len(groups) > 1 and _bottom(groups[-1], gap) < _bottom(groups[-2], gap) + gap * len(
            groups[-2]
        ):
            groups[-2:] = [groups[-2] + groups[-1]]
    return [_bottom(group, gap) + i * gap for group in groups for i in range(len(group))]


def _bottom(group, gap):
    """Return where the lowest of a group stands."""
    height = gap * (len(group) - 1)
    return float(max(0, min(np.mean(group) - height / 2, 1 - height)))


def _note(n_seeds, band):
    seeds = f"Mean of {n_seeds} seeds" if n_seeds > 1 else "One seed"
    return seeds if band is None or n_seeds == 1 else f"{seeds}; bands: {band} 95 % intervals"


def _new_axes(n_panels):
    import matplotlib.pyplot as plt

    size = (8, 5) if n_panels == 1 else (10, 4)
    return plt.subplots(1, n_panels, figsize=size, layout="constrained")[1]


def _label(name, baseline):
    return f"{name} (baseline)" if name == baseline else name


def _capitalized(text):
    return text[:1].upper() + text[1:]
