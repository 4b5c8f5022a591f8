"""The formats that are read.

In: a local file. Out: a feed. What the format is, is told by the file unless the user says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import BinaryIO, Protocol

from sim.addresses.feeds.clouds import read_aws, read_azure, read_google
from sim.addresses.feeds.diagnosis import checked, explained
from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.geofeeds import read_geofeed
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.inventories import read_inventory, read_parquet
from sim.addresses.feeds.lists import read_firehol, read_list
from sim.addresses.feeds.mmdb import read_mmdb
from sim.addresses.feeds.mrt import read_mrt
from sim.addresses.feeds.orders import Orders, read_orders
from sim.addresses.feeds.registers import read_register, read_whole_register
from sim.addresses.feeds.registries import read_delegated
from sim.addresses.feeds.resolutions import read_zdns
from sim.addresses.feeds.routes import read_iptoasn, read_location_db, read_pfx2as
from sim.addresses.feeds.sniffing import sniff
from sim.addresses.text.source import Limits, Source
from sim.errors import UsageError


class Reader(Protocol):
    """Reads one format from a stream."""

    def __call__(
        self, source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits
    ) -> Feed:
        """Return what the stream holds."""


def _orders_as_feed(
    source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits
) -> Feed:
    return read_orders(source, name, skip_bad=skip_bad, limits=limits).feed


READERS: Mapping[str, Reader] = {
    "aws": read_aws,
    "google": read_google,
    "azure": read_azure,
    "geofeed": read_geofeed,
    "pfx2as": read_pfx2as,
    "iptoasn": read_iptoasn,
    "ip-location-db": read_location_db,
    "mrt": read_mrt,
    "z-i": read_register,
    "z-i-all": read_whole_register,
    "firehol": read_firehol,
    "rir-delegated": read_delegated,
    "zdns": read_zdns,
    "orders": _orders_as_feed,
    "inventory": read_inventory,
    "list": read_list,
}
"""Readers by format, of those that are read from a stream."""
FORMATS = (*READERS, "mmdb", "parquet")


def read_feed(
    given: Input,
    format_name: str = "",
    *,
    skip_bad: bool = False,
    limits: Limits | None = None,
    allow_empty: bool = False,
) -> Feed:
    """Read a file of any known format.

    Parameters
    ----------
    given
        The file.
    format_name
        One of ``FORMATS``; found out from the file where empty.
    skip_bad
        Leave mistakes out and count them, instead of refusing the file.
    limits
        How much is read and described.
    allow_empty
        Return a feed without any address, too.

    Raises
    ------
    DataError
        If the file is missing, unreadable, of another format, holds mistakes, or gives no address.
    UsageError
        If there is no such format.
    """
    bounds = limits or Limits()
    name = checked_format(format_name) or sniff(given, bounds)
    with explained(given, name, bounds):
        feed = _read(given, name, skip_bad=skip_bad, limits=bounds)
    return checked(feed, given, bounds, allow_empty=allow_empty)


def _read(given: Input, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read a file of a format."""
    if name == "parquet":
        return read_parquet(given.path, given.name, skip_bad=skip_bad, limits=limits)
    if name == "mmdb":
        with given.plain(limits) as path:
            return read_mmdb(path, given.name, skip_bad=skip_bad, limits=limits)
    with given.open(limits) as source:
        return READERS[name](source, given.name, skip_bad=skip_bad, limits=limits)


def read_dated(
    given: Input, *, skip_bad: bool, limits: Limits | None = None, allow_empty: bool = False
) -> Orders:
    """Read a table of dated orders; errors as for `read_feed`."""
    bounds = limits or Limits()
    with explained(given, "orders", bounds), given.open(bounds) as source:
        orders = read_orders(source, given.name, skip_bad=skip_bad, limits=bounds)
    return replace(orders, feed=checked(orders.feed, given, bounds, allow_empty=allow_empty))


def checked_format(name: str) -> str:
    """Return a format's name.

    Raises
    ------
    UsageError
        If there is no such format.
    """
    if name and name not in FORMATS:
        raise UsageError(f"--as: expected one of {', '.join(FORMATS)}, got {name!r}")
    return name
