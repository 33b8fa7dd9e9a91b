"""What several subjects share."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1, max_length=200)]
Relpath = Annotated[str, Field(max_length=4096, description="Below a root, with `/`; '' is it.")]
Key = Annotated[
    str,
    Field(
        min_length=8,
        max_length=100,
        pattern=r"^[A-Za-z0-9._:-]+$",
        description="Made by the client for one action; the same key twice is one action.",
    ),
]
Annotator = Annotated[str, Field(min_length=1, max_length=100)]
Color = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]
StrategyName = Literal["least_confidence", "margin", "entropy", "diversity", "hybrid", "random"]
ModelName = Literal["logistic", "cnn", "resnet18"]
Answer = Literal["label", "skip", "unsure", "exclude"]


class In(BaseModel):
    """What comes from a client: unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")


class Out(BaseModel):
    """What goes to a client: fields with defaults are always there."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class FieldProblem(Out):
    """What is wrong with one field of a request."""

    field: str
    expected: str
    found: str
    fix: str


class Problem(Out):
    """An error, as RFC 9457 writes them; `expected`, `found` and `fix` are for people."""

    type: str = Field(description="A stable name, such as `/problems/too-few-labels`.")
    title: str
    status: int
    detail: str
    expected: str | None = None
    found: str | None = None
    fix: str | None = None
    fields: list[FieldProblem] = []


class Health(Out):
    """That the server answers, and nothing more."""

    status: Literal["ok"] = "ok"


class Interval(Out):
    """A share of monitor images, with its 95 % interval (Wilson)."""

    score: float
    low: float
    high: float
    n: int
    n_unanswered: int
    model_id: int | None = Field(description="None where models were judged in turn.")
    kind: Literal["held-out", "test-then-train"] = Field(
        "held-out", description="Whether these images train no model, or each the next ones."
    )
