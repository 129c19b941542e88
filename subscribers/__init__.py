"""Who receives what, and who agreed to it. Knows nothing of articles or issues.

This is the front door: everything the rest of the product may use stands here. Names are loaded when first asked
for, so that a command that needs only the errors does not load a database library. The web pages are not here:
``subscribers.pages`` is for the web alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subscribers.addresses import masked as masked
    from subscribers.addresses import normalise as normalise
    from subscribers.audience import AudienceSet as AudienceSet
    from subscribers.audience import audience_numbers as audience_numbers
    from subscribers.audience import audience_sets as audience_sets
    from subscribers.audience import packed_refs as packed_refs
    from subscribers.audience import reader_zones as reader_zones
    from subscribers.audience import readers_by_zone as readers_by_zone
    from subscribers.audience import recipients as recipients
    from subscribers.audience import refresh_audience as refresh_audience
    from subscribers.audience import spread_by_domain as spread_by_domain
    from subscribers.audience import still_wanted as still_wanted
    from subscribers.confirming import forget_unconfirmed as forget_unconfirmed
    from subscribers.consent import agree_to_clicks as agree_to_clicks
    from subscribers.consent import agreed_to_clicks as agreed_to_clicks
    from subscribers.consent import confirm as confirm
    from subscribers.consent import end as end
    from subscribers.consent import subscribe as subscribe
    from subscribers.counting import ListNumbers as ListNumbers
    from subscribers.counting import growth as growth
    from subscribers.counting import list_numbers as list_numbers
    from subscribers.csv_files import Survey as Survey
    from subscribers.csv_files import lines_of as lines_of
    from subscribers.csv_files import survey as survey
    from subscribers.csv_rows import RowError as RowError
    from subscribers.export_formats import FORMATS as FORMATS
    from subscribers.exporting import WHO as WHO
    from subscribers.exporting import export_csv as export_csv
    from subscribers.exporting import export_pages as export_pages
    from subscribers.freshness import confirmed_since as confirmed_since
    from subscribers.import_jobs import BUSY as BUSY
    from subscribers.import_jobs import IN_WORDS as IN_WORDS
    from subscribers.import_jobs import Brought as Brought
    from subscribers.import_jobs import Choice as Choice
    from subscribers.import_jobs import ReaderFiles as ReaderFiles
    from subscribers.import_work import forget_files as forget_files
    from subscribers.import_work import headings as headings
    from subscribers.import_work import preview as preview
    from subscribers.import_work import recognised as recognised
    from subscribers.import_work import work_on_files as work_on_files
    from subscribers.importing import ImportReport as ImportReport
    from subscribers.importing import import_csv as import_csv
    from subscribers.keys import Claim as Claim
    from subscribers.keys import Keys as Keys
    from subscribers.listing import ListData as ListData
    from subscribers.listing import add_list as add_list
    from subscribers.listing import change_list as change_list
    from subscribers.listing import get_list as get_list
    from subscribers.listing import lists as lists
    from subscribers.listing import stamp as stamp
    from subscribers.networks import network_of as network_of
    from subscribers.people import ConsentData as ConsentData
    from subscribers.people import PersonData as PersonData
    from subscribers.people import SubscriptionData as SubscriptionData
    from subscribers.people import SuppressionData as SuppressionData
    from subscribers.people import erase as erase
    from subscribers.people import find as find
    from subscribers.people import identity_of as identity_of
    from subscribers.people import look_up as look_up
    from subscribers.people import suppression_of as suppression_of
    from subscribers.reordering import reorder as reorder
    from subscribers.reordering import settle_orders as settle_orders
    from subscribers.retention import Retention as Retention
    from subscribers.searching import Found as Found
    from subscribers.searching import search as search
    from subscribers.suppression import lift_key as lift_key
    from subscribers.suppression import suppress as suppress
    from subscribers.suppression import suppress_key as suppress_key
    from subscribers.suppression import unsuppress as unsuppress
    from subscribers.suppression_files import BAN_COLUMNS as BAN_COLUMNS
    from subscribers.suppression_files import BanReport as BanReport
    from subscribers.suppression_files import suppress_csv as suppress_csv
    from subscribers.systems import BANS as BANS
    from subscribers.systems import COLUMNS as COLUMNS
    from subscribers.systems import NOTHING as NOTHING
    from subscribers.systems import SYSTEMS as SYSTEMS
    from subscribers.zones import known_zones as known_zones
    from subscribers.zones import zone_of as zone_of

_HOMES = {
    "addresses": ("masked", "normalise"),
    "audience": (
        "AudienceSet",
        "audience_numbers",
        "audience_sets",
        "packed_refs",
        "reader_zones",
        "readers_by_zone",
        "recipients",
        "refresh_audience",
        "spread_by_domain",
        "still_wanted",
    ),
    "confirming": ("forget_unconfirmed",),
    "consent": ("agree_to_clicks", "agreed_to_clicks", "confirm", "end", "subscribe"),
    "counting": ("ListNumbers", "growth", "list_numbers"),
    "export_formats": ("FORMATS",),
    "exporting": ("WHO", "export_csv", "export_pages"),
    "csv_files": ("Survey", "lines_of", "survey"),
    "csv_rows": ("RowError",),
    "freshness": ("confirmed_since",),
    "import_jobs": ("BUSY", "Brought", "Choice", "IN_WORDS", "ReaderFiles"),
    "import_work": ("forget_files", "headings", "preview", "recognised", "work_on_files"),
    "importing": ("ImportReport", "import_csv"),
    "keys": ("Claim", "Keys"),
    "listing": ("ListData", "add_list", "change_list", "get_list", "lists", "stamp"),
    "networks": ("network_of",),
    "people": (
        "ConsentData",
        "PersonData",
        "SubscriptionData",
        "SuppressionData",
        "erase",
        "find",
        "identity_of",
        "look_up",
        "suppression_of",
    ),
    "reordering": ("reorder", "settle_orders"),
    "retention": ("Retention",),
    "searching": ("Found", "search"),
    "suppression": ("lift_key", "suppress", "suppress_key", "unsuppress"),
    "suppression_files": ("BAN_COLUMNS", "BanReport", "suppress_csv"),
    "systems": ("BANS", "COLUMNS", "NOTHING", "SYSTEMS"),
    "zones": ("known_zones", "zone_of"),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a name of the front door when it is first asked for (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
