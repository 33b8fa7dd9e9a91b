"""JSON: coordinates.json, lists of positions by name, and EMAN2's ``_info.json``."""

import json
from collections import Counter

from ..exceptions import FormatError
from ._content import decode
from ._names import listed
from ._table import make_picks

INFO = "_info"  # what EMAN2 sets after the name of a micrograph


def load_json(path, text):
    """Return the value of a JSON text in which no name comes twice."""
    try:
        return json.loads(text, object_pairs_hook=lambda pairs: _distinct(path, pairs))
    except json.JSONDecodeError as error:
        raise FormatError(f"{path} is damaged: {error}.") from error


def _distinct(path, pairs):
    twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if twice:
        raise FormatError(f"{path} has names that come twice: {listed(twice)}. Merge them.")
    return dict(pairs)


def read_coordinates(path, content):
    """Return the picks of an object that lists [x, y] by the name of a micrograph."""
    found = load_json(path, decode(path, content))
    if not isinstance(found, dict):
        raise FormatError(f"{path} must be an object of lists by name; got {_kind(found)}.")
    rows = [
        (name, *_position(path, name, i, position))
        for name, positions in found.items()
        for i, position in enumerate(_listed(path, name, positions), 1)
    ]
    return make_picks(path, _columns(rows), list(found))


def read_eman2(path, content):
    """Return the picks of EMAN2's file for one micrograph: centers, and how each was picked."""
    found = load_json(path, decode(path, content))
    if not isinstance(found, dict) or "boxes" not in found:
        raise FormatError(f"{path} is no _info.json of EMAN2: it must have the field 'boxes'.")
    name = path.stem.removesuffix(INFO)
    boxes = _listed(path, "boxes", found["boxes"])
    rows = [
        (name, *_position(path, "boxes", i, box[:2] if isinstance(box, list) else box))
        for i, box in enumerate(boxes, 1)
    ]
    return make_picks(path, _columns(rows), [name])


def _columns(rows):
    names, x, y = zip(*rows, strict=True) if rows else ((), (), ())
    return {"micrograph": list(names), "x": list(x), "y": list(y)}


def _listed(path, name, positions):
    if not isinstance(positions, list):
        raise FormatError(f"{path}: {name!r} must be a list of [x, y]; got {_kind(positions)}.")
    return positions


def _position(path, name, number, position):
    is_pair = isinstance(position, list) and len(position) == 2
    if not is_pair or not all(type(value) in (int, float) for value in position):
        raise FormatError(
            f"{path}: pick {number} of {name!r} must be two numbers [x, y]; got "
            f"{json.dumps(position)[:60]}."
        )
    return [repr(value) for value in position]


def _kind(value):
    return {list: "a list", dict: "an object", str: "text"}.get(type(value), "a number")


def is_eman2(value):
    """Return whether a JSON value can be a file of EMAN2."""
    return isinstance(value, dict) and isinstance(value.get("boxes"), list)


def is_coordinates(value):
    """Return whether a JSON value can be a coordinates.json, by its first positions."""
    return isinstance(value, dict) and all(
        isinstance(positions, list) and (not positions or _is_pair(positions[0]))
        for positions in value.values()
    )


def _is_pair(position):
    return isinstance(position, list) and len(position) == 2


def write_coordinates(picks, micrographs):
    """Return the text of a coordinates.json, with empty lists for names without picks."""
    found = {name: [] for name in micrographs}
    for name, x, y in zip(*(picks[n].tolist() for n in ("micrograph", "x", "y")), strict=True):
        found.setdefault(name, []).append([float(x), float(y)])
    lines = [f"{json.dumps(n, ensure_ascii=False)}: {json.dumps(p)}" for n, p in found.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"
