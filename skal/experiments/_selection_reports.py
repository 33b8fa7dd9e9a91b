"""Tables and the plot of a selection, as the files of its experiment's origin."""

import datetime

from .. import __version__
from .._files import write_bytes
from ._pictures import new_figure, png
from .selection_display import SelectionDisplay, figure_size

NAME = "active_learning_results"
# the origin's columns; what it measured on validation data is measured on the test set here
CSV_COLUMNS = {
    "seed": "seed",
    "method": "method",
    "dataset": "dataset",
    "initial_val_acc": "first_score",
    "final_val_acc": "score",
    "test_acc": "score",
    "val_improvement": "improvement",
    "initial_steps": "first_steps",
    "final_steps": "steps",
    "total_budget": "budget",
    "initial_samples": "n_first",
    "final_samples": "n_labels",
    "query_seconds": "query_seconds",
    "fit_seconds": "fit_seconds",
}


def write_selection_reports(result, folder):
    """Write the tables and the plot of a selection into its folder."""
    write_bytes(folder / f"{NAME}.csv", selection_csv(result).encode())
    write_bytes(folder / f"{NAME}.txt", f"{result}\n".encode())
    figure = new_figure(*figure_size(result.summary()))
    SelectionDisplay.from_result(result, ax=figure.subplots(2, len(result.budgets), squeeze=False))
    write_bytes(folder / f"{NAME}.png", png(figure))


def selection_csv(result):
    """Return all runs as CSV, after comment lines ``# key: value`` that say how they were made.

    Parameters
    ----------
    result : SelectionResult
        What `select_data` has found.

    Returns
    -------
    str
        Columns as in the origin. Steps, those of the optimizer, are empty where what learns is no
        net.
    """
    frame = result.to_frame()
    frame["improvement"] = frame["score"] - frame["first_score"]
    for name, n in (("first_steps", "n_first"), ("steps", "n_labels")):
        frame[name] = [
            _n_steps(result.estimators[dataset], count)
            for dataset, count in zip(frame["dataset"], frame[n], strict=True)
        ]
        frame[name] = frame[name].astype("Int64")
    columns = {name: frame[column] for name, column in CSV_COLUMNS.items()}
    comments = "".join(f"# {key}: {value}\n" for key, value in _header(result).items())
    return comments + frame.assign(**columns)[list(columns)].to_csv(index=False)


def _header(result):
    return {
        "experiment": "data selection in one query",
        "generated": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "skal": __version__,
        "datasets": ", ".join(result.datasets),
        "budgets": ", ".join(map(str, result.budgets)),
        **{key: _text(value) for key, value in result.setting.items()},
        "seeds": ", ".join(map(str, result.seeds)),
        **{f"estimator of {name}": _text(model) for name, model in result.estimators.items()},
        "accuracies": "all on the test set: there is no validation split",
    }


def _text(value):
    return ", ".join(value) if isinstance(value, list) else " ".join(repr(value).split())


def _n_steps(estimator, n_samples):
    """Return how many steps of the optimizer a net takes to train, or None for other models."""
    params = estimator.get_params()
    if not {"max_epochs", "batch_size"} <= set(params):
        return None
    whole, rest = divmod(n_samples, params["batch_size"])
    return params["max_epochs"] * max(1, whole + (rest > 1))  # one left over joins the last batch
