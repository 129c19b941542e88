"""``digest doctor``: what is wrong with this installation, and what to do about it."""

from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.console import Json, answer

if TYPE_CHECKING:
    from digest.doctor.finding import Finding

SHOWN = {"ok": "ok   ", "warn": "WARN ", "fail": "FAIL "}


def doctor(
    network: Annotated[
        bool, typer.Option("--network", help="Also ask our own pages, another clock, and the providers.")
    ] = False,
    dns: Annotated[bool, typer.Option("--dns", help="Also ask name servers: SPF, DKIM, DMARC.")] = False,
    selector: Annotated[
        list[str] | None, typer.Option("--selector", help="Where the DKIM key stands; may be given again.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Look at settings, database, work and mail, and say what is wrong. Exit 1 where something is broken."""
    from digest.doctor.examining import worst

    found = _examined(network=network, dns=dns, selectors=selector or [])
    level = worst(found).value
    data = {"worst": level, "findings": [one.to_json() for one in found]}
    answer(data, as_json, lambda: _say(found))
    if level == "fail":
        raise typer.Exit(1)


def _examined(*, network: bool, dns: bool, selectors: list[str]) -> "list[Finding]":
    from digest import bootstrap
    from digest.doctor.examining import examine
    from digest.doctor.finding import Patient, fail, ok
    from digest.doctor.resolving import lookup
    from digest.errors import SettingsError

    try:
        with bootstrap.opened() as app:
            patient = Patient(app=app, lookup=lookup, selectors=selectors)
            return [ok("settings", "The settings can be read."), *examine(patient, network=network, names=dns)]
    except SettingsError as error:
        return [fail("settings", str(error), "Mend that setting; nothing else was looked at.")]


def _say(findings: "list[Finding]") -> None:
    for one in findings:
        print(f"{SHOWN[one.level]} {one.check}: {one.says}")
        if one.remedy:
            print(f"      -> {one.remedy}")
    counts = {level: sum(one.level == level for one in findings) for level in SHOWN}
    print(f"{counts['ok']} fine, {counts['warn']} worth a look, {counts['fail']} broken.")
