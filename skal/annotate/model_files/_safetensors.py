"""The header of a safetensors file: names, shapes and remarks; no tensor is read."""

import json
import math
from dataclasses import dataclass

from ...exceptions import ModelFileError

MAX_HEADER = 8 * 2**20
MAX_TENSORS = 20_000
BITS = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I64": 64, "I32": 32, "I16": 16, "I8": 8}
BITS |= {"U8": 8, "BOOL": 8, "U16": 16, "U32": 32, "U64": 64}


@dataclass(frozen=True)
class Header:
    """What a safetensors file says of itself.

    Attributes
    ----------
    shapes : dict of str to list of int
        Of each tensor.
    remarks : dict of str to str
        What its writer has added.
    n_parameters : int
        Numbers in it.
    """

    shapes: dict
    remarks: dict
    n_parameters: int


def read_header(path):
    """Return the header of a file, or raise if it does not fit its content to the byte."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= MAX_HEADER:
            raise _broken(path, f"its header would have {length} bytes")
        content = file.read(length)
    n_data = path.stat().st_size - 8 - length
    if n_data < 0:
        raise _broken(path, "it is cut off")
    entries = _parse(path, content)
    remarks = _remarks(path, entries.pop("__metadata__", {}))
    _check_entries(path, entries, n_data)
    shapes = {name: entry["shape"] for name, entry in entries.items()}
    return Header(shapes, remarks, sum(math.prod(shape) for shape in shapes.values()))


def _parse(path, content):
    try:
        entries = json.loads(content.decode("utf-8"), object_pairs_hook=_distinct)
    except (ValueError, RecursionError) as error:
        raise _broken(path, f"its header cannot be read ({error})") from error
    if not isinstance(entries, dict) or not 1 <= len(entries) <= MAX_TENSORS:
        raise _broken(path, f"its header names no tensors, or more than {MAX_TENSORS}")
    return entries


def _distinct(pairs):
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name occurs twice")
    return dict(pairs)


def _remarks(path, remarks):
    if not isinstance(remarks, dict) or not all(isinstance(v, str) for v in remarks.values()):
        raise _broken(path, "its remarks are no texts")
    return remarks


def _check_entries(path, entries, n_data):
    """Raise unless the tensors cover the data, each byte once."""
    end = 0
    for name, entry in sorted(entries.items(), key=lambda item: _begin_of(path, item)):
        begin, stop = entry["data_offsets"]
        n_bytes = math.prod(entry["shape"]) * BITS[entry["dtype"]] // 8
        if begin != end or stop - begin != n_bytes:
            raise _broken(path, f"the place of {name!r} does not fit its shape")
        end = stop
    if end != n_data:
        raise _broken(path, f"it should hold {end} bytes of tensors, and holds {n_data}")


def _begin_of(path, item):
    """Return where a tensor begins, having checked that it is described as it should be."""
    name, entry = item
    is_whole = (
        isinstance(entry, dict)
        and set(entry) == {"dtype", "shape", "data_offsets"}
        and entry["dtype"] in BITS
        and _is_counts(entry["shape"])
        and _is_counts(entry["data_offsets"])
        and len(entry["data_offsets"]) == 2
    )
    if not is_whole:
        raise _broken(path, f"it does not describe {name!r} as safetensors does")
    return entry["data_offsets"][0]


def _is_counts(values):
    return isinstance(values, list) and all(type(v) is int and 0 <= v < 2**48 for v in values)


def _broken(path, what):
    return ModelFileError(
        f"{path.name!r} is no whole safetensors file: {what}. Save or copy the model again."
    )
