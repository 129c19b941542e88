"""The second half of the naive ranking: combined editions, straight from rules 10 and 11 and the rulings."""

from collections.abc import Sequence

from digest.ranking.candidate import Candidate, SectionOrder
from tests.ranking.reference import DAY, REASONS, Reference, Row, evidence, reading


class Edition:
    """Rules 10 and 11, and the rulings."""

    def __init__(self, rules: Reference, orders: Sequence[SectionOrder]) -> None:
        self.rules, self.orders, self.all = rules, orders, rules.all
        self.moved: dict[str, int] = {}
        for i, o in enumerate(orders):
            for one in o.moved_in:
                self.moved.setdefault(one, i)
        self.fits = {c.id: [i for i in range(len(orders)) if self.fit(c, i)] for c in self.all}
        self.home = {c.id: home for c in self.all if (home := self.find_home(c)) is not None}
        at_home = [(c, orders[self.home[c.id]]) for c in self.all if c.id in self.home]
        self.twins = rules.best_of_clusters(at_home)
        self.mail: list[Row] = [[] for _ in orders]

    def fit(self, c: Candidate, i: int) -> bool:
        """Tell whether it may stand in section i."""
        return self.rules.reason(c, self.orders[i]) is None and self.moved.get(c.id, i) == i

    def find_home(self, c: Candidate) -> int | None:
        """Find where an editor's hand, the strongest evidence or the reader's order puts it."""
        o = self.orders
        own = [i for i in self.fits[c.id] if not o[i].general or c.id in o[i].pins or c.id in self.moved]
        return min(own, key=lambda i: (c.id not in o[i].pins, -evidence(c, o[i].region), i), default=None)

    def used(self) -> list[Candidate]:
        """List who stands in the mail by now."""
        return [c for placed in self.mail for c, _ in placed]

    def fill(self, i: int, group: list[Candidate], size: int = 999) -> None:
        """Go on with section i."""
        o = self.orders[i]
        self.rules.fill(o, group, self.mail[i], min(size, o.stories + o.briefs))

    def make(self, lead: str | None, count: int) -> tuple[object, ...]:
        """Do it all: lead id, list -> ids full and brief, popular ids, id -> points, id -> reason."""
        general = [i for i, o in enumerate(self.orders) if o.general]
        plain = [i for i in range(len(self.orders)) if i not in general]
        for i in plain:
            self.fill(i, [c for c in self.all if self.home.get(c.id) == i and c.id not in self.twins])
        for i in plain:
            if len(self.mail[i]) < 2:
                group = [c for c in self.all if i in self.fits[c.id] and c.id not in self.twins]
                self.fill(i, [c for c in group if c not in self.used()], 2)
        for i in general:
            self.fill_general(i)
        return self.finish(lead, count)

    def kept(self, c: Candidate, i: int) -> bool:
        """Tell whether an editor put it into a general section other than i."""
        return c.id in self.home and self.home[c.id] != i and self.orders[self.home[c.id]].general

    def fill_general(self, i: int) -> None:
        """Do rule 11."""
        o, group = self.orders[i], []
        elsewhere = self.used() + [c for c in self.all if self.kept(c, i) and c.id not in self.twins]
        for c in self.all:
            if i not in self.fits[c.id] or c.id in self.twins or c in elsewhere:
                continue
            twin = [m for m in elsewhere if c.cluster and m.cluster == c.cluster]
            if twin:
                self.twins[c.id] = twin[0].id
            else:
                group.append(c)
        more = self.rules.best_of_clusters([(c, o) for c in group])
        self.twins.update(more)
        self.fill(i, [c for c in group if c.id not in more])

    def finish(self, lead: str | None, count: int) -> tuple[object, ...]:
        """Choose lead and Popular, and give everyone a reason."""
        rules, sections = self.rules, {}
        pairs = list(zip(self.orders, self.mail, strict=True))
        full = [(c, o, loss) for o, placed in pairs for c, loss in placed[: o.stories]]
        best = min(full, key=lambda f: (not f[0].has_image, rules.key(*f)))[0].id if full else None
        top = lead if lead in [c.id for c in self.used()] else best
        for o, placed in pairs:
            row = [c.id for c, _ in placed]
            cut = tuple([one for one in part if one != top] for part in (row[: o.stories], row[o.stories :]))
            if any(cut):
                sections[o.list_id] = cut
        popular = self.popular(count)
        scores = {c.id: (rules.score(c, o), loss) for o, placed in pairs for c, loss in placed}
        why = {
            c.id: rules.fallen(c, self.twins) if self.fits[c.id] else self.telling(c)
            for c in self.all
            if c not in self.used() and c.id not in popular
        }
        return top, sections, popular, scores, why

    def telling(self, c: Candidate) -> str | None:
        """Find the reason where it came furthest, in its own regions first."""
        if c.id in self.moved:
            return self.rules.reason(c, self.orders[self.moved[c.id]])
        own = [o for o in self.orders if not self.rules.faults(c, o)["region"]] or self.orders
        return max((self.rules.reason(c, o) or "" for o in own), key=REASONS.index)

    def popular(self, count: int) -> list[str]:
        """Choose the Popular block."""
        found: list[Candidate] = []
        for c in sorted(self.all, key=lambda c: (-reading(c), -c.published_at.timestamp(), c.id)):
            if self.may_be_popular(c) and not any(m in [*self.used(), *found] for m in self.rules.mates(c)):
                found.append(c)
        return [c.id for c in found[:count]] if len(found[:count]) > 1 else []

    def may_be_popular(self, c: Candidate) -> bool:
        """Tell whether it is right for these readers' Popular block, and new to them."""
        rules, first, key = self.rules, self.orders[0], self.rules.set_key
        wrong = ("unpublished", "retracted", "embargoed", "already sent")
        refused = [
            any(rules.faults(c, first)[r] for r in wrong),
            any(rules.faults(c, o)["excluded"] for o in self.orders),
            c.language != first.language,
            not any(o.general or o.region in c.regions for o in self.orders),
            rules.now - c.published_at > 28 * DAY,
            not c.popular_rank and c.clicks < 20,
            any(key in m.sent or key in m.shown_popular for m in rules.mates(c)),
        ]
        return not any(refused)
