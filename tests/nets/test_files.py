"""Saved nets, and weights to begin with: tensors and JSON, no code."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from skorch.callbacks import EpochTimer

from skal._compat import import_torchvision
from skal.exceptions import SavedNetError
from skal.nets import CNNClassifier, LeNetClassifier, MLPClassifier, NetClassifier
from skal.nets import ResNet18Classifier as ResNet
from skal.nets._modules import CNN
from skal.nets._photo_modules import resnet18


def test_a_net_comes_back_with_everything(squares, tmp_path):
    X, y = squares
    words = np.array(["north", "east", "south", "west"], object)[y]
    net = MLPClassifier(n_hidden=7, max_epochs=3, lr=0.01, random_state=0).fit(X, words)
    net.save(tmp_path / "net")
    same = NetClassifier.load(tmp_path / "net")
    assert type(same) is MLPClassifier
    assert same.get_params() == net.get_params()
    assert np.array_equal(same.predict(X), net.predict(X))
    assert same.classes_.dtype == object
    losses = [[e["train_loss"] for e in n.history_] for n in (net, same)]
    assert losses[0] == losses[1]
    assert sorted(p.name for p in (tmp_path / "net").iterdir()) == [
        "net.json",
        "weights.safetensors",
    ]


def test_what_json_cannot_hold_is_named(squares, tmp_path):
    X, y = squares
    net = MLPClassifier(max_epochs=1, callbacks=[EpochTimer()]).fit(X, y)
    with pytest.warns(UserWarning, match=r"\['callbacks'\] cannot be written as JSON"):
        net.save(tmp_path)
    assert NetClassifier.load(tmp_path).callbacks is None


def test_a_users_module_is_given_again(squares, tmp_path):
    X, y = squares
    net = NetClassifier(CNN, max_epochs=1).fit(X, y)
    net.save(tmp_path)
    with pytest.raises(TypeError, match="module=YourModule"):
        NetClassifier.load(tmp_path)
    same = NetClassifier.load(tmp_path, module=CNN, device="cpu")
    assert np.array_equal(same.predict_proba(X), net.predict_proba(X))


def test_folders_that_hold_no_net_are_refused(squares, tmp_path):
    X, y = squares
    with pytest.raises(SavedNetError, match="holds no saved net"):
        NetClassifier.load(tmp_path)
    CNNClassifier(max_epochs=1).fit(X, y).save(tmp_path)
    with pytest.raises(SavedNetError, match="holds a CNNClassifier, which is no LeNetClassifier"):
        LeNetClassifier.load(tmp_path)
    file = tmp_path / "net.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 99}))
    with pytest.raises(SavedNetError, match="saved in format 99; this version reads 1"):
        NetClassifier.load(tmp_path)


def test_weights_that_are_cut_off_or_of_another_net_are_refused(squares, tmp_path):
    X, y = squares
    for seed, name in enumerate(("one", "other")):
        MLPClassifier(max_epochs=1, random_state=seed).fit(X, y).save(tmp_path / name)
    weights = tmp_path / "one" / "weights.safetensors"
    for content in (weights.read_bytes()[:-8], (tmp_path / "other" / weights.name).read_bytes()):
        weights.write_bytes(content)
        with pytest.raises(SavedNetError, match="holds no whole net"):
            NetClassifier.load(tmp_path / "one")


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
def test_a_resnet_begins_with_weights_of_a_file(squares, tmp_path, ending):
    X, y = squares
    path = tmp_path / f"weights{ending}"
    torch.manual_seed(1)
    state = resnet18((3, 32, 32), 10, stem="imagenet", dropout=0.0).state_dict()
    state = {name.replace("fc.1.", "fc."): value for name, value in state.items()}
    torch.save(state, path) if ending == ".pt" else save_file(state, path)
    net = ResNet(weights=str(path), lr=1e-12, max_epochs=1).fit(X, y)
    begun = net.net_.module_.layer1[0].conv1.weight.detach()
    torch.testing.assert_close(begun, state["layer1.0.conv1.weight"], atol=1e-6, rtol=0)
    net.save(tmp_path / "net")
    path.unlink()
    same = NetClassifier.load(tmp_path / "net")
    assert np.array_equal(same.predict_proba(X), net.predict_proba(X))


def test_wrong_weights_are_refused(squares, tmp_path):
    X, y = squares
    with pytest.raises(FileNotFoundError, match="there is no file"):
        ResNet(weights=tmp_path / "nothing.pt").fit(X, y)
    torch.save({"layer": torch.zeros(2)}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match="not those of this network"):
        ResNet(weights=tmp_path / "other.pt").fit(X, y)


def test_code_in_a_file_of_weights_is_not_run(squares, tmp_path):
    class Touch:
        def __reduce__(self):
            return Path.touch, (tmp_path / "touched",)

    X, y = squares
    torch.save({"state_dict": Touch()}, tmp_path / "evil.pt")
    with pytest.raises(Exception, match="Weights only load failed"):
        ResNet(weights=tmp_path / "evil.pt").fit(X, y)
    assert not (tmp_path / "touched").exists()


def test_a_torchvision_that_does_not_fit_torch_says_how_to_install_it(monkeypatch):
    class Broken:
        def find_spec(self, name, path=None, target=None):
            if name == "torchvision":
                raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(ImportError, match="pip install") as caught:
        import_torchvision()
    assert isinstance(caught.value.__cause__, RuntimeError)
