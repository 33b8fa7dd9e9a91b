"""How good pixel maps of one class are."""

import numpy as np
from sklearn.metrics import roc_auc_score


def pixel_scores(y_true, proba, threshold=0.5):
    """Return precision, recall, F1, intersection over union and AUC of labeled pixels.

    Parameters
    ----------
    y_true : ndarray of int, of any shape
        1, 0, and -1 where there is no label: such pixels are left out.
    proba : ndarray of the same shape
        The probability of 1. The AUC is that of these numbers, not of decisions.
    threshold : float, default=0.5
        The probability from which on a pixel is taken for 1.

    Returns
    -------
    dict of str to float
        ``precision``, ``recall``, ``f1_score``, ``iou`` and ``auc``; NaN where there is nothing to
        divide by, or no pair of pixels to rank.
    """
    known = np.asarray(y_true) != -1
    truth, proba = np.asarray(y_true)[known] == 1, np.asarray(proba)[known]
    found = proba >= threshold
    n_true, n_found, n_both = (int(np.sum(a)) for a in (truth, found, truth & found))
    return {
        "precision": _ratio(n_both, n_found),
        "recall": _ratio(n_both, n_true),
        "f1_score": _ratio(2 * n_both, n_true + n_found),
        "iou": _ratio(n_both, n_true + n_found - n_both),
        "auc": float(roc_auc_score(truth, proba)) if 0 < n_true < truth.size else float("nan"),
    }


def _ratio(part, whole):
    return part / whole if whole else float("nan")
