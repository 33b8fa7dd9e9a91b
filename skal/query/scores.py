"""The mathematics of query strategies: arrays in, one number a sample out.

Probabilities of shape (n_samples, n_classes) are worked through in blocks of rows, transposed, so
that a block stays in the processor's cache and every reduction runs along contiguous memory.
"""

import functools
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np

__all__ = [
    "bald",
    "consensus_entropy",
    "entropy",
    "least_confidence",
    "margin",
    "max_disagreement",
    "mean_standard_deviation",
    "top_k",
    "variation_ratio",
    "vote_entropy",
]

BLOCK = 8192  # rows; 10 classes in float32 are 320 kB, well within L2
THREADED = 16  # blocks from which on threads pay
MAX_THREADS = 4  # more are bound by memory


def _by_block(score):
    """Turn a score of (n_classes, n_block) arrays, which it may overwrite, into one of all rows."""

    @functools.wraps(score)
    def blocked(proba):
        proba = _as_float(proba)
        out = np.empty(len(proba), proba.dtype)

        def fill(starts):
            columns = np.empty((proba.shape[1], min(BLOCK, len(proba))), proba.dtype)
            for start in starts:
                block = proba[start : start + BLOCK]
                np.copyto(columns[:, : len(block)], block.T)
                out[start : start + BLOCK] = score(columns[:, : len(block)])

        _in_threads(fill, range(0, len(proba), BLOCK))
        return out

    return blocked


def _in_threads(fill, starts):
    """Fill all blocks; on threads, if there are many, since numpy lets go of the interpreter."""
    if len(starts) < THREADED:
        fill(starts)
        return
    n_threads = min(MAX_THREADS, joblib.cpu_count())
    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(fill, [starts[i::n_threads] for i in range(n_threads)]))


def _as_float(proba):
    proba = np.asarray(proba)
    return proba if proba.dtype in (np.float32, np.float64) else proba.astype(np.float64)


@_by_block
def least_confidence(proba):
    """Compute one minus the probability of the most probable class.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Class probabilities; rows sum to 1.

    Returns
    -------
    ndarray of shape (n_samples,)
        Values in [0, 1 - 1/n_classes]. The largest are chosen first.

    References
    ----------
    .. [1] Lewis and Gale (1994), "A sequential algorithm for training text classifiers", SIGIR.

    Examples
    --------
    >>> least_confidence(np.array([[0.5, 0.5], [0.75, 0.25]]))
    array([0.5 , 0.25])
    """
    return 1 - proba.max(axis=0)


@_by_block
def margin(proba):
    """Compute the gap between the two most probable classes.

    A small gap means that the estimator hesitates between two classes [1]_.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Class probabilities; rows sum to 1. With a single class the gap is its probability.

    Returns
    -------
    ndarray of shape (n_samples,)
        Values in [0, 1]. The smallest are chosen first; 0 is a tie.

    References
    ----------
    .. [1] Scheffer, Decomain and Wrobel (2001), "Active hidden Markov models for information
       extraction", IDA.

    Examples
    --------
    >>> margin(np.array([[0.5, 0.5], [0.75, 0.25]]))
    array([0. , 0.5])
    """
    first, second, lower = proba[0], np.zeros_like(proba[0]), np.empty_like(proba[0])
    for column in proba[1:]:
        np.minimum(first, column, out=lower)
        np.maximum(second, lower, out=second)
        np.maximum(first, column, out=first)
    return np.subtract(first, second, out=second)


@_by_block
def entropy(proba):
    """Compute the Shannon entropy of class probabilities, in nats.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Class probabilities; rows sum to 1. A probability of 0 contributes 0.

    Returns
    -------
    ndarray of shape (n_samples,)
        Values in [0, log(n_classes)]. The largest are chosen first.

    References
    ----------
    .. [1] Shannon (1948), "A mathematical theory of communication".

    Examples
    --------
    >>> entropy(np.array([[0.5, 0.5], [1.0, 0.0]])).round(3) + 0.0
    array([0.693, 0.   ])
    """
    log = np.maximum(proba, np.finfo(proba.dtype).tiny)
    np.log(log, out=log)
    return -np.einsum("ij,ij->j", proba, log)


def vote_entropy(votes, n_classes):
    """Compute the entropy of the distribution of votes, in nats.

    Parameters
    ----------
    votes : ndarray of int of shape (n_members, n_samples)
        The class that each member predicts, in [0, n_classes).
    n_classes : int
        How many classes there are.

    Returns
    -------
    ndarray of shape (n_samples,)
        Values in [0, log(min(n_members, n_classes))]. The largest are chosen first.

    References
    ----------
    .. [1] Dagan and Engelson (1995), "Committee-based sampling for training probabilistic
       classifiers", ICML, eq. 3 (here without its normalization by the number of members).

    Examples
    --------
    >>> vote_entropy(np.array([[0, 1], [0, 2]]), n_classes=3).round(3) + 0.0
    array([0.   , 0.693])
    """
    votes = np.asarray(votes)
    shares = np.stack([(votes == c).mean(axis=0) for c in range(n_classes)], axis=1)
    return entropy(shares)


def consensus_entropy(sample_proba):
    """Compute the entropy of the members' mean probabilities, in nats.

    Parameters
    ----------
    sample_proba : ndarray of shape (n_members, n_samples, n_classes)
        Class probabilities of each member, or of each draw of a Bayesian model.

    Returns
    -------
    ndarray of shape (n_samples,)
        Values in [0, log(n_classes)]. The largest are chosen first.

    Examples
    --------
    >>> consensus_entropy(np.array([[[1.0, 0.0]], [[0.0, 1.0]]])).round(3)
    array([0.693])
    """
    return entropy(np.mean(sample_proba, axis=0))


def max_disagreement(sample_proba):
    """Compute the largest Kullback-Leibler divergence of a member from the consensus, in nats.

    Parameters
    ----------
    sample_proba : ndarray of shape (n_members, n_samples, n_classes)
        Class probabilities of each member, or of each draw of a Bayesian model.

    Returns
    -------
    ndarray of shape (n_samples,)
        Values in [0, log(n_members)]. The largest are chosen first.

    References
    ----------
    .. [1] McCallum and Nigam (1998), "Employing EM and pool-based active learning for text
       classification", ICML. There the mean divergence counts, here, as in modAL, the largest.

    Examples
    --------
    >>> max_disagreement(np.array([[[1.0, 0.0]], [[0.0, 1.0]]])).round(3)
    array([0.693])
    """
    sample_proba = _as_float(sample_proba)
    log_consensus = _safe_log(sample_proba.mean(axis=0))
    divergence = (np.einsum("ij,ij->i", p, _safe_log(p) - log_consensus) for p in sample_proba)
    return functools.reduce(np.maximum, divergence)


def bald(sample_proba):
    """Compute the mutual information of the prediction and the model's parameters, in nats.

    It is the entropy of the mean minus the mean of the entropies [1]_: large where each draw is
    sure of itself and the draws contradict each other, zero where all draws agree.

    Parameters
    ----------
    sample_proba : ndarray of shape (n_draws, n_samples, n_classes)
        Class probabilities of draws from a posterior: passes with dropout on, or the members of
        an ensemble.

    Returns
    -------
    ndarray of shape (n_samples,)
        Values in [0, log(n_classes)], up to rounding. The largest are chosen first.

    References
    ----------
    .. [1] Houlsby, Huszár, Ghahramani and Lengyel (2011), "Bayesian active learning for
       classification and preference learning", eq. 2.

    Examples
    --------
    >>> bald(np.array([[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]])).round(3) + 0.0
    array([0.693, 0.   ])
    """
    expected_entropy = np.mean([entropy(p) for p in sample_proba], axis=0)
    return consensus_entropy(sample_proba) - expected_entropy


def _safe_log(p):
    return np.log(np.maximum(p, np.finfo(p.dtype).tiny))


def top_k(scores, k):
    """Return the positions of the `k` largest scores, best first, ties to the lowest position.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        Any real numbers, infinities included.
    k : int
        At most `n_samples`.

    Returns
    -------
    ndarray of int of shape (k,)

    Raises
    ------
    ValueError
        If a score is not a number.

    Examples
    --------
    >>> top_k(np.array([0.1, 0.9, 0.4, 0.9]), 3)
    array([1, 3, 2])
    """
    scores = np.asarray(scores)
    if scores.dtype.kind != "f":
        scores = scores.astype(np.float64)  # booleans and unsigned integers have no negative
    with np.errstate(over="ignore"):
        holds_nan = np.isnan(scores.dot(scores))
    if holds_nan:
        _raise_nan(scores)
    if 0 < k < len(scores):
        threshold = _kth_largest(scores, k)
        above = np.flatnonzero(scores > threshold)
        tied = np.flatnonzero(scores == threshold)[: k - len(above)]
        candidates = np.concatenate([above, tied])
    else:
        candidates = np.arange(min(k, len(scores)))
    return candidates[np.lexsort((candidates, -scores[candidates]))]


def _raise_nan(scores):
    bad = np.flatnonzero(np.isnan(scores))
    raise ValueError(
        f"scores must be numbers; got NaN for {len(bad)} of {len(scores)} samples, the first at "
        f"index {bad[0]}. Does the estimator predict NaN probabilities?"
    )


def _kth_largest(scores, k, block=65_536):
    """Return the k-th largest score; only what beats the running threshold is ever sorted."""
    best = scores[:0]
    threshold = -np.inf
    for start in range(0, len(scores), max(block, 4 * k)):
        part = scores[start : start + max(block, 4 * k)]
        best = np.concatenate([best, part[part > threshold] if len(best) == k else part])
        if len(best) > k:
            best = np.partition(best, len(best) - k)[len(best) - k :]
        threshold = best.min()
    return threshold


def variation_ratio(votes, n_classes):
    """Compute one minus the share of the modal class among the votes.

    Parameters
    ----------
    votes : ndarray of int of shape (n_draws, n_samples)
        The class that each draw predicts, in [0, n_classes).
    n_classes : int
        How many classes there are.

    Returns
    -------
    ndarray of shape (n_samples,)
        Values in [0, 1 - 1/min(n_draws, n_classes)]. The largest are chosen first.

    References
    ----------
    .. [1] Freeman (1965), "Elementary applied statistics", Wiley.

    Examples
    --------
    >>> variation_ratio(np.array([[0, 1], [0, 2], [0, 2], [0, 0]]), n_classes=3)
    array([0. , 0.5])
    """
    votes = np.asarray(votes)
    counts = ((votes == c).sum(axis=0) for c in range(n_classes))
    return 1 - functools.reduce(np.maximum, counts) / len(votes)


def mean_standard_deviation(sample_proba):
    """Compute the standard deviation over draws of each class probability, averaged over classes.

    Parameters
    ----------
    sample_proba : ndarray of shape (n_draws, n_samples, n_classes)
        Class probabilities of draws from a posterior: passes with dropout on, or the members of
        an ensemble.

    Returns
    -------
    ndarray of shape (n_samples,)
        Values in [0, 0.5]. The largest are chosen first.

    References
    ----------
    .. [1] Kampffmeyer, Salberg and Jenssen (2016), "Semantic segmentation of small objects and
       modeling of uncertainty in urban remote sensing images using deep convolutional neural
       networks", CVPR workshops.

    Examples
    --------
    >>> mean_standard_deviation(np.array([[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]]))
    array([0.5, 0. ])
    """
    return _as_float(sample_proba).std(axis=0).mean(axis=1)
