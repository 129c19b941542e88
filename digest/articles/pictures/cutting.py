"""Cuts a picture to the two sizes of the mail: a wide one for the lead, and a 3:2 one to stand beside a headline.

Pure, from bytes to bytes. The header is looked at before anything is decoded; nothing of the file but its pixels
comes through: no place, camera, author or thumbnail of a thumbnail.
"""

import warnings
from dataclasses import dataclass
from io import BytesIO
from math import ceil
from typing import Final

from PIL import Image, ImageCms, UnidentifiedImageError

from digest.errors import BadInput

LARGEST: Final = 15_000_000  # bytes of a file
MOST_PIXELS: Final = 40_000_000
MOST_SCANS: Final = 100  # of a JPEG; a usual one has up to ten, and each costs a walk over all of the picture
SMALLEST: Final = (100, 50)  # px; what is smaller is a tracker, a spacer or an icon
LEAD_WIDTH: Final = 1280  # px: twice what the mail shows (email.md 3.1)
LEAD_BYTES, THUMB_BYTES = 200_000, 40_000
STEPS: Final = 168  # the thumb is 3 by 2 of these, so 504 x 336: three times what a phone shows
PORTRAIT: Final = 0.35  # of the surplus height of a tall picture that is cut off above; the rest goes below
QUALITIES: Final = (84, 78, 72, 66, 60, 52, 44, 36)
KINDS: Final = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
IN_WORDS: Final = "JPEG, PNG, GIF, WebP or AVIF"
ORIENTATION: Final = 0x0112  # EXIF
TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS: Final = (5, 6, 7, 8)
Size = tuple[int, int]

Image.MAX_IMAGE_PIXELS = MOST_PIXELS  # Pillow's own guard: some of its readers ask for memory as soon as they open
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")  # of broken EXIF and the like: not our matter
warnings.simplefilter("error", Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Cut:
    """A picture in the sizes of the mail, as JPEG; sizes in pixels."""

    lead: bytes
    lead_size: Size
    thumb: bytes
    thumb_size: Size


def cut(content: bytes) -> Cut:
    """Cut a picture; the same bytes always give the same bytes.

    The lead is at most 1280 px wide, never higher than wide, and under 200 KB; the thumb 504 x 336 px or, of a small
    picture, less in the same shape, and under 40 KB. Nothing is enlarged. Raises BadInput with a sentence.
    """
    if len(content) > LARGEST:
        raise BadInput(f"The picture has over {LARGEST // 1_000_000} MB.")
    try:
        with _opened(content) as picture:
            profile = picture.info.get("icc_profile")
            base = _decoded(picture)
        lead = _jpeg(_in_srgb(_lead(base), profile), LEAD_BYTES)
        thumb = _jpeg(_in_srgb(_thumb(base), profile), THUMB_BYTES)
        return Cut(*lead, *thumb)
    except BadInput:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except Exception as error:  # a broken file may make a decoder raise whatever it likes
        raise BadInput("The picture is broken, or ends too early.") from error


def _opened(content: bytes) -> Image.Image:
    """Look at the head of a file; decodes nothing."""
    try:
        picture = Image.open(BytesIO(content), formats=_known())
    except (UnidentifiedImageError, SyntaxError) as error:
        raise BadInput(f"What came is no {IN_WORDS} picture.") from error
    if content.startswith(b"\xff\xd8") and content.count(b"\xff\xda") > MOST_SCANS:
        raise BadInput(f"The picture is a JPEG of over {MOST_SCANS} passes, made to keep a machine busy.")
    if picture.width * picture.height > MOST_PIXELS:
        raise _too_many_pixels()
    if not all(one >= least for one, least in zip(_upright(picture), SMALLEST, strict=True)):
        raise BadInput(
            f"The picture has only {picture.width} x {picture.height} pixels, "
            f"less than {SMALLEST[0]} x {SMALLEST[1]}: it is a spacer or an icon."
        )
    return picture


def _known() -> list[str]:
    Image.init()
    return [kind for kind in KINDS if kind in Image.OPEN]


def _too_many_pixels() -> BadInput:
    return BadInput(f"The picture has over {MOST_PIXELS // 1_000_000} million pixels.")


def _decoded(picture: Image.Image) -> Image.Image:
    """Return the pixels, upright, no more of them than is of use, as RGB, L or CMYK."""
    turn = TURNS.get(_orientation(picture))
    scale = _scale(_upright(picture))
    least = (ceil(picture.width * scale), ceil(picture.height * scale))
    picture.draft(None, least)  # a JPEG is decoded at an eighth, a quarter or a half, as is enough
    picture.load()
    factor = int(min(picture.width / least[0], picture.height / least[1]) / 2)  # the rest is for the finer filter
    plain = _plain(picture)
    small = plain.reduce(factor) if factor > 1 else plain
    return small.transpose(turn) if turn is not None else small


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - broken EXIF is no reason to lose a picture
        return 1


def _upright(picture: Image.Image) -> Size:
    width, height = picture.size
    return (height, width) if _orientation(picture) in SIDEWAYS else (width, height)


def _scale(size: Size) -> float:
    """Return how much smaller a picture may be and still be enough for both cuts."""
    width, height = size
    return min(1.0, max(LEAD_WIDTH / width, 3 * STEPS / width, 2 * STEPS / height))


def _plain(picture: Image.Image) -> Image.Image:
    """Return a picture without palette, without alpha (it stands on white), with 8 bits a colour."""
    if picture.mode.startswith(("I", "F")):  # 16 bits of grey
        return picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if picture.has_transparency_data:
        clear = picture if picture.mode == "RGBA" else picture.convert("RGBA")  # which would copy it
        ground = Image.new("RGB", clear.size, "white")
        ground.paste(clear, mask=clear.getchannel("A"))
        return ground
    return picture if picture.mode in ("RGB", "L", "CMYK") else picture.convert("RGB")


def _lead(base: Image.Image) -> Image.Image:
    width, height = base.size
    kept = min(width, height)
    top = round((height - kept) * PORTRAIT)
    scale = min(1.0, LEAD_WIDTH / width)
    size = (round(width * scale), max(1, round(kept * scale)))
    return base.resize(size, Image.Resampling.LANCZOS, box=(0, top, width, top + kept))


def _thumb(base: Image.Image) -> Image.Image:
    width, height = base.size
    steps = min(STEPS, width // 3, height // 2)
    box_width, box_height = min(width, height * 3 / 2), min(height, width * 2 / 3)
    left = (width - box_width) / 2
    top = (height - box_height) * (PORTRAIT if height > width else 0.5)
    box = (left, top, left + box_width, top + box_height)
    return base.resize((3 * steps, 2 * steps), Image.Resampling.LANCZOS, box=box)


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a picture in the colours that mail programs take for granted."""
    if profile:
        try:
            own = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):  # a profile that is broken, or of other colours
            converted = None
        if converted is not None:
            return converted
    return picture.convert("RGB")


def _jpeg(picture: Image.Image, most: int) -> tuple[bytes, Size]:
    """Return a picture as progressive JPEG, as good as fits, and its size; one that never fits is made smaller."""
    picture.info.clear()  # else comments would come through
    for quality in QUALITIES:
        written = BytesIO()
        picture.save(written, "JPEG", quality=quality, progressive=True, optimize=True)
        if written.tell() < most:
            return written.getvalue(), picture.size
    return _jpeg(picture.resize((picture.width * 3 // 4, picture.height * 3 // 4), Image.Resampling.LANCZOS), most)
