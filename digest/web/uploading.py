"""Takes a file that a form brings, piece by piece, onto the disk: never whole into memory, never larger than allowed.

RFC 7578 (multipart/form-data). What is too large is read to its end and thrown away, since a browser shows no answer to
a request that it could not finish.
"""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from digest.errors import BadInput, Refused

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

LARGEST: Final = 500_000_000  # bytes: four million readers of Mailchimp's
SPARE: Final = 200_000_000  # bytes that stay free on the disk
LONGEST_FIELD: Final = 1_000  # bytes of a field beside the file
MOST_FIELDS: Final = 20
LONGEST_NAME: Final = 120  # letters of a file's name


@dataclass(frozen=True, slots=True)
class Upload:
    """What came: the fields beside the file, its name where it came from, and its size in bytes."""

    fields: dict[str, str]
    name: str
    size: int


async def receive(request: Request, path: Path, *, most: int = LARGEST) -> Upload:
    """Write the file of a form to ``path``, which is there and empty. Raises BadInput, Refused: it is too large."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise BadInput("The form brought no file. Open the page again.")
    length = request.headers.get("content-length", "")
    declared = int(length) if length.isdecimal() and len(length) < 16 else 0  # noqa: PLR2004 - more is nonsense
    free = shutil.disk_usage(path.parent).free - SPARE
    with path.open("wb") as file:
        parts = _Parts(file, min(most, free))
        parts.too_large = declared > parts.most + LONGEST_FIELD * MOST_FIELDS
        parser = MultipartParser(options[b"boundary"], parts.callbacks())
        try:
            async for piece in request.stream():
                parser.write(piece)
        except MultipartParseError as error:
            raise BadInput("The form cannot be read. Open the page again.") from error
    if parts.too_large and free < most:
        raise Refused("There is not enough room on the disk for this file. Make room, or take a smaller one.")
    if parts.too_large:
        raise Refused(f"The file is larger than {most / 1e6:,.0f} MB. Cut it in two, each with the line of headings.")
    if not parts.ended or not parts.name or not parts.size:
        raise BadInput("Choose a file that is not empty.")
    return Upload(
        {name: value.decode("utf-8", "replace") for name, value in parts.fields.items()}, parts.name, parts.size
    )


@dataclass
class _Parts:
    """Sorts the parts of a form: the first file to the disk, short fields into memory, the rest away."""

    file: IO[bytes]
    most: int
    fields: dict[str, bytes] = field(default_factory=dict)
    name: str = ""
    size: int = 0
    too_large: bool = False
    ended: bool = False
    _header: bytes = b""
    _value: bytes = b""
    _part: str = ""
    _is_file: bool = False

    def callbacks(self) -> "MultipartCallbacks":
        """Return what the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._part, self._is_file = "", False

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        header, value, self._header, self._value = self._header.lower(), self._value, b"", b""
        if header != b"content-disposition":
            return
        _, options = parse_options_header(value)
        self._part = options.get(b"name", b"").decode("utf-8", "replace")
        self._is_file = b"filename" in options and not self.name
        if self._is_file:
            self.name = _plain(options[b"filename"].decode("utf-8", "replace"))

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self.size += end - start
            self.too_large = self.too_large or self.size > self.most
            if not self.too_large:
                self.file.write(data[start:end])
        elif self._part in self.fields or len(self.fields) < MOST_FIELDS:
            self.fields[self._part] = (self.fields.get(self._part, b"") + data[start:end])[:LONGEST_FIELD]

    def _end(self) -> None:
        self.ended = True


def _plain(name: str) -> str:
    """Return a file's name without folders and what is not to be shown; it is never used as a path."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable()).strip()[-LONGEST_NAME:]
