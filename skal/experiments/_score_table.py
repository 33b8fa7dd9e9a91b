"""Scores at a few points of the budget, for JSON and LaTeX."""

import re

import numpy as np
import pandas as pd

from ._statistics import half_width

SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
SPECIAL |= {sign: f"\\{sign}" for sign in "&%$#_{}"}
TEMPLATE = r"""\begin{table}[h]
\centering
\caption{<CAPTION>}
\label{tab:active_learning}
\begin{tabular}{<COLUMNS>}
\hline
<HEADS> \\
\hline
<ROWS>
\hline
\end{tabular}
\end{table}
"""


def score_table(result):
    """Return mean scores at a few numbers of labels, and areas under the curves.

    Parameters
    ----------
    result : ComparisonResult
        The comparison.

    Returns
    -------
    means, widths : pandas.DataFrame
        One row a strategy, the largest area first. Columns are shares of all labels, such as
        ``"10 %"``, where all runs cover at least three of `SHARES`, else numbers of labels; the
        last is ``"AUC"``. `widths` are halves of 95 % t intervals over seeds, NaN for one seed.
    """
    points = {name: result.scores_at(n_labels) for name, n_labels in table_points(result).items()}
    points["AUC"] = result.areas()
    order = points["AUC"].mean().sort_values(ascending=False, kind="stable").index
    means = pd.DataFrame({name: values.mean() for name, values in points.items()})
    widths = pd.DataFrame(
        {name: half_width(values) for name, values in points.items()}, index=result.strategies
    )
    return means.loc[order], widths.loc[order]


def table_points(result):
    """Return the numbers of labels that `score_table` has columns for, by the columns' names."""
    low, high = result.common_labels
    total = result.n_samples or 0
    wanted = {f"{100 * share:g} %": share * total for share in SHARES}
    # a first round of 10 % may be one label more than 10 %, as shares are rounded
    covered = {name: n for name, n in wanted.items() if low - 1 < n < high + 1}
    if len(covered) >= 3:
        return covered
    rounds, _ = result.curve(result.strategies[0], result.seeds[0])
    rounds = rounds[(rounds >= low) & (rounds <= high)]
    rows = np.unique(np.linspace(0, len(rounds) - 1, len(SHARES)).round().astype(int))
    return {f"{n:,} labels": n for n in rounds[rows].tolist()}


def latex_table(result):
    r"""Return `score_table` as a LaTeX table, the best of each column in bold.

    It needs no package, and compiles in a document with ``\input``.
    """
    means, widths = score_table(result)
    rounded = means.round(3)
    best = rounded.max().where(rounded.max() > rounded.min())  # NaN: none is better than another
    rows = [
        [escape(name), *(_cell(means, widths, best, name, column) for column in means)]
        for name in means.index
    ]
    parts = {
        "CAPTION": escape(_caption(result)),
        "COLUMNS": f"l{'c' * means.shape[1]}",
        "HEADS": " & ".join(f"\\textbf{{{escape(name)}}}" for name in ("Strategy", *means)),
        "ROWS": "\n".join(f"{' & '.join(row)} \\\\" for row in rows),
    }
    return re.sub("<(.+?)>", lambda found: parts[found[1]], TEMPLATE)


def _cell(means, widths, best, name, column):
    mean, width = means.loc[name, column], widths.loc[name, column]
    text = f"{mean:.3f}" if mean >= 0 else f"$-${-mean:.3f}"
    if round(mean, 3) >= best[column]:
        text = f"\\textbf{{{text}}}"
    return f"{text} $\\pm$ {width:.3f}" if np.isfinite(width) else text


def _caption(result):
    n_seeds = len(result.seeds)
    low, high = result.common_labels
    seeds = f"means over {n_seeds} seeds with 95 % t intervals" if n_seeds > 1 else "one seed"
    is_share = any("%" in name for name in table_points(result))
    share = f", at % of {result.n_samples:,} samples labeled" if is_share else ""
    return (
        f"Active learning sample efficiency: {result.score_name}, {seeds}{share}. AUC: mean "
        f"{result.score_name} between {low:,} and {high:,} labels. Best in bold."
    )


def escape(text):
    """Return text as LaTeX shows it as it is."""
    return "".join(SPECIAL.get(sign, sign) for sign in text)
