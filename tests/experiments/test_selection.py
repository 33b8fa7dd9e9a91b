"""Data selection in one query: the protocol, step by step, and what its result says."""

import numpy as np
import pandas as pd
import pytest
from made_results import make_result
from matplotlib.figure import Figure
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.naive_bayes import GaussianNB
from skorch.callbacks import Callback

from skal import ActiveLearner
from skal._random import derive_seed, round_rng
from skal.datasets import Dataset, load_dataset, reduce_dataset
from skal.exceptions import ResumeError
from skal.experiments import SelectionDisplay, SelectionResult, select_data, selection
from skal.experiments._selection_reports import _n_steps
from skal.experiments.selection import ALL_METHODS, affordable_clusters, make_methods
from skal.nets import CNNClassifier, MLPClassifier

NET = MLPClassifier(n_hidden=12, max_epochs=2, batch_size=16, image_shape=(6, 6), device="cpu")
BUDGET, FIRST = 50, 10


def make_images(n_train=150, n_test=60, shape=(6, 6), seed=0):
    """Return noisy images of three classes, each brighter in its own place."""
    rng = np.random.RandomState(seed)
    y = rng.randint(0, 3, n_train + n_test)
    X = rng.normal(size=(len(y), int(np.prod(shape)))).astype(np.float32)
    X[np.arange(len(y)), y] += 3
    return Dataset("images", X[:n_train], y[:n_train], X[n_train:], y[n_train:], shape)


IMAGES = make_images()


def select_images(methods=("margin", "random"), budgets=BUDGET, *, data=IMAGES, **options):
    options = {"estimator": NET, "seeds": 1, "progress": False, **options}
    return select_data(data, methods, budgets, **options)


@pytest.fixture(scope="module")
def every_method():
    return select_images(ALL_METHODS, seeds=2)


# The protocol ------------------------------------------------------------------------------


def test_a_fifth_is_drawn_and_the_rest_selected_once(every_method):
    for rounds in every_method.cells["images", BUDGET].records.values():
        assert [record["n_labels"] for record in rounds] == [FIRST, BUDGET]
        assert len({i for record in rounds for i in record["indices"]}) == BUDGET


def test_all_methods_of_a_seed_share_the_first_labels_and_the_first_net(every_method):
    records = every_method.cells["images", BUDGET].records
    for seed in (0, 1):
        first = [records[name, seed][0] for name in ALL_METHODS]
        assert len({tuple(record["indices"]) for record in first}) == 1
        assert len({record["score"] for record in first}) == 1
    assert records["random", 0][0]["indices"] != records["random", 1][0]["indices"]


def test_all_methods_of_a_seed_share_the_seed_of_the_second_net(monkeypatch):
    def same(names, *_):
        return dict.fromkeys(names, make_methods(["random"], BUDGET)["random"])

    monkeypatch.setattr(selection, "make_methods", same)
    frame = select_images(("margin", "random"), seeds=2).to_frame()
    by_method = frame.pivot(index="seed", columns="method", values="score")
    assert by_method["margin"].tolist() == by_method["random"].tolist()


def slow_choice(name, learner, X, first, rest):
    """Return which of `rest` a method selects, as plainly as it can be said."""
    net, n = learner.estimator, BUDGET - FIRST
    proba = np.sort(net.predict_proba(X[rest]).astype(np.float64), axis=1)
    if name == "margin":
        return rest[np.argsort(proba[:, -1] - proba[:, -2], kind="stable")[:n]]
    if name == "entropy":
        return rest[np.argsort((proba * np.log(proba)).sum(axis=1), kind="stable")[:n]]
    if name == "k_center":
        distances = cdist(net.embed(X), net.embed(X))
        taken = list(first)
        while len(taken) < BUDGET:
            taken.append(rest[np.argmax(distances[np.ix_(rest, taken)].min(axis=1))])
        return np.array(taken[FIRST:])
    return rest[make_methods([name], BUDGET)[name](learner, X[rest], n_instances=n)]


@pytest.mark.parametrize("name", [name for name in ALL_METHODS if name != "coreset_true"])
def test_a_run_is_the_protocol_written_out(every_method, name):
    X, y = IMAGES.X_train, IMAGES.y_train
    order = round_rng(1, 0, "initial").permutation(len(X))
    first, rest = order[:FIRST], np.sort(order[FIRST:])

    def train(rows):
        return ActiveLearner(NET, random_state=derive_seed(1, 0, "learner")).fit(X[rows], y[rows])

    chosen = slow_choice(name, train(first), X, first, rest)
    both = every_method.cells["images", BUDGET].records[name, 1]
    assert set(both[1]["indices"]) == set(chosen.tolist())
    final = train(np.concatenate([first, both[1]["indices"]]))
    assert both[1]["score"] == final.score(IMAGES.X_test, IMAGES.y_test)


def test_true_losses_are_paid_from_the_budget():
    assert make_methods(["coreset_true"], 1024)["coreset_true"].n_clusters == 82
    assert 82 * (1 + 4) == 410  # the centers, four more each: half of the 820 to select
    assert affordable_clusters(410) == 82
    assert affordable_clusters(0) == 1


def test_clusters_are_a_share_of_the_budget_or_a_number():
    assert make_methods(["coreset"], 1000)["coreset"].n_clusters == 200
    assert make_methods(["coreset"], 1000, 16)["coreset"].n_clusters == 16


def test_nets_train_on_weights_if_they_are_asked_to():
    methods = ("coreset", "random")
    plain, weighted = (select_images(methods, weighted=w).to_frame() for w in (False, True))
    of_random = plain["method"] == "random"
    assert (plain["score"] == weighted["score"])[of_random].all()
    records = select_images(methods, weighted=True).cells["images", BUDGET].records
    assert np.ptp(records["coreset", 0][1]["query_weights"]) > 0


def test_gray_images_have_a_perceptron_and_colored_ones_a_convolutional_net():
    gray = selection.default_estimator(IMAGES)
    colored = selection.default_estimator(make_images(shape=(3, 8, 8)))
    assert (type(gray), gray.n_hidden, gray.image_shape) == (MLPClassifier, 128, (6, 6))
    assert (type(colored), colored.image_shape) == (CNNClassifier, (3, 8, 8))
    for net in (gray, colored):
        assert (net.max_epochs, net.batch_size, net.lr, net.optimizer) == (10, 32, 1e-3, "adam")


def test_colored_images_run_with_the_default_net():
    data = make_images(60, 20, shape=(3, 8, 8))
    frame = select_images(["coreset"], 20, data=data, estimator=None, device="cpu").to_frame()
    assert frame["n_labels"].tolist() == [20]


def test_each_data_set_may_have_its_own_estimator():
    result = select_images(estimator={"images": GaussianNB()})
    assert isinstance(result.estimators["images"], GaussianNB)
    with pytest.raises(ValueError, match="got others, and nothing for images"):
        select_images(estimator={"others": GaussianNB()})


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_real_images_at_reduced_size(data_dir, name):
    data = reduce_dataset(load_dataset(name, data_dir), 300, 100)
    methods = ("coreset", "random") if name == "cifar10" else ALL_METHODS
    result = select_images(methods, 60, data=data, estimator=None, device="cpu")
    assert result.to_frame()["score"].between(0.05, 1).all()
    assert (result.to_frame()["n_labels"] == 60).all()


# Bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"methods": ["coreset", "bald"]}, "methods must be of coreset, .*; got bald"),
        ({"methods": []}, "methods must be one or more, each once; got none"),
        ({"methods": ["margin", "margin"]}, "each once; got margin, margin"),
        ({"budgets": 150}, "of images's 150 samples, a budget of 150 takes all, whichever"),
        ({"budgets": [50, 9]}, "integers from 10 on.* Got 9"),
        ({"budgets": 20.5}, "Got 20.5"),
        ({"data": [IMAGES, IMAGES]}, "datasets must be one or more, each once"),
        ({"n_clusters": 0}, "n_clusters must be a number from 1 on, or a share"),
        ({"device": "abacus"}, "device must be auto, cpu"),
        ({"resume": True}, "resume needs a folder"),
    ],
)
def test_bad_input_is_refused_before_anything_runs(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        select_images(**options)


# The result --------------------------------------------------------------------------------


def made(scores, n_labels=(10, 50), methods=("good", "random")):
    """Return a result of two seeds with the last scores of each method."""
    curves = {name: [[0.5, score] for score in scores[name]] for name in methods}
    cell = make_result(curves, n_labels=n_labels)
    cell.records = {key: value for key, value in cell.records.items() if key[0] in methods}
    setting = {"methods": list(methods), "clusters": 0.2, "weighted": False}
    return SelectionResult({("images", n_labels[1]): cell}, {"images": NET}, setting)


SCORES = {"good": [0.9, 0.7], "random": [0.8, 0.7]}


def test_summary_compares_with_random_on_the_same_seeds():
    line = made(SCORES).summary().loc["images", 50, "good"]
    assert line["score"] == pytest.approx(0.8)
    assert line["difference"] == pytest.approx(0.05)
    assert line["difference_high"] - line["difference"] == pytest.approx(12.706 * 0.05, rel=1e-4)
    assert line[["wins", "ties", "losses"]].tolist() == [1, 1, 0]
    assert made(SCORES).summary().loc["images", 50, "random"]["difference"] == 0


def test_without_random_there_are_no_differences():
    result = made(SCORES, methods=["good"])
    assert "difference" not in result.summary()
    assert "difference" not in str(result).split("Means")[1]


def test_table_has_the_best_first_and_fits_a_terminal(every_method):
    rows = str(made(SCORES)).splitlines()
    assert [row.split()[0] for row in rows[3:5]] == ["good", "random"]
    assert "+0.0500 [-0.5853, +0.6853]" in rows[3]
    assert max(map(len, str(every_method).splitlines())) <= 94


def test_one_seed_has_no_intervals():
    text = str(made({name: values[:1] for name, values in SCORES.items()}))
    assert "[" not in text
    assert "One seed" in text


# The plot ----------------------------------------------------------------------------------


def axes(n_budgets=1):
    return Figure(layout="constrained").subplots(2, n_budgets, squeeze=False)


def test_bars_are_scores_and_points_below_are_differences_to_random():
    display = made(SCORES).plot(axes())
    assert display.bars_["good", 50][0].get_height() == pytest.approx(0.8)
    (points,) = display.ax_[1, 0].containers
    assert points[0].get_ydata().tolist() == pytest.approx([0.05])
    assert display.ax_[0, 0].get_ylabel() == "Test accuracy"
    assert display.ax_[0, 0].get_ylim()[0] == 0


def test_each_budget_has_a_column():
    result = made(SCORES)
    result.cells |= made(SCORES, n_labels=(200, 1000)).cells
    display = SelectionDisplay.from_result(result, ax=axes(2), alpha=0.5)
    assert [ax.get_title("left") for ax in display.ax_[0]] == ["50 labels", "1,000 labels"]
    assert display.bars_["good", 1000][0].get_alpha() == 0.5
    with pytest.raises(ValueError, match=r"shape \(2, 2\), one column a budget; got shape \(2, 1"):
        display.plot(axes(1))


def test_without_random_nothing_is_drawn_below():
    assert not made(SCORES, methods=["good"]).plot(axes()).ax_[1, 0].get_visible()


def test_a_figure_is_made_if_none_is_given():
    import matplotlib.pyplot as plt

    display = made({name: values[:1] for name, values in SCORES.items()}).plot()
    assert display.figure_.axes[0] is display.ax_[0, 0]
    plt.close(display.figure_)


# Files -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished") / "out"
    return folder, select_images(budgets=[20, BUDGET], seeds=2, folder=folder)


def test_results_stand_in_the_files_of_their_origin(finished):
    folder, result = finished
    assert (folder / "active_learning_results.txt").read_text() == f"{result}\n"
    assert (folder / "active_learning_results.png").read_bytes()[:4] == b"\x89PNG"
    assert (folder / "images" / "budget_20" / "margin" / "seed_1" / "iteration_1").is_dir()
    assert not list(folder.rglob(".tmp-*"))


def test_csv_has_comments_and_then_a_line_for_each_run(finished):
    folder, result = finished
    path = folder / "active_learning_results.csv"
    lines = path.read_text().splitlines()
    comments = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    assert comments["methods"] == "margin, random"
    assert comments["seeds"] == "0, 1"
    assert "n_hidden=12" in comments["estimator of images"]
    frame = pd.read_csv(path, comment="#")
    assert list(frame.columns[:3]) == ["seed", "method", "dataset"]
    assert frame["test_acc"].tolist() == result.to_frame()["score"].tolist()
    gain = frame["final_val_acc"] - frame["initial_val_acc"]
    np.testing.assert_allclose(frame["val_improvement"], gain)
    line = frame[frame["total_budget"] == BUDGET].iloc[0]
    assert (line["initial_samples"], line["final_samples"]) == (FIRST, BUDGET)
    assert (line["initial_steps"], line["final_steps"]) == (2 * 1, 2 * 4)  # batches of 16


class StepCounter(Callback):
    """Count steps of the optimizer."""

    n_steps = 0

    def on_batch_end(self, net, training, **kwargs):
        StepCounter.n_steps += training


@pytest.mark.parametrize("n_samples", [5, 16, 33, 34])
def test_steps_are_those_of_the_net(n_samples):
    StepCounter.n_steps = 0
    net = clone(NET).set_params(callbacks=[StepCounter()])
    net.fit(IMAGES.X_train[:n_samples], IMAGES.y_train[:n_samples])
    assert StepCounter.n_steps == _n_steps(NET, n_samples) > 0


def test_steps_are_empty_where_nothing_takes_steps(tmp_path):
    select_images(estimator=GaussianNB(), folder=tmp_path / "out")
    frame = pd.read_csv(tmp_path / "out" / "active_learning_results.csv", comment="#")
    assert frame["final_steps"].isna().all()


def test_resume_gives_the_result_of_one_piece(finished, tmp_path):
    import shutil

    folder, result = finished
    shutil.copytree(folder, tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / "images" / "budget_50" / "margin" / "seed_1")
    (tmp_path / "out" / "active_learning_results.csv").unlink()
    resumed = select_images(budgets=[20, BUDGET], seeds=2, folder=tmp_path / "out", resume=True)
    columns = ["budget", "method", "seed", "score"]
    assert resumed.to_frame()[columns].equals(result.to_frame()[columns])
    assert (tmp_path / "out" / "active_learning_results.csv").is_file()


def test_a_folder_in_use_or_of_other_settings_is_refused(finished):
    with pytest.raises(FileExistsError, match="is not empty"):
        select_images(folder=finished[0])
    with pytest.raises(ResumeError, match="What differs: budgets, methods"):
        select_images(["margin"], 20, seeds=2, folder=finished[0], resume=True)
