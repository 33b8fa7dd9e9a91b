"""Projects of annotation for tests."""

import sqlalchemy as sa

from skal.annotate import _schema
from skal.annotate._store import Store

N_ITEMS, N_LABELS = 3, 2


def made_store(folder):
    """Return the open store of a new project with a few items and labels."""
    store = Store(folder, is_new=True)
    items = [{"relpath": f"{i}.png", "draw": 0.5, "status": "ok"} for i in range(N_ITEMS)]
    labels = [{"name": f"l{i}", "color": "#000000", "position": i} for i in range(N_LABELS)]
    with store.writing() as connection:
        connection.execute(sa.insert(_schema.item), items)
        connection.execute(sa.insert(_schema.label_class), labels)
    return store
