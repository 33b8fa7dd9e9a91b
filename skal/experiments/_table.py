"""The summary of a comparison as text of at most 94 columns."""

import numpy as np

HEADS = ("strategy", "labels to 90 %", "labels to 95 %", "area", "difference, 95 % interval")
TAIL = ("w-t-l", "query s")


def format_result(result):
    """Return a comparison as a table, the largest area first."""
    summary = result.summary(targets=(0.90, 0.95)).sort_values("area", ascending=False)
    rows = [_row(name, line, result) for name, line in summary.iterrows()]
    lines = align([[*HEADS, *TAIL], *rows])
    rule = "-" * max(map(len, lines))
    return "\n".join([lines[0], rule, *lines[1:], rule, *_notes(result)])


def _row(name, line, result):
    n_seeds = len(result.seeds)
    return [
        name,
        _labels(line["labels_90"], line["reached_90"], n_seeds),
        _labels(line["labels_95"], line["reached_95"], n_seeds),
        f"{line['area']:.3f}",
        *_versus_baseline(name, line, result.baseline),
        "-" if np.isnan(line["query_seconds"]) else f"{line['query_seconds']:.2f}",
    ]


def _labels(mean, n_reached, n_seeds):
    return f"{mean:.0f}" if np.isfinite(mean) else f"in {n_reached:.0f} of {n_seeds}"


def _versus_baseline(name, line, baseline):
    if name == baseline:
        return ["(baseline)", "-"]
    if baseline is None:
        return ["-", "-"]
    text = f"{line['area_difference']:+.3f}"
    if np.isfinite(line["area_difference_low"]):
        text += f" [{line['area_difference_low']:+.3f}, {line['area_difference_high']:+.3f}]"
    return [text, f"{line['wins']:.0f}-{line['ties']:.0f}-{line['losses']:.0f}"]


def align(rows, n_left=1):
    """Return rows as lines, the first `n_left` columns to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = ["<"] * n_left + [">"] * (len(widths) - n_left)
    cells = [f"{{:{side}{width}}}" for side, width in zip(sides, widths, strict=True)]
    return ["  ".join(cells).format(*row) for row in rows]


def _notes(result):
    """Return lines that say what the numbers are."""
    n_seeds, score = len(result.seeds), result.score_name
    target = f"values of the {score}"
    if result.has_full_data:
        target = f"shares of the {score} with all labels, {result.full_scores.mean():.3f}"
    first, last = result.common_labels
    notes = [
        f"{f'Means of {n_seeds} seeds' if n_seeds > 1 else 'One seed'}. Targets are {target}.",
        f'"in k of {n_seeds}": only k seeds reach the target. Area: mean {score} from '
        f"{first} to {last} labels.",
    ]
    if result.baseline is not None:
        notes.append(
            f"Difference: to the area of {result.baseline}, paired t interval. w-t-l: seeds won, "
            f"tied, lost."
        )
    return notes
