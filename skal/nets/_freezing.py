"""Which layers of a net learn, and which stay as they are."""

from torch import nn

from ._modules import last_linear

TRAINABLE = ("all", "last_block", "last_layer")
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def set_trainable(module, layers, names=()):
    """Let only the parameters of some layers, and those of some names, learn."""
    learning = {id(p) for layer in layers for p in layer.parameters()}
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(id(parameter) in learning or name in names)


def last_layers(module):
    """Return the last fully connected layer, as a list, or raise where there is none."""
    layer = last_linear(module)
    if layer is None:
        raise ValueError(
            f"{type(module).__name__} has no fully connected layer, which alone could learn. Use "
            f"trainable='last_block' or 'all'."
        )
    return [layer]


def last_block(module):
    """Return the layers from the last convolution on, or the last two fully connected ones."""
    leaves = [layer for layer in module.modules() if not list(layer.children())]
    for kinds, which in ((CONVOLUTIONS, -1), (nn.Linear, -2)):
        found = [i for i, layer in enumerate(leaves) if isinstance(layer, kinds)]
        if found:
            return leaves[found[max(which, -len(found))] :]
    return last_layers(module)


def frozen_norms(module):
    """Return batch norms that do not learn, and so must not follow the data either."""
    layers = [layer for layer in module.modules() if isinstance(layer, NORMS)]
    return [m for m in layers if m.weight is not None and not m.weight.requires_grad]


def first_layer(module):
    """Return the name of the first layer that has weights for its inputs, or None."""
    kinds = (*CONVOLUTIONS, nn.Linear)
    return next((n for n, layer in module.named_modules() if isinstance(layer, kinds)), None)


def last_layer_name(module):
    """Return the name of the last fully connected layer, or None."""
    layer = last_linear(module)
    return next((name for name, other in module.named_modules() if other is layer), None)
