"""The settings: one frozen class, read once, from ``DIGEST_*`` in the environment and from ``digest.toml``.

The environment beats the file. A bad value stops the start with a sentence that names the setting.
"""

import ipaddress
import re
import tomllib
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as SourceError

from digest.accounts import ACCOUNT_NAME, NEEDS, Account, ProviderName
from digest.errors import SettingsError

WEAKEST_KEY = 32
LEASE_MARGIN_SECONDS = 5.0
FILE_NAME = "digest.toml"
_FOLDERS = ("outbox_dir", "pictures_dir", "imports_dir")


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
    sendgrid_webhook_secret: SecretStr | None = None
    sendgrid_base_url: str = ""
    mailgun_api_key: SecretStr | None = None
    mailgun_webhook_secret: SecretStr | None = None
    mailgun_base_url: str = ""
    mailgun_domain: str = ""
    postmark_api_key: SecretStr | None = None
    postmark_webhook_secret: SecretStr | None = None
    postmark_base_url: str = ""
    postmark_stream: str = ""
    ses_api_key: SecretStr | None = None
    ses_webhook_secret: SecretStr | None = None
    ses_base_url: str = ""
    ses_configuration_set: str = ""
    aws_region: str = ""
    resend_api_key: SecretStr | None = None
    resend_webhook_secret: SecretStr | None = None
    resend_base_url: str = ""
    brevo_api_key: SecretStr | None = None
    brevo_webhook_secret: SecretStr | None = None
    brevo_base_url: str = ""
    smtp_url: SecretStr | None = None
    smtp_bounce_domain: str = ""
    smtp_webhook_secret: SecretStr | None = None  # bounce addresses carry a tag made with it
    accounts: dict[str, Account] = Field(default_factory=dict, description="more accounts, by name")
    sender_address: str = "digest@example.org"
    postal_address: str = ""
    outbox_dir: Path = Path("outbox")
    pictures_dir: Path = Path("pictures")
    imports_dir: Path = Field(default=Path("imports"), description="files of readers brought to the desk, until done")
    pictures: PicturesFrom = PicturesFrom.own
    send_concurrency: int = Field(default=4, ge=1, le=64)
    send_rate: float = Field(default=50.0, gt=0, description="provider calls a second, over all workers")
    send_per_hour: int | None = Field(default=None, ge=1, description="mails an hour by PROVIDER, over all workers")
    send_per_day: int | None = Field(default=None, ge=1, description="mails a day (of UTC) by PROVIDER")
    warm_up_from: date | None = Field(default=None, description="first day of a new sending domain: it is warmed up")
    warm_up_first: int = Field(default=500, ge=1, description="mails on that day")
    warm_up_factor: float = Field(default=2.0, gt=1, le=10, description="so many times more on each day after it")
    warm_up_until: int = Field(default=100_000, ge=1, description="beyond this there is no ceiling any more")
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    uncertain: Uncertain = Uncertain.hold
    lease_seconds: float = Field(default=120.0, ge=1)
    connect_timeout: float = Field(default=10.0, gt=0)
    read_timeout: float = Field(default=30.0, gt=0)
    write_timeout: float = Field(default=30.0, gt=0)
    undo_minutes: float = Field(default=5.0, ge=0, le=30)
    canary_minutes: float = Field(default=10.0, ge=0, le=240, description="over 5,000 readers: 500 first; 0: no such")
    retention_days: int = Field(default=400, ge=30, description="how long events and clicks are kept")
    trusted_proxies: list[str] = Field(default_factory=list, description="networks whose X-Forwarded-For is believed")
    alert_url: SecretStr | None = Field(default=None, description="gets a JSON message when an issue is held or stops")
    alert_account: str = Field(default="", description="the account letters to editors go by where their own fails")
    heartbeat_url: SecretStr | None = Field(default=None, description="fetched after each pass of the schedule")
    fetch_private_addresses: bool = Field(default=False, description="allow feeds on private and loopback addresses")
    openid_issuer: str = Field(default="", description="the identity provider that people at the desk sign in with")
    openid_client_id: str = ""
    openid_client_secret: SecretStr | None = None
    openid_name: str = Field(default="", description="what the button calls it; default: its host")
    openid_only: bool = Field(default=False, description="no sign-in by password beside it")

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

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, named: list[str]) -> list[str]:
        for one in named:
            try:
                ipaddress.ip_network(one)
            except ValueError as error:
                raise ValueError(f"names {one!r}; write an address or a network, as in 10.0.0.0/8") from error
        return named

    @field_validator("openid_issuer")
    @classmethod
    def _safe_issuer(cls, url: str) -> str:
        if url and (not is_safe(url) or "?" in url or "#" in url):
            raise ValueError("must be the https:// address that the identity provider calls its issuer")
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
        lacks = self._default_account().lacks
        if lacks:
            raise ValueError(f"PROVIDER is {self.provider}, but {self._setting(lacks[0])} is not set")
        return self

    @model_validator(mode="after")
    def _openid_is_whole(self) -> Self:
        if self.openid_issuer and not self.openid_client_id:
            raise ValueError("OPENID_ISSUER is set, but OPENID_CLIENT_ID is not")
        if self.openid_only and not self.openid_issuer:
            raise ValueError("OPENID_ONLY is set, but OPENID_ISSUER is not: nobody could sign in")
        return self

    @model_validator(mode="after")
    def _accounts_are_sound(self) -> Self:
        for name, account in self.accounts.items():
            if not ACCOUNT_NAME.fullmatch(name) or name in ProviderName.__members__:
                raise ValueError(
                    f"ACCOUNTS names {name!r}: a name is of small letters, figures and single hyphens, "
                    "and not that of a provider"
                )
            if account.lacks:
                needed = " and ".join(NEEDS[account.provider])
                raise ValueError(f"Account {name!r}: {account.provider} needs {needed}; {account.lacks[0]} is not set")
        return self

    @model_validator(mode="after")
    def _alert_account_is_known(self) -> Self:
        if self.alert_account and self.alert_account not in self.account_names:
            raise ValueError(
                f"ALERT_ACCOUNT is {self.alert_account!r}, and there is no such provider account. "
                f"Accounts: {', '.join(self.account_names)}"
            )
        return self

    def account(self, name: str = "") -> Account:
        """Return an account by its name; "" and the name of PROVIDER are the one of the settings above.

        Raises SettingsError naming those there are.
        """
        if name in self.accounts:
            return self.accounts[name]
        if name not in ("", self.provider.value):
            known = ", ".join(sorted(self.account_names))
            raise SettingsError(f"There is no provider account {name!r}. Accounts: {known}. Set it in DIGEST_ACCOUNTS.")
        return self._default_account()

    @property
    def account_names(self) -> tuple[str, ...]:
        """Return the names of all accounts: that of PROVIDER, then the others."""
        return (self.provider.value, *sorted(self.accounts))

    def _default_account(self) -> Account:
        mine, known = self.provider, type(self).model_fields
        settings = {field: self._setting(field).lower() for field in Account.model_fields}
        fields = {
            field: getattr(self, name) for field, name in settings.items() if name in known and field != "provider"
        }
        limits = {field: getattr(self, f"send_{field}") for field in ("per_hour", "per_day")}
        warm_up = {field: getattr(self, field) for field in Account.model_fields if field.startswith("warm_up_")}
        return Account(provider=mine, **fields, **limits, **warm_up)

    def _setting(self, field: str) -> str:
        """Return what the setting is called that is a field of the default account."""
        ours = {(ProviderName.ses, "region"): "AWS_REGION", (ProviderName.smtp, "domain"): "SMTP_BOUNCE_DOMAIN"}
        return ours.get((self.provider, field), f"{self.provider}_{field}".upper())

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


def is_safe(url: str) -> bool:
    """Tell whether what is sent to an address can be read by nobody on the way: https, or this very machine."""
    if url.startswith("https://"):
        return True
    try:
        return url.startswith("http://") and is_loopback(urlsplit(url).hostname or "")
    except ValueError:  # no address of the network's
        return False


def is_loopback(host: str) -> bool:
    """Tell whether a host is this very machine: localhost, 127.0.0.1 and its like, ::1."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # another name
        return False


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
    except SourceError as error:
        raise SettingsError(_not_json(error)) from error
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
    update: dict[str, Any] = {name: folder / getattr(settings, name) for name in _FOLDERS}
    if settings.database_url.startswith(prefix) and file and not file.startswith((":memory:", "file:")):
        update["database_url"] = f"{prefix}{folder / file}"
    return settings.model_copy(update=update)


def _not_json(error: SourceError) -> str:
    """Return the sentence for a setting of several values that is no JSON in the environment."""
    found = re.search(r'field "(\w+)"', str(error))
    name = f"DIGEST_{found[1].upper()}" if found else "A setting in the environment"
    like = (
        '{"second": {"provider": "postmark", "api_key": "KEY"}}' if name == "DIGEST_ACCOUNTS" else '["FIRST", "SECOND"]'
    )
    return f"{name} is not valid JSON. Write it like {like}."


def _sentence(error: ValidationError, file: Path) -> str:
    first = error.errors()[0]
    if first["loc"][:1] == ("accounts",) and len(first["loc"]) > 1:
        return _of_account(first["loc"][1:], str(first["type"]), str(first["msg"]))
    name = "DIGEST_" + "_".join(str(part) for part in first["loc"]).upper() if first["loc"] else "A setting"
    if first["type"] == "missing":
        return f"{name} is not set. Run `digest init` to make {file}, or set it in the environment."
    if first["type"] == "extra_forbidden":
        known = ", ".join(sorted(Settings.model_fields))
        return f"{file} has a setting nobody knows: {first['loc'][0]!r}. Take it out. Settings: {known}."
    reason = str(first["msg"]).removeprefix("Value error, ")
    return f"{name} is wrong: {reason}." if first["loc"] else f"{reason}."


def _of_account(where: Sequence[object], kind: str, reason: str) -> str:
    """Return the sentence for a bad account. ``where``: its name, and the field."""
    name, field = where[0], ".".join(str(part) for part in where[1:])
    if kind == "extra_forbidden":
        known = ", ".join(Account.model_fields)
        return f"Account {name!r} in DIGEST_ACCOUNTS has a field nobody knows: {field!r}. Fields: {known}."
    if kind == "missing":
        return f"Account {name!r} in DIGEST_ACCOUNTS does not say its {field}. One of: {', '.join(ProviderName)}."
    if not field:
        return f"Account {name!r} in DIGEST_ACCOUNTS must have fields, such as provider and api_key."
    return f"Account {name!r} in DIGEST_ACCOUNTS: {field} is wrong: {reason}."
