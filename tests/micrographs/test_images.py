"""Images of micrographs: what is written is read, and what is damaged is named."""

import bz2
import gzip
import sys

import numpy as np
import pytest
from PIL import Image

from skal.exceptions import FormatError
from skal.micrographs import read_micrograph, read_stack, write_micrograph

mrcfile = pytest.importorskip("mrcfile")


def image_of(dtype, shape=(5, 7)):
    """Return an image without symmetry, with the largest and the smallest values of its type."""
    image = np.random.RandomState(0).randint(0, 100, shape).astype(dtype)
    if np.dtype(dtype).kind in "iu":
        image[0, 0], image[-1, 0] = np.iinfo(dtype).max, np.iinfo(dtype).min
    return image


@pytest.fixture
def mrc(tmp_path):
    """Return the content of an MRC file of a float32 image of 5 x 7 pixels."""
    write_micrograph(tmp_path / "whole.mrc", image_of(np.float32), 1.25)
    return (tmp_path / "whole.mrc").read_bytes()


@pytest.mark.parametrize("dtype", ["int8", "int16", "uint16", "float16", "float32"])
@pytest.mark.parametrize("mmap", [False, True])
def test_mrc_keeps_every_value_type_and_the_order_of_rows(tmp_path, dtype, mmap):
    image = image_of(dtype)
    write_micrograph(tmp_path / "a.mrc", image, pixel_size_angstrom=0.5)
    found = read_micrograph(tmp_path / "a.mrc", mmap=mmap)
    assert found.image.dtype == image.dtype
    np.testing.assert_array_equal(found.image, image)
    assert (found.name, found.path) == ("a.mrc", tmp_path / "a.mrc")
    assert found.pixel_size_angstrom == 0.5
    content = (tmp_path / "a.mrc").read_bytes()
    assert content[1024 : 1024 + image[0].nbytes] == image[0].tobytes()  # row 0 is stored first


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_pictures_keep_every_value_and_type(tmp_path, suffix, dtype):
    image = image_of(dtype)
    write_micrograph(tmp_path / f"a{suffix}", image)
    found = read_micrograph(tmp_path / f"a{suffix}")
    assert found.image.dtype == image.dtype
    np.testing.assert_array_equal(found.image, image)
    assert found.pixel_size_angstrom is None


@pytest.mark.parametrize("dtype", ["int32", "float32", ">u2", ">f4"])
def test_tiff_keeps_other_types_too(tmp_path, dtype):
    image = image_of(dtype)
    write_micrograph(tmp_path / "a.tif", image)
    found = read_micrograph(tmp_path / "a.tif").image
    assert found.dtype == image.dtype.newbyteorder("=")
    np.testing.assert_array_equal(found, image)


def test_a_map_into_memory_reads_no_pixels(tmp_path, mrc):
    image = read_micrograph(tmp_path / "whole.mrc", mmap=True).image
    assert isinstance(image, np.memmap)
    assert not image.flags.writeable


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress])
def test_compressed_mrc_is_recognized_by_content(tmp_path, mrc, compress):
    (tmp_path / "a.mrc").write_bytes(compress(mrc))
    found = read_micrograph(tmp_path / "a.mrc")
    np.testing.assert_array_equal(found.image, image_of(np.float32))
    assert found.pixel_size_angstrom == 1.25
    with pytest.raises(FormatError, match="is compressed: decompress it"):
        read_micrograph(tmp_path / "a.mrc", mmap=True)


def test_big_endian_mrc_is_read(tmp_path):
    image = image_of(np.float32)
    with mrcfile.new(tmp_path / "a.mrc") as file:
        file.set_data(image.astype(">f4"))
    assert (tmp_path / "a.mrc").read_bytes()[212:214] == b"\x11\x11"  # the machine stamp
    found = read_micrograph(tmp_path / "a.mrc").image
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, image)
    mapped = read_micrograph(tmp_path / "a.mrc", mmap=True).image
    assert mapped.dtype == np.dtype(">f4")
    np.testing.assert_array_equal(mapped, image)


def test_the_content_tells_the_format_and_not_the_extension(tmp_path, mrc):
    (tmp_path / "a.png").write_bytes(mrc)
    assert read_micrograph(tmp_path / "a.png").image.dtype == np.float32


def test_a_pixel_size_that_is_not_set_is_none(tmp_path):
    write_micrograph(tmp_path / "a.mrc", image_of(np.float32))
    found = read_micrograph(tmp_path / "a.mrc")
    assert found.pixel_size_angstrom is None
    assert repr(found) == "Micrograph('a.mrc', 5 x 7 float32, pixel size unknown)"


def test_pixels_that_are_not_square_have_no_size(tmp_path):
    with mrcfile.new(tmp_path / "a.mrc", image_of(np.float32)) as file:
        file.voxel_size = (1, 2, 1)
    assert read_micrograph(tmp_path / "a.mrc").pixel_size_angstrom is None


def test_stacks_and_volumes_are_not_taken_for_an_image(tmp_path):
    stack = image_of(np.int16, (3, 5, 7))
    with mrcfile.new(tmp_path / "a.mrcs", stack) as file:
        file.set_image_stack()
    with mrcfile.new(tmp_path / "b.mrc", stack):
        pass
    for name in ("a.mrcs", "b.mrc"):
        np.testing.assert_array_equal(read_stack(tmp_path / name), stack)
        with pytest.raises(FormatError, match=r"of 3 sections of 5 x 7 .* read_stack"):
            read_micrograph(tmp_path / name)


def test_an_image_is_a_stack_of_one_and_a_volume_of_one_section_is_an_image(tmp_path):
    image = image_of(np.int16)
    write_micrograph(tmp_path / "a.mrc", image)
    np.testing.assert_array_equal(read_stack(tmp_path / "a.mrc", mmap=True), image[None])
    with mrcfile.new(tmp_path / "b.mrc", image[None]) as file:
        file.set_volume()
    np.testing.assert_array_equal(read_micrograph(tmp_path / "b.mrc").image, image)


def test_the_pages_of_a_tiff_are_a_stack(tmp_path):
    pages = [Image.fromarray(image_of(np.uint16) + i) for i in range(3)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    expected = np.stack([image_of(np.uint16) + i for i in range(3)])
    np.testing.assert_array_equal(read_stack(tmp_path / "a.tif"), expected)
    with pytest.raises(FormatError, match=r"stack of 3 pages.*read_stack"):
        read_micrograph(tmp_path / "a.tif")


def test_pages_of_several_sizes_are_refused(tmp_path):
    pages = [Image.fromarray(np.zeros((4, n), np.uint8)) for n in (5, 6)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(FormatError, match="must have one size; they have 4 x 5, 4 x 6 pixels"):
        read_stack(tmp_path / "a.tif")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA", "CMYK"])
def test_gray_that_is_stored_in_color_is_read_as_gray(tmp_path, mode):
    image, suffix = image_of(np.uint8), "tif" if mode == "CMYK" else "png"
    colored = Image.fromarray(image)
    colored = colored.convert("RGB").convert(mode) if mode == "CMYK" else colored.convert(mode)
    colored.save(tmp_path / f"a.{suffix}")
    np.testing.assert_array_equal(read_micrograph(tmp_path / f"a.{suffix}").image, image)


def test_jpeg_is_read(tmp_path):
    Image.fromarray(np.full((8, 9), 77, np.uint8)).convert("RGB").save(tmp_path / "a.jpg")
    np.testing.assert_array_equal(read_micrograph(tmp_path / "a.jpg").image, np.full((8, 9), 77))


def test_colors_and_transparency_are_refused(tmp_path):
    Image.new("RGB", (4, 4), (1, 2, 3)).save(tmp_path / "a.png")
    Image.new("RGBA", (4, 4), (1, 1, 1, 9)).save(tmp_path / "b.png")
    for name in ("a.png", "b.png"):
        with pytest.raises(FormatError, match=r"in color or transparent .*convert\('L'\)"):
            read_micrograph(tmp_path / name)


def test_micrographs_may_be_large(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)  # 35 would warn, 41 raise
    write_micrograph(tmp_path / "a.png", image_of(np.uint8))
    assert read_micrograph(tmp_path / "a.png").image.shape == (5, 7)
    write_micrograph(tmp_path / "b.png", image_of(np.uint8, (6, 7)))
    with pytest.raises(FormatError, match=r"b\.png cannot be decoded: .*exceeds limit"):
        read_micrograph(tmp_path / "b.png")


def with_bytes(content, offset, new):
    return content[:offset] + new + content[offset + len(new) :]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda mrc: b"", r"a\.mrc is empty"),
        (lambda mrc: mrc[:1100], r"a\.mrc is damaged.*140 bytes"),
        (lambda mrc: mrc[:500], r"a\.mrc is damaged.*header"),
        (lambda mrc: mrc[:100], r"a\.mrc is not MRC, TIFF, PNG, JPEG or npy"),
        (lambda mrc: with_bytes(mrc, 12, b"\x07\0\0\0"), r"a\.mrc is damaged.*mode '7'"),
        (lambda mrc: with_bytes(mrc, 12, b"\x65\0\0\0"), r"a\.mrc is damaged.*mode '101'"),
        (lambda mrc: with_bytes(mrc, 12, b"\x04\0\0\0"), r"complex numbers \(mode 4\)"),
        (lambda mrc: with_bytes(mrc, 0, b"\0\0\0\0"), r"holds no pixels.*nx=0"),
        (lambda mrc: with_bytes(mrc, 88, b"\x91\1\0\0"), r"stack of volumes \(ispg 401\)"),
        (lambda mrc: with_bytes(mrc, 208, b"XXX"), r"a\.mrc is not MRC, TIFF.*convert"),
        (lambda mrc: with_bytes(mrc, 212, b"\0\0"), r"a\.mrc is damaged.*machine stamp"),
        (lambda mrc: gzip.compress(mrc)[:60], r"a\.mrc is damaged"),
        (lambda mrc: bz2.compress(mrc)[:60], r"a\.mrc is damaged"),
        (lambda mrc: gzip.compress(b"no image"), r"a\.mrc is damaged"),
        (lambda mrc: b"BZh9" + b"\0" * 50, r"a\.mrc is damaged"),
        (lambda mrc: b"micrograph,x,y\n", r"a\.mrc is not MRC, TIFF, PNG, JPEG or npy"),
        (lambda mrc: b"\x89PNG\r\n\x1a\n12345", r"a\.mrc is damaged|a\.mrc cannot be decoded"),
        (lambda mrc: b"II*\0" + b"\xff" * 30, r"a\.mrc is damaged|a\.mrc cannot be decoded"),
        (lambda mrc: b"\xff\xd8\xff" + b"\0" * 30, r"a\.mrc is damaged|a\.mrc cannot be decoded"),
    ],
)
@pytest.mark.parametrize("read", [read_micrograph, read_stack])
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # Pillow says more than the error
def test_damaged_files_are_named(tmp_path, mrc, damage, message, read):
    (tmp_path / "a.mrc").write_bytes(damage(mrc))
    with pytest.raises(FormatError, match=f"(?i){message}"):
        read(tmp_path / "a.mrc")


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated_pictures_are_named(tmp_path, suffix, share):
    path = tmp_path / f"a{suffix}"
    write_micrograph(path, np.random.RandomState(0).randint(0, 255, (40, 40)).astype(np.uint8))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(FormatError, match=r"a\.(png|tif) (is damaged|cannot be decoded)"):
        read_micrograph(path)


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(FormatError, match=r"cannot read .*a\.mrc: No such file"):
        read_micrograph(tmp_path / "a.mrc")
    with pytest.raises(FormatError, match=r"cannot read .*: Is a directory"):
        read_micrograph(tmp_path)
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    with pytest.raises(FormatError, match=r"only MRC can be mapped"):
        read_micrograph(tmp_path / "a.png", mmap=True)


@pytest.mark.parametrize(
    ("name", "image", "pixel_size", "message"),
    [
        ("a.jpg", np.zeros((2, 2), np.uint8), None, r"extension must be one of \.mrc"),
        ("a.mrc", np.zeros((2, 2, 3), np.uint8), None, r"shape \(H, W\).*\(2, 2, 3\)"),
        ("a.mrc", np.zeros((0, 2), np.float32), None, r"shape \(H, W\) and pixels"),
        ("a.mrc", np.zeros((2, 2), np.float64), None, r"MRC holds int8.*float64.*astype"),
        ("a.mrc", np.zeros((2, 2), np.uint8), None, r"MRC holds int8.*uint8"),
        ("a.png", np.zeros((2, 2), np.float32), None, r"PNG holds uint8.*float32"),
        ("a.png", np.zeros((2, 2), np.uint8), 1.5, r"PNG holds no pixel size"),
        ("a.mrc", np.zeros((2, 2), np.float32), 0.0, r"must be a positive number"),
        ("a.mrc", np.zeros((2, 2), np.float32), np.nan, r"must be a positive number"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(tmp_path, name, image, pixel_size, message):
    with pytest.raises(ValueError, match=message):
        write_micrograph(tmp_path / name, image, pixel_size)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("module", ["mrcfile", "PIL.Image"])
def test_a_library_that_is_missing_is_named(tmp_path, monkeypatch, module):
    name = "a.mrc" if module == "mrcfile" else "a.png"
    write_micrograph(tmp_path / name, image_of(np.uint16))
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r'pip install (mrcfile|pillow), .*"skal\[cryoem\]"'):
        read_micrograph(tmp_path / name)


def test_a_real_micrograph(data_dir):
    path = data_dir / "cryoem/formats/mrc/Ucsf_stack_1142_DW.mrc"
    found = read_micrograph(path)
    assert repr(found) == (
        "Micrograph('Ucsf_stack_1142_DW.mrc', 927 x 959 float32, 1 angstrom a pixel)"
    )
    pixels = np.frombuffer(path.read_bytes(), "<f4", offset=1024).reshape(927, 959)
    np.testing.assert_array_equal(found.image, pixels)


@pytest.mark.parametrize("name", ["EMD-3197.map", "EMD-3197.map.bz2", "emd_3197.map.gz"])
def test_a_real_volume(data_dir, name):
    path = data_dir / "cryoem/formats/mrc" / name
    assert read_stack(path).shape == (20, 20, 20)
    with pytest.raises(FormatError, match="20 sections of 20 x 20 pixels"):
        read_micrograph(path)


def test_real_pictures(data_dir):
    gray = read_micrograph(data_dir / "cryoem/empiar10146/Apoferritin_001.png").image
    assert (gray.shape, gray.dtype) == ((1200, 1240), np.uint16)
    name = "Falcon_2012_06_12-14_33_35_0"
    full = read_micrograph(data_dir / f"cryoem/empiar10017/fullres/{name}.jpg").image
    assert (full.shape, full.dtype) == ((4096, 4096), np.uint8)
    binned = read_micrograph(data_dir / f"cryoem/empiar10017/{name}.png").image
    mean = full.reshape(1024, 4, 1024, 4).mean(axis=(1, 3))
    assert abs(mean - binned).max() <= 1
