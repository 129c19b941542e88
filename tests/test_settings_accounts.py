"""Provider accounts in the settings: from the environment and the file, what is refused, and the parts made of them."""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from digest import bootstrap
from digest.accounts import ACCOUNT_NAME, Account, ProviderName
from digest.errors import Refused, SettingsError
from digest.proofs import relaxed
from digest.providers import registry
from digest.providers.outbox import Outbox
from digest.settings import Settings, load
from tests.conftest import STRONG

KEYS = {"secret_key": STRONG, "address_key": STRONG}
GRID = {"provider": "sendgrid", "api_key": "SG.key"}


def given(monkeypatch: pytest.MonkeyPatch, accounts: Any) -> None:
    """Set DIGEST_ACCOUNTS."""
    monkeypatch.setenv("DIGEST_ACCOUNTS", accounts if isinstance(accounts, str) else json.dumps(accounts))


def opened(folder: Path, accounts: dict[str, Any]) -> AbstractContextManager[bootstrap.App]:
    """Open a product with the outbox and more accounts."""
    return bootstrap.opened(folder, secret_key=STRONG, address_key=STRONG, accounts=accounts)


def test_accounts_come_from_the_environment_and_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """[accounts.NAME] and DIGEST_ACCOUNTS together; of the same one the environment's fields beat the file's."""
    (tmp_path / "digest.toml").write_text(
        '[accounts.second]\nprovider = "sendgrid"\napi_key = "SG.file"\nrate = 2\n'
        '[accounts.third]\nprovider = "outbox"\n'
    )
    given(monkeypatch, {"second": {"api_key": "SG.env"}, "fourth": GRID})
    settings = load(tmp_path, **KEYS)
    assert settings.account_names == ("outbox", "fourth", "second", "third")
    second = settings.account("second")
    assert (second.provider, second.secret("api_key"), second.rate) == ("sendgrid", "SG.env", 2)
    assert settings.account("").provider == settings.account("outbox").provider == "outbox"
    with pytest.raises(SettingsError, match=r"There is no provider account 'fifth'\. Accounts: fourth, outbox, second"):
        settings.account("fifth")


@pytest.mark.parametrize(
    ("accounts", "sentence"),
    [
        (
            {"a": {**GRID, "api_kee": "x"}},
            "Account 'a' in DIGEST_ACCOUNTS has a field nobody knows: 'api_kee'. Fields: pro",
        ),
        ({"a": {"api_key": "x"}}, "Account 'a' in DIGEST_ACCOUNTS does not say its provider. One of: outbox, sendgrid"),
        ({"a": {**GRID, "provider": "pigeon"}}, "Account 'a' in DIGEST_ACCOUNTS: provider is wrong: Input should be"),
        ({"a": {**GRID, "rate": 0}}, "Account 'a' in DIGEST_ACCOUNTS: rate is wrong: Input should be greater than 0"),
        ({"a": "SG.key"}, "Account 'a' in DIGEST_ACCOUNTS must have fields, such as provider and api_key"),
        ({"Big News": GRID}, "ACCOUNTS names 'Big News': a name is of small letters, figures and single hyphens"),
        ({"sendgrid": GRID}, "ACCOUNTS names 'sendgrid': .* not that of a provider"),
        ({"a": {"provider": "sendgrid"}}, "Account 'a': sendgrid needs api_key; api_key is not set"),
        ({"a": {"provider": "postmark", "api_key": ""}}, "Account 'a': postmark needs api_key; api_key is not set"),
        (
            {"a": {"provider": "mailgun", "api_key": "k"}},
            "Account 'a': mailgun needs api_key and domain; domain is not",
        ),
        ({"a": {"provider": "ses"}}, "Account 'a': ses needs region; region is not set"),
        ({"a": {"provider": "resend"}}, "Account 'a': resend needs api_key"),
        ({"a": {"provider": "brevo"}}, "Account 'a': brevo needs api_key"),
        ({"a": {"provider": "smtp"}}, "Account 'a': smtp needs url; url is not set"),
        ("second=sendgrid", 'DIGEST_ACCOUNTS is not valid JSON. Write it like {"second": {"provider": "postmark"'),
        ('["second"]', "DIGEST_ACCOUNTS is wrong: Input should be a valid dictionary"),
    ],
)
def test_a_bad_account_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, accounts: Any, sentence: str):
    """It names the account and the field, and shows no key."""
    given(monkeypatch, accounts)
    with pytest.raises(SettingsError, match=sentence.replace("{", r"\{")) as refused:
        load(tmp_path, **KEYS)
    assert "SG.key" not in str(refused.value)


def test_a_bad_account_in_the_file_is_a_sentence(tmp_path: Path):
    """The same words."""
    (tmp_path / "digest.toml").write_text('[accounts.second]\nprovider = "sendgrid"\nkey = "SG.key"\n')
    with pytest.raises(SettingsError, match="Account 'second' in DIGEST_ACCOUNTS has a field nobody knows: 'key'"):
        load(tmp_path, **KEYS)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"provider": "sendgrid"}, "PROVIDER is sendgrid, but SENDGRID_API_KEY is not set"),
        ({"provider": "smtp"}, "PROVIDER is smtp, but SMTP_URL is not set"),
        ({"provider": "mailgun", "mailgun_api_key": "k"}, "PROVIDER is mailgun, but MAILGUN_DOMAIN is not set"),
        ({"provider": "ses"}, "PROVIDER is ses, but AWS_REGION is not set"),
    ],
)
def test_the_default_account_needs_what_the_others_need(tmp_path: Path, settings: dict[str, str], sentence: str):
    """By the names of the settings."""
    with pytest.raises(SettingsError, match=sentence):
        load(tmp_path, **KEYS, **settings)


def test_the_default_account_is_made_of_the_settings(tmp_path: Path):
    """Each provider's own, SES's region and SMTP's domain under the names they have everywhere."""
    ses = load(tmp_path, **KEYS, provider="ses", aws_region="eu-west-1", ses_configuration_set="events").account()
    assert (ses.provider, ses.region, ses.configuration_set) == (ProviderName.ses, "eu-west-1", "events")
    smtp = load(tmp_path, **KEYS, provider="smtp", smtp_url="smtp://h", smtp_bounce_domain="b.example.org").account()
    assert (smtp.secret("url"), smtp.domain, smtp.secret("api_key")) == ("smtp://h", "b.example.org", "")


@pytest.mark.parametrize(
    ("provider", "accounts", "passing"),
    [
        ("outbox", {}, True),
        ("outbox", {"a": {**GRID, "base_url": "http://127.0.0.1:9"}}, True),
        ("outbox", {"a": {"provider": "smtp", "url": "smtp://u:p@localhost:25"}}, True),
        ("outbox", {"a": GRID}, False),
        ("outbox", {"a": {"provider": "smtp", "url": "smtp://relay.example.org"}}, False),
        ("sendgrid", {"a": {"provider": "outbox"}}, False),
    ],
)
def test_local_links_pass_only_where_no_account_reaches_a_reader(
    tmp_path: Path, provider: str, accounts: dict[str, Any], passing: object
):
    """One real account among them, and links to this machine are red."""
    settings = load(tmp_path, **KEYS, provider=provider, sendgrid_api_key="SG.key", accounts=accounts)
    assert bool(relaxed.names(settings)) is passing


def test_accounts_are_built_when_first_asked_for_and_closed_at_the_end(tmp_path: Path):
    """Two with the same provider are two; nothing is built before; the means know all of them, with their rates."""
    accounts = {"a": {**GRID, "rate": 2}, "b": {"provider": "sendgrid", "api_key": "SG.other"}}
    closed = []
    with opened(tmp_path, accounts) as app:
        assert (app.means.several, set(app.accounts), len(app.accounts)) == (True, {"outbox", "a", "b"}, 3)
        assert app.accounts._built == {}
        first, second = app.provider_of("a"), app.provider_of("b")
        assert first is app.accounts["a"]
        assert first is not second
        assert isinstance(app.provider_of(""), Outbox)
        assert app.provider_of("outbox") is app.provider
        assert (app.means.rate_of("a"), app.means.rate_of("b")) == (2, app.settings.send_rate)
        with pytest.raises(Refused, match="no provider account 'c'"):
            app.provider_of("c")
        for name, one in (("a", first), ("b", second)):
            vars(one)["close"] = lambda name=name: closed.append(name)
    assert closed == ["a", "b"]


def test_each_account_has_its_own_webhook_and_puller(tmp_path: Path):
    """By its name; none where there is no secret, no account, or nothing to ask for."""
    accounts = {
        "a": {**GRID, "webhook_secret": ""},
        "b": {"provider": "brevo", "api_key": "k", "webhook_secret": "user:long-enough-password"},
        "c": {"provider": "brevo", "api_key": "k2", "webhook_secret": "user:another-long-password"},
    }
    with opened(tmp_path, accounts) as app:
        assert [name for name in ("", "outbox", "a", "b", "c", "d") if app.webhooks.get(name)] == ["b", "c"]
        assert app.webhooks["b"] is not app.webhooks["c"]
        assert registry.puller(app.settings, "b") is not registry.puller(app.settings, "c")
        for name in ("a", ""):
            with pytest.raises(SettingsError, match="no events to ask for"):
                registry.puller(app.settings, name)
        with pytest.raises(SettingsError, match="no provider account 'd'"):
            registry.puller(app.settings, "d")


def test_an_account_s_name_can_stand_in_an_address():
    """As a publication may name it, too: a slug."""
    assert [name for name in ("a", "a-1", "1", "-a", "a--b", "A", "a_b", "\u00e9") if ACCOUNT_NAME.fullmatch(name)] == [
        "a", "a-1", "1"
    ]  # fmt: skip
    assert set(Account.model_fields) >= {"provider", "api_key", "rate"}
    assert "accounts" in Settings.model_fields
