"""What is logged: never a token, and no folders of the user."""

import logging
import re
import warnings
from pathlib import Path

TOKENS = re.compile(r"(token=|[Bb]earer\s+)[A-Za-z0-9_\-.~+/]+=*")
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class Redacting(logging.Formatter):
    """Leaves tokens and folders out of messages and tracebacks.

    Parameters
    ----------
    secrets : list of str
        Tokens.
    folders : list of path
        What becomes ``<folder>``.
    """

    def __init__(self, secrets=(), folders=()):
        super().__init__(FORMAT)
        self._secrets = list(secrets)
        places = {str(Path(f)) for f in folders} | {str(Path(f).resolve()) for f in folders}
        self._folders = sorted(places - {"/"}, key=len, reverse=True)

    def format(self, record):
        """Return a record as text without what must not be in it."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "<token>")
        for folder in self._folders:
            text = text.replace(folder, "<folder>")
        return TOKENS.sub(r"\1<token>", text)


def start_logging(secrets, folders, level="WARNING"):
    """Send what servers say to the terminal, redacted, and nowhere else."""
    warnings.filterwarnings("ignore", module="PIL")  # what is wrong with a file stands in its row
    handler = logging.StreamHandler()
    handler.setFormatter(Redacting(secrets, folders))
    for name in ("skal.annotate", "uvicorn", "uvicorn.error", "asyncio", "sqlalchemy"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)
    logging.getLogger("uvicorn.error").handlers = []
    logging.getLogger("uvicorn.error").propagate = True  # to uvicorn
    return handler
