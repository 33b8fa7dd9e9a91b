"""Files of models for tests: whole ones, broken ones, and evil ones."""

import json
import pickle
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file


class Touch:
    """Touches a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def evil_pickles(folder, touched):
    """Write pickles of all kinds under harmless names; return their paths."""
    evil = Touch(touched)
    paths = [folder / f"protocol{n}.onnx" for n in range(6)]
    for protocol, path in enumerate(paths):
        path.write_bytes(pickle.dumps(evil, protocol=protocol))
    torch.save(evil, folder / "torch.skops")
    torch.save(evil, folder / "old.safetensors", _use_new_zipfile_serialization=False)
    import joblib

    joblib.dump(evil, folder / "squeezed.skops", compress=("zlib", 3))
    names = ("torch.skops", "old.safetensors", "squeezed.skops")
    return [*paths, *(folder / name for name in names)]


def weights_of(module, path, remarks=None):
    """Write the weights of a module."""
    state = {k: v.contiguous() for k, v in module.state_dict().items()}
    save_file(state, path, metadata=remarks)
    return path


def sparse_weights(shapes, path, remarks=None):
    """Write a file of zeros with tensors of some shapes, which takes no space on disk."""
    header, end = {"__metadata__": remarks or {}}, 0
    for name, shape in shapes.items():
        size = 4 * int(np.prod(shape))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    with open(path, "r+b") as file:
        file.truncate(8 + len(text) + end)
    return path


def onnx_of_means(n_classes=3, side=8, ir_version=10):
    """Return an ONNX model of images: logits of the mean of each channel."""
    weight = numpy_helper.from_array(np.eye(3, n_classes, dtype=np.float32) * 9, "weight")
    nodes = [
        helper.make_node("ReduceMean", ["images", "axes"], ["means"], keepdims=0),
        helper.make_node("MatMul", ["means", "weight"], ["logits"]),
    ]
    axes = numpy_helper.from_array(np.array([2, 3], np.int64), "axes")
    given = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, side, side])
    out = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", n_classes])
    graph = helper.make_graph(nodes, "means", [given], [out], [weight, axes])
    opsets = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)


def write_onnx(model, path):
    """Write an ONNX model without looking at it."""
    path.write_bytes(model.SerializeToString())
    return path


def with_external_data(model, location="../../secret"):
    """Let the weights of a model be in another file."""
    tensor = model.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, location)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    return model
