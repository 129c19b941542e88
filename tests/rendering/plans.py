"""Editions for the tests of rendering and proofs: a made-up newsroom, in English and in Arabic, and its hard cases."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from digest.issues.plan import EditionPlan, Picture, SectionPlan, StoryPlan
from digest.ranking.candidate import Points
from digest.regions import STARTER
from digest.rendering.urls import Urls
from tests.conftest import KEYS

SITE = "https://meridian.example"
URLS = Urls("https://mail.meridian.example", KEYS)
ISSUE = UUID("5b0f3a52-6a3c-4f0e-9a7e-3f1d2c4b5a69")
AS_OF = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
POINTS = Points(editor=40.0, reading=20.0, freshness=15.0, region=10.0)
COLORS = {slug: (light, dark) for slug, _, _, _, light, dark in STARTER}
NAMES = {slug: names for slug, names, *_ in STARTER}
HOSTILE = "<b>{{ 7*7 }}</b> %% \" ' & ]]> <3 {% raw %}"
PUBLICATION = {
    "id": "meridian",
    "name": "The Meridian",
    "sender_name": "The Meridian",
    "sender_address": "digest@meridian.example",
    "reply_to": "desk@meridian.example",
    "postal_address": "Meridian Press Association, 14 Rue du Marché, 1000 Brussels, Belgium",
    "website": SITE,
}
STORIES: dict[str, list[dict[str, Any]]] = {
    "south-caucasus": [
        {
            "headline": "The dam keepers of Enguri want their snow back",
            "standfirst": "The reservoir is a third empty in November. Engineers who measured the ice by hand for "
            "forty years now do it by drone, and do not like the numbers.",
            "kicker": "Report",
            "place_name": "Enguri",
            "byline": "Levan Orbel",
            "minutes": 9,
            "picture": Picture(
                f"{SITE}/pictures/lead.jpg",
                "Illustration: a train crosses a viaduct at dawn",
                "Illustration: The Meridian",
                1280,
                680,
            ),
            "editors_choice": True,
            "show_badge": True,
        },
        {
            "headline": "Hazelnut growers plant tea again, on a bet about rain",
            "standfirst": "Samegrelo pulled up its tea thirty years ago. The grandchildren are putting it back, row by "
            "row, with a bank that does not ask for collateral.",
            "kicker": "Business",
            "place_name": "Georgia",
            "byline": "Tamar Keli",
            "minutes": 5,
            "picture": Picture(
                f"{SITE}/pictures/thumb-sc.jpg", "Illustration: rows of vines below green hills", width=504, height=336
            ),
        },
        {
            "headline": "A customs shed becomes the busiest school on the border",
            "standfirst": "Traders’ children do sums between lorries. The ministry calls it temporary, "
            "for the fourth year.",
            "kicker": "Analysis",
            "place_name": "Armenia and Georgia",
            "byline": "Anahit Sar",
            "minutes": 6,
            "editors_choice": True,
            "show_badge": True,
            "also_in": ("eastern-europe",),
        },
        {
            "headline": "Baku’s night buses get a timetable, and passengers get angry",
            "standfirst": "Nobody knew they were late until there was something to be late for.",
            "kicker": "News",
            "place_name": "Azerbaijan",
            "byline": "By Rauf Hagan",
            "minutes": 3,
            "updated": True,
        },
        {"headline": "Yerevan lends out umbrellas with its library cards", "block": "brief"},
        {"headline": "Two valleys, one vet: a mountain rota that works", "block": "brief"},
    ],
    "central-asia": [
        {
            "headline": "The glacier that pays rent to the town below it",
            "standfirst": "A village sells its meltwater by the cubic metre and spends the money on keeping the ice.",
            "kicker": "Energy",
            "place_name": "Kyrgyzstan",
            "byline": "Dana Serik",
            "minutes": 7,
            "editors_choice": True,
            "show_badge": True,
            "picture": Picture(
                f"{SITE}/pictures/thumb-ca.jpg",
                "Illustration: solar panels in rows under a low sun",
                width=504,
                height=336,
            ),
        },
        {
            "headline": "Five ministries, one borehole: who owns the water under Tashkent",
            "standfirst": "The map was the easy part. The signatures are now in their third year.",
            "kicker": "Analysis",
            "place_name": "Tashkent",
            "byline": "Farrukh Olim",
            "minutes": 8,
        },
        {
            "headline": "How long a lorry waits at Khorgos, measured from the driver’s seat",
            "standfirst": "Fourteen drivers kept a diary for us. The longest entry says only: still here.",
            "kicker": "Data",
            "place_name": "Khorgos",
            "byline": "Inga Volk and Dana Serik",
            "minutes": 10,
            "also_in": ("south-caucasus",),
        },
        {"headline": "Bishkek tries a quiet hour in its markets", "block": "brief"},
        {"headline": "A telescope school opens above Almaty", "block": "brief"},
    ],
    "eastern-europe": [
        {
            "headline": "The last barge pilots of the Dniester teach by radio",
            "standfirst": "Their pupils are twenty, three hundred kilometres away, and have never been late.",
            "kicker": "Report",
            "place_name": "Moldova",
            "byline": "Mirela Dobre",
            "minutes": 6,
            "picture": Picture(
                f"{SITE}/pictures/thumb-ee.jpg", "Illustration: a riverside city at dusk", width=504, height=336
            ),
        },
        {
            "headline": "Winter power in five numbers",
            "standfirst": "What is bought, what is stored, and what happens at minus fifteen.",
            "kicker": "Explainer",
            "place_name": "Ukraine",
            "byline": "Ion Crasu",
            "minutes": 4,
        },
        {
            "headline": "Lviv repairs its clocks in public",
            "kicker": "Culture",
            "place_name": "Lviv",
            "byline": "Olha Denys",
        },
        {"headline": "Chișinău swaps night-shift nurses with Iași for a year", "block": "brief"},
    ],
}
POPULAR: list[dict[str, Any]] = [
    {"headline": "How to read a ceasefire map", "kicker": "Explainer", "minutes": 5},
    {"headline": "The accountant who found 2,000 missing cows", "place_name": "Kyrgyzstan", "minutes": 7},
    {"headline": "Why every café in Batumi closes on Mondays", "place_name": "Georgia", "minutes": 4},
    {"headline": "Letters from the last lighthouse on the estuary", "place_name": "Ukraine", "minutes": 9},
]
ARABIC: dict[str, list[dict[str, Any]]] = {
    "south-caucasus": [
        {
            "headline": "حرّاس سدّ إنغوري يريدون ثلوجهم من جديد",
            "standfirst": "الخزان فارغ إلى الثلث في نوفمبر. "
            "المهندسون الذين قاسوا الجليد بأيديهم أربعين عامًا يقيسونه اليوم بطائرة.",
            "kicker": "تقرير",
            "place_name": "إنغوري",
            "byline": "ليفان أوربل",
            "minutes": 9,
            "picture": Picture(
                f"{SITE}/pictures/lead.jpg", "رسم: قطار يعبر جسرًا عند الفجر", "الرسم: خط الزوال", 1280, 680
            ),
            "show_badge": True,
        },
        {
            "headline": "مزارعو البندق يعودون إلى الشاي رهانًا على المطر",
            "standfirst": "اقتُلع الشاي قبل ثلاثين عامًا، واليوم يعيده الأحفاد صفًّا بعد صف.",
            "kicker": "اقتصاد",
            "place_name": "جورجيا",
            "byline": "Tamar Keli",
            "minutes": 5,
            "picture": Picture(f"{SITE}/pictures/thumb-sc.jpg", "رسم: صفوف كروم تحت تلال خضراء", width=504, height=336),
        },
        {
            "headline": "مستودع جمارك يصير أكثر المدارس ازدحامًا على الحدود",
            "standfirst": "أطفال التجار يحسبون بين الشاحنات.",
            "kicker": "تحليل",
            "place_name": "أرمينيا وجورجيا",
            "byline": "أناهيت سار",
            "minutes": 6,
            "show_badge": True,
            "also_in": ("central-asia",),
        },
        {"headline": "يريفان تعير المظلات مع بطاقات المكتبة", "block": "brief"},
    ],
    "central-asia": [
        {
            "headline": "النهر الجليدي الذي يدفع إيجارًا للبلدة تحته",
            "standfirst": "قرية تبيع مياه الذوبان بالمتر المكعب وتنفق المال على حفظ الجليد.",
            "kicker": "طاقة",
            "place_name": "قيرغيزستان",
            "byline": "دانا سيريك",
            "minutes": 7,
            "show_badge": True,
            "picture": Picture(f"{SITE}/pictures/thumb-ca.jpg", "رسم: ألواح شمسية في صفوف", width=504, height=336),
        },
        {
            "headline": "Кто держит ключи от воды под Ташкентом",
            "standfirst": "Карта была самой простой частью.",
            "kicker": "تحليل",
            "place_name": "طشقند",
            "language": "ru",
            "minutes": 8,
        },
        {"headline": "بيشكك تجرّب ساعة هادئة في أسواقها", "block": "brief"},
    ],
}


def story(place: int, *, region: str = "south-caucasus", block: str = "section", **given: Any) -> StoryPlan:
    """Return a story at a place; its link is made from the place unless given."""
    return StoryPlan(
        **{
            "article_id": uuid5(ISSUE, str(place)),
            "story_key": f"story-{place}",
            "url": f"{SITE}/stories/{place}",
            "place": place,
            "block": block,
            "list_id": region,
            "region": region,
            "points": POINTS,
            **given,
        }
    )


def section(
    region: str, stories: Sequence[StoryPlan], briefs: Sequence[StoryPlan] = (), language: str = "en"
) -> SectionPlan:
    """Return a section in the colours of its region."""
    light, dark = COLORS[region]
    return SectionPlan(
        list_id=region,
        region=region,
        heading=NAMES[region].get(language, NAMES[region]["en"]),
        color=light,
        color_dark=dark,
        stories=tuple(stories),
        briefs=tuple(briefs),
    )


def edition(stories: dict[str, list[dict[str, Any]]], language: str = "en", **given: Any) -> EditionPlan:
    """Return an edition of these regions: the first story of all leads it."""
    place, sections, lead = 0, [], None
    for region, found in stories.items():
        made = []
        for each in found:
            place += 1
            one = story(place, region=region, **{"language": language, **each})
            made.append(one)
        if lead is None and made:
            lead = replace(made.pop(0), block="lead")
        main = [one for one in made if one.block != "brief"]
        sections.append(section(region, main, [one for one in made if one.block == "brief"], language))
    names = {slug: names.get(language, names["en"]) for slug, names in NAMES.items()}
    plan = {
        "issue_id": ISSUE,
        "revision": 1,
        "publication": PUBLICATION,
        "as_of": AS_OF,
        "zone": "Europe/Brussels",
        "cadence": "weekly",
        "lists": tuple(stories),
        "list_names": {slug: names[slug] for slug in stories},
        "set_key": " ".join(sorted(stories)),
        "language": language,
        "subject": lead.headline if lead else "The Meridian",
        "preheader": "Also: tea on a bet about rain, and the busiest school on the border",
        "lead": lead,
        "sections": tuple(sections),
        "region_names": names,
    }
    return EditionPlan(**{**plan, **given})


def popular(after: int, found: Sequence[dict[str, Any]] = POPULAR) -> tuple[StoryPlan, ...]:
    """Return the Popular block of an edition with so many stories before it."""
    return tuple(story(after + n, block="popular", **each) for n, each in enumerate(found, start=1))


def english(**given: Any) -> EditionPlan:
    """Return the usual edition: three regions, 15 stories and 4 popular, an editor's note."""
    note = (
        "Water keeps no calendar. This week a dam, a glacier and a borehole all test whether neighbours can share what "
        "none of them made. Start with the dam: our reporter stayed for the night shift."
    )
    return edition(
        STORIES,
        **{
            "note": note,
            "editor_name": "Nino Aslan",
            "editor_role": "newsletters editor",
            "popular": popular(15),
            **given,
        },
    )


def arabic(**given: Any) -> EditionPlan:
    """Return a right-to-left edition, with a story in Russian and a byline in Latin letters."""
    found = [
        {"headline": "كيف تقرأ خريطة وقف إطلاق النار", "kicker": "شرح", "minutes": 5, "language": "ar"},
        {"headline": "المحاسِبة التي وجدت 2000 بقرة مفقودة", "place_name": "قيرغيزستان", "minutes": 7, "language": "ar"},
    ]
    return edition(
        ARABIC,
        "ar",
        **{
            "publication": {**PUBLICATION, "name": "خط الزوال"},
            "preheader": "وأيضًا: من يدفع إيجار النهر الجليدي؟",
            "note": "الماء لا يعرف التقويم. "
            "هذا الأسبوع يختبر سدّ ونهر جليدي وبئر قدرة الجيران على اقتسام ما لم يصنعه أحد منهم.",
            "editor_name": "نينو أصلان",
            "editor_role": "محررة النشرات",
            "popular": popular(8, found),
            **given,
        },
    )


def plain(**given: Any) -> EditionPlan:
    """Return the barest edition: one list, one story of which only headline and link are known."""
    return edition({"central-asia": [{"headline": "A story with nothing but a headline"}]}, **given)


def many(count: int = 60) -> EditionPlan:
    """Return an edition of two regions with many stories, as a newsroom without limits would make."""
    rows = [
        {
            "headline": f"Story {n}: a headline of the usual length about a usual thing",
            "standfirst": "One sentence that says what was found. Another that says why it matters to the reader.",
            "kicker": "News",
            "place_name": "Tbilisi",
            "byline": "Tamar Keli",
            "minutes": 4,
        }
        for n in range(count)
    ]
    return edition({"south-caucasus": rows[: count // 2], "central-asia": rows[count // 2 :]})
