"""Keeps pictures that came with an imported file, under the hash of their content, for the mails to point at."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from digest.errors import BadInput

LARGEST = 5_000_000  # bytes
MAGIC = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"), (b"GIF87a", "gif"), (b"GIF89a", "gif"))
JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # start-of-frame markers, ITU-T T.81 table B.1


@dataclass(frozen=True)
class PictureStore:
    """A folder of pictures, and the address under which the web door serves it (``base_url``/pictures/...)."""

    folder: Path
    base_url: str

    def keep(self, path: Path) -> str:
        """Copy a picture into the folder, unless it is there; return its address. Raises BadInput."""
        content = _read(path)
        ending = next((kind for magic, kind in MAGIC if content.startswith(magic)), None)
        if ending is None:
            raise BadInput(f"{path.name} is no JPEG, PNG or GIF picture, the kinds that mail programs show.")
        name = f"{sha256(content).hexdigest()[:32]}.{ending}"
        target = self.folder / name
        if not target.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            partial = self.folder / f".{name}.part"  # renamed when whole, so that nobody is served half a picture
            partial.write_bytes(content)
            partial.replace(target)
        return f"{self.base_url.rstrip('/')}/pictures/{name}"


def beside(file: Path, pictures: PictureStore) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return the rule for the pictures of a local file: a relative address is a file beside it, and is kept.

    The rule raises BadInput where there is no such file, or it lies outside the folder.
    """
    folder = file.resolve().parent

    def rule(image: dict[str, Any]) -> dict[str, Any]:
        url = image.get("url")
        if not isinstance(url, str) or urlsplit(url).scheme or url.startswith("//"):
            return image
        path = (folder / unquote(url)).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            raise BadInput(f"There is no picture {url!r} beside {file.name}.")
        return measured(path) | image | {"url": pictures.keep(path)}

    return rule


def measured(path: Path) -> dict[str, int]:
    """Return width and height of a picture file in pixels, or nothing where its head does not say."""
    size = _size(_read(path))
    return {"width": size[0], "height": size[1]} if size and all(size) else {}


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise BadInput(f"The picture {path.name} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST:
        raise BadInput(f"The picture {path.name} has over {LARGEST // 1_000_000} MB. Make it smaller.")
    return content


def _size(content: bytes) -> tuple[int, int] | None:
    try:
        if content.startswith(b"\x89PNG"):
            return struct.unpack(">II", content[16:24])
        if content.startswith(b"GIF8"):
            return struct.unpack("<HH", content[6:10])
        return _jpeg_size(content) if content.startswith(b"\xff\xd8") else None
    except (struct.error, IndexError):
        return None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    position = 2
    while content[position] == 0xFF:  # noqa: PLR2004 - every segment starts with it
        marker = content[position + 1]
        if marker in JPEG_SIZES:
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return width, height
        position += 2 + struct.unpack(">H", content[position + 2 : position + 4])[0]
    return None
