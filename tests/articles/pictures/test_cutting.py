"""Pictures of every kind become two JPEGs of the mail's sizes, and what is no picture becomes a sentence."""

import struct
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms, PngImagePlugin, features

from digest.articles.pictures import cutting
from digest.articles.pictures.cutting import LEAD_BYTES, THUMB_BYTES, TURNS, Cut, cut
from digest.errors import BadInput
from tests.articles.pictures.making import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    jpeg,
    near,
    noise,
    plain,
    png_head,
    quarters,
    seen,
    written,
)

MIDDLE = (0.5, 0.5)


def whole(made: Cut) -> Cut:
    """Look at what holds for every cut: progressive JPEG in RGB, sizes and bytes, nothing but pixels."""
    for content, size, most in (
        (made.lead, made.lead_size, LEAD_BYTES),
        (made.thumb, made.thumb_size, THUMB_BYTES),
    ):
        picture = seen(content)
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", size)
        assert picture.info.get("progressive")
        assert not {"exif", "icc_profile", "comment", "xmp"} & set(picture.info)
        assert len(content) < most
    assert made.lead_size[0] <= 1280
    assert made.thumb_size[0] * 2 == made.thumb_size[1] * 3
    return made


def deep() -> Image.Image:
    """Return 16 bits of grey, half way."""
    return Image.new("I;16", (600, 400), 0x8080)


def with_palette() -> bytes:
    """Return a PNG with a palette of which one colour is clear."""
    picture = plain(600, 400).quantize(4)
    picture.paste(1, (0, 0, 300, 400))
    clear: Any = picture.getpixel((500, 200))  # an index of the palette
    return written(picture, "PNG", transparency=clear)


def keyed() -> bytes:
    """Return a PNG of which one colour counts as clear."""
    return written(plain(600, 400), "PNG", transparency=RED)


def slow() -> bytes:
    """Return a small JPEG that has its last pass a thousand times."""
    content = jpeg(600, 400, progressive=True)
    return content[:-2] + content[content.rindex(b"\xff\xda") : -2] * 1_000 + content[-2:]


KINDS = {
    "jpeg": (jpeg(600, 400), RED),
    "grey jpeg": (written(Image.new("L", (600, 400), 128)), (128, 128, 128)),
    "cmyk jpeg": (written(Image.new("CMYK", (600, 400), (0, 255, 255, 0))), (254, 0, 0)),
    "png": (written(plain(600, 400), "PNG"), RED),
    "grey png": (written(Image.new("L", (600, 400), 90), "PNG"), (90, 90, 90)),
    "one bit": (written(Image.new("1", (600, 400), 1), "PNG"), WHITE),
    "16 bits of grey": (written(deep(), "PNG"), (128, 128, 128)),
    "clear": (written(Image.new("RGBA", (600, 400), (*BLUE, 0)), "PNG"), WHITE),
    "half clear": (written(Image.new("RGBA", (600, 400), (0, 0, 0, 128)), "PNG"), (127, 127, 127)),
    "grey and clear": (written(Image.new("LA", (600, 400), (10, 0)), "PNG"), WHITE),
    "palette with a clear colour": (with_palette(), WHITE),
    "one colour is clear": (keyed(), WHITE),
    "two views in one jpeg": (
        written(plain(600, 400), "MPO", save_all=True, append_images=[plain(600, 400, BLUE)]),
        RED,
    ),
    "gif": (written(plain(600, 400).quantize(8), "GIF"), RED),
    "webp": (written(plain(600, 400), "WEBP"), RED),
    "clear webp": (written(Image.new("RGBA", (600, 400), (*BLUE, 0)), "WEBP", lossless=True), WHITE),
}
if features.check("avif"):
    KINDS["avif"] = (written(plain(600, 400), "AVIF"), RED)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_becomes_jpeg_in_plain_colours(name):
    """Palettes, alpha (on white), 16 bits, CMYK: all become RGB, in about the colour they have; the same each time."""
    content, color = KINDS[name]
    made = whole(cut(content))
    assert (made.lead_size, made.thumb_size) == ((600, 400), (504, 336))
    assert near(seen(made.lead), (0.8, 0.5), color)
    assert near(seen(made.thumb), (0.8, 0.5), color)
    assert cut(content) == made


def test_the_first_frame_of_what_moves_is_taken():
    """Of GIF and WebP alike."""
    frames = [plain(300, 200, BLUE), plain(300, 200, RED)]
    for kind in ("GIF", "WEBP"):
        made = cut(written(frames[0], kind, save_all=True, append_images=frames[1:]))
        assert near(seen(made.lead), MIDDLE, BLUE)


@pytest.mark.parametrize(
    ("size", "lead", "thumb"),
    [
        ((4000, 3000), (1280, 960), (504, 336)),
        ((1280, 680), (1280, 680), (504, 336)),
        ((1200, 630), (1200, 630), (504, 336)),
        ((504, 336), (504, 336), (504, 336)),
        ((300, 200), (300, 200), (300, 200)),
        ((101, 77), (101, 77), (99, 66)),
        ((6000, 500), (1280, 107), (504, 336)),
        ((600, 2400), (600, 600), (504, 336)),
        ((3000, 4000), (1280, 1280), (504, 336)),
        ((100, 50), (100, 50), (75, 50)),
    ],
)
def test_sizes(size, lead, thumb):
    """The lead at most 1280 wide and never higher than wide, the thumb exactly 3:2, and nothing enlarged."""
    for content in (jpeg(*size), written(plain(*size), "PNG")):
        made = whole(cut(content))
        assert (made.lead_size, made.thumb_size) == (lead, thumb)


def test_tall_pictures_are_cut_a_little_above_their_middle():
    """Where the faces are: more goes below than above; wide ones are cut in the middle."""
    tall = plain(600, 1200, WHITE)
    tall.paste(RED, (0, 0, 600, 200))
    tall.paste(BLUE, (0, 820, 600, 1200))
    tall.paste(GREEN, (0, 290, 600, 680))
    lead, thumb = seen(cut(written(tall)).lead), seen(cut(written(tall)).thumb)
    assert near(lead, (0.5, 0.2), GREEN)
    assert near(thumb, MIDDLE, GREEN)
    assert not any(
        near(one, (0.5, edge), color) for one in (lead, thumb) for edge, color in ((0.01, RED), (0.99, BLUE))
    )
    wide = plain(1200, 400, GREEN)
    wide.paste(RED, (0, 0, 300, 400))
    wide.paste(BLUE, (900, 0, 1200, 400))
    assert all(near(seen(cut(written(wide)).thumb), (share, 0.5), GREEN) for share in (0.03, 0.5, 0.97))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("size", [(300, 200), (3000, 2000)])
def test_pictures_stand_upright(orientation, kind, size):
    """However the camera was held: all eight orientations of EXIF, small and decoded in small."""
    upright = quarters(*size)
    if orientation > 1:
        back = {6: 8, 8: 6}.get(orientation, orientation)  # all others are their own opposites
        upright = upright.transpose(TURNS[back])
    exif = Image.Exif()
    exif[cutting.ORIENTATION] = orientation
    made = whole(cut(written(upright, kind, exif=exif.tobytes())))
    assert made.lead_size == (min(size[0], 1280), round(min(size[0], 1280) * 2 / 3))
    for content in (made.lead, made.thumb):
        picture = seen(content)
        for place, color in (((0.2, 0.2), RED), ((0.8, 0.2), GREEN), ((0.2, 0.8), BLUE), ((0.8, 0.8), WHITE)):
            assert near(picture, place, color)


def test_nothing_but_pixels_comes_through():
    """Not the place, the camera, a comment, XMP or text of the file."""
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"  # GPS
    exif[0x013B] = "Secret Author"
    content = jpeg(600, 400, exif=exif.tobytes(), comment=b"secret comment", xmp=b"<x>secret</x>")
    assert b"ecret" in content
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "Secret Author")
    for one in (content, written(plain(600, 400), "PNG", pnginfo=text)):
        made = whole(cut(one))
        assert b"ecret" not in made.lead + made.thumb
        assert b"Exif" not in made.lead + made.thumb


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")  # as the module itself has it
def test_broken_exif_costs_nothing():
    """The picture stands as it is."""
    assert whole(cut(jpeg(600, 400, exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff"))).lead_size == (600, 400)


def test_colours_are_brought_to_srgb():
    """By the profile of the file; one that is broken, or of other colours, is left aside."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"xXYZ", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"xXYZ", b"gXYZ", 1)
    for kind in ("JPEG", "PNG", "WEBP"):
        red = plain(600, 400, (255, 0, 0))
        assert near(seen(cut(written(red, kind, icc_profile=profile)).lead), MIDDLE, (254, 0, 0))
        assert near(seen(cut(written(red, kind, icc_profile=swapped)).lead), MIDDLE, (0, 255, 0))
        assert near(seen(cut(written(red, kind, icc_profile=swapped)).thumb), MIDDLE, (0, 255, 0))
        assert near(seen(cut(written(red, kind, icc_profile=b"no profile" * 20)).lead), MIDDLE, (254, 0, 0))
    grey = written(Image.new("L", (600, 400), 100), icc_profile=profile)
    assert near(seen(cut(grey).lead), MIDDLE, (100, 100, 100))


def test_what_compresses_badly_still_fits():
    """Quality goes down step by step; where that is not enough, the lead gets smaller, in its shape."""
    made = whole(cut(written(noise(1280, 1280), "PNG")))
    width, height = made.lead_size
    assert width == height
    assert 500 < width <= 1280
    assert made.thumb_size == (504, 336)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (png_head(50_000, 50_000), "over 40 million pixels"),
        (png_head(8_000, 5_001), "over 40 million pixels"),
        (b"GIF89a" + struct.pack("<HHBBB", 50_000, 50_000, 0, 0, 0), "no JPEG, PNG, GIF, WebP or AVIF|million pixels"),
        (jpeg(300, 200).replace(struct.pack(">HH", 200, 300), struct.pack(">HH", 65_000, 65_000)), "million pixels"),
        (
            b"RIFF\x5a\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10\x00\x00\x00" + b"\xff\x3f\x00" * 2 + bytes(70),
            "million pixels|broken|no JPEG",
        ),
        (b"\x89PNG\r\n\x1a\n" + bytes(1_000_000), "broken|no JPEG"),
        (bytes(14_000_000), "no JPEG, PNG, GIF, WebP or AVIF picture"),
        (bytes(100_000_000), "over 15 MB"),
        (png_head(600, 400), "broken, or ends too early"),
        (b"", "no JPEG"),
        (slow(), "over 100 passes"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" width="600" height="400"/>', "no JPEG"),
        (b"<!doctype html><title>Not found</title>", "no JPEG"),
        (written(plain(600, 400), "TIFF"), "no JPEG"),
        (written(plain(600, 400), "BMP"), "no JPEG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 600 400\n", "no JPEG"),
        (written(plain(1, 1).quantize(2), "GIF"), "only 1 x 1 pixels"),
        (jpeg(99, 400), "only 99 x 400 pixels"),
        (jpeg(1_200, 20), "a spacer or an icon"),
    ],
)
def test_what_is_no_picture_for_a_mail_is_a_sentence(content, sentence):
    """Bombs, other formats, trackers: refused before anything large is decoded."""
    with pytest.raises(BadInput, match=sentence) as caught:
        cut(content)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_half_a_picture_is_none(kind, share):
    """What ended too early is refused, wherever it ends."""
    picture = noise(400, 300)
    content = written(picture.quantize(64) if kind == "GIF" else picture, kind)
    with pytest.raises(BadInput, match=r"broken|no JPEG"):
        cut(content[: int(len(content) * share)])


def test_a_large_photograph_is_decoded_in_small(monkeypatch):
    """40 million pixels of JPEG: decoded at an eighth, a quarter or a half, never whole."""
    content = jpeg(7_600, 5_000)
    sizes = []
    plainly = cutting._plain

    def watched(picture: Image.Image) -> Image.Image:
        sizes.append(picture.size)
        return plainly(picture)

    monkeypatch.setattr(cutting, "_plain", watched)
    assert whole(cut(content)).lead_size == (1280, 842)
    assert sizes == [(1900, 1250)]


def test_a_picture_held_upright_is_refused_by_its_upright_size():
    """A spacer on its side is one as well."""
    exif = Image.Exif()
    exif[cutting.ORIENTATION] = 6
    held = BytesIO()
    plain(60, 300).save(held, "JPEG", exif=exif.tobytes())
    assert whole(cut(held.getvalue())).lead_size == (300, 60)
    held = BytesIO()
    plain(300, 60).save(held, "JPEG", exif=exif.tobytes())
    with pytest.raises(BadInput, match="spacer"):
        cut(held.getvalue())
