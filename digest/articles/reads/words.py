"""What the exports of Plausible, Matomo and GA4 call their columns.

Where the names come from:
Plausible, dashboard export (pages.csv: name, visitors, pageviews, bounce_rate, time_on_page, scroll_depth; with a goal
filter no pageviews) and site export (imported_pages_20261116_20261122.csv: date, hostname, page, visits, visitors,
pageviews): github.com/plausible/analytics, test/plausible_web/controllers/CSVs/30d/pages.csv,
lib/plausible_web/controllers/stats_controller.ex (csv_export), test/plausible/imported/csv_importer_test.exs;
https://plausible.io/docs/csv-import.
Matomo (label, nb_hits, nb_visits, metadata_url; UTF-16LE with a mark by default; names translated by
translateColumnNames, as the export button does for CSV): github.com/matomo-org/matomo,
core/DataTable/Renderer/Csv.php, plugins/Actions, lang/{en,de,fr,es,it}.json (General_ColumnPageviews and its
neighbours), issues 20830 and 20891; developer-documentation pull request 373.
GA4: https://support.google.com/analytics/answer/12926732 (the report), answer/9143382 (names of dimensions and
metrics, by ``hl=`` in each language); columns as people met them in real files in en, de, fr, es, it, pt, ru, tr.
The Dutch, Arabic and Ukrainian names were not met in a file; where they differ, a page column is known by its paths.
"""

import re
from unicodedata import normalize

TOTALS = frozenset({
    "total", "totals", "grand total", "gesamt", "gesamtsumme", "insgesamt", "summe", "total général", "total general",
    "totales", "totale", "totale complessivo", "total geral", "totaal", "eindtotaal", "итого", "всего", "общий итог",
    "разом", "усього", "загальний підсумок", "toplam", "genel toplam", "الإجمالي", "المجموع", "الإجمالي الكلي",
    "celkem", "razem", "suma końcowa", "totalt",
})  # fmt: skip

VIEWS = frozenset({
    "views", "page views", "pageviews", "total pageviews", "nb_hits", "hits", "screenpageviews", "screen page views",
    "aufrufe", "seitenaufrufe", "seitenansichten", "gesamte seitenansichten",
    "vues", "vues de page", "vues de pages", "pages vues", "total des pages vues", "affichages", "consultations",
    "vistas", "vistas de página", "vistas de páginas", "páginas vistas", "visualizaciones", "visualizaciones de página",
    "número de visitas a páginas", "vistas de páginas totales",
    "visualizzazioni", "visualizzazioni pagina", "visualizzazioni di pagina", "pagine viste", "pagine viste totali",
    "visualizações", "visualizações de página", "visualizações de páginas",
    "weergaven", "paginaweergaven",
    "просмотры", "просмотры страниц", "просмотры страницы", "количество просмотров", "число просмотров",
    "перегляди", "перегляди сторінок", "перегляди сторінки", "кількість переглядів",
    "görüntüleme", "görüntülemeler", "görüntüleme sayısı", "sayfa görüntüleme", "sayfa görüntülemeleri",
    "المشاهدات", "مشاهدات", "عدد المشاهدات", "مرات المشاهدة", "عدد مرات المشاهدة", "مشاهدات الصفحة", "مشاهدات الصفحات",
    "zobrazení", "wyświetlenia", "odsłony", "visningar", "sidvisningar", "visninger", "sidevisninger",
})  # fmt: skip

VISITS = frozenset({
    "visits", "nb_visits", "unique pageviews", "unique page views", "sessions", "entrances",
    "eindeutige seitenansichten", "besuche", "sitzungen", "einmalige seitenansichten",
    "vues de page uniques", "visites", "sessions engagées",
    "vistas de páginas únicas", "visitas", "sesiones",
    "visualizzazioni uniche", "visite", "sessioni", "visualizações únicas de páginas", "visualizações únicas de página",
    "sessões", "unieke paginaweergaven", "bezoeken", "sessies",
    "уникальные просмотры страниц", "уникальные просмотры", "посещения", "визиты", "сеансы",
    "унікальні перегляди сторінок", "відвідування", "сеанси", "oturumlar", "ziyaretler", "الجلسات", "الزيارات",
})  # fmt: skip

PEOPLE = frozenset({
    "visitors", "unique visitors", "nb_uniq_visitors", "sum_daily_nb_uniq_visitors", "users", "active users",
    "total users", "aktive nutzer", "nutzer", "nutzer insgesamt", "besucher", "eindeutige besucher",
    "utilisateurs actifs", "utilisateurs", "visiteurs uniques", "usuarios activos", "usuarios", "visitantes únicos",
    "utenti attivi", "utenti", "visitatori unici", "usuários ativos", "utilizadores ativos", "actieve gebruikers",
    "gebruikers", "активные пользователи", "пользователи", "активні користувачі", "користувачі",
    "etkin kullanıcılar", "kullanıcılar", "المستخدمون النشطون", "المستخدمون",
})  # fmt: skip

RANKS = frozenset({"rank", "position", "place", "#", "no", "no.", "rang", "platz", "rango", "posición", "место"})

GA4_PAGES = frozenset({
    "page path and screen class", "page path + query string and screen class", "page path",
    "page path + query string", "page path and query string", "full page url", "page location", "page url",
    "landing page", "landing page + query string",
    "seitenpfad und bildschirmklasse", "seitenpfad", "seitenpfad + abfragestring", "landingpage",
    "landingpage + abfragestring", "zielseite",
    "chemin de la page et classe de l'écran", "chemin de la page", "chemin de page et classe d'écran",
    "page de destination", "page de destination + chaîne de requête",
    "ruta de página y clase de pantalla", "ruta de la página y clase de pantalla", "ruta de página",
    "ruta de acceso a la página y clase de pantalla", "página de destino", "página de destino y cadena de consulta",
    "percorso pagina e classe schermata", "percorso pagina", "pagina di destinazione",
    "pagina di destinazione + stringa di query",
    "caminho da página e classe da tela", "caminho da página", "caminho da página e classe de ecrã",
    "página de destino + string de consulta",
    "paginapad en schermklasse", "paginapad", "landingspagina", "bestemmingspagina",
    "путь к странице и класс экрана", "путь к странице", "целевая страница",
    "шлях до сторінки та клас екрана", "шлях до сторінки й клас екрана", "шлях сторінки й клас екрана",
    "шлях до сторінки", "цільова сторінка",
    "sayfa yolu ve ekran sınıfı", "sayfa yolu", "açılış sayfası",
    "مسار الصفحة وفئة الشاشة", "مسار الصفحة", "الصفحة المقصودة",
    "trasa stránky a třída obrazovky",
})  # fmt: skip

MATOMO_LABELS = frozenset({
    "label", "beschriftung", "bezeichnung", "libellé", "étiquette", "etiqueta", "etichetta", "rótulo",
    "метка", "ярлык", "мітка", "etiket", "التسمية", "page url", "page urls", "seiten-url", "url de la page",
    "url de página", "url de la página", "url pagina", "url da página", "pagina-url", "paginaurl", "url страницы",
    "url страниц", "url сторінки", "sayfa url'si", "sayfa url",
})  # fmt: skip
# The address of a row stands in its metadata, "Metadata: url" in the language of the export.
MATOMO_ADDRESS = re.compile(r"(?:metadata_url|[^\W\d_]{4,20}:? ?: ?url)\Z")

HOSTS = frozenset({
    "hostname", "host name", "host", "nom d'hôte", "nombre de host", "nombre del host", "nome host", "nome do host",
    "hostnaam", "имя хоста", "назва хоста", "ім'я хоста", "ana makine adı", "اسم المضيف",
})  # fmt: skip
DATES = frozenset({"date", "day", "datum", "fecha", "data", "дата", "tarih", "التاريخ", "jour", "tag", "period"})
ADDRESSES = frozenset({"url", "address", "page", "link", "permalink", "adresse", "canonical_url", "page url", "path"})


def folded(name: str) -> str:
    """Return the name of a column as names are compared: one case, one kind of blank and apostrophe, no quotes."""
    text = normalize("NFKC", name).strip(" \"'\ufeff").replace("’", "'").replace("‘", "'")
    return " ".join(text.split()).replace("İ", "i").casefold()
