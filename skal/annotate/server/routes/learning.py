"""Trainings, and the models that they make."""

from fastapi import APIRouter, Response, status

from .. import archives, learned
from ..deps import OWNER, WRITING, OpenedDep
from ..schemas.learning import JobList, ModelList, ModelReport
from ..schemas.state import Job

router = APIRouter(prefix="/projects/{project_id}", tags=["learning"])
CHANGES = [OWNER, WRITING]
_ZIP = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}


@router.get("/trainings")
def list_trainings(opened: OpenedDep) -> JobList:
    """List the last trainings, the newest first."""
    return learned.jobs(opened)


@router.post("/trainings", status_code=status.HTTP_202_ACCEPTED, dependencies=CHANGES)
def train(opened: OpenedDep) -> Job:
    """Train now, in the background; also how a training that failed is tried again."""
    return opened.train()


@router.post("/trainings/cancel", status_code=status.HTTP_202_ACCEPTED, dependencies=CHANGES)
def cancel_training(opened: OpenedDep) -> Job:
    """Let the training that runs end, within five seconds."""
    return opened.cancel()


@router.get("/models")
def list_models(opened: OpenedDep) -> ModelList:
    """List all models: the points of the learning curve."""
    return learned.models(opened)


@router.post("/models/{model_id}/use", dependencies=CHANGES)
def use_model(model_id: int, opened: OpenedDep) -> ModelList:
    """Use a model from now on, also one that was kept out or replaced; labels stay."""
    opened.use_model(model_id)
    return learned.models(opened)


@router.get("/models/{model_id}/report")
def read_report(model_id: int, opened: OpenedDep) -> ModelReport:
    """Tell how good a model is on monitor images, by class."""
    return learned.report(opened, model_id)


@router.get(
    "/models/{model_id}/download",
    dependencies=[OWNER],
    response_class=Response,
    responses={200: {"content": _ZIP, "description": "The folder of the model."}},
)
def download_model(model_id: int, opened: OpenedDep) -> Response:
    """Give the files of a model: skops or safetensors, no pickle."""
    return archives.model_zip(opened, model_id)
