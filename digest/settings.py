"""The settings: one frozen class, read once, from ``DIGEST_*`` in the environment and from ``digest.toml``.

The environment beats the file. A bad value stops the start with a sentence that names the setting.
"""

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from digest.errors import SettingsError

WEAKEST_KEY = 32
LEASE_MARGIN_SECONDS = 5.0
FILE_NAME = "digest.toml"


class ProviderName(StrEnum):
    """The email APIs that there is an adapter for."""

    outbox = "outbox"
    sendgrid = "sendgrid"


class Uncertain(StrEnum):
    """What to do with a batch whose fate is unknown, where the provider keeps no idempotency keys."""

    hold = "hold"  # never twice: keep it as uncertain until evidence or a person settles it
    resend = "resend"  # never missed: send again, at the risk of twice


class PicturesFrom(StrEnum):
    """Whose pictures the mails show."""

    own = "own"  # copies of ours, cut to the sizes of the mail
    newsroom = "newsroom"  # the newsroom's, at its own addresses; nothing is fetched


class Settings(BaseSettings):
    """Every setting of the product. Names in the environment carry the prefix ``DIGEST_``."""

    model_config = SettingsConfigDict(env_prefix="DIGEST_", frozen=True, extra="forbid", toml_file=FILE_NAME)

    database_url: str = "sqlite:///digest.db"
    secret_key: SecretStr
    secret_keys_old: list[SecretStr] = Field(default_factory=list)
    address_key: SecretStr
    base_url: str = "http://127.0.0.1:8000"
    provider: ProviderName = ProviderName.outbox
    sendgrid_api_key: SecretStr | None = None
    sendgrid_base_url: str = "https://api.sendgrid.com"
    sender_address: str = "digest@example.org"
    postal_address: str = ""
    outbox_dir: Path = Path("outbox")
    pictures_dir: Path = Path("pictures")
    pictures: PicturesFrom = PicturesFrom.own
    send_concurrency: int = Field(default=4, ge=1, le=64)
    send_rate: float = Field(default=50.0, gt=0, description="provider calls a second, over all workers")
    uncertain: Uncertain = Uncertain.hold
    lease_seconds: float = Field(default=120.0, ge=1)
    connect_timeout: float = Field(default=10.0, gt=0)
    read_timeout: float = Field(default=30.0, gt=0)
    write_timeout: float = Field(default=30.0, gt=0)
    undo_minutes: float = Field(default=5.0, ge=0, le=30)
    alert_url: SecretStr | None = Field(default=None, description="gets a JSON message when an issue is held or stops")
    heartbeat_url: SecretStr | None = Field(default=None, description="fetched after each pass of the schedule")
    fetch_private_addresses: bool = Field(default=False, description="allow feeds on private and loopback addresses")

    @field_validator("secret_key", "address_key")
    @classmethod
    def _strong(cls, key: SecretStr) -> SecretStr:
        if len(key.get_secret_value()) < WEAKEST_KEY or len(set(key.get_secret_value())) < WEAKEST_KEY // 4:
            raise ValueError(f"is too weak: at least {WEAKEST_KEY} random characters; `digest init` makes one")
        return key

    @field_validator("alert_url", "heartbeat_url")
    @classmethod
    def _web_address(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("must be a web address that starts with https://")
        return url

    @field_validator("base_url")
    @classmethod
    def _plain_base(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("must start with https:// (or http:// on your own machine)")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _lease_outlives_a_call(self) -> Self:
        longest = self.connect_timeout + self.write_timeout + self.read_timeout + LEASE_MARGIN_SECONDS
        if longest >= self.lease_seconds:
            raise ValueError(
                f"LEASE_SECONDS is {self.lease_seconds:g}, but one call may take {longest:g} s "
                "(CONNECT_TIMEOUT + WRITE_TIMEOUT + READ_TIMEOUT + 5). Raise LEASE_SECONDS or lower the time-outs"
            )
        return self

    @model_validator(mode="after")
    def _provider_has_its_key(self) -> Self:
        if self.provider is ProviderName.sendgrid and self.sendgrid_api_key is None:
            raise ValueError("PROVIDER is sendgrid, but SENDGRID_API_KEY is not set")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read what was passed, then the environment, then the file."""
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls))


def templates_folder() -> Path:
    """Return the folder of the templates: the copy inside the installed package, else the checkout's own."""
    here = Path(__file__).parent
    installed = here / "_templates"
    return installed if installed.is_dir() else here.parent / "templates"


def load(folder: Path | None = None, **given: Any) -> Settings:
    """Read the settings for a folder (default: where we are); ``given`` beats everything.

    Relative paths in the file are meant from that folder. Raises SettingsError with one sentence.
    """
    file = (folder or Path()) / FILE_NAME

    class _ForFolder(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        return _from_folder(_ForFolder(**given), folder or Path())
    except ValidationError as error:
        raise SettingsError(_sentence(error, file)) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} is not valid TOML: {error}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{file} is not UTF-8 text (byte {error.start}). Save it as UTF-8 and try again."
        ) from error


def _from_folder(settings: Settings, folder: Path) -> Settings:
    """Read relative paths, that of a SQLite file too, from the folder of the settings."""
    prefix = "sqlite:///"
    file = settings.database_url.removeprefix(prefix)
    update: dict[str, Any] = {
        "outbox_dir": folder / settings.outbox_dir,
        "pictures_dir": folder / settings.pictures_dir,
    }
    if settings.database_url.startswith(prefix) and file and not file.startswith((":memory:", "file:")):
        update["database_url"] = f"{prefix}{folder / file}"
    return settings.model_copy(update=update)


def _sentence(error: ValidationError, file: Path) -> str:
    first = error.errors()[0]
    name = "DIGEST_" + "_".join(str(part) for part in first["loc"]).upper() if first["loc"] else "A setting"
    if first["type"] == "missing":
        return f"{name} is not set. Run `digest init` to make {file}, or set it in the environment."
    if first["type"] == "extra_forbidden":
        known = ", ".join(sorted(Settings.model_fields))
        return f"{file} has a setting nobody knows: {first['loc'][0]!r}. Take it out. Settings: {known}."
    reason = str(first["msg"]).removeprefix("Value error, ")
    return f"{name} is wrong: {reason}." if first["loc"] else f"{reason}."
