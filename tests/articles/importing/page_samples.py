"""Pages as well-known systems write them, made up by us, each with what is to be read of it."""

from tests.articles.importing.page_making import HEADLINE, SITE, SUMMARY, TEN, Sample, expected, linked, page

YOAST = Sample(
    "WordPress with Yoast: a graph whose nodes name each other",
    f"{SITE}/world/ferry-is-back/?utm_source=x",
    page(
        f"""<meta charset="UTF-8"><meta name='robots' content='index, follow, max-image-preview:large' />
<title>{HEADLINE} - The Meridian</title>
<link rel="canonical" href="{SITE}/world/ferry-is-back/" />
<meta property="og:locale" content="en_US" /><meta property="og:type" content="article" />
<meta property="og:title" content="{HEADLINE} - The Meridian" /><meta property="og:description" content="{SUMMARY}" />
<meta property="og:url" content="{SITE}/world/ferry-is-back/" /><meta property="og:site_name" content="The Meridian" />
<meta property="article:published_time" content="2026-11-20T10:00:00+00:00" />
<meta property="article:modified_time" content="2026-11-21T10:00:00+00:00" />
<meta property="og:image" content="{SITE}/img/ferry.jpg" /><meta property="og:image:width" content="1200" />
<meta property="og:image:height" content="800" />
<script type="application/ld+json" class="yoast-schema-graph">{{"@context":"https://schema.org","@graph":[
{{"@type":"NewsArticle","@id":"{SITE}/world/ferry-is-back/#article","isPartOf":{{"@id":"{SITE}/world/ferry-is-back/"}},
"author":{{"name":"Ana Beridze","@id":"{SITE}/#/schema/person/1"}},"headline":"{HEADLINE}",
"datePublished":"2026-11-20T10:00:00+00:00","dateModified":"2026-11-21T10:00:00+00:00",
"mainEntityOfPage":{{"@id":"{SITE}/world/ferry-is-back/"}},"publisher":{{"@id":"{SITE}/#organization"}},
"image":{{"@id":"{SITE}/world/ferry-is-back/#primaryimage"}},"keywords":["Ferries","Ports"],
"articleSection":["World"],"inLanguage":"en-US"}},
{{"@type":"ImageObject","inLanguage":"en-US","@id":"{SITE}/world/ferry-is-back/#primaryimage",
"url":"{SITE}/img/ferry.jpg","contentUrl":"{SITE}/img/ferry.jpg","width":1200,"height":800,"caption":"A white ferry"}},
{{"@type":"WebSite","@id":"{SITE}/#website","name":"The Meridian"}},
{{"@type":"Organization","@id":"{SITE}/#organization","name":"The Meridian",
"logo":{{"@type":"ImageObject","url":"{SITE}/logo.png"}}}},
{{"@type":"Person","@id":"{SITE}/#/schema/person/1","name":"Ana Beridze"}}]}}</script>"""
    ),
    expected(
        url=f"{SITE}/world/ferry-is-back/",
        canonical_url=f"{SITE}/world/ferry-is-back/",
        categories=["World", "Ferries", "Ports"],
        image_alt="A white ferry",
        image_width=1200,
        image_height=800,
    ),
)
WORDPRESS_PLAIN = Sample(
    "WordPress without a plugin: no more than a title, a time and microformats",
    f"{SITE}/world/ferry-is-back",
    page(
        f'<title>{HEADLINE} &#8211; The Meridian</title><link rel="canonical" href="{SITE}/world/ferry-is-back" />',
        f"""<article class="post type-post hentry"><header><h1 class="entry-title">{HEADLINE}</h1>
<time class="entry-date published" datetime="2026-11-20T11:00:00+01:00">20 November</time></header>
<p>Text.</p></article>""",
        attributes='lang="en-GB"',
    ),
    expected(standfirst=None, authors=None, image=None),
)
DRUPAL = Sample(
    "Drupal with Metatag: Dublin Core and a shortlink",
    f"{SITE}/node/1207",
    page(
        f"""<meta charset="utf-8" /><meta name="description" content="{SUMMARY}" />
<link rel="canonical" href="{SITE}/world/ferry-is-back" /><link rel="shortlink" href="{SITE}/node/1207" />
<meta name="dcterms.title" content="{HEADLINE}" /><meta name="dcterms.creator" content="Ana Beridze" />
<meta name="dcterms.date" content="2026-11-21" /><meta name="dcterms.issued" content="2026-11-20T10:00+00:00" />
<meta property="og:image:url" content="{SITE}/img/ferry.jpg" /><meta property="og:image:alt" content="A white ferry" />
<meta name="news_keywords" content="ferries, ports" /><title>{HEADLINE} | The Meridian</title>"""
    ),
    expected(categories=["ferries", "ports"], image_alt="A white ferry"),
)
DRUPAL_GRAPH = Sample(
    "Drupal with Schema.org Metatag: numbers as text, several authors",
    f"{SITE}/world/ferry-is-back",
    page(
        linked(
            f"""{{"@context": "https://schema.org", "@graph": [{{"@type": "NewsArticle", "headline": "{HEADLINE}",
"name": "{HEADLINE}", "description": "{SUMMARY}", "datePublished": "Fri, 11/20/2026 - 10:00",
"image": {{"@type": "ImageObject", "url": "{SITE}/img/ferry.jpg", "width": "1200px", "height": "800.0"}},
"author": [{{"@type": "Person", "name": "Ana Beridze"}}, {{"@type": "Person", "name": "Luis Ortega"}}]}}]}}"""
        )
    ),
    expected(authors=["Ana Beridze", "Luis Ortega"], published_at=TEN, image_width=1200, image_height=800),
)
GHOST = Sample(
    "Ghost: an article with its keywords in one text",
    f"{SITE}/ferry-is-back/",
    page(
        f"""<title>{HEADLINE}</title><meta name="description" content="{SUMMARY}">
<link rel="canonical" href="{SITE}/ferry-is-back/"><link rel="amphtml" href="{SITE}/ferry-is-back/amp/">
<meta property="og:site_name" content="The Meridian"><meta property="og:type" content="article">
<meta property="article:published_time" content="2026-11-20T10:00:00.000Z">
<meta property="article:tag" content="Ferries">
<meta property="article:publisher" content="https://www.facebook.com/meridian">
<link rel="alternate" type="application/rss+xml" title="The Meridian" href="{SITE}/rss/">"""
        + linked(
            f"""{{"@context": "https://schema.org","@type": "Article",
"publisher": {{"@type": "Organization","name": "The Meridian","url": "{SITE}/","logo": {{"@type": "ImageObject",
"url": "{SITE}/favicon.ico","width": 48,"height": 48}}}},
"author": {{"@type": "Person","name": "Ana Beridze","url": "{SITE}/author/ana/","sameAs": []}},
"headline": "{HEADLINE}","url": "{SITE}/ferry-is-back/","datePublished": "2026-11-20T10:00:00.000Z",
"dateModified": "2026-11-22T10:00:00.000Z","image": {{"@type": "ImageObject","url": "{SITE}/img/ferry.jpg",
"width": 2000,"height": 1333}},"keywords": "Ferries, Ports","description": "{SUMMARY}",
"mainEntityOfPage": "{SITE}/ferry-is-back/"}}"""
        )
    ),
    expected(url=f"{SITE}/ferry-is-back/", categories=["Ferries", "Ports"], image_width=2000, image_height=1333),
)
ARC = Sample(
    "Arc: several blocks, a breadcrumb first, images as a list",
    f"{SITE}/world/2026/11/20/ferry-is-back/",
    page(
        f'<title>{HEADLINE} - The Meridian</title><meta property="og:image" content="{SITE}/resizer/v2/ferry.jpg"/>'
        + linked(
            '{"@context":"https://schema.org","@type":"BreadcrumbList","itemListElement":[{"@type":"ListItem","name":"World"}]}'
        )
        + linked(
            f"""{{"@context":"http://schema.org","@type":"http://schema.org/NewsArticle","headline":"{HEADLINE}",
"mainEntityOfPage":{{"@type":"WebPage","@id":"/world/2026/11/20/ferry-is-back/"}},"description":"{SUMMARY}",
"image":["{SITE}/img/1x1.jpg","{SITE}/img/4x3.jpg","{SITE}/resizer/v2/ferry.jpg"],"datePublished":"2026-11-20T10:00:00Z",
"author":["Ana Beridze"],"articleSection":"World","inLanguage":"en"}}"""
        )
    ),
    expected(url=f"{SITE}/world/2026/11/20/ferry-is-back/", image=f"{SITE}/resizer/v2/ferry.jpg", categories=["World"]),
)
NEXT = Sample(
    "A Next.js site: an array in one block, ids on its tags, its state behind",
    f"{SITE}/world/ferry-is-back",
    page(
        f"""<meta charSet="utf-8" data-next-head=""/><title data-next-head="">{HEADLINE}</title>
<meta name="twitter:card" content="summary_large_image"/><meta name="twitter:title" content="{HEADLINE}"/>
<script id="jsonld" type="application/ld+json" data-next-head="">[{{"@context":"https://schema.org","@type":"WebPage",
"name":"x"}},{{"@context":"https://schema.org","@type":["Article","NewsArticle"],"headline":"{HEADLINE}",
"alternativeHeadline":"{SUMMARY}","author":{{"@type":"Person","name":["Ana Beridze"]}},"datePublished":1795168800,
"image":"{SITE}/_next/image?url=%2Fferry.jpg&w=1200&q=75"}}]</script>""",
        '<div id="__next"><h1>x</h1></div><script id="__NEXT_DATA__" type="application/json">{"props":{}}</script>',
    ),
    expected(published_at=None, image=f"{SITE}/_next/image?url=%2Fferry.jpg&w=1200&q=75"),
)
NEXT_TIME = Sample(
    "Next.js with milliseconds since 1970 as text",
    f"{SITE}/world/ferry-is-back",
    page(linked(f'{{"@type":"NewsArticle","headline":"{HEADLINE}","datePublished":"1795168800000"}}')),
    expected(standfirst=None, authors=None, image=None, published_at="2026-11-20T10:00:00+00:00"),
)
AMP = Sample(
    "AMP from a cache: its canonical leads home",
    "https://www-meridian-example.cdn.ampproject.org/c/s/www.meridian.example/world/ferry-is-back/amp",
    page(
        f'<meta charset="utf-8"><title>{HEADLINE}</title><link rel="canonical" href="{SITE}/world/ferry-is-back">'
        + linked(
            f"""{{"@context":"http://schema.org","@type":"NewsArticle","mainEntityOfPage":"{SITE}/world/ferry-is-back",
"headline":"{HEADLINE}","datePublished":"2026-11-20T10:00:00Z","author":{{"@type":"Person","name":"Ana Beridze"}},
"description":"{SUMMARY}","image":{{"@type":"ImageObject","url":"/img/ferry.jpg","height":800,"width":1200}}}}"""
        )
        + f'<base href="{SITE}/">',
        attributes='amp lang="en"',
    ),
    expected(image_width=1200, image_height=800),
)
LIVE = Sample(
    "A live blog: its updates are no articles of their own",
    f"{SITE}/world/ferry-is-back",
    page(
        linked(
            f"""{{"@type":"LiveBlogPosting","headline":"{HEADLINE}","description":"{SUMMARY}",
"datePublished":"2026-11-20T10:00:00Z","coverageEndTime":"2026-11-22T10:00:00Z","author":"Ana Beridze",
"liveBlogUpdate":[{{"@type":"BlogPosting","headline":"12:05 The bell","datePublished":"2026-11-20T12:05:00Z"}}]}}"""
        )
    ),
    expected(image=None),
)
RELATED = Sample(
    "Several articles in one list: the one with the page's address is meant",
    f"{SITE}/world/ferry-is-back",
    page(
        linked(
            f"""[{{"@type":"NewsArticle","headline":"Another story","url":"{SITE}/world/another"}},
{{"@type":"ReportageNewsArticle","headline":"{HEADLINE}","url":"{SITE}/world/ferry-is-back?ref=x",
"description":"{SUMMARY}","datePublished":"2026-11-20T10:00:00Z","creator":"Ana Beridze"}}]"""
        )
    ),
    expected(image=None),
)
TRAILING = Sample(
    "Broken JSON: commas before brackets, and comments",
    f"{SITE}/world/ferry-is-back",
    page(
        linked(
            f"""
/* made by the theme */
{{"@type":"NewsArticle", // the kind
"headline":"{HEADLINE}","url":"{SITE}/world/ferry-is-back", "description":"{SUMMARY}",
"datePublished":"2026-11-20T10:00:00Z","author":[{{"name":"Ana Beridze",}},],}}"""
        )
    ),
    expected(image=None),
)
CDATA = Sample(
    "JSON in CDATA, with line breaks inside its texts",
    f"{SITE}/world/ferry-is-back",
    page(
        linked(
            f"""//<![CDATA[
{{"@type":"NewsArticle","headline":"{HEADLINE}","description":"{SUMMARY.replace(" when", chr(10) + "when")}",
"datePublished":"2026-11-20T10:00:00Z","author":"Ana Beridze"}};
//]]>"""
        )
    ),
    expected(image=None),
)
ENTITIES = Sample(
    "JSON written as HTML, and headlines with entities",
    f"{SITE}/world/ferry-is-back",
    page(
        linked(
            """{&quot;@type&quot;:&quot;NewsArticle&quot;,&quot;headline&quot;:&quot;Ferries &amp;amp; ports&quot;,
&quot;datePublished&quot;:&quot;2026-11-20T10:00:00Z&quot;}"""
        )
    ),
    expected(headline="Ferries & ports", standfirst=None, authors=None, image=None),
)
HOPELESS = Sample(
    "JSON that cannot be mended: the meta tags speak",
    f"{SITE}/world/ferry-is-back",
    page(
        linked('{"@type":"NewsArticle","headline":"The "best" ferry","datePublished":}')
        + f"""<meta property="og:title" content="{HEADLINE}"><meta property="og:description" content="{SUMMARY}">
<meta property="og:type" content="article"><meta name="author" content="By Ana Beridze">
<meta property="article:published_time" content="2026-11-20T10:00:00Z">
<meta property="og:image" content="//www.meridian.example/img/ferry.jpg">"""
    ),
    expected(),
)
ZONELESS = Sample(
    "Linked data without a zone, a meta tag with one: the one with more counts",
    f"{SITE}/world/ferry-is-back",
    page(
        linked(f'{{"@type":"Article","headline":"{HEADLINE}","datePublished":"2026-11-20"}}')
        + '<meta property="article:published_time" content="2026-11-20T12:00:00+02:00">'
    ),
    expected(standfirst=None, authors=None, image=None),
)

SAMPLES = [value for value in list(globals().values()) if isinstance(value, Sample)]
