"""What is found in a file of a model, for people to decide on."""

import difflib
from dataclasses import asdict, dataclass, field

CLOSE = 0.6  # of difflib: how alike names must be to be suggested


@dataclass(frozen=True)
class ModelProblem:
    """Something about a file that is not as it should be.

    Attributes
    ----------
    field : str
        What it is about, such as ``"missing weights"``.
    expected, found : str
        What should be there, and what is.
    fix : str
        What to do.
    is_fatal : bool
        Whether the model cannot be used; otherwise it can, but people should know.
    """

    field: str
    expected: str
    found: str
    fix: str
    is_fatal: bool = True

    def __str__(self):
        return f"{self.field}: expected {self.expected}; found {self.found}. {self.fix}"


@dataclass(frozen=True)
class ModelFileReport:
    """What a file of a model holds, as far as can be told without running it.

    Attributes
    ----------
    format : {"safetensors", "skops", "onnx"}
        Of the file.
    architecture : str or None
        The network, or the classes of scikit-learn; None where it is not known.
    classes : list of str
        Its classes, in its order; ``"class 0"`` and so on where the file names none.
    has_names : bool
        Whether the file names its classes.
    sees : {"images", "features"}
        What it takes: images, or what :func:`skal.annotate.model_files.describe_images` returns.
    input_shape : list of int
        Of one sample: channels, height and width; or the number of features.
    standardize : list of two lists of float, or None
        Means and standard deviations that are taken out of pixels in [0, 1].
    n_parameters, n_bytes : int
        Numbers in it, and the size of the file.
    missing, unexpected, mismatched : list of (str, list of int)
        Names of weights, with shapes, that are not there, that nothing is known of, and that have
        another shape than the network.
    replaced : list of str
        What trainings of the project would replace, in words.
    notes : list of str
        What was assumed, in words.
    problems : list of ModelProblem
        What is not as it should be.
    can_train : bool
        Whether trainings of the project can go on from it.
    sha256 : str
        Of the file.
    """

    format: str
    architecture: str | None
    classes: list
    has_names: bool
    sees: str
    input_shape: list
    n_parameters: int
    n_bytes: int
    standardize: list | None = None
    missing: list = field(default_factory=list)
    unexpected: list = field(default_factory=list)
    mismatched: list = field(default_factory=list)
    replaced: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    problems: list = field(default_factory=list)
    can_train: bool = False
    sha256: str = ""
    net: dict = field(default_factory=dict, repr=False)

    @property
    def is_usable(self):
        """Whether nothing keeps the model from being used."""
        return not any(problem.is_fatal for problem in self.problems)

    def as_dict(self):
        """Return the report as JSON can say it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values):
        """Return the report that :meth:`as_dict` has said."""
        problems = [ModelProblem(**problem) for problem in values["problems"]]
        return cls(**{**values, "problems": problems})


@dataclass(frozen=True)
class ClassSuggestion:
    """What label a class of a model may be.

    Attributes
    ----------
    name : str
        The class of the model.
    label : str or None
        The label of the same name, if there is one.
    how : {"exact", "case", "similar", "none"}
        Whether the name is the same, but for capitals and spaces, is like some labels, or is not.
    similar : list of str
        Labels whose names are like it, the most alike first.
    """

    name: str
    label: str | None
    how: str
    similar: list


def suggest_labels(classes, labels):
    """Suggest which labels of a project the classes of a model are.

    Parameters
    ----------
    classes : list of str
        Of the model.
    labels : list of str
        Of the project.

    Returns
    -------
    list of ClassSuggestion
        One for each class. Only names that are the same, but for capitals and spaces around them,
        have a `label`; what is similar is for people to decide.

    Examples
    --------
    >>> [(s.label, s.how, s.similar) for s in suggest_labels(["Cat", "dogs"], ["cat", "dog"])]
    [('cat', 'case', []), (None, 'similar', ['dog'])]
    """
    return [_suggestion(name, labels) for name in classes]


def _suggestion(name, labels):
    if name in labels:
        return ClassSuggestion(name, name, "exact", [])
    folded = {}
    for label in labels:
        folded.setdefault(_folded(label), []).append(label)
    same = folded.get(_folded(name), [])
    if len(same) == 1:
        return ClassSuggestion(name, same[0], "case", [])
    close = difflib.get_close_matches(_folded(name), folded, n=3, cutoff=CLOSE)
    similar = [label for fold in close for label in folded[fold]]
    return ClassSuggestion(name, None, "similar" if similar else "none", similar)


def _folded(name):
    return name.strip().casefold().replace("_", " ").replace("-", " ")
