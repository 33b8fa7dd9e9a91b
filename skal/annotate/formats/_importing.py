"""Labels of a file become decisions of a project: first on paper, then in one step."""

import hashlib
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import sqlalchemy as sa

from ...exceptions import ProjectError
from .._classes import add_class, read_classes
from .._decisions import Message, Part, record_bulk
from .._schema import BULK, IMPORTED, current_label
from ._matching import MATCHES, Matcher
from ._table import MAX_PROBLEMS, Problem

POLICIES = ("keep", "replace")
NEW_LABELS = ("refuse", "add", "skip")
BY_TAIL = ("voc", "yolo")  # formats that do not tell the whole name of an image
OPEN = (None, "skip")  # answers that leave an image to be labeled


@dataclass
class ImportReport:
    """What an import does, or would do. Every row of the file is counted once.

    Attributes
    ----------
    format : str
        The format of the file.
    read_as : dict
        What was found out about it, such as the delimiter.
    is_dry_run : bool
        Whether nothing was written.
    n_rows : int
        All rows: the sum of the counts below.
    n_labeled : int
        Images that had no answer and get a label.
    n_replaced : int
        Images whose answer is replaced.
    n_kept : int
        Images that have another answer, which is kept.
    n_same : int
        Images that have this label already.
    n_repeated : int
        Rows that say again what an earlier one says.
    n_conflicting : int
        Rows of images to which the file gives several labels; none is taken.
    n_unlabeled : int
        Rows without a label.
    n_unknown_label : int
        Rows whose label the project does not have, or has archived, and shall not get.
    n_missing : int
        Rows whose image the project does not have.
    n_unusable : int
        Rows whose image cannot be read.
    n_bad : int
        Rows that cannot be read themselves.
    n_by_tail : int
        Rows whose image was found by the end of its name.
    new_labels : list of str
        Labels that the project does not have, in the order of the file.
    archived_labels : list of str
        Labels of the file that are archived.
    labels : dict of str to int
        How many images get each label.
    problems : list of Problem
        Why rows are left out; the first 1000.
    n_problems : int
        How many there are in all.
    dropped : dict of str to int
        What the file holds and a label of an image cannot, such as boxes.
    bulk : int or None
        The number of the decision that was made, which one undo of its annotator takes back.
    """

    format: str
    read_as: dict
    is_dry_run: bool
    n_rows: int = 0
    n_labeled: int = 0
    n_replaced: int = 0
    n_kept: int = 0
    n_same: int = 0
    n_repeated: int = 0
    n_conflicting: int = 0
    n_unlabeled: int = 0
    n_unknown_label: int = 0
    n_missing: int = 0
    n_unusable: int = 0
    n_bad: int = 0
    n_by_tail: int = 0
    new_labels: list[str] = field(default_factory=list)
    archived_labels: list[str] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    n_problems: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    bulk: int | None = None

    def add_problem(self, where, message):
        """Count a problem, and keep it in words while there are few."""
        self.n_problems += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(where, message))


@dataclass(frozen=True)
class Options:
    """How labels come in: see `Project.import_labels`."""

    existing: str = "keep"
    new_labels: str = "refuse"
    rename: dict | None = None
    match: str | None = None

    def check(self):
        """Raise unless all of them are known."""
        allowed = {"existing": POLICIES, "new_labels": NEW_LABELS, "match": (None, *MATCHES)}
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise ValueError(f"{name} must be one of {values}; got {getattr(self, name)!r}.")


class Plan:
    """What an import does, made before any of it is done.

    Parameters
    ----------
    connection : Connection
        Of the database.
    table : LabelTable
        What the file says.
    folder : pathlib.Path
        The folder of the images.
    options : Options
        How it comes in.
    course : Course
        Told of each row.
    """

    def __init__(self, connection, table, folder, options, course):
        options.check()
        match = options.match or ("tail" if table.format in BY_TAIL else "path")
        self._matcher, self._options = Matcher(connection, folder, match), options
        self._classes = {found.name: found for found in read_classes(connection)}
        self._now = _answers(connection)
        self.report = ImportReport(table.format, table.read_as | {"match": match}, True)
        self.given, self._digest = {}, _digest_of(table)
        self._take(table, course)

    def _take(self, table, course):
        report = self.report
        report.n_bad, report.n_problems = table.n_bad, table.n_bad
        report.problems = list(table.problems)
        report.n_rows = len(table.rows) + table.n_bad
        report.dropped = {what: n for what, n in table.dropped.items() if n}
        course.begin(len(table.rows))
        by_item = defaultdict(list)
        for row in table.rows:
            self._sort_in(row, by_item)
            course.step()
        for item_id, rows in by_item.items():
            self._decide(item_id, rows)
        self._name_labels(table)
        report.n_by_tail = self._matcher.n_by_tail
        counts = Counter(self.given.values())
        report.labels = {name: counts[name] for name in self._order(table) if counts[name]}

    def _sort_in(self, row, by_item):
        """Find the image of a row, or count why there is none."""
        item_id, reason, is_there = self._matcher.find(row)
        if item_id is None:
            self.report.n_unusable += is_there
            self.report.n_missing += not is_there
            self.report.add_problem(row.where, reason)
        elif row.label is None or not row.label.strip():
            self.report.n_unlabeled += 1
        else:
            by_item[item_id].append((self._renamed(row.label), row.where))

    def _renamed(self, label):
        return (self._options.rename or {}).get(label, label)

    def _decide(self, item_id, rows):
        """Count the rows of an image, and note its label if it gets one."""
        report, labels = self.report, list(dict.fromkeys(label for label, _ in rows))
        if len(labels) > 1:
            report.n_conflicting += len(rows)
            report.add_problem(rows[0][1], f"the image has several labels: {labels[:5]}")
            return
        (label,) = labels
        if not self._is_wanted(label):
            report.n_unknown_label += len(rows)
            report.add_problem(rows[0][1], f"the project has no label {label!r} to give")
            return
        report.n_repeated += len(rows) - 1
        answer, name = self._now.get(item_id, (None, None))
        if answer in OPEN:
            report.n_labeled += 1
            self.given[item_id] = label
        elif answer == "label" and name == self._id_of(label):
            report.n_same += 1
        elif self._options.existing == "replace":
            report.n_replaced += 1
            self.given[item_id] = label
        else:
            report.n_kept += 1

    def _id_of(self, label):
        return self._classes[label].id if label in self._classes else None

    def _is_wanted(self, label):
        known = self._classes.get(label)
        if known is None:
            self._note(self.report.new_labels, label)
            return self._options.new_labels == "add"
        if known.is_archived:
            self._note(self.report.archived_labels, label)
        return not known.is_archived

    def _note(self, labels, label):
        if label not in labels:
            labels.append(label)

    def _order(self, table):
        declared = [self._renamed(name) for name in table.names]
        return list(dict.fromkeys([*self._classes, *declared]))

    def _name_labels(self, table):
        new = set(self.report.new_labels)
        self.report.new_labels = [name for name in self._order(table) if name in new]

    def check(self):
        """Raise if labels would come in that nobody has agreed to."""
        if self._options.new_labels == "skip":
            return
        if self.report.archived_labels:
            raise ProjectError(
                f"the file gives labels that are archived: {self.report.archived_labels}. Bring "
                f"them back by archive_label, rename them, or pass new_labels='skip'."
            )
        if self.report.new_labels and self._options.new_labels == "refuse":
            raise ProjectError(
                f"the file gives labels that the project does not have: {self.report.new_labels}. "
                f"Pass new_labels='add' to add them, new_labels='skip' to leave their images out, "
                f"or rename them."
            )

    def apply(self, connection, annotator, key):
        """Do it, in one step that one undo takes back; the labels that are new stay."""
        self.report.is_dry_run = False
        for label in self.report.new_labels if self._options.new_labels == "add" else ():
            add_class(connection, label)
        if self.given or key is not None:
            said = {"operation": "import", "format": self.report.format, "rows": self._digest}
            message = Message(None, BULK, annotator, payload={"said": said}, key=key)
            made = record_bulk(connection, message, lambda: (self._parts(connection), None))
            self.report.bulk = made.id

    def _parts(self, connection):
        ids = {found.name: found.id for found in read_classes(connection)}
        given = self.given.items()
        return [Part(item, "label", ids[label], source=IMPORTED) for item, label in given]


def _digest_of(table):
    """Return what tells files apart that say different things."""
    pairs = [(row.path, row.label) for row in table.rows]
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()


def _answers(connection):
    """Return what images are called now: an answer and the number of a label, by their numbers."""
    columns = (current_label.c.item_id, current_label.c.answer, current_label.c.label_id)
    rows = connection.execute(sa.select(*columns))
    return {row.item_id: (row.answer, row.label_id) for row in rows}
