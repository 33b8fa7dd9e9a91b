"""Which image of a project a name in somebody's file is about. Names are compared, never opened."""

import hashlib
import unicodedata

import sqlalchemy as sa

from .._schema import item
from ._trees import without_suffix

MATCHES = ("path", "tail", "content")
SEVERAL = object()  # several images have this name


class Matcher:
    """Finds the images of a project by what others call them.

    Parameters
    ----------
    connection : Connection
        Of the database.
    folder : pathlib.Path
        The folder of the images; absolute names below it are made relative.
    match : {"path", "tail", "content"}
        Whether names are the whole ones, or end alike, or files are compared by their content.
    """

    def __init__(self, connection, folder, match):
        self._match, self._above = match, f"{folder.as_posix()}/"
        columns = (item.c.id, item.c.relpath, item.c.status, item.c.reason, item.c.content_hash)
        self._items = {row.id: row for row in connection.execute(sa.select(*columns))}
        usable = [row for row in self._items.values() if row.status == "ok"]
        self._by_hash = {row.content_hash: row.id for row in usable if row.content_hash}
        self._by_name = {True: self._names(_same), False: self._names(without_suffix)}
        self._by_tail = {}
        self.n_by_tail = 0

    def _names(self, shape):
        """Return images by their names, and by their names in normal form."""
        found = {}
        for row in self._items.values():
            _put(found, _normal(shape(row.relpath)), row.id)
        found.update({shape(row.relpath): row.id for row in self._items.values()})
        return found

    def find(self, row):
        """Return the image that a row is about.

        Returns
        -------
        item_id : int or None
        reason : str or None
            Why there is none, in words.
        is_there : bool
            Whether there is a file of this name, which cannot be used.
        """
        if self._match == "content" and row.file is not None:
            return self._of_content(row.file)
        found = self._look_up(row)
        if found is None:
            return None, f"no image of the project is called {row.path!r}", False
        if found is SEVERAL:
            return None, f"several images of the project may be called {row.path!r}", False
        return self._usable(self._items[found])

    def _of_content(self, file):
        with open(file, "rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        found = self._by_hash.get(digest)
        if found is None:
            return None, f"no image of the project has the content of {file.name!r}", False
        return found, None, True

    def _usable(self, found):
        if found.status == "ok":
            return found.id, None, True
        same = self._by_hash.get(found.content_hash)
        if found.status == "duplicate" and same is not None:
            return same, None, True
        return None, f"{found.relpath!r} cannot be used: {found.reason or 'not read yet'}", True

    def _look_up(self, row):
        names = self._by_name[row.has_suffix]
        spellings = dict.fromkeys([row.path, row.path.replace("\\", "/")])
        for name in [self._relative(spelling) for spelling in spellings]:
            found = names.get(name, names.get(_normal(name)))
            if found is not None:
                return found
        return self._by_end(row, list(spellings)[-1]) if self._match == "tail" else None

    def _relative(self, name):
        return name.removeprefix(self._above).removeprefix("./")

    def _by_end(self, row, name):
        """Return the image whose name ends as this one does, the longest first."""
        names, parts = self._by_name[row.has_suffix], _normal(name).lstrip("/").split("/")
        ends = ("/".join(parts[start:]) for start in range(1, len(parts)))
        found = self._tails(row.has_suffix).get("/".join(parts))
        if found is None:
            found = next((names[end] for end in ends if end in names), None)
        self.n_by_tail += found is not None and found is not SEVERAL
        return found

    def _tails(self, has_suffix):
        """Return images by all ends of their names."""
        if has_suffix not in self._by_tail:
            tails = self._by_tail[has_suffix] = {}
            for row in self._items.values():
                name = _normal(row.relpath if has_suffix else without_suffix(row.relpath))
                parts = name.split("/")
                for start in range(len(parts)):
                    _put(tails, "/".join(parts[start:]), row.id)
        return self._by_tail[has_suffix]


def _put(found, name, item_id):
    found[name] = SEVERAL if name in found else item_id


def _same(name):
    return name


def _normal(name):
    return unicodedata.normalize("NFC", name)
