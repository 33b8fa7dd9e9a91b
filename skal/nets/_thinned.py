"""A pass with dropout as a thinner network [1]_: what is dropped is not computed.

Where a network is a sequence of layers, a mask that all samples share removes rows and columns of
weights: half the inputs and half the outputs of a layer leave a quarter of its work.

References
----------
.. [1] Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), "Dropout: a simple way to
   prevent neural networks from overfitting", JMLR 15, section 1.
"""

from functools import partial
from itertools import count
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from ._modules import active_dropouts

DROPPING = (nn.Dropout, nn.Dropout2d)
# layers that treat every channel by itself, whatever is in the others
BY_CHANNEL = (
    *(nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Tanh, nn.Sigmoid, nn.Identity),
    *(nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d),
)


class _Step(NamedTuple):
    """A layer after the first dropout; `drops` is the number of the dropout after it, if any."""

    layer: Any
    drops: int | None = None


class ThinSequence:
    """The layers of a sequence after its first dropout, once for each draw.

    Parameters
    ----------
    trunk : torch.nn.Sequential
        The layers before the first dropout.
    steps : list of _Step
        The layers after it, other dropouts left out.
    keeps : list of Tensor of bool of shape (n_draws, n_units)
        What each dropout keeps, the first one too.
    scales : list of float
        By what each dropout multiplies what it keeps.
    """

    def __init__(self, trunk, steps, keeps, scales):
        self.trunk = trunk
        self.first = [torch.nonzero(keep).flatten() for keep in keeps[0]]
        self.draws = [
            _thin_layers(steps, [keep[draw] for keep in keeps], scales)
            for draw in range(len(keeps[0]))
        ]

    def run(self, batch):
        """Return logits of shape (n_draws, n, n_classes)."""
        trunk = self.trunk(batch)
        logits = []
        for kept, layers in zip(self.first, self.draws, strict=True):
            x = trunk.index_select(1, kept)
            for layer in layers:
                x = layer(x)
            logits.append(x)
        return torch.stack(logits)


def thin_sequence(module, sample, keep_of):
    """Return the thinned networks of a module, or None where it is no sequence of known layers.

    Parameters
    ----------
    module : torch.nn.Module
        In evaluation mode.
    sample : Tensor of shape (1, ...)
        One sample, to learn shapes from.
    keep_of : callable
        Takes a dropout layer, its number and its output, and returns which units stay, of shape
        (n_draws, 1, n_units, ...).
    """
    layers = _layers_of(module)
    dropouts = [layer for layer in layers or () if _drops(layer)]
    if not dropouts or dropouts != active_dropouts(module):
        return None
    begin = layers.index(dropouts[0])
    steps, seen = _steps_after(layers, begin), _outputs_at(layers, sample)
    if steps is None or seen is None or not all(map(_is_by_channel, dropouts, seen)):
        return None
    keeps = [keep_of(*each).flatten(1) for each in zip(dropouts, count(), seen, strict=False)]
    scales = [1 / (1 - layer.p) for layer in dropouts]
    return ThinSequence(nn.Sequential(*layers[:begin]).eval(), steps, keeps, scales)


def _outputs_at(layers, x):
    """Return the outputs of the dropouts among the layers; None if weights see no channels."""
    seen = []
    for layer in layers:
        if _is_weighted(layer) and x.ndim != (4 if type(layer) is nn.Conv2d else 2):
            return None
        if _drops(layer):
            seen.append(x)  # in evaluation it changes nothing
        else:
            x = layer(x)
    return seen


def _is_by_channel(layer, output):
    return layer.p < 1 and output.ndim == (4 if type(layer) is nn.Dropout2d else 2)


def _drops(layer):
    return type(layer) in DROPPING and layer.p > 0


def _layers_of(module):
    """Return the layers of a sequence, also of sequences in it, or None."""
    if not isinstance(module, nn.Sequential):
        return [module]
    if type(module).forward is not nn.Sequential.forward:
        return None
    parts = [_layers_of(layer) for layer in module]
    return None if None in parts else [layer for part in parts for layer in part]


def _steps_after(layers, begin):
    """Return the steps after the first dropout, or None if weights cannot take up all masks."""
    steps, n_drops, is_open = [], 1, True  # open: a mask waits for the weights that take it up
    for layer in layers[begin + 1 :]:
        kind = type(layer)
        if _is_weighted(layer):
            is_open = False
        elif _drops(layer):
            if is_open or not _close(steps, n_drops):
                return None
            n_drops, is_open = n_drops + 1, True
            continue
        elif kind is nn.Flatten:
            if (layer.start_dim, layer.end_dim) != (1, -1):
                return None
        elif kind not in DROPPING and (is_open or kind not in BY_CHANNEL):
            return None
        steps.append(_Step(layer))
    return None if is_open else steps


def _is_weighted(layer):
    if type(layer) is nn.Conv2d:
        return layer.groups == 1 and layer.padding_mode == "zeros"
    return type(layer) is nn.Linear


def _close(steps, number):
    """Say at the last weights that only some of their outputs are needed, if that is so."""
    at = max(i for i, step in enumerate(steps) if _is_weighted(step.layer))
    if any(isinstance(step.layer, nn.Flatten) for step in steps[at + 1 :]):
        return False  # a mask of single pixels is no mask of channels
    steps[at] = _Step(steps[at].layer, number)
    return True


def _thin_layers(steps, keeps, scales):
    """Return functions that run one draw."""
    functions, given, scale = [], keeps[0], scales[0]
    for layer, drops in steps:
        if not _is_weighted(layer):
            functions.append(layer)
            continue
        wanted = None if drops is None else keeps[drops]
        functions.append(_thin(layer, given, wanted, scale))
        given, scale = wanted, 1.0 if drops is None else scales[drops]
    return functions


def _thin(layer, given, wanted, scale):
    """Return a layer of the inputs that are given, scaled, and the outputs that are wanted."""
    weight, bias = layer.weight, layer.bias
    if wanted is not None:
        weight, bias = weight[wanted], None if bias is None else bias[wanted]
    if given is not None:
        n_pixels = weight.shape[1] // len(given)  # of a channel that was flattened
        weight = weight[:, given.repeat_interleave(n_pixels)] * scale
    if type(layer) is nn.Linear:
        return partial(F.linear, weight=weight, bias=bias)
    if layer.weight.is_contiguous(memory_format=torch.channels_last):
        weight = weight.contiguous(memory_format=torch.channels_last)
    geometry = {"stride": layer.stride, "padding": layer.padding, "dilation": layer.dilation}
    return partial(F.conv2d, weight=weight, bias=bias, **geometry)
