"""SPF, DKIM and DMARC, told from what name servers say; no name server is asked by these tests."""

from collections.abc import Callable, Mapping
from typing import Any

import dns.exception
import dns.resolver
import pytest
from pydantic import SecretStr

from digest import settings
from digest.accounts import Account, ProviderName
from digest.bootstrap import App
from digest.clock import StillClock
from digest.doctor import naming, resolving
from digest.doctor.finding import Patient, Unanswered
from tests.conftest import STRONG

KEY = "v=DKIM1; k=rsa; p=MIGfMA0"
SENDGRID = Account(provider=ProviderName.sendgrid, api_key=SecretStr("key"))
POSTMARK = Account(provider=ProviderName.postmark, api_key=SecretStr("key"))


def zone(records: Mapping[str, Any]) -> Callable[[str, str], list[str]]:
    """Return name servers that know these records: "TXT name" -> texts; an error is raised."""

    def lookup(name: str, kind: str) -> list[str]:
        found = records.get(f"{kind} {name}", [])
        if isinstance(found, Exception):
            raise found
        return [found] if isinstance(found, str) else list(found)

    return lookup


def told(found: Any) -> list[tuple[str, str]]:
    """Return (how bad, what) of findings."""
    return [(one.level.value, one.says) for one in found]


@pytest.mark.parametrize(
    ("record", "level", "words"),
    [
        ("v=spf1 include:_spf.example.net ~all", "ok", "has an SPF record"),
        (["google-site-verification=x", "V=SPF1 -all"], "ok", "has an SPF record"),
        ("v=spf10 -all", "warn", "no SPF record"),
        (["v=spf1 -all", "v=spf1 ~all"], "fail", "2 SPF records"),
        ("v=spf1 +all", "fail", "whole world"),
        ("v=spf1 " + " ".join(f"include:s{n}.example.net" for n in range(11)) + " -all", "fail", "asks for 11 names"),
        ("v=spf1 a mx ip4:192.0.2.0/24 include:ring.example.net ~all", "ok", "has an SPF record"),
    ],
)
def test_spf(record: Any, level: str, words: str):
    """One record, closed, within ten questions; records that include each other end the count."""
    known = {
        "TXT news.example.net": record,
        "TXT ring.example.net": "v=spf1 include:ring.example.net include:news.example.net -all",
    }
    ((found, says),) = told(naming.spf("news.example.net", zone(known)))
    assert (found, words in says) == (level, True)


def test_spf_counts_what_is_included():
    """Three includes with four names each are too many."""
    inner = "v=spf1 a:x.example.net mx exists:y.example.net redirect=z.example.net"
    known = {f"TXT i{n}.example.net": inner for n in range(3)} | {"TXT z.example.net": "v=spf1 ip4:192.0.2.1 -all"}
    known["TXT news.example.net"] = "v=spf1 include:i0.example.net include:i1.example.net include:i2.example.net -all"
    assert "asks for 15 names" in told(naming.spf("news.example.net", zone(known)))[0][1]


@pytest.mark.parametrize(
    ("account", "selectors", "records", "level"),
    [
        (SENDGRID, (), {"TXT s1._domainkey.news.example.net": KEY}, "ok"),
        (SENDGRID, (), {"TXT s2._domainkey.news.example.net": "k=rsa; t=s; p=MIGf"}, "ok"),
        (SENDGRID, (), {"TXT s1._domainkey.news.example.net": "v=DKIM1; p="}, "fail"),
        (SENDGRID, (), {}, "fail"),
        (SENDGRID, ("own",), {"TXT own._domainkey.news.example.net": KEY}, "ok"),
        (POSTMARK, (), {}, "warn"),
        (POSTMARK, ("20260101pm",), {"TXT 20260101pm._domainkey.news.example.net": KEY}, "ok"),
    ],
)
def test_dkim(account: Account, selectors: Any, records: Any, level: str):
    """At the provider's usual places, or at the one that is named; an empty key was taken back."""
    assert [one for one, _ in told(naming.dkim("news.example.net", [account], selectors, zone(records)))] == [level]


def mailgun(domain: str) -> Account:
    """Return an account that signs by a domain."""
    return Account(provider=ProviderName.mailgun, api_key=SecretStr("key"), domain=domain)


@pytest.mark.parametrize(
    ("records", "signs", "wanted"),
    [
        ({"TXT _dmarc.news.example.net": "v=DMARC1; p=none"}, "", ["ok"]),
        ({"TXT _dmarc.example.net": "v=DMARC1; p=reject"}, "", ["ok"]),
        ({"TXT _dmarc.net": "v=DMARC1; p=reject"}, "", ["fail"]),
        ({}, "", ["fail"]),
        ({"TXT _dmarc.news.example.net": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}, "", ["fail"]),
        ({"TXT _dmarc.news.example.net": "v=DMARC1; rua=mailto:x@example.net"}, "", ["fail"]),
        ({"TXT _dmarc.example.net": "v=DMARC1; p=none"}, "mg.example.net", ["ok"]),
        ({"TXT _dmarc.example.net": "v=DMARC1; p=none; adkim=s"}, "mg.example.net", ["ok", "fail"]),
        ({"TXT _dmarc.example.net": "v=DMARC1; p=none; adkim=s"}, "news.example.net", ["ok"]),
        ({"TXT _dmarc.example.net": "v=DMARC1; p=none"}, "mg.other.net", ["ok", "fail"]),
        ({"TXT _dmarc.example.net": "v=DMARC1; p=none"}, "notexample.net", ["ok", "fail"]),
    ],
)
def test_dmarc(records: Any, signs: str, wanted: list[str]):
    """The domain's own record, or that of one above, but not of a public suffix; who signs has to fit it."""
    accounts = [mailgun(signs)] if signs else [SENDGRID]
    assert [one for one, _ in told(naming.dmarc("news.example.net", accounts, zone(records)))] == wanted


def test_every_domain_that_mails_come_from_is_looked_at(tmp_path, clock: StillClock):
    """That of SENDER_ADDRESS; where name servers are silent, that is said, and the other looks go on."""
    given = {"secret_key": STRONG, "address_key": STRONG[::-1], "provider": "sendgrid", "sendgrid_api_key": "key"}
    app = App(settings.load(tmp_path, **given, sender_address="a@News.Example.net"), clock, still=True)
    records = {
        "TXT news.example.net": Unanswered("TXT of news.example.net: LifetimeTimeout"),
        "TXT s1._domainkey.news.example.net": KEY,
        "TXT _dmarc.news.example.net": "v=DMARC1; p=none",
        "MX news.example.net": "mx.example.net",
    }
    found = naming.names(Patient(app=app, lookup=zone(records)))
    app.close()
    assert [(one.check, one.level.value) for one in found] == [
        ("dns", "warn"),
        ("dkim", "ok"),
        ("dmarc", "ok"),
        ("mx", "ok"),
    ]


def test_nothing_is_asked_where_no_mail_leaves(tmp_path, clock: StillClock):
    """With the outbox there is no sender to look up."""
    app = App(settings.load(tmp_path, secret_key=STRONG, address_key=STRONG[::-1]), clock, still=True)
    assert [one.level.value for one in naming.names(Patient(app=app))] == ["ok"]
    app.close()


def test_a_domain_that_takes_no_mail_is_told():
    """Readers answer, and providers send complaints there."""
    assert told(naming.mx("news.example.net", zone({})))[0][0] == "warn"


def test_dnspython_is_read_rightly(monkeypatch: pytest.MonkeyPatch):
    """Parts of a long text are joined; nothing there is an empty list; silence is an error of its own."""
    answers: dict[tuple[str, str], Any] = {
        ("a.example", "TXT"): [_Text(b"v=spf1 incl", b"ude:b.example -all")],
        ("a.example", "MX"): [_Exchange("mx.a.example.")],
        ("none.example", "TXT"): dns.resolver.NXDOMAIN(),
        ("slow.example", "TXT"): dns.exception.Timeout(),
    }

    def resolve(name: str, kind: str, *, lifetime: float) -> Any:
        assert lifetime <= 10
        found = answers[name, kind]
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(dns.resolver, "resolve", resolve)
    assert resolving.lookup("a.example", "TXT") == ["v=spf1 include:b.example -all"]
    assert resolving.lookup("a.example", "MX") == ["mx.a.example"]
    assert resolving.lookup("none.example", "TXT") == []
    with pytest.raises(Unanswered, match=r"TXT of slow\.example"):
        resolving.lookup("slow.example", "TXT")


class _Text:
    def __init__(self, *strings: bytes) -> None:
        self.strings = strings


class _Exchange:
    def __init__(self, exchange: str) -> None:
        self.exchange = exchange
