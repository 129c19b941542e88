"""The colours and sizes of the mail, in light and in dark: the only place that names them."""

from dataclasses import dataclass, field

from digest.rendering.contrast import readable

MOST_COLORS = 24  # pairs of region colours in one mail: more rules would break Gmail's style limit


@dataclass(frozen=True, slots=True)
class Scheme:
    """The colours of one colour scheme. Every text colour reads on every ground (a test works it out)."""

    page: str  # around the mail, and under its footer
    card: str  # under the stories
    panel: str  # under Popular
    ground: str  # behind a picture that has not come
    ink: str  # headlines
    body: str  # standfirsts
    muted: str  # small print
    rule: str  # thin lines
    neutral: str  # in place of a region colour that would not read


LIGHT = Scheme(
    page="#F1EDE4",
    card="#FFFFFF",
    panel="#F8F5EE",
    ground="#E9E3D6",
    ink="#16181D",
    body="#33363D",
    muted="#54565C",
    rule="#DDD7CB",
    neutral="#3D4048",
)
DARK = Scheme(
    page="#0E1013",
    card="#17191E",
    panel="#1E2127",
    ground="#23262D",
    ink="#F2EFE8",
    body="#D6D3CC",
    muted="#AFACA5",
    rule="#3A3D45",
    neutral="#C3C7D0",
)


@dataclass(frozen=True, slots=True)
class Leading:
    """Line heights in px by the size of the text. Some scripts stack marks and need more room."""

    masthead: int = 44  # of 38 px
    masthead_wide: int = 56  # of 50 px
    lead: int = 33  # of 27 px
    lead_wide: int = 41  # of 34 px
    first: int = 26  # of 20 px
    first_wide: int = 31  # of 25 px
    popular: int = 25  # of 18 px
    large: int = 28  # of 18 px
    body: int = 26  # of 17 px
    brief: int = 25  # of 17 px


TALL = Leading(
    masthead=58,
    masthead_wide=74,
    lead=40,
    lead_wide=50,
    first=30,
    first_wide=38,
    popular=29,
    large=30,
    body=28,
    brief=28,
)


@dataclass(slots=True)
class Palette:
    """The pairs of region colours of one mail, each with the number that its CSS classes carry, from 1."""

    pairs: list[tuple[str, str]] = field(default_factory=list)

    def number(self, color: str, color_dark: str) -> int:
        """Return the number of a pair; a colour that would not read becomes the neutral one."""
        pair = (readable(color, LIGHT.card, LIGHT.neutral), readable(color_dark, DARK.card, DARK.neutral))
        if pair not in self.pairs and len(self.pairs) >= MOST_COLORS:
            pair = self.pairs[0]
        if pair not in self.pairs:
            self.pairs.append(pair)
        return self.pairs.index(pair) + 1
