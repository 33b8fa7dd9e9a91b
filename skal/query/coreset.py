"""Small weighted sets that stand for the pool."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.utils.random import sample_without_replacement

from .._compat import Interval, StrOptions
from ._clusters import RoundedClusters
from .base import QueryStrategy, Selection, positions_without
from .pool import EMBEDDING, Reduction
from .scores import entropy, margin, top_k

NEVER = 1e-100  # a probability that no draw comes to, above what overflows in a division
COUNTABLE = 1e12  # expected draws above which a Poisson number is its mean, to six digits


def _hesitation(proba):
    return 1 - margin(proba)


PROXIES = {"entropy": Reduction("proba", entropy), "margin": Reduction("proba", _hesitation)}


class SensitivitySampling(QueryStrategy):
    """Draw samples by an upper bound of their loss, with weights that make them stand for the pool.

    Algorithm 1 of Axiotis et al. [1]_. The embedding is clustered; the loss is asked of the samples
    at the centers alone, and grows at most with the distance from there: ``q = loss(center) +
    lipschitz * distance ** z``. Samples are drawn in proportion to `q`, and weighted so that the
    weighted sum of losses over them estimates the sum over the pool. Use it where a few samples
    carry the loss, or a loss is costly; where losses are much alike, ``RandomSampling`` estimates
    as well.

    Parameters
    ----------
    n_clusters : int
        How many clusters, and centers to ask the loss of; at most the size of the pool.
    z : float, default=2
        The power of the distance, above 0: 2 goes with k-means, 1 suffers less from outliers.
    loss : {"entropy", "margin", "true"} or callable, default="entropy"
        ``"entropy"`` and ``"margin"`` (one minus it, so that large is bad) are stand-ins from the
        model's probabilities, which need no label. A callable takes integer positions in the pool
        and returns as many losses, finite and not negative. ``"true"`` is understood in an
        ``ActiveLearningLoop``: the cross-entropy of the uncovered label, and each sample asked for
        is labeled and counts as a label used, beside the `n_instances` drawn from the others.
    lipschitz : "estimate" or float, default="estimate"
        How fast losses may change with the distance to the power `z`. ``"estimate"`` asks the loss
        of ``ln(100 n_clusters) / ln(10)`` more samples in each cluster, rounded up, and takes their
        largest ratio times ``ln(n)``, for each cluster.
    cluster_on : {"embedding", "loss"}, default="embedding"
        ``"loss"`` clusters the losses themselves, as a one-dimensional embedding; that needs the
        losses of all samples.
    replacement : bool, default=True
        Whether to draw with replacement, as the paper does, else by priority sampling [3]_.
    count_uncovered : bool, default=False
        Whether the labels that ``loss="true"`` uncovers are among the `n_instances` rather than
        beside them. The draw takes what is left, and the uncovered samples follow it, with weight
        1: they stand for themselves.
    random_state : int, RandomState instance or None, default=None
        Seeds the clusters and the draws; None inherits the learner's.

    Notes
    -----
    With replacement, samples are drawn until one more than `n_instances` distinct ones have come
    up; the last is put back. The number of draws before it takes the place of the paper's `s`, so
    there are at least as many draws as samples; a sample that came up ``t`` times weighs ``t / (s
    p)``. Sums over these are unbiased [2]_, which they would not be had drawing stopped at the
    last distinct sample. Without replacement, weights are ``max(1, threshold / q)``, scaled so that
    the weighted sum of `q` is exact; this form is only nearly unbiased, and varies less than the
    unscaled one. Samples with ``q = 0`` follow when all others are chosen, in order of position;
    weights are then 1. Where all `q` are 0, the draw is uniform.

    Samples come in the order of their draw; scores are their `q`.

    Time is that of k-means on 256 samples a cluster, and O(n d k) once to assign all, for `k`
    clusters in `d` dimensions; memory O(n), about 100 bytes a sample, and 4 kB a cluster and
    dimension, beyond the float32 embedding.

    The ratio of losses to distances is taken with the power `z`, and a ten-thousandth of the mean
    distance to that power is added to its denominator, so that units do not matter.

    References
    ----------
    .. [1] Axiotis, Cohen-Addad, Henzinger, Jerome, Mirrokni, Saulpic, Woodruff and Wunder (2024),
       "Data-efficient learning via clustering-based sensitivity sampling: foundation models and
       beyond", ICML, algorithm 1.
    .. [2] Pathak (1964), "On inverse sampling with unequal probabilities", Biometrika.
    .. [3] Duffield, Lund and Thorup (2007), "Priority sampling for estimation of arbitrary subset
       sums", JACM.

    Examples
    --------
    >>> losses = np.array([0.1, 0.1, 0.1, 5.0, 5.1])
    >>> strategy = SensitivitySampling(
    ...     2, loss=lambda indices: losses[indices], lipschitz=0, random_state=0)
    >>> strategy(None, [[0.0], [0.1], [0.2], [9.0], [9.1]], n_instances=2)
    array([3, 4])
    """

    _parameter_constraints: ClassVar = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "z": [Interval(Real, 0, None, closed="neither")],
        "loss": [StrOptions({*PROXIES, "true"}), callable],
        "lipschitz": [StrOptions({"estimate"}), Interval(Real, 0, None, closed="left")],
        "cluster_on": [StrOptions({"embedding", "loss"})],
        "replacement": ["boolean"],
        "count_uncovered": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_clusters,
        *,
        z=2,
        loss="entropy",
        lipschitz="estimate",
        cluster_on="embedding",
        replacement=True,
        count_uncovered=False,
        random_state=None,
    ):
        self.n_clusters = n_clusters
        self.z = z
        self.loss = loss
        self.lipschitz = lipschitz
        self.cluster_on = cluster_on
        self.replacement = replacement
        self.count_uncovered = count_uncovered
        self.random_state = random_state

    @classmethod
    def _example(cls):
        return cls(4)

    def reductions(self):
        views = (EMBEDDING,) if self.cluster_on == "embedding" else ()
        return (*views, PROXIES[self.loss]) if self._has_proxy() else views

    def score(self, pool):
        """Return `q`, an upper bound of each sample's loss."""
        free = np.arange(pool.n_samples)
        losses = _Losses(self._loss_function(pool), free)
        return self._bounds(pool, free, losses, self._rng(pool))

    def _select(self, pool, n_instances, chosen):
        free = positions_without(chosen, pool.n_samples)
        rng, losses = self._rng(pool), _Losses(self._loss_function(pool), free)
        q = self._bounds(pool, free, losses, rng)
        uncovered = self._uncovered(losses)
        left = positions_without(uncovered, len(free))
        n_draws = min(self._n_draws(n_instances, len(uncovered)), len(left))
        drawn, weights = draw(q[left], n_draws, self.replacement, rng)
        n_missing = n_instances - len(drawn)
        rows = np.concatenate([left[drawn], uncovered[:n_missing]])
        weights = np.concatenate([weights, np.ones(n_missing)])
        return Selection(free[rows], q[rows], weights)

    def _n_draws(self, n_instances, n_uncovered):
        """Return how many samples to draw beside those whose labels are uncovered."""
        if not self.count_uncovered:
            return n_instances
        if n_uncovered > n_instances:
            raise ValueError(
                f"n_instances must be at least the number of labels that losses uncover; got "
                f"{n_instances=} for {n_uncovered} labels. Ask for more samples or fewer clusters, "
                f"give lipschitz a number, or use count_uncovered=False."
            )
        return n_instances - n_uncovered

    def _uncovered(self, losses):
        """Return the rows that are labeled whether they are drawn or not: the loop teaches them."""
        return losses.known() if self.loss == "true" else np.empty(0, np.intp)

    def _rng(self, pool):
        return pool.rng(self.random_state, "SensitivitySampling")

    def _bounds(self, pool, free, losses, rng):
        """Return `q` of the samples at `free`."""
        self._check_n_clusters(len(free))
        clusters = RoundedClusters(self._space(pool, free, losses), self.n_clusters, rng)
        of_centers = losses.of(clusters.centers)
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused below
            growth = clusters.squared_distances ** (self.z / 2)
            rate = self._rates(clusters, growth, of_centers, losses, rng)
            q = of_centers[clusters.labels] + rate * growth
        _check_bounds(q)
        return q

    def _space(self, pool, free, losses):
        """Return the rows to cluster."""
        if self.cluster_on == "loss":
            return losses.of(np.arange(len(free)))[:, None]
        return pool.embedding if len(free) == pool.n_samples else pool.embedding[free]

    def _rates(self, clusters, growth, of_centers, losses, rng):
        """Return the Lipschitz constant, of each sample's cluster where it is estimated."""
        if self.lipschitz != "estimate":
            return self.lipschitz
        n_asked = int(np.ceil(np.log(100 * self.n_clusters) / np.log(10)))
        asked = [_some(rows, n_asked, rng) for rows in clusters.members()]
        rows = np.concatenate(asked)
        of = np.repeat(np.arange(len(asked)), [len(part) for part in asked])
        floor = max(1e-4 * growth.mean(), np.finfo(float).tiny)
        ratios = np.abs(losses.of(rows) - of_centers[of]) / (growth[rows] + floor)
        largest = np.zeros(len(asked))
        np.maximum.at(largest, of, ratios)
        return np.log(len(growth)) * largest[clusters.labels]

    # Losses --------------------------------------------------------------------------------

    def _has_proxy(self):
        return isinstance(self.loss, str) and self.loss in PROXIES

    def _loss_function(self, pool):
        """Return what gives the losses of positions in the pool."""
        if self._has_proxy():
            values = pool.reduce(PROXIES[self.loss])
            return lambda indices: np.maximum(values[indices], 0)  # rounding may fall below
        if self.loss != "true":
            return lambda indices: self.loss(pool.positions(indices))
        if pool.loss_of is None:
            raise TypeError(
                'loss="true" needs the labels, which only ActiveLearningLoop can uncover. Use the '
                'strategy in a loop, or pass loss="entropy", loss="margin" or a callable that '
                "takes positions in the pool and returns losses."
            )
        if self.cluster_on == "loss":
            raise ValueError(
                'loss="true" with cluster_on="loss" would uncover the label of every sample in the '
                'pool. Use cluster_on="embedding", or another loss.'
            )
        return lambda indices: pool.loss_of(pool.positions(indices))

    def _check_n_clusters(self, n_samples):
        if self.n_clusters > n_samples:
            raise ValueError(
                f"n_clusters must be at most the size of the pool; got n_clusters="
                f"{self.n_clusters} for {n_samples} samples. Ask for fewer clusters, or pass a "
                f"larger X_pool."
            )


class _Losses:
    """Losses of the samples at `free`, each asked for once at most."""

    def __init__(self, ask, free):
        self._ask = ask
        self._free = free
        self._values = np.full(len(free), np.nan)

    def of(self, rows):
        new = rows[np.isnan(self._values[rows])]
        if len(new):
            indices = self._free[new]
            self._values[new] = _validate_losses(self._ask(indices.copy()), indices)
        return self._values[rows]

    def known(self):
        """Return the rows that were asked for, lowest first."""
        return np.flatnonzero(~np.isnan(self._values))


def _validate_losses(losses, indices):
    try:
        losses = np.asarray(losses, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"loss must return an array of numbers; got {losses!r}.") from error
    if losses.shape != indices.shape:
        raise ValueError(
            f"loss must return one number for each position that it is asked for; got an array of "
            f"shape {losses.shape} for {len(indices)} positions."
        )
    bad = np.flatnonzero(~(np.isfinite(losses) & (losses >= 0)))
    if len(bad):
        raise ValueError(
            f"losses must be finite and not negative; got {losses[bad[0]]} at index "
            f"{indices[bad[0]]} of the pool, and {len(bad)} such values of {len(losses)}. Does the "
            f"model predict NaN probabilities, or does the loss take a logarithm of 0?"
        )
    return losses


def _check_bounds(q):
    with np.errstate(over="ignore"):
        is_finite = np.isfinite(q.sum())
    if not is_finite:
        raise ValueError(
            "the bounds loss(center) + lipschitz * distance ** z are too large to add up, so that "
            "weights would not be finite. Scale the features in a pipeline, or use a smaller z or "
            "lipschitz."
        )


def _some(rows, n, rng):
    if len(rows) <= n:
        return rows
    return rows[sample_without_replacement(len(rows), n, random_state=rng)]


def draw(q, n_draws, replacement, rng):
    """Draw distinct samples in proportion to `q`, and return their positions and weights.

    With replacement, samples come up at random times, at the rate `q`: the first `n_draws` distinct
    ones are those with the smallest exponential times, and how often each came up again before the
    next distinct sample is a Poisson number. This is the law of drawing one after the other, and
    takes no longer where one sample has nearly all the probability.

    Parameters
    ----------
    q : ndarray of shape (n_samples,)
        Finite and not negative; all 0 counts as all equal.
    n_draws : int
        How many distinct samples to draw, at most `n_samples`.
    replacement : bool
        Whether to draw independently, else by priority sampling.
    rng : numpy.random.RandomState
        Draws.

    Returns
    -------
    drawn : ndarray of int of shape (n_draws,)
        Positions, in the order of the draw.
    weights : ndarray of float64 of shape (n_draws,)
        Weights for sums over the samples.
    """
    p = q / q.sum() if q.any() else np.full(len(q), 1 / max(1, len(q)))
    p[p < NEVER] = 0
    uniform = 1 - rng.random_sample(len(q))  # in (0, 1]
    noise = np.maximum(-np.log(uniform), NEVER) if replacement else uniform
    keys = p / noise
    order = top_k(keys, min(n_draws + 1, len(q)))
    drawn = order[:n_draws]
    threshold = keys[order[n_draws]] if len(order) > n_draws else 0
    if threshold == 0:  # all that can be drawn are
        return drawn, np.ones(n_draws)
    if replacement:
        counts = 1 + _poisson(p[drawn] / threshold - noise[drawn], rng)
        return drawn, counts / (counts.sum() * p[drawn])
    weights = np.maximum(1, threshold / p[drawn])
    return drawn, weights / (weights @ p[drawn])


def _poisson(means, rng):
    means = np.maximum(means, 0)  # rounding
    return np.where(means > COUNTABLE, means, rng.poisson(np.minimum(means, COUNTABLE)))
