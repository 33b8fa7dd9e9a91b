"""Projects of annotation for tests."""

import numpy as np
import sqlalchemy as sa
from PIL import Image

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


def save_images(folder, images):
    """Write gray images as PNG files, named by their position."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i:05d}.png")
    return folder


def gray_images(n):
    """Return n small images that differ."""
    images = np.zeros((n, 8, 8), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.arange(n) % 256, np.arange(n) // 256
    return images
