"""Models as ONNX files, which other programs run, and a check that they say the same."""

import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..exceptions import ModelFileError
from .model_files import _onnx

OPSET, OPSET_ML = 18, 3
TOLERANCE = 1e-5  # of probabilities
MOST_TIES = 0.05  # of images that rounding may lead to another leaf, or another neighbor


@dataclass(frozen=True)
class Check:
    """How an ONNX file compares with its model.

    Attributes
    ----------
    n : int
        Images that were compared.
    largest : float
        The largest difference of a probability, of images that do not differ.
    n_ties : int
        Images that rounding has led to another leaf of a tree, or to another neighbor.
    """

    n: int
    largest: float
    n_ties: int


def of_net(net, size, remark):
    """Return the bytes of an ONNX file that takes images of uint8 of shape (n, size, size, 3)."""
    import torch

    try:
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ModelFileError(
            f"torch writes ONNX files by the library onnxscript ({error}). Install it: pip install "
            f'"skal[annotate]".'
        ) from error
    module = _whole_module(net)
    images = torch.zeros(2, size, size, 3, dtype=torch.uint8)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's own libraries
        path = Path(folder) / "model.onnx"
        torch.onnx.export(
            module,
            (images,),
            path,
            input_names=["images"],
            output_names=["probabilities"],
            opset_version=OPSET,
            dynamic_shapes=[{0: torch.export.Dim("n")}],
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        model = _onnx.parse(path.read_bytes(), path.name)
    return _onnx.with_remark(model, remark).SerializeToString()


def _whole_module(net):
    """Return a module from bytes of images to probabilities, as the net's reader has it."""
    import torch

    reader, inner = net.reader_, net.net_.module_

    class Whole(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = inner
            for name in ("mean", "std"):
                value = getattr(reader, name)
                default = np.full((3, 1, 1), float(name == "std"), np.float32)
                tensor = torch.tensor(default if value is None else value)
                self.register_buffer(name, tensor)

        def forward(self, images):
            pixels = images.permute(0, 3, 1, 2).float() / 255
            return self.inner((pixels - self.mean) / self.std).softmax(dim=1)

    return Whole().to("cpu").eval()


def of_pipeline(pipeline, remark):
    """Return the bytes of an ONNX file that takes features of float32 of shape (n, 756)."""
    try:
        import skl2onnx
    except ImportError as error:
        raise ModelFileError(
            f"models of scikit-learn become ONNX files by the library skl2onnx ({error}). Install "
            f'it: pip install "skal[annotate]".'
        ) from error
    n_features = pipeline[0].n_features_in_
    features = [("features", skl2onnx.common.data_types.FloatTensorType([None, n_features]))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # it asks estimators for old attributes
        try:
            model = skl2onnx.to_onnx(
                pipeline,
                initial_types=features,
                options={"zipmap": False},
                target_opset={"": OPSET, "ai.onnx.ml": OPSET_ML},
            )
        except Exception as error:  # each converter fails in its own way
            kind = type(pipeline[-1]).__name__
            raise ModelFileError(
                f"skl2onnx {skl2onnx.__version__} cannot write a {kind} "
                f"({type(error).__name__}: {str(error)[:120]}). Export it as skops."
            ) from error
    return _onnx.with_remark(model, remark).SerializeToString()


def run(content, X):
    """Return the probabilities that an ONNX file of skal says."""
    try:
        import onnxruntime
    except ImportError:
        from onnx.reference import ReferenceEvaluator

        session = ReferenceEvaluator(_onnx.parse(content, "the model"))
        return session.run(["probabilities"], {session.input_names[0]: X})[0]
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(["probabilities"], {session.get_inputs()[0].name: X})[0]


def check_same(content, X, expected, is_stepwise):
    """Return how an ONNX file compares with its model, or raise if it says something else.

    Only a model whose probabilities change in steps may differ on a few images.
    """
    differences = np.abs(run(content, X) - expected).max(axis=1)
    is_tie = differences > TOLERANCE
    if is_tie.mean() > (MOST_TIES if is_stepwise else 0):
        raise ModelFileError(
            f"the ONNX file would not say what the model says: probabilities of "
            f"{int(is_tie.sum())} of {len(X)} images differ by up to {differences.max():.2g}. "
            f"Export it in the format of its library."
        )
    return Check(len(X), float(differences[~is_tie].max()), int(is_tie.sum()))
