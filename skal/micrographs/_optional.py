"""Libraries that only files of cryo-EM need."""

from importlib import import_module

PACKAGES = {"mrcfile": "mrcfile", "gemmi": "gemmi", "PIL.Image": "pillow"}


def load(module):
    """Import a module of an optional library, or raise an error that says how to get it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f"this file needs {PACKAGES[module]}, which cannot be imported ({error}). Install it: "
            f'pip install {PACKAGES[module]}, or all of them with pip install "skal[cryoem]".'
        ) from error
