"""Labels as files hold them, before they belong to a project."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

MAX_PROBLEMS = 1000  # that are kept in words; all are counted


@dataclass(frozen=True)
class Problem:
    """A part of a file that cannot be used.

    Attributes
    ----------
    where : str
        Such as ``"line 3"``, or the name of a file.
    message : str
        Why.
    """

    where: str
    message: str

    def __post_init__(self):
        for name in ("where", "message"):  # names of files need not be valid Unicode
            text = getattr(self, name).encode(errors="backslashreplace").decode()
            object.__setattr__(self, name, text)

    def __str__(self):
        return f"{self.where}: {self.message}"


def is_text(value):
    """Return whether a text can be stored and shown: it is valid Unicode without NUL."""
    return "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)


def find_path_fault(name):
    """Return why a text can be the name of no image, or None; names are compared, never opened."""
    if not is_text(name):
        return "the name of the image has a NUL character, or is not valid Unicode"
    if ".." in name.replace("\\", "/").split("/"):
        return f"the name of the image leads out of its folder by ..: {name!r}"
    return None


@dataclass(frozen=True)
class LabelRow:
    """What a file says of one image.

    Attributes
    ----------
    where : str
        Where it stands: ``"line 3"``, or the name of a file.
    path : str
        The name of the image as written there. It is compared with names; nothing is opened by it.
    label : str or None
        None where there is none.
    file : pathlib.Path or None
        The image itself, where it came along.
    has_suffix : bool
        Whether `path` tells the kind of file.
    """

    where: str
    path: str
    label: str | None
    file: Path | None = None
    has_suffix: bool = True


@dataclass
class LabelTable:
    """All that a file, or a folder of files, says of images.

    Attributes
    ----------
    format : str
        Its format.
    rows : list of LabelRow
        What it says, in its order.
    names : list of str
        The labels in the order in which it declares them.
    problems : list of Problem
        What cannot be used; the first 1000.
    n_bad : int
        How many there are in all.
    dropped : Counter
        What it holds and a label of an image cannot, with counts.
    read_as : dict
        What was found out about it, such as the delimiter.
    """

    format: str
    rows: list[LabelRow] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    n_bad: int = 0
    dropped: Counter = field(default_factory=Counter)
    read_as: dict = field(default_factory=dict)

    def add_problem(self, where, message):
        """Count what cannot be used, and keep it in words while these are few."""
        self.n_bad += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(where, message))

    def add_row(self, row):
        """Append what is said of an image, unless it has a label that none can have."""
        if row.label is not None and not is_text(row.label):
            self.add_problem(row.where, "the label has a NUL character, or is not valid Unicode")
        else:
            self.rows.append(row)

    def name_labels(self):
        """Declare the labels that rows have and nobody has declared, in the order of the rows."""
        found = (row.label for row in self.rows if row.label is not None)
        self.names = list(dict.fromkeys([*self.names, *found]))
        return self
