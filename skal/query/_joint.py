"""What samples that are chosen together tell about a model's parameters, jointly.

A *configuration* is one way in which the samples chosen so far could be labeled. Each makes some
draws of the model more likely than others, and with these weights the information of a further
sample is that of BALD. So what the sample adds to a batch is the mean over configurations of
weighted BALD scores: all numbers are conditional, none shrinks as the batch grows, and all
candidates of a block come out of one matrix product.
"""

import numpy as np

from .scores import top_k

BLOCK_BYTES = 10_000_000  # working memory of a block of candidates
ROUNDING = 1e-5  # nats that float32 may be off, generously
TIE = 1e-12  # the same for float64


class JointInformation:
    """Mutual information of sets of labels and the model's parameters, for greedy choice.

    Parameters
    ----------
    sample_proba : ndarray of float32 of shape (n_samples, n_draws, n_classes)
        Class probabilities of each draw.
    n_configurations : int
        Up to as many configurations are all looked at; more are sampled, about as many.
    rng : numpy.random.RandomState
        For the sampled configurations.
    """

    def __init__(self, sample_proba, n_configurations, rng):
        self.P = sample_proba
        self.limit = n_configurations
        self.rng = rng
        self.entropies = _entropies_of_draws(sample_proba)
        self.rows = []
        self.source = None  # the draw that each sampled configuration comes from
        n_draws = sample_proba.shape[1]
        self.weights = np.full((1, n_draws), 1 / n_draws)  # of draws, given each configuration
        self.chances = np.ones(1)

    def gains(self, rows, dtype=np.float32):
        """Return what each of the samples `rows` would add, in nats; never negative."""
        weights, chances = self.weights.astype(dtype), self.chances.astype(dtype)
        step, gains = self.block_size(dtype), np.empty(len(rows), dtype)
        for start in range(0, len(rows), step):
            block = rows[start : start + step]
            entropies = _conditional_entropies(self.P[block], weights, chances)
            gains[start : start + step] = entropies - self.entropies[block] @ (chances @ weights)
        return np.maximum(gains, 0)

    def block_size(self, dtype=np.float32):
        """Return how many candidates are looked at in one matrix product."""
        _, n_draws, n_classes = self.P.shape
        entries = n_classes * (2 * len(self.weights) + 2 * n_draws)
        return max(1, BLOCK_BYTES // (np.dtype(dtype).itemsize * entries))

    def add(self, row):
        """Extend the configurations by the label of a sample."""
        self.rows.append(row)
        proba = self.P[row].astype(np.float64)  # (n_draws, n_classes)
        if self.source is not None:
            return self._add_sampled(proba)
        joint = self.chances[:, None] * (self.weights @ proba)
        if np.count_nonzero(joint) > self.limit:
            return self._sample()
        which, label = np.nonzero(joint)
        weights = self.weights[which] * proba[:, label].T
        self.weights = weights / weights.sum(axis=1, keepdims=True)
        self.chances = joint[which, label] / joint.sum()
        return None

    def _sample(self):
        """Draw configurations of all samples so far, as many from each draw of the model."""
        n_draws = self.P.shape[1]
        n_each = -(-self.limit // n_draws)
        self.source = np.repeat(np.arange(n_draws), n_each)
        self.weights = np.full((len(self.source), n_draws), 1 / n_draws)
        self.chances = np.full(len(self.source), 1 / len(self.source))
        for row in self.rows:
            self._add_sampled(self.P[row].astype(np.float64))

    def _add_sampled(self, proba):
        cumulated = proba.cumsum(axis=1)[self.source]
        marks = self.rng.random_sample(len(self.source)) * cumulated[:, -1]
        label = np.minimum((cumulated <= marks[:, None]).sum(axis=1), proba.shape[1] - 1)
        weights = self.weights * proba[:, label].T
        self.weights = weights / weights.sum(axis=1, keepdims=True)


class GreedyBatch:
    """Pick samples one after the other, each the one that adds most to those before.

    Given what is chosen, a sample adds no more than it did before, so that earlier gains are upper
    bounds: only candidates whose bound can still win are looked at. Gains of float32 that are
    close are decided in float64; ties go to the lowest index.

    Parameters
    ----------
    information : JointInformation
    chosen : ndarray of int
        Samples that count as picked before.
    """

    def __init__(self, information, chosen):
        self.information = information
        everything = np.arange(len(information.P))
        self.scores = information.gains(everything)  # of each sample alone: those of BALD
        for row in chosen:
            information.add(row)
        self.bounds = self.scores.copy()
        self.bounds[chosen] = -np.inf

    def best(self):
        """Return the position of the sample that adds most, and what it adds, in nats."""
        best = self._largest_gain() - ROUNDING
        close = np.flatnonzero(self.bounds >= best)
        gains = self.information.gains(close, np.float64)
        place = np.argmax(gains >= gains.max() - TIE)
        return int(close[place]), float(gains[place])

    def _largest_gain(self):
        """Bring bounds up to date, the largest first, until none that is left can win."""
        step = self.information.block_size()
        first = top_k(self.bounds, min(step, len(self.bounds)))
        largest = self._refresh(first)
        rest = np.setdiff1d(np.flatnonzero(self.bounds >= largest - ROUNDING), first)
        rest = rest[np.argsort(-self.bounds[rest])]
        for start in range(0, len(rest), step):
            rows = rest[start : start + step]
            if self.bounds[rows[0]] < largest - ROUNDING:
                break
            largest = max(largest, self._refresh(rows))
        return largest

    def _refresh(self, rows):
        rows = rows[self.bounds[rows] > -np.inf]
        self.bounds[rows] = self.information.gains(rows)
        return self.bounds[rows].max()

    def pick(self, row):
        """Add a sample to the batch."""
        self.information.add(row)
        self.bounds[row] = -np.inf


def _entropies_of_draws(proba):
    """Return the entropy of each draw's prediction, of shape (n_samples, n_draws)."""
    out = np.empty(proba.shape[:2], proba.dtype)
    step = max(1, BLOCK_BYTES // (proba.itemsize * proba.shape[1] * proba.shape[2]))
    for start in range(0, len(proba), step):
        block = proba[start : start + step]
        out[start : start + step] = -np.einsum("ikc,ikc->ik", block, _safe_log(block))
    return out


def _conditional_entropies(proba, weights, chances):
    """Return the entropy of each sample's label given a configuration, on average over these."""
    n_samples, n_draws, n_classes = proba.shape
    columns = proba.swapaxes(0, 1).astype(weights.dtype, order="C").reshape(n_draws, -1)
    predicted = weights @ columns  # (n_configurations, n_samples * n_classes)
    terms = _safe_log(predicted)
    terms *= predicted
    return -(chances @ terms).reshape(n_samples, n_classes).sum(axis=1)


def _safe_log(p):
    log = np.maximum(p, np.finfo(p.dtype).tiny)
    return np.log(log, out=log)
