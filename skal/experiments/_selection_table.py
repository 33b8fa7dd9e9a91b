"""The results of a selection as text of at most 94 columns."""

import numpy as np

from ._table import align

HEADS = ["method", "score, 95 % interval", "difference to random", "w-t-l", "query s"]


def format_selection(result):
    """Return a table for each data set and budget, the largest score first."""
    summary = result.summary()
    parts = [_part(result, summary.loc[key], *key) for key in result.cells]
    return "\n\n".join([*parts, "\n".join(_notes(result))])


def _part(result, table, dataset, budget):
    first = int(result.cells[dataset, budget].to_frame()["n_labels"].min())
    title = (
        f"{dataset}: {first} labels at random ({result.score_name} "
        f"{table['first_score'].mean():.4f}), then {budget - first} selected"
    )
    ordered = table.sort_values("score", ascending=False)
    lines = align([HEADS, *(_row(name, line) for name, line in ordered.iterrows())])
    rule = "-" * max(map(len, lines))
    return "\n".join([title, lines[0], rule, *lines[1:], rule])


def _row(name, line):
    score = f"{line['score']:.4f}"
    if np.isfinite(line["score_low"]):
        score += f" [{line['score_low']:.4f}, {line['score_high']:.4f}]"
    return [name, score, *_versus_random(name, line), f"{line['query_seconds']:.2f}"]


def _versus_random(name, line):
    if name == "random":
        return ["(baseline)", "-"]
    if "difference" not in line:
        return ["-", "-"]
    text = f"{line['difference']:+.4f}"
    if np.isfinite(line["difference_low"]):
        text += f" [{line['difference_low']:+.4f}, {line['difference_high']:+.4f}]"
    return [text, f"{line['wins']:.0f}-{line['ties']:.0f}-{line['losses']:.0f}"]


def _notes(result):
    n_seeds = len(result.seeds)
    seeds = f"Means of {n_seeds} seeds" if n_seeds > 1 else "One seed"
    notes = [
        f"{seeds}; {result.score_name} on the test set. All methods of a seed share the random "
        f"labels and\nthe seeds of the nets, which are trained from scratch on all labels."
    ]
    if "random" in result.methods:
        notes.append(
            "Difference: paired 95 % t interval, not corrected for the number of methods. w-t-l: "
            "seeds\nwon, tied, lost against random."
        )
    return notes
