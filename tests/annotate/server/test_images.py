"""The pixels of images: encoded anew, upright, and never under an address that changes."""

import io
import json

import numpy as np
import pytest
from made_projects import gray_images, save_images
from made_servers import API, labeling
from PIL import Image


def picture(labeler, relpath, path="", **params):
    """Return the response with the pixels of a file."""
    items = labeler.get(f"/items?search={relpath}")["items"]
    key = items[0]["image"]["content_key"]
    address = f"{API}{labeler.project}/images/{key}{path}"
    return labeler.client.get(address, params=params)


def opened(response):
    assert response.status_code == 200, response.text
    return Image.open(io.BytesIO(response.content))


@pytest.fixture
def labeler(tmp_path):
    folder = save_images(tmp_path / "images", gray_images(4))
    rng = np.random.RandomState(0)
    photo = Image.fromarray(rng.randint(0, 255, (300, 600, 3), np.uint8))
    photo.save(folder / "photo.jpg", quality=90)
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save(folder / "turned.jpg", exif=exif)
    see_through = np.zeros((20, 20, 4), np.uint8)
    see_through[:10, :, 0] = see_through[:10, :, 3] = 255
    Image.fromarray(see_through).save(folder / "alpha.png")
    deep = (np.arange(100 * 60).reshape(60, 100) * 10).astype(np.uint16)
    Image.fromarray(deep).save(folder / "deep.tif")
    Image.fromarray(deep.astype(np.float32) / 7 - 3).save(folder / "float.tif")
    with labeling(tmp_path, images=gray_images(4)) as made:
        yield made


def test_an_image_is_made_small_and_never_larger(labeler):
    assert opened(picture(labeler, "photo", size=200)).size == (256, 128)
    assert opened(picture(labeler, "photo", size=2000)).size == (600, 300)
    assert opened(picture(labeler, "photo", size=0)).size == (600, 300)
    assert opened(picture(labeler, "photo", "/thumbnail")).size == (256, 128)


def test_an_image_on_its_side_is_shown_upright_and_its_size_is_that(labeler):
    (item,) = labeler.get("/items?search=turned")["items"]
    assert (item["image"]["width"], item["image"]["height"]) == (300, 600)
    assert opened(picture(labeler, "turned")).size == (300, 600)


def test_small_lossless_images_stay_as_they_are(labeler):
    response = picture(labeler, "00001.png")
    assert response.headers["content-type"] == "image/png"
    assert np.array_equal(np.asarray(opened(response)), gray_images(4)[1])


@pytest.mark.parametrize("kind", ["webp", "jpeg", "png"])
def test_a_kind_that_is_asked_for_is_given(labeler, kind):
    response = picture(labeler, "alpha", kind=kind)
    assert response.headers["content-type"] == f"image/{kind}"
    assert opened(response).format == kind.upper()


def test_what_is_transparent_stays_so_or_becomes_white(labeler):
    assert opened(picture(labeler, "alpha")).getpixel((5, 15))[3] == 0
    assert min(opened(picture(labeler, "alpha", kind="jpeg")).getpixel((5, 15))) > 250


def test_values_of_16_bits_come_as_they_are_with_what_they_stand_for(labeler):
    (item,) = labeler.get("/items?search=deep")["items"]
    assert (item["image"]["bits"], item["image"]["is_gray"]) == (16, True)
    response = picture(labeler, "deep", "/raw", size=0)
    shape = int(response.headers["skal-height"]), int(response.headers["skal-width"])
    values = np.frombuffer(response.content, "<u2").reshape(shape)
    assert np.array_equal(values, (np.arange(6000).reshape(60, 100) * 10).astype(np.uint16))
    percentiles = json.loads(response.headers["skal-percentiles"])
    assert percentiles["50"] == pytest.approx(np.percentile(values, 50))
    assert float(response.headers["skal-value-high"]) == 65535


def test_floats_are_scaled_and_say_how(labeler):
    response = picture(labeler, "float", "/raw", size=0)
    values = np.frombuffer(response.content, "<u2").astype(float)
    low, high = (float(response.headers[f"skal-value-{end}"]) for end in ("low", "high"))
    original = np.arange(6000) * 10 / 7 - 3
    assert np.allclose(low + values / 65535 * (high - low), original, atol=(high - low) / 65535)


def test_images_of_16_bits_have_a_version_of_8_bits(labeler):
    assert opened(picture(labeler, "deep")).mode == "L"


def test_images_of_8_bits_have_no_raw_values(labeler):
    response = picture(labeler, "photo", "/raw")
    assert response.status_code == 422
    assert "kind=png" in response.json()["detail"]
    assert labeler.get("/items?search=photo")["n_total"] == 1


def test_images_are_kept_by_browsers_for_ever_and_asked_for_once(labeler):
    response = picture(labeler, "photo")
    assert response.headers["cache-control"] == "private, max-age=31536000, immutable"
    tag = response.headers["etag"]
    key = labeler.get("/items?search=photo")["items"][0]["image"]["content_key"]
    address = f"{API}{labeler.project}/images/{key}"
    assert labeler.client.get(address, headers={"If-None-Match": tag}).status_code == 304
    other = labeler.client.get(f"{address}?size=200", headers={"If-None-Match": tag})
    assert other.status_code == 200


def test_a_file_that_has_changed_is_not_shown_under_its_old_address(labeler, tmp_path):
    assert picture(labeler, "photo", size=500).status_code == 200
    Image.new("RGB", (10, 10)).save(tmp_path / "images" / "photo.jpg")
    response = picture(labeler, "photo", size=2000)
    assert response.status_code == 409
    assert response.json()["type"] == "/problems/image-changed"
    (tmp_path / "images" / "photo.jpg").unlink()
    assert picture(labeler, "photo", size=3000).json()["found"] == "no file"


def test_colors_of_a_profile_become_those_of_the_screen(tmp_path):
    from PIL import ImageCms

    folder = save_images(tmp_path / "images", gray_images(2))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (9, 9), (200, 30, 40)).save(folder / "own.png", icc_profile=profile)
    Image.new("RGB", (9, 9), (200, 30, 41)).save(folder / "bad.png", icc_profile=b"no profile")
    with labeling(tmp_path, images=gray_images(2)) as labeler:
        assert opened(picture(labeler, "own")).getpixel((0, 0)) == pytest.approx(
            (200, 30, 40), abs=2
        )
        assert "icc_profile" not in opened(picture(labeler, "own")).info
        assert opened(picture(labeler, "bad")).getpixel((0, 0)) == (200, 30, 41)


def test_an_image_that_is_not_there_is_not_found(labeler):
    found = labeler.client.get(f"{API}{labeler.project}/images/{'0' * 64}")
    assert found.status_code == 404
    assert labeler.client.get(f"{API}{labeler.project}/images/..%2f..%2fx").status_code in (
        404,
        422,
    )
