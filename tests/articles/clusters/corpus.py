"""Made-up news in four languages, from our own sentences: stories, their edited copies, and look-alikes."""

from dataclasses import dataclass, replace
from random import Random

LANGUAGES = ("en", "de", "ru", "zh")
# {p} a place, {q} another, {n} {m} numbers, {w} a person, {s} a thing at stake
SENTENCES = {
    "en": (
        "Officials in {p} said on Monday that work on {s} would begin before the winter.",
        "The council of {q} voted by {n} to {m} to set money aside for {s}.",
        "{w}, who has led the talks since spring, called the decision long overdue.",
        "Residents near the old market told our reporter they had heard nothing about it until last week.",
        "A report published in {q} puts the damage at {n} million and warns that it may double.",
        "Opponents want a court to look at the contract, which was signed without a tender.",
        "More than {m} families have moved away from {p} in the past ten years.",
        "The ministry did not answer written questions about how the firm had been chosen.",
        "{w} promised to publish every page of the agreement within {n} days.",
        "Engineers measured cracks up to {m} millimetres wide along the northern wall.",
        "Traders on the road to {q} fear that lorries will have to wait for hours at the checkpoint.",
        "Two earlier attempts to settle the matter failed, in part because nobody could agree who should pay.",
        "A neighbour described how the lights went out across {p} shortly after midnight.",
        "Economists expect prices for bread and fuel to rise by {n} percent before the new year.",
        "The opposition boycotted the session and gathered in front of the theatre instead.",
        "Teachers have been on strike for {m} days and want their wages paid in full.",
        "According to the survey, every third household in {q} draws its water from a private well.",
        "The bishop appealed to both sides to let the buses with medicine pass.",
        "Behind closed doors, diplomats are said to have drawn up a map with {n} crossing points.",
        "Historians recall that {s} had already divided the two towns a century ago.",
        "The river rose by {m} centimetres overnight and flooded the lower quarter.",
        "Young people interviewed at the university in {p} do not expect much from the vote.",
    ),
    "de": (
        "Die Behörden in {p} teilten am Montag mit, die Arbeiten an {s} sollten noch vor dem Winter beginnen.",
        "Der Rat von {q} stimmte mit {n} zu {m} Stimmen dafür, Geld für {s} zurückzulegen.",
        "{w} leitet die Gespräche seit dem Frühjahr und nannte die Entscheidung längst überfällig.",
        "Anwohner am alten Markt sagten unserer Reporterin, sie hätten bis vorige Woche nichts davon gewusst.",
        "Ein in {q} veröffentlichter Bericht beziffert den Schaden auf {n} Millionen und warnt vor dem Doppelten.",
        "Die Gegner wollen den Vertrag, der ohne Ausschreibung geschlossen wurde, vor Gericht prüfen lassen.",
        "Mehr als {m} Familien sind in den vergangenen zehn Jahren aus {p} fortgezogen.",
        "Auf schriftliche Fragen, wie die Firma ausgewählt worden sei, antwortete das Ministerium nicht.",
        "{w} versprach, binnen {n} Tagen jede Seite der Vereinbarung offenzulegen.",
        "Ingenieure maßen an der Nordwand Risse von bis zu {m} Millimetern Breite.",
        "Händler an der Straße nach {q} fürchten, dass Lastwagen am Kontrollpunkt stundenlang warten müssen.",
        "Zwei frühere Versuche einer Einigung scheiterten auch daran, dass niemand bezahlen wollte.",
        "Eine Nachbarin schilderte, wie kurz nach Mitternacht in ganz {p} das Licht ausging.",
        "Fachleute erwarten, dass Brot und Treibstoff bis zum neuen Jahr um {n} Prozent teurer werden.",
        "Die Opposition blieb der Sitzung fern und versammelte sich stattdessen vor dem Theater.",
        "Die Lehrkräfte streiken seit {m} Tagen und verlangen ihren vollen Lohn.",
        "Laut der Umfrage holt jeder dritte Haushalt in {q} sein Wasser aus einem eigenen Brunnen.",
        "Der Bischof rief beide Seiten auf, die Busse mit den Medikamenten durchzulassen.",
        "Hinter verschlossenen Türen sollen Diplomaten eine Karte mit {n} Übergängen gezeichnet haben.",
        "Historiker erinnern daran, dass {s} die beiden Städte schon vor hundert Jahren entzweite.",
        "Der Fluss stieg über Nacht um {m} Zentimeter und überschwemmte das untere Viertel.",
        "Junge Leute an der Universität von {p} versprechen sich von der Wahl nicht viel.",
    ),
    "ru": (
        "Власти города {p} сообщили в понедельник, что {s} начнут обновлять ещё до зимы.",
        "Совет города {q} проголосовал {n} против {m} за то, чтобы отложить деньги на {s}.",
        "{w} ведёт переговоры с весны и считает это решение давно назревшим.",
        "Жители домов у старого рынка рассказали нашему корреспонденту, что до прошлой недели ничего не знали.",
        "Доклад, вышедший в городе {q}, оценивает ущерб в {n} миллионов и предупреждает, что он может удвоиться.",
        "Противники хотят, чтобы суд изучил договор, подписанный без всякого конкурса.",
        "За последние десять лет из города {p} уехали более {m} семей.",
        "На письменные вопросы о том, как выбирали подрядчика, министерство не ответило.",
        "{w} обещает за {n} дней опубликовать каждую страницу соглашения.",
        "Инженеры обнаружили на северной стене трещины шириной до {m} миллиметров.",
        "Торговцы на дороге в {q} боятся, что грузовикам придётся часами стоять у пропускного пункта.",
        "Две прежние попытки договориться провалились, потому что никто не хотел платить.",
        "Соседка описала, как вскоре после полуночи во всём городе {p} погас свет.",
        "Экономисты ждут, что хлеб и топливо подорожают к новому году на {n} процентов.",
        "Оппозиция не пришла на заседание и собралась вместо этого перед театром.",
        "Учителя бастуют уже {m} дней и требуют выплатить зарплату полностью.",
        "Согласно опросу, каждая третья семья в городе {q} берёт воду из собственного колодца.",
        "Епископ призвал обе стороны пропустить автобусы с лекарствами.",
        "За закрытыми дверями дипломаты, как говорят, начертили карту с {n} переходами.",
        "Историки напоминают, что {s} поссорили два города ещё сто лет назад.",
        "За ночь река поднялась на {m} сантиметров и затопила нижний квартал.",
        "Студенты университета в городе {p} не ждут от выборов ничего особенного.",
    ),
    "zh": (
        "{p}当局星期一表示，{s}的工程将在入冬之前动工。",
        "{q}议会以{n}票对{m}票通过决定，为{s}预留经费。",
        "自春天起主持谈判的{w}说，这项决定早就应该作出。",
        "旧市场附近的居民告诉本报记者，他们直到上周才听说此事。",
        "一份在{q}发表的报告估计损失达{n}百万，并警告可能翻倍。",
        "反对者要求法院审查那份未经招标就签署的合同。",
        "过去十年里，已有超过{m}户人家离开了{p}。",
        "对于如何挑选承包公司的书面提问，部里没有答复。",
        "{w}承诺在{n}天之内公开协议的每一页内容。",
        "工程师在北墙上量到宽达{m}毫米的裂缝。",
        "通往{q}的公路上，商贩担心卡车要在检查站等上好几个小时。",
        "此前两次和解的尝试都失败了，部分原因是谁也不愿付钱。",
        "一位邻居描述了午夜刚过整个{p}突然断电的情形。",
        "经济学家预计，面包和燃料的价格年底前会上涨百分之{n}。",
        "反对派抵制了会议，转而在剧院门前集合。",
        "教师罢工已经持续了{m}天，要求全额发放工资。",
        "调查显示，{q}每三户家庭就有一户从自家水井取水。",
        "主教呼吁双方放行运送药品的大巴。",
        "据说外交官闭门绘制了一张标有{n}个过境点的地图。",
        "史学家回忆说，{s}在一百年前就曾使两座城市失和。",
        "河水一夜之间上涨了{m}厘米，淹没了低洼的街区。",
        "在{p}的大学里，受访的年轻人对投票并不抱太大期望。",
    ),
}
THINGS = {
    "en": ("the stone bridge", "the salt mine", "the night train", "the border market", "the grain silo", "the dam"),
    "de": ("der Brücke", "dem Salzwerk", "dem Nachtzug", "dem Grenzmarkt", "dem Kornspeicher", "der Talsperre"),
    "ru": ("мосты", "соляные шахты", "ночные поезда", "приграничные рынки", "зерновые склады", "плотины"),
    "zh": ("石桥", "盐矿", "夜班列车", "边境集市", "粮仓", "水坝"),
}
BOILERPLATE = {
    "en": "This text first appeared in our morning letter. Write to us at the desk if you know more about the matter. "
    "Support independent reporting with a small gift every month. All rights remain with the publisher.",
    "de": "Dieser Text erschien zuerst in unserem Morgenbrief. Schreiben Sie uns, wenn Sie mehr über die Sache wissen. "
    "Unterstützen Sie unabhängige Berichte mit einer kleinen Gabe im Monat. Alle Rechte liegen beim Verlag.",
    "ru": "Этот текст впервые вышел в нашем утреннем письме. Напишите нам, если вам известно больше об этом деле. "
    "Поддержите независимых журналистов небольшим ежемесячным взносом. Все права принадлежат издателю.",
    "zh": "本文首发于我们的早间通讯。如果您了解更多情况，请写信给编辑部。"
    "请每月捐助少许支持独立报道。版权归出版者所有。",
}
HEADLINES = {
    "en": "{p} decides on {s}",
    "de": "{p} entscheidet über {s}",
    "ru": "{p} решает, что ждёт {s}",
    "zh": "{p}就{s}作出决定",
}
SYLLABLES = ("ka", "ri", "mo", "ven", "ta", "lu", "shi", "gor", "be", "nad", "zu", "por", "el", "dra", "ny", "os")


@dataclass(frozen=True)
class Piece:
    """A made article."""

    language: str
    headline: str
    sentences: tuple[str, ...]
    patterns: tuple[int, ...]

    @property
    def body(self) -> str:
        """Return its text."""
        return ("" if self.language == "zh" else " ").join(self.sentences)


def name(dice: Random) -> str:
    """Return a made-up name."""
    return "".join(dice.choices(SYLLABLES, k=3)).capitalize()


def facts(dice: Random, language: str) -> dict[str, str]:
    """Return the facts of one story."""
    numbers = dice.sample(range(3, 95), 2)
    return {
        "p": name(dice),
        "q": name(dice),
        "w": f"{name(dice)} {name(dice)}",
        "n": str(numbers[0]),
        "m": str(numbers[1]),
        "s": dice.choice(THINGS[language]),
    }


def story(dice: Random, language: str, *, length: int = 8, unlike: "Piece | None" = None) -> Piece:
    """Return a story of so many sentences; none of the patterns of ``unlike``, so that they share no text."""
    held = facts(dice, language)
    patterns = [one for one in range(len(SENTENCES[language])) if unlike is None or one not in unlike.patterns]
    chosen = dice.sample(patterns, length)
    texts = tuple(SENTENCES[language][one].format(**held) for one in chosen)
    return Piece(language, HEADLINES[language].format(**held), texts, tuple(chosen))


def jumbled(dice: Random, language: str, *, length: int = 10) -> Piece:
    """Return a story whose sentences put the language's words together anew: for many that share no sentence."""
    held = facts(dice, language)
    joint = "" if language == "zh" else " "
    words = [word for one in SENTENCES[language] for word in (one if language == "zh" else one.split(" "))]
    words = [word for word in words if "{" not in word and "}" not in word]
    sentences = tuple(joint.join([name(dice), *dice.choices(words, k=14)]) for _ in range(length))
    return Piece(language, HEADLINES[language].format(**held), sentences, ())


def copy_edited(dice: Random, piece: Piece, share: float) -> Piece:
    """Return a wire copy as a desk edits it: sentences cut, words replaced, the order of two changed; a new headline.

    ``share``: how much of it is changed, in all; half by cuts, half by other words.
    """
    kept = list(piece.sentences)
    for _ in range(round(len(kept) * share / 2)):
        kept.pop(dice.randrange(len(kept)))
    where = dice.randrange(len(kept) - 1)
    kept[where], kept[where + 1] = kept[where + 1], kept[where]
    edited = tuple(_reworded(dice, one, piece.language, share / 2) for one in kept)
    return replace(piece, headline=story(dice, piece.language).headline, sentences=edited)


def _reworded(dice: Random, sentence: str, language: str, share: float) -> str:
    """Replace a run of words: desks change phrases, not every third word."""
    parts = list(sentence) if language == "zh" else sentence.split(" ")
    count = max(1, round(len(parts) * share))
    start = dice.randrange(max(1, len(parts) - count))
    parts[start : start + count] = [name(dice).lower() for _ in range(count)]
    return ("" if language == "zh" else " ").join(parts)


def with_boilerplate(piece: Piece) -> Piece:
    """Return it with the house's lines below: about 30 % of a short article."""
    return replace(piece, sentences=(*piece.sentences, BOILERPLATE[piece.language]))


def reworded(dice: Random, piece: Piece, share: float) -> Piece:
    """Return it with this share of its words replaced here and there, the hardest kind of edit to see through."""
    joint = "" if piece.language == "zh" else " "
    parts = list(piece.body) if piece.language == "zh" else piece.body.split(" ")
    changed = [name(dice).lower() if dice.random() < share else part for part in parts]
    return replace(piece, sentences=(joint.join(changed),))


def other_facts(dice: Random, piece: Piece) -> Piece:
    """Return another story under a headline of the same pattern; two of its sentences are of a same pattern, too."""
    other = story(dice, piece.language, length=6, unlike=piece)
    held = facts(dice, piece.language)
    same = tuple(SENTENCES[piece.language][one].format(**held) for one in piece.patterns[:2])
    return replace(other, headline=HEADLINES[piece.language].format(**held), sentences=(*same, *other.sentences))


def regular(dice: Random, language: str) -> tuple[Piece, Piece]:
    """Return two reports that fill the same sentences with other facts: markets, weather, results."""
    chosen = [one for one, text in enumerate(SENTENCES[language]) if "{n}" in text or "{m}" in text]
    made = []
    for _ in range(2):
        texts = tuple(SENTENCES[language][one].format(**facts(dice, language)) for one in chosen)
        made.append(Piece(language, story(dice, language).headline, texts, tuple(chosen)))
    return made[0], made[1]


def updated(dice: Random, piece: Piece, *, kept: int) -> Piece:
    """Return an update of a running story: new sentences on top, ``kept`` of the old ones below."""
    fresh = story(dice, piece.language, unlike=piece)
    return replace(fresh, headline=piece.headline, sentences=(*fresh.sentences[: 8 - kept], *piece.sentences[:kept]))
