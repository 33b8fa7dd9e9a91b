"""Downloads, by torchvision."""

from .._compat import import_torchvision


def download_dataset(class_name, folder):
    """Download both parts of one of torchvision's data sets into `folder`.

    Parameters
    ----------
    class_name : str
        The class in ``torchvision.datasets``.
    folder : pathlib.Path
        Where to; it is made where it does not exist.

    Raises
    ------
    ImportError
        If torchvision cannot be imported.
    OSError
        If there is no network, or the folder cannot be written.
    """
    dataset = getattr(import_torchvision().datasets, class_name)
    try:
        dataset(folder, train=True, download=True)  # it brings the files of both parts
    except PermissionError as error:
        raise PermissionError(
            error.errno, f"cannot write {folder} ({error.strerror}). Download into another folder."
        ) from error
    except (OSError, RuntimeError) as error:  # torchvision has both for no network, by data set
        raise OSError(
            f"{class_name} could not be downloaded into {folder} ({error}). Check the network, or "
            f"get the files on another machine and copy them into the folder."
        ) from error
