"""Labels as files, at any moment."""

from typing import Literal

from fastapi import APIRouter, Response

from .. import archives
from ..deps import OWNER, OpenedDep

router = APIRouter(prefix="/projects/{project_id}/exports", tags=["exports"])
_CSV = {"text/csv": {"schema": {"type": "string"}}}


@router.get(
    "/labels.csv",
    dependencies=[OWNER],
    response_class=Response,
    responses={200: {"content": _CSV, "description": "A row for each labeled image."}},
)
def download_labels(
    opened: OpenedDep, split: Literal["all", "train", "monitor"] = "all", neutralize: bool = True
) -> Response:
    """Give all labels as CSV; text that a spreadsheet would run gets a quote before it."""
    return archives.labels_csv(opened, split, neutralize)
