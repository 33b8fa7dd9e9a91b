"""Private names of other libraries that skal needs, each with the version that ends the need.

Nothing else in skal imports a name that starts with an underscore from another library.
"""

# until scikit-learn makes parameter validation public (scikit-learn#30027)
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

__all__ = ["HasMethods", "Interval", "StrOptions", "import_torchvision", "probabilities_of"]


def import_torchvision():
    """Return torchvision, or raise an error that says how to install it.

    A build of torchvision that does not belong to the installed torch raises RuntimeError, a
    missing one ImportError, and a broken one OSError.
    """
    try:
        import torchvision
    except Exception as error:
        raise ImportError(
            f"torchvision could not be imported ({type(error).__name__}: {error}). It must come "
            f"from the same place as torch: for a torch without CUDA, run pip install --force-"
            f"reinstall --no-deps torchvision --index-url https://download.pytorch.org/whl/cpu."
        ) from error
    return torchvision


def probabilities_of(net):
    """Return the function that turns the outputs of a skorch net into class probabilities.

    Until skorch gives its choice of a nonlinearity a public name.
    """
    return net._get_predict_nonlinearity()
