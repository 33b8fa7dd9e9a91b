"""What run folders show: compared, checked, and written for a paper."""

from dataclasses import dataclass
from pathlib import Path

from ._checklist import Check, make_checklist
from ._comparable import make_comparable
from ._found_runs import find_runs, planned_runs
from ._methods import make_methods
from ._reports import write_reports
from .result import ComparisonResult


@dataclass(repr=False, eq=False)
class RunReport:
    """Runs in folders, whether they can be compared, and what they show.

    It is best made with :meth:`from_folders`.

    Parameters
    ----------
    result : ComparisonResult
        The learning curves.
    notes : list of str
        What differs between the runs, and what was done with it; empty where all is the same.
    checks : list of Check
        What should be true before results are published, each with ``title``, ``reason`` and
        ``is_true``, which is None where the folders do not tell.
    methods : str
        A methods section, in Markdown, with the settings of the runs and no other.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skal.experiments import RunReport, compare
    >>> from skal.query import Margin, RandomSampling
    >>> with TemporaryDirectory() as folder:
    ...     _ = compare(
    ...         {"random": RandomSampling(), "margin": Margin()}, GaussianNB(),
    ...         *load_iris(return_X_y=True), seeds=2, folder=folder, progress=False)
    ...     report = RunReport.from_folders([folder])
    >>> print(report.checks[2])
    [x] Same initial labeled set for all strategies: the same 10 samples, seed by seed
    """

    result: ComparisonResult
    notes: list[str]
    checks: list[Check]
    methods: str

    @classmethod
    def from_folders(cls, folders, *, baseline=None, n_samples=None):
        """Read the runs in folders and compare them.

        Parameters
        ----------
        folders : sequence of str or path
            Folders of experiments, of strategies or of single runs, as :func:`compare` writes
            them, or in the plain layout ``<strategy>/iteration_<k>/metrics.json`` with an
            ``f1_score``, beside it ``labeled_indices.json``. Where a strategy and a seed come
            twice, the first is compared, and the other tells whether runs can be repeated.
        baseline : str, optional
            The strategy that the others are compared with. None takes that of the runs, else
            ``"random"``.
        n_samples : int, optional
            How many labels there are to get: what 100 % labeled means. None takes what the runs
            say.

        Returns
        -------
        RunReport

        Raises
        ------
        RunFolderError
            If a folder holds no runs, a file is damaged, or runs cannot be compared: they are of
            different data, have different scores, or no seed in common. A last round that is not
            whole is left out, which `notes` tells.
        """
        found = find_runs(folders)
        compared = make_comparable(found, baseline, n_samples)
        checks = make_checklist(compared, found, planned_runs(folders))
        return cls(compared.result, compared.notes, checks, make_methods(compared, checks))

    @property
    def checklist(self):
        """The checks and the notes, in Markdown."""
        lines = [f"- {check}" for check in self.checks]
        notes = ["", "## Notes", "", *(f"- {note}" for note in self.notes)] if self.notes else []
        return "\n".join(["# Checklist", "", *lines, *notes, ""])

    def write(self, folder):
        """Write tables, plots, methods and checklist.

        Parameters
        ----------
        folder : str or path
            Where to. Files of the same names are replaced.
        """
        write_reports(self, Path(folder))

    def __repr__(self):
        n_true = sum(check.is_true is True for check in self.checks)
        return f"RunReport({self.result!r}, {n_true} of {len(self.checks)} checks hold)"

    def __str__(self):
        """Return the summary, the notes and the checks as text."""
        notes = [f"Note: {note}" for note in self.notes]
        return "\n".join(
            [str(self.result), "", *notes, *[""][: len(notes)], *map(str, self.checks)]
        )
