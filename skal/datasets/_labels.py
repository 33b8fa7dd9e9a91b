"""Wrong labels: by chance, by confusion, and by malice."""

import numpy as np
from sklearn.utils import check_random_state

from ._corrupt import check_rate

KINDS = ("uniform", "pairs", "adversarial")
SMALLEST = 1e-12  # probabilities below are as good as zero


def corrupt_labels(
    y, rate, kind="uniform", *, classes=None, pairs=None, proba=None, X=None, random_state=None
):
    """Return a copy of labels, a share of which are wrong.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Labels of any type: numbers, texts.
    rate : float
        The share of labels to change, in [0, 1]: exactly ``round(rate * n_samples)`` differ.
    kind : {"uniform", "pairs", "adversarial"}, default="uniform"
        ``"uniform"`` is a careless annotator: labels drawn at random become any other class.
        ``"pairs"`` is an annotator who confuses classes: labels drawn at random become the next
        class, as in the pair flipping of [1]_, or the one that `pairs` gives.
        ``"adversarial"`` is a malicious annotator, who knows the true labels and a good model, and
        chooses the labels whose change costs that model the most: with ``p`` its probabilities, the
        label of the sample with the largest ``log p(true) - min over c of log p(c)`` becomes that
        least probable class ``c``. That is the loss that an adversarial label flip adds under the
        model of clean labels [2]_ [3]_: the clearest examples get the most absurd labels. It draws
        nothing.
    classes : array-like, default=None
        All classes that there are, in order; None takes those in `y`.
    pairs : dict of class to class, default=None
        What each class becomes, for ``"pairs"``. Labels of classes that are not in it stay right.
    proba : array-like of shape (n_samples, n_classes), default=None
        For ``"adversarial"``: the malicious annotator's class probabilities, columns in the order
        of `classes`. Best those of a model that has not seen the samples, such as
        ``cross_val_predict(model, X, y, method="predict_proba")``.
    X : array-like of shape (n_samples, ...), default=None
        For ``"adversarial"``, in place of `proba`: samples, flattened ones or images. The model is
        then the mean of each class with equal, round spread (nearest centroid).
    random_state : int, RandomState instance or None, default=None
        Seeds the draws.

    Returns
    -------
    ndarray of shape (n_samples,)
        Of the dtype of `y`, or one that holds all `classes`. Changed are the positions
        ``np.flatnonzero(result != y)``.

    Raises
    ------
    ValueError
        If an argument is out of its range, there is one class only, or fewer labels can be changed
        than asked for.

    References
    ----------
    .. [1] Han et al. (2018), "Co-teaching: robust training of deep neural networks with extremely
       noisy labels", NeurIPS.
    .. [2] Xiao, Xiao and Eckert (2012), "Adversarial label flips attack on support vector
       machines", ECAI.
    .. [3] Xiao, Biggio et al. (2015), "Support vector machines under adversarial label
       contamination", Neurocomputing 160.

    Examples
    --------
    >>> y = ["cat", "dog", "cat", "owl"]
    >>> corrupt_labels(y, 0.5, "pairs", pairs={"cat": "dog"})
    array(['dog', 'dog', 'dog', 'owl'], dtype='<U3')
    >>> corrupt_labels([0, 0, 1, 1], 0.25, "adversarial", X=[[0.0], [4.0], [5.0], [6.0]])
    array([1, 0, 1, 1])
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}.")
    check_rate(rate)
    y, classes, codes = _encoded(y, classes)
    n_changed = round(rate * len(y))
    rng = check_random_state(random_state)
    if kind == "uniform":
        chosen = rng.permutation(len(y))[:n_changed]
        shift = rng.randint(1, len(classes), size=n_changed)
        target = (codes[chosen] + shift) % len(classes)
    elif kind == "pairs":
        chosen, target = _paired(codes, classes, pairs, n_changed, rng)
    else:
        chosen, target = _costliest(codes, _log_proba(codes, classes, proba, X), n_changed)
    holds_all = np.array_equal(classes.astype(y.dtype), classes)
    noisy = y.copy() if holds_all else y.astype(np.result_type(y, classes))
    noisy[chosen] = classes[target]
    return noisy


def _encoded(y, classes):
    """Return labels as an array, all classes, and the position of each label in them."""
    y = np.asarray(y)
    if y.ndim != 1 or not len(y):
        raise ValueError(f"y must hold one label for each sample; got shape {y.shape}.")
    found, codes = np.unique(y, return_inverse=True)
    if classes is None:
        classes = found
    else:
        classes = np.asarray(classes)
        position = {label: i for i, label in enumerate(classes.tolist())}
        unknown = [label for label in found.tolist() if label not in position]
        if unknown or len(position) < len(classes):
            raise ValueError(
                f"classes must name each class of y once; got {classes.tolist()}, without "
                f"{unknown}."
            )
        codes = np.array([position[label] for label in found.tolist()])[codes]
    if len(classes) < 2:
        raise ValueError(
            f"a label can only be wrong where there are two classes; got {classes.tolist()}. Pass "
            f"all of them as classes."
        )
    return y, classes, codes


def _paired(codes, classes, pairs, n_changed, rng):
    """Return positions whose class has a pair, and the pair's position in `classes`."""
    becomes = np.roll(np.arange(len(classes)), -1)
    if pairs is not None:
        position = {label: i for i, label in enumerate(classes.tolist())}
        becomes = np.arange(len(classes))
        for label, other in pairs.items():
            if label not in position or other not in position or label == other:
                raise ValueError(
                    f"pairs must map classes to other classes; got {label!r}: {other!r} for the "
                    f"classes {classes.tolist()}."
                )
            becomes[position[label]] = position[other]
    order = rng.permutation(len(codes))
    chosen = order[becomes[codes[order]] != codes[order]][:n_changed]
    if len(chosen) < n_changed:
        raise ValueError(
            f"rate asks for {n_changed} changed labels, but only {len(chosen)} are of classes in "
            f"pairs. Use a smaller rate, or more pairs."
        )
    return chosen, becomes[codes[chosen]]


def _log_proba(codes, classes, proba, X):
    """Return logarithms of class probabilities, up to a factor and a constant for each sample."""
    if (proba is None) == (X is None):
        raise ValueError(
            'kind="adversarial" needs either proba or X, what the malicious annotator knows; got '
            f"{'neither' if X is None else 'both'}."
        )
    if X is not None:
        return _centroid_log_proba(codes, len(classes), X)
    proba = np.asarray(proba, dtype=np.float64)
    if proba.shape != (len(codes), len(classes)) or not (proba >= 0).all():
        raise ValueError(
            f"proba must hold a probability for each sample and class, of shape "
            f"{(len(codes), len(classes))}; got shape {proba.shape}, or values below 0 or NaN."
        )
    return np.log(np.maximum(proba, SMALLEST))


def _centroid_log_proba(codes, n_classes, X):
    """Return minus the squared distance to the mean of each class; NaN for one without samples."""
    X = np.asarray(X)
    if len(X) != len(codes):
        raise ValueError(f"X must hold a sample for each label; got {len(X)} for {len(codes)}.")
    present = np.unique(codes)
    if len(present) < 2:
        raise ValueError(
            "the means of classes need samples of two classes, and y has one. Pass proba instead."
        )
    X = X.reshape(len(X), -1)
    X = X if X.dtype.kind == "f" else X.astype(np.float32)
    centers = np.stack([X[codes == code].mean(axis=0, dtype=np.float64) for code in present])
    log_proba = np.full((len(X), n_classes), np.nan)
    # the part |x|² of each distance is the same for all classes
    log_proba[:, present] = 2 * (X @ centers.T.astype(X.dtype)) - (centers**2).sum(axis=1)
    return log_proba


def _costliest(codes, log_proba, n_changed):
    """Return the positions whose flip costs most, ties to the lowest, and what they become."""
    rows = np.arange(len(codes))
    truth = log_proba[rows, codes]
    others = log_proba.copy()
    others[rows, codes] = np.nan
    target = np.nanargmin(others, axis=1)
    cost = truth - others[rows, target]
    chosen = np.argsort(-cost, kind="stable")[:n_changed]
    return chosen, target[chosen]
