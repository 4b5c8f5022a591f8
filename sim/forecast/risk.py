"""The risk of sites, networks and providers to be listed next, with ranges."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from ipaddress import IPv4Address
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import UsageError
from sim.forecast.outlook import Outlook, any_of
from sim.forecast.pool import TINY, Floats, assumption
from sim.forecast.record import SessionRecord, instant, number_of, text_of
from sim.forecast.scores import HORIZON_S, QUANTILES, WEEKS
from sim.scenario.tables.inventory import Inventory
from sim.scenario.tables.rows import CloudPrefixRow
from sim.scenario.tables.seeds import read_shipped

PREFIXES = "provider-prefixes-2026"
"""Table of providers' ranges."""
OTHER = "other"

Estimated = tuple[float, float, float]
"""Mean, and ends of nine in ten: members, or outcomes of hours."""
Sessions = list[tuple[int, int]]


class RiskRow(NamedTuple):
    """Risk of a site, network or provider."""

    name: str
    """Site, network or provider."""
    addresses: tuple[str, ...]
    """Addresses of a site; for a network or provider, those of the record in it."""
    n_listed: int
    """Sessions of the record that listed any of them."""
    last: int | None
    """Start of the last of these, in seconds since 1970; None for none."""
    p_next: Estimated | None
    p_any: Estimated | None
    """Probability that the next session lists any of them, and that any within four weeks does;
    None where it is not known."""
    hours_next: Estimated | None
    hours_any: Estimated | None
    """Time for which they are listed: of a site its mean address, in h; of others the sum over
    their addresses, in address-hours."""


def next_sessions(record: SessionRecord, zone: tzinfo = UTC) -> Sessions:
    """Sessions of the next four weeks: those of the record's last four, four weeks later.

    They come at the same time of day in a time zone.

    Raises
    ------
    UsageError
        If there were none.
    """
    from_s = record.last_s - HORIZON_S
    pairs = zip(record.start_s.tolist(), record.end_s.tolist(), strict=True)

    def later(at_s: int) -> int:
        return int((datetime.fromtimestamp(at_s, zone) + timedelta(weeks=WEEKS)).timestamp())

    # As long as they were, though clocks change meanwhile.
    found = [(later(start), later(start) + end - start) for start, end in pairs if end > from_s]
    if ahead := [one for one in found if one[0] >= record.last_s]:
        return ahead
    at = datetime.fromtimestamp(record.last_s, zone).isoformat()
    raise UsageError(
        f"expected a session in the record's last {WEEKS} weeks, until {at}, got none: say when "
        "the next ones are by --sessions"
    )


def check_sessions(sessions: Sessions, record: SessionRecord) -> Sessions:
    """Sessions of four weeks from the first, which begins after the record.

    Raises
    ------
    UsageError
        If there are none, one ends before it begins, or two overlap.
    """
    found = sorted(sessions)
    for (_, end), (start, _) in pairwise([(0, 0), *found]):
        if start < end:
            at = instant(start)
            raise UsageError(f"--sessions: expected sessions apart, got two in force at {at}")
    for start, end in found:
        if end <= start:
            raise UsageError(f"--sessions: expected an end after the start {instant(start)}")
    after = [one for one in found if one[0] >= record.last_s]
    if not after:
        at = instant(record.last_s)
        raise UsageError(f"--sessions: expected a session after the record's end, {at}; got none")
    return [one for one in after if one[0] < after[0][0] + HORIZON_S]


def rate_sites(outlook: Outlook, inventory: Inventory) -> list[RiskRow]:
    """Risk of each site of an inventory: that any of its addresses is listed.

    Addresses of a site that were listed in nearly the same sessions come together again, and so do
    those that were never listed; others go their own ways.
    """
    numbers: defaultdict[int, list[str | None]] = defaultdict(list)
    addresses = zip(inventory.numbers.tolist(), inventory.is_ipv6.tolist(), strict=True)
    of_host = inventory.component_site[inventory.host_component].tolist()
    for site, (number, is_ipv6) in zip(of_host, addresses, strict=True):
        numbers[site].append(None if is_ipv6 else text_of(number))
    rate, of_record = _Rater(outlook), {*outlook.record.addresses, *outlook.record.outside}
    rows = []
    for site, name in enumerate(inventory.site):
        # The record polls public IPv4 alone: of IPv6 and private networks it knows nothing.
        some = dict.fromkeys(one for one in numbers[site] if one is not None)
        known = tuple(
            one
            for one, at in zip(some, map(IPv4Address, some), strict=True)
            if one in of_record or (at.is_global and not at.is_multicast)
        )
        rows.append(rate.row(name, known, is_site=True))
    return rows


def rate_networks(outlook: Outlook) -> list[RiskRow]:
    """Risk of each /24 network with an address in the record, the highest first."""
    found = _grouped(outlook, lambda number: f"{text_of(number >> 8 << 8)}/24")
    rate = _Rater(outlook)
    rows = [
        rate.row(name, mine, outlook.spread.of_24(number_of(mine[0]) >> 8))
        for name, mine in found.items()
    ]
    return sorted(rows, key=_first)


def rate_providers(outlook: Outlook) -> list[RiskRow]:
    """Risk of each provider with an address in the record, the highest first.

    New addresses lie at providers in proportion to those of the record.
    """
    found = _grouped(outlook, provider_of)
    # Addresses of one provider also come and go together, which courses do not have.
    rate, n = _Rater(outlook, outlook.swing), len(outlook.record.addresses)
    rows = [rate.row(name, mine, len(mine) / n) for name, mine in found.items()]
    return sorted(rows, key=_first)


def _first(row: RiskRow) -> tuple[float, float, str]:
    hours = row.hours_next[0] if row.hours_next else 0.0
    return -hours, -(row.p_next[0] if row.p_next else 0.0), row.name


def _grouped(outlook: Outlook, of: Callable[[int], str]) -> dict[str, tuple[str, ...]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for address in outlook.record.addresses:
        found[of(number_of(address))].append(address)
    return {name: tuple(mine) for name, mine in found.items()}


class _Rater:
    """Risks of sets of addresses in one outlook."""

    def __init__(self, outlook: Outlook, swing: Floats | float = 1.0) -> None:
        self._of, self._row = outlook, {a: n for n, a in enumerate(outlook.record.addresses)}
        length = outlook.length_h
        self._hours_next, self._hours_any = float(length[0]), float(length.mean())
        lengths = outlook.counts["hours"].reshape(outlook.new_drawn.shape)
        self._swing_next, self._swing_any = lengths * swing, swing
        self._whole_next = lengths / self._hours_next

    def row(
        self, name: str, addresses: Sequence[str], new: float = 0.0, *, is_site: bool = False
    ) -> RiskRow:
        """Rate a set.

        Parameters
        ----------
        new
            Probability that a new address is in the set; of a site that of its own addresses.
        is_site
            Whether addresses may come together, and hours are those of the mean address.
        """
        of, record = self._of, self._of.record
        if not addresses:
            return RiskRow(name, (), 0, None, None, None, None, None)
        rows = [self._row[one] for one in addresses if one in self._row]
        listed = record.is_listed[:, rows]
        of_row, n, each = np.arange(len(rows)), 1, new
        if is_site:
            fresh = [number_of(one) for one in addresses if one not in self._row]
            density = [of.spread.density(one) for one in fresh]
            new, each, n = max(density, default=0.0), sum(density), len(addresses)
            of_row = _heads(listed, of.p_next[:, rows].mean(axis=0))
        heads = [rows[at] for at in np.unique(of_row).tolist()]
        of_all = [rows[at] for at in of_row.tolist()]
        sessions = np.flatnonzero(listed.any(axis=1))
        none_next = of.none_next[:, :, heads].prod(axis=2) * np.exp(-of.new_next * new)
        none_any = of.none_any[:, :, heads].prod(axis=2) * np.exp(-of.new_any * new)
        # Each address in the whole of each session.
        most_next = (len(rows) + of.new_drawn * each) * self._whole_next
        most_any = len(rows) * len(of.start_s) + of.new_listed * each
        share, each = of.share[rows], each * float(of.share[-1])
        in_all = of.n_listed[:, :, of_all] @ share + of.new_listed * each
        drawn, drawn_next = (one[:, :, of_all].sum(axis=2) for one in (of.time, of.time_next))
        in_next = (drawn_next + of.new_drawn * each) * self._swing_next
        in_any = (drawn + of.new_listed * each) * self._swing_any
        expected = of.p_next[:, of_all] @ share + of.new_next.mean(axis=1) * each
        # Of one address it is exact; of several no less, whatever the paths say.
        p_next = of.p_next[:, heads].max(axis=1, initial=0.0)
        if len(heads) != 1 or new:
            p_next = np.maximum(p_next, 1 - none_next.mean(axis=1))
        p_any = any_of(p_next, none_next.mean(axis=1), none_any.mean(axis=1))
        return RiskRow(
            name,
            tuple(addresses),
            sessions.size,
            int(record.start_s[sessions[-1]]) if sessions.size else None,
            _estimate(p_next),
            _estimate(p_any),
            _outcomes(
                expected, in_next, most_next, drawn_next > 0, none_next, self._hours_next / n
            ),
            _outcomes(in_all, in_any, most_any, drawn > 0, none_any, self._hours_any / n),
        )


def _heads(listed: NDArray[np.bool_], p: Floats) -> NDArray[np.int64]:
    """Column of the likeliest address with which each one comes together: its own, or another's."""
    heads: list[int] = []
    found = np.arange(listed.shape[1])
    together = assumption("together").value
    for at in np.argsort(-p, kind="stable").tolist():
        both = (listed[:, heads] & listed[:, [at]]).sum(axis=0)
        either = (listed[:, heads] | listed[:, [at]]).sum(axis=0)
        if (alike := np.flatnonzero(both >= together * either)).size:
            found[at] = heads[alike[0]]
        else:
            heads.append(at)
    return found


def _estimate(members: Floats) -> Estimated:
    low, _, high = np.quantile(members, QUANTILES).tolist()
    return float(members.mean()), low, high


def _outcomes(
    expected: Floats,
    drawn: Floats,
    most: Floats,
    is_any: NDArray[np.bool_],
    none: Floats,
    hours: float,
) -> Estimated:
    """Hours of a set: none with a probability, else as in the courses that list any of it."""
    p, mean = float(none.mean()), float(expected.mean())
    if_any = mean / max(1 - p, TINY)
    some = drawn[is_any] if is_any.any() else np.ones(1)
    # Courses are not corrected, and the mean is.
    some = np.minimum(some * (if_any / some.mean()), most[is_any] if is_any.any() else np.inf)
    ends = [0.0 if q <= p else float(np.quantile(some, (q - p) / (1 - p))) for q in QUANTILES[::2]]
    return mean * hours, ends[0] * hours, ends[1] * hours


def provider_of(number: int) -> str:
    """Provider whose most specific range of IPv4 holds an address."""
    for length, starts, names in _ranges():
        at = bisect_right(starts, number) - 1
        if at >= 0 and number < starts[at] + (1 << (32 - length)):
            return names[at]
    return OTHER


@cache
def _ranges() -> list[tuple[int, list[int], list[str]]]:
    """Starts and providers of ranges, by their length, the longest first."""
    by_length: defaultdict[int, dict[int, str]] = defaultdict(dict)
    for row in read_shipped(PREFIXES, CloudPrefixRow).rows:
        if row.prefix.version == 4:
            by_length[row.prefix.length][row.prefix.address] = row.provider
    return [
        (length, sorted(found), [found[start] for start in sorted(found)])
        for length, found in sorted(by_length.items(), reverse=True)
    ]
