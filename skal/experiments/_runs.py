"""One run: a strategy and a seed."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from modAL.models.base import BaseCommittee, BaseLearner
from sklearn.base import clone, is_classifier
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from .._data import n_rows, take_rows
from .._random import derive_seed
from ..exceptions import SavedNetError
from ..learners import ActiveLearner
from ..loop import ActiveLearningLoop
from ._folders import METRIC_KEYS, MODEL, RunFolder

PARENT = os.getppid()  # of a worker that imports this: the process that started it


@dataclass(frozen=True)
class Experiment:
    """What the runs of a comparison share: arguments of `compare`, and the process they run for."""

    estimator: Any
    X: Any
    y: Any
    X_test: Any
    y_test: Any
    test_size: Any
    n_initial: Any
    initial: Any
    n_instances: Any
    n_queries: Any
    scoring: Any
    save_models: bool
    n_labels_spent: int
    use_query_weights: bool
    metrics: Any
    on_round: Any
    main_process: int

    def loop(self, strategy, seed):
        """Return the run of one strategy; None stands for a model that gets all labels at once."""
        if isinstance(self.estimator, BaseLearner | BaseCommittee):
            learner = clone(self.estimator)
            if strategy is not None:
                learner.set_params(query_strategy=strategy)
        else:
            learner = ActiveLearner(self.estimator, *([] if strategy is None else [strategy]))
        spending = {"n_initial": 1.0, "n_queries": 0}
        if strategy is not None:
            spending = {"n_initial": self.n_initial, "n_queries": self.n_queries}
            spending |= {"initial": self.initial, "n_instances": self.n_instances}
            spending |= {"use_query_weights": self.use_query_weights}
        return ActiveLearningLoop(
            learner,
            scoring=self.scoring,
            count_validation=False,  # the test set judges the run, it does not guide it
            random_state=seed,
            **spending,
        )

    def split(self, seed):
        """Return the positions in `X` that one seed trains on, and its test data."""
        positions = np.arange(n_rows(self.X))
        if self.X_test is not None:
            return positions, self.X_test, self.y_test
        train, test = train_test_split(
            positions,
            test_size=self.test_size,
            stratify=self._strata(),
            random_state=derive_seed(seed, 0, "split"),
        )
        return np.sort(train), take_rows(self.X, test), take_rows(self.y, test)

    def _strata(self):
        """Return the classes where each can be in both parts of a split, else None."""
        y = np.asarray(self.y)
        if not is_classifier(self.estimator) or y.ndim != 1:
            return None
        return y if np.unique(y, return_counts=True)[1].min() > 1 else None


def run(experiment, name, strategy, seed, folder, config):
    """Run one strategy with one seed, or what is left of it, and return the records of all rounds.

    BLAS and OpenMP are held to one thread, so that the result does not depend on how many runs
    share the machine.
    """
    with threadpool_limits(limits=1):
        try:
            return _run(experiment, name, strategy, seed, folder, config)
        except Exception as error:
            error.add_note(f"This happened in the run of {name!r} with seed {seed}.")
            raise


def _run(experiment, name, strategy, seed, folder, config):
    end_if_orphaned(experiment.main_process)
    place = None if folder is None else RunFolder(folder, name, seed)
    records = [] if place is None else place.open({**config, "strategy": name, "seed": seed})
    if records and records[-1]["is_last"]:
        return records
    train, X_test, y_test = experiment.split(seed)
    if place is not None and experiment.X_test is None:
        place.save_test(np.setdiff1d(np.arange(n_rows(experiment.X)), train).tolist())
    X, y = take_rows(experiment.X, train), take_rows(experiment.y, train)
    loop = experiment.loop(strategy, seed)
    done = [{**record, "indices": np.searchsorted(train, record["indices"])} for record in records]
    fitted = _saved_net(loop.learner, place) if records else None
    for record in loop.iter_fit(X, y, X_test, y_test, done=done, fitted=fitted):
        end_if_orphaned(experiment.main_process)
        records.append(_finished(record, loop, train, experiment.n_labels_spent))
        if experiment.metrics is not None:
            records[-1]["metrics"] = _measured(experiment.metrics, loop.learner_, X_test, y_test)
        if place is not None:
            model = _dump(loop.learner_) if experiment.save_models else {}
            place.save(records[-1], train[loop.labeled_indices_].tolist(), model)
        if experiment.on_round is not None:
            experiment.on_round(name, seed, records[-1], loop.learner_)
    return records


def _saved_net(learner, place):
    """Return the net that the last whole round has kept, if it is all that there was of it.

    Without, a learner with a warm start trains all rounds again.
    """
    estimator = getattr(learner, "estimator", None)
    if not getattr(learner, "warm_start", False) or not hasattr(estimator, "to_files"):
        return None
    try:
        net = type(estimator).load(place.last_iteration())
    except SavedNetError:
        return None
    own, saved = estimator.get_params(deep=False), net.get_params(deep=False)
    free = {"random_state", "warm_start"}  # which the learner sets
    return net if all(saved[k] == own[k] for k in own if k not in free) else None


def _measured(metrics, learner, X_test, y_test):
    """Return further numbers of a round."""
    found = metrics(learner, X_test, y_test)
    taken = sorted(set(found) & {*METRIC_KEYS, "indices"})
    if taken:
        raise ValueError(f"metrics returns {taken}, names that a round has already. Rename them.")
    return found


def end_if_orphaned(main_process):
    """End a worker whose comparison was killed, or it would write where a resumed one does.

    Workers of joblib outlive their main process, and go on with the runs in their queue.
    """
    if os.getpid() != main_process and os.getppid() != PARENT:
        os._exit(1)  # an exception would only be kept for a main process that is gone


def _finished(record, loop, train, n_labels_spent):
    """Return a record in JSON types, with positions in `X` rather than in its training part."""
    if not np.isfinite(record["score"]):
        raise ValueError(
            f"scoring must give finite numbers; got {record['score']} in round {record['round']}."
        )
    n_labels = len(loop.labeled_indices_)
    is_last = n_labels == len(train) or record["round"] == loop.n_queries
    if "query_weights" in record:
        record = {**record, "query_weights": record["query_weights"].tolist()}
    return {
        **record,
        "n_labels": record["n_labels"] + n_labels_spent,
        "indices": train[record["indices"]].tolist(),
        "is_last": is_last,
    }


def _dump(learner):
    """Return the files of a learner's fitted model: of a net its own, else one of skops."""
    if not isinstance(learner, BaseCommittee) and hasattr(learner.estimator, "to_files"):
        return learner.estimator.to_files()
    import skops.io  # it loads torch

    if isinstance(learner, BaseCommittee):
        return {MODEL: skops.io.dumps([member.estimator for member in learner])}
    return {MODEL: skops.io.dumps(learner.estimator)}
