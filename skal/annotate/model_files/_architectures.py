"""Which network some weights are of, told by their names and shapes alone."""

import math
from dataclasses import dataclass

IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
PHOTO_SIZE = 224  # pixels of a side, of what torchvision's networks were trained on
PREFIXES = ("module.", "model.", "net.", "network.", "backbone.", "_orig_mod.")
COUNTERS = "num_batches_tracked"  # of batch norms; older files have none, and nothing needs them
KNOWN = "mlp, cnn and lenet of skal, and resnet18, resnet50, efficientnet_b0 and vit_b_16"


@dataclass(frozen=True)
class Architecture:
    """A network, as its weights tell.

    Attributes
    ----------
    name : str
        As in :meth:`skal.annotate.Project.set_model`.
    estimator : str
        The class of :mod:`skal.nets`.
    params : dict
        What the class is made with.
    in_shape : list of int
        Channels, height and width.
    n_classes : int
    has_any_size : bool
        Whether images of other sizes can be learned from too.
    """

    name: str
    estimator: str
    params: dict
    in_shape: list
    n_classes: int
    has_any_size: bool = False


def clean_names(names):
    """Return the names of weights without what wrappers put before all of them.

    Returns
    -------
    dict of str to str
        As a :class:`skal.nets.NetClassifier` has them, by the names of the file.
    """
    names = list(names)
    cut = 0
    while names and (prefix := _common_prefix([name[cut:] for name in names])):
        cut += len(prefix)
    return {name: _inner(name[cut:]) for name in names}


def _common_prefix(names):
    return next((p for p in PREFIXES if all(name.startswith(p) for name in names)), "")


def _inner(name):
    return name.replace("fc.", "fc.1.") if name in ("fc.weight", "fc.bias") else name


def recognize(shapes, size):
    """Return the network that weights are of, or None.

    Parameters
    ----------
    shapes : dict of str to list of int
        By cleaned names.
    size : int
        The side of images where the network takes any.
    """
    for find in (_vit, _efficientnet, _resnet, _cnn, _lenet, _mlp):
        try:
            found = find(shapes, size)
        except (KeyError, IndexError):  # some of what tells sizes is missing
            continue
        if found is not None:
            return found
    return None


def _vit(shapes, size):
    if "conv_proj.weight" not in shapes:
        return None
    side = 16 * math.isqrt(max(0, shapes["encoder.pos_embedding"][1] - 1))
    channels, n_classes = shapes["conv_proj.weight"][1], shapes["heads.head.weight"][0]
    in_shape = [channels, side, side]
    return Architecture("vit_b_16", "ViTB16Classifier", {}, in_shape, n_classes, True)


def _efficientnet(shapes, size):
    if not any(name.startswith("features.1.0.block.") for name in shapes):
        return None
    in_shape = [shapes["features.0.0.weight"][1], PHOTO_SIZE, PHOTO_SIZE]
    n_classes = shapes["classifier.1.weight"][0]
    name = "EfficientNetB0Classifier"
    return Architecture("efficientnet_b0", name, {}, in_shape, n_classes, True)


def _resnet(shapes, size):
    if not any(name.startswith("layer1.0.") for name in shapes):
        return None
    depth = 50 if any(name.startswith("layer1.0.conv3") for name in shapes) else 18
    _, channels, kernel, _ = shapes["conv1.weight"]
    stem, side = ("small", size) if kernel == 3 else ("imagenet", PHOTO_SIZE)
    n_classes = shapes["fc.1.weight"][0]
    params, in_shape = {"stem": stem}, [channels, side, side]
    return Architecture(
        f"resnet{depth}", f"ResNet{depth}Classifier", params, in_shape, n_classes, True
    )


def _layers(shapes):
    return {name for name in shapes if name.endswith("weight")}


def _cnn(shapes, size):
    if not {"3.weight", "6.weight", "11.weight"} <= _layers(shapes):
        return None
    channels = shapes["0.weight"][1]
    side = 8 * math.isqrt(shapes["11.weight"][1] // 128)
    in_shape = [channels, side, side]
    return Architecture("cnn", "CNNClassifier", {}, in_shape, shapes["14.weight"][0])


def _lenet(shapes, size):
    if not {"4.weight", "10.weight"} <= _layers(shapes):
        return None
    side = 12 + 4 * math.isqrt(shapes["10.weight"][1] // 64)
    in_shape = [shapes["0.weight"][1], side, side]
    return Architecture("lenet", "LeNetClassifier", {}, in_shape, shapes["13.weight"][0])


def _mlp(shapes, size):
    if _layers(shapes) != {"1.weight", "4.weight"}:
        return None
    n_hidden, n_in = shapes["1.weight"]
    channels = next((c for c in (3, 1) if math.isqrt(n_in // c) ** 2 * c == n_in), None)
    if channels is None:
        return None
    side = math.isqrt(n_in // channels)
    params, in_shape = {"n_hidden": n_hidden}, [channels, side, side]
    return Architecture("mlp", "MLPClassifier", params, in_shape, shapes["4.weight"][0])


def expected_shapes(architecture):
    """Return the shapes of a network's weights, made without memory for them."""
    import torch

    from ...nets import _modules, _photo_modules

    makers = {"mlp": _modules.MLP, "cnn": _modules.CNN, "lenet": _modules.LeNet}
    make = makers.get(architecture.name) or getattr(_photo_modules, architecture.name)
    with torch.device("meta"):
        module = make(tuple(architecture.in_shape), architecture.n_classes, **architecture.params)
    return {name: list(value.shape) for name, value in module.state_dict().items()}


def compare(shapes, expected):
    """Return what is missing, unexpected, and of another shape, each as names with shapes."""
    missing = [
        [name, shape]
        for name, shape in expected.items()
        if name not in shapes and not name.endswith(COUNTERS)
    ]
    unexpected = [[name, shape] for name, shape in shapes.items() if name not in expected]
    mismatched = [
        [name, shape]
        for name, shape in shapes.items()
        if name in expected and shape != expected[name]
    ]
    return missing, unexpected, mismatched
