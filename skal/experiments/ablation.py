"""What losses and thresholds do to self-training: a table over paired seeds."""

import re
from numbers import Integral
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone

from .._files import make_folder, write_bytes
from ..metrics import pixel_scores
from ._statistics import half_width

__all__ = ["ablate_self_training", "ablation_table"]

SCORES = ("precision", "recall", "f1_score", "iou", "auc")
HEADS = {
    **{"estimator": "Estimator", "thresholds": "Thresholds", "precision": "Precision"},
    **{"recall": "Recall", "f1_score": "F1", "iou": "IoU", "auc": "AUC", "gain": "Gain in F1"},
}


def ablate_self_training(
    segmenter,
    estimators,
    X,
    y,
    X_test,
    y_test,
    X_unlabeled=None,
    X_val=None,
    y_val=None,
    *,
    seeds=3,
    folder=None,
):
    """Compare estimators, such as nets of two losses, and static with adaptive thresholds.

    Of each estimator and seed, one supervised model is trained; self-training goes on from it once
    with static thresholds and once with those that the segmenter relaxes. All are judged on the
    test images, which choose nothing.

    Parameters
    ----------
    segmenter : SelfTrainingSegmenter
        What to vary: its estimator, seed and decay are replaced. Its ``decay``, above 0, is that of
        the adaptive thresholds.
    estimators : dict of str to segmenter
        What learns, such as ``{"BCE": AttentionUNetSegmenter(loss="bce"), "Focal+Dice":
        AttentionUNetSegmenter(loss="focal_dice")}``.
    X, y, X_unlabeled, X_val, y_val
        As for :meth:`skal.self_training.SelfTrainingSegmenter.fit`; labels are 0 and 1.
    X_test, y_test : ndarray
        Images and labels to judge on.
    seeds : int or sequence of int, default=3
        The seeds, or how many of them, from 0 on. All rows of the table share them.
    folder : str or path, default=None
        Where to write ``ablation.csv``, one row a run, and the table as ``ablation.md`` and
        ``ablation.tex``.

    Returns
    -------
    pandas.DataFrame
        One row for each estimator, kind of thresholds ("supervised" is none, before any
        self-training) and seed: ``precision``, ``recall``, ``f1_score``, ``iou`` and ``auc`` of
        labeled test pixels, and ``n_kept``, the iterations that were kept.

    Raises
    ------
    ValueError
        If the segmenter's decay is 0.
    """
    if not segmenter.decay > 0:
        raise ValueError("the segmenter's decay must be above 0: that of the adaptive thresholds.")
    seeds = range(seeds) if isinstance(seeds, Integral) else seeds
    data = (X, y, X_unlabeled, X_val, y_val)
    rows = [
        {"estimator": name, "thresholds": thresholds, "seed": int(seed), **scores}
        for name, estimator in estimators.items()
        for seed in seeds
        for thresholds, scores in _run(segmenter, estimator, seed, data, X_test, y_test)
    ]
    frame = pd.DataFrame(rows)
    if folder is not None:
        _write(frame, make_folder(Path(folder)))
    return frame


def _run(segmenter, estimator, seed, data, X_test, y_test):
    """Yield the kinds of thresholds and the test scores they lead to."""
    segmenter = clone(segmenter).set_params(estimator=clone(estimator), random_state=seed)
    first = next(segmenter.iter_fit(*data))
    yield "supervised", _test_scores(segmenter, X_test, y_test)
    for thresholds, decay in (("static", 0.0), ("adaptive", segmenter.decay)):
        trained = clone(segmenter).set_params(decay=decay)
        for _ in trained.iter_fit(*data, done=[first]):
            pass
        yield thresholds, _test_scores(trained, X_test, y_test)


def _test_scores(segmenter, X_test, y_test):
    proba = segmenter.predict_proba(X_test)[:, 1]
    n_kept = sum(record["kept"] for record in segmenter.history_) - 1
    return {**pixel_scores(y_test, proba), "n_kept": n_kept}


def ablation_table(frame):
    """Return means over seeds, with 95 % t intervals where there are several.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`ablate_self_training` returned.

    Returns
    -------
    pandas.DataFrame
        One row for each estimator and kind of thresholds, with the mean scores, ``f1_half_width``,
        ``gain``, the mean difference in F1 to the supervised model of the same estimator and seed,
        ``gain_half_width`` and ``n_kept``. Half widths are NaN for a single seed, means where a
        seed has no such score.
    """
    f1 = frame.pivot_table("f1_score", "seed", ["estimator", "thresholds"], sort=False)
    supervised = f1.xs("supervised", axis=1, level="thresholds")
    gain = f1 - supervised.reindex(f1.columns.get_level_values("estimator"), axis=1).to_numpy()
    groups = frame.groupby(["estimator", "thresholds"], sort=False)[[*SCORES, "n_kept"]]
    table = groups.agg(lambda values: values.mean(skipna=False))
    table["f1_half_width"] = half_width(f1[table.index].to_numpy())
    table["gain"] = gain[table.index].mean()
    table["gain_half_width"] = half_width(gain[table.index].to_numpy())
    return table


def _write(frame, folder):
    cells, n_seeds = _cells(ablation_table(frame)), frame["seed"].nunique()
    note = "One seed." if n_seeds == 1 else f"Means of {n_seeds} seeds, with 95 % t intervals."
    note += " Gain: to the supervised model of the same estimator and seed."
    write_bytes(folder / "ablation.csv", frame.to_csv(index=False).encode())
    write_bytes(folder / "ablation.md", _markdown(cells, note).encode())
    write_bytes(folder / "ablation.tex", _latex(cells, note).encode())


def _cells(table):
    """Return the table as rows of texts, the head first."""
    rows = [list(HEADS.values())]
    for (estimator, thresholds), line in table.iterrows():
        scores = ["-" if np.isnan(line[name]) else f"{line[name]:.3f}" for name in SCORES]
        scores[2] += _plus_minus(line["f1_half_width"])
        gain = "" if thresholds == "supervised" else f"{line['gain']:+.3f}"
        gain += _plus_minus(line["gain_half_width"]) if gain else ""
        rows.append([estimator, thresholds, *scores, gain])
    return rows


def _plus_minus(half):
    return f" ± {half:.3f}" if np.isfinite(half) else ""


def _markdown(cells, note):
    rule = ["---"] * 2 + ["---:"] * (len(cells[0]) - 2)
    lines = [f"| {' | '.join(row)} |" for row in [cells[0], rule, *cells[1:]]]
    return "\n".join([*lines, "", note, ""])


def _latex(cells, note):
    rows = [" & ".join(map(_escaped, row)) + r" \\" for row in cells]
    return "\n".join(
        [
            f"% {note}",
            rf"\begin{{tabular}}{{ll{'r' * (len(cells[0]) - 2)}}}",
            r"\toprule",
            rows[0],
            r"\midrule",
            *rows[1:],
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def _escaped(text):
    """Return a text as LaTeX shows it."""
    text = re.sub(r"([&%$#_{}])", r"\\\1", text)
    return re.sub(r"([+-])(\d)", r"$\1$\2", text).replace("±", r"$\pm$")
