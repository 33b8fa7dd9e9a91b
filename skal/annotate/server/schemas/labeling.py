"""Images, questions and decisions."""

from typing import Annotated, Literal

from pydantic import Field

from .common import Annotator, Answer, Color, In, Key, Name, Out, Problem
from .state import Counts, Round


class ImageFacts(Out):
    """What is known of the pixels of an image, as it is shown: upright."""

    content_key: str = Field(description="A hash of the file: what its bytes are cached by.")
    width: int
    height: int
    bits: Literal[8, 16, 32]
    is_gray: bool


class ItemOut(Out):
    """An image and what it is called now."""

    id: int
    relpath: str
    image: ImageFacts
    answer: Answer | None
    label_id: int | None
    event_id: int | None = Field(description="Of the answer: what `seen_event_id` refers to.")
    is_flagged: bool
    note: str


class Prediction(Out):
    """What a model says of an image, by label, the most probable first."""

    label_id: int
    name: str
    probability: float


class QuestionOut(Out):
    """An image that is asked for, and why."""

    item: ItemOut
    reason: str
    strategy: str
    score: float | None
    percentile: float | None
    is_blind: bool = Field(description="A monitor image, or predictions are switched off.")
    is_monitor: bool
    predictions: list[Prediction] | None
    model_id: int | None


class Queue(Out):
    """What to ask next; images that were handed out stay until they are answered."""

    questions: list[QuestionOut]
    is_exhausted: bool
    is_random: bool = Field(description="Whether it is drawn at random, for lack of embeddings.")
    notice: str | None = Field(description="What to say about the queue, such as why random.")
    revision: int
    round: Round


class ItemPage(Out):
    """Images in the order of their numbers."""

    items: list[ItemOut]
    next_after: int | None
    n_total: int


class ItemDetail(Out):
    """An image with what the model says of it, unless it is answered blind."""

    item: ItemOut
    is_blind: bool
    is_monitor: bool
    predictions: list[Prediction] | None
    model_id: int | None
    shown_reason: str | None
    history: list["DecisionOut"]


class NeighborOut(Out):
    """A labeled image that looks like another."""

    item: ItemOut
    label: str
    similarity: float


class WhyOut(Out):
    """Why an image is asked for, and the labeled images most like it."""

    reason: str
    strategy: str | None
    score: float | None
    percentile: float | None
    nearest: list[NeighborOut]


class Action(In):
    """Something that somebody says about an image, or takes back.

    `label` needs `label_id`; `flag` needs `flag`; `note` needs `note`; `undo` and `redo` need no
    `item_id`; all others need one.
    """

    kind: Literal["label", "skip", "unsure", "exclude", "clear", "flag", "note", "undo", "redo"]
    key: Key
    item_id: int | None = None
    label_id: int | None = None
    flag: bool | None = None
    note: Annotated[str, Field(max_length=10_000)] | None = None
    shown_prediction: dict[str, float] | None = Field(
        None, description="By label name: what was on the screen, if it was."
    )
    model_id: int | None = None
    client_ts: float | None = Field(None, description="Seconds since 1970, when it was decided.")
    seen_event_id: int | None = Field(
        None,
        description="The `event_id` of the item as the client knew it, 0 for none: when somebody "
        "else has answered since, the action is refused with `/problems/conflict`.",
    )


class ActionList(In):
    """Actions in their order, such as those made while the server was away."""

    actions: Annotated[list[Action], Field(min_length=1, max_length=500)]


class DecisionOut(Out):
    """An event: what was decided, undone or redone, as it is on disk."""

    id: int
    item_id: int | None = Field(description="None for a decision about many images.")
    kind: str
    label_id: int | None
    flag: bool | None = None
    note: str | None = None
    target_id: int | None
    annotator: str
    key: str
    server_ts: float


class Done(Out):
    """An action that is on disk, and the image after it."""

    key: str
    decision: DecisionOut | None = Field(description="None: nothing was left to undo or redo.")
    undone: DecisionOut | None = Field(
        None, description="For an undo or a redo: the decision that was undone or redone."
    )
    item: ItemOut | None
    revision: int
    counts: Counts
    round: Round
    n_undo: int
    n_redo: int


class ActionResult(Out):
    """How one action of a list went: one that is refused does not stop those after it."""

    key: str
    done: Done | None
    problem: Problem | None


class ActionResults(Out):
    """In the order of the actions."""

    results: list[ActionResult]
    revision: int


class BulkAction(In):
    """The same about many images, as one step that one undo takes back."""

    kind: Literal["label", "skip", "unsure", "exclude", "clear", "flag", "note"]
    key: Key
    item_ids: Annotated[list[int], Field(min_length=1, max_length=100_000)]
    label_id: int | None = None
    flag: bool | None = None
    note: Annotated[str, Field(max_length=10_000)] | None = None


class MergeIn(In):
    """The label that images get instead."""

    into_id: int
    key: Key


class StepIn(In):
    """An undo or a redo."""

    key: Key
    client_ts: float | None = None


class RecentDecision(Out):
    """A decision that holds, or was undone, with its image: newest first."""

    decision: DecisionOut
    is_undone: bool
    item: ItemOut | None = Field(description="None for a decision about many images.")
    n_items: int


class RecentDecisions(Out):
    """The last decisions of one annotator."""

    decisions: list[RecentDecision]


class NewLabel(In):
    """A label to add after the others."""

    name: Name
    color: Color | None = None


class LabelPatch(In):
    """What to change of a label; what is left out stays."""

    name: Name | None = None
    color: Color | None = None
    is_archived: bool | None = None


class LabelOrder(In):
    """All labels, each once, in their new order."""

    label_ids: list[int]


class AnnotatorList(Out):
    """Who has decided anything in a project."""

    annotators: list[Annotator]
