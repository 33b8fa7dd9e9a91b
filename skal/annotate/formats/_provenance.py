"""The sidecar ``provenance.csv``: what formats cannot hold, and which file an image has become."""

from ._columns import EXPORTED_AS, is_own

SIDECAR = "provenance.csv"


def read_provenance(folder):
    """Return rows of the sidecar of an export, by the file that each image has become.

    Parameters
    ----------
    folder : pathlib.Path
        The export.

    Returns
    -------
    dict of str to dict
        Empty where there is no sidecar, or one that skal has not written.
    """
    from ._preview import Table
    from ._rows import MAX_ROWS, find_dialect

    path = folder / SIDECAR
    if not path.is_file() or path.is_symlink():
        return {}
    table = Table(path, find_dialect(path, ","), True, MAX_ROWS)
    if not is_own(table.header) or EXPORTED_AS not in table.header:
        return {}
    rows = (row for row in table.rows() if row.fault is None)
    columns = {name: i for i, name in enumerate(table.header)}
    found = ({name: table.read(row, i) for name, i in columns.items()} for row in rows)
    return {row[EXPORTED_AS]: row for row in found}
