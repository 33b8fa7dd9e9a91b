"""Pickers in folders: what is there is not lost, and segmenters that learned elsewhere fit in."""

import numpy as np
import pandas as pd
import pytest

from skal.micrographs import ParticlePicker
from skal.nets import UNetSegmenter


@pytest.fixture(scope="module")
def trained():
    """Return a picker that has learned a bright square, and the image."""
    image = np.zeros((32, 32), np.float32)
    image[8:16, 8:16] = 1
    picks = pd.DataFrame({"micrograph": ["a"], "x": [11.5], "y": [11.5]})
    net = UNetSegmenter(width=2, depth=1, max_epochs=2, device="cpu", random_state=0)
    return ParticlePicker(net, diameter_px=8).fit({"a": image}, picks), image


def test_saving_replaces_pickers_only(tmp_path, trained):
    picker, image = trained
    picker.save(tmp_path / "picker")
    picker.save(tmp_path / "picker")
    loaded = ParticlePicker.load(tmp_path / "picker")
    np.testing.assert_array_equal(loaded.predict_map(image), picker.predict_map(image))
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("years")
    with pytest.raises(FileExistsError, match="is no picker, and is not empty"):
        picker.save(tmp_path / "thesis")
    assert (tmp_path / "thesis" / "thesis.tex").read_text() == "years"


def test_a_segmenter_that_learned_elsewhere_picks(trained):
    picker, image = trained
    other = ParticlePicker.from_segmenter(
        picker.segmenter_, diameter_px=16, working_diameter_px=8, threshold=0.25, border_px=2
    )
    large = np.kron(image, np.ones((2, 2), np.float32))
    np.testing.assert_allclose(other.predict_map(large).shape, image.shape)
    found = other.predict({"a": large})
    assert (found["score"] >= 0.25).all()
    with pytest.raises(ValueError, match="diameter_px"):
        ParticlePicker.from_segmenter(picker.segmenter_, diameter_px=-1)
