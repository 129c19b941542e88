"""The network a request came from, cut so short that it names no household."""

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

KEPT_BITS = {4: 24, 6: 48}  # a provider hands whole /48 to one customer at most (RFC 6177), a /24 to many


def network_of(address: str) -> str:
    """Return the /24 or /48 that an IP address is in, as ``192.0.2.0/24``; "" for what is no address."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return str(IPv6Network((found, KEPT_BITS[6]), strict=False))
        found = found.ipv4_mapped
    return str(IPv4Network((found, KEPT_BITS[4]), strict=False))
