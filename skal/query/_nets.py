"""What only networks can do: those of skal, and skorch nets. Without one, no torch is loaded."""

import sys

from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted


def is_skorch_net(model):
    """Return whether a model is an initialized skorch net; without one, skorch is not loaded."""
    skorch = sys.modules.get("skorch")
    return skorch is not None and isinstance(model, skorch.NeuralNet) and model.initialized_


def can_embed(model):
    """Return whether a model has embeddings: a fitted one with ``embed``, or a skorch net."""
    return is_skorch_net(model) or (hasattr(model, "embed") and _is_fitted(model))


def embed(model, X):
    """Return the embedding of samples."""
    if hasattr(model, "embed"):
        return model.embed(X)
    from .. import nets

    return nets.embed(model, X)


def can_do_both(model):
    """Return whether probabilities and embeddings come in one pass."""
    return can_embed(model) and (hasattr(model, "predict_proba_and_embed") or is_skorch_net(model))


def predict_proba_and_embed(model, X):
    """Return probabilities and embedding of samples."""
    if hasattr(model, "predict_proba_and_embed"):
        return model.predict_proba_and_embed(X)
    from .. import nets

    return nets.predict_proba_and_embed(model, X)


def can_draw(model):
    """Return whether a model draws probabilities: by ``sample_proba``, or a skorch classifier."""
    return hasattr(model, "sample_proba") or (is_skorch_net(model) and is_classifier(model))


def sample_proba(model, X, n_draws, seed):
    """Return probabilities of shape (n_draws, n, n_classes); `seed` serves skorch nets."""
    many = () if n_draws is None else (n_draws,)
    if hasattr(model, "sample_proba"):
        return model.sample_proba(X, *many)
    from .. import nets

    return nets.sample_proba(model, X, *many, seed=seed)


def _is_fitted(model):
    try:
        check_is_fitted(model)
    except NotFittedError:
        return False
    except TypeError:  # not of scikit-learn's kind: its embed says itself what it needs
        return True
    return True
