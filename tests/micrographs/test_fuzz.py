"""Whatever is in a file, it is read or refused with the error that says so."""

import io
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skal.exceptions import FormatError
from skal.micrographs import read_batches, read_picks, read_stack, write_micrograph
from skal.micrographs.formats import FORMATS

pytest.importorskip("gemmi")
pytest.importorskip("mrcfile")

TEXTS = [
    "# version 1\ndata_\n\nloop_\n_rlnMicrographName #1\n_rlnCoordinateX #2\n_rlnCoordinateY #3\n"
    "ä.mrc 1.5 2\n'b c' 3 4\n",
    "data_cryolo\n\nloop_\n_CoordinateX\n_CoordinateY\n_Width\n_Height\n_Confidence\n"
    "1 2 3 3 <NA>\n",
    "10 20 8 8 0.5\n11 21 8 8 0.5\n",
    "image_name\tx_coord\ty_coord\tscore\na b\t1\t2\t-0.5\n",
    "X-Coordinate,Y-Coordinate,Diameter\n1,2,108\n",
    'micrograph,x,y,note\na,1,2,"n, m"\n',
    '{"a.png": [[1, 2.5]], "b.png": []}',
    '{"boxes": [[10, 20, "manual"]]}',
    "Micrograph_Name  X_Coordinate  Y_Coordinate  Confidence_Score\na\t1\t2\t0.5\n",
]


def damaged(content):
    """Draw bytes with parts replaced, removed and added."""
    edit = st.tuples(
        st.integers(0, len(content)), st.integers(0, 8), st.sampled_from(PIECES) | st.binary()
    )
    return st.lists(edit, max_size=3).map(lambda edits: edited(content, edits))


PIECES = [b"", b"\0", b"\n", b'"', b"'", b",", b"\t", b"{", b"nan", b"_x ", b"data_\n", b"loop_\n"]
PIECES += [b"[[]]", b"\xff", b"1e999", b";", b"\\", b"\\ud800", b"1_0"]


def edited(content, edits):
    for start, length, piece in edits:
        content = content[:start] + piece + content[start + length :]
    return content


def is_read_or_refused(read, content, name):
    """Run a reader on a file; any error but FormatError fails the test."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # libraries warn of what they can still read
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            read(path)
        except FormatError as error:
            return name in str(error)
    return True


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(TEXTS).flatmap(lambda text: damaged(text.encode())),
    st.sampled_from([None, *FORMATS]),
)
def test_damaged_files_of_picks(content, format):
    def read(path):
        return read_picks(path, format=format, image_height=100)

    assert is_read_or_refused(read, content, "a.box")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_cryosparc_files(data):
    fields = [
        ("location/micrograph_path", "S9"),
        ("location/micrograph_shape", "<u4", (2,)),
        ("location/center_x_frac", "<f4"),
        ("location/center_y_frac", "<f4"),
    ]
    stream = io.BytesIO()
    np.save(stream, np.array([(b"a.mrc", (9, 9), 0.5, 0.5)] * 2, fields))
    content = data.draw(damaged(stream.getvalue()))
    assert is_read_or_refused(lambda p: read_picks(p, format="cryosparc"), content, "a.cs")


@pytest.mark.parametrize("suffix", [".mrc", ".png", ".tif"])
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_damaged_images(suffix, data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        write_micrograph(path, np.arange(12, dtype=np.uint16).reshape(3, 4))
        content = path.read_bytes()
    content = data.draw(damaged(content[:300]).map(lambda head: head + content[300:]))
    assert is_read_or_refused(read_stack, content, path.name)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damaged_batches(data):
    stream = io.BytesIO()
    np.savez(stream, images=np.zeros((1, 2, 2)), masks=np.zeros((1, 2, 2)))
    content = data.draw(damaged(stream.getvalue()))
    assert is_read_or_refused(lambda path: read_batches(path.parent)[0], content, "batch_0.npz")
