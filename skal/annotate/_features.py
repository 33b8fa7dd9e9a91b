"""Cheap embeddings of images: small pixels and gradients, brought to few dimensions.

Features are a cache: a file of float16 rows, one for each item, written before the database says
that they are there. The axes of the embedding are found once, when the first images have been
looked at, and kept: models that have learned from them go on to see what they have learned from.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
import sqlalchemy as sa

from .._files import write_bytes
from ._images import UnreadableImageError, quiet, read_small
from ._listing import is_inside, turn
from ._schema import item, project

FILE, BASIS, KEPT = "features.f16", "embedding.safetensors", "embeddings.safetensors"
SIDE, SMALL_SIDE = 64, 12  # pixels of gradients, and of colors
N_GRADIENTS, N_COLORS = 324, 3 * SMALL_SIDE**2
WIDTH = N_GRADIENTS + N_COLORS
ROW_BYTES = 2 * WIDTH
N_AXES = 64
N_TO_FIT = 5000  # images that the axes are found from
N_TO_KEEP = 5000  # images from which on their embeddings are kept in a file
BLOCK = 4096  # rows that are transformed at once
BATCH = 64  # images between two writes


def describe(image):
    """Return the features of a small image.

    Parameters
    ----------
    image : ndarray of uint8 of shape (64, 64, 3)

    Returns
    -------
    ndarray of float16 of shape (756,)
        Histograms of oriented gradients, then 12 x 12 pixels of the three colors in [0, 1].
    """
    from PIL import Image
    from skimage.feature import hog

    gray = image.mean(axis=2) / 255
    gradients = hog(gray, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2))
    small = Image.fromarray(image).resize((SMALL_SIDE, SMALL_SIDE), Image.Resampling.BOX)
    return np.concatenate([gradients, np.asarray(small).ravel() / 255]).astype(np.float16)


def add_features(store, folder, root, on_progress=None):
    """Look at all images that have no features yet; those that are broken become unreadable.

    Parameters
    ----------
    store : Store
        The database.
    folder, root : pathlib.Path
        The folder of the project, and that of the images.
    on_progress : callable, optional
        Takes how many images are done, and of how many.
    """
    todo = _without_features(store, folder)
    waiting, n_done = iter(todo), 0
    with ThreadPoolExecutor() as threads, quiet():
        while batch := list(islice(waiting, BATCH)):
            found = list(threads.map(lambda row: _look_at(root, row.relpath), batch))
            _write(store, folder, batch, found)
            n_done += len(batch)
            if on_progress is not None:
                on_progress(n_done, len(todo))


def _without_features(store, folder):
    """Return the images without features: all, if the cache is not as the database says."""
    with store.writing() as connection:
        last = connection.scalar(sa.select(sa.func.max(item.c.id)).where(item.c.has_features))
        path = folder / FILE
        size = path.stat().st_size if path.exists() else 0
        if size < (last or 0) * ROW_BYTES:
            connection.execute(sa.update(item).values(has_features=False))
        (folder / KEPT).unlink(missing_ok=True)  # an image that has changed keeps its number
        new = ~item.c.has_features & (item.c.status == "ok")
        rows = connection.execute(sa.select(item.c.id, item.c.relpath, item.c.draw).where(new))
        reserve = connection.scalar(sa.select(project.c.reserve))
        return sorted(rows, key=lambda row: turn(row.draw, reserve))


def _look_at(root, relpath):
    path = root / relpath
    if not is_inside(path, root):
        return "it is a link that leaves the folder of images"
    try:
        return describe(read_small(path, SIDE))
    except UnreadableImageError as error:
        return str(error)


def _write(store, folder, rows, found):
    pairs = [(row.id, value) for row, value in zip(rows, found, strict=True)]
    good = [(item_id, value) for item_id, value in pairs if not isinstance(value, str)]
    _write_rows(folder / FILE, good)
    with store.writing() as connection:
        for item_id, value in pairs:
            is_bad = isinstance(value, str)
            values = {"status": "unreadable", "reason": value} if is_bad else {"has_features": True}
            connection.execute(sa.update(item).where(item.c.id == item_id).values(values))


def _write_rows(path, rows):
    path.touch()
    with open(path, "r+b") as file:
        for item_id, values in rows:
            file.seek((item_id - 1) * ROW_BYTES)
            file.write(values.tobytes())
        file.flush()
        os.fsync(file.fileno())


def read_embeddings(store, folder):
    """Return the items that have features, and their embeddings.

    Returns
    -------
    ids : ndarray of int of shape (n,)
        Ascending; none before enough images were looked at for axes to be found.
    X : ndarray of float32 of shape (n, n_axes)
        The variance of an axis is 1 on average.
    """
    ids, first = _looked_at(store, (folder / BASIS).exists())
    if len(ids) < 2:
        return ids, np.zeros((len(ids), 1), np.float32)
    kept = _read_kept(folder, ids)
    if kept is not None:
        return ids, kept
    shape = (int(max(ids[-1], first.max())), WIDTH)
    features = np.memmap(folder / FILE, np.float16, "r", shape=shape)
    basis = _basis(folder, features, first)
    blocks = [ids[start : start + BLOCK] - 1 for start in range(0, len(ids), BLOCK)]
    X = np.concatenate([_transform(features[rows], basis) for rows in blocks])
    if len(ids) >= N_TO_KEEP:
        _keep(folder, ids, X)
    return ids, X


def _read_kept(folder, ids):
    """Return the embeddings that were kept, or None where they are of other images."""
    from safetensors.numpy import load

    path = folder / KEPT
    found = load(path.read_bytes()) if path.exists() else {"ids": None}
    return found["X"] if np.array_equal(found["ids"], ids) else None


def _keep(folder, ids, X):
    from safetensors.numpy import save

    write_bytes(folder / KEPT, save({"ids": ids, "X": X}))


def _looked_at(store, has_basis):
    """Return the items that have features, ascending, and those that the axes are found from."""
    rows = sa.select(item.c.id, item.c.draw, item.c.status == "ok").where(item.c.has_features)
    unseen = (item.c.status == "ok") & ~item.c.has_features
    waiting = sa.select(sa.func.count()).where((item.c.status == "waiting") | unseen)
    with store.reading() as connection:
        found = connection.execute(rows.order_by(item.c.id)).all()
        n_waiting = connection.scalar(waiting)
        reserve = connection.scalar(sa.select(project.c.reserve))
    if n_waiting and len(found) < N_TO_FIT and not has_basis:
        found = []
    first = sorted(found, key=lambda row: turn(row.draw, reserve))[:N_TO_FIT]
    ids = np.array([row.id for row in found if row[2]], np.int64)
    return ids, np.array([row.id for row in first], np.int64)


def _basis(folder, features, ids):
    """Return the axes of the embedding, found from some images where there are none yet."""
    from safetensors.numpy import load, save

    path = folder / BASIS
    if not path.exists():
        write_bytes(path, save(_fit(features[np.sort(ids) - 1].astype(np.float64))))
    return load(path.read_bytes())


def _fit(X):
    """Return the main axes of features, gradients and colors weighing the same."""
    mean, axis_scale = X.mean(axis=0), np.ones(X.shape[1])
    for part in (slice(0, N_GRADIENTS), slice(N_GRADIENTS, None)):
        total = X[:, part].var(axis=0).sum()
        axis_scale[part] = 1 / np.sqrt(total) if total > 0 else 0
    Z = (X - mean) * axis_scale
    variances, axes = np.linalg.eigh(Z.T @ Z / len(Z))  # ascending
    n = max(1, min(N_AXES, int((variances > 1e-9 * max(variances[-1], 1e-12)).sum())))
    variances, axes = variances[::-1][:n], axes.T[::-1][:n]
    axes = axes * np.sqrt(n / variances.sum()) if variances.sum() > 0 else axes
    scaled = (axes * axis_scale).astype(np.float32)
    return {"mean": mean.astype(np.float32), "axes": np.ascontiguousarray(scaled)}


def _transform(features, basis):
    return (features.astype(np.float32) - basis["mean"]) @ basis["axes"].T
