"""Compare strategies over seeds."""

import os
import re
from numbers import Integral

from joblib import Parallel, delayed, effective_n_jobs
from sklearn.base import is_classifier
from tqdm.auto import tqdm

from .._data import n_rows
from ._describe import count_to_label, describe, describe_data
from ._folders import FULL_DATA, RESULTS, check_name, open_comparison
from ._runs import Experiment, run
from .report import RunReport
from .result import ComparisonResult


def compare(
    strategies,
    estimator,
    X,
    y,
    *,
    X_test=None,
    y_test=None,
    test_size=0.3,
    n_initial=0.1,
    initial="stratified",
    n_instances=0.1,
    n_queries=4,
    seeds=10,
    scoring=None,
    baseline="random",
    full_data=True,
    n_labels_spent=0,
    use_query_weights=False,
    metrics=None,
    on_round=None,
    n_jobs=None,
    folder=None,
    resume=False,
    save_models=False,
    progress=True,
):
    """Run strategies on the same data with the same seeds, and compare their learning curves.

    For each seed all strategies share the split of the data, the initial labels and the seeds of
    the estimator: what differs is what they query. The same seed gives the same run, bit for bit,
    at any `n_jobs`.

    Parameters
    ----------
    strategies : dict of str to callable, or list of callable
        What to compare. A list is named by its classes: ``CoreSet()`` is ``"core_set"``.
    estimator : estimator, ActiveLearner, Committee or CommitteeRegressor
        What learns; an estimator is wrapped in an ActiveLearner. It is cloned.
    X : array-like, data frame, sparse matrix or list
        The samples.
    y : array-like
        Their labels, uncovered as queries ask for them.
    X_test, y_test : array-like, default=None
        Data to score every round on, the same for all seeds. Without them each seed holds out
        its own part of `X`.
    test_size : int or float, default=0.3
        How much of `X` each seed holds out, the same share of every class; unused with `X_test`.
    n_initial : int or float, default=0.1
        How many samples are labeled at first; see :class:`skal.ActiveLearningLoop`, also for the
        next three.
    initial : {"stratified", "random"} or callable, default="stratified"
        Which those are.
    n_instances : int or float, default=0.1
        How many samples each query chooses.
    n_queries : int or None, default=4
        How many queries there are; None goes on until the pool is empty.
    seeds : int or sequence of int, default=10
        The seeds, or how many of them, from 0 on.
    scoring : str, callable or None, default=None
        How to score; larger is better. None is the estimator's own `score`.
    baseline : str or None, default="random"
        The name of the strategy that the others are compared with.
    full_data : bool, default=True
        Whether each seed also trains a model on all labels, which targets are shares of. False
        saves that training, where it is long; targets are then values of the score themselves.
    n_labels_spent : int, default=0
        Labels that were spent before the first round, such as those of validation data that the
        estimator holds: they count in all numbers of labels.
    use_query_weights : bool, default=False
        Whether weights that come with a selection become the sample weights of the labels.
    metrics : callable or None, default=None
        Called as ``metrics(learner, X_test, y_test)`` when a round has ended; returns a dict of
        further numbers, which ``metrics.json`` keeps beside the score.
    on_round : callable or None, default=None
        Called as ``on_round(strategy, seed, record, learner)`` when a round has ended, with the
        strategy's name, to follow the runs; with ``"full_data"`` for the model of all labels. It
        runs where the run does, so with `n_jobs` it must pickle.
    n_jobs : int or None, default=None
        How many runs at a time; see :class:`joblib.Parallel`.
    folder : str, path or None, default=None
        Where to keep the runs, and tables and plots at the end. It must be empty or not exist,
        unless `resume`.
    resume : bool, default=False
        Whether to go on with the comparison in `folder` after the last whole round of each run.
        The result is that of an uninterrupted run.
    save_models : bool, default=False
        Whether to keep the model of every round in `folder`: nets of skal as
        :meth:`skal.nets.NetClassifier.save` writes them, others as skops files.
    progress : bool, default=True
        Whether to show how many runs have ended.

    Returns
    -------
    ComparisonResult

    Raises
    ------
    FileExistsError
        If `folder` is not empty and `resume` is False.
    ResumeError
        If `resume` is True and `folder` holds something else; what differs is named.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skal.experiments import compare
    >>> from skal.query import Margin, RandomSampling
    >>> X, y = load_iris(return_X_y=True)
    >>> result = compare(
    ...     {"random": RandomSampling(), "margin": Margin()}, LogisticRegression(max_iter=1000),
    ...     X, y, n_initial=5, n_instances=5, seeds=3, progress=False)
    >>> result
    ComparisonResult(2 strategies x 3 seeds, 5 rounds, 5 to 25 labels, score='accuracy')
    >>> sorted(result.summary().index)
    ['margin', 'random']
    """
    strategies, seeds = _named(strategies), _listed(seeds)
    baseline = _find_baseline(baseline, strategies)
    experiment = Experiment(
        estimator,
        X,
        y,
        X_test,
        y_test,
        test_size,
        n_initial,
        initial,
        n_instances,
        n_queries,
        scoring,
        save_models,
        n_labels_spent,
        use_query_weights,
        metrics,
        on_round,
        main_process=os.getpid(),
    )
    _check_arguments(experiment, folder, resume)
    for strategy in strategies.values():
        experiment.loop(strategy, seeds[0])._validate_params()
    config = {} if folder is None else _config(experiment, strategies, seeds, baseline, full_data)
    folder = None if folder is None else open_comparison(folder, config, resume)
    every = {**({FULL_DATA: None} if full_data else {}), **strategies}
    records = _run_all(experiment, every, seeds, folder, config, n_jobs, progress)
    n_samples = count_to_label(n_rows(X), test_size if X_test is None else None, n_labels_spent)
    result = ComparisonResult(records, baseline, _score_name(experiment), n_samples)
    if folder is not None:
        RunReport.from_folders([folder]).write(folder / RESULTS)
    return result


def _run_all(experiment, every, seeds, folder, config, n_jobs, progress):
    """Return the records of each pair of strategy and seed, full-data models included."""
    # all strategies of a seed, then the next: what there is after a kill can be compared
    keys = [(name, seed) for seed in seeds for name in every]
    n_jobs = min(effective_n_jobs(n_jobs), len(keys))
    with tqdm(total=len(keys), unit="run", disable=not progress) as bar:
        runs = _CountingParallel(n_jobs, bar)(
            delayed(run)(experiment, name, every[name], seed, folder, config) for name, seed in keys
        )
    return dict(zip(keys, runs, strict=True))


class _CountingParallel(Parallel):
    """A Parallel that moves a progress bar with each task that has ended."""

    def __init__(self, n_jobs, bar):
        super().__init__(n_jobs=n_jobs)
        self.bar = bar

    def print_progress(self):
        self.bar.update(self.n_completed_tasks - self.bar.n)


def _named(strategies):
    """Return strategies by name, as a dict."""
    if isinstance(strategies, dict):
        named = dict(strategies)
    else:
        names = [_snake_case(strategy) for strategy in strategies]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(
                f"strategies in a list are named by their classes, and {', '.join(twice)} came "
                f"more than once. Pass a dict of names and strategies."
            )
        named = dict(zip(names, strategies, strict=True))
    if not named:
        raise ValueError("strategies must name at least one strategy; got none.")
    for name, strategy in named.items():
        check_name(name)
        if not callable(strategy):
            raise TypeError(f"strategies must be callable; got {strategy!r} for {name!r}.")
    return named


def _snake_case(strategy):
    name = getattr(strategy, "__name__", type(strategy).__name__)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _find_baseline(baseline, strategies):
    """Return the baseline's name; of a list, random sampling is found under its class's name."""
    if baseline == "random" and baseline not in strategies and "random_sampling" in strategies:
        return "random_sampling"
    if baseline is not None and baseline not in strategies:
        raise ValueError(
            f"baseline must be one of the strategies {', '.join(strategies)}, or None; got "
            f"{baseline!r}."
        )
    return baseline


def _listed(seeds):
    seeds = list(range(seeds)) if isinstance(seeds, Integral) else list(seeds)
    if not seeds or not all(isinstance(seed, Integral) and seed >= 0 for seed in seeds):
        raise ValueError(f"seeds must be a number of seeds, or integers from 0 on; got {seeds!r}.")
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds must differ from each other; got {seeds!r}.")
    return [int(seed) for seed in seeds]


def _check_arguments(experiment, folder, resume):
    X_test, y_test = experiment.X_test, experiment.y_test
    if (X_test is None) != (y_test is None):
        raise ValueError("X_test and y_test belong together; got only one of them.")
    for name, X, y in (("y", experiment.X, experiment.y), ("y_test", X_test, y_test)):
        if X is not None and n_rows(X) != n_rows(y):
            raise ValueError(
                f"{name} must have a label for each sample; got {n_rows(y)} for {n_rows(X)}."
            )
    if folder is None and (resume or experiment.save_models):
        raise ValueError("resume and save_models need a folder; got folder=None.")


def _config(experiment, strategies, seeds, baseline, full_data):
    names = ("estimator", "n_initial", "initial", "n_instances", "n_queries", "scoring")
    data = ("X", "y", "X_test", "y_test")
    return {
        **{name: describe(getattr(experiment, name)) for name in names},
        "strategies": {name: describe(strategy) for name, strategy in strategies.items()},
        "seeds": seeds,
        "test_size": experiment.test_size if experiment.X_test is None else None,
        "data": {name: describe_data(getattr(experiment, name)) for name in data},
        "save_models": experiment.save_models,
        "n_labels_spent": experiment.n_labels_spent,
        "use_query_weights": experiment.use_query_weights,
        "full_data": full_data,
        "baseline": baseline,
        "score_name": _score_name(experiment),
    }


def _score_name(experiment):
    """Return what to call the score in tables and plots."""
    scoring = experiment.scoring
    if scoring is None:
        return _name_of_own_score(experiment.estimator)
    if isinstance(scoring, str):
        return scoring.replace("_", " ")
    return getattr(scoring, "__name__", "score").replace("_", " ")


def _name_of_own_score(estimator):
    if is_classifier(estimator):
        return "accuracy"
    model = getattr(estimator, "estimator", estimator)  # of a learner, or itself
    return "F1 of pixels" if hasattr(model, "predict_proba") else "R²"  # segmenters have classes
