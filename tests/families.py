"""Small worlds of which a part lies in IPv6 instead, for the engine and the reference alike."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

from tests.worlds import Dated, Firm, Pool, Seat, SmallWorld

WIDE, NARROW = ipaddress.ip_network("192.0.2.0/24"), ipaddress.ip_network("198.51.100.0/24")
"""What may lie in IPv6: each address as a /64 of its own, or all of them in one /64."""
WIDE_IN, NARROW_IN = "2001:db8::/56", "2001:db8:1:1::a00/120"


def in_ipv6(text: str, moved: tuple[ipaddress.IPv4Network, ...]) -> str:
    """An address or a prefix where it lies now; what is not of those moved stays."""
    network = ipaddress.ip_network(text)
    is_prefix = "/" in text
    if network.version == 6 or not any(network.subnet_of(whole) for whole in moved):
        return text
    offset = int(network.network_address) & 255
    if network.subnet_of(NARROW):
        first = int(ipaddress.ip_network(NARROW_IN)[0]) + offset
        found = ipaddress.ip_network((first, network.prefixlen + 96))
    else:
        first = int(ipaddress.ip_network(WIDE_IN)[0]) + (offset << 64)
        # Whoever has a /64 sits on its first address.
        single = (first + 1, 128)
        found = ipaddress.ip_network(
            single if network.prefixlen == 32 else (first, network.prefixlen + 32)
        )
    return str(found) if is_prefix else str(found[0])


def with_ipv6(small: SmallWorld, *moved: ipaddress.IPv4Network) -> SmallWorld:
    """The same world with some networks in IPv6.

    A censor that pauses is silent in it: the slow reference narrows IPv4 alone.
    """
    silent = {"under_pressure": "silence", "narrow_length": None}
    censor = small.censor.model_copy(update=silent) if small.censor is not None else None

    def texts(column: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(in_ipv6(text, moved) for text in column)

    def seat(one: Seat | int) -> Seat | int:
        return one if isinstance(one, int) else replace(one, addresses=texts(one.addresses))

    def firm(one: Firm) -> Firm:
        return replace(
            one,
            addresses=texts(one.addresses),
            seats=tuple(map(seat, one.seats)),
            responses=tuple(replace(r, addresses=texts(r.addresses)) for r in one.responses),
            arrivals=tuple(replace(a, addresses=texts(a.addresses)) for a in one.arrivals),
        )

    def pool(one: Pool) -> Pool:
        return replace(one, prefixes=texts(one.prefixes))

    def order(one: Dated) -> Dated:
        return replace(one, prefixes=texts(one.prefixes))

    return replace(
        small,
        censor=censor,
        orders=tuple(map(order, small.dated())),
        firms=tuple(map(firm, small.firms)),
        services=tuple(map(seat, small.services)),
        target_prefixes=texts(small.target_prefixes),
        exempt_prefixes=texts(small.exempt_prefixes),
        pools=tuple(map(pool, small.pools)),
    )
