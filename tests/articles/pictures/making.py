"""Pictures for the tests, drawn on the spot."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image

Color = tuple[int, int, int]
RED, GREEN, BLUE, WHITE = (220, 20, 30), (20, 160, 60), (30, 60, 200), (255, 255, 255)


def written(picture: Image.Image, kind: str = "JPEG", **how: Any) -> bytes:
    """Return the bytes of a picture in a file format."""
    held = BytesIO()
    picture.save(held, kind, **how)
    return held.getvalue()


def plain(width: int = 1600, height: int = 900, color: Color = RED) -> Image.Image:
    """Return a picture of one colour."""
    return Image.new("RGB", (width, height), color)


def jpeg(width: int = 1600, height: int = 900, color: Color = RED, **how: Any) -> bytes:
    """Return a JPEG of one colour."""
    return written(plain(width, height, color), **how)


def quarters(width: int = 300, height: int = 200) -> Image.Image:
    """Return a picture whose four quarters are red, green, blue and white, as one reads."""
    made = plain(width, height, WHITE)
    for color, place in ((RED, (0, 0)), (GREEN, (width // 2, 0)), (BLUE, (0, height // 2))):
        made.paste(color, (*place, place[0] + width // 2, place[1] + height // 2))
    return made


def noise(width: int, height: int) -> Image.Image:
    """Return what compresses worst."""
    return Image.merge("RGB", [Image.effect_noise((width, height), 200) for _ in range(3)])


def png_head(width: int, height: int) -> bytes:
    """Return a PNG that claims a size and holds next to nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(10_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def seen(content: bytes) -> Image.Image:
    """Return the picture of some bytes, decoded."""
    made = Image.open(BytesIO(content))
    made.load()
    return made


def near(picture: Image.Image, at: tuple[float, float], color: Color) -> bool:
    """Tell whether a picture has about this colour at a place, given as shares of its width and height."""
    spot = (int(picture.width * at[0]), int(picture.height * at[1]))
    found: Any = picture.convert("RGB").getpixel(spot)
    return all(abs(one - other) <= 12 for one, other in zip(found, color, strict=True))
