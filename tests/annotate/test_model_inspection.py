"""Files of models are looked at before anything of them is used, and pickles not at all."""

import json
import os
import random
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import skops.io
import torch
from made_models import (
    evil_pickles,
    onnx_of_means,
    sparse_weights,
    weights_of,
    with_external_data,
    write_onnx,
)
from onnx import TensorProto, helper
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from skal.annotate import _trust
from skal.annotate.model_files import ModelFileReport, _onnx, inspect_model, suggest_labels
from skal.annotate.model_files._architectures import expected_shapes, recognize
from skal.annotate.model_files._inspect import inspect_here
from skal.exceptions import ModelFileError
from skal.nets._modules import CNN, MLP, LeNet
from skal.nets._photo_modules import resnet18

WIDTH = 756


def look(path, size=16):
    """Look in this process, which is faster."""
    return ModelFileReport.from_dict(inspect_here({"path": str(path), "image_size": size}))


def test_pickles_are_refused_whatever_their_name(tmp_path):
    touched = tmp_path / "touched"
    paths = evil_pickles(tmp_path, touched)
    for path in paths:
        with pytest.raises(ModelFileError, match="skal model convert"):
            look(path)
    with pytest.raises(ModelFileError, match="pickles can run code"):
        inspect_model(paths[2])
    assert not touched.exists()


@pytest.mark.parametrize("ending", [".pt", ".pth", ".pkl", ".joblib", ".PT"])
def test_endings_of_pickles_are_refused_unopened(tmp_path, ending, monkeypatch):
    path = tmp_path / f"model{ending}"
    path.write_bytes(b"x")
    monkeypatch.setattr("builtins.open", None)
    monkeypatch.setattr(Path, "open", None)
    out = ".skops --i-trust-this-file" if ending in (".pkl", ".joblib") else ".safetensors"
    with pytest.raises(ModelFileError) as caught:
        inspect_model(path)
    assert f"skal model convert model{ending} model{out}" in str(caught.value)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(ModelFileError, match="there is no file"):
        inspect_model(tmp_path / "no.onnx")
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(ModelFileError, match="no regular file"):
        inspect_model(tmp_path / "folder.onnx")
    for name, match in (("m.zip", "Unpack it"), ("m.txt", "found '.txt'"), ("m.onnx", "0 bytes")):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(ModelFileError, match=match):
            inspect_model(tmp_path / name)


def test_files_that_are_too_large_are_refused(tmp_path):
    path = tmp_path / "large.safetensors"
    path.touch()
    os.truncate(path, 2 * 2**30 + 1)
    with pytest.raises(ModelFileError, match="at most 2147483648"):
        inspect_model(path)


# Weights --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "name", "shape"),
    [
        (MLP((3, 6, 6), 4, n_hidden=5), "mlp", [3, 6, 6]),
        (MLP((1, 8, 8), 4, n_hidden=5), "mlp", [1, 8, 8]),
        (CNN((3, 16, 16), 4), "cnn", [3, 16, 16]),
        (LeNet((1, 28, 28), 4), "lenet", [1, 28, 28]),
    ],
)
def test_nets_of_skal_are_told_by_their_weights(tmp_path, module, name, shape):
    report = look(weights_of(module, tmp_path / "w.safetensors"))
    assert (report.architecture, report.input_shape) == (name, shape)
    assert report.classes == [f"class {i}" for i in range(4)]
    assert report.is_usable
    assert [p.field for p in report.problems if p.field != "size of images"] == ["class names"]
    assert report.can_train == (shape[1] == 16)


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "efficientnet_b0", "vit_b_16"])
def test_networks_of_torchvision_are_told_by_their_weights(tmp_path, name):
    from torchvision import models

    with torch.device("meta"):
        state = getattr(models, name)(num_classes=5).state_dict()
    shapes = {f"module.{k}": list(v.shape) for k, v in state.items()}
    remarks = {"classes": json.dumps(list("abcde"))}
    report = look(sparse_weights(shapes, tmp_path / "w.safetensors", remarks), 32)
    assert (report.architecture, report.input_shape) == (name, [3, 224, 224])
    assert (report.classes, report.problems) == (list("abcde"), [])
    assert (report.missing, report.unexpected, report.mismatched) == ([], [], [])
    assert report.standardize[0] == [0.485, 0.456, 0.406]
    assert "32 x 32 pixels instead of 224 x 224" in report.replaced[1]


def test_weights_that_do_not_fit_are_named_with_shapes(tmp_path):
    shapes = expected_shapes(
        recognize(
            {
                "0.weight": [32, 3, 3, 3],
                "3.weight": [64, 32, 3, 3],
                "6.weight": [128, 64, 3, 3],
                "11.weight": [128, 512],
                "14.weight": [4, 128],
            },
            16,
        )
    )
    del shapes["3.bias"]
    shapes |= {"15.weight": [4, 4], "6.bias": [99]}
    report = look(sparse_weights(shapes, tmp_path / "w.safetensors"))
    assert report.missing == [["3.bias", [64]]]
    assert report.unexpected == [["15.weight", [4, 4]]]
    assert report.mismatched == [["6.bias", [99]]]
    assert not report.is_usable
    told = {p.field: p.found for p in report.problems if p.is_fatal}
    assert told["missing weights"] == "1: 3.bias (64,)"
    assert told["unexpected weights"] == "1: 15.weight (4, 4)"
    assert told["shapes of weights"] == "1: 6.bias (99,)"


def test_unknown_networks_are_refused_with_what_is_known(tmp_path):
    path = weights_of(torch.nn.Linear(2, 3), tmp_path / "w.safetensors")
    with pytest.raises(ModelFileError, match=r"is not known: expected mlp.*found weights such as"):
        look(path)


def test_one_output_is_no_classifier(tmp_path):
    report = look(weights_of(MLP((1, 4, 4), 1), tmp_path / "w.safetensors"))
    assert [p.field for p in report.problems if p.is_fatal] == ["classes"]


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b[:-1],
        lambda b: b + b"x",
        lambda b: b[:30],
        lambda b: b[:4],
        lambda b: (2**40).to_bytes(8, "little") + b[8:],
        lambda b: b.replace(b'"F32"', b'"F64"', 1),
        lambda b: b.replace(b'"shape":[4]', b'"shape":[5]', 1),
        lambda b: b.replace(b'"shape":[4]', b'"shape":-4 ', 1),
        lambda b: b.replace(b'"4.bias"', b'"1.bias"', 1),
        lambda b: b.replace(b"{", b"[", 1),
    ],
)
def test_headers_that_are_no_headers_are_refused(tmp_path, change):
    path = weights_of(MLP((1, 4, 4), 4), tmp_path / "w.safetensors")
    content = path.read_bytes()
    path.write_bytes(change(content))
    assert path.read_bytes() != content
    with pytest.raises(ModelFileError, match="safetensors file"):
        look(path)


def test_flipped_bits_are_refused_or_harmless(tmp_path, monkeypatch):
    monkeypatch.setattr(_onnx, "runtime_problems", lambda content: [])  # it runs elsewhere
    draw = random.Random(0)
    net = weights_of(MLP((1, 4, 4), 4, n_hidden=3), tmp_path / "w.safetensors")
    graph = write_onnx(onnx_of_means(), tmp_path / "m.onnx")
    for path in (net, graph):
        content = path.read_bytes()
        for _ in range(150):
            damaged = bytearray(content)
            damaged[draw.randrange(min(len(content), 700))] ^= 1 << draw.randrange(8)
            path.write_bytes(damaged)
            try:
                look(path)
            except (ModelFileError, UnicodeDecodeError):
                pass


# skops ----------------------------------------------------------------------------------------


class Stranger(LogisticRegression):
    """A type that nobody knows."""


def fitted(estimator, n_features=WIDTH):
    rng = np.random.RandomState(0)
    X, y = rng.randn(30, n_features), np.array(["cat", "dog"])[np.arange(30) % 2]
    return estimator.fit(X, y)


def test_an_estimator_of_known_types_is_looked_at(tmp_path):
    skops.io.dump(fitted(LogisticRegression()), tmp_path / "m.skops")
    report = inspect_model(tmp_path / "m.skops")
    assert (report.architecture, report.classes) == ("LogisticRegression", ["cat", "dog"])
    assert (report.sees, report.problems, report.can_train) == ("features", [], False)


def test_an_estimator_of_other_features_is_told(tmp_path):
    skops.io.dump(fitted(LogisticRegression(), 5), tmp_path / "m.skops")
    (problem,) = look(tmp_path / "m.skops").problems
    assert (problem.field, problem.found, problem.is_fatal) == ("features", "5", True)


def test_types_that_are_not_trusted_are_listed_and_not_loaded(tmp_path, monkeypatch):
    skops.io.dump(fitted(Stranger()), tmp_path / "m.skops")
    monkeypatch.setattr(skops.io, "loads", None)
    with pytest.raises(ModelFileError, match=r"not known to be safe.*\['.*Stranger'\]"):
        look(tmp_path / "m.skops")


def test_functions_in_a_crafted_skops_file_are_not_called(tmp_path):
    import zipfile

    touched = tmp_path / "touched"
    skops.io.dump(fitted(LogisticRegression()), tmp_path / "m.skops")
    with zipfile.ZipFile(tmp_path / "m.skops") as archive:
        schema = json.loads(archive.read("schema.json"))
    evil = {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode", "__id__": 1}
    evil |= {"content": f"touch {touched}"}
    schema["content"]["content"]["C"] = evil
    with zipfile.ZipFile(tmp_path / "m.skops", "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))
    with pytest.raises(ModelFileError, match=r"m.skops' (holds types|is no whole)"):
        look(tmp_path / "m.skops")
    assert not touched.exists()


@pytest.mark.parametrize("n", [10, 1000, -1])
def test_skops_files_that_are_cut_off_are_refused(tmp_path, n):
    skops.io.dump(fitted(LogisticRegression()), tmp_path / "m.skops")
    content = (tmp_path / "m.skops").read_bytes()
    (tmp_path / "m.skops").write_bytes(content[:n])
    with pytest.raises(ModelFileError, match="skops file"):
        look(tmp_path / "m.skops")


def test_trees_that_lead_astray_are_refused(tmp_path):
    forest = fitted(RandomForestClassifier(3, random_state=0), 4)
    _trust.check_trees(forest)
    tree = forest.estimators_[1].tree_
    for change in ({"left_child": 10**6}, {"left_child": 0}, {"feature": 77}, {"feature": -3}):
        state = tree.__getstate__()
        nodes = state["nodes"].copy()
        kept = nodes[0].copy()
        for name, value in change.items():
            nodes[name][0] = value
        tree.__setstate__({**state, "nodes": nodes})
        with pytest.raises(_trust.BrokenModelError):
            _trust.check_trees(forest)
        nodes[0] = kept
        tree.__setstate__({**state, "nodes": nodes})
    forest.n_features_in_ = 3
    with pytest.raises(_trust.BrokenModelError):
        _trust.check_trees(forest)


def test_boosted_trees_that_lead_astray_are_refused():
    boosted = fitted(HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=2), 4)
    _trust.check_trees(boosted)
    nodes = boosted._predictors[0][0].nodes
    for name, value in (("left", 9999), ("feature_idx", 55), ("is_categorical", 1)):
        kept = nodes[name][0]
        nodes[name][0] = value
        with pytest.raises(_trust.BrokenModelError):
            _trust.check_trees(boosted)
        nodes[name][0] = kept


# ONNX -----------------------------------------------------------------------------------------


def test_an_onnx_model_is_looked_at(tmp_path):
    model = onnx_of_means()
    model.metadata_props.add(key="names", value='{"0": "red", "1": "green", "2": "blue"}')
    report = inspect_model(write_onnx(model, tmp_path / "m.onnx"))
    assert report.classes == ["red", "green", "blue"]
    assert (report.sees, report.input_shape, report.can_train) == ("images", [3, 8, 8], False)
    assert report.problems == []
    assert any("ONNX models predict" in note for note in report.notes)


def test_weights_in_other_files_are_refused_before_anything_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx, "load", None)
    monkeypatch.setattr(onnx, "load_from_string", None)
    path = write_onnx(with_external_data(onnx_of_means()), tmp_path / "m.onnx")
    with pytest.raises(ModelFileError, match="keeps the weights 'weight' in another file"):
        look(path)


def test_weights_in_other_files_are_found_in_inner_graphs(tmp_path):
    inner = with_external_data(onnx_of_means()).graph
    branch = helper.make_node("If", ["condition"], ["chosen"], then_branch=inner, else_branch=inner)
    model = onnx_of_means()
    model.graph.node.append(branch)
    with pytest.raises(ModelFileError, match="in another file"):
        look(write_onnx(model, tmp_path / "m.onnx"))
    constant = onnx_of_means()
    tensor = with_external_data(onnx_of_means()).graph.initializer[0]
    constant.graph.node.append(helper.make_node("Constant", [], ["c"], value=tensor))
    with pytest.raises(ModelFileError, match="in another file"):
        look(write_onnx(constant, tmp_path / "m.onnx"))


def _domain(model):
    model.graph.node[0].domain = "com.microsoft"


def _function(model):
    model.functions.append(
        helper.make_function("", "F", ["x"], ["x"], [], [helper.make_opsetid("", 18)])
    )


def _many(model):
    model.graph.node.extend([helper.make_node("Identity", ["means"], ["m"])] * 20_001)


def _two_inputs(model):
    model.graph.input.append(helper.make_tensor_value_info("other", TensorProto.FLOAT, [1]))


def _no_table(model):
    del model.graph.output[0].type.tensor_type.shape.dim[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_domain, "operators of 'com.microsoft'"),
        (_function, "defines operators of its own"),
        (_many, "more than 20000 operators"),
        (_two_inputs, "takes 2 inputs"),
        (_no_table, "no output of numbers of shape"),
        (lambda m: setattr(m.opset_import[0], "version", 6), "operators of version 6"),
        (lambda m: setattr(m.opset_import[0], "version", 999), "operators of version 999"),
    ],
)
def test_onnx_models_beyond_the_limits_are_refused(tmp_path, change, message):
    model = onnx_of_means()
    change(model)
    with pytest.raises(ModelFileError, match=message):
        look(write_onnx(model, tmp_path / "m.onnx"))


def test_what_onnxruntime_cannot_run_is_told(tmp_path, monkeypatch):
    path = write_onnx(onnx_of_means(ir_version=99), tmp_path / "m.onnx")
    (problem,) = (p for p in look(path).problems if p.is_fatal)
    assert problem.field == "onnxruntime"
    assert "cannot run the model" in problem.found
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (problem,) = (p for p in look(path).problems if p.is_fatal)
    assert "pip install" in problem.found


def test_onnx_files_that_are_cut_off_are_refused(tmp_path):
    path = write_onnx(onnx_of_means(), tmp_path / "m.onnx")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ModelFileError, match=r"m\.onnx"):
        look(path)


def test_onnx_models_of_other_features_are_told(tmp_path):
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 5])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 5])
    graph = helper.make_graph([helper.make_node("Softmax", ["x"], ["y"])], "g", [given], [out])
    opsets = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    report = look(write_onnx(model, tmp_path / "m.onnx"))
    assert [p.field for p in report.problems if p.is_fatal] == ["features"]


# Classes --------------------------------------------------------------------------------------


def test_labels_are_suggested():
    labels = ["cat", "Dog", "dog ", "Red fox", "frog"]
    found = suggest_labels(["cat", "CAT", "dog", "red_fox", "frogs", "zebra"], labels)
    assert [(s.label, s.how) for s in found] == [
        ("cat", "exact"),
        ("cat", "case"),
        (None, "similar"),  # two labels are alike: people have to say which
        ("Red fox", "case"),
        (None, "similar"),
        (None, "none"),
    ]
    assert found[2].similar[:2] == ["Dog", "dog "]
    assert found[4].similar[0] == "frog"


def test_remarks_of_strangers_are_read_with_care(tmp_path):
    remarks = {"skal": json.dumps({"classes": [1, {}], "standardize": [[1], [0]], "params": 3})}
    path = weights_of(MLP((1, 4, 4), 2), tmp_path / "w.safetensors", remarks)
    report = look(path)
    assert not report.has_names
    assert report.standardize is None


def test_a_resnet_of_skal_is_told_with_its_stem(tmp_path):
    path = weights_of(resnet18((3, 16, 16), 2), tmp_path / "w.safetensors")
    report = look(path, 16)
    assert (report.net["params"], report.input_shape) == ({"stem": "small"}, [3, 16, 16])
