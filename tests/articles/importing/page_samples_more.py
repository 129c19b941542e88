"""More sample pages: older ways to say what a page is about, and those that say it wrongly."""

from tests.articles.importing.page_making import HEADLINE, SITE, SUMMARY, TEN, Sample, expected, linked, page

MICRODATA = Sample(
    "Microdata: things inside things",
    f"{SITE}/world/ferry-is-back",
    page(
        "<title>x</title>",
        f"""<article itemscope itemtype="https://schema.org/NewsArticle">
<h1 itemprop="headline">Ferry across the strait<br> is back after a <em>year</em> of repairs</h1>
<p itemprop="description">{SUMMARY}</p><meta itemprop="datePublished" content="2026-11-20T10:00:00Z">
<meta itemprop="articleSection" content="World">
<span itemprop="author" itemscope itemtype="https://schema.org/Person">By <b itemprop="name">Ana Beridze</b></span>
<div itemprop="image" itemscope itemtype="https://schema.org/ImageObject"><img src="/img/ferry.jpg" alt="A white ferry">
<meta itemprop="url" content="/img/ferry.jpg"></div>
<div itemprop="publisher" itemscope itemtype="https://schema.org/Organization"><b itemprop="name">Not she</b></div>
<div itemprop="articleBody"><p>First.</p><p>Second.</p><script>alert(1)</script></div></article>""",
    ),
    expected(categories=["World"], body="First.\n\nSecond.", image_alt="A white ferry"),
)
PARSELY = Sample(
    "A site with Parse.ly's tags only",
    f"{SITE}/world/ferry-is-back",
    page(
        f"""<meta name="parsely-title" content="{HEADLINE}"/>
<meta name="parsely-pub-date" content="2026-11-20T10:00:00Z"/>
<meta name="parsely-section" content="World"/><meta name="parsely-tags" content="ferries,ports"/>
<meta name="parsely-author" content="Ana Beridze"/><meta name="description" content="{SUMMARY}">
<meta name="twitter:image:src" content="{SITE}/img/ferry.jpg">"""
    ),
    expected(categories=["World", "ferries", "ports"]),
)
OLD = Sample(
    "Old HTML without any of this, in capitals, in an old encoding",
    "http://meridian.example/archive/0412.htm",
    (
        '<HTML><HEAD><META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=windows-1251">'
        "<TITLE>The Meridian: Паром снова ходит</TITLE></HEAD><BODY BGCOLOR=white><CENTER><FONT SIZE=5>"
        "Паром снова ходит</FONT></CENTER><P>Текст.</BODY></HTML>"
    ).encode("cp1251"),
    {"url": "http://meridian.example/archive/0412.htm", "headline": "Паром снова ходит"},
    "text/html",
)
HEADER_CHARSET = Sample(
    "An encoding that only HTTP names",
    f"{SITE}/world/ferry-is-back",
    "<html><head><title>Fähre fährt wieder über die Straße</title></head><body>".encode("iso-8859-1"),
    {"url": f"{SITE}/world/ferry-is-back", "headline": "Fähre fährt wieder über die Straße"},
    "text/html; charset=ISO-8859-1",
)
ARABIC = Sample(
    "Arabic, from right to left, its language in the linked data",
    "https://meridian.example/ar/العبارة-تعود",
    page(
        linked(
            '{"@type":"NewsArticle","headline":"العبارة تعود إلى المضيق","inLanguage":{"@type":"Language",'
            '"name":"Arabic","alternateName":"ar"},"datePublished":"2026-11-20T13:00:00+03:00","author":{"name":"آنا"}}'
        ),
        attributes='dir="rtl"',
    ),
    {
        "url": "https://meridian.example/ar/العبارة-تعود",
        "headline": "العبارة تعود إلى المضيق",
        "language": "ar",
        "authors": ["آنا"],
        "published_at": TEN,
    },
)
BAD_CANONICAL = Sample(
    "A theme whose canonical is the front page, and og:url the section",
    f"{SITE}/world/ferry-across-the-strait-is-back?fbclid=1&page=2",
    page(
        f"""<link rel="canonical" href="{SITE}/"><meta property="og:url" content="{SITE}/world/">
<meta property="og:type" content="article"><meta property="og:title" content="{HEADLINE} | The Meridian">
<meta property="og:site_name" content="The Meridian">"""
    ),
    expected(
        url=f"{SITE}/world/ferry-across-the-strait-is-back?page=2",
        standfirst=None,
        authors=None,
        published_at=None,
        image=None,
    ),
)
SYNDICATED = Sample(
    "A canonical on a stranger's site is not ours",
    f"{SITE}/world/ferry-is-back",
    page(
        f"""<link rel="canonical" href="https://wire.example.net/stories/9"><meta property="og:type" content="article">
<meta property="og:title" content="{HEADLINE}">"""
    ),
    expected(standfirst=None, authors=None, published_at=None, image=None),
)
ACTIVE = Sample(
    "Active content in every field",
    f"{SITE}/world/ferry-is-back",
    page(
        linked(
            '{"@type":"NewsArticle","headline":"<script>alert(1)<\\/script>Ferry <b>is</b> back",'
            '"description":"<img src=x onerror=alert(1)>Back &lt;script&gt;x&lt;/script&gt;",'
            '"image":"javascript:alert(1)",'
            '"author":{"name":"<a href=\\"javascript:x\\">Ana</a>"},'
            '"articleBody":"<p>One<iframe src=x></iframe></p><p>Two</p>",'
            '"keywords":["<svg onload=x>Ports</svg>"],"url":"javascript:alert(1)"}'
        )
    ),
    {
        "url": f"{SITE}/world/ferry-is-back",
        "headline": "Ferry is back",
        "standfirst": "Back",
        "authors": ["Ana"],
        "body": "One\n\nTwo",
        "language": "en",
    },
)
CORRECTED = Sample(
    "A correction, a dateline, and pictures of which one is the logo",
    f"{SITE}/world/ferry-is-back",
    page(
        linked(
            f"""{{"@type":"NewsArticle","headline":"{HEADLINE}","dateline":"Batumi","publisher":{{"@type":"Organization",
"name":"The Meridian","logo":"{SITE}/logo.png"}},"image":["{SITE}/logo.png",{{"@type":"ImageObject",
"url":"{SITE}/img/ferry.jpg","width":{{"@type":"QuantitativeValue","value":1600}},"height":{{"value":900}},
"creditText":"G. Lomidze"}}],"correction":{{"@type":"CorrectionComment","text":"The boat holds 200, not 300."}}}}"""
        )
    ),
    expected(
        standfirst=None,
        authors=None,
        published_at=None,
        place="Batumi",
        correction="The boat holds 200, not 300.",
        image_credit="G. Lomidze",
        image_width=1600,
        image_height=900,
    ),
)
MENTIONED = Sample(
    "A page with an article inside its mainEntity, and the newsroom's own name in its title",
    "https://themeridian.example/ferry-is-back",
    page(
        f"<title>{HEADLINE} · The Meridian</title>"
        + linked(
            """{"@type":"WebPage","mainEntity":{"@type":"Article","name":"","datePublished":"2026-11-20 10:00:00 UTC",
"author":[{"@id":"#a"}]},"author":{"@id":"#a","@type":"Person","name":"Ana Beridze"}}"""
        )
    ),
    expected(url="https://themeridian.example/ferry-is-back", standfirst=None, image=None),
)
LATE = Sample(
    "Linked data at the very end, behind comments and a template",
    f"{SITE}/world/ferry-is-back",
    page(
        "<!-- <title>Not this</title> --><title></title>",
        f"""<template><h1>Not this</h1></template><noscript><img src=x></noscript>
<!--[if IE]><h1>nor this</h1><![endif]-->
{linked(f'{{"@type":"BlogPosting","headline":"{HEADLINE}","articleSection":["World","World"],"isAccessibleForFree":false}}')}""",
    ),
    expected(standfirst=None, authors=None, published_at=None, image=None, categories=["World"]),
)
RDF_COMMENT = Sample(
    "An old blog with RDF in a comment is no feed",
    f"{SITE}/world/ferry-is-back",
    page(
        f'<title>{HEADLINE}</title><!-- <rdf:RDF xmlns:rdf="x"><rdf:Description/></rdf:RDF> -->',
        attributes="",
        start='<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x.dtd">',
    ),
    {"url": f"{SITE}/world/ferry-is-back", "headline": HEADLINE},
)

MORE = [value for value in list(globals().values()) if isinstance(value, Sample)]
