"""How issues are said: as data for machines, and as lines for people."""

from typing import TYPE_CHECKING, Any

from digest.cli.console import counted

if TYPE_CHECKING:
    from digest.issues.models import Issue
    from digest.proofs.check import Check


def short(issue: "Issue") -> dict[str, Any]:
    """Return where an issue stands, as data."""
    from digest.clock import as_utc_text

    return {
        "issue": str(issue.id),
        "number": issue.number,
        "publication": issue.publication_id,
        "as_of": as_utc_text(issue.as_of),
        "send_at": as_utc_text(issue.send_at) if issue.send_at else None,
        "status": str(issue.status),
        "version": issue.version,
        "revision": issue.revision,
        "once": issue.once,
        "held": issue.held,
        "failed": issue.failed,
    }


def edition(edition: Any) -> dict[str, Any]:
    """Return a stored edition in short, as data."""
    names = ("number", "lists", "language", "without", "readers", "subject", "preheader", "html_bytes", "trimmed")
    return {"edition": str(edition.id)} | {name: getattr(edition, name) for name in names}


def say_draft(data: dict[str, Any]) -> None:
    """Print a draft for people."""
    print(f"Issue {data['number']} of {data['publication']}, cut off {data['as_of']}: {data['issue']}")
    say_changes(data)
    _say_edition(data)
    left_out = counted(len(data["left_out"]), "article")
    print(f"\nLeft out: {left_out}. Why: digest issues explain {data['number']}")
    for one in data["editions"]:
        print(f"Edition {' + '.join(one['lists'])}: {counted(one['readers'], 'reader')}, subject: {one['subject']}")


def say_changes(data: dict[str, Any]) -> None:
    """Print what the newsroom changed since the draft, and waits for an answer."""
    for one in data["source_changed"]:
        print(f"Source changed: {', '.join(one['changed'])} of “{one['headline']}”.")
    if data["source_changed"]:
        print(f"  Take it over, or leave it: digest issues edit {data['number']} take|keep ARTICLE|all")


def _say_edition(data: dict[str, Any]) -> None:
    print(f"Subject: {data['subject']}")
    if data["lead"]:
        print(f"\nLead\n{_line(data['lead'])}")
    for section in data["sections"]:
        print(f"\n{section['heading']}")
        for one in (*section["stories"], *section["briefs"]):
            print(_line(one))
    for name in ("corrections", "popular"):
        if data[name]:
            print(f"\n{name.capitalize()}")
            for one in data[name]:
                print(_line(one))


def _line(one: dict[str, Any]) -> str:
    also = "".join(f"\n     also: {other['headline'] or other['article_id']}" for other in one["also"])
    return f"{one['place']:>3}. {one['headline']}{' [pinned]' if one['pinned'] else ''}\n     {one['why']}{also}"


def say_explained(data: Any) -> None:
    """Print why each article stands where it does, or nowhere."""
    if "places" in data:
        print(data["headline"])
        for one in data["places"]:
            print(f"  {' + '.join(one['lists'])}: {one['answer']}")
        return
    from digest.issues import explaining

    _say_edition(data)
    print("\nLeft out")
    for one in data["left_out"]:
        print(f"  {one['headline']}: {explaining.said(one['reason'], one['detail'])}  {one['article_id']}")


def say_issue(data: dict[str, Any]) -> None:
    """Print an issue, its editions and its log."""
    for name in ("issue", "number", "publication", "as_of", "status", "version", "held", "failed", "approved_by"):
        if data[name] not in (None, ""):
            print(f"{name}: {data[name]}")
    say_changes(data)
    for one in data["editions"]:
        print(f"edition {' + '.join(one['lists'])}: {one['readers']} readers, {one['html_bytes']} B, {one['subject']}")
    for one in data["log"]:
        print(f"{one['at']}  {one['who']}  {one['what']}")


def say_checks(editions: list[dict[str, Any]], checks: "tuple[Check, ...]") -> None:
    """Print what the checks found."""
    print(f"{len(editions)} editions, the largest {max((e['html_bytes'] for e in editions), default=0):,} B.")
    for one in checks:
        place = f" ({one.place})" if one.place else ""
        remedy = f" {one.remedy}." if one.remedy else ""
        print(f"{one.level:<11} {one.code}: {one.sentence}{place}{remedy}")
