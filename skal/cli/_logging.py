"""Log messages, in the terminal and in a file."""

import logging
from contextlib import contextmanager

LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"


@contextmanager
def logged(name, path, quiet, level="INFO", log_format=LOG_FORMAT):
    """Send the messages of a logger to a file, and to the terminal unless it is to be quiet.

    Parameters
    ----------
    name : str
        The logger.
    path : pathlib.Path
        The file, which is made at the first message.
    quiet : bool
    level, log_format : str
        As in :mod:`logging`.
    """
    logger = logging.getLogger(name)
    logger.setLevel(level)
    handlers = [] if quiet else [logging.StreamHandler()]
    handlers.append(logging.FileHandler(path, encoding="utf-8", delay=True))
    for handler in handlers:
        handler.setFormatter(logging.Formatter(log_format))
        logger.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()
