"""A look at a file of a model, in a process with limits: what it holds, and what is wrong."""

import hashlib
from dataclasses import replace
from pathlib import Path

from ..._limited import run_limited
from ...exceptions import ModelFileError
from . import _architectures, _onnx, _skops, _sniff
from ._remarks import read_remarks
from ._report import ModelFileReport, ModelProblem
from ._safetensors import read_header

TARGET = "skal.annotate.model_files._inspect:inspect_here"


def inspect_model(path, *, image_size=64, **limits):
    """Look at a file of a model without loading it.

    A process with limits of memory and time reads it, which may crash without harm. Only of skops
    files more than the header is read, after all types in them were found to be known.

    Parameters
    ----------
    path : path
        A .safetensors, .skops or .onnx file. Pickles, such as .pt and .joblib files, are not
        opened, whatever their name.
    image_size : int, default=64
        The side in pixels of images that the project's nets see.
    **limits
        ``memory`` in bytes and ``seconds``, as for skal's other limited processes.

    Returns
    -------
    ModelFileReport
        Look at its `problems`.

    Raises
    ------
    ModelFileError
        If the file holds no model, or cannot be read safely. The message says what to do.
    """
    path = Path(path).absolute()
    _sniff.check_name(path)
    request = {"path": str(path), "image_size": int(image_size)}
    return ModelFileReport.from_dict(run_limited(TARGET, request, **limits))


def inspect_here(request):
    """Look at a file in this process; the request names its path and the size of images."""
    path = Path(request["path"])
    kind = _sniff.check_name(path)
    _sniff.check_content(path, kind)
    looks = {"safetensors": _look_at_weights, "skops": _skops.look, "onnx": _onnx.look}
    report = looks[kind](path, request["image_size"])
    report = _with_common_problems(replace(report, sha256=digest(path)))
    return report.as_dict()


def digest(path):
    """Return the SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _with_common_problems(report):
    problems = list(report.problems)
    if len(report.classes) < 2:
        problems.append(
            ModelProblem(
                "classes",
                "two or more",
                str(len(report.classes)),
                "Choose a model that tells two or more classes apart, by a probability of each.",
            )
        )
    if not report.has_names:
        problems.append(
            ModelProblem(
                "class names",
                "a name of each class in the file",
                "none",
                "Say which class is which label; the order is that of the model's training.",
                is_fatal=False,
            )
        )
    return replace(report, problems=problems)


def _look_at_weights(path, size):
    header = read_header(path)
    names = _architectures.clean_names(header.shapes)
    shapes = {names[name]: shape for name, shape in header.shapes.items()}
    found = _architectures.recognize(shapes, size)
    if len(shapes) < len(names):
        raise ModelFileError(f"{path.name!r} holds two tensors of one name.")
    if found is None:
        raise ModelFileError(
            f"the network in {path.name!r} is not known: expected {_architectures.KNOWN}; found "
            f"weights such as {sorted(shapes)[:4]}. Export it as ONNX, or declare it as a model "
            f"of your own in Python, by Project.create(model=...)."
        )
    said = read_remarks(header.remarks)
    found, notes = _refined(found, said, names)
    differences = _architectures.compare(shapes, _architectures.expected_shapes(found))
    return _report_of_net(path, header, found, said, notes, differences, size)


def _refined(found, said, names):
    """Return an architecture with what the file says of it, and notes."""
    notes = []
    first = next(iter(names))
    if not first.endswith(names[first].replace("fc.1.", "fc.")) or first != names[first]:
        notes.append("The names of the weights were cut to those that the network has.")
    params = {**found.params, **{k: v for k, v in said.get("params", {}).items() if k == "dropout"}}
    shape = said.get("input_shape")
    fits = shape is not None and len(shape) == 3 and shape[0] == found.in_shape[0]
    if fits and (found.has_any_size or _same_layers(found, shape)):
        found = replace(found, in_shape=shape)
    elif found.has_any_size:
        notes.append(
            f"Images of {found.in_shape[1]} x {found.in_shape[2]} pixels are assumed, since the "
            f"file says nothing of their size."
        )
    return replace(found, params=params), notes


def _same_layers(found, shape):
    """Return whether a network for images of a shape has the weights that were found."""
    own = _architectures.expected_shapes(found)
    try:
        return _architectures.expected_shapes(replace(found, in_shape=shape)) == own
    except ValueError:  # images that are too small
        return False


def _report_of_net(path, header, found, said, notes, differences, size):
    missing, unexpected, mismatched = differences
    classes = said.get("classes") or []
    has_names = len(classes) == found.n_classes
    standardize, note = _statistics_of(found, said)
    can_train = found.has_any_size or found.in_shape[1] == found.in_shape[2] == size
    problems = _weight_problems(found, *differences)
    if not can_train:
        problems.append(_size_problem(found, size))
    return ModelFileReport(
        format="safetensors",
        architecture=found.name,
        classes=classes if has_names else [f"class {i}" for i in range(found.n_classes)],
        has_names=has_names,
        sees="images",
        input_shape=found.in_shape,
        n_parameters=header.n_parameters,
        n_bytes=path.stat().st_size,
        standardize=standardize,
        missing=missing,
        unexpected=unexpected,
        mismatched=mismatched,
        replaced=_replaced(found, size) if can_train else [],
        notes=[*notes, note],
        problems=problems,
        can_train=can_train,
        net={"estimator": found.estimator, "params": found.params},
    )


def _statistics_of(found, said):
    """Return the statistics of pixels, and where they are from."""
    channels = found.in_shape[0]
    given = said.get("standardize")
    if given is not None and len(given[0]) == channels:
        return given, "Means and deviations of pixels are those that the file names."
    if found.has_any_size and channels == 3:
        return [list(part) for part in _architectures.IMAGENET], (
            "Means and deviations of pixels are assumed to be those of ImageNet."
        )
    return None, "Pixels from 0 to 1 are assumed, since the file says nothing of statistics."


def _replaced(found, size):
    lines = [
        f"Where the project's labels are not {found.n_classes} in number, trainings replace the "
        f"last layer."
    ]
    if found.in_shape[1] != size:
        what = "; its positions are interpolated" if found.name == "vit_b_16" else ""
        lines.append(
            f"Trainings use the project's images of {size} x {size} pixels instead of "
            f"{found.in_shape[1]} x {found.in_shape[2]}{what}."
        )
    if found.in_shape[0] == 1:
        lines.append("The first layer takes colors by their brightness instead of gray.")
    return lines


def _weight_problems(found, missing, unexpected, mismatched):
    fixes = {
        "missing weights": (missing, "all of the network", "Save the whole state dict."),
        "unexpected weights": (
            unexpected,
            f"none but those of {found.name}",
            f"Remove them, or check that this is a {found.name}.",
        ),
        "shapes of weights": (
            mismatched,
            f"those of {found.name}",
            f"Check that this is a {found.name} without changes.",
        ),
    }
    return [
        ModelProblem(name, expected, _few(items), fix)
        for name, (items, expected, fix) in fixes.items()
        if items
    ]


def _few(items):
    shown = ", ".join(f"{name} {tuple(shape)}" for name, shape in items[:3])
    return f"{len(items)}: {shown}{', …' if len(items) > 3 else ''}"


def _size_problem(found, size):
    side = found.in_shape[1]
    return ModelProblem(
        "size of images",
        f"{size} x {size} pixels, as the project's nets see",
        " x ".join(map(str, found.in_shape[1:])),
        f"The model predicts as it is, but trainings cannot go on from it; for that, make the "
        f"project with image_size={side}.",
        is_fatal=False,
    )
