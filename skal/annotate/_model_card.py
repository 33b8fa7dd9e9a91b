"""The card of an exported model: what it is, how good, and the code that uses it."""

import time

_INTRO = """\
# {project}: model {id}

A {title} that tells {n_classes} kinds of images apart, made with skal {version} on {date} by active
learning.

| | |
|---|---|
| Classes, in order | {classes} |
| Labels that trained it | {n_labels} |
| Images were chosen by | {strategy} |
| Score | {score} |
| Made | {made} |
| Files | {files} |

The score is the accuracy on images of this project that were drawn at random, labeled blind, and
trained nothing. It says nothing of images from elsewhere.
"""

_IMAGES = """\
## What it takes

Images of three channels, squeezed into squares of {size} x {size} pixels (by averaging; of more
than 8 bits, the percentiles 0.5 and 99.5 become black and white), upright as their EXIF data say:
`read_images` does all of this. {statistics}
"""

_FEATURES = """\
## What it takes

756 numbers of each image: histograms of oriented gradients of its 64 x 64 pixels (9 directions,
cells of 16 pixels, blocks of 2 x 2 cells), then 12 x 12 pixels of its three colors in [0, 1]. They
are the same in all projects: `describe_images` finds them. The first step of the model brings them
to the axes that the project's embedding has.
"""

_CODE = """\
## Use

Unpack this ZIP file, and run this beside the folder `model`:

```python
{code}
```
"""

_NET = """\
from skal.annotate.model_files import read_images
from skal.nets import NetClassifier

net = NetClassifier.load("model")
X = read_images(["photo.png"], size={size})
print(net.predict(X), net.predict_proba(X))"""

_SKOPS = """\
from skal.annotate.model_files import describe_images, load_skops

model = load_skops("model/model.skops")
X = describe_images(["photo.png"])
print(model.predict(X), model.predict_proba(X))"""

_ONNX = """\
import onnxruntime

from skal.annotate.model_files import {read}

session = onnxruntime.InferenceSession("model/model.onnx")
X = {call}
(proba,) = session.run(["probabilities"], {{"{given}": X}})
names = {names!r}
print([names[i] for i in proba.argmax(axis=1)], proba)"""

_CHECK = """\
The ONNX file was compared with the model on {n} images of the project: probabilities differ by
{largest:.1g} at most{ties}.
"""


def write_card(facts, format, files, check):
    """Return the card of a model as Markdown.

    Parameters
    ----------
    facts : Facts
        All that is said of it.
    format : {"safetensors", "skops", "onnx"}
        Of its file.
    files : list of str
        What stands beside the card.
    check : Check or None
        How an ONNX file compares with it.
    """
    what = _IMAGES if facts.is_net else _FEATURES
    parts = [
        _INTRO.format(**_said(facts), files=", ".join(f"`{name}`" for name in files)),
        what.format(size=facts.image_size, statistics=_statistics(facts.remark)),
        _CODE.format(code=_code(facts, format)),
    ]
    if check is not None:
        ties = f"; of {check.n_ties} images, rounding leads to other leaves or neighbors"
        parts.append(
            _CHECK.format(n=check.n, largest=check.largest, ties=ties if check.n_ties else "")
        )
    return "\n".join(parts)


def _said(facts):
    score = facts.score
    return {
        "project": _plain(facts.project),
        "id": facts.row.id,
        "title": facts.title,
        "n_classes": len(facts.names),
        "classes": ", ".join(f"`{_plain(name)}`" for name in facts.names),
        "n_labels": facts.row.n_labels,
        "strategy": _plain(facts.row.strategy),
        "score": "no estimate: fewer than 20 monitor images have a label"
        if score is None
        else f"{score.score:.3f} (95 % interval {score.low:.3f} to {score.high:.3f}, "
        f"n = {score.n})",
        "made": time.strftime("%Y-%m-%d", time.gmtime(facts.row.created)),
        "version": facts.remark["version"],
        "date": facts.remark["created"],
    }


def _plain(text):
    """Return a text that ends no cell of a table and begins no markup."""
    return "".join(c if c.isprintable() else " " for c in text).translate(
        str.maketrans({"|": "/", "`": "'", "<": "(", ">": ")"})
    )


def _statistics(remark):
    if remark.get("standardize") is None:
        return "Pixels are divided by 255; the file does so itself."
    mean, std = remark["standardize"]
    means, deviations = (", ".join(f"{v:.4f}" for v in part) for part in (mean, std))
    return (
        f"Pixels are divided by 255, then means ({means}) are taken out and divided by deviations "
        f"({deviations}); the file does so itself."
    )


def _code(facts, format):
    if format == "skops":
        return _SKOPS
    if format == "safetensors":
        return _NET.format(size=facts.image_size)
    if facts.is_net:
        call = f'read_images(["photo.png"], size={facts.image_size})'
        return _ONNX.format(read="read_images", call=call, given="images", names=facts.names)
    call = 'describe_images(["photo.png"])'
    return _ONNX.format(read="describe_images", call=call, given="features", names=facts.names)
