"""``skal`` in a process of its own, which ends when the one that has started it does."""

import os
import threading

from .. import app


def _end_with_parent():
    os.read(0, 1)  # returns when the other end of the pipe is closed: also by a kill
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    app()
