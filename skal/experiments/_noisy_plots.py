"""Plots across the cells of an experiment."""

from dataclasses import replace

import numpy as np

from ._axes import clean_axes, strategy_styles
from ._pictures import new_figure
from ._statistics import half_width
from .displays import LearningCurveDisplay

NOISE_NAMES = {
    "none": "no noise",
    "gaussian": "Gaussian noise",
    "salt_and_pepper": "salt and pepper",
}


def draw_curves(result):
    """Return a figure of learning curves: a row for each net, a column for each noise."""
    models, noises = result.models, result.noises
    figure = new_figure(max(6, 1.2 + 3.6 * len(noises)), 1.4 + 2.8 * len(models))
    figure.get_layout_engine().set(wspace=0.05, hspace=0.05)
    axes = figure.subplots(len(models), len(noises), squeeze=False, sharex=True, sharey=True)
    limits = []
    for model, row in zip(models, axes, strict=True):
        for noise, ax in zip(noises, row, strict=True):
            lines = _draw_cell(result, model, noise, ax).lines_
            limits.append(ax.get_ylim())
    low, high = np.transpose(limits)
    axes[0, 0].set_ylim(max(0, low.min()), min(1, high.max()))  # bands may go where no score is
    figure.supylabel("Test accuracy", fontsize="medium")
    figure.supxlabel(_labels_name(result), fontsize="medium")
    figure.legend(
        list(lines.values()),
        list(lines),
        loc="outside upper center",
        ncols=min(6, 4 * len(noises)),
        frameon=False,
    )
    return figure


def _draw_cell(result, model, noise, ax):
    cell = replace(result.cells[model, noise], n_samples=None)  # no room for an axis above
    display = LearningCurveDisplay.from_result(cell, ax=ax, labels=None)
    ax.set_title(f"{model}, {NOISE_NAMES[noise]}", loc="left", fontsize="medium", color="black")
    ax.set(xlabel="", ylabel="")
    ax.locator_params(axis="x", nbins=5)
    return display


def _labels_name(result):
    n_seeds = len(next(iter(result.cells.values())).seeds)
    valid = f", {result.num_valid:,} for validation included" if result.num_valid else ""
    bands = f"mean of {n_seeds} seeds, paired 95 % intervals" if n_seeds > 1 else "one seed"
    return f"Labeled images{valid}\n({bands})"


def draw_errors(result):
    """Return a figure of test errors: a panel for each noise, a group for each net."""
    noises = result.noises
    errors = 100 * (1 - result.final_accuracy())
    strategies = list(dict.fromkeys(errors.columns.get_level_values("strategy")))
    n_rows = len(result.models) * (len(strategies) + 1)
    figure = new_figure(max(6, 1.8 + 2.9 * len(noises)), 1.3 + 0.27 * n_rows)
    axes = figure.subplots(1, len(noises), squeeze=False, sharex=True, sharey=True)[0]
    styles = strategy_styles(strategies, "random")
    for noise, ax in zip(noises, axes, strict=True):
        _draw_panel(ax, errors.xs(noise, axis=1, level="noise"), strategies, styles)
        ax.set_title(NOISE_NAMES[noise], loc="left", fontsize="medium")
        clean_axes(ax, grid="x")
        ax.tick_params(axis="y", length=0)
    _name_rows(axes[0], result.models, strategies)
    axes[0].set_xlim(left=0)
    n_labels = int(result.curves()["n_labels"].max())
    spread = "mean of the seeds, 95 % interval, and each seed" if len(errors) > 1 else "one seed"
    figure.supxlabel(f"Test error in % with {n_labels:,} labels\n({spread})", fontsize="medium")
    return figure


def _draw_panel(ax, errors, strategies, styles):
    models = list(dict.fromkeys(errors.columns.get_level_values("model")))
    for group, model in enumerate(models):
        for i, strategy in enumerate(strategies):
            row, values = group * (len(strategies) + 1) + i, errors[model, strategy].to_numpy()
            color = styles[strategy]["color"]
            ax.plot(values, np.full(len(values), row), "o", ms=2.5, color=color, alpha=0.5)
            ax.plot(values.mean(), row, "o", ms=7, color=color)
            if len(values) > 1:
                ax.errorbar(
                    values.mean(),
                    row,
                    xerr=half_width(values),
                    fmt="none",
                    ecolor="#333333",
                    elinewidth=1.2,
                    capsize=3,
                )


def _name_rows(ax, models, strategies):
    """Write strategies beside the rows, and each net above its group."""
    size = len(strategies) + 1
    rows = {g * size + i: s for g in range(len(models)) for i, s in enumerate(strategies)}
    names = {g * size - 1: model for g, model in enumerate(models)}
    ax.set_yticks([*names, *rows], [*names.values(), *rows.values()])
    for label in ax.get_yticklabels()[: len(names)]:
        label.set_fontweight("bold")
    ax.set_ylim(len(models) * size - 1.5, -1.5)
