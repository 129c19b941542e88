"""What a look at one thing found: fine, worth a look, or broken; in a sentence, with the remedy."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from digest.accounts import ProviderName
from digest.bootstrap import App


class Level(StrEnum):
    """How bad it is."""

    ok = "ok"
    warn = "warn"
    fail = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found at one thing."""

    check: str
    level: Level
    says: str
    remedy: str = ""  # "" where nothing is to be done

    def to_json(self) -> dict[str, Any]:
        """Return it for machines."""
        return {"check": self.check, "level": self.level.value, "says": self.says, "remedy": self.remedy}


def ok(check: str, says: str) -> Finding:
    """Return that something is fine."""
    return Finding(check, Level.ok, says)


def warn(check: str, says: str, remedy: str) -> Finding:
    """Return that something is worth a look."""
    return Finding(check, Level.warn, says, remedy)


def fail(check: str, says: str, remedy: str) -> Finding:
    """Return that something is broken."""
    return Finding(check, Level.fail, says, remedy)


class Unanswered(Exception):
    """Nobody answered a question about a name: it is not known whether there is an answer."""


def _nobody(name: str, kind: str) -> list[str]:
    raise Unanswered(f"{kind} of {name} was not asked for")


def free_bytes(folder: Path) -> int:
    """Return the room on the disk of a folder, or of the nearest folder above that is there. Raises OSError."""
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    return shutil.disk_usage(there).free


@dataclass(frozen=True, kw_only=True)
class Patient:
    """An installation, and the ways to look at it; those to the outside are there only when they are asked for."""

    app: App
    free: Callable[[Path], int] = free_bytes
    lookup: Callable[[str, str], list[str]] = _nobody  # (name, TXT or MX) -> the answers; raises Unanswered
    selectors: Sequence[str] = field(default=())  # of DKIM, as the provider named them

    @property
    def sends_for_real(self) -> bool:
        """Return whether mail leaves this machine."""
        accounts = (self.app.settings.account(name) for name in self.app.settings.account_names)
        return any(one.provider is not ProviderName.outbox for one in accounts)


Check = Callable[[Patient], Sequence[Finding]]
