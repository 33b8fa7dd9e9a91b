"""One-query data selection with nets: the experiment of Axiotis et al. (2024), section 5.2.2."""

import itertools
import sys
from collections.abc import Iterable
from numbers import Integral, Real
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from ..query import BADGE, CoreSet, Entropy, Margin, RandomSampling, SensitivitySampling
from ._describe import describe
from ._devices import check_device
from ._folders import open_comparison
from ._selection_reports import write_selection_reports
from .compare import compare
from .selection_result import SelectionResult

METHODS = ("coreset", "coreset_loss", "margin", "entropy", "random", "k_center")
ALL_METHODS = ("coreset", "coreset_loss", "coreset_true", *METHODS[2:], "badge")
FIRST_SHARE = 0.2  # of the budget, drawn at random for the first model
MIN_BUDGET = 10  # two random labels, and eight to select
MAX_TRUE_SHARE = 0.5  # of what a query chooses, spent on true losses by coreset_true


def select_data(
    datasets,
    methods=METHODS,
    budgets=1024,
    *,
    estimator=None,
    n_clusters=0.2,
    weighted=False,
    seeds=10,
    device="auto",
    n_jobs=None,
    folder=None,
    resume=False,
    progress=True,
):
    """Spend a label budget in two steps, at random and by a method, and compare methods.

    Of a budget of `k` labels, ``int(0.2 k)`` are drawn at random and a net is trained on them; in
    one query a method selects all others; a new net is trained from scratch on all `k` and judged
    on the test set [1]_. All methods of a seed share the random labels and the seeds of both nets.

    Parameters
    ----------
    datasets : Dataset or sequence of Dataset
        What to learn; see :func:`skal.datasets.load_dataset`. Names must differ.
    methods : sequence of str, default=METHODS
        Of ``"coreset"`` (sensitivity sampling on clusters of the net's embedding, with the entropy
        of its predictions in place of losses), ``"coreset_loss"`` (the same on clusters of these
        losses), ``"coreset_true"`` (``"coreset"`` with true losses of the centers and some others,
        whose labels the budget pays for), ``"margin"``, ``"entropy"``, ``"random"``,
        ``"k_center"`` and ``"badge"``.
    budgets : int or sequence of int, default=1024
        Labels in all, each at least 10 and smaller than every training set.
    estimator : estimator or dict of str to estimator, default=None
        What learns, or what learns each data set. None is a net for images of its kind: one hidden
        layer of 128 for gray ones, three convolutions for colored ones, 10 epochs, batches of 32,
        Adam with learning rate 0.001.
    n_clusters : int or float, default=0.2
        Clusters of the coreset methods: a number, or a share of the budget. ``"coreset_true"``
        takes fewer where their losses would cost more than half of the labels to select.
    weighted : bool, default=False
        Whether nets train on the weights that draws of the coreset methods come with.
    seeds : int or sequence of int, default=10
        The seeds, or how many of them, from 0 on.
    device : str, default="auto"
        Where the default nets train: ``"cpu"``, ``"cuda"`` or ``"mps"``.
    n_jobs : int or None, default=None
        How many runs at a time.
    folder : str, path or None, default=None
        Where to keep runs, tables and the plot. It must be empty or not exist, unless `resume`.
    resume : bool, default=False
        Whether to go on with the selection in `folder`.
    progress : bool, default=True
        Whether to show which runs have ended.

    Returns
    -------
    SelectionResult

    Raises
    ------
    ValueError
        If a method is unknown, or a budget leaves nothing to select from.
    FileExistsError, ResumeError
        As for :func:`skal.experiments.compare`.

    References
    ----------
    .. [1] Axiotis, Cohen-Addad, Henzinger, Jerome, Mirrokni, Saulpic, Woodruff and Wunder (2024),
       "Data-efficient learning via clustering-based sensitivity sampling: foundation models and
       beyond", ICML, section 5.2.2.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skal.datasets import load_dataset
    >>> result = select_data(
    ...     load_dataset("digits"), ["margin", "random"], budgets=50, seeds=2,
    ...     estimator=GaussianNB(), progress=False)
    >>> result
    SelectionResult(2 methods x 2 seeds, digits, 50 labels)
    >>> result.to_frame()[["method", "n_labels"]].values.tolist()
    [['margin', 50], ['margin', 50], ['random', 50], ['random', 50]]
    """
    datasets = list(datasets) if isinstance(datasets, Iterable) else [datasets]
    methods, budgets = _listed(methods), _listed(budgets)
    check_selection(datasets, methods, budgets, n_clusters, device)
    if folder is None and resume:
        raise ValueError("resume needs a folder; got folder=None.")
    estimators = {data.name: _estimator(estimator, data, device) for data in datasets}
    setting = {"methods": methods, "clusters": describe(n_clusters), "weighted": weighted}
    result = SelectionResult({}, estimators, setting)
    if folder is not None:
        folder = _open(folder, result, budgets, seeds, resume)
    for data, budget in itertools.product(datasets, budgets):
        result.cells[data.name, budget] = _run_cell(
            data,
            budget,
            make_methods(methods, budget, n_clusters),
            estimators[data.name],
            use_query_weights=weighted,
            seeds=seeds,
            n_jobs=n_jobs,
            folder=None if folder is None else folder / data.name / f"budget_{budget}",
            resume=resume,
            progress=progress,
        )
        if folder is not None:  # what there is can be read before all is done
            write_selection_reports(result, folder)
    return result


def _open(folder, result, budgets, seeds, resume):
    """Return the folder of a selection as a path, made and described by its config."""
    config = {
        "datasets": list(result.estimators),
        "budgets": budgets,
        "seeds": describe(seeds),
        **result.setting,
        "strategies": {},  # what tells the folder of an experiment from others; runs have theirs
    }
    return open_comparison(Path(folder), config, resume)


def _run_cell(data, budget, strategies, estimator, **options):
    if options["progress"]:
        tqdm.write(f"{data.name}, {budget} labels", file=sys.stderr)
    return compare(
        strategies,
        estimator,
        data.X_train,
        data.y_train,
        X_test=data.X_test,
        y_test=data.y_test,
        n_initial=n_first(budget),
        initial="random",
        n_instances=budget - n_first(budget),
        n_queries=1,
        baseline="random" if "random" in strategies else None,
        full_data=False,
        **options,
    )


def n_first(budget):
    """Return how many labels of a budget are drawn at random."""
    return int(FIRST_SHARE * budget)


def make_methods(methods, budget, n_clusters=0.2):
    """Return the strategies of methods for a budget, by name.

    Parameters
    ----------
    methods : sequence of str
        Names, of which ``select_data`` says what they are.
    budget : int
        Labels in all.
    n_clusters : int or float, default=0.2
        Clusters of the coreset methods: a number, or a share of the budget.

    Returns
    -------
    dict of str to QueryStrategy
    """
    if not isinstance(n_clusters, Integral):
        n_clusters = max(1, round(n_clusters * budget))
    n_affordable = affordable_clusters(MAX_TRUE_SHARE * (budget - n_first(budget)))
    n_true = min(n_clusters, n_affordable)
    known = {
        "coreset": SensitivitySampling(n_clusters),
        "coreset_loss": SensitivitySampling(n_clusters, cluster_on="loss"),
        "coreset_true": SensitivitySampling(n_true, loss="true", count_uncovered=True),
        "margin": Margin(),
        "entropy": Entropy(),
        "random": RandomSampling(),
        "k_center": CoreSet(),
        "badge": BADGE(),
    }
    return {name: known[name] for name in methods}


def affordable_clusters(n_labels):
    """Return how many clusters' losses a number of labels pays for, at least 1.

    Each costs the center's label, and those that estimate how fast losses grow from there.
    """
    n_clusters = np.arange(1, max(2, int(n_labels)))
    cost = n_clusters * (1 + np.ceil(np.log(100 * n_clusters) / np.log(10)))
    return max(1, int((cost <= n_labels).sum()))


def default_estimator(data, device="auto"):
    """Return the net that learns a data set, by whether its images have colors.

    Parameters
    ----------
    data : Dataset
        What is to be learned.
    device : str, default="auto"
        Where it trains.

    Returns
    -------
    MLPClassifier or CNNClassifier
    """
    from ..nets import CNNClassifier, MLPClassifier

    training = {"max_epochs": 10, "batch_size": 32, "lr": 1e-3, "device": device}
    shape = data.image_shape
    if len(shape) == 3:
        return CNNClassifier(dropout=0.1, image_shape=shape, **training)
    return MLPClassifier(n_hidden=128, dropout=0.5, image_shape=shape, **training)


def _estimator(estimator, data, device):
    if estimator is None:
        return default_estimator(data, device)
    if not isinstance(estimator, dict):
        return estimator
    if data.name not in estimator:
        raise ValueError(
            f"estimator must name what learns each data set; got {', '.join(estimator)}, and "
            f"nothing for {data.name}."
        )
    return estimator[data.name]


def _listed(values):
    """Return values as a list; one text or number is a list of one."""
    is_one = isinstance(values, str) or not isinstance(values, Iterable)
    return [values] if is_one else list(values)


def check_selection(datasets, methods, budgets, n_clusters=0.2, device="auto"):
    """Raise a ValueError for arguments of :func:`select_data` that it cannot run with."""
    check_device(device)
    names = [data.name for data in datasets]
    for argument, values in (("datasets", names), ("methods", methods), ("budgets", budgets)):
        if not values or len(set(values)) < len(values):
            raise ValueError(
                f"{argument} must be one or more, each once; got "
                f"{', '.join(map(str, values)) or 'none'}."
            )
    unknown = [str(name) for name in methods if name not in ALL_METHODS]
    if unknown:
        raise ValueError(f"methods must be of {', '.join(ALL_METHODS)}; got {', '.join(unknown)}.")
    is_share = isinstance(n_clusters, Real) and 0 < n_clusters <= 1
    if not is_share and not (isinstance(n_clusters, Integral) and n_clusters >= 1):
        raise ValueError(
            f"n_clusters must be a number from 1 on, or a share of the budget up to 1; got "
            f"{n_clusters!r}."
        )
    for budget in budgets:
        for data in datasets:
            _check_budget(budget, data)


def _check_budget(budget, data):
    if not isinstance(budget, Integral) or budget < MIN_BUDGET:
        raise ValueError(
            f"budgets must be integers from {MIN_BUDGET} on: two labels at random, and eight that "
            f"are selected. Got {budget!r}."
        )
    n_pool = len(data.X_train)
    if budget >= n_pool:
        raise ValueError(
            f"budgets must be smaller than the training sets: of {data.name}'s {n_pool} samples, a "
            f"budget of {budget} takes all, whichever method selects. Choose a smaller one, such "
            f"as {max(MIN_BUDGET, n_pool // 50)}."
        )
