"""Asks name servers, by dnspython: the only place that does."""

import dns.exception
import dns.resolver

from digest.doctor.finding import Unanswered

PATIENCE = 5.0  # seconds for one question, with its repetitions


def lookup(name: str, kind: str) -> list[str]:
    """Return what name servers say: the texts of TXT, the hosts of MX; none where there is no such record.

    Raises Unanswered where they do not say: a time-out, or an error of theirs.
    """
    try:
        found = dns.resolver.resolve(name, kind, lifetime=PATIENCE)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise Unanswered(f"{kind} of {name}: {type(error).__name__}") from error
    if kind == "TXT":  # the parts of a long text follow each other without anything between: RFC 7208 3.3
        return [b"".join(one.strings).decode("utf-8", "replace") for one in found]
    return [str(one.exchange).rstrip(".") for one in found]
