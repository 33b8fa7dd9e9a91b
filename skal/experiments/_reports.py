"""Tables and plots of a finished comparison, as files."""

from .._files import make_folder, write_bytes, write_json
from ._folders import RESULTS
from ._pictures import new_figure, png
from .displays import EfficiencyDisplay, LearningCurveDisplay


def write_reports(result, folder):
    """Write the tables and plots of a comparison below its folder, and return where they are."""
    place = make_folder(folder / RESULTS)
    summary = result.summary()
    write_bytes(place / "curves.csv", result.to_frame().to_csv(index=False).encode())
    write_bytes(place / "comparison_table.csv", summary.to_csv().encode())
    write_json(place / "comparison_table.json", _table(result, summary))
    for name, display, size in (
        ("learning_curves.png", LearningCurveDisplay.from_result, (8, 5)),
        ("efficiency_comparison.png", EfficiencyDisplay.from_result, (10, 4)),
    ):
        write_bytes(place / name, _picture(display, result, size))
    return place


def _table(result, summary):
    return {
        "score_name": result.score_name,
        "baseline": result.baseline,
        "seeds": result.seeds,
        "full_data_score": float(result.full_scores.mean()) if result.has_full_data else None,
        "strategies": {
            name: {key: _number(value) for key, value in row.items()}
            for name, row in summary.to_dict(orient="index").items()
        },
    }


def _number(value):
    return float(value) if isinstance(value, float) else int(value)


def _picture(from_result, result, size):
    figure = new_figure(*size)
    n_panels = 2 if from_result.__self__ is EfficiencyDisplay else 1
    from_result(result, ax=figure.subplots(1, n_panels))
    return png(figure)
