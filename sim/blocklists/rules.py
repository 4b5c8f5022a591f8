"""Which rule of which list hits a host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import Feed
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.format import format_lines4, format_lines6
from sim.addresses.sets.prefixes import PrefixTable
from sim.addresses.sets.prefixes6 import PrefixTable6
from sim.addresses.text.entries import Entries4, Entries6
from sim.blocklists.overlap import first_held4, first_held6


@dataclass(frozen=True, eq=False)
class Rules:
    """The prefixes of several blocklists as one table.

    Attributes
    ----------
    table4, table6
        The rules of each family, IPv4 first; a range of a list is several rules.
    file
        Names of the lists.
    file_row, line : shape (n_rules,), int64
        Where each rule stands; line 0 where the format has no lines.
    """

    table4: PrefixTable
    table6: PrefixTable6
    file: Sequence[str]
    file_row: NDArray[np.int64]
    line: NDArray[np.int64]

    @classmethod
    def of(cls, feeds: Sequence[Feed]) -> Rules:
        """Prepare the rules of blocklists; of equal rules the first one counts."""
        v4 = Entries4.concatenate([feed.v4 for feed in feeds])
        v6 = Entries6.concatenate([feed.v6 for feed in feeds])
        row4, address4, length4 = v4.to_prefixes()
        row6, address6, length6 = v6.to_prefixes()
        file4 = np.repeat(np.arange(len(feeds)), [len(feed.v4) for feed in feeds])[row4]
        file6 = np.repeat(np.arange(len(feeds)), [len(feed.v6) for feed in feeds])[row6]
        return cls(
            PrefixTable.from_prefixes(address4, length4),
            PrefixTable6.from_prefixes(address6, length6),
            [feed.origin.file for feed in feeds],
            np.concatenate((file4, file6)),
            np.concatenate((v4.line[row4], v6.line[row6])),
        )

    def __len__(self) -> int:
        """Return the number of rules."""
        return int(self.line.size)

    def prefix(self, rule: int) -> str:
        """Text of a rule."""
        n4 = self.table4.address.size
        if rule < n4:
            row = slice(rule, rule + 1)
            text = format_lines4(self.table4.address[row], self.table4.length[row])
        else:
            row = slice(rule - n4, rule - n4 + 1)
            text = format_lines6(self.table6.address.take(row), self.table6.length[row])
        return text.decode("ascii").strip()

    def hitting(self, inventory: Feed, listed: AddressSet) -> NDArray[np.int64]:
        """Rule that hits each host.

        Returns
        -------
        rule : shape (n_records,)
            Row of the rules; -1 where no address of the host is listed.
        """
        rule = np.full(inventory.n_records, -1, np.int64)
        n4 = self.table4.address.size
        if listed.v6:
            at6 = first_held6(inventory.v6, listed.v6)
            inside6 = ~inventory.v6.last.less(at6) & ~at6.less(inventory.v6.first)
            found6 = self.table6.longest_match(at6)
            _keep_first(rule, inventory.record6, np.where(inside6 & (found6 >= 0), found6 + n4, -1))
        if listed.v4:
            at4 = first_held4(inventory.v4, listed.v4)
            row = np.flatnonzero((at4 >= inventory.v4.start) & (at4 < inventory.v4.stop))
            # Of ten million hosts every column counts: this one is let go before the next is made.
            at4 = at4[row]
            found4 = self.table4.longest_match(at4)
            del at4
            _keep_first(rule, inventory.record4[row], found4)
        return rule

    def place(self, rule: int) -> str:
        """Where a rule stands, as ``file:line``."""
        line = int(self.line[rule])
        file = self.file[int(self.file_row[rule])]
        return f"{file}:{line}" if line else file


@dataclass(frozen=True)
class RuleHits:
    """Hosts one rule hits.

    Attributes
    ----------
    prefix, place
        The rule and where it stands.
    n_hosts
        Hosts it hits, each counted under its most specific rule.
    """

    prefix: str
    place: str
    n_hosts: int


def rank_rules(rules: Rules, hitting: NDArray[np.int64], top: int) -> list[RuleHits]:
    """Rules by hosts hit, most first."""
    hit = hitting[hitting >= 0]
    count = np.bincount(hit, minlength=len(rules))
    order = np.argsort(-count, kind="stable")
    order = order[count[order] > 0][:top]
    return [RuleHits(rules.prefix(at), rules.place(at), int(count[at])) for at in order.tolist()]


def _keep_first(
    rule: NDArray[np.int64], record: NDArray[np.int64], found: NDArray[np.int64]
) -> None:
    """Put what was found into the records, the first row of each last."""
    hit = np.flatnonzero(found >= 0)[::-1]
    rule[record[hit]] = found[hit]
