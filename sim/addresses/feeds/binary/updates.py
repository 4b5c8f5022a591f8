"""BGP updates as dated orders: what was announced to be thrown away, and by which network.

In: MRT updates of a collector (extra ``bgp``). Out: an order for the network of each peer when it
first passes on a prefix with the community BLACKHOLE, and a withdrawal when it no longer does.
Other announcements order nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sim.addresses.feeds.binary.dumps import BGP4MP, BGP4MP_ET, read_frames, read_routes
from sim.addresses.feeds.coding import Coder
from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.orders import Orders, orders_of, party_of
from sim.addresses.feeds.samples import Sample
from sim.addresses.text.source import Limits

# RFC 7999, section 5.
_BLACKHOLE = "65535:666"
_FIELDS = ("timestamp", "elem_type", "peer_ip", "peer_asn", "prefix", "communities", "origin_asns")
_BATCH = 20_000
# What CPython takes for a pair of a peer and a prefix that is thrown away.
_PAIR_BYTES = 400


def read_updates(path: Path, name: str, *, skip_bad: bool, limits: Limits) -> Orders:
    """Read updates (BGP4MP), those with the community BLACKHOLE.

    A session of a peer that ends is not seen: what it passed on counts until it says otherwise.

    Raises
    ------
    DataError
        If the reader is not installed, or the file is damaged.

    References
    ----------
    RFC 6396, section 4.4 (BGP4MP); RFC 7999 (BLACKHOLE).
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    frames = read_frames(path, gathering, limits)
    gathering.n_lines = sum(frames.n_entries.values())
    found = _Announced(gathering, limits)
    if not gathering.n_bad:
        for update in read_routes(path, _FIELDS, gathering):
            found.take(*update)
    return found.finish(Origin(name, "bgp-updates", frames.date, "the collector's"))


class _Announced:
    """What each peer passes on to be thrown away."""

    def __init__(self, gathering: Gathering, limits: Limits) -> None:
        self._gathering = gathering
        self._limits = limits
        self._held: set[tuple[str, str]] = set()
        self._times: list[int] = []
        self._blocks: list[bool] = []
        self._parties = Coder()
        self._batch: list[tuple[str, str, tuple[str, ...]]] = []
        self._n_others = 0

    def take(
        self,
        time_s: float,
        kind: str,
        peer: str,
        peer_asn: int,
        prefix: str,
        communities: list[str] | None,
        origins: list[int] | None,
    ) -> None:
        """Take one announcement or withdrawal."""
        is_block = kind == "A" and _BLACKHOLE in (communities or ())
        was_held = (peer, prefix) in self._held
        self._n_others += kind == "A" and not is_block
        if is_block == was_held:
            return
        (self._held.add if is_block else self._held.discard)((peer, prefix))
        self._times.append(int(time_s))
        self._blocks.append(is_block)
        named = tuple(map(str, origins or ()))
        self._batch.append((prefix, f"AS{peer_asn}", named))
        if len(self._batch) == _BATCH:
            self._flush()

    def finish(self, origin: Origin) -> Orders:
        """Return the orders."""
        self._flush()
        if self._n_others:
            self._gathering.note(
                f"{self._n_others:,} announcements do not carry the community BLACKHOLE "
                f"({_BLACKHOLE}): they order nothing"
            )
        feed = self._gathering.finish(origin)
        return orders_of(feed, self._times, self._blocks, self._parties.finish())

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        n_bytes = _PAIR_BYTES * (len(self._held) + len(self._times))
        self._limits.check_held(n_bytes, self._gathering.name)
        first = self._gathering.add_records(len(batch))
        record = np.arange(first, self._gathering.n_records, dtype=np.int64)
        listed = [origins for *_, origins in batch]
        self._gathering.add_lists("asn", listed, {each: each for each in listed})
        self._gathering.add_texts([prefix for prefix, *_ in batch], record, record * 0)
        self._parties.add([party_of(peer) for _, peer, _ in batch])


def read_updates_feed(path: Path, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read the same without its times."""
    return read_updates(path, name, skip_bad=skip_bad, limits=limits).feed


def fits_updates(sample: Sample) -> bool:
    """Return whether the first entry is one of updates (RFC 6396, section 4.4)."""
    data = sample.data
    kinds = (BGP4MP, BGP4MP_ET)
    return len(data) >= 12 and data[4] == 0 and data[5] in kinds and data[6] == 0 and data[7] <= 11
