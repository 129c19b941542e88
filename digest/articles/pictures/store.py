"""The folder of pictures: those that came with an imported file, and those cut for the mails.

Each is named by the hash of its content, so that a name never means another picture, and whoever has one may keep it.
"""

import os
import re
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from digest.articles.pictures.cutting import cut
from digest.errors import BadInput
from digest.settings import PicturesFrom, Settings

LARGEST = 5_000_000  # bytes of a picture beside a file
MAGIC = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"), (b"GIF87a", "gif"), (b"GIF89a", "gif"))
JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # start-of-frame markers, ITU-T T.81 table B.1
NAME: Final = re.compile(r"[0-9a-f]{32}\.(?:png|jpg|gif)")


class CannotKeep(BadInput):
    """The folder of pictures takes nothing: the disk is full, or it may not be written. No picture is to blame."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The files a picture was cut to, by name; width and height of the wide one in pixels."""

    lead: str
    lead_width: int
    lead_height: int
    thumb: str


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
        return self.url(self._put(content, ending))

    def keep_cut(self, content: bytes) -> Kept:
        """Cut a picture to the sizes of the mail, and keep both. Raises BadInput; CannotKeep where it is the disk."""
        made = cut(content)
        width, height = made.lead_size
        return Kept(self._put(made.lead, "jpg"), width, height, self._put(made.thumb, "jpg"))

    def url(self, name: str) -> str:
        """Return the address that a picture of the folder is served at."""
        return f"{self.base_url.rstrip('/')}/pictures/{name}"

    def own(self, url: str) -> bytes | None:
        """Return the picture that an address of ours serves; None where the address is somebody else's.

        An address under an earlier BASE_URL is ours, too, if the folder has the picture: its name is its content.
        Raises BadInput where the address is ours and the picture is gone.
        """
        name = url.rpartition("/pictures/")[2]
        if NAME.fullmatch(name) and (self.folder / name).is_file():
            return _read(self.folder / name)
        if url.startswith(self.url("")):
            raise BadInput(f"The folder of pictures has no {name[:80]!r}; somebody took it away.")
        return None

    def _put(self, content: bytes, ending: str) -> str:
        name = f"{sha256(content).hexdigest()[:32]}.{ending}"
        target = self.folder / name
        # renamed when whole and on the disk, so that nobody is served half a picture, not after a power cut either
        partial = self.folder / f".{name}.{token_hex(4)}.part"
        try:
            if not target.exists():
                self.folder.mkdir(parents=True, exist_ok=True)
                _write(partial, content)
                partial.replace(target)
        except OSError as error:
            _forget(partial)
            raise CannotKeep(
                f"The picture could not be kept in {self.folder}: {error.strerror}. Make room there, or let it be "
                "written, and try again."
            ) from error
        return name


def cut_pictures(settings: Settings) -> PictureStore | None:
    """Return the store whose cut pictures the mails show; None where they show the newsroom's own (PICTURES)."""
    if settings.pictures is PicturesFrom.newsroom:
        return None
    return PictureStore(settings.pictures_dir, settings.base_url)


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


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _forget(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


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
