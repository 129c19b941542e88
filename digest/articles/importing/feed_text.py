"""Turns the bytes of a feed into the text of one XML document: in the right encoding, without prolog, without a DTD."""

import codecs
import re

from digest.errors import BadInput

MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its first half
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
WIDER = {  # what is said, and what is meant: as browsers read it
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030",
    "shift_jis": "cp932", "euc_kr": "cp949", "tis_620": "cp874", "iso8859-11": "cp874", "big5": "big5hkscs",
}  # fmt: skip
SEVEN_BIT = ("iso2022", "hz")  # they hide their letters in ASCII, so they would pass for UTF-8
JUDGED = 60_000  # bytes by which an unlabelled encoding is told
KANA = frozenset(map(chr, range(0x3041, 0x30FF))) | frozenset("日本人年月大時中国会")
HANGUL = frozenset(
    bytes((first, second)).decode("euc_kr") for first in range(0xB0, 0xC9) for second in range(0xA1, 0xFF)
)
CYRILLIC = frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфїієґ")
STAND_FOR = {  # letters that make up most of a text in that encoding's language; enough of them tell it
    "cp949": HANGUL,
    "cp932": KANA,
    "euc_jp": KANA,
    "gb18030": frozenset(
        "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行"
    ),
    "big5hkscs": frozenset(
        "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行"
    ),
    "cp1251": CYRILLIC,
    "koi8_u": CYRILLIC,
    "iso8859_5": CYRILLIC,
    "cp874": frozenset("านรอกเงมยลวดทสีัะตบปหคิพใแไุูขช่้์็"),
    "cp1253": frozenset("αοιετσνηυρπκμλςωίόέάήύώδγχθφβξζψ"),
    "cp1255": frozenset("אבגדהוזחטיכלמנסעפצקרשתםןףץך"),
    "cp1256": frozenset("ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءأإؤئآ"),
}
LETTERS = re.compile(rb"[\x80-\xff]+")
ALONE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff]{1,2}(?![\x80-\xff])")  # accented letters of Latin words are
ENOUGH = {"gb18030": 0.15, "big5hkscs": 0.08, "cp932": 0.35, "euc_jp": 0.35}
MOSTLY = 0.75
ROOT = re.compile(r"<(?:[a-z][\w.-]{0,30}:)?(?:rss|feed|rdf|channel)(?=[\s/>])", re.IGNORECASE)
DEFINITION = re.compile(r"<!DOCTYPE[^<>\[]*\[|<!ENTITY", re.IGNORECASE)
NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")  # in no XML document
WINDOWS = {byte: bytes((byte,)).decode("cp1252", "ignore") or chr(byte) for byte in range(128, 256)}
STRAY_BYTES = {0xDC00 + byte: letter for byte, letter in WINDOWS.items()}


def decode(content: bytes) -> str:
    """Return the text of an XML document by its mark, as UTF-8, as it says itself, or as its letters tell."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace").lstrip("\ufeff")
    said = _said(content)
    for encoding in (*(name for name in said if name.startswith(SEVEN_BIT)), "utf-8", *said):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    mixed = content.decode("utf-8", "surrogateescape")
    stray = sum("\udc80" <= char <= "\udcff" for char in mixed[:JUDGED])
    if stray * 4 < sum(not char.isascii() for char in mixed[:JUDGED]):
        return mixed.translate(STRAY_BYTES)
    told = said[0] if said else _told_by_letters(content)
    return content.decode("latin-1").translate(WINDOWS) if told == "cp1252" else content.decode(told, "replace")


def _said(content: bytes) -> tuple[str, ...]:
    """Return the encoding an XML document declares, where it is one that text may be in."""
    declared = DECLARED.search(content[:2_000])
    name = declared.group(1).decode("ascii").lower() if declared else "utf-8"
    try:
        known = codecs.lookup(name).name
        # codecs such as rot13 or hex give no text at all
        "".encode(known).decode(known)
    except (LookupError, TypeError, ValueError):
        return ()
    # UTF-7 can hide a DOCTYPE from other readers; wide ones could not have been read so far
    return () if known.startswith(("utf", "idna", "punycode", "unicode", "raw")) else (WIDER.get(known, known),)


def _told_by_letters(content: bytes) -> str:
    """Tell the encoding of a text that is not UTF-8 and does not say what it is by the letters it would have."""
    sample = content[:JUDGED]
    best, most = "cp1252", 0.0
    if sum(map(len, ALONE.findall(sample))) > sum(map(len, LETTERS.findall(sample))) / 2:
        return best
    for encoding, letters in STAND_FOR.items():
        text = sample.decode(encoding, "replace")
        foreign = [char for char in text if not char.isascii()]
        share = sum(char in letters for char in foreign) / max(len(foreign), 1) - 2 * text.count("\ufffd") / len(text)
        if share > max(most, ENOUGH.get(encoding, MOSTLY)):
            best, most = encoding, share
    return best


def document(content: bytes) -> str:
    """Return the one element of a feed that holds all others, as text, without what stands before it.

    Raises BadInput where the document defines things itself (a DTD with entities and the like).
    """
    text = decode(content)
    if NEVER.search(text):
        text = NEVER.sub("", text)
    start = _root(text)
    if DEFINITION.search(text, 0, len(text) if start is None else start):
        raise BadInput("The feed brings definitions of its own (a DTD), which are refused.")
    return "" if start is None else text[start:]


def _root(text: str) -> int | None:
    """Return where the feed's own element starts; one that a comment holds is none."""
    position = 0
    while found := ROOT.search(text, position):
        comment = text.rfind("<!--", position, found.start())
        end = text.find("-->", comment) if comment >= 0 else -1
        if end < found.start():
            return found.start()
        position = end
    return None
