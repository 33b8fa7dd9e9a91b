"""Tables, plots, methods and checklist of a comparison, as files."""

import numpy as np

from .._files import make_folder, write_bytes, write_json
from ._pictures import new_figure, png
from ._score_table import latex_table, score_table, table_points
from .displays import EfficiencyDisplay, LearningCurveDisplay


def write_reports(report, place):
    """Write the tables, plots and texts of a RunReport into a folder."""
    place, result = make_folder(place), report.result
    summary = result.summary()
    texts = {
        "curves.csv": result.to_frame().to_csv(index=False),
        "comparison_table.csv": summary.to_csv(),
        "comparison_table.tex": latex_table(result),
        "methods.md": report.methods,
        "checklist.md": report.checklist,
    }
    for name, text in texts.items():
        write_bytes(place / name, text.encode())
    write_json(place / "comparison_table.json", _table(result, summary))
    write_bytes(place / "learning_curves.png", _curves(result))
    write_bytes(place / "efficiency_comparison.png", _efficiency(result))


def _table(result, summary):
    means, widths = score_table(result)
    return {
        "score_name": result.score_name,
        "baseline": result.baseline,
        "seeds": result.seeds,
        "n_samples": result.n_samples,
        "full_data_score": float(result.full_scores.mean()) if result.has_full_data else None,
        "table_points": table_points(result),
        "strategies": {
            name: {
                **{key: _number(value) for key, value in row.items()},
                "scores": means.loc[name].to_dict(),
                "score_half_widths": widths.loc[name].to_dict(),
            }
            for name, row in summary.to_dict(orient="index").items()
        },
    }


def _number(value):
    return float(value) if isinstance(value, float) else int(value)


def _curves(result):
    figure = new_figure(8, 5)
    LearningCurveDisplay.from_result(result, ax=figure.subplots())
    return png(figure)


def _efficiency(result):
    figure = new_figure(10, 4)
    axes = figure.subplots(1, 2)
    if result.has_full_data:
        EfficiencyDisplay.from_result(result, ax=axes)
    else:
        EfficiencyDisplay.from_result(result, target=_reachable(result), ax=axes)
    return png(figure)


def _reachable(result):
    """Return the score that all strategies end with, on average, as a target."""
    end = result.scores_at(result.common_labels[1]).mean().min()
    return float(np.floor(1000 * end) / 1000)  # few digits, and not above what was reached
