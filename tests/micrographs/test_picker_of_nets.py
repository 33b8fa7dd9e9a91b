"""Pickers whose segmenter is a net: they learn, repeat, and are saved."""

import numpy as np
import pandas as pd
import pytest
from drawn_particles import grid, partly_picked, shown
from sklearn.base import clone

from skal.exceptions import SavedNetError
from skal.micrographs import ParticlePicker, fourier_crop, simulate_micrograph
from skal.nets import NetSegmenter, UNetSegmenter


def net(**params):
    settings = {"width": 4, "depth": 2, "max_epochs": 2, "patch_size": 64, "random_state": 0}
    return UNetSegmenter(**{**settings, **params})


@pytest.fixture(scope="module")
def learned():
    """Return a picker with a small net, its micrographs and their particles."""
    images, _, every = partly_picked(1.0)
    picker = ParticlePicker(net(max_epochs=20, lr=2e-2), diameter_px=14, threshold="auto")
    return picker.fit(images, every), images, every


def test_a_net_learns_to_pick(learned):
    image, truth = simulate_micrograph(30, (210, 190), 14, snr=8, particle_seed=1, random_state=9)
    assert learned[0].score({"new": image}, truth.assign(micrograph="new")) > 0.8


def test_a_seed_gives_one_picker(learned):
    picker, images, every = learned
    again = clone(picker).fit(images, every)
    assert again.threshold_ == picker.threshold_
    pd.testing.assert_frame_equal(again.predict(images), picker.predict(images))


def test_a_saved_picker_is_the_same(learned, tmp_path):
    picker, images, _ = learned
    picker.save(tmp_path / "new" / "picker")
    picker.save(tmp_path / "new" / "picker")
    loaded = ParticlePicker.load(tmp_path / "new" / "picker")
    assert repr(loaded.get_params()) == repr(picker.get_params())
    assert (loaded.diameter_px_, loaded.threshold_) == (picker.diameter_px_, picker.threshold_)
    pd.testing.assert_frame_equal(loaded.predict(images), picker.predict(images))
    assert {path.name for path in (tmp_path / "new" / "picker").iterdir()} == {
        "net.json", "picker.json", "weights.safetensors",
    }  # fmt: skip


def test_a_loaded_picker_can_learn_again(learned, tmp_path):
    picker, images, every = learned
    short = clone(picker).set_params(segmenter__max_epochs=2, diameter_px=np.float32(14))
    short.set_params(threshold=np.float64(0.5)).fit(images, every).save(tmp_path / "picker")
    loaded = ParticlePicker.load(str(tmp_path / "picker"), device="cpu")
    loaded.fit(images, every)
    np.testing.assert_array_equal(loaded.predict_map(images["0"]), short.predict_map(images["0"]))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("picker.json", lambda content: content[:-9]),
        ("picker.json", lambda content: b"\xff" + content),
        ("picker.json", lambda content: content.replace(b'"format": 1', b'"format": 9')),
        ("picker.json", None),
        ("net.json", lambda content: content[:-9]),
        ("net.json", None),
        ("weights.safetensors", lambda content: content[:-9]),
        ("weights.safetensors", None),
    ],
)
def test_a_damaged_picker_is_refused(learned, tmp_path, name, change):
    learned[0].save(tmp_path / "picker")
    path = tmp_path / "picker" / name
    content = path.read_bytes()
    path.unlink()
    if change is not None:
        path.write_bytes(change(content))
    with pytest.raises(SavedNetError, match="picker"):
        ParticlePicker.load(tmp_path / "picker")


def test_what_else_is_in_a_folder_is_not_removed(learned, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(FileExistsError, match=r"holds 'thesis\.tex', which saving"):
        learned[0].save(tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_a_segmenter_that_cannot_be_saved_is_named(tmp_path):
    picker = shown(grid((200, 300), 10), diameter_px=10)
    with pytest.raises(TypeError, match="Shown has no to_files"):
        picker.save(tmp_path / "picker")
    assert not (tmp_path / "picker").exists()


def test_a_picker_with_a_module_of_your_own_is_loaded_with_it(tmp_path):
    from torch import nn

    images, _, every = partly_picked(1.0)
    module = nn.Conv2d(1, 2, 5, padding=2)
    segmenter = NetSegmenter(module, max_epochs=1, random_state=0)
    picker = ParticlePicker(segmenter, diameter_px=14).fit(images, every)
    picker.save(tmp_path / "picker")
    loaded = ParticlePicker.load(tmp_path / "picker", module=module)
    np.testing.assert_array_equal(loaded.predict_map(images["0"]), picker.predict_map(images["0"]))
    with pytest.raises(TypeError, match="needs the module"):
        ParticlePicker.load(tmp_path / "picker")


def test_maps_are_those_of_the_small_image(learned):
    picker, images, _ = learned
    large = clone(picker).set_params(diameter_px=28, threshold=0.5)
    large.set_params(segmenter__max_epochs=1).fit(images, learned[2])
    small = fourier_crop(images["0"], (114, 114))
    expected = large.segmenter_.predict_proba(small[None])[0, 1]
    np.testing.assert_array_equal(large.predict_map(images["0"]), expected)


def test_a_segmenter_that_learned_elsewhere_picks(learned):
    picker, images, _ = learned
    other = ParticlePicker.from_segmenter(
        picker.segmenter_, diameter_px=28, working_diameter_px=14, threshold=0.4, border_px=9
    )
    large = np.kron(images["0"], np.ones((2, 2)))
    assert other.predict_map(large).shape == images["0"].shape
    found = other.predict({"a": large})
    assert len(found)
    assert (found["score"] >= 0.4).all()
    assert (found["diameter"] == 28).all()
    assert found[["x", "y"]].to_numpy().min() >= 8.5
    with pytest.raises(ValueError, match="diameter_px"):
        ParticlePicker.from_segmenter(picker.segmenter_, diameter_px=-1)
