"""Takes in what the newsroom's site counted: page views per article, or its "most read" list.

``exports`` recognises what Plausible, Matomo and GA4 write, ``tables`` reads any table by named columns,
``most_read`` reads "most read" lists, ``storing`` stores what they found.
"""

from digest.articles.reads.exports import Kind, Report, read_report
from digest.articles.reads.rows import Days, Period, ReadRow
from digest.articles.reads.storing import ReadsReport, import_reads, import_report
from digest.articles.reads.tables import Columns, parse_columns, read_csv

__all__ = [
    "Columns",
    "Days",
    "Kind",
    "Period",
    "ReadRow",
    "ReadsReport",
    "Report",
    "import_reads",
    "import_report",
    "parse_columns",
    "read_csv",
    "read_report",
]
