"""The ablation table of self-training."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from segmenters import PixelSegmenter, blobs
from sklearn.metrics import f1_score

from skal.experiments.ablation import ablate_self_training, ablation_table
from skal.self_training import SelfTrainingSegmenter

ESTIMATORS = {"BCE": PixelSegmenter(sigma=0.7), "Focal_Dice & co": PixelSegmenter(sigma=0.5)}
TEST = blobs(4, noise=0.9, seed=7)


def data():
    X, y = blobs(20, noise=0.9)
    y[6:] = -1
    return X, y


def segmenter(**params):
    return SelfTrainingSegmenter(PixelSegmenter(), decay=0.1, stop_early=False, **params)


@pytest.fixture(scope="module")
def frame(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ablation")
    return ablate_self_training(
        segmenter(), ESTIMATORS, *data(), *TEST, seeds=[3, 5], folder=folder
    ), folder


def test_runs_are_those_of_the_segmenter_with_each_loss_seed_and_decay(frame):
    for row in frame[0].itertuples():
        n_iterations = 0 if row.thresholds == "supervised" else 3
        alone = segmenter(random_state=row.seed, n_iterations=n_iterations)
        alone.set_params(estimator=ESTIMATORS[row.estimator])
        alone.set_params(decay=0.1 if row.thresholds == "adaptive" else 0.0)
        proba = alone.fit(*data()).predict_proba(TEST[0])[:, 1]
        expected = f1_score(TEST[1].ravel(), proba.ravel() >= 0.5)
        assert row.f1_score == pytest.approx(expected)
        assert row.n_kept == sum(record["kept"] for record in alone.history_) - 1
    assert len(frame[0]) == 2 * 3 * 2


def test_the_table_has_means_and_gains_paired_by_seed(frame):
    table = ablation_table(frame[0])
    assert list(table.index)[:3] == [("BCE", k) for k in ("supervised", "static", "adaptive")]
    bce = frame[0][frame[0]["estimator"] == "BCE"].pivot(
        index="seed", columns="thresholds", values="f1_score"
    )
    gains = bce["adaptive"] - bce["supervised"]
    row = table.loc["BCE", "adaptive"]
    assert row["gain"] == pytest.approx(gains.mean())
    low, high = stats.t.interval(0.95, 1, gains.mean(), stats.sem(gains))
    assert row["gain_half_width"] == pytest.approx((high - low) / 2)
    assert row["f1_score"] == pytest.approx(bce["adaptive"].mean())
    assert (table.xs("supervised", level="thresholds")["gain"] == 0).all()


def test_tables_are_written_as_csv_markdown_and_latex(frame):
    frame, folder = frame
    pd.testing.assert_frame_equal(pd.read_csv(folder / "ablation.csv"), frame)
    markdown = (folder / "ablation.md").read_text().splitlines()
    assert (
        markdown[0]
        == "| Estimator | Thresholds | Precision | Recall | F1 | IoU | AUC | Gain in F1 |"
    )
    assert len({line.count("|") for line in markdown[:8]}) == 1
    assert "±" in markdown[3]
    assert "Means of 2 seeds" in markdown[-1]
    latex = (folder / "ablation.tex").read_text()
    assert r"Focal\_Dice \& co & static" in latex
    rows = [line for line in latex.splitlines() if line.endswith(r"\\")]
    assert {line.count(" & ") for line in rows} == {7}


def test_one_seed_has_no_interval(tmp_path):
    estimators = {"one": PixelSegmenter()}
    frame = ablate_self_training(segmenter(), estimators, *data(), *TEST, seeds=1, folder=tmp_path)
    assert np.isnan(ablation_table(frame)["gain_half_width"]).all()
    assert "±" not in (tmp_path / "ablation.md").read_text()


def test_adaptive_thresholds_need_a_decay():
    with pytest.raises(ValueError, match="decay must be above 0"):
        ablate_self_training(segmenter().set_params(decay=0.0), ESTIMATORS, *data(), *TEST)


def test_a_net_that_finds_nothing_has_precision_and_recall_of_zero(tmp_path):
    blind = {"blind": PixelSegmenter(C=1e-9)}
    frame = ablate_self_training(segmenter(), blind, *data(), *TEST, folder=tmp_path)
    assert (ablation_table(frame)["precision"] == 0).all()
    assert "| blind | static | 0.000" in (tmp_path / "ablation.md").read_text()


def test_a_score_that_one_seed_has_not_has_no_mean(tmp_path):
    only_background = TEST[0], np.zeros_like(TEST[1])
    with pytest.warns(UserWarning, match="AUC"):
        frame = ablate_self_training(
            segmenter(), {"one": PixelSegmenter()}, *data(), *only_background, folder=tmp_path
        )
    assert ablation_table(frame)["auc"].isna().all()
