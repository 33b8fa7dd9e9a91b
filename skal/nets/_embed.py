"""What the last layer of a net sees, by a hook."""

from contextlib import contextmanager

from .._compat import probabilities_of
from ._modules import as_logits, last_linear
from ._parts import Parts


def embed(net, X, layer=None):
    """Return what a layer of a fitted skorch net sees: by default, its last fully connected one.

    Parameters
    ----------
    net : skorch.NeuralNet
        Fitted.
    X : array-like
        Samples, as the net takes them.
    layer : str, optional
        Name of a layer, as in ``net.module_.named_modules()``, whose input is the embedding.

    Returns
    -------
    ndarray of float32 of shape (n_samples, n_features)
        Inputs of more dimensions are flattened.

    Raises
    ------
    ValueError
        If there is no such layer, or the module has no fully connected layer.

    Examples
    --------
    >>> from skal.nets import MLPClassifier
    >>> net = MLPClassifier(max_epochs=1).fit([[0.0], [1.0]], [0, 1])
    >>> embed(net.net_, [[0.0]]).shape
    (1, 128)
    """
    return _forward(net, X, layer)[1]


def predict_proba_and_embed(net, X, layer=None):
    """Return class probabilities and embeddings of a fitted skorch net, in one pass.

    Parameters
    ----------
    net, X, layer
        As for :func:`embed`.

    Returns
    -------
    proba : ndarray of float32 of shape (n_samples, n_classes)
    embedding : ndarray of float32 of shape (n_samples, n_features)
    """
    return _forward(net, X, layer)


def inputs_of_layer(net, X, layer):
    """Return class probabilities, and what a layer of a name sees, of its own shape."""
    return _forward(net, X, layer, as_rows=lambda seen: seen)


def _forward(net, X, layer, as_rows=lambda seen: seen.flatten(1)):
    dataset = net.get_dataset(X)
    proba, embedded = Parts(len(dataset)), Parts(len(dataset))
    to_proba = probabilities_of(net)
    with _inputs_of(_layer_of(net.module_, layer)) as seen:
        for output in net.forward_iter(dataset):
            proba.add(to_proba(as_logits(output)).float().numpy())
            # a layer that is called in several places counts where it was called last
            embedded.add(as_rows(seen.pop()).float().cpu().numpy())
            seen.clear()
    return proba.array, embedded.array


def _layer_of(module, name):
    if name is not None:
        layers = dict(module.named_modules())
        if name not in layers:
            raise ValueError(f"layer must be one of {[n for n in layers if n]}; got {name!r}.")
        return layers[name]
    layer = last_linear(module)
    if layer is None:
        raise ValueError(
            f"{type(module).__name__} has no fully connected layer whose input could be the "
            f"embedding. Name the layer whose input you want: layer='...'."
        )
    return layer


@contextmanager
def _inputs_of(layer):
    """Collect what a layer sees while the context lasts."""
    seen = []
    handle = layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    try:
        yield seen
    finally:
        handle.remove()
