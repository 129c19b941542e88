"""Checks of what mail programs understand of a mail: by program, never as one share of all."""

from collections.abc import Iterator, Mapping, Sequence

from digest.proofs.check import Check, Examined, Level, Surroundings
from digest.proofs.clients import knowing, using
from digest.proofs.clients.rules import MATTERS, NESTED_AT, NOT_INLINE, OWN, Own

NAME = "clients"
LOOKED_AT = "what each mail program lacks has something in its place"
MOST_NAMED = 8  # features in a sentence


def run(editions: Sequence[Examined], around: Surroundings) -> Iterator[Check]:
    """Look at all editions together: the same template makes them."""
    pages = [using.bare(edition.rendered.html) for edition in editions]
    used = using.Used()
    for page in pages:
        used.look(page)
    support = knowing.support()
    clients = support.chosen(around.recipe.frame.publication.get("clients") or ())
    yield from _missing(support, clients, used.matters)
    yield from _own(pages, used)
    yield from _plainer(support, clients, sorted(set(used.degrades) - set(used.matters)))


def _missing(support: knowing.Support, clients: Sequence[str], matters: Mapping[str, str]) -> Iterator[Check]:
    """Say for each feature without a fallback which programs lack it."""
    for feature, place in matters.items():
        lacking = [one for one in clients if feature in MATTERS and support.lacks(one, feature)]
        if lacking:
            yield Check(
                level=Level.amber,
                group=NAME,
                code=f"client-{feature}",
                sentence=f"{support.names(lacking)}: no {support.title(feature)}, and nothing stands in its place.",
                place=place,
                remedy=MATTERS[feature],
            )


def _own(pages: Sequence[str], used: using.Used) -> Iterator[Check]:
    for rule in OWN:
        found = next(((page, match) for page in pages if (match := rule.pattern.search(page))), None)
        if found:
            yield _by_rule(rule, using.near(found[0], found[1].start()))
    if used.nested_at:
        yield _by_rule(NESTED_AT, "")
    if used.not_inline:
        yield _by_rule(NOT_INLINE, "")


def _by_rule(rule: Own, place: str) -> Check:
    return Check(level=Level.amber, group=NAME, code=rule.code, sentence=rule.sentence, place=place, remedy=rule.remedy)


def _plainer(support: knowing.Support, clients: Sequence[str], degrades: Sequence[str]) -> Iterator[Check]:
    """Say what programs leave out that the mail can do without; programs that lack the same are named together."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for client in clients:
        lacks = tuple(support.title(one) for one in degrades if support.lacks(client, one))
        if lacks:
            alike.setdefault(lacks, []).append(client)
    for lacks, who in alike.items():
        more = f" and {len(lacks) - MOST_NAMED} more" if len(lacks) > MOST_NAMED else ""
        yield Check(
            level=Level.green,
            group=NAME,
            code="client-plainer",
            sentence=f"{support.names(who)}: without {', '.join(lacks[:MOST_NAMED])}{more}; the mail stands without.",
        )
