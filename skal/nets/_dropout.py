"""Draws of a network by dropout: the layers before the first dropout run once for all draws."""

from contextlib import contextmanager

import torch
from skorch import NeuralNet
from skorch.dataset import get_len, unpack_data
from torch import nn

from .._compat import probabilities_of
from .._random import derive_seed
from ._modules import active_dropouts, as_logits
from ._parts import Parts
from ._thinned import thin_sequence
from ._training import Net

ROWS_AT_ONCE = 1024  # rows of a pass after the first dropout, over all draws
VALUES_AT_ONCE = 2**22  # numbers in all these rows, as they come in: images are large
WHOLE_CHANNELS = (nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.FeatureAlphaDropout)
PLAIN = (NeuralNet.infer, Net.infer)  # what calls the module on a batch, and nothing else
UNKNOWN = object()
ALPHA = -1.7580993408473766  # what dropped units become in self-normalizing networks


def sample_proba(net, X, n_samples=20, *, per_sample=False, seed=0):
    """Return class probabilities of passes with dropout of a fitted skorch net.

    Each pass is one draw of the network's weights: the units that a pass drops are the same for all
    samples [1]_, and for the same seed the same in every call. Layers other than dropout stay as in
    prediction, batch norm too, and every mode is as before afterwards. What comes before the first
    dropout is computed once for all passes.

    Parameters
    ----------
    net : skorch.NeuralNet
        Fitted. Dropout is found by the type of layer (``torch.nn.Dropout`` and its like): calls of
        ``torch.nn.functional.dropout`` in a module's ``forward`` cannot be found.
    X : array-like
        Samples, as the net takes them.
    n_samples : int, default=20
        How many passes.
    per_sample : bool, default=False
        Whether each sample drops units of its own: the probabilities of one sample are distributed
        alike, those of two samples are then independent.
    seed : int, default=0
        Seeds the dropped units.

    Returns
    -------
    ndarray of float32 of shape (n_samples, n, n_classes)

    Raises
    ------
    TypeError
        If the net has no dropout layer with a rate above 0.

    References
    ----------
    .. [1] Gal and Ghahramani (2016), "Dropout as a Bayesian approximation: representing model
       uncertainty in deep learning", ICML.

    Examples
    --------
    >>> from skal.nets import MLPClassifier
    >>> net = MLPClassifier(max_epochs=1).fit([[0.0], [1.0]], [0, 1])
    >>> sample_proba(net.net_, [[0.0]], n_samples=3).shape
    (3, 1, 2)
    """
    module = net.module_
    check_has_dropout(module)
    to_proba = probabilities_of(net)
    draws = _Draws(n_samples, seed, per_sample)
    dataset = net.get_dataset(X)
    out = Parts(len(dataset), axis=1)
    with torch.inference_mode(), draws.attached_to(module):
        for batch in net.get_iterator(dataset, training=False):
            for logits in draws.logits(net, unpack_data(batch)[0]):
                proba = to_proba(logits.flatten(0, 1).cpu()).float()  # (n_samples * n, n_classes)
                out.add(proba.unflatten(0, logits.shape[:2]).numpy())
    return out.array


def _parts(batch, size):
    """Return parts of a batch, small enough for all draws at once; dicts and lists stay whole."""
    return batch.split(size) if isinstance(batch, torch.Tensor) else [batch]


def _rows_at_once(batch):
    """Return how many rows go through the net at once, over all draws."""
    if not isinstance(batch, torch.Tensor):
        return ROWS_AT_ONCE
    return min(ROWS_AT_ONCE, max(1, VALUES_AT_ONCE // max(1, batch[0].numel())))


def check_has_dropout(module):
    """Raise if a module has no dropout layer that drops anything."""
    if not active_dropouts(module):
        raise TypeError(
            f"passes with dropout need a network with dropout, but {type(module).__name__} has no "
            f"dropout layer with a rate above 0. Add torch.nn.Dropout layers (a call of "
            f"torch.nn.functional.dropout cannot be found), or use a Committee of networks."
        )


class _NotSplit(Exception):
    """A dropout layer does not see one row for each sample."""


class _Draws:
    """Masks of dropout layers, the same for every call of one seed.

    At the first dropout, the batch of m samples becomes one of n_draws x m, draws first, and the
    rest of the network runs on these. Networks that join what comes after a dropout with what came
    before it, as a residual block does, cannot run so: all of them runs once a draw.
    """

    def __init__(self, n_draws, seed, per_sample):
        self.n_draws, self.seed, self.per_sample = n_draws, seed, per_sample
        self._free = torch.Generator().manual_seed(seed)  # of masks that differ by sample
        self._is_split = True
        self._thin = UNKNOWN
        self._masks = {}

    @contextmanager
    def attached_to(self, module):
        """Drop units while the context lasts; modes and hooks are as before afterwards."""
        modes = [(layer, layer.training) for layer in module.modules()]
        module.eval()
        handles = [layer.register_forward_hook(self._drop) for layer in active_dropouts(module)]
        try:
            yield self
        finally:
            for handle in handles:
                handle.remove()
            for layer, mode in modes:
                layer.training = mode

    def logits(self, net, batch):
        """Yield logits of the samples of a batch, of shape (n_draws, n, n_classes)."""
        if self._thin is UNKNOWN:
            self._thin = self._thinned(net, batch)
        if self._thin is not None:
            yield self._thin.run(batch)
            return
        n_rows = _rows_at_once(batch)
        self._is_split = self._is_split and n_rows >= self.n_draws
        for part in _parts(batch, max(1, n_rows // self.n_draws)):
            yield self._run(lambda rows: as_logits(net.infer(rows)), part)

    def _thinned(self, net, batch):
        """Return the thinned networks where they are known to say what the net would."""
        is_plain = type(net).infer in PLAIN and not getattr(net, "mixed_precision", False)
        is_on_cpu = isinstance(batch, torch.Tensor) and torch.device(net.device).type == "cpu"
        if self.per_sample or not is_plain or not is_on_cpu:
            return None
        sample = batch[:1]
        thin = thin_sequence(net.module_, sample, self._keep)
        if thin is None:
            return None
        # hooks of the user's, say, run only where the whole network does
        expected = self._run(lambda rows: as_logits(net.infer(rows)), sample)
        is_same = torch.allclose(thin.run(sample), expected, rtol=1e-3, atol=1e-4)
        return thin if is_same else None

    def _run(self, forward, batch):
        """Return logits of shape (n_draws, n, n_classes)."""
        self._n_rows = get_len(batch)
        if self._is_split:
            try:
                return self._run_split(forward, batch)
            except torch.OutOfMemoryError:
                raise
            except (_NotSplit, RuntimeError):  # shapes that do not fit each other
                self._is_split = False
        return torch.stack([self._run_draw(forward, batch, draw) for draw in range(self.n_draws)])

    def _run_split(self, forward, batch):
        self._call, self._draw = 0, None
        logits = forward(batch)
        if len(logits) != self.n_draws * self._n_rows:
            raise _NotSplit
        return logits.unflatten(0, (self.n_draws, self._n_rows))

    def _run_draw(self, forward, batch, draw):
        self._call, self._draw = 0, draw
        return forward(batch)

    def _drop(self, layer, inputs, output):
        """Return the output of a dropout layer, which is its input in evaluation, masked."""
        call, self._call = self._call, self._call + 1
        if self._draw is not None:
            return _masked(layer, output, self._keep(layer, call, output)[self._draw])
        n_rows = self._n_rows * (self.n_draws if call else 1)
        if output.ndim < 2 or len(output) != n_rows:
            raise _NotSplit
        split = output.unflatten(0, (-1, self._n_rows))  # (n_draws or 1, n, ...)
        keep = self._keep(layer, call, split[0])
        return _masked(layer, split, keep).flatten(0, 1)

    def _keep(self, layer, call, output):
        """Return which units stay, of shape (n_draws, n or 1, ...)."""
        n_rows = len(output) if self.per_sample else 1
        is_unit = not isinstance(layer, WHOLE_CHANNELS)
        unit = output.shape[1:] if is_unit else (output.shape[1], *[1] * (output.ndim - 2))
        shape = (self.n_draws, n_rows, *unit)
        if self.per_sample:
            return (torch.rand(shape, generator=self._free) >= layer.p).to(output.device)
        if (call, shape) not in self._masks:
            generator = torch.Generator().manual_seed(derive_seed(self.seed, call, "dropout"))
            keep = torch.rand(shape, generator=generator) >= layer.p
            self._masks[call, shape] = keep.to(output.device)
        return self._masks[call, shape]


def _masked(layer, x, keep):
    """Return `x` where units stay, scaled as the layer does in training."""
    if isinstance(layer, nn.AlphaDropout | nn.FeatureAlphaDropout):
        scale = ((1 - layer.p) * (1 + layer.p * ALPHA**2)) ** -0.5 if layer.p < 1 else 0.0
        return torch.where(keep, x, ALPHA) * scale - scale * ALPHA * layer.p
    return x * (keep / (1 - layer.p) if layer.p < 1 else keep).to(x.dtype)
