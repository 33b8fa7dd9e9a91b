"""A look at an ONNX file, which is parsed from bytes and never lets another file be read."""

from collections.abc import Iterator

from ...exceptions import ModelFileError
from .._features import WIDTH
from ._architectures import PHOTO_SIZE
from ._remarks import KEY, read_remarks
from ._report import ModelFileReport, ModelProblem
from ._skops import features_problem

MAX_NODES = 20_000
MAX_DEPTH = 8  # of graphs within graphs
MIN_OPSET = 7
DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
UINT8, FLOAT, DOUBLE = 2, 1, 11  # types of tensors


def look(path, size):
    """Return the report of an ONNX file."""
    content = path.read_bytes()
    model = parse(content, path.name)
    check_safe(model, path.name)
    remarks = {entry.key: entry.value for entry in model.metadata_props}
    said = read_remarks(remarks)
    given, problems = _input_of(model, said, size)
    n_classes = _n_classes(model)
    named = said.get("classes") or _names_in_graph(model)
    has_names = len(named) == n_classes
    graph_inputs = given["shape"]
    return ModelFileReport(
        format="onnx",
        architecture=model.producer_name or None,
        classes=named if has_names else [f"class {i}" for i in range(n_classes)],
        has_names=has_names,
        sees="features" if len(graph_inputs) == 1 else "images",
        input_shape=graph_inputs,
        n_parameters=sum(_n_numbers(t) for t in model.graph.initializer),
        n_bytes=path.stat().st_size,
        standardize=None if given["takes_bytes"] else said.get("standardize"),
        notes=[*_notes(given, said), "ONNX models predict; trainings make the project's own."],
        problems=[*problems, *runtime_problems(content)],
        net=given,
    )


def parse(content, name):
    """Return the model in bytes of a file."""
    onnx = import_onnx()
    from google.protobuf.message import DecodeError

    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except DecodeError as error:
        raise ModelFileError(
            f"{name!r} is no whole ONNX file ({error}). Save or copy the model again."
        ) from error
    if not model.graph.node or not model.opset_import:
        raise ModelFileError(f"{name!r} is no ONNX file: it holds no graph. Save the model again.")
    texts = [entry.key for entry in model.metadata_props]
    texts += [v.name for v in (*model.graph.input, *model.graph.output, *model.graph.initializer)]
    if not all(isinstance(text, str) for text in texts):
        raise ModelFileError(f"{name!r} is damaged: its names are no texts. Save the model again.")
    return model


def import_onnx():
    """Return onnx, or raise an error that says how to install it."""
    try:
        import onnx
    except ImportError as error:
        raise ModelFileError(
            f'ONNX files need the library onnx ({error}). Install it: pip install "skal[annotate]".'
        ) from error
    return onnx


def import_onnxruntime():
    """Return onnxruntime, or raise an error that says how to install it."""
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelFileError(
            f"ONNX models predict by the library onnxruntime ({error}). Install it: pip install "
            f'"skal[annotate]".'
        ) from error
    return onnxruntime


def check_safe(model, name):
    """Raise for models that read other files, or do more than known operators do.

    Parameters
    ----------
    model : onnx.ModelProto
        As it was parsed.
    name : str
        Of the file, for messages.
    """
    newest = import_onnx().defs.onnx_opset_version()
    for entry in model.opset_import:
        _check_domain(entry.domain, name)
        is_main = entry.domain in ("", "ai.onnx")
        if is_main and not MIN_OPSET <= entry.version <= newest:
            raise ModelFileError(
                f"{name!r} uses operators of version {entry.version}; versions {MIN_OPSET} to "
                f"{newest} are read. Export it for one of these."
            )
    if model.functions:
        raise ModelFileError(f"{name!r} defines operators of its own. Export it without.")
    if model.training_info:
        raise ModelFileError(f"{name!r} holds a training. Export it for inference.")
    n_nodes = 0
    for node in _nodes(model.graph, name):
        n_nodes += 1
        _check_domain(node.domain, name)
        if n_nodes > MAX_NODES:
            raise ModelFileError(f"{name!r} has more than {MAX_NODES} operators.")


def _check_domain(domain, name):
    if domain not in DOMAINS:
        raise ModelFileError(
            f"{name!r} uses operators of {domain!r}; only those of ONNX itself are run. Export it "
            f"without."
        )


def _nodes(graph, name, depth=0) -> Iterator:
    """Yield the operators of a graph and of those within, having looked at all tensors."""
    if depth > MAX_DEPTH:
        raise ModelFileError(f"{name!r} nests graphs more than {MAX_DEPTH} deep.")
    for tensor in graph.initializer:
        _check_tensor(tensor, name)
    for sparse in graph.sparse_initializer:
        _check_sparse(sparse, name)
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            _check_attribute(attribute, name)
            for inner in (attribute.g, *attribute.graphs):
                if inner.node:
                    yield from _nodes(inner, name, depth + 1)
                else:
                    for tensor in inner.initializer:
                        _check_tensor(tensor, name)


def _check_attribute(attribute, name):
    for tensor in (attribute.t, *attribute.tensors):
        _check_tensor(tensor, name)
    for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
        _check_sparse(sparse, name)


def _check_sparse(sparse, name):
    _check_tensor(sparse.values, name)
    _check_tensor(sparse.indices, name)


def _check_tensor(tensor, name):
    if tensor.data_location or tensor.external_data:
        raise ModelFileError(
            f"{name!r} keeps the weights {tensor.name!r} in another file, which is not read. Save "
            f"it as one file: onnx.save(model, path, save_as_external_data=False)."
        )


def _n_numbers(tensor):
    count = 1
    for side in tensor.dims:
        count *= max(0, side)
    return count


def _input_of(model, said, size):
    """Return how samples are given to a model, and problems."""
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    if len(inputs) != 1:
        names = [value.name for value in inputs]
        raise ModelFileError(
            f"the model takes {len(names)} inputs, {names[:5]}; expected one, of images."
        )
    (value,) = inputs
    kind = value.type.tensor_type
    sides = [d.dim_value if d.HasField("dim_value") else None for d in kind.shape.dim]
    given = {"input": value.name, "takes_bytes": kind.elem_type == UINT8}
    if len(sides) == 2:
        n = sides[1] or 0
        problems = [] if n == WIDTH else [features_problem(n)]
        return given | {"shape": [n], "layout": "rows"}, problems
    if len(sides) != 4 or kind.elem_type not in (UINT8, FLOAT, DOUBLE):
        raise ModelFileError(
            f"the model takes tensors of shape {sides}; expected images, (n, channels, height, "
            f"width) or (n, height, width, channels), of float32 or uint8."
        )
    return _image_input(given, sides, said, size)


def _image_input(given, sides, said, size):
    is_last = sides[3] in (1, 3) and sides[1] not in (1, 3)
    channels, spatial = (sides[3], sides[1:3]) if is_last else (sides[1], sides[2:])
    layout = "channels_last" if is_last else "channels_first"
    said_shape = said.get("input_shape") or [None, None, None]
    found = [s or t for s, t in zip([channels, *spatial], said_shape, strict=False)]
    shape = [found[0] or 3, found[1] or PHOTO_SIZE, found[2] or PHOTO_SIZE]
    given = given | {"shape": shape, "layout": layout, "is_size_known": None not in found}
    problems = []
    if shape[0] not in (1, 3) or shape[1] != shape[2]:
        problems.append(
            ModelProblem(
                "input",
                "square images of one or three channels",
                " x ".join(map(str, shape)),
                "Export the model for such images.",
            )
        )
    return given, problems


def _notes(given, said):
    notes = []
    if not given.get("is_size_known", True):
        notes.append(f"Images of {PHOTO_SIZE} x {PHOTO_SIZE} pixels are assumed.")
    if len(given["shape"]) == 3 and not given["takes_bytes"] and "standardize" not in said:
        notes.append("Pixels from 0 to 1 are assumed, since the file says nothing of statistics.")
    return notes


def runtime_problems(content):
    """Return what keeps onnxruntime from running a model that was found to be safe."""
    try:
        start_session(content)
    except ModelFileError as error:
        fix = "Export the model for an older version of ONNX, or install what is missing."
        return [ModelProblem("onnxruntime", "a model that it runs", str(error), fix)]
    return []


def start_session(content):
    """Return a session of onnxruntime, on one core, or raise an error that says why not."""
    runtime = import_onnxruntime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # its errors are raised, and need no lines of their own
    try:
        return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # it has many classes for them, of which none is public
        raise ModelFileError(
            f"onnxruntime {runtime.__version__} cannot run the model: {str(error)[:300]}"
        ) from error


def _n_classes(model):
    """Return how many classes the output of a model has; 0 where it does not say."""
    output = output_of(model)
    if output is None:
        raise ModelFileError(
            "the model has no output of numbers of shape (n, classes). Export its probabilities as "
            "a tensor (of scikit-learn models, with options={'zipmap': False})."
        )
    last = output.type.tensor_type.shape.dim[1]
    return last.dim_value if last.HasField("dim_value") else len(_names_in_graph(model))


def output_of(model):
    """Return the output of a model that holds a number for each class, or None."""
    tables = [
        value
        for value in model.graph.output
        if value.type.HasField("tensor_type")
        and value.type.tensor_type.elem_type in (FLOAT, DOUBLE)
        and len(value.type.tensor_type.shape.dim) == 2
    ]
    named = [value for value in tables if "prob" in value.name.lower()]
    return next(iter([*named, *tables]), None)


def _names_in_graph(model):
    """Return the names of classes that operators of trees and linear models hold."""
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name in ("classlabels_strings", "classlabels_ints", "classlabels_int64s"):
                names = [s.decode("utf-8", "replace") for s in attribute.strings]
                names = names or [str(i) for i in attribute.ints]
                if len(names) > 1:
                    return names
    return []


def with_remark(model, remark):
    """Add what skal says of a model to it."""
    import json

    entry = model.metadata_props.add()
    entry.key, entry.value = KEY, json.dumps(remark)
    return model
