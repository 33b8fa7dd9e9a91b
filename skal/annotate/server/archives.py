"""Labels and models as files to keep."""

import os
import re
import tempfile
import zipfile
from pathlib import Path

from fastapi.responses import StreamingResponse

from .problems import explained

CHUNK = 2**16


def labels_csv(opened, split, neutralize):
    """Return all labels as a CSV file that is streamed."""
    path = _temporary(".csv")
    try:
        opened.project.to_csv(path, split=split, neutralize=neutralize)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return _attachment(path, "text/csv; charset=utf-8", f"{opened.project.name}-labels.csv")


def model_zip(opened, model_id):
    """Return the folder of a model, checked to be whole, as a ZIP archive."""
    with explained():
        folder = opened.project._model_folder(model_id)
    path = _temporary(".zip")
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for file in sorted(f for f in folder.rglob("*") if f.is_file()):
                archive.write(file, f"model-{model_id}/{file.relative_to(folder).as_posix()}")
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return _attachment(path, "application/zip", f"{opened.project.name}-model-{model_id}.zip")


def _temporary(suffix):
    descriptor, name = tempfile.mkstemp(suffix, "skal-")
    os.close(descriptor)
    return Path(name)


def _attachment(path, media_type, name):
    """Stream a temporary file, which is removed when it has been sent or given up."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._") or "skal"
    headers = {
        "Content-Disposition": f'attachment; filename="{safe}"',
        "Content-Length": str(path.stat().st_size),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_pieces(path), media_type=media_type, headers=headers)


def _pieces(path):
    try:
        with open(path, "rb") as file:
            while piece := file.read(CHUNK):
                yield piece
    finally:
        path.unlink(missing_ok=True)
