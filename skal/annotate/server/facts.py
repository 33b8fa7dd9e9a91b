"""What the screen has to know of an image before it loads it, from the header of its file."""

import threading
from collections import OrderedDict

from .._images import UnreadableImageError, read_facts
from .schemas.labeling import ImageFacts

MOST_KEPT = 20_000


class FactsCache:
    """Facts of images by the hash of their files."""

    def __init__(self):
        self._kept: OrderedDict = OrderedDict()
        self._turn = threading.Lock()

    def of(self, row, folder):
        """Return the facts of an image.

        Parameters
        ----------
        row : Row
            With ``content_hash``, ``relpath``, ``width`` and ``height``.
        folder : pathlib.Path
            Of the images.
        """
        with self._turn:
            if row.content_hash in self._kept:
                self._kept.move_to_end(row.content_hash)
                return self._kept[row.content_hash]
        facts = _read(row, folder)
        with self._turn:
            self._kept[row.content_hash] = facts
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return facts


def _read(row, folder):
    try:
        width, height, bits, is_gray = read_facts(folder / row.relpath)
    except (UnreadableImageError, OSError):  # asked for its pixels, the server will say why
        width, height, bits, is_gray = row.width or 1, row.height or 1, 8, False
    return ImageFacts(
        content_key=row.content_hash, width=width, height=height, bits=bits, is_gray=is_gray
    )
